"""The fact sheet: every line with what it is worth, counts with denominators, and nobody rounds up."""

import pytest

from opsbot.app.comms.requests import StateFact
from opsbot.app.comms.sheet.facts import sheet, usable
from opsbot.app.comms.view import Fact
from opsbot.app.exposure_sample import Sampler
from opsbot.app.incident.requests import EditIncident, OpenIncident, RoleOrder, Which
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.moments import canonical
from opsbot.domain.comms.told import Surety
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, NotAllowed
from opsbot.domain.incident.times import Moment
from tests.app.review.test_read import minutes_before, sampled
from tests.support.comms import FIRST, PIA, Telling, telling
from tests.support.incident_life import COPILOT, settle
from tests.support.routes import MINI, once_served, rolled, stored
from tests.support.world import INES, MARA, NOOR

INC = Which("INC-1")


async def facts(one: Telling) -> dict[str, Fact]:
    lines = await sheet(one.world.env, one.state, one.incident)
    return {line.name: line for line in lines}


async def commanded(one: Telling) -> Telling:
    order = RoleOrder(INC, "commander", "take")
    await one.world.bot.incidents.role(order, INES, request_id="ic")
    return one


async def state(
    one: Telling, name: str, text: str = "", surety: Surety = "believed", by: Actor = MARA
) -> Fact | None:
    request = StateFact(INC, name, text, surety)
    await one.world.bot.comms.fact(request, by, request_id=one.request())
    return (await facts(one)).get(name)


async def killed(one: Telling, *, confirmed: bool = True, mode: str = "stop") -> None:
    hand = one.world.instance("a") if confirmed else None
    if hand is None:
        one.world.instance("lagging")
    kill = KillRequest(Target("workflow", COPILOT), mode, reason="wrong refunds")
    await one.world.bot.kill(kill, MARA, request_id="kill")
    if hand is not None:
        hand.follow()
    await settle(one.world)


async def test_without_anything_known_it_says_so() -> None:
    one = await telling()

    lines = await facts(one)

    assert lines["feature"].value == "the assistant"
    unknown = {name for name, line in lines.items() if line.surety == "unknown"}
    assert {"since", "off_at", "contained_at", "back_at", "counts", "alternative"} <= unknown
    assert all(not lines[name].value for name in unknown)
    assert set(lines) >= set(FACTS) - {"corrected_at"}


async def test_what_a_person_said_is_believed_and_what_is_stored_is_confirmed() -> None:
    one = await telling()
    began = one.world.clock.now_ms() - 600_000
    await one.world.bot.incidents.edit(
        EditIncident(INC, times={"started": began}), MARA, request_id="e"
    )

    lines = await facts(one)

    assert (lines["since"].value, lines["since"].surety) == (canonical(began), "believed")
    assert lines["found_at"].surety == "confirmed"
    assert lines["exposed_from"].surety == "believed"


async def test_that_it_was_noticed_then_is_no_proof_that_nobody_was_hit_before() -> None:
    one = await telling()
    await killed(one)

    lines = await facts(one)

    assert lines["found_at"].surety == "confirmed"
    assert (lines["exposed_from"].value, lines["exposed_from"].surety) == (
        lines["found_at"].value,
        "believed",
    )
    assert "it may have begun before" in lines["exposed_from"].source


async def test_a_kill_under_which_the_model_still_answers_took_nothing_away() -> None:
    one = await telling()
    await killed(one, mode="read_only")

    assert (await facts(one))["off_at"].surety == "unknown"


async def test_off_at_is_confirmed_with_the_kill_and_not_before() -> None:
    one = await telling()
    await killed(one, confirmed=False)
    early = (await facts(one))["off_at"]
    two = await telling()
    await killed(two)
    late = (await facts(two))["off_at"]

    assert (early.surety, "not confirmed yet" in early.source) == ("believed", True)
    assert (late.surety, late.value) == (
        "confirmed",
        canonical(two.state.kill("K-1").committed_ms),
    )
    assert (await facts(two))["contained_at"].surety == "confirmed"


