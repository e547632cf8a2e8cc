"""The sentences that every surface shows; short: what happened, to what, by whom, what next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from opsbot.domain.approval import Approval
from opsbot.domain.change import Committed, Record
from opsbot.domain.containment import Containment, Missing
from opsbot.domain.errors import NeedsConfirmation, NotAllowed, OpsbotError, StoreLost, Unsure
from opsbot.domain.kill import Kill
from opsbot.domain.said import REFUSED, Button, Said, Tone, inert
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, NO_MODEL, SAFE_STATE, Scope

_EFFECT = {
    "fallback": "Moved to the fallback model:",
    "read_only": "Write tools blocked for",
    "no_tools": "All tools blocked for",
    "drafts_only": "Drafts only, a person sends:",
    "human": "Model calls blocked, people take over:",
    "canned": "Model calls blocked for",
    "stop": "Model calls blocked for",
    SAFE_STATE: "Model calls blocked for",
    FALLBACK_OR_SAFE: "Moved to fallbacks, blocked where there is none:",
}
_MODE = {SAFE_STATE: "each workflow's safe state", FALLBACK_OR_SAFE: "fallback, else safe state"}
LAST_RESORT_MS = 5_000
"""How long a kill may stay unconfirmed before the declared last resort is shown."""


def clock(at_ms: int) -> str:
    """Return a server time as people read it at night: to the second, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S UTC")


def named(scope: Scope) -> str:
    """Return what a scope hits, in words."""
    if not scope.as_json():
        return "all workflows"
    base = f"`{scope.workflow}`" if scope.workflow else "every workflow"
    parts = [
        f"{word} `{inert(value)}`"
        for word, value in scope.as_json().items()
        if word != "workflow" and value
    ]
    return f"{base}, {', '.join(parts)}" if parts else base


def mode_word(mode: str) -> str:
    """Return a mode as people read it."""
    return _MODE.get(mode, mode)


@dataclass(frozen=True, slots=True)
class KillView:
    """Everything one answer or card about a kill is made from."""

    kill: Kill
    env: str
    containment: Containment | None
    workflows: Mapping[str, Workflow]
    by: str
    reason: str = ""
    prefix: str = "ai"
    committed: Committed | None = None
    note: str = ""
    pending: Approval | None = None
    undo: str = ""
    asks: tuple[str, ...] = field(default_factory=tuple)


def kill_said(view: KillView) -> Said:
    """Return the answer to a kill, and its card: the same words on every surface."""
    seen = view.containment
    lines = [
        *([view.note] if view.note else []),
        fleet_line(view),
        *missing_lines(view),
        *_unable_lines(view),
        _who_line(view),
        *_stored_line(view.committed),
        *_users_read(view),
        *view.asks,
        _next_line(view),
    ]
    return Said(
        tone=_tone(view),
        title=_title(view),
        lines=tuple(line for line in lines if line),
        buttons=_kill_buttons(view),
        body=kill_body(view),
        exit_code=0 if seen is not None and seen.live_complete else 3,
    )


def _title(view: KillView) -> str:
    kill, seen = view.kill, view.containment
    what = f"{_EFFECT.get(kill.mode, 'Blocked:')} {named(kill.scope)} in {view.env}"
    if seen is None:
        return f"{what}: stored, the fleet could not be read"
    if seen.expected == 0:
        return f"{what}: stored; no running instance has confirmed it"
    if seen.complete:
        return what
    return f"{what} on {len(seen.confirmed)}/{seen.expected} instances so far"


def _tone(view: KillView) -> Tone:
    seen, kill = view.containment, view.kill
    unproved = kill.probes is None or kill.passed != kill.probes
    if seen is None or not seen.complete or unproved:
        return "amber"
    return "amber" if seen.since is not None and seen.since.let else "green"


