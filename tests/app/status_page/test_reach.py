"""A component is as far as users can use it, in the page, the feed and the JSON alike; each language has its names and headlines."""

import json
from dataclasses import replace

import feedparser
import pytest

from opsbot.app.status_page.board import StatusBoard
from opsbot.app.status_page.page import Component, Page
from opsbot.app.status_page.site import site
from opsbot.domain.change import Position, Record
from opsbot.domain.kill import Kill, as_record
from opsflags import keys
from opsflags.model import Scope
from tests.support.changes import put
from tests.support.status import MINUTE, SETTINGS_RECORD, Told, told
from tests.support.world import workflow

COPILOT = "support-copilot"
NAMED: Record = {
    **SETTINGS_RECORD,
    "names": {COPILOT: {"en": "Support assistant", "de": "Support-Assistent"}},
}


@pytest.fixture(name="company")
async def _company() -> Told:
    found = await told()
    await found.world.declare(workflow(COPILOT), workflow("coding-agent"))
    await found.declare(NAMED)
    await found.incident("INC-1")
    return found


async def kill(
    company: Told, mode: str, *, confirmed: bool = True, tenant: str | None = None
) -> None:
    """Kill it, as a kill of the incident that users are told of."""
    scope = Scope(COPILOT, tenant=tenant)
    made = Kill("K-1", "uid-K-1", scope, mode, Position(1, 1), "mara", "cli", 1, 2)
    sure = replace(made, confirmed_ms=12.0 if confirmed else None)
    await company.store.commit("killed", put((keys.KILLS, "K-1", as_record(sure))))
    await company.incident("INC-1", kills=("K-1",))


async def say(company: Told, severity: str = "SEV2", **changes: object) -> None:
    await company.say("INC-1", "identified", "Late", {"en": "Late."}, severity=severity, **changes)  # type: ignore[arg-type]  # a message's own


def component(page: Page) -> Component:
    return next(one for one in page.components if one.name == "Support assistant")


def read(page: Page, name: str) -> str:
    return site(page, Position(1, 1)).files[name].decode()


@pytest.mark.parametrize("severity", ["SEV1", "SEV2", "SEV3", "SEV4"])
async def test_what_is_switched_off_for_all_is_a_major_outage_whatever_its_severity(
    company: Told, severity: str
) -> None:
    await kill(company, "stop")
    await say(company, severity)

    page = company.page()

    assert (component(page).health, component(page).off) == ("major_outage", True)
    assert page.impact in ("major", "critical")
    summary = json.loads(read(page, "api/v2/summary.json"))
    states = {one["name"]: one["status"] for one in summary["components"]}
    assert states["Support assistant"] == "major_outage"
    assert {one["status"] for one in summary["incidents"][0]["components"]} == {"major_outage"}
    assert summary["status"]["indicator"] == page.impact
    assert "</span>Switched off</span>" in read(page, "index.html")
    (entry,) = feedparser.parse(read(page, "feed.atom").encode()).entries
    assert "Support assistant: Switched off." in entry.content[0].value


@pytest.mark.parametrize("mode", ["read_only", "fallback", "human"])
async def test_what_everybody_has_with_less_is_limited_and_never_down(
    company: Told, mode: str
) -> None:
    await kill(company, mode)
    await say(company, "SEV1")

    page = company.page()

    assert (component(page).health, component(page).off) == ("degraded_performance", False)
    assert "Switched off" not in read(page, "index.html")


@pytest.mark.parametrize(
    ("severity", "health"), [("SEV2", "partial_outage"), ("SEV3", "degraded_performance")]
)
async def test_a_kill_for_one_customer_says_nothing_of_the_others(
    company: Told, severity: str, health: str
) -> None:
    await kill(company, "stop", tenant="acme")
    await say(company, severity)

    assert (component(company.page()).health, component(company.page()).off) == (health, False)


async def test_what_nobody_has_confirmed_is_not_off_yet(company: Told) -> None:
    await kill(company, "stop", confirmed=False)
    await say(company, "SEV3")
    before = component(company.page())

    await say(company, "SEV3", stays_off=True)

    assert (before.health, before.off) == ("partial_outage", False)
    assert component(company.page()).off


async def test_words_that_say_it_stays_off_do_not_make_off_what_people_answer(
    company: Told,
) -> None:
    await kill(company, "human")
    await company.say("INC-1", "resolved", "Over", {"en": "It stays off."}, stays_off=True)

    now = component(company.page())

    assert (now.health, now.off) == ("degraded_performance", False)


async def test_of_two_workflows_with_one_name_one_that_is_off_is_not_both(company: Told) -> None:
    public = {COPILOT: "Support assistant", "coding-agent": "Support assistant"}
    await company.declare({**SETTINGS_RECORD, "public": public})
    await kill(company, "stop")
    await say(company, "SEV3")

    now = component(company.page())

    assert (now.health, now.off) == ("degraded_performance", False)


async def test_a_kill_of_an_incident_that_users_know_nothing_of_shows_nowhere(
    company: Told,
) -> None:
    await company.incident("INC-2")
    await company.say("INC-2", "identified", "Late", {"en": "Late."}, severity="SEV3")

    await kill(company, "stop")

    assert component(company.page()).health == "degraded_performance"


