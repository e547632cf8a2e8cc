"""Notes and evidence on a step: pointers and short words, never the thing itself. Pure."""

from dataclasses import replace
from typing import Final, Literal

from opsbot.app.runs.touch import Touch, refuse
from opsbot.domain.errors import IllegalMove
from opsbot.domain.run import Attached, Run
from opsbot.domain.said import inert

MOST: Final = 200
"""Notes of one run, and as many pieces of evidence: more is a machine that went wild, not a record."""


def attached(touch: Touch) -> Run:
    """
    Attach a note or a piece of evidence; the same message is attached once, and may become evidence.

    Raises:
        NeedsMoreWords: there are no words and no address. IllegalMove: there are too many.
    """
    request, kept = touch.request, touch.run.attached
    kind: Literal["note", "evidence"] = "evidence" if request.act == "evidence" else "note"
    if not request.words.strip() and not request.url:
        raise refuse("Say what to keep")
    same = latest(touch.run, request.place)
    if same is not None:
        if kind in {same.kind, "note"}:
            return touch.run
        pinned = replace(same, kind="evidence")
        return replace(touch.run, attached=tuple(pinned if one is same else one for one in kept))
    if not room(touch.run, kind):
        what = "notes" if kind == "note" else "pieces of evidence"
        raise IllegalMove(f"{touch.run.id} has {MOST} {what}; nothing was kept.")
    one = Attached(
        id=f"a{len(kept) + 1}",
        step=touch.step.id,
        text=touch.words.commitment,
        by=touch.by,
        at_ms=touch.now_ms,
        kind=kind,
        place=inert(request.place, limit=100),
        url=inert(request.url, limit=1000)
        if request.url.startswith(("https://", "http://"))
        else "",
    )
    return replace(touch.run, attached=(*kept, one))


def room(run: Run, kind: Literal["note", "evidence"]) -> int:
    """Return how many more of a kind a run takes: evidence that is captured leaves the notes their place."""
    return max(MOST - sum(one.kind == kind for one in run.attached), 0)


def latest(run: Run, place: str) -> Attached | None:
    """Return what is kept of a message as it was last heard of, None where nothing is."""
    return next((one for one in run.kept if place and one.place == place), None)
