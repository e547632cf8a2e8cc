"""What PagerDuty tells of a page: replayed, doubled and shuffled, an incident comes to the same."""

import asyncio
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.mirror import (
    MOST_TURNS,
    READ,
    TURNS_MS,
    followed,
    mirrored,
    paged_as,
)
from opsbot.app.sentences import Sentences
from opsbot.domain import journal
from opsbot.domain.incident.incident import Incident, Pager
from opsbot.domain.pager_event import PagerEvent, PagerKind
from opsbot.domain.state import State
from tests.support.world import MARA, World, workflow

KEY = "opsbot:prod:INC-1"
AT = 1_795_230_900_000
KINDS: tuple[PagerKind, ...] = (
    "triggered",
    "acknowledged",
    "unacknowledged",
    "resolved",
    "reassigned",
)


def told(kind: PagerKind, at_ms: int = AT, **changes: object) -> PagerEvent:
    base = PagerEvent(
        id=f"{kind}-{at_ms}",
        kind=kind,
        type=f"incident.{kind}",
        occurred_ms=at_ms,
        pager_id="PT1",
        key=KEY,
        agent_name="Ines",
        number=7,
        url="https://example.pagerduty.com/incidents/PT1",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


class Company:
    """One open incident and the door through which PagerDuty's words come in."""

    def __init__(self) -> None:
        self.world = World()
        self.events = PagerEvents(self.world.env, self.world.outbox)

    async def begin(self) -> "Company":
        await self.world.declare(workflow("support-copilot", extra={"pagerduty": {"service": "P"}}))
        request = OpenIncident("wrong answers", workflow="support-copilot", severity="SEV2")
        await self.world.bot.incidents.open(request, MARA, request_id="open")
        return self

    async def take(self, event: PagerEvent, delivery: str = "") -> str:
        return await self.events.take(event, delivery=delivery or event.id)

    @property
    def incident(self) -> Incident:
        return self.world.store.state.incident("INC-1")


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def test_another_page_that_has_our_key_says_nothing_of_ours(company: Company) -> None:
    await company.take(told("triggered"))

    taken = await company.take(told("resolved", AT + 1, pager_id="PALERT"))

    assert taken == ""
    assert company.incident.pager is not None
    assert (company.incident.pager.id, company.incident.pager.status) == ("PT1", "triggered")


async def test_what_lies_far_ahead_is_not_believed(company: Company) -> None:
    await company.take(told("triggered"))

    await company.take(told("acknowledged", AT * 2))
    await company.take(told("resolved", AT + 1))

    assert company.incident.pager is not None
    assert company.incident.pager.status == "resolved"
    assert company.incident.times.acknowledged is None


async def test_an_event_before_the_answer_is_found_by_our_key(company: Company) -> None:
    assert await company.take(told("triggered")) == "INC-1"

    pager = company.incident.pager
    assert pager is not None
    assert (pager.id, pager.number, pager.status) == ("PT1", 7, "triggered")


async def test_an_acknowledgement_there_is_one_here(company: Company) -> None:
    await company.take(told("acknowledged", AT + 5000))

    assert company.incident.times.acknowledged == AT + 5000


async def test_resolving_there_resolves_no_incident_and_lifts_no_kill(company: Company) -> None:
    await company.take(told("resolved"))

    assert company.incident.status == "active"
    assert company.incident.pager is not None
    assert company.incident.pager.status == "resolved"
    assert "pager_sync" not in [one.effect.kind for one in company.world.server.items.values()]


async def test_a_delivery_that_comes_again_changes_nothing(company: Company) -> None:
    await company.take(told("acknowledged"), "delivery-1")
    before = company.world.store.state.position

    await company.take(told("acknowledged"), "delivery-1")
    await company.take(told("acknowledged"), "delivery-2")

    assert company.world.store.state.position == before


async def test_a_note_there_is_one_line_here(company: Company) -> None:
    note = told("annotated", note="restarted the gateway", note_id="N1")

    await company.take(note, "d1")
    await company.take(note, "d2")

    (line,) = company.world.store.state.notes("INC-1")
    assert (line.author, line.at_ms, line.source) == ("Ines", AT, "pagerduty")


@pytest.mark.parametrize(
    "note", ["[opsbot INC-1 r7] K-1 confirmed", "Resolution Note: [opsbot INC-1] rolled back"]
)
async def test_our_own_note_come_back_is_no_line(company: Company, note: str) -> None:
    await company.take(told("annotated", note=note, note_id="N1"))

    assert company.world.store.state.notes("INC-1") == ()


async def test_an_incident_that_is_not_ours_is_let_pass(company: Company) -> None:
    strange = told("triggered", key="somebody-else", pager_id="PX9")
    before = company.world.store.state.position

    assert await company.take(strange) == ""
    assert company.world.store.state.position == before


async def test_an_empty_key_is_nobodys(company: Company) -> None:
    assert paged_as(company.world.store.state, told("triggered", key="", pager_id="")) is None
    assert paged_as(State(), told("triggered")) is None


EVENTS = st.lists(
    st.builds(
        told,
        st.sampled_from(KINDS),
        st.integers(AT, AT + 4),
        assignees=st.none() | st.lists(st.sampled_from(["PA", "PB"]), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


@given(EVENTS)
def test_in_whatever_order_events_come_a_page_comes_to_the_same(events: list[PagerEvent]) -> None:
    ends = set()
    for order in permutations(events):
        pager = Pager(KEY)
        for event in (*order, *order[:1]):
            pager = mirrored(pager, event, 0)
        ends.add((pager.status, pager.assignees, pager.id, pager.number))

    assert len(ends) == 1


@given(st.permutations([told("acknowledged", AT + n) for n in (9, 3, 5)]))
def test_the_first_acknowledgement_counts_whenever_it_is_heard_of(order: list[PagerEvent]) -> None:
    async def heard() -> int | None:
        company = await Company().begin()
        for event in order:
            await company.take(event)
        return company.incident.times.acknowledged

    assert asyncio.run(heard()) == AT + 3


async def turn(company: Company, times: int, at_ms: int = AT) -> None:
    for nth in range(times):
        kind: PagerKind = "triggered" if nth % 2 else "acknowledged"
        await company.take(told(kind, at_ms + nth), f"turn-{at_ms}-{nth}")


async def test_a_page_that_turns_without_end_is_not_followed_and_that_is_said_once(
    company: Company,
) -> None:
    await company.take(told("triggered", AT - 1))

    await turn(company, 3 * MOST_TURNS)

    verbs = [journal.read_entry(line).verb for line in company.world.server.lines]
    assert verbs.count("pager_held") == 1
    assert len([one for one in verbs if one.startswith("pager_")]) == MOST_TURNS + 1
    said = [
        one for one in company.world.server.items.values() if one.effect.kind == "incident_said"
    ]
    revision = int(str(said[-1].effect.body["revision"]))
    sentence = await Sentences(company.world.env).of_incident(revision, company.incident)
    assert sentence.startswith("PagerDuty changes the status of the page again and again")


async def test_what_is_read_there_counts_for_a_page_that_is_not_followed(company: Company) -> None:
    await turn(company, 2 * MOST_TURNS)

    await company.take(told("resolved", AT + 500, type=READ))

    assert company.incident.pager is not None
    assert company.incident.pager.status == "resolved"


async def test_after_ten_minutes_a_page_is_followed_again(company: Company) -> None:
    await turn(company, 2 * MOST_TURNS)
    company.world.clock.later(TURNS_MS / 1000 + 1)

    await company.take(told("resolved", AT + 700_000))

    assert company.incident.pager is not None
    assert company.incident.pager.status == "resolved"


@given(st.lists(st.builds(told, st.sampled_from(KINDS), st.integers(AT, AT + 9)), max_size=60))
def test_whatever_storms_in_a_reading_brings_the_truth(events: list[PagerEvent]) -> None:
    pager = Pager(KEY)
    for nth, event in enumerate(events):
        pager = followed(pager, event, AT + nth)

    read = told("other", AT + 10, type=READ, status="resolved", assignees=("PA",))
    pager = followed(pager, read, AT + 100)

    assert (pager.status, pager.assignees) == ("resolved", ("PA",))
