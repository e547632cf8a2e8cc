"""The status page as HTML that needs nothing else: no script, nothing loaded, every text escaped. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from opsbot.app.prose_html import html, safe, text
from opsbot.app.status_page.languages import Words
from opsbot.app.status_page.page import Component, Page, Story, Update
from opsbot.app.status_page.prose import blocks
from opsbot.app.status_page.style import POLICY, STYLE, icon
from opsbot.app.status_page.words import (
    health_words,
    iso,
    moment,
    name_of,
    state_of,
    words_in,
)
from opsbot.domain.comms.templates import Locale

LOST_HERE: Final = "<!--lost-->"
"""Where whoever serves the page may say that it is not of now; no text can hold it, as all are escaped."""

OWN: Final = '="./'
"""How every link to our own files begins: whoever serves the page elsewhere says where they are."""

FEED: Final = "feed.atom"


def file_of(locale: Locale = "") -> str:
    """Return the name of the page in a language; without one, of the page that opens first."""
    return f"index.{locale}.html" if locale else "index.html"


def document(page: Page, locale: Locale) -> str:
    """Return the page in one language; a text that is not there in it is shown in the first."""
    return "\n".join((*_Drawn(page, locale, words_in(locale)).lines(), ""))


def lost(at_ms: int, zone: str, locale: Locale) -> str:
    """Return the notice that the page is as of *at_ms*."""
    words = words_in(locale)
    return f'<p class="lost" role="status">{text(words.lost)} {_time(at_ms, zone, words)}.</p>'


def marked(told: str) -> str:
    """Return what a message says."""
    return html(blocks(told), under=4)


def chosen(texts: Mapping[Locale, str], locales: Sequence[Locale]) -> tuple[Locale, str] | None:
    """Return a text in the first of *locales* that it has, in any where it has none, None where all are gone."""
    for locale in (*locales, *sorted(texts)):
        if texts.get(locale):
            return locale, texts[locale]
    return None


def _time(at_ms: int, zone: str, words: Words) -> str:
    return f'<time datetime="{iso(at_ms)}">{text(moment(at_ms, zone, words))}</time>'


@dataclass(frozen=True, slots=True)
class _Drawn:
    page: Page
    locale: Locale
    words: Words

    def lines(self) -> Iterator[str]:
        """Yield the whole document."""
        yield from self._head()
        yield from self._overall()
        yield from self._open()
        yield from self._components()
        yield from self._past()
        yield "</main>"
        yield from self._footer()
        yield "</body></html>"

    def _head(self) -> Iterator[str]:
        title = text(self.page.title)
        yield "<!doctype html>"
        yield f'<html lang="{escape(self.words.lang)}">'
        yield '<head><meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="referrer" content="no-referrer">'
        yield f"<title>{text(state_of(self.page, self.words))} \u00b7 {title}</title>"
        yield f'<link rel="icon" href="{icon(self._tone())}">'
        yield f'<link rel="alternate" type="application/atom+xml" title="{title}" href="./{FEED}">'
        yield f"<style>{STYLE}</style></head>"
        yield "<body>"
        yield f'<header><p class="brand">{title}</p></header>'
        yield "<main>"
        yield LOST_HERE

    def _tone(self) -> str:
        return "notice" if self.page.impact == "none" and self.page.open else self.page.impact

    def _overall(self) -> Iterator[str]:
        said = f"{text(self.words.updated)}: {self._at(self.page.updated_ms)}"
        yield f'<div class="overall {self._tone()}"><span class="dot" aria-hidden="true"></span>'
        yield f"<div><h1>{text(state_of(self.page, self.words))}</h1>"
        yield f"<p>{said}</p></div></div>" if self.page.stories else "</div></div>"

    def _open(self) -> Iterator[str]:
        if self.page.open:
            yield f'<section aria-labelledby="now"><h2 id="now">{text(self.words.now)}</h2>'
            for story in self.page.open:
                yield from self._story(story)
            yield "</section>"

    def _components(self) -> Iterator[str]:
        if self.page.components:
            yield f'<section aria-labelledby="all"><h2 id="all">{text(self.words.components)}</h2>'
            yield '<ul class="components card">'
            yield from (self._component(one) for one in self.page.components)
            yield "</ul></section>"

    def _component(self, one: Component) -> str:
        shown = text(health_words(one, self.words))
        dot = '<span class="dot" aria-hidden="true"></span>'
        return f'<li><span>{text(one.called(self.locale))}</span><span class="health {one.health}">{dot}{shown}</span></li>'

    def _past(self) -> Iterator[str]:
        if self.page.open and not self.page.past:
            return  # "nothing was reported" below what is reported now would not be so
        yield f'<section aria-labelledby="past"><h2 id="past">{text(self.words.past)}</h2>'
        for story in self.page.past:
            yield from self._story(story)
        if not self.page.past:
            yield f'<p class="nothing">{text(self.words.nothing)}</p>'
        yield "</section>"

    def _story(self, story: Story) -> Iterator[str]:
        tone = f" open {_weight(story)}" if story.open else ""
        yield f'<article class="story card{tone}" id="inc-{story.key}">'
        yield f"<h3>{self._headline(story)}</h3>"
        facts = "".join(
            f"<div><dt>{text(name)}</dt> <dd>{value}</dd></div>"
            for name, value in self._facts(story)
        )
        yield f'<dl class="facts">{facts}</dl>'
        yield '<ol class="updates">'
        for update in story.updates:
            yield from self._update(story, update)
        yield "</ol></article>"

    def _headline(self, story: Story) -> str:
        if not story.headline:
            return text(self.words.untitled)
        found = chosen(story.headlines, (self.locale, *self.page.locales))
        locale, said = found or (self.page.locales[0], story.headline)
        return f"<span{self._lang(locale)}>{text(said)}</span>"

    def _facts(self, story: Story) -> Iterator[tuple[str, str]]:
        if story.components:
            names = (self.page.called(one, self.locale) for one in story.components)
            yield self.words.affects, text(", ".join(names))
        yield self.words.reported, self._at(story.started_ms)
        if story.resolved_ms is not None:
            yield self.words.stages["resolved"], self._at(story.resolved_ms)
        elif story.next_ms is not None:
            yield self.words.next, self._at(story.next_ms)

    def _update(self, story: Story, update: Update) -> Iterator[str]:
        yield f'<li id="msg-{update.key}">'
        yield f'<h4 class="stage">{text(self.words.stages[update.stage])}</h4>'
        yield f'<span class="at">{self._at(update.at_ms)}</span>'
        yield from self._corrections(story, update)
        found = chosen(update.texts, (self.locale, *self.page.locales))
        if found is None:
            yield f'<p class="aside">{text(self.words.withdrawn)}</p>'
        else:
            yield f"<div{self._lang(found[0])}>{marked(found[1])}</div>"
        yield "</li>"

    def _corrections(self, story: Story, update: Update) -> Iterator[str]:
        at = {one.key: one.at_ms for one in story.updates}
        links = ((self.words.corrects, update.corrects), (self.words.corrected, update.corrected))
        for said, key in links:
            if key:
                link = f'<a href="#msg-{key}">{self._at(at[key])}</a>'
                yield f'<p class="aside">{text(said)} {link}.</p>'

    def _footer(self) -> Iterator[str]:
        yield "<footer>"
        yield f"<p>{text(self.words.written)}: {self._at(self.page.made_ms)}</p>"
        links = [
            *self._contact(),
            f'<a href="./{FEED}">{text(self.words.feed)} (Atom)</a>',
            '<a href="./api/v2/summary.json">JSON</a>',
        ]
        yield f"<p>{' &middot; '.join(links)}</p>"
        if len(self.page.locales) > 1:
            yield f'<nav aria-label="{text(self.words.languages)}">'
            yield from (self._language(one) for one in self.page.locales)
            yield "</nav>"
        yield "</footer>"

    def _contact(self) -> Iterator[str]:
        known = self.page.contact
        if link := safe(known) or (safe(f"mailto:{known}") if "@" in known else ""):
            yield f'<a href="{escape(link)}" rel="noreferrer noopener">{text(self.words.contact)}</a>'

    def _language(self, locale: Locale) -> str:
        if locale == self.locale:
            return f'<span{self._lang(locale)} aria-current="true">{text(name_of(locale))}</span>'
        tags = f'hreflang="{escape(locale)}"{self._lang(locale)}'
        return f'<a href="./{file_of(locale)}" {tags}>{text(name_of(locale))}</a>'

    def _at(self, at_ms: int) -> str:
        return _time(at_ms, self.page.zone, self.words)

    def _lang(self, locale: Locale) -> str:
        return "" if locale == self.words.lang else f' lang="{escape(locale)}"'


def _weight(story: Story) -> str:
    return "notice" if story.weight == "none" else story.weight
