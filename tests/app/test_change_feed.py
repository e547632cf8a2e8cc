"""What PagerDuty reads of changes: every one, in order, once; nothing private, nothing old."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from opsbot.adapters.memory.store import open_memory
from opsbot.app.change_feed import MOST, OLDEST_MS, TOLD, ChangeFeed
from opsbot.app.environment import Environment
from opsbot.app.incident.requests import OpenIncident
from opsbot.app.paging.port import PagingRefused, PagingUnreachable
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.timeline.words import _VERBS
from tests.support.pages import Pages
from tests.support.world import INES, MARA, SATURDAY_NIGHT_MS, Counter, World, workflow

COPILOT = Target("workflow", "support-copilot")


@dataclass
class Company:
    """One world, the feed of one replica, and what PagerDuty took."""

    world: World = field(default_factory=World)
    pages: Pages = field(default_factory=Pages)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = self.replica()

    def replica(self) -> ChangeFeed:
        bundle = open_memory(self.world.server)
        env = Environment("prod", bundle.store, bundle.fleets, self.world.clock, Counter())
        return ChangeFeed(
            env, bundle.outbox, self.pages, lambda revision, why: self.refused.append(why)
        )

    async def kill(self, name: str, tenant: str | None = None, **changes: object) -> None:
        request = KillRequest(COPILOT, tenant=tenant, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
        await self.world.bot.kill(request, MARA, request_id=name)

    @property
    def told(self) -> list[str]:
        return [one.summary for one in self.pages.changes]


@pytest.fixture(name="company")
async def _company() -> AsyncIterator[Company]:
    company = Company()
    await company.world.declare(workflow("support-copilot", tier=1))
    yield company
    assert set(_VERBS) >= TOLD


async def test_a_kill_and_its_restore_are_told_in_our_words(company: Company) -> None:
    await company.kill("k", mode="no_tools", reason="wrong refunds")
    company.world.clock.later(5)
    await company.kill("k2", mode="stop")
    company.world.clock.later(5)
    for who in (MARA, INES):
        await company.world.bot.restore(RestoreRequest(COPILOT), who, request_id=f"r{who.id}")

    assert await company.feed() == 3

    assert company.told == [
        "Mara killed support-copilot (no_tools, K-1): wrong refunds",
        "Mara made K-1 stricter: no_tools \u2192 stop.",
        "Ines restored K-1 (A-1, asked for by Mara).",
    ]
    first = company.pages.changes[0]
    assert (first.source, first.links) == ("opsbot prod", ())
    assert SATURDAY_NIGHT_MS <= first.occurred_ms < SATURDAY_NIGHT_MS + 3_000
    assert first.details["kills"] == "K-1"


async def test_what_was_told_is_not_told_again_by_any_replica(company: Company) -> None:
    await company.kill("k")
    assert await company.feed() == 1

    assert await company.feed() == 0
    company.world.clock.later(60)
    assert await company.replica()() == 0


async def test_only_one_replica_tells(company: Company) -> None:
    await company.feed()
    await company.kill("k")

    assert await company.replica()() == 0
    assert await company.feed() == 1


async def test_a_replica_that_died_is_followed_by_another(company: Company) -> None:
    await company.feed()
    await company.kill("k")
    company.world.clock.later(46)

    assert await company.replica()() == 1


async def test_an_outage_loses_nothing_and_keeps_the_order(company: Company) -> None:
    for nth in range(3):
        await company.kill(f"k{nth}", tenant=f"t{nth}")
    company.pages.fails = [PagingUnreachable("silent")]

    assert await company.feed() == 0
    assert await company.feed() == 0
    company.world.clock.later(3)
    assert await company.feed() == 3

    assert [one.details["kills"] for one in company.pages.changes] == ["K-1", "K-2", "K-3"]


async def test_one_that_is_refused_for_good_holds_up_nobody(company: Company) -> None:
    await company.kill("k1", tenant="a")
    await company.kill("k2", tenant="b")
    company.pages.fails = [PagingRefused("too long", status=400)]

    await company.feed()

    assert company.refused == ["too long"]
    assert [one.details["kills"] for one in company.pages.changes] == ["K-2"]


async def test_after_a_day_nothing_is_told_of_the_days_before(company: Company) -> None:
    await company.kill("k1", tenant="a")
    company.world.clock.later(OLDEST_MS / 1000 + 60)
    await company.kill("k2", tenant="b")

    await company.feed()

    assert [one.details["kills"] for one in company.pages.changes] == ["K-2"]


@pytest.mark.no_cover  # the same, thousands of times
async def test_a_long_journal_is_not_read_from_its_beginning(company: Company) -> None:
    for nth in range(210):
        await company.kill(f"old{nth}", tenant=f"o{nth}")
    company.world.clock.later(OLDEST_MS / 1000 + 60)
    for nth in range(MOST + 5):
        await company.kill(f"new{nth}", tenant=f"n{nth}")

    assert await company.feed() == MOST
    assert await company.feed() == 5


async def test_a_private_incident_is_not_named_nor_its_words_quoted(company: Company) -> None:
    await company.kill("k", reason="leaked addresses of Acme")
    request = OpenIncident("leaked", severity="SEV1", kill="K-1", private=True)
    await company.world.bot.incidents.open(request, MARA, request_id="o")

    await company.feed()

    assert company.told == ["Mara killed support-copilot (stop, K-1)."]


async def test_incidents_are_no_changes(company: Company) -> None:
    request = OpenIncident("wrong", workflow="support-copilot", severity="SEV1")
    await company.world.bot.incidents.open(request, MARA, request_id="o")
    await company.kill("k")

    await company.feed()

    assert company.told == ["Mara killed support-copilot (stop, K-1)."]


async def test_without_a_routing_key_nothing_is_told(company: Company) -> None:
    company.pages.can_alert = False
    await company.kill("k")

    assert await company.feed() == 0
