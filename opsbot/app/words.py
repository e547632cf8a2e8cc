"""The sentences that every surface shows; short: what happened, to what, by whom, what next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsbot.app.fleet.words import (
    SHOWN,
    clock,
    counted,
    instance_lines,
    listed,
    not_probed_lines,
    short_lines,
    stopped_lines,
    unable_lines,
)
from opsbot.app.model_words import Names, led_lines, name_lines
from opsbot.app.ramp.words import (
    except_words,
    let_against,
    let_words,
    ramp_body,
    step_buttons,
    step_lines,
    step_missing_lines,
    uncontained,
    uneased_lines,
)
from opsbot.domain.approval import Approval
from opsbot.domain.change import Committed, Record
from opsbot.domain.containment import Containment
from opsbot.domain.durations import elapsed
from opsbot.domain.fleet import Counts
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.said import Button, Said, Tone, inert
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, NO_MODEL, SAFE_STATE, Scope

__all__ = [
    "LAST_RESORT_MS",
    "SHOWN",
    "KillView",
    "clock",
    "counted",
    "effect_of",
    "fleet_line",
    "held_lines",
    "kill_body",
    "kill_said",
    "listed",
    "missing_lines",
    "mode_word",
    "named",
    "stored_lines",
]
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


def named(scope: Scope) -> str:
    """Return what a scope hits, in words."""
    if not scope.as_json():
        return "all workflows"
    base = f"`{inert(scope.workflow, limit=80)}`" if scope.workflow else "every workflow"
    parts = [
        f"{word} `{inert(value, limit=80)}`"
        for word, value in scope.as_json().items()
        if word != "workflow" and value
    ]
    return f"{base}, {', '.join(parts)}" if parts else base


def mode_word(mode: str) -> str:
    """Return a mode as people read it."""
    return _MODE.get(mode, mode)


@dataclass(frozen=True, slots=True)
class KillView:
    """
    Everything one answer or card about a kill is made from.

    *untied*: no incident is open for it; *beside* are the public ones that it belongs to. *promise* is what the store vouches for; *held* the other kills that are active on the same,
    *led* those that came with it for other names of the model; *names* is what those names are.
    """

    kill: Kill
    env: str
    containment: Containment | None
    workflows: Mapping[str, Workflow]
    by: str
    reason: str = ""
    committed: Committed | None = None
    note: str = ""
    pending: Approval | None = None
    undo: str = ""
    asks: tuple[str, ...] = field(default_factory=tuple)
    promise: str = ""
    held: tuple[Kill, ...] = ()
    led: tuple[Kill, ...] = ()
    names: Names = field(default_factory=Names)
    further: tuple[str, ...] = ()
    untied: bool = False
    beside: tuple[Incident, ...] = ()


def kill_said(view: KillView) -> Said:
    """Return the answer to a kill, and its card: the same words on every surface."""
    seen = view.containment
    lines = [
        *([view.note] if view.note else []),
        fleet_line(view),
        *missing_lines(view),
        *not_probed_lines(view.kill.not_probed),
        *unable_lines(seen, view.kill.mode),
        *stopped_lines(view.kill),
        *step_lines(view.kill),
        *uneased_lines(seen),
        *short_lines(seen),
        _who_line(view),
        _belongs(view.beside),
        *view.further,
        *led_lines(view.led),
        *name_lines(view.names, hit=not view.led),
        *stored_lines(view.committed, view.promise),
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
        channel=next((one.room.channel for one in view.beside if one.room.own), ""),
    )


def _title(view: KillView) -> str:
    kill, seen = view.kill, view.containment
    what = f"{_effect(view)} in {view.env}{except_words(kill)}"
    if seen is None:
        return f"{what}: stored, the fleet could not be read"
    if seen.expected == 0:
        return f"{what}: stored; no running instance has confirmed it"
    if not seen.confirmed:
        return f"{what}: stored; 0/{seen.expected} instances have confirmed it"
    if not seen.complete:
        return f"{what} on {len(seen.confirmed)}/{seen.expected} instances so far"
    return f"{what}{_but(view)}"


def _effect(view: KillView) -> str:
    """Return what is true wherever it is confirmed: some may not reach the fallback, and stop."""
    kill, seen = view.kill, view.containment
    stop = kill.stopped or (seen is not None and seen.unable)
    if kill.mode == "fallback" and kill.scope.tool is None and stop:
        return f"Usual model blocked for {named(kill.scope)}"
    return effect_of(kill.mode, kill.scope)


def effect_of(mode: str, scope: Scope) -> str:
    """Return the effect first; of a kill on a tool only the tool is stopped, and nothing else is said."""
    if scope.tool is None:
        return f"{_EFFECT.get(mode, 'Blocked:')} {named(scope)}"
    rest = Scope(scope.workflow, scope.tenant, scope.provider, scope.model)
    how = "blocked" if mode in NO_MODEL else f"at `{mode_word(mode)}`"
    return f"Tool `{inert(scope.tool)}` {how} for {named(rest)}"


def _undeclared_tool(view: KillView) -> bool:
    workflow = view.workflows.get(view.kill.scope.workflow or "")
    tool = view.kill.scope.tool
    return tool is not None and workflow is not None and tool not in workflow.tools


def _but(view: KillView) -> str:
    """Return what speaks against a kill that every instance has confirmed."""
    seen, kill = view.containment, view.kill
    if _undeclared_tool(view):
        return ", but the workflow declares no such tool"
    if kill.probes and kill.passed != kill.probes:
        otherwise = kill.probes - (kill.passed or 0)
        if otherwise == kill.stopped:
            return f", but {otherwise} of {kill.probes} probed instances stop instead"
        return f", but {otherwise} of {kill.probes} probes saw otherwise"
    if seen is not None and (let := let_against(seen.since)):
        return f", but {let} let through"
    return ""


def _tone(view: KillView) -> Tone:
    """Return green only for what holds for all, is confirmed by all, proved, and contradicted by nothing."""
    seen = view.containment
    if view.kill.ramp is not None or seen is None or not seen.complete or seen.short or _but(view):
        return "amber"
    return "green" if _proved(view) else "amber"


def _proved(view: KillView) -> bool:
    """Return whether a probe saw it; where no instance can be probed, calls that were refused."""
    seen, kill = view.containment, view.kill
    if kill.not_probed:
        return False
    if kill.probes:
        return kill.passed == kill.probes and not any(_failed(one) for one in view.led)
    counters = seen.since if seen is not None else None
    return kill.probes == 0 and counters is not None and counters.refused > 0


def _failed(kill: Kill) -> bool:
    return bool(kill.probes) and kill.passed != kill.probes


def fleet_line(view: KillView) -> str:
    """Return the counts, each only as far as it is known."""
    seen, kill = view.containment, view.kill
    if seen is None:
        return "Confirmed: unknown. The fleet's acknowledgements could not be read."
    parts = [f"{len(seen.confirmed)}/{seen.expected} confirmed"]
    if seen.complete and kill.confirmed_ms is not None:
        parts[0] += f" in {elapsed(kill.confirmed_ms)}"
    if kill.probes:
        verb = "refused" if kill.mode in NO_MODEL else "saw it"
        parts.append(f"{kill.passed}/{kill.probes} probes {verb}")
    elif kill.probes == 0:
        what = "no address may be probed" if kill.not_probed else "no instance can be probed"
        parts.append(f"not proved: {what}")
    elif seen.complete:
        parts.append("proof pending")
    if seen.since is not None:
        since = f"{let_words(kill, seen.since)} · {seen.since.refused} refused"
        cut = f" · {seen.since.cut} streams cut" if seen.since.cut else ""
        parts.append(f"{since}{cut} since {clock(kill.since_ms)}")
    return " · ".join(parts)


def missing_lines(view: KillView) -> list[str]:
    """Return a line for every instance that has not confirmed, and the last resort when it is time."""
    seen = view.containment
    if seen is None:
        return _last_resort(view, list(view.workflows))
    overdue = seen.now_ms - view.kill.committed_ms > LAST_RESORT_MS
    lines, loose = (
        step_missing_lines(view.kill, seen, overdue=overdue),
        uncontained(view.kill, seen),
    )
    if not overdue or not instance_lines(loose, overdue=overdue):
        return lines
    missing = (*loose.lagging, *loose.ahead, *loose.silent)
    served = [name for one in missing for name in one.workflows]
    return lines + _last_resort(view, served or list(view.workflows))


def _last_resort(view: KillView, served: list[str]) -> list[str]:
    """Return the declared last resorts of what the kill names, else of what may go on running."""
    named_one = view.kill.scope.workflow
    names = [named_one] if named_one else sorted(set(served))
    found = [view.workflows[name] for name in names if name in view.workflows]
    texts = [(one.name, inert(one.last_resort, limit=500)) for one in found if one.last_resort]
    if named_one:
        return [f"Last resort: {text}" for _, text in texts]
    more = [f"and {len(texts) - 3} more: {command('status <workflow>')}"] if texts[3:] else []
    return [f"Last resort for `{name}`: {text}" for name, text in texts[:3]] + more


def _who_line(view: KillView) -> str:
    kill = view.kill
    glass = " · break-glass" if kill.break_glass else ""
    reason = f" · {inert(view.reason)}" if view.reason else " · no reason given yet"
    return f"{kill.id} · {mode_word(kill.mode)} · by {view.by} via {kill.via}{glass}{reason}"


def _belongs(incidents: Sequence[Incident]) -> str:
    """Return which incidents a kill belongs to, and how to look at them; empty for none."""
    named = [f"{one.id}, {command(f'incident show {one.id}')}" for one in incidents[:SHOWN]]
    return f"Belongs to {'; '.join(named)}" if named else ""


def stored_lines(committed: Committed | None, promise: str) -> list[str]:
    """Return how safely a change is stored, in the words of the store's own promise."""
    if committed is None:
        return []
    if not committed.durable:
        nodes = counted(committed.nodes, "node")
        return [f"Stored on {nodes}, less safely than declared: may be lost with one node."]
    return [f"Stored {promise}."] if promise else []


