"""Every file of the page: valid, readable for programs that are not ours, and nothing hostile in it."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import feedparser
import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.status_page.html import LOST_HERE, document
from opsbot.app.status_page.page import Component, Page, Story, Update
from opsbot.app.status_page.site import is_file, site
from opsbot.domain.change import Position
from tests.app.test_prose_html import HOSTILE, OURS
from tests.support.status import NOW_MS, URL, three_incidents, told

ATOM = "{http://www.w3.org/2005/Atom}"
FRAME = {
    *("html", "head", "meta", "title", "link", "style", "body", "header", "main", "footer", "nav"),
    *("section", "article", "h1", "h2", "h3", "dl", "dt", "dd", "span", "time"),
}
SECRETS = ("INC-", "MSG-", "K-1", "SEV1", "SEV2", "SEV3", "secret-name", "support-copilot", "U0")


class Seen(HTMLParser):
    """What a page has: its tags, its links, its words and its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.attributes: set[str] = set()
        self.langs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.attributes |= set(given)
        self.links += [given["href"]] if "href" in given else []
        self.ids += [given["id"]] if "id" in given else []
        self.langs += [given["lang"]] if "lang" in given else []


def seen(html: str) -> Seen:
    """Read a page."""
    found = Seen()
    found.feed(html)
    return found


@pytest.fixture
async def page() -> Page:
    """Give the page of a bad night."""
    return (await three_incidents()).page()


def files(page: Page) -> Mapping[str, str]:
    """Return every file as text."""
    return {name: body.decode() for name, body in site(page, Position(1, 1)).files.items()}


def api(page: Page, name: str) -> Any:
    """Return one JSON document."""
    return json.loads(files(page)[f"api/v2/{name}.json"])


async def test_the_page_is_valid_html_in_every_language(page: Page) -> None:
    for name, text in files(page).items():
        if name.endswith(".html"):
            html5lib.HTMLParser(strict=True).parse(text)


async def test_a_page_on_which_nothing_stands_is_valid_too() -> None:
    text = files((await told()).page())["index.html"]

    html5lib.HTMLParser(strict=True).parse(text)
    assert "No known problems" in text
    assert "Nothing was reported." in text


async def test_below_what_is_happening_no_page_says_that_nothing_was_reported() -> None:
    company = await told()
    await company.say("INC-1", "identified", "Late", {"en": "Late."})

    text = files(company.page())["index.html"]

    assert "What is happening now" in text
    assert "Nothing was reported." not in text
    assert "Past 14 days" not in text


async def test_it_needs_nothing_else_and_every_link_leads_somewhere(page: Page) -> None:
    every = files(page)
    found = seen(every["index.html"])

    assert set(found.tags) <= FRAME | OURS
    assert not any(name.startswith("on") for name in found.attributes)
    assert "src" not in found.attributes
    own = [link for link in found.links if link.startswith("./")]
    assert {link.removeprefix("./") for link in own} <= set(every)
    inside = [link[1:] for link in found.links if link.startswith("#")]
    assert inside
    assert set(inside) <= set(found.ids)
    assert len(set(found.ids)) == len(found.ids)


async def test_nothing_of_the_inside_is_in_any_file(page: Page) -> None:
    for name, text in files(page).items():
        assert [secret for secret in SECRETS if secret in text] == [], name


async def test_there_is_one_first_heading_and_none_is_left_out(page: Page) -> None:
    levels = [
        int(tag[1]) for tag in seen(files(page)["index.html"]).tags if re.match("h[1-6]$", tag)
    ]

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


async def test_times_are_absolute_and_say_their_zone(page: Page) -> None:
    text = files(page)["index.html"]

    assert '<time datetime="2026-11-21T04:04:07.000Z">21 Nov 2026, 05:04 CET</time>' in text
    assert "minutes ago" not in text


async def test_a_correction_and_what_it_corrects_lead_to_each_other(page: Page) -> None:
    (story,) = page.past
    text = files(page)["index.html"]
    correction, corrected = story.updates[1], story.updates[2]

    assert f'Corrects what was said on <a href="#msg-{corrected.key}">' in text
    assert f'This was corrected on <a href="#msg-{correction.key}">' in text


async def test_an_erased_text_is_said_to_be_withdrawn_in_every_form() -> None:
    company = await told()
    await company.incident("INC-1")
    gone = await company.say("INC-1", "identified", "Ann was hit", {"en": "Ann was hit."})
    await company.store.erase([gone.headline, *gone.texts.values()])

    found = files(company.page())

    for name in ("index.html", "feed.atom", "api/v2/summary.json"):
        assert "This text was withdrawn." in found[name]
        assert "Ann" not in found[name]


