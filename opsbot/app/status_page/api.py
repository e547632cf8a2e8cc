"""The status page as JSON in the shape that Atlassian's Statuspage made usual (`/api/v2/`), so that its readers can read it. Pure."""

import json
from collections.abc import Mapping
from typing import Final

from opsbot.app.comms.port import Impact
from opsbot.app.status_page.html import chosen
from opsbot.app.status_page.languages import Words
from opsbot.app.status_page.page import Component, Page, Story, Update
from opsbot.app.status_page.read import opaque
from opsbot.app.status_page.words import iso, words_in
from opsbot.domain.change import Json

STATES: Final[Mapping[Impact, str]] = {
    "none": "All Systems Operational",
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
"""The words that readers of the shape know; the page itself has its own."""

AT: Final = "api/v2"


def documents(page: Page) -> dict[str, str]:
    """Return every document by its path below the page."""
    about, site = _page(page), opaque("page", page.site)
    components = [_component(page, one, nth, site) for nth, one in enumerate(page.components, 1)]
    by_name = {one.name: made for one, made in zip(page.components, components, strict=True)}
    words = words_in(page.locales[0])
    stories = {one.key: _incident(page, one, by_name, words) for one in page.stories}
    unresolved = [stories[one.key] for one in page.open]
    status = {"indicator": page.impact, "description": STATES[page.impact]}
    made: dict[str, dict[str, Json]] = {
        "summary": {
            "page": about,
            "components": components,
            "incidents": unresolved,
            "scheduled_maintenances": [],
            "status": status,
        },
        "status": {"page": about, "status": status},
        "components": {"page": about, "components": components},
        "incidents": {"page": about, "incidents": list(stories.values())},
        "incidents/unresolved": {"page": about, "incidents": unresolved},
    }
    return {f"{AT}/{name}.json": _text(one) for name, one in made.items()}


def _text(document: Mapping[str, Json]) -> str:
    """Return JSON that is harmless even where somebody puts it into a page as it is."""
    said = json.dumps(document, indent=1)
    return said.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def _page(page: Page) -> Mapping[str, Json]:
    return {
        "id": opaque("page", page.site),
        "name": page.title,
        "url": page.url,
        "time_zone": page.zone,
        "updated_at": iso(page.updated_ms),
    }


def _component(page: Page, one: Component, nth: int, site: str) -> Mapping[str, Json]:
    return {
        "id": one.key,
        "name": one.name,
        "status": one.health,
        "created_at": iso(_or(one.first_ms, page.updated_ms)),
        "updated_at": iso(_or(one.updated_ms, page.updated_ms)),
        "position": nth,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": site,
        "group": False,
        "only_show_if_degraded": False,
    }


def _incident(
    page: Page, story: Story, components: Mapping[str, Mapping[str, Json]], words: Words
) -> Mapping[str, Json]:
    names = [name for name in story.components if name in components]
    monitoring = story.since("monitoring")
    return {
        "id": story.key,
        "name": _headline(page, story, words),
        "status": story.stage,
        "created_at": iso(story.started_ms),
        "updated_at": iso(story.updated_ms),
        "monitoring_at": None if monitoring is None else iso(monitoring),
        "resolved_at": None if story.resolved_ms is None else iso(story.resolved_ms),
        "impact": story.impact,
        "shortlink": f"{page.url}#inc-{story.key}" if page.url else "",
        "started_at": iso(story.started_ms),
        "page_id": opaque("page", page.site),
        "incident_updates": [_update(page, story, one, words) for one in story.updates],
        "components": [components[name] for name in names],
        "reminder_intervals": None,
    }


def _headline(page: Page, story: Story, words: Words) -> str:
    found = chosen(story.headlines, page.locales)
    return story.headline or words.untitled if found is None else found[1]


def _update(page: Page, story: Story, one: Update, words: Words) -> Mapping[str, Json]:
    return {
        "id": one.key,
        "status": one.status,
        "body": _body(page, story, one, words),
        "incident_id": story.key,
        "created_at": iso(one.at_ms),
        "updated_at": iso(_or(one.corrected_ms, one.at_ms)),
        "display_at": iso(one.at_ms),
        "affected_components": None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _body(page: Page, story: Story, one: Update, words: Words) -> str:
    """Return the text in the page's first language; a correction says so, as the shape has no word for it."""
    found = chosen(one.texts, page.locales)
    said = words.withdrawn if found is None else found[1]
    return f"{words.stages['correction']}: {said}" if one.stage == "correction" else said


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value
