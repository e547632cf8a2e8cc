"""What would stop somebody: asked outside, said to who asks, told to owners once and not again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

import pytest

from opsbot.adapters.memory.store import MemoryOutbox
from opsbot.app.paging.oncall import OnCall
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.port import Channel
from opsbot.app.room.reach import unreachable
from opsbot.app.runs.nightly import Nightly, Preflight, addresses
from opsbot.domain.change import Record
from opsbot.domain.errors import NotAllowed, StoreLost
from opsbot.domain.runbook import Phase, Runbook, Step
from tests.support.paging import Script, paging
from tests.support.runs import action, book, shelved, step
from tests.support.web import LostStore
from tests.support.world import GUS, MARA, World, plain, workflow

COPILOT = "support-copilot"
PAGER = {"pagerduty": {"service": "PS", "escalation_policy": "PE"}}


async def none() -> frozenset[str] | None:
    """Have no folder of templates."""
    return None


def needs(*steps: object, **changes: object) -> Runbook:
    """Return a runbook of the team support-ai."""
    phase = Phase("p", "P", 1, steps=steps)  # type: ignore[arg-type]  # steps of any sequence
    return book(phase, **{"owner": "support-ai", **changes})  # type: ignore[arg-type]  # fields by name, as each test words them


async def company(*books: Runbook) -> World:
    """Return a company whose channel is there, and these runbooks."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, extra=PAGER))
    world.rooms.channels["C0SUPPORTAI"] = Channel("C0SUPPORTAI", "support-ai", member=True)
    shelved(world, *books)
    return world


def preflight(world: World, **more: object) -> Preflight:
    """Return the use case on a company."""
    reach = partial(unreachable, world.rooms)
    base = Preflight(world.env, world.bot.procedures, none, channels=reach)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as each test words them


def nightly(world: World) -> Nightly:
    """Return the duty on a company."""
    return Nightly(preflight(world), world.outbox, world.slack, plain)


COMMS = step("Tell them", who="comms")
FINE = step("Stop it", who="responder")


async def test_where_everything_is_so_it_is_said() -> None:
    world = await company(needs(FINE))

    said = await preflight(world).said(MARA)

    assert (said.tone, said.exit_code) == ("green", 0)
    assert said.title == "Every step of 1 runbook could be done now in prod"
    assert said.body == {"ok": True, "findings": []}


async def test_a_place_of_messages_that_lacks_something_is_said_and_wakes_no_owner() -> None:
    world = await company(needs(FINE))
    lacking = {"leads": "OPSBOT_SMTP_URL is not set"}

    said = await preflight(world, targets=lambda: lacking).said(MARA)
    told = await replace(nightly(world), preflight=preflight(world, targets=lambda: lacking))()

    assert said.exit_code == 1
    assert said.lines[0] == (
        "Nothing would be published at `leads`: OPSBOT_SMTP_URL is not set."
        " Set what it needs, or take the target out of flags/comms.yaml. (`comms.yaml`)"
    )
    assert told == 0


async def test_what_would_stop_somebody_is_said_once_with_every_runbook() -> None:
    world = await company(needs(COMMS), needs(COMMS, name="data-leak"))

    said = await preflight(world).said(MARA)

    assert (said.tone, said.exit_code) == ("amber", 1)
    assert said.title == "1 thing would stop somebody who walks a runbook now in prod"
    assert said.lines == (
        (
            "Nobody has the role comms for `support-ai`. Give it to somebody under `roles.comms` of"
            " the policy. (`data-leak`, `wrong-answers`)"
        ),
    )
    assert len(said.body["findings"]) == 2  # type: ignore[arg-type]  # a list in this answer


async def test_a_guest_is_told_nothing() -> None:
    world = await company(needs(COMMS))

    with pytest.raises(NotAllowed):
        await preflight(world).said(GUS)


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (Channel("C0SUPPORTAI", "x", archived=True, member=True), "it is archived"),
        (
            Channel("C0SUPPORTAI", "x", private=True),
            "Slack knows no such channel, or the bot may not see it",
        ),
        (Channel("C0SUPPORTAI", "x"), None),
    ],
)
async def test_a_channel_is_looked_at(channel: Channel, why: str | None) -> None:
    world = await company(needs(FINE))
    world.rooms.channels["C0SUPPORTAI"] = channel

    found = await preflight(world)()

    assert [gap.says.rpartition(": ")[2] for gap in found] == ([f"{why}."] if why else [])


async def test_a_slack_that_does_not_answer_is_a_finding_and_no_failure() -> None:
    world = await company(needs(FINE))
    world.rooms.break_("look", RetryLater("Slack is slow"))

    (gap,) = await preflight(world)()

    assert gap.says.endswith("cannot be written to: Slack is slow.")