def fleet_line(view: KillView) -> str:
    """Return the counts, each only as far as it is known."""
    seen, kill = view.containment, view.kill
    if seen is None:
        return "Confirmed: unknown. The fleet's acknowledgements could not be read."
    parts = [f"{len(seen.confirmed)}/{seen.expected} confirmed"]
    if seen.complete and kill.confirmed_ms is not None:
        parts[0] += f" in {kill.confirmed_ms:.0f} ms"
    if kill.probes:
        verb = "refused" if kill.mode in NO_MODEL else "saw it"
        parts.append(f"{kill.passed}/{kill.probes} probes {verb}")
    elif kill.probes == 0:
        parts.append("not proved: no instance can be probed")
    elif seen.complete:
        parts.append("proof pending")
    if seen.since is not None:
        since = f"{seen.since.let} let through · {seen.since.refused} refused"
        cut = f" · {seen.since.cut} streams cut" if seen.since.cut else ""
        parts.append(f"{since}{cut} since {clock(kill.since_ms)}")
    if seen.declared is not None and seen.expected < seen.declared:
        parts.append(f"{seen.declared} instances declared, {seen.expected} known")
    return " · ".join(parts)


def missing_lines(view: KillView) -> list[str]:
    """Return a line for every instance that has not confirmed, and the last resort when it is time."""
    seen = view.containment
    if seen is None:
        return _last_resort(view)
    lines = [f"`{one.id}` lagging: alive, has not confirmed yet" for one in seen.lagging]
    lines += [_silent_line(one) for one in seen.silent]
    lines += [
        f"`{one.id}` expired: silent since {clock(one.seen_ms)}, its lease ended it"
        f" {clock(one.stops_by_ms or 0)}; not confirmed"
        for one in seen.expired
    ]
    lines += [f"`{name}` **not contained**: it could not read the kill" for name in seen.rejected]
    overdue = seen.now_ms - view.kill.since_ms > LAST_RESORT_MS
    return lines + (_last_resort(view) if lines and overdue else [])


def _silent_line(one: Missing) -> str:
    if one.stops_by_ms is None:
        return f"`{one.id}` silent since {clock(one.seen_ms)}: **not contained**"
    return f"`{one.id}` silent: stops itself by {clock(one.stops_by_ms)}"


def _last_resort(view: KillView) -> list[str]:
    named_workflow = view.workflows.get(view.kill.scope.workflow or "")
    if named_workflow is None or not named_workflow.last_resort:
        return []
    return [f"Last resort: {inert(named_workflow.last_resort, limit=500)}"]


def _unable_lines(view: KillView) -> list[str]:
    seen = view.containment
    if seen is None:
        return []
    lines = []
    if seen.unable:
        lines.append(f"{_some(seen.unable)} can't do {view.kill.mode}: stopped there instead")
    if seen.no_tenant:
        lines.append(f"{_some(seen.no_tenant)} don't pass a tenant: stopped for all tenants there")
    return lines


