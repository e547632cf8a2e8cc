"""Reminders: said to who can act, once, while they are true, and never in the middle of a quiet night."""

from dataclasses import replace

import pytest

from opsbot.app.incident.reminders import REMIND
from opsbot.app.incident.requests import (
    EditIncident,
    HushReminder,
    MoveIncident,
    OpenIncident,
    RoleOrder,
    Which,
)
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Change, Write
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import SETTINGS, State
from tests.support.world import INES, MARA, World, workflow

COPILOT = "support-copilot"
MIN_S = 60


class Night:
    """An incident, and time that passes for it."""

    def __init__(self) -> None:
        self.world = World()

    async def begin(self) -> "Night":
        await self.world.declare(workflow(COPILOT, tier=1))
        return self

    async def open(self, severity: str = "SEV1", **changes: object) -> None:
        request = OpenIncident("wrong refunds", workflow=COPILOT, severity=severity, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
        await self.world.bot.incidents.open(request, MARA, request_id="open")

    async def passes(self, seconds: float) -> list[tuple[str, str]]:
        """Let time pass, do what became due, and return whom was told what by it."""
        self.world.clock.later(seconds)
        before = len(self.world.slack.told)
        await self.world.outbox.fire_timers()
        await self.world.work("incident_remind")
        return [(who, text.splitlines()[0]) for who, text in self.world.slack.told[before:]]

    async def set(self, **settings: object) -> None:
        """Declare how incidents are run here."""
        record = {"s": 1, **settings}

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            write = Write(SETTINGS, "incidents", record)  # type: ignore[arg-type]  # a record of plain JSON
            return Change("declare", MARA, writes=(write,)), None

        await self.world.store.commit("settings", decide)

    @property
    def incident(self) -> Incident:
        return self.world.store.state.incident("INC-1")


@pytest.fixture
async def night() -> Night:
    return await Night().begin()


async def test_nobody_commands_is_said_after_five_minutes_to_who_can(night: Night) -> None:
    await night.open()

    assert await night.passes(5 * MIN_S - 1) == []
    told = await night.passes(2)

    assert {who for who, _ in told} == {"U0ONCALL", "U0LEAD"}
    assert told[0][1] == "INC-1 SEV1 · `support-copilot`: nobody commands it in prod"


async def test_a_commander_ends_that_reminder(night: Night) -> None:
    await night.open()
    await night.world.bot.incidents.role(
        RoleOrder(Which(), "commander", "take"), INES, request_id="take"
    )

    assert await night.passes(6 * MIN_S) == []


async def test_a_reminder_comes_again_and_then_no_more(night: Night) -> None:
    often = {"after_ms": {"SEV1": 60_000}, "repeat_ms": 60_000, "most": 3}
    await night.set(reminders={"no_commander": often})
    await night.open()

    heard = [await night.passes(MIN_S) for _ in range(6)]

    assert [bool(told) for told in heard] == [True, True, True, False, False, False]


async def test_a_reminder_that_is_delivered_twice_counts_once(night: Night) -> None:
    await night.open()
    night.world.clock.later(5 * MIN_S)
    await night.world.outbox.fire_timers()
    (name,) = [n for n, i in night.world.server.items.items() if i.effect.kind == REMIND]
    delivery, remind = night.world.delivery(name), night.world.bot.handlers()[REMIND]
    await remind(delivery)
    position = night.world.store.state.position

    await remind(delivery)

    assert night.world.store.state.position == position


async def test_an_update_is_asked_for_before_it_is_late(night: Night) -> None:
    await night.open()
    await night.world.bot.incidents.role(
        RoleOrder(Which(), "commander", "take"), INES, request_id="take"
    )

    (early,) = await night.passes(15 * MIN_S)
    (late,) = await night.passes(15 * MIN_S)

    assert early[0] == late[0] == "U0LEAD"
    assert "an update is due 03:34" in early[1]
    assert "an update is overdue by 10 min 0 s" in late[1]


async def test_an_update_settles_the_promise_and_begins_the_next(night: Night) -> None:
    await night.open()
    night.world.clock.later(10 * MIN_S)
    await night.world.bot.incidents.edit(
        EditIncident(Which(), update="we rolled back"), MARA, request_id="u"
    )

    assert night.incident.update_due_ms == night.world.clock.now_ms() + 20 * MIN_S * 1000


async def test_a_kill_that_is_still_on_is_asked_about(night: Night) -> None:
    await night.open("SEV4")
    await night.world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k")

    told = await night.passes(481 * MIN_S)

    assert "INC-1 SEV4 · `support-copilot`: K-1 still on in prod" in [text for _, text in told]


async def test_nothing_is_said_of_what_is_over(night: Night) -> None:
    await night.open()
    await night.world.bot.incidents.move(
        MoveIncident(Which(), "resolved", reason="ok"), MARA, request_id="m"
    )

    assert await night.passes(24 * 3600) == []


async def test_quiet_hours_put_off_what_can_wait(night: Night) -> None:
    await night.set(quiet={"awake": "Mon-Fri 09:00-18:00 UTC", "severities": ["SEV3", "SEV4"]})
    await night.open("SEV3")

    assert await night.passes(30 * 3600) == []
    assert await night.passes(24 * 3600 + 30 * 60) != []


async def test_a_snoozed_reminder_comes_later_and_a_stopped_one_never(night: Night) -> None:
    await night.open()
    snooze = HushReminder(Which("INC-1"), "no_commander", for_s=15 * MIN_S)
    said = await night.world.bot.incidents.hush(snooze, MARA, request_id="s")
    assert "again in 15 min" in said.lines[0]

    await night.passes(6 * MIN_S)
    assert [text for _, text in night.world.slack.told if "nobody commands" in text] == []
    assert any("nobody commands" in text for _, text in await night.passes(10 * MIN_S))

    stop = HushReminder(Which("INC-1"), "no_commander")
    await night.world.bot.incidents.hush(stop, MARA, request_id="x")
    after = await night.passes(60 * MIN_S)
    assert not any("nobody commands" in text for _, text in after)


async def test_an_unknown_reminder_is_refused(night: Night) -> None:
    await night.open()

    with pytest.raises(NeedsMoreWords, match="no such reminder"):
        await night.world.bot.incidents.hush(HushReminder(Which(), "coffee"), MARA, request_id="h")


async def test_a_private_one_reminds_only_who_works_on_it(night: Night) -> None:
    await night.open(private=True)

    told = await night.passes(6 * MIN_S)

    assert {who for who, _ in told} == {"U0ONCALL"}


async def test_a_drill_promises_no_update(night: Night) -> None:
    await night.open(drill=True)

    assert night.incident.update_due_ms is None
    assert replace(night.incident, drill=False).open
