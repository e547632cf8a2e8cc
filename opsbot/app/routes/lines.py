"""The lines of what shows a route: how far a ramp is, until when it is watched, and one revision of many."""

from collections.abc import Sequence

from opsbot.app.ramp.words import except_words
from opsbot.app.routes.shares import progress, share_of
from opsbot.app.routes.words import when
from opsbot.app.words import SHOWN, mode_word
from opsbot.domain.kill import Kill
from opsbot.domain.kill_ramp import HUMAN
from opsbot.domain.ramp import Step
from opsbot.domain.route import Revision
from opsbot.domain.routing import Candidate, Routing
from opsbot.domain.said import inert
from opsbot.domain.typed import command


def kill_lines(kills: Sequence[Kill]) -> list[str]:
    """
    Return the one line that says which kills stand on what a route serves, and in which mode.

    *kills* are those that can touch the workflow; what came with another kill is that one's.
    """
    words = [_stands(kill) for kill in kills if not kill.under]
    if not words:
        return []
    more = f"; and {len(words) - SHOWN} more" if words[SHOWN:] else ""
    stand = "Kills stand" if words[1:] else "A kill stands"
    return [f"{stand} on it: {'; '.join(words[:SHOWN])}{more}."]


def _stands(kill: Kill) -> str:
    """Return a kill with its mode, and with what it is for where that is not the workflow as a whole."""
    scope = kill.scope
    parts = [
        f"{word} `{inert(value, limit=80)}`"
        for word, value in scope.as_json().items()
        if word != "workflow" and value
    ]
    reach = (
        f" for {', '.join(parts)}" if parts else ("" if scope.workflow else " for all workflows")
    )
    return f"{kill.id} `{mode_word(kill.mode)}`{reach}{except_words(kill)}"


def ramp_lines(
    workflow: str, tried: Candidate, steps: Sequence[Step], note: str, now_ms: int
) -> list[str]:
    """Return how far a ramp is, what holds it or when its next step is due, and what that is."""
    at = min(tried.step, len(steps) - 1)
    lines = [f"{tried.id} serves {share_of(steps[at])}: {progress(steps, at)}"]
    then = "everybody" if at + 2 >= len(steps) else share_of(steps[at + 1])
    due_ms = tried.since_ms + steps[at].soak_s * 1000
    if tried.held:
        why = f": {inert(note)}" if note else ""
        held = tried.held if tried.held.startswith(HUMAN) else f"held: {tried.held}"
        free = "nothing holds it"
        if tried.held.startswith(HUMAN):
            free = f"somebody lets it go on: {command(f'route {workflow} stage go-on')}"
        return [*lines, f"H{held[1:]}{why}.", f"Next step: {then}, once {free}."]
    late = due_ms <= now_ms
    due = "due now" if late else f"due {when(due_ms, now_ms)}, if every gate is green then"
    return [*lines, f"Next step: {then}, {due}."]


def watch_line(routing: Routing, now_ms: int) -> str:
    """Return until when a new default is watched, and where it goes when that turns out badly."""
    until = when(routing.watch_ms or now_ms, now_ms)
    return f"{routing.id} is watched until {until}; r{routing.last_good} is the last good one."


def revision_line(one: Revision, routing: Routing, by: str, now_ms: int) -> str:
    """Return one revision in a history: what it serves with, who made it, and where it stands."""
    marks = [
        word
        for word, number in (
            ("active", routing.active),
            ("last good", routing.last_good),
            ("on its way", routing.candidate.number if routing.candidate else None),
        )
        if number == one.number
    ]
    back = f", back to r{one.back_to}" if one.back_to else ""
    models = ", ".join(target.name for target in one.route.targets)
    prompt = f" · {inert(one.route.prompt, limit=60)}" if one.route.prompt else ""
    stands = f" · {', '.join(marks)}" if marks else ""
    return f"{one.id}{back} · {models}{prompt} · {by}, {when(one.at_ms, now_ms)}{stands}"