async def test_it_is_back_once_every_kill_ended() -> None:
    one = await telling()
    await killed(one)
    assert (await facts(one))["back_at"].surety == "unknown"

    restore = RestoreRequest(Target("kill", "K-1"), reason="green")
    await one.world.bot.restore(restore, MARA, request_id="r")
    await one.approve("A-1", INES)
    ended = one.state.kill("K-1").ended_ms

    assert ended is not None
    assert (await facts(one))["back_at"].value == canonical(ended)


async def test_a_count_has_a_denominator_or_is_none() -> None:
    one = await telling(
        OpenIncident("wrong", workflow=COPILOT, severity="SEV2"), settings={"beats": {}}
    )
    await one.world.bot.incidents.edit(EditIncident(INC, exposed=12), MARA, request_id="e")
    assert (await facts(one))["counts"].surety == "unknown"


async def served(*, contained: bool = False) -> tuple[Telling, int]:
    """Let users be hit from five minutes ago, as a person said, and let the fleet count what was served since."""
    one = await telling()
    world = one.world
    begin = world.clock.now_ms() - 300_000
    await minutes_before(world)
    times: dict[Moment, int | None] = {"started": begin, "detected": begin + 60_000}
    if contained:
        times |= {"contained": begin + 120_000}
    await world.bot.incidents.edit(EditIncident(INC, exposed=12, times=times), MARA, request_id="e")
    world.clock.later(53)
    await sampled(world, asked=1_412, let=1_395, refused=17)
    await Sampler(world.env, world.outbox)()
    return one, begin


async def test_counts_come_from_the_fleet_with_what_they_are_of() -> None:
    one, _ = await served()

    lines = await facts(one)

    part, _, whole = lines["counts"].value.partition(" of ")
    assert part == "12"
    assert int(whole) >= 12
    assert lines["counts"].surety == "believed"
    assert lines["served"].value.startswith(f"{whole} of ")


async def test_a_count_is_worth_no_more_than_the_beginning_that_it_is_counted_from() -> None:
    one, begin = await served()
    await commanded(one)
    believed = (await facts(one))["served"]

    await state(one, "exposed_from", surety="confirmed", by=INES)
    confirmed = (await facts(one))["served"]
    other = canonical(begin - 60_000)
    await state(one, "exposed_from", other, surety="confirmed", by=INES)
    again = (await facts(one))["served"]

    assert (believed.surety, believed.source) == (
        "believed",
        "the fleet, from a beginning that nobody confirmed",
    )
    assert (confirmed.surety, confirmed.source) == ("confirmed", "the fleet")
    assert (again.surety, again.source) == (believed.surety, believed.source)
    assert believed.value == confirmed.value == again.value != ""


async def test_a_count_is_worth_no_more_than_the_end_that_it_is_counted_to() -> None:
    one, _ = await served(contained=True)
    await commanded(one)

    await state(one, "exposed_from", surety="confirmed", by=INES)

    line = (await facts(one))["served"]
    assert line.value
    assert (line.surety, line.source) == ("believed", "the fleet, to an end that nobody confirmed")


async def test_users_read_what_is_confirmed_alone_and_executives_what_is_believed_as_such() -> None:
    lines = (
        Fact("since", "Since", "2026-11-21T12:50Z", "believed"),
        Fact("off_at", "Off", "2026-11-21T13:05Z", "confirmed"),
        Fact("alternative", "Do", "write to us", "believed"),
        Fact("severity", "How", "SEV1", "confirmed"),
        Fact("served", "Served", "12 of 13", "confirmed"),
        Fact("counts", "How many", "", "unknown"),
    )

    assert usable(lines, "users") == {"off_at": "2026-11-21T13:05Z", "alternative": "write to us"}
    seen = usable(lines, "executives")
    assert seen["since"] == "12:50 UTC, 21 Nov (believed, not confirmed)"
    assert seen["severity"] == "SEV1"
    assert "served" not in seen
    assert set(usable(lines, "regulators")) == {"off_at", "alternative", "severity"}