async def test_each_language_has_the_name_that_its_readers_know(company: Told) -> None:
    await kill(company, "stop")
    await say(company)

    page = company.page()

    german, english = read(page, "index.de.html"), read(page, "index.en.html")
    assert german.count("Support-Assistent") == 2
    assert "Support assistant" not in german
    assert english.count("Support assistant") == 2
    assert "Support-Assistent" not in english
    assert "Support-Assistent" not in read(page, "api/v2/summary.json")


async def test_the_first_language_is_that_of_names_and_headlines_in_every_file(
    company: Told,
) -> None:
    await company.declare({**NAMED, "locales": ["de", "en"], "public": {COPILOT: "Assistent"}})
    await company.say(
        "INC-1", "identified", "Late", {"en": "Late.", "de": "Sp\u00e4t."},
        headlines={"de": "Versp\u00e4tet"},
    )  # fmt: skip

    page = company.page()

    assert ">Late</" not in read(page, "index.de.html")
    assert ">Versp\u00e4tet</span>" in read(page, "index.de.html")
    assert ">Late</span>" in read(page, "index.en.html")
    assert json.loads(read(page, "api/v2/summary.json"))["incidents"][0]["name"] == "Versp\u00e4tet"
    (entry,) = feedparser.parse(read(page, "feed.atom").encode()).entries
    assert entry.title.endswith(": Versp\u00e4tet")


async def test_a_headline_that_was_corrected_makes_way_at_once(company: Told) -> None:
    first = await company.say("INC-1", "identified", "Orders are hit", {"en": "Orders."})
    second = await company.say(
        "INC-1", "correction", "Refunds are hit, not orders", {"en": "No."}, corrects=first.id
    )
    once = company.page()
    await company.say(
        "INC-1", "correction", "Vouchers are hit, too", {"en": "No."}, corrects=second.id
    )
    twice = company.page()

    await company.say("INC-1", "monitoring", "It comes back", {"en": "Back."})

    assert once.stories[0].headline == "Refunds are hit, not orders"
    assert "<h3><span>Refunds are hit, not orders</span></h3>" in read(once, "index.html")
    name = json.loads(read(once, "api/v2/summary.json"))["incidents"][0]["name"]
    assert name == "Refunds are hit, not orders"
    assert twice.stories[0].headline == "Vouchers are hit, too"
    assert company.page().stories[0].headline == "It comes back"


async def test_the_correction_of_an_older_word_leaves_the_newest_headline(company: Told) -> None:
    first = await company.say("INC-1", "investigating", "Orders are hit", {"en": "Orders."})
    await company.say("INC-1", "identified", "Refunds are hit", {"en": "Refunds."})

    await company.say(
        "INC-1", "correction", "About our first word", {"en": "No."}, corrects=first.id
    )

    assert company.page().stories[0].headline == "Refunds are hit"


async def test_where_the_headline_of_a_correction_was_erased_the_corrected_one_stands(
    company: Told,
) -> None:
    first = await company.say("INC-1", "identified", "Orders are hit", {"en": "Orders."})
    second = await company.say(
        "INC-1", "correction", "A name in it", {"en": "No."}, corrects=first.id
    )

    await company.store.erase([second.headline])

    assert company.page().stories[0].headline == "Orders are hit"


async def test_an_entry_of_the_feed_keeps_its_own_headline(company: Told) -> None:
    await company.say("INC-1", "investigating", "We look", {"en": "We look."})
    before = feedparser.parse(read(company.page(), "feed.atom").encode()).entries[0]

    await company.say("INC-1", "identified", "Refunds are hit", {"en": "Refunds."})

    newest, first = feedparser.parse(read(company.page(), "feed.atom").encode()).entries
    assert (first.title, first.id) == (before.title, before.id)
    assert newest.title == "Identified: Refunds are hit"


async def test_a_correction_that_promises_anew_is_what_the_page_promises(company: Told) -> None:
    first = await company.say(
        "INC-1", "identified", "Late", {"en": "Late."}, next_ms=company.at_ms + 30 * MINUTE
    )
    second = company.at_ms + 60 * MINUTE
    await company.say(
        "INC-1", "correction", "Late", {"en": "No."}, corrects=first.id, next_ms=second
    )
    anew = company.page().stories[0].next_ms

    await company.say("INC-1", "correction", "Late", {"en": "No."}, corrects="MSG-2")

    assert anew == company.page().stories[0].next_ms == second


async def test_a_kill_and_its_end_make_the_page_anew_without_a_word_of_anybody(
    company: Told,
) -> None:
    await say(company)
    board = company.board()
    await board.follow()
    seen = [shown(board)]

    await kill(company, "stop")
    await board.follow()
    seen.append(shown(board))
    await company.store.commit("lifted", put((keys.KILLS, "K-1", None)))
    await board.follow()

    assert [*seen, shown(board)] == ["partial_outage", "major_outage", "partial_outage"]


def shown(board: StatusBoard) -> str:
    assert board.site is not None
    summary = json.loads(board.site.files["api/v2/summary.json"])
    states: dict[str, str] = {one["name"]: one["status"] for one in summary["components"]}
    return states["Support assistant"]