def _some(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _who_line(view: KillView) -> str:
    kill = view.kill
    glass = " · break-glass" if kill.break_glass else ""
    reason = f" · {inert(view.reason)}" if view.reason else " · no reason given yet"
    return f"{kill.id} · {mode_word(kill.mode)} · by {view.by} via {kill.via}{glass}{reason}"


def _stored_line(committed: Committed | None) -> list[str]:
    if committed is None or committed.durable:
        return []
    return [f"Stored on {committed.nodes} node(s), fewer than declared: may be lost with one node."]


def _users_read(view: KillView) -> list[str]:
    workflow = view.workflows.get(view.kill.scope.workflow or "")
    if workflow is None or view.kill.mode not in ("canned", "human"):
        return []
    queue = workflow.human_queue
    text = queue.text if view.kill.mode == "human" and queue else workflow.canned
    return [f"Users now read: “{inert(text)}”"] if text else []


def _next_line(view: KillView) -> str:
    if view.pending is not None:
        return (
            f"Restore asked for ({view.pending.id}), waits for a second person until"
            f" {clock(view.pending.expires_ms)}."
        )
    target = view.kill.scope.workflow or view.kill.id
    return f"Undo: `/{view.prefix}-restore {target}`{f' ({view.undo})' if view.undo else ''}"


def _kill_buttons(view: KillView) -> tuple[Button, ...]:
    kill = view.kill
    if not kill.active:
        return ()
    buttons = []
    if kill.mode != "stop":
        buttons.append(Button("stop_completely", "Stop completely", kill.id, "danger"))
    if view.pending is not None:
        buttons.append(Button("approve", f"Approve restore {view.pending.id}", view.pending.id))
        buttons.append(Button("refuse", "Refuse", view.pending.id))
    else:
        buttons.append(Button("restore", "Restore", kill.id))
    if not view.reason:
        buttons.append(Button("give_reason", "Add a reason", kill.id))
    if kill.break_glass and not kill.joined:
        buttons.append(Button("adopt", "Adopt", kill.id, "primary"))
        buttons.append(Button("question", "Question", kill.id))
    buttons.append(Button("status", "Status", kill.scope.workflow or ""))
    return tuple(buttons)


def kill_body(view: KillView) -> Record:
    """Return the machine's form of a kill."""
    kill, seen, done = view.kill, view.containment, view.committed
    instances = seen.as_json() if seen is not None else None
    since = seen.since if seen is not None else None
    return {
        "kill": kill.id,
        "env": view.env,
        "workflow": kill.scope.workflow,
        "scope": kill.scope.as_json(),
        "mode": kill.mode,
        "revision": kill.at.revision,
        "epoch": kill.at.epoch,
        "stored": True,
        "durable": done.durable if done is not None else None,
        "instances": instances,
        "confirmed_ms": kill.confirmed_ms,
        "proved": None if kill.probes is None else {"probes": kill.probes, "passed": kill.passed},
        "since": None if since is None else {"let_through": since.let, "refused": since.refused},
        "approval": view.pending.id if view.pending is not None else None,
    }


def of_error(error: OpsbotError) -> Said:
    """Return what a person reads when the answer is no, or when nobody can know."""
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, StoreLost):
        return Said(
            "red",
            error.message,
            (error.hint,) if error.hint else (),
            body={**body, "stored": None},
            exit_code=REFUSED,
        )
    if isinstance(error, Unsure):
        return Said("amber", error.message, (error.hint,), body=body, exit_code=REFUSED)
    lines = tuple(line for line in (error.hint,) if line)
    if isinstance(error, NotAllowed):
        if error.rule not in error.message:
            lines = (*lines, f"Rule: {error.rule}.")
        body["rule"] = error.rule
    if isinstance(error, NeedsConfirmation):
        lines = (f"It stops: {_some(error.stops, most=12)}.", *lines)
        return Said("amber", error.message, lines, body=body, exit_code=REFUSED)
    return Said("plain", error.message, lines, body=body, exit_code=REFUSED)


def ended_said(view: KillView, *, by: str) -> Said:
    """Return the card of a restored kill: what it was, who ended it, and how far that got."""
    seen, kill = view.containment, view.kill
    complete = seen is not None and seen.complete
    count = (
        "Confirmed: unknown."
        if seen is None
        else f"{len(seen.confirmed)}/{seen.expected} confirmed"
    )
    return Said(
        tone="green" if complete else "amber",
        title=f"Restored: {named(kill.scope)} in {view.env}{'' if complete else ', not by all yet'}",
        lines=(
            f"{count} · {kill.id} ended by {by} at {clock(kill.ended_ms or 0)}",
            (
                f"It was {mode_word(kill.mode)} since {clock(kill.since_ms)}, by {view.by}"
                f"{f': {inert(view.reason)}' if view.reason else ''}"
            ),
        ),
        buttons=(Button("status", "Status", kill.scope.workflow or ""),),
        body=kill_body(view),
    )
