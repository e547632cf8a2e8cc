"""What opsbot says of a restore in steps: begun, how far it is, held, taken back."""

from opsbot.app.fleet.words import clock
from opsbot.app.ramp.words import (
    hold_line,
    ramp_body,
    share,
    step_buttons,
    step_lines,
    uneased_lines,
)
from opsbot.app.restore.words import RestoreView, before_lines, count_words, ids_of, what_of
from opsbot.app.words import held_lines, named, stored_lines
from opsbot.domain.change import Record
from opsbot.domain.containment import Containment
from opsbot.domain.kill import Kill
from opsbot.domain.said import UNCONFIRMED, Button, Said, inert
from opsbot.domain.typed import command


def eased_said(view: RestoreView, seen: Containment | None) -> Said:
    """Return the answer after a restore began, or to the question how far it is."""
    lifted = view.lifted
    steps = tuple(kill for kill in lifted.kills if kill.ramp is not None)
    over = tuple(kill for kill in lifted.kills if not kill.active)
    complete = seen is not None and seen.complete
    first = steps[0]
    lines = [
        *before_lines(view),
        *(line for kill in steps for line in _steps_of(kill, several=len(steps) > 1)),
        _confirmed(seen),
        *uneased_lines(seen),
        *_who(view, over),
        *held_lines(view.held),
        *stored_lines(view.committed, view.promise),
    ]
    verb = "Restored a little" if first.ramp and first.ramp.lone else "Restoring in steps"
    title = f"{verb}: {share(first)} of {what_of(steps)} in {view.env}"
    return Said(
        tone="amber",
        title=title if complete else f"{title}, not confirmed by all",
        lines=tuple(lines),
        buttons=(
            *_approval_buttons(view),
            Button("stop_completely", "Stop completely", first.id, "danger"),
            *step_buttons(first),
        ),
        body=_body(view, steps, seen),
        exit_code=0 if seen is not None and seen.live_complete else UNCONFIRMED,
    )


def _confirmed(seen: Containment | None) -> str:
    """Return how many let it through, and what the others do."""
    words = count_words(seen).removesuffix(".")
    if seen is not None and seen.expected and seen.complete:
        return f"{words}."
    return f"{words}. Whoever has not confirmed still holds all of it."


def _steps_of(kill: Kill, *, several: bool) -> list[str]:
    return [f"{kill.id}: {line}" for line in step_lines(kill)] if several else step_lines(kill)


def _who(view: RestoreView, over: tuple[Kill, ...]) -> list[str]:
    lifted = view.lifted
    if lifted.outcome == "easing":
        lines = ["Nothing was changed: it is on its way.", *_held_how(view)]
    else:
        asked = f", asked by {view.requester}" if view.requester else ""
        lines = [f"{ids_of(lifted.kills)} by {view.by}{asked} (rule `{lifted.verdict.rule}`)."]
    if over:
        lines.append(f"{ids_of(over)} ended at once.")
    if lifted.approval is not None and lifted.approval.standing == "pending":
        until = clock(lifted.approval.expires_ms)
        lines.append(f"{lifted.approval.id} waits for the rest, open until {until}. {view.may}")
    return lines


def _held_how(view: RestoreView) -> list[str]:
    """Return how it is held or let go on in words, for whoever has no buttons before them."""
    first = next(kill for kill in view.lifted.kills if kill.ramp is not None)
    assert first.ramp is not None
    if first.ramp.lone:
        return []
    what, word = ("let it go on", "go-on") if first.ramp.held_by_person else ("hold it", "hold")
    return [f"To {what}: {command(f'restore {first.id} {word}')}."]


def _approval_buttons(view: RestoreView) -> tuple[Button, ...]:
    approval = view.lifted.approval
    if approval is None or approval.standing != "pending":
        return ()
    return (
        Button("approve", f"Approve {approval.id}", approval.id, "primary"),
        Button("refuse", "Refuse", approval.id),
    )


def _body(view: RestoreView, steps: tuple[Kill, ...], seen: Containment | None) -> Record:
    approval = view.lifted.approval
    return {
        "kills": [kill.id for kill in view.lifted.kills],
        "restored": False,
        "mode": steps[0].mode,
        "env": view.env,
        "revision": max(kill.ended or kill.at for kill in view.lifted.kills).revision,
        "stored": True,
        "durable": view.committed.durable if view.committed else None,
        "approval": approval.id if approval else None,
        "pending": approval is not None and approval.standing == "pending",
        "instances": None if seen is None else seen.as_json(),
        "still_held_by": [kill.id for kill in view.held],
        **ramp_body(steps[0]),
    }


def held_said(
    kill: Kill, what: str, *, env: str, by: str, note: str = "", now: bool = False
) -> Said:
    """Return the answer to [Hold] and [Go on]; *note* is why it is held, *now*: the step is due."""
    how = {
        "held": f"Held by {by}",
        "goes_on": f"Let go on by {by}",
        "already": "Nothing was changed",
    }[what]
    assert kill.ramp is not None
    return Said(
        "amber",
        f"{how}: {share(kill)} of {named(kill.scope)} in {env}",
        (*step_lines(kill, now=now), *([held] if (held := hold_line(kill, note)) else [])),
        (Button("stop_completely", "Stop completely", kill.id, "danger"), *step_buttons(kill)),
        body={"kill": kill.id, **ramp_body(kill)},
    )


def taken_back_said(kill: Kill, *, env: str, by: str, percent: int) -> Said:
    """Return what whoever answers for it is told when the watch went red."""
    return Said(
        "red",
        f"Taken back: the restore of {named(kill.scope)} in {env}; {kill.id} holds for everybody",
        (
            f"The watch went red at {percent} % of sticky keys: {inert(kill.taken_back)}.",
            (
                f"It was restored by {by}. Another restore needs a new approval:"
                f" {command(f'restore {kill.id}')}."
            ),
        ),
        (Button("status", "Status", kill.scope.workflow or ""),),
    )
