"""The adapter against the stand-in over real HTTP: once whatever fails, and both sides mean the same."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import httpx2
import pytest
import pytest_asyncio

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty import client as pagerduty_client
from opsbot.adapters.pagerduty.link import Account, Door, Kind
from opsbot.adapters.pagerduty.paging import PagerDuty, open_pagerduty
from opsbot.adapters.pagerduty.webhook import SIGNATURE_HEADER, parse, verify
from opsbot.app.paging.port import (
    AlertEvent,
    ChangeEvent,
    PageOrder,
    PagingRefused,
    PagingUnauthorised,
    PagingUnreachable,
)
from opsbot.app.ports import RetryLater
from opsbot.workbench.pagerduty.company import BOT_EMAIL, PRIMARY, SECONDARY
from opsbot.workbench.pagerduty.faults import Kind as FaultKind
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.child import running
from tests.support.pagerduty import SUPPORT, pagerduty_stand_in, webhook_receiver
from tests.support.wait import eventually

T = TypeVar("T")
KEY = "opsbot:test:INC-1"
POLICY = "PESUPPORT"


def hasty(account: Account, kind: Kind) -> Door:
    """Return a real client that waits for an answer 0.3 s."""
    door = (
        pagerduty_client.rest(account.key, sender=account.sender, url=account.url)
        if kind == "rest"
        else pagerduty_client.events(account.routing_key, url=account.events_url)
    )
    door.client.timeout = httpx2.Timeout(0.3)  # type: ignore[assignment]  # as the module does
    return door


@asynccontextmanager
async def port_of(stand_in: PagerDutyStandIn, key: str = "") -> AsyncGenerator[PagerDuty]:
    """Give the port for a stand-in's account."""
    url = stand_in.base_url
    account = Account(key or stand_in.api_key, BOT_EMAIL, stand_in.routing_key(SUPPORT), url, url)
    async with open_pagerduty(account, SystemClock(), make=hasty) as port:
        yield port


@pytest_asyncio.fixture(name="stand_in")
async def _stand_in() -> AsyncIterator[PagerDutyStandIn]:
    async with pagerduty_stand_in() as running:
        yield running


@pytest_asyncio.fixture(name="port")
async def _port(stand_in: PagerDutyStandIn) -> AsyncIterator[PagerDuty]:
    async with port_of(stand_in) as port:
        yield port


def order(key: str = KEY, **more: str) -> PageOrder:
    """Return an order for the support service."""
    given = {"title": "Wrong refund answers", "details": "Stopped by Mara.", "service": SUPPORT}
    return PageOrder(key=key, **{**given, "escalation_policy": POLICY, **more})  # type: ignore[arg-type]  # fields of text


async def opened(stand_in: PagerDutyStandIn, count: int) -> None:
    """Wait until so many incidents are there."""
    await eventually(lambda: len(stand_in.incidents) >= count, timeout_s=20)


async def at_last(work: Callable[[], Awaitable[T]]) -> T:
    """Do *work* as an outbox does: again until it is done."""
    done: list[T] = []

    async def once() -> bool:
        try:
            done.append(await work())
        except RetryLater:
            return False
        return True

    _: bool = await eventually(once, timeout_s=10)
    return done[0]