def _users_read(view: KillView) -> list[str]:
    workflow = view.workflows.get(view.kill.scope.workflow or "")
    if workflow is None or view.kill.mode not in ("canned", "human"):
        return []
    queue = workflow.human_queue
    text = queue.text if view.kill.mode == "human" and queue else workflow.canned
    whole = view.containment is not None and view.containment.complete
    words = "Users now read" if whole else "Users read, wherever it is confirmed"
    return [f"{words}: “{inert(text)}”"] if text else []


def _next_line(view: KillView) -> str:
    if view.pending is not None:
        return (
            f"Restore asked for ({view.pending.id}), waits for a second person until"
            f" {clock(view.pending.expires_ms)}."
        )
    if view.kill.ramp is not None and not view.kill.ramp.lone:
        return "Killing it again, or [Stop completely], holds it for everybody at once."
    scope = view.kill.scope
    alone = scope.workflow if list(scope.as_json()) == ["workflow"] and not view.held else None
    target = alone or view.kill.id  # a workflow's name would lift its other kills too
    return f"Undo: {command(f'restore {target}')}{f' ({view.undo})' if view.undo else ''}"


def _kill_buttons(view: KillView) -> tuple[Button, ...]:
    kill = view.kill
    if not kill.active:
        return ()
    buttons = []
    if kill.mode != "stop" or kill.ramp is not None:
        ask = "" if kill.scope.workflow else f"Stop {named(kill.scope)} completely in {view.env}?"
        buttons.append(Button("stop_completely", "Stop completely", kill.id, "danger", ask))
    if view.pending is not None:
        buttons.append(Button("approve", f"Approve restore {view.pending.id}", view.pending.id))
        buttons.append(Button("refuse", "Refuse", view.pending.id))
    elif step_buttons(kill):
        buttons += step_buttons(kill)
    else:
        buttons.append(Button("restore", "Restore", kill.id))
    if not view.reason:
        buttons.append(Button("give_reason", "Add a reason", kill.id))
    if kill.break_glass and not kill.taken:
        buttons.append(Button("adopt", "Adopt", kill.id, "primary"))
        buttons.append(Button("question", "Question", kill.id))
    if view.untied and not kill.under:
        buttons.append(Button("incident_open", "Open incident\u2026", kill.id))
    buttons.append(Button("status", "Status", kill.scope.workflow or ""))
    return tuple(buttons)


def _since_body(since: Counts) -> Record:
    counts = {"let_through": since.let, "refused": since.refused}
    return {**counts, "by_restore": since.eased} if since.eased else counts


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
        "since": None if since is None else _since_body(since),
        "approval": view.pending.id if view.pending is not None else None,
        "incidents": [one.id for one in view.beside],
        **_names_body(view),
        **ramp_body(kill),
    }


def _names_body(view: KillView) -> Record:
    """Return what only a kill of a model has: the kills of its other names, and what it means by name."""
    led = {"with": [{"kill": one.id, "model": one.scope.model} for one in view.led]}
    return {**(led if view.led else {}), **(view.names.as_json() if view.names.hit else {})}


def held_lines(held: Sequence[Kill]) -> list[str]:
    """Return a line for each kill that is active on the same, the first few."""
    lines = [
        f"Still held by {kill.id}: {named(kill.scope)}, {mode_word(kill.mode)}" for kill in held
    ]
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN} more"] if lines[SHOWN:] else [])]