async def test_a_belief_is_confirmed_by_who_leads_and_reaches_users_then() -> None:
    one = await commanded(await telling())

    believed = await state(one, "since", "02:50 UTC")
    assert believed is not None
    with pytest.raises(NotAllowed):
        await state(one, "since", surety="confirmed")
    confirmed = await state(one, "since", surety="confirmed", by=INES)

    assert (believed.surety, believed.source) == ("believed", "stated by Mara")
    assert confirmed is not None
    assert (confirmed.surety, confirmed.value) == ("confirmed", believed.value)
    assert usable((confirmed,), "users") == {"since": believed.value}


async def test_a_line_is_taken_off_and_what_was_there_before_stands_again() -> None:
    one = await telling()
    await state(one, "alternative", "write to us")

    after = await state(one, "alternative")

    assert after is not None
    assert (after.value, after.surety) == ("", "unknown")


async def test_a_name_of_your_own_stands_on_the_sheet_and_in_no_template() -> None:
    one = await telling()

    line = await state(one, "vendor_case", "case 4711")

    assert line is not None
    assert (line.label, line.value) == ("Vendor case", "case 4711")
    assert usable((line,), "executives") == {}


async def test_the_words_of_a_fact_are_sealed_and_erased_ones_are_not_known() -> None:
    one = await telling()
    await state(one, "alternative", "write to us")
    kept = one.state.comms("INC-1").facts["alternative"].text
    assert "write to us" not in "\n".join(map(str, one.world.server.lines))

    one.world.server.texts.pop(kept)

    line = (await facts(one))["alternative"]
    assert (line.value, line.surety, line.source) == ("", "unknown", "(erased)")


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("since", "some time ago", NeedsMoreWords),
        ("counts", "many", NeedsMoreWords),
        ("No Name!", "x", NeedsMoreWords),
        ("alternative", "x" * 601, NeedsMoreWords),
        ("contact_2", "", None),
        ("severity", "SEV1", IllegalMove),
        ("feature", "another", IllegalMove),
        ("switched", "all of it", IllegalMove),
    ],
)
async def test_what_is_no_fact_is_refused_in_words(
    name: str, text: str, error: type[Exception] | None
) -> None:
    one = await telling()
    before = one.state.position

    if error is None:
        await state(one, name, text)
    else:
        with pytest.raises(error):
            await state(one, name, text)

    assert one.state.position == before


async def test_who_does_not_work_on_it_states_nothing() -> None:
    one = await telling()

    with pytest.raises(NotAllowed):
        await state(one, "alternative", "write to us", by=NOOR)


async def test_nothing_to_confirm_says_so() -> None:
    one = await commanded(await telling())

    with pytest.raises(NeedsMoreWords):
        await state(one, "alternative", surety="confirmed", by=INES)


async def test_what_users_were_told_first_stands_on_the_sheet() -> None:
    one = await telling()
    await one.told(FIRST)

    assert (await facts(one))["first_at"].surety == "confirmed"
    said = await one.world.bot.comms.fact(
        StateFact(INC, "alternative", "call us"), PIA, request_id="x"
    )
    assert said.tone == "amber"


async def test_what_was_brought_back_since_it_began_stands_there_and_in_no_template() -> None:
    one = await telling()
    assert (await facts(one))["rolled_back"].surety == "unknown"
    await stored(one.world, COPILOT, targets=MINI)
    await once_served(one.world, COPILOT)

    await rolled(one.world, COPILOT, 2)

    line = (await facts(one))["rolled_back"]
    assert line.value == f"{COPILOT}: r2 again, as r3"
    assert usable((line,), "executives") == {}