async def test_an_incident_is_opened_and_somebody_is_paged(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    paged = await port.open(order(sender="sam@example.com", priority="P1"))
    again = await port.open(order(sender="sam@example.com"))

    assert (paged.status, paged.key, paged.adopted, paged.left_out) == ("triggered", KEY, False, ())
    assert paged.assignees == ("PMARA",)
    assert (again.adopted, again.id) == (True, paged.id)
    assert await port.get(paged.id) == await port.find(KEY)
    assert len(stand_in.incidents) == 1
    assert [one.user for one in stand_in.pages] == ["PMARA"]


async def test_people_who_are_named_are_called_in_place_of_the_policy_and_who_opens_it_is_not(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    people = ("POLA", "PSAM")

    paged = await port.open(replace(order(sender="mara@example.com"), assignees=people))
    own = await port.open(replace(order("k2", sender="sam@example.com"), assignees=("PSAM",)))

    assert (paged.status, sorted(paged.assignees)) == ("triggered", sorted(people))
    assert own.status == "acknowledged"
    assert sorted(one.user for one in stand_in.pages) == sorted(people)


FAULTS: tuple[FaultKind, ...] = (
    "timeout_after_commit", "cut_after_commit", "timeout", "cut", "503", "429", "429_bare",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_fails_one_incident_is_opened(
    stand_in: PagerDutyStandIn, port: PagerDuty, fault: FaultKind
) -> None:
    stand_in.faults.fail("POST /incidents", fault)

    with pytest.raises(RetryLater):
        await port.open(order())
    paged = await port.open(order())

    assert len(stand_in.incidents) == 1
    assert paged.adopted is fault.endswith("after_commit")


async def test_an_incident_that_was_resolved_before_the_answer_pages_nobody_again(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    stand_in.faults.fail("POST /incidents", "timeout_after_commit")
    with pytest.raises(PagingUnreachable):
        await port.open(order())
    stand_in.press("PMARA", stand_in.incidents[0].id, "resolve")

    paged = await port.open(order())

    assert (paged.adopted, paged.status) == (True, "resolved")
    assert len(stand_in.incidents) == 1


async def test_under_chaos_every_incident_is_opened_once_and_no_note_is_written_twice(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    chances: dict[FaultKind, float] = {
        "503": 0.12, "429": 0.08, "timeout_after_commit": 0.08, "cut_after_commit": 0.08, "cut": 0.07,
    }  # fmt: skip
    stand_in.faults.chaos(chances, seed=7)

    async def one(nth: int) -> None:
        paged = await at_last(lambda: port.open(order(f"opsbot:test:INC-{nth}")))
        for note in (f"[opsbot n-{nth}a]", f"[opsbot n-{nth}b]"):
            await at_last(lambda: port.note(paged.id, "Stopped.", marker=note, sender=""))  # noqa: B023  awaited here
        await at_last(lambda: port.resolve(paged.id, sender="sam@example.com"))

    await asyncio.gather(*[one(nth) for nth in range(1, 13)])
    stand_in.faults.clear()

    keys = [incident.key or "" for incident in stand_in.incidents]
    assert sorted(keys) == sorted({f"opsbot:test:INC-{nth}" for nth in range(1, 13)})
    assert {incident.status for incident in stand_in.incidents} == {"resolved"}
    written = [note.content for incident in stand_in.incidents for note in incident.notes]
    assert len(written) == len(set(written)) == 24


@pytest.mark.slow
async def test_workers_that_are_killed_at_any_moment_open_every_incident_once(
    stand_in: PagerDutyStandIn,
) -> None:
    chances: dict[FaultKind, float] = {"503": 0.1, "429": 0.05, "cut_after_commit": 0.1}
    stand_in.faults.chaos(chances, seed=3)
    count = 12
    command = (
        sys.executable, "-m", "tests.support.paging_worker",
        stand_in.base_url, stand_in.api_key, BOT_EMAIL, SUPPORT, str(count),
    )  # fmt: skip

    for by_then in (1, count // 2, count):
        with running(*command):
            await opened(stand_in, by_then)
    with running(*command, stdout=subprocess.PIPE) as last:
        assert last.stdout is not None
        said = await asyncio.to_thread(last.stdout.readline)

    written = [note.content for incident in stand_in.incidents for note in incident.notes]
    assert said == "done\n"
    assert (
        len({incident.key for incident in stand_in.incidents}) == len(stand_in.incidents) == count
    )
    assert len(written) == len(set(written)) == 2 * count


async def test_a_sender_without_an_account_pages_in_the_bots_name(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    paged = await port.open(order(sender="guest@example.com"))

    assert paged.status == "triggered"
    assert "guest@example.com" in paged.left_out[0]
    assert len(stand_in.incidents) == 1


async def test_an_alert_sent_while_rest_was_away_is_found_and_adopted(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    await port.trigger(AlertEvent(key=KEY, summary="Wrong answers", source="opsbot"))

    paged = await port.open(order())

    assert (paged.adopted, paged.key) == (True, KEY)
    assert len(stand_in.incidents) == 1


async def test_a_soft_page_becomes_loud_with_its_priority_at_once(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    paged = await port.open(order(urgency="low"))

    await port.reprioritise(paged.id, "P1", sender="mara@example.com", urgency="high")

    there = stand_in.incidents[0]
    assert (there.urgency, there.priority) == ("high", "PPRIO1")


async def test_what_is_changed_there_is_as_it_was_meant(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    paged = await port.open(order())

    escalated = await port.escalate(paged.id, 2, sender="mara@example.com")
    prioritised = await port.reprioritise(paged.id, "P2", sender="mara@example.com")
    acknowledged = await port.acknowledge(paged.id, sender="ola@example.com")
    again = await port.acknowledge(paged.id, sender="ola@example.com")
    asked = await port.add_responders(paged.id, ["PSAM"], "Please join", sender="ola@example.com")
    resolved = await port.resolve(paged.id, sender="ola@example.com", resolution="Rolled back.")
    twice = await port.resolve(paged.id, sender="ola@example.com")

    assert escalated.assignees == ("POLA",)
    assert prioritised.left_out == ()
    assert (acknowledged.status, again.status) == ("acknowledged", "acknowledged")
    assert asked == ("PSAM",)
    assert (resolved.status, twice.status) == ("resolved", "resolved")
    assert stand_in.incidents[0].status == "resolved"


async def test_open_incidents_are_listed_by_service(port: PagerDuty) -> None:
    first = await port.open(order("k-1"))
    second = await port.open(order("k-2", service="PDEVAI", escalation_policy="PEDEVAI"))
    await port.resolve(first.id, sender="")

    assert await port.open_incidents([SUPPORT]) == []
    assert [one.id for one in await port.open_incidents([SUPPORT, "PDEVAI"])] == [second.id]


async def test_who_is_on_call_follows_a_hand_over(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    before = await port.on_call([POLICY])
    stand_in.hand_over(PRIMARY, "PINES", seconds=3600)
    after = await port.on_call([POLICY])

    assert [(d.person.id, d.level) for d in before] == [("PMARA", 1), ("POLA", 2), ("PSAM", 3)]
    assert [(d.person.id, d.level) for d in after] == [("PINES", 1), ("POLA", 2), ("PSAM", 3)]
    assert (before[2].schedule, before[2].until_ms) == (None, None)
    assert before[0].schedule == PRIMARY
    assert before[0].person.email == "mara@example.com"


async def test_a_level_without_anybody_is_left_out(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    stand_in.hand_over(PRIMARY, None)
    stand_in.hand_over(SECONDARY, None)

    duties = await port.on_call([POLICY])

    assert [(duty.person.id, duty.level) for duty in duties] == [("PSAM", 3)]


async def test_people_are_known_by_their_e_mail(port: PagerDuty) -> None:
    people = {one.id: one.email for one in await port.people()}

    assert people["PMARA"] == "mara@example.com"
    assert BOT_EMAIL in people.values()


async def test_an_account_without_priorities_opens_without(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    stand_in.account.priorities_on = False

    paged = await port.open(order(priority="P1"))

    assert "the account has none" in paged.left_out[0]


async def test_a_key_that_may_not_is_not_one_that_is_wrong(stand_in: PagerDutyStandIn) -> None:
    async with (
        port_of(stand_in, "wrong") as wrong,
        port_of(stand_in, stand_in.read_only_key()) as reader,
    ):
        with pytest.raises(PagingUnauthorised):
            await wrong.people()
        with pytest.raises(PagingRefused, match="key may not"):
            await reader.open(order())

        assert await reader.people()


async def test_alerts_and_changes_arrive(stand_in: PagerDutyStandIn, port: PagerDuty) -> None:
    await port.trigger(AlertEvent(key="trip-1", summary="Flags", source="opsbot"))
    await port.trigger(AlertEvent(key="trip-1", summary="Flags", source="opsbot"))
    await port.resolve_alert("trip-1")
    await port.change(ChangeEvent("Stopped", "support-copilot", SystemClock().now_ms()))

    assert [one.status for one in stand_in.incidents] == ["resolved"]
    assert len(stand_in.account.changes) == 1


async def test_the_account_is_well(port: PagerDuty) -> None:
    found = {one.name: one for one in await port.check()}

    assert [one for one in found.values() if one.ok is False] == []
    assert found["priorities"].says == "P1, P2, P3, P4, P5"


async def test_a_subscription_is_seen(stand_in: PagerDutyStandIn, port: PagerDuty) -> None:
    async with webhook_receiver() as receiver:
        stand_in.subscribe(receiver.url)

        health = await port.webhooks_health(receiver.url)
        await port.enable_webhook(health.ids[0])

    assert health.well
    assert not (await port.webhooks_health("http://127.0.0.1:1/else")).ids


async def test_what_it_delivers_is_genuine_and_means_what_was_done(
    stand_in: PagerDutyStandIn, port: PagerDuty
) -> None:
    async with webhook_receiver() as receiver:
        secret = stand_in.subscribe(receiver.url)
        paged = await port.open(order())
        await port.note(paged.id, "Stopped.", marker="[opsbot n-1]", sender="mara@example.com")
        stand_in.press("PMARA", paged.id, "acknowledge")
        await port.resolve(paged.id, sender="ola@example.com")
        await eventually(lambda: len(receiver.got) >= 4)

    events = [parse(raw) for _, raw in receiver.got]
    assert all(verify(["old", secret], h[SIGNATURE_HEADER], raw) for h, raw in receiver.got)
    assert not any(verify(["old"], h[SIGNATURE_HEADER], raw) for h, raw in receiver.got)
    by_kind = {event.kind: event for event in events}
    assert {"triggered", "annotated", "acknowledged", "resolved"} <= set(by_kind)
    assert {event.pager_id for event in events} == {paged.id}
    assert (by_kind["triggered"].key, by_kind["triggered"].number) == (KEY, paged.number)
    assert (by_kind["acknowledged"].agent_id, by_kind["acknowledged"].status) == (
        "PMARA",
        "acknowledged",
    )
    assert by_kind["annotated"].note.startswith("[opsbot n-1]")
    assert by_kind["resolved"].assignees == ()
