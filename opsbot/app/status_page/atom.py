"""The status page as an Atom feed: one entry a message, the last changed first, under ids that stay. Pure."""

import uuid
from collections.abc import Iterator
from html import escape
from typing import Final

from opsbot.app.prose_html import text
from opsbot.app.status_page.html import FEED, chosen, marked
from opsbot.app.status_page.languages import Words
from opsbot.app.status_page.page import Page, Story, Update
from opsbot.app.status_page.words import health_words, iso, moment, words_in

MOST: Final = 50
_NAMES: Final = uuid.UUID("6d0f3a52-6a0c-5c0e-9a3e-3a1f5d0b7a11")
"""The namespace of our ids: changing it makes every message look new to every reader."""


def feed(page: Page) -> str:
    """Return the feed, in the page's first language."""
    entries = [(story, one) for story in page.stories for one in story.updates]
    entries.sort(key=lambda pair: (_changed(pair[1]), pair[1].at_ms, pair[1].key), reverse=True)
    newest = max((_changed(one) for _, one in entries), default=page.made_ms)
    words = words_in(page.locales[0])
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{escape(page.locales[0])}">',
        f"<id>{_id('site', page.site)}</id>",
        f"<title>{text(page.title)}</title>",
        f"<updated>{iso(newest)}</updated>",
        f"<author><name>{text(page.title)}</name></author>",
    ]
    if page.url:
        lines += [
            f'<link rel="alternate" type="text/html" href="{escape(page.url)}"/>',
            f'<link rel="self" type="application/atom+xml" href="{escape(page.url)}/{FEED}"/>',
        ]
    for story, one in entries[:MOST]:
        lines += _entry(page, words, story, one)
    return "\n".join((*lines, "</feed>", ""))


def _entry(page: Page, words: Words, story: Story, one: Update) -> Iterator[str]:
    found = chosen(one.headlines, page.locales)
    headline = text((one.headline if found is None else found[1]) or words.untitled)
    yield "<entry>"
    yield f"<id>{_id('message', one.key)}</id>"
    yield f"<title>{text(words.stages[one.stage])}: {headline}</title>"
    yield f"<published>{iso(one.at_ms)}</published>"
    yield f"<updated>{iso(_changed(one))}</updated>"
    if page.url:
        yield f'<link rel="alternate" type="text/html" href="{escape(page.url)}#msg-{one.key}"/>'
    yield from (f'<category term="{text(name)}"/>' for name in story.components)
    yield f'<content type="html">{escape("".join(_content(page, words, story, one)))}</content>'
    yield "</entry>"


def _content(page: Page, words: Words, story: Story, one: Update) -> Iterator[str]:
    at = {other.key: other.at_ms for other in story.updates}
    for said, key in ((words.corrects, one.corrects), (words.corrected, one.corrected)):
        if key:
            yield f"<p><em>{text(said)} {text(moment(at[key], page.zone, words))}.</em></p>"
    found = chosen(one.texts, page.locales)
    yield f"<p>{text(words.withdrawn)}</p>" if found is None else marked(found[1])
    if one is story.updates[0] and story.touches:
        yield from _now(page, words, story)


def _now(page: Page, words: Words, story: Story) -> Iterator[str]:
    """Yield how what it touches is by now, as the page has it."""
    for component in page.components:
        if component.name in story.components:
            yield f"<p><em>{text(component.name)}: {text(health_words(component, words))}.</em></p>"


def _changed(one: Update) -> int:
    return one.at_ms if one.corrected_ms is None else one.corrected_ms


def _id(kind: str, of: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMES, f'{kind}:{of}')}"