async def test_a_reader_of_feeds_reads_ours(page: Page) -> None:
    feed = feedparser.parse(files(page)["feed.atom"].encode())

    assert not feed.bozo
    assert feed.version == "atom10"
    assert feed.feed.title == "Acme Assist"
    assert len(feed.entries) == 7
    updated = [one.updated for one in feed.entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.feed.updated == updated[0]
    assert feed.entries[0].link == f"{URL}#msg-{page.stories[0].updates[0].key}"
    assert feed.entries[0].title.startswith("Identified: The support assistant")
    assert len({one.id for one in feed.entries}) == len(feed.entries)


async def test_a_correction_takes_back_no_promise_of_the_next_update() -> None:
    company = await told()
    await company.incident("INC-1")
    next_ms = NOW_MS + 1_800_000
    first = await company.say("INC-1", "identified", "Late", {"en": "Ten."}, next_ms=next_ms)
    before = files(company.page())["index.html"]

    await company.say("INC-1", "correction", "Late", {"en": "Twenty."}, corrects=first.id)

    assert "<dt>Next update by</dt>" in before
    assert "<dt>Next update by</dt>" in files(company.page())["index.html"]


async def test_ids_of_the_feed_stay_and_what_is_corrected_changes() -> None:
    company = await told()
    await company.incident("INC-1")
    first = await company.say("INC-1", "identified", "Late", {"en": "Ten."})
    (before,) = feedparser.parse(files(company.page())["feed.atom"].encode()).entries

    await company.say("INC-1", "correction", "Late", {"en": "Twenty."}, corrects=first.id)

    correction, after = feedparser.parse(files(company.page())["feed.atom"].encode()).entries
    assert {before.id} == {one.id for one in (correction, after) if one.title == before.title}
    assert after.published == before.published
    assert after.updated > before.updated


def test_every_entry_has_what_atom_asks_for() -> None:
    page = made("Late", "Late.")

    root = ET.fromstring(files(page)["feed.atom"])  # noqa: S314  our own

    for of in (root, *root.findall(f"{ATOM}entry")):
        assert {"id", "title", "updated"} <= {one.tag.removeprefix(ATOM) for one in of}
    assert root.find(f"{ATOM}author/{ATOM}name") is not None


async def test_the_json_has_the_shape_that_readers_know(page: Page) -> None:
    summary = api(page, "summary")

    assert set(summary) == {"page", "components", "incidents", "scheduled_maintenances", "status"}
    assert summary["status"] == {"indicator": "critical", "description": "Major Service Outage"}
    assert [(one["name"], one["status"]) for one in summary["components"]] == [
        ("Mail drafts", "operational"),
        ("Search answers", "degraded_performance"),
        ("Summaries", "operational"),
        ("Support assistant", "major_outage"),
    ]
    (first, second) = summary["incidents"]
    assert (first["status"], first["impact"], first["resolved_at"]) == (
        "identified",
        "critical",
        None,
    )
    assert [one["name"] for one in first["components"]] == ["Support assistant"]
    assert [one["status"] for one in first["incident_updates"]] == ["identified", "investigating"]
    assert second["monitoring_at"] == second["updated_at"]
    assert api(page, "status") == {"page": summary["page"], "status": summary["status"]}
    assert api(page, "incidents/unresolved")["incidents"] == summary["incidents"]
    assert api(page, "components")["components"] == summary["components"]
    over = api(page, "incidents")["incidents"][2]
    assert (over["status"], over["resolved_at"]) == ("resolved", "2026-11-20T02:14:07.000Z")
    assert over["incident_updates"][1]["body"].startswith("Correction: We said up to ten")
    assert over["incident_updates"][1]["status"] == "investigating"


async def test_a_page_without_an_address_says_no_links_it_does_not_know() -> None:
    page = (await three_incidents()).page(url="")

    assert api(page, "summary")["page"]["url"] == ""
    assert api(page, "summary")["incidents"][0]["shortlink"] == ""
    assert "<link" not in files(page)["feed.atom"]


def test_light_marks_are_drawn_and_everything_else_is_words() -> None:
    page = made(
        "Late",
        "One line\nand the next, **strong**.\n\n- a\n- b: see https://a.example/x.\n"
        "[here](https://a.example/y) [not](javascript:alert(1)) <b>no</b> # no * no _no_",
    )

    text = files(page)["index.html"]

    assert "<p>One line<br>\nand the next, <strong>strong</strong>.</p>" in text
    assert '<ul><li>a</li><li>b: see <a href="https://a.example/x"' in text
    assert ">https://a.example/x</a>.</li></ul>" in text
    assert '<a href="https://a.example/y" rel="noreferrer noopener">here</a>' in text
    assert "[not](javascript:alert(1)) &lt;b&gt;no&lt;/b&gt; # no * no _no_" in text


def test_only_our_own_files_are_files() -> None:
    page = made("Late", "Late.")

    assert all(is_file(name) for name in files(page))
    assert not any(
        map(is_file, ("", "../x", "index.html/..", ".lock", ".written.json", "api/v2/a.b.json"))
    )


def test_a_language_whose_name_is_a_path_makes_no_file() -> None:
    page = replace(made("Late", "Late."), locales=("en", "../x", "de"))

    assert {name for name in files(page) if name.endswith("html")} == {
        "index.html",
        "index.en.html",
        "index.de.html",
    }


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("https://help.example.com", "https://help.example.com"),
        ("help@example.com", "mailto:help@example.com"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_people_are_told_where_to_reach_us(contact: str, link: str) -> None:
    page = replace(made("Late", "Late."), contact=contact)

    text = files(page)["index.html"]

    assert (">Contact us</a>" in text) == bool(link)
    assert not link or f'<a href="{link}"' in text


def made(headline: str, body: str, *, name: str = "Assistant", title: str = "Acme") -> Page:
    """Return a page of one incident, with these words in every place that has words of people."""
    update = Update("0" * 12, "identified", "identified", NOW_MS, {"en": body}, corrects="1" * 12)
    update = replace(update, headline=headline)
    first = Update("1" * 12, "investigating", "investigating", NOW_MS - 1, {"de": body})
    story = Story("2" * 12, headline, "major", "identified", (update, first), (name,))
    over = replace(story, key="3" * 12, resolved_ms=NOW_MS)
    components = (Component("4" * 12, name, "major_outage"),)
    return Page(
        title,
        "prod",
        URL,
        locales=("en", "de"),
        components=components,
        stories=(story, over),
        made_ms=NOW_MS,
    )


TRAPS = st.sampled_from(
    (
        LOST_HERE,
        '="./x',
        "<!--",
        "]]>",
        "</title><script>",
        "</style>",
        "&#x3c;script&#x3e;",
        '[x](https://a.example/"onclick=alert(1))',
        "[<img src=x>](https://a.example/)",
        "**<svg onload=x>**",
        "- <iframe src=//evil.example>",
        "https://a.example/<script>",
        "\u202e\u0000\ud800\ufffe",
    )
)
WORDS = st.lists(HOSTILE | TRAPS | st.text(max_size=20), max_size=5).map(" ".join)


@given(WORDS, WORDS, WORDS, WORDS)
def test_no_hostile_text_gets_out_unescaped(
    headline: str, body: str, name: str, title: str
) -> None:
    page = made(headline, body, name=name, title=title)

    for locale in page.locales:
        text = document(page, locale)
        found = seen(text)
        assert set(found.tags) <= FRAME | OURS
        assert found.tags.count("style") == found.tags.count("h1") == text.count(LOST_HERE) == 1
        assert not any(one.startswith("on") or one in ("src", "style") for one in found.attributes)
        assert all(_good(link) for link in found.links)
        assert "\u202e" not in text


@given(WORDS, WORDS)
def test_no_hostile_text_breaks_the_feed_or_the_json(headline: str, body: str) -> None:
    page = made(headline, body, name=headline, title=body)
    found = files(page)

    root = ET.fromstring(found["feed.atom"])  # noqa: S314  our own
    for content in root.iter(f"{ATOM}content"):
        assert set(seen(content.text or "").tags) <= OURS
    summary = found["api/v2/summary.json"]
    assert not set("<>&") & set(summary)
    (incident,) = json.loads(summary)["incidents"]
    assert incident["name"] == (headline or "Incident")


@given(WORDS)
def test_strict_html_comes_of_any_text(body: str) -> None:
    html5lib.HTMLParser(strict=True).parse(document(made(body, body), "en"))


def _good(link: str) -> bool:
    if link.startswith("data:image/svg+xml,%3Csvg "):
        return True
    return re.fullmatch(r"(https?://|mailto:|\./|#msg-)[^<>\"'\s]*", link) is not None
