"""
A runbook as one HTML page that needs nothing else: no script, nothing loaded, good on a phone, in the dark, on paper. Pure.

It is what there is to walk by when nothing else works, so it says how to do each action by hand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from opsbot.app.prose_html import html, inline, safe, text
from opsbot.app.runs.about import DOT, facts, link_of, minutes
from opsbot.app.runs.by_hand import OWN, Typing, Words, by_hand, on_terminal
from opsbot.app.runs.page_style import STYLE
from opsbot.app.runs.spelled import spelled_book
from opsbot.domain.runbook import Action, Decision, Option, Phase, Runbook, Step
from opsbot.domain.typed import Spell, terminal

_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_CODE: Final = re.compile(r"`([^`]*)`")
_TICK: Final = '<span class="tick" aria-hidden="true"></span>'
TERMINAL: Final[Mapping[str, Typing]] = {"terminal": on_terminal}


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    What a page knows beside its runbook.

    *values* were filled in already and are shown as such. *typing* says how each surface types a
    command, by the surface's name. *known* are the names of the runbooks that links may lead to.
    *warning* is a sentence that stands above everything, empty where all is well.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    typing: Mapping[str, Typing] = field(default_factory=lambda: TERMINAL)
    known: frozenset[str] = frozenset()
    warning: str = ""


def page(runbook: Runbook, sheet: Sheet | None = None) -> str:
    """Return the whole runbook; its names are filled in before (`filled`)."""
    sheet = sheet or Sheet()
    spelled = spelled_book(runbook, _spell(sheet))
    drawn = _Drawn(spelled, sheet, {step.id: nth for nth, step in enumerate(runbook.steps, 1)})
    return _whole(runbook.title or runbook.name, drawn.body())


def _spell(sheet: Sheet) -> Spell:
    """Return how the commands in the text are typed: as the chat does where there is one."""
    chat = next((how for name, how in sheet.typing.items() if name != "terminal"), None)
    return terminal if chat is None else lambda words: chat((words,))


def index(runbooks: Mapping[str, Runbook], *, warning: str = "") -> str:
    """Return the list of the runbooks, those of other houses apart."""
    own = [one for name, one in sorted(runbooks.items()) if not one.imported]
    foreign = [one for name, one in sorted(runbooks.items()) if one.imported]
    body = ["<header><h1>Runbooks</h1>", *_warned(warning), "</header>"]
    body += (
        _listed(own)
        if own
        else ["<p>No runbook can be used: there is none, or its file is broken.</p>"]
    )
    if foreign:
        body += [
            "<h2>Imported pages</h2>",
            '<p class="dim">To read and to tick; they never act.</p>',
        ]
        body += _listed(foreign)
    return _whole("Runbooks", body)


def _whole(title: str, body: Sequence[str]) -> str:
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            _POLICY,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="robots" content="noindex">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{text(title)}</title>",
            f"<style>{STYLE}</style></head>",
            "<body>",
            *body,
            "</body></html>",
            "",
        )
    )


def _warned(warning: str) -> list[str]:
    return [f'<p class="warning" role="status">{_sentence(warning)}</p>'] if warning else []


def _up(sheet: Sheet) -> list[str]:
    """Return the way to the list, where there is one: a file by itself has none."""
    return ['<p class="dim up"><a href="/runbooks">All runbooks</a></p>'] if sheet.known else []


def _sentence(words: str) -> str:
    """Return a sentence of ours as HTML: names in backticks as code."""
    pieces = _CODE.split(words)
    return "".join(
        f"<code>{text(one)}</code>" if nth % 2 else text(one) for nth, one in enumerate(pieces)
    )


def _listed(runbooks: Sequence[Runbook]) -> list[str]:
    rows = []
    for one in runbooks:
        steps = len(one.steps)
        size = f"{steps} step{'' if steps == 1 else 's'}" if steps else "to read"
        under = DOT.join((one.name, size, *facts(one)))
        link = f'<a href="{escape(link_of(one.name))}">{text(one.title or one.name)}</a>'
        rows.append(f'<li>{link}<br><span class="dim">{text(under)}</span></li>')
    return ['<ul class="runbooks">', *rows, "</ul>"]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One runbook being drawn; *nth* is the number of each step, counted through all phases."""

    runbook: Runbook
    sheet: Sheet
    nth: Mapping[str, int]

    def body(self) -> list[str]:
        """Return head, contents, phases."""
        return [
            "<header>",
            *_warned(self.sheet.warning),
            *_up(self.sheet),
            f"<h1>{text(self.runbook.title)}</h1>",
            f'<p class="dim">{text(DOT.join(facts(self.runbook)))}</p>',
            f'<p class="dim">{text(self.runbook.name)}, version {text(self.runbook.digest[:12])}</p>',
            *self._params(),
            html(self.runbook.intro, under=2, to=self.to),
            "</header>",
            *self._contents(),
            *(line for phase in self.runbook.phases for line in self._phase(phase)),
        ]

    def to(self, url: str) -> str:
        """Return where a link of the runbook leads: a step of it, another runbook, or the web."""
        if url.startswith("#"):
            known = {*self.nth, *(phase.id for phase in self.runbook.phases)}
            return url if url[1:] in known else ""
        file, mark, anchor = url.partition("#")
        folder = "imported/" if self.runbook.imported else ""
        name = f"{folder}{file.removeprefix('./')}".removesuffix(".md")
        if file.endswith(".md") and name in self.sheet.known:
            return link_of(name) + (f"#{anchor}" if mark and _ANCHOR.fullmatch(anchor) else "")
        return safe(url)

    def _params(self) -> list[str]:
        if not self.runbook.params:
            return []
        rows = []
        for param in self.runbook.params:
            value = self.sheet.values.get(param.name, "") or param.default
            shown = text(value) if value else '<span class="blank"></span>'
            need = "" if param.required else ' <span class="dim">if any</span>'
            rows.append(f"<div><dt>{text(param.name)}{need}</dt><dd>{shown}</dd></div>")
        return ['<dl class="params">', *rows, "</dl>"]

    def _contents(self) -> list[str]:
        if not self.nth:
            return []
        phases = [
            f"<li>{text(phase.title)}<ol>{''.join(self._entry(one) for one in phase.steps)}</ol></li>"
            for phase in self.runbook.phases
            if phase.steps
        ]
        return ['<nav aria-label="Steps"><ul>', *phases, "</ul></nav>"]

    def _entry(self, step: Step) -> str:
        return f'<li value="{self.nth[step.id]}"><a href="#{escape(step.id)}">{text(step.title)}</a></li>'

    def _phase(self, phase: Phase) -> Iterator[str]:
        yield f'<section id="{escape(phase.id)}"><h2>{text(phase.title)}</h2>'
        yield html(phase.intro, under=3, to=self.to)
        for step in phase.steps:
            yield from self._step(step)
        yield "</section>"

    def _step(self, step: Step) -> Iterator[str]:
        lane = "comms" if step.lane == "comms" else "ops"
        yield f'<article class="step {lane}" id="{escape(step.id)}">'
        yield f'<h3>{_TICK}<span class="nth">{self.nth[step.id]}</span> {text(step.title)}</h3>'
        about = DOT.join(one for one in (step.who, minutes(step.time_s)) if one)
        yield f'<p class="facts">{text(about)}</p>' if about else ""
        yield html(step.body, under=3, to=self.to)
        for action in step.actions:
            yield from self._action(action)
        if step.boxes:
            items = "".join(
                f"<li>{_TICK}{inline(one.prose, to=self.to)}</li>" for one in step.boxes
            )
            yield f'<ul class="boxes">{items}</ul>'
        yield from self._labels(step)
        yield '<p class="sign">Done by <span class="blank"></span> at <span class="blank"></span></p>'
        yield "</article>"

    def _labels(self, step: Step) -> Iterator[str]:
        if step.expect:
            yield f"<p><b>Expect</b> {inline(step.expect, to=self.to)}</p>"
        if step.decide is not None:
            yield from self._decide(step.decide)
        if step.undo_words:
            yield f"<p><b>Undo</b> {inline(step.undo_words, to=self.to)}</p>"
        elif step.undo:
            yield f"<p><b>Undo</b> {self._goes(step.undo)}</p>"
        if step.skip_when:
            yield f"<p><b>Skip when</b> {inline(step.skip_when, to=self.to)}</p>"
        if step.onward:
            yield f"<p><b>Continue in</b> {self._other(step.onward)}</p>"

    def _decide(self, decision: Decision) -> Iterator[str]:
        yield f'<div class="decide"><p><b>Decide</b> {inline(decision.question, to=self.to)}</p><ul>'
        for option in decision.options:
            yield f"<li>{_TICK}{text(option.label)}: {self._option(option)}</li>"
        yield "</ul></div>"

    def _option(self, option: Option) -> str:
        return self._other(option.runbook) if option.runbook else self._goes(option.step)

    def _goes(self, step_id: str) -> str:
        step = self.runbook.step(step_id)
        if step is None:
            return text(step_id)
        shown = f"step {self.nth[step.id]}, {text(step.title)}"
        return f'<a href="#{escape(step.id)}">{shown}</a>'

    def _other(self, name: str) -> str:
        if name not in self.sheet.known:
            return f"the runbook {text(name)}"
        return f'the runbook <a href="{escape(link_of(name))}">{text(name)}</a>'

    def _action(self, action: Action) -> Iterator[str]:
        found = by_hand(action, workflow=self.sheet.values.get("workflow", OWN))
        does = _sentence(found.does)
        yield f'<div class="action"><p><b class="verb">{text(action.verb)}</b> {does}</p>'
        for name, commands in self._surfaces(found.commands):
            yield self._typed(commands, name)
        yield "</div>"

    def _surfaces(self, commands: Sequence[Words]) -> Iterator[tuple[str, Sequence[Words]]]:
        """Yield what each surface types: a chat what it knows itself, the last one everything."""
        *others, last = self.sheet.typing
        for name in others:
            how = self.sheet.typing[name]
            if own := [one for one in commands if how(one) != terminal(" ".join(one))]:
                yield name, own
        if commands:
            yield last, commands

    def _typed(self, commands: Sequence[Words], surface: str) -> str:
        how = self.sheet.typing[surface]
        label = f"<span>{text(surface)}</span>" if len(self.sheet.typing) > 1 else ""
        return f"<pre>{label}<code>{text(chr(10).join(how(one) for one in commands))}</code></pre>"


_ANCHOR: Final = re.compile(r"[\w.-]+")
