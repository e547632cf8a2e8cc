"""The card of a kill that is over: it stays what it was at its end."""

from opsbot.app.fleet.words import clock
from opsbot.app.words import KillView, held_lines, kill_body, mode_word, named
from opsbot.domain.said import Button, Said, inert


def ended_said(view: KillView, *, by: str) -> Said:
    """
    Return the card of a restored kill: what it was, who ended it, and how far that got.

    The view's *held* are those that went on holding the same when it ended, never later ones.
    """
    seen, kill = view.containment, view.kill
    complete = seen is not None and seen.complete
    count = (
        "Confirmed: unknown."
        if seen is None
        else f"{len(seen.confirmed)}/{seen.expected} confirmed"
    )
    effect = "Restored" if not view.held else f"{kill.id} ended, others still hold"
    return Said(
        tone="green" if complete and not view.held else "amber",
        title=f"{effect}: {named(kill.scope)} in {view.env}{'' if complete else ', not by all yet'}",
        lines=(
            f"{count} · {kill.id} ended by {by} at {clock(kill.ended_ms or 0)}",
            *held_lines(view.held),
            (
                f"It was {mode_word(kill.mode)} since {clock(kill.since_ms)}, by {view.by}"
                f"{f': {inert(view.reason)}' if view.reason else ''}"
            ),
            *view.further,
        ),
        buttons=(Button("status", "Status", kill.scope.workflow or ""),),
        body=kill_body(view),
    )