async def test_the_pager_of_the_workflow_is_asked() -> None:
    world = await company(needs(step("Call", action("page", reason="hit"), who="responder")))
    script = Script()  # an account that answers nothing that is asked

    async with paging(script) as port:
        rota = OnCall(world.env, world.outbox, port)
        (gap,) = await preflight(world, paging=port, rota=rota)()

    assert gap.says.startswith("A page for `support-copilot` reaches nobody: ")


async def test_an_owner_is_told_once_and_again_only_when_it_changes() -> None:
    world = await company(needs(COMMS))
    duty = nightly(world)

    first = await duty()
    second = await duty()
    shelved(world, needs(COMMS, step("Stop it", action("kill"), who="responder")))
    changed = await nightly(world)()

    assert (first, second, changed) == (1, 0, 1)
    assert [person for person, _ in world.slack.told] == ["U0SUPPORT", "U0SUPPORT"]
    assert "Nobody has the role comms" in world.slack.told[0][1]


async def test_what_was_mended_and_breaks_again_is_told_again() -> None:
    world = await company(needs(COMMS))
    await nightly(world)()

    shelved(world, needs(FINE))
    mended = await nightly(world)()
    shelved(world, needs(COMMS))
    again = await nightly(world)()

    assert (mended, again) == (0, 1)
    assert len(world.slack.told) == 2


async def test_another_replica_tells_nobody_a_second_time() -> None:
    world = await company(needs(COMMS))
    other = MemoryOutbox(world.server, "other")

    counts = [await nightly(world)(), await Nightly(preflight(world), other, world.slack, plain)()]

    assert counts == [1, 0]
    assert len(world.slack.told) == 1


@dataclass
class Deaf:
    """A chat that cannot be reached."""

    why: Exception

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Fail."""
        raise self.why


@pytest.mark.parametrize("why", [RetryLater("Slack is away"), GiveUp("no such person")], ids=str)
async def test_an_owner_who_could_not_be_told_is_told_the_next_night(why: Exception) -> None:
    world = await company(needs(COMMS))
    deaf = Nightly(preflight(world), world.outbox, Deaf(why), plain)  # type: ignore[arg-type]  # the one call that is made

    missed = await deaf()
    next_night = await nightly(world)()

    assert (missed, next_night) == (0, 1)


async def test_an_owner_is_a_person_else_a_team_else_the_administrators() -> None:
    world = await company()
    state = world.store.state

    assert addresses(state, "@mara") == ("U0ONCALL",)
    assert addresses(state, "support-ai") == ("U0SUPPORT",)
    assert addresses(state, "@nobody") == ("U0ADMIN",)


async def test_many_findings_are_counted_and_not_all_listed() -> None:
    steps = [
        step(f"Tell {n}", action("comms", template=f"t{n}"), who="responder") for n in range(40)
    ]
    world = await company(needs(*steps))

    said = await preflight(world).said(MARA)

    assert len(said.lines) == 31
    assert said.lines[-1] == "And 10 more."


class Silent(LostStore):
    """A store that answers nothing at all."""

    async def refresh(self) -> NoReturn:
        """Know nothing."""
        raise StoreLost("The store did not answer.")


@pytest.mark.parametrize("asked", [FINE, COMMS])
async def test_without_the_store_it_says_how_old_the_answer_is_and_is_never_good(
    asked: Step,
) -> None:
    world = await company(needs(asked))
    env = replace(world.env, store=Silent(world.server))

    said = await preflight(world, env=env, age_s=lambda: 34.0).said(MARA)

    assert said.lines[0] == (
        "The store does not answer: this is what was known 34 s ago, and no more."
    )
    assert "when the store last answered in prod" in said.title
    assert (said.tone, said.exit_code) == ("red", 1)
    assert (said.body["ok"], said.body["store"]) == (False, "lost")


async def test_what_the_night_found_stands_on_the_home_tab_with_its_age() -> None:
    world = await company(needs(COMMS))
    await nightly(world)()
    world.clock.later(7 * 3600)

    home = await world.bot.home(MARA)
    asked = await preflight(world, outbox=world.outbox).said(MARA)

    last = home[-1]
    assert last.title == (
        "Nightly look at the runbooks, 7 h 0 min ago: 1 thing that would stop somebody."
    )
    assert (last.tone, "check --live" in last.lines[0]) == ("amber", True)
    assert asked.lines[-1] == last.title


async def test_a_night_that_did_not_come_is_said_on_the_home_tab() -> None:
    world = await company(needs(FINE))
    await nightly(world)()
    world.clock.later(48 * 3600)

    *_, last = await world.bot.home(MARA)

    assert last.title.endswith("2 d 0 h ago: all could be done. It did not look since.")
    assert last.tone == "amber"


async def test_before_any_night_nothing_is_said_of_it() -> None:
    world = await company(needs(FINE))

    home = await world.bot.home(MARA)

    assert "Nightly" not in "".join(one.as_text() for one in home)
