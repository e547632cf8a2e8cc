"""Rules about words: every template is filled in, and what comes out is held against the wording check."""

from collections.abc import Iterable, Iterator
from typing import Final

from opsbot.adapters.comms.examples import least, most
from opsbot.adapters.comms.files import Draft, Words
from opsbot.adapters.comms.rules import Known, find
from opsbot.app.comms.view import Finding as Said
from opsbot.app.comms.wording import check
from opsbot.domain.comms.templates import Rendered, Template
from opsbot.domain.declaration import Finding
from opsbot.domain.errors import Unpublishable

_RULE_OF: Final = {
    "W-JARGON": "T10",
    "W-TERM": "T10",
    "W-MODEL": "T11",
    "W-THIRD": "T11",
    "W-INTERNAL": "T11",
    "W-PERSON": "T11",
    "W-PROMISE": "T12",
    "W-FIXED": "T12",
}
_SAMPLE_MS: Final = 1
_OF_VALUES: Final = frozenset({"W-LEFT", "W-REPEAT", "W-HOLE"})
"""What only the words of whoever fills it in can answer; T06 asks that they are asked for."""


def words(draft: Draft, known: Known) -> Iterator[Finding]:
    """T10, T11, T12, T17, T18: what comes out of a template that is filled in."""
    template = draft.template
    if template is None:
        return
    texts: list[Rendered] = []
    for way in (least, most):
        try:
            texts += way(template)
        except Unpublishable as bad:
            line = draft.main.front.end + 1
            yield find("T18", draft.main.file, line, _sentence(bad.message), bad.hint)
    for one in dict.fromkeys(_said(texts, template, known)):
        yield _finding(draft, one)


def _said(texts: Iterable[Rendered], template: Template, known: Known) -> Iterator[Said]:
    final = template.stage in ("resolved", "correction")
    seen = check.Known(
        models=frozenset(name for one in known.book.models.values() for name in one.names),
        providers=frozenset(name.partition("/")[0] for name in known.book.models),
        internal=frozenset(known.workflows),
        counted=False,
        next_ms=None if final else _SAMPLE_MS,
    )
    for one in texts:
        found = check.check(
            one,
            audience=template.audience,
            stage=template.stage,
            settings=known.settings,
            known=seen,
        )
        yield from (said for said in found if said.rule not in _OF_VALUES)


def _finding(draft: Draft, said: Said) -> Finding:
    rule = _RULE_OF.get(said.rule, "T17")
    words_, line = _place(draft.languages, said.said)
    return Finding(
        words_.file,
        line,
        f"{said.rule}: `{said.said}` comes out",
        said.fix,
        "error" if said.level == "stop" else "warning",
        rule,
    )


def _place(languages: Iterable[Words], said: str) -> tuple[Words, int]:
    """Return where the words stand; where a text begins if they come together only when it is filled."""
    every = tuple(languages)
    for one in every:
        for number, line in enumerate(one.text.split("\n"), 1):
            if said and said.lower() in line.lower():
                return one, number
    return every[0], every[0].front.end + 1


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(".")
