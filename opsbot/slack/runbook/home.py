"""The runbooks on the Home tab: what is being walked, and what can be begun."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from opsbot.app.fleet.words import counted
from opsbot.app.run_verbs import RunVerbs
from opsbot.app.runs.about import minutes, shelved
from opsbot.app.runs.requests import RunLook
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.prose import Paragraph, Span, words
from opsbot.domain.said import Button, Item, Said, inert

WALKED: Final = 3
SHOWN: Final = 9
"""Runs and runbooks that have a button; the lists have all of them."""

DOT: Final = " \u00b7 "


async def shelf(verbs: RunVerbs, actor: Actor) -> tuple[Said, ...]:
    """
    Return the section about runbooks, nothing where there are none.

    Raises:
        NotAllowed: they may not look. StoreLost.
    """
    books = _listed((await verbs.look(RunLook("catalogue"), actor)).body.get("runbooks"))
    if not books:
        return ()
    walked = _listed((await verbs.look(RunLook("list"), actor)).body.get("runs"))
    own = [one for one in books if not one.get("imported")]
    left = _left(len(own[SHOWN:]), len(books) - len(own))
    items = (*_walked(walked[:WALKED]), *_items(own[:SHOWN]))
    parts: tuple[Item | Paragraph, ...] = (*items, *left)
    return (Said("plain", "Runbooks", parts=parts),)


def _left(own: int, imported: int) -> tuple[Paragraph, ...]:
    """Return what is not in the list above, counted, and where it is; nothing where all of it is."""
    if not own and not imported:
        return ()
    # Respelled at the edge, where the workspace's prefix is another.
    typed = Span("code", "/ai-runbook catalogue")
    return (Paragraph((*words(f"{shelved(own, imported)} more: "), typed)),)


def _walked(runs: Sequence[Record]) -> Iterator[Item]:
    """Yield what is being walked, each with what somebody reads who comes late."""
    for one in runs:
        name = str(one["run"])
        of = f" for {one['incident']}" if one.get("incident") else ""
        so = inert(str(one.get("progress") or ""), limit=200)
        at = f"{name}:{one.get('version') or 0}::"
        prose = (Span("strong", inner=words(f"{name}{of}")), *words(f" is under way: {so}"))
        yield Item(prose, "", Button("run_catchup", "Catch me up", at))


def _items(books: Sequence[Record]) -> Iterator[Item]:
    for one in books:
        name = str(one["runbook"])
        facts = [_long(one) or "to read", str(one.get("severity") or "")]
        under = DOT.join(part for part in facts if part)
        title = (
            Span("strong", inner=words(str(one.get("title") or name))),
            *words(f" ({under})"),
        )
        readable = bool(one.get("readable"))
        act = (
            Button("run_read", "Read", name)
            if readable
            else Button("run_start", "Start\u2026", name)
        )
        yield Item(title, "", act)


def _long(book: Record) -> str:
    """Return how many steps a runbook has and how long they take; those that take days are no work of a night."""
    steps, soon, soon_ms = (_whole(book.get(name)) for name in ("steps", "soon", "soon_ms"))
    if not steps:
        return ""
    took = minutes(soon_ms // 1000)
    within = f" in about {took}" if took else ""
    if not 0 < soon < steps:
        return f"{counted(steps, 'step')}{within}"
    return f"{counted(soon, 'step')}{within}, {steps - soon} more over days"


def _whole(value: Json) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _listed(value: Json) -> list[Record]:
    return (
        [one for one in value if isinstance(one, Mapping)]
        if isinstance(value, (list, tuple))
        else []
    )
