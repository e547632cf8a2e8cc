"""A timeline: from the journal by itself, with the lines of people, in the order in which things happened."""

import json

import pytest

from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    OpenIncident,
    RoleOrder,
)
from opsbot.app.requests import RestoreRequest, RouteEdit, Target
from opsbot.app.timeline.read import Timeline
from opsbot.domain.change import Change, Json
from tests.support.timeline import (
    COPILOT,
    INC,
    killed,
    lines,
    opened,
    texts,
    world,
)
from tests.support.world import INES, MARA, SAM, World, workflow

__all__ = ["world"]


async def test_it_begins_with_the_kill_that_came_before_the_incident(world: World) -> None:
    one = world.instance("a")
    await killed(world)
    one.follow()
    await world.work("follow")
    world.clock.later(60)
    await opened(world)

    found = await lines(world)

    assert texts(found) == [
        "Mara killed `support-copilot` (`stop`, K-1): wrong refunds",
        "K-1 was confirmed by 1 instance, 800 ms after the command.",
        "K-1 could not be proved: there was no point to ask.",
        "Mara declared INC-1, SEV3 of `support-copilot`: wrong refunds.",
    ]
    assert [one.kind for one in found] == ["kill", "proof", "proof", "incident"]
    assert [one.by for one in found] == ["mara", "", "", "mara"]


async def test_what_is_about_others_is_not_in_it(world: World) -> None:
    await opened(world)
    await killed(world, "coding-agent")
    await world.bot.incidents.open(
        OpenIncident("another", workflow="coding-agent"), SAM, request_id="other"
    )

    assert len(await lines(world)) == 1


async def test_it_ends_where_the_incident_and_its_kills_did(world: World) -> None:
    await opened(world)
    await world.bot.incidents.move(MoveIncident(INC, "resolved"), MARA, request_id="m1")
    before = len(await lines(world))

    await killed(world)

    assert len(await lines(world)) == before


@pytest.mark.no_cover  # the same, thousands of times
async def test_thousands_of_other_entries_hide_nothing(world: World) -> None:
    await killed(world)
    for number in range(1_100):
        await world.declare(workflow("coding-agent", description=f"{number}"))
    await opened(world)

    assert "K-1" in texts(await lines(world))[0]


async def test_the_answer_lists_the_newest_and_counts_the_rest(world: World) -> None:
    await opened(world)
    for number in range(45):
        await world.bot.incidents.edit(
            EditIncident(INC, update=f"update {number}"), MARA, request_id=f"u{number}"
        )

    said = await world.bot.incidents.timeline(INC, MARA)

    assert said.lines[0] == "6 earlier lines are in its export."
    assert len(said.lines) == 41
    assert len(said.body["lines"]) == 46  # type: ignore[arg-type]  # a list


async def test_reminders_and_roles_are_in_it(world: World) -> None:
    await opened(world, severity="SEV1")
    await world.bot.incidents.role(RoleOrder(INC, "commander", "take"), INES, request_id="r1")
    world.clock.later(3 * 3600)
    await world.bot.tick()
    await world.work("incident_remind")

    found = texts(await lines(world))

    assert "Ines: commander nobody \u2192 Ines." in found
    assert any("opsbot reminded: nothing has moved" in one for one in found)


async def test_a_journal_that_is_too_long_is_said_to_be_cut(world: World) -> None:
    await opened(world)
    for number in range(30):
        await world.bot.incidents.edit(
            EditIncident(INC, update=f"update {number}"), MARA, request_id=f"u{number}"
        )
    incident = world.store.state.incident("INC-1")

    whole = await Timeline(world.env).told(incident)
    short = await Timeline(world.env, most_read=20).told(incident)

    assert (whole.cut, len(whole.lines)) == (False, 31)
    assert (short.cut, len(short.lines)) == (True, 19)
    assert not any("declared" in one.text for one in short.lines)


async def test_routes_approvals_and_restores_are_in_it(world: World) -> None:
    one = world.instance("a")
    await killed(world)
    one.follow()
    await opened(world)
    ask = world.bot
    await ask.set_route(RouteEdit(COPILOT, note="smaller", prompt="p@2"), INES, request_id="s1")
    await ask.restore(RestoreRequest(Target("kill", "K-1"), reason="fixed"), MARA, request_id="r1")

    found = await lines(world)

    kinds = {one.text: one.kind for one in found}
    assert kinds["Ines stored r2 of `support-copilot`; it serves nobody yet."] == "route"
    asked = next(text for text in kinds if text.startswith("Mara asked to restore K-1"))
    assert kinds[asked] == "restore"
    assert [one.name for one in found if one.kind == "route"] == ["r2"]


async def test_an_emergency_kill_is_told_though_it_held_before_it_was_written_down(
    world: World,
) -> None:
    record = {
        "s": 1,
        "scope": {"workflow": COPILOT},
        "mode": "stop",
        "uid": "ab",
        "claimed": "mara",
    }
    await opened(world)
    world.server.emergencies.append(json.dumps(record))

    await world.bot.tick()

    assert any("The emergency kill E-1" in text for text in texts(await lines(world)))


async def test_what_people_do_about_reminders_pages_and_reviews_is_told(world: World) -> None:
    await opened(world)
    acts: dict[str, dict[str, Json]] = {
        "incident_snooze": {"reminder": "update_due", "for_s": 900},
        "incident_page_acknowledge": {},
        "incident_page_escalate": {},
        "incident_page_add": {"who": "sam"},
        "incident_export": {},
        "incident_reminded": {"reminder": "kill_on", "nth": 2},
    }
    for verb, facts in acts.items():
        change = Change(verb, MARA, facts={"incident": "INC-1", **facts})
        await world.store.commit(verb, lambda state, now_ms, change=change: (change, None))  # type: ignore[misc]  # bound now

    found = await lines(world)

    assert texts(found)[1:] == [
        "Mara put a reminder off for 15 min 0 s: an update is due.",
        "Mara acknowledged the page from here.",
        "Mara had the page escalated.",
        "Mara asked Sam in through the page.",
        "Mara had the review put into the thread.",
        "opsbot reminded: a kill is still on (2 times by now).",
    ]
    assert [one.kind for one in found[1:]] == [
        "reminder",
        "page",
        "page",
        "page",
        "incident",
        "reminder",
    ]


async def test_a_kill_that_joins_several_incidents_is_no_second_declaration_of_any(
    world: World,
) -> None:
    one = world.instance("a")
    await opened(world)
    other = OpenIncident("wrong sums", workflow=COPILOT, anyway=True)
    await world.bot.incidents.open(other, SAM, request_id="other")
    await killed(world)
    one.follow()
    await world.work("follow")

    for name in ("INC-1", "INC-2"):
        told = texts(await lines(world, name))
        assert sum("declared INC-" in text for text in told) == 1
        assert any(f"{name} active \u2192 contained" in text for text in told)
