"""The sentences about routes: what serves, what is tried on whom, what stands in the way, what next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opsbot.app.fleet.words import clock, counted
from opsbot.app.routed import Routed
from opsbot.app.routes.shares import share_of
from opsbot.app.words import stored_lines
from opsbot.domain.change import Committed, Json, Record
from opsbot.domain.containment import Containment
from opsbot.domain.gates import Result
from opsbot.domain.kill_ramp import HUMAN
from opsbot.domain.ramp import Step
from opsbot.domain.route import Revision, Route, differences
from opsbot.domain.routing import Routing
from opsbot.domain.said import DONE, REFUSED, UNCONFIRMED, Button, Said, Tone, inert
from opsbot.domain.typed import command

_COLOUR = {
    "green": "green",
    "red": "RED",
    "hard_red": "RED, beyond the limit",
    "missing": "missing",
    "stale": "stale",
    "too_few": "too few cases",
}


@dataclass(frozen=True, slots=True)
class RouteView:
    """
    Everything one answer about a route is made from; people by the names they go by.

    *author* made what served before. *may* is the sentence on who may approve, now and later.
    *price* says what changes in price, empty where nothing is known of it. *seen* is None where
    the fleet could not be read, or where nothing that serves has changed. *holding* is the note of
    whoever holds the ramp. *first* says who rolled back before, empty where nobody did, and *why*
    in which words.
    """

    routed: Routed
    env: str
    by: str
    steps: tuple[Step, ...]
    author: str = ""
    requester: str = ""
    approvers: tuple[str, ...] = ()
    may: str = ""
    committed: Committed | None = None
    promise: str = ""
    seen: Containment | None = None
    price: str = ""
    reason: str = ""
    holding: str = ""
    first: str = ""
    why: str = ""


def routed_said(view: RouteView) -> Said:
    """Return the answer to one word about a route: the same on every surface."""
    routed = view.routed
    served = routed.outcome in ("begun", "dropped", "rolled_back")
    waits = routed.outcome in ("pending", "still_pending")
    lines = [
        *([confirmed_words(view.seen)] if served else []),
        *_held_at_once(view),
        *(
            [f"The ramp to {_ended(view)} is ended."]
            if routed.cancelled and not _ends_ramp(view)
            else []
        ),
        *_differs(view),
        *gate_lines(routed.evidence),
        *_answered_for(view),
        *(_waiting(view) if waits else []),
        *stored_lines(view.committed, view.promise),
        *_asked_by(view),
        *_next(view),
    ]
    return Said(
        tone=_tone(view, served=served, waits=waits),
        title=f"{_title(view)}{_unconfirmed(view) if served else ''}",
        lines=tuple(line for line in lines if line),
        buttons=_buttons(view),
        body=_body(view),
        exit_code=_exit(view, served=served, waits=waits),
    )


def _title(view: RouteView) -> str:
    routed, workflow = view.routed, f"`{view.routed.routing.workflow}`"
    about, where = routed.revision.id, f"in {view.env}"
    if _ends_ramp(view):
        ends = f"Rolled back: ends the ramp to {_ended(view)}"
        return (
            f"{ends}; {routed.before.id} serves all calls of {workflow} {where} again, as {about}"
        )
    if routed.outcome == "rolled_back":
        back = routed.revision.back_to
        return f"Rolled back: {workflow} {where} is served by r{back} again, as {about}"
    return {
        "set": f"Stored as {about} for {workflow} {where}; it serves nobody yet",
        "same": f"Nothing was stored: {about} of {workflow} {where} is the same already",
        "begun": f"{about} serves {_share(view)} of {workflow} {where}",
        "pending": f"Not begun yet: {about} of {workflow} {where} waits for a second person",
        "still_pending": f"Already asked: {about} of {workflow} {where} waits for a second person",
        "refused": f"Nothing was changed: {about} of {workflow} {where} was refused by {view.by}",
        "held": f"Held: {about} stays at {_share(view)} of {workflow} {where}",
        "still_held": f"Still held: {about} stays at {_share(view)} of {workflow} {where}",
        "goes_on": f"Goes on: {about} serves {_share(view)} of {workflow} {where}",
        "dropped": f"Given up: {routed.before.id} serves everybody of {workflow} {where} again",
        "already": f"Already so: {view.first}{_as_is(view)} {workflow} {where}. Nothing was changed",
    }.get(routed.outcome, f"{about} of {workflow} {where}")


def _ends_ramp(view: RouteView) -> bool:
    """Return whether a rollback only ended a ramp: what serves most calls stays as it was."""
    routed = view.routed
    return bool(routed.cancelled) and routed.revision.route == routed.before.route


def _ended(view: RouteView) -> str:
    at = view.routed.cancelled_at
    return view.routed.cancelled if at is None else f"{view.routed.cancelled} ({share_of(at)})"


def _asked_by(view: RouteView) -> list[str]:
    """Return who asked and why; what changed nothing kept no words either, so they are not said as if it had."""
    then = [f"Reason then: {inert(view.why)}"] if view.why else []
    if view.committed is not None and view.reason:
        return [f"By {view.by}: {inert(view.reason)}"]
    if not view.reason or view.reason == view.why:
        return [*then, f"By {view.by}."]
    return [*then, f"Asked by {view.by}; the new reason was not recorded."]


def _as_is(view: RouteView) -> str:
    routing = view.routed.routing
    if routing.candidate is None:
        return f"{routing.id} serves everybody of"
    held = "held at" if routing.candidate.held else "on its way, at"
    return f"{routing.candidate.id} is {held} {_share(view)} of"


def _differs(view: RouteView) -> list[str]:
    """Return what changes for whom the answer speaks of, and the price; nothing where nothing does."""
    routed = view.routed
    if routed.outcome in ("already", "same", "held", "still_held", "goes_on", "refused"):
        return []
    if routed.outcome == "dropped":
        return _changed(routed.revision, routed.before)
    return [*_changed(routed.before, routed.revision), *([view.price] if view.price else [])]


def _answered_for(view: RouteView) -> list[str]:
    """Return on whose word it serves, where it is not the evidence's or this person's alone."""
    routed = view.routed
    if routed.broke:
        return ["Without passing evidence, on your word: who answers for the workflow is told."]
    if routed.outcome == "begun" and routed.approval is not None:
        return [f"{routed.approval.id} was asked by {view.requester} and approved by {view.by}."]
    targets = {one.name for one in routed.revision.route.targets}
    fallbacks = {one.name for one in routed.revision.route.fallbacks}
    if routed.outcome == "set" and len(targets) == 1 and targets >= fallbacks and fallbacks:
        return ["Its fallback is its own model: when that is down or killed, nothing is left."]
    return []


def _held_at_once(view: RouteView) -> list[str]:
    """Return what holds a ramp from its first step on; or what does already, or still."""
    tried, outcome = view.routed.routing.candidate, view.routed.outcome
    if tried is None or not tried.held:
        return []
    why = f": {inert(view.holding)}" if view.holding else ""
    return {
        "begun": [f"Held at this step: {tried.held}."],
        "still_held": [f"It goes on when this is over: {tried.held}."],
        "already": [f"Already {tried.held}{why}."] if tried.held.startswith(HUMAN) else [],
    }.get(outcome, [])


def _unconfirmed(view: RouteView) -> str:
    return "" if view.seen is not None and view.seen.complete else ", not confirmed by all yet"


def _share(view: RouteView) -> str:
    routing = view.routed.routing
    if routing.candidate is None:
        return "everybody"
    return share_of(view.steps[min(routing.candidate.step, len(view.steps) - 1)])


def gate_lines(results: Sequence[Result], *, of: str = "") -> list[str]:
    """
    Return a line for every gate: its colour first, so that it can be read at a glance.

    *of* names the revision that they judge, where more than one is spoken of.
    """
    whose = f" for {of}" if of else ""
    return [f"Gate {_COLOUR[one.colour]}{whose}: {one.words}" for one in results]


def difference_lines(old: Route, new: Route) -> list[str]:
    """Return what differs between two contents, a line each."""
    return [
        f"{what}: {inert(before, limit=120)} \u2192 {inert(after, limit=120)}"
        for what, before, after in differences(old, new)
    ]


def _changed(before: Revision, after: Revision) -> list[str]:
    if before.number == after.number:
        return []
    return difference_lines(before.route, after.route)


def confirmed_words(seen: Containment | None) -> str:
    """Return how many instances serve it, only as far as it is known."""
    if seen is None:
        return "Confirmed: unknown. The fleet's acknowledgements could not be read."
    if not seen.expected:
        return "No running instance has confirmed it."
    deaf = f", {counted(len(seen.rejected), 'instance')} could not read it" if seen.rejected else ""
    return f"{len(seen.confirmed)}/{seen.expected} instances confirmed{deaf}"


def _waiting(view: RouteView) -> list[str]:
    approval = view.routed.approval
    assert approval is not None
    return [
        f"{approval.id} asked by {view.requester}, open until {clock(approval.expires_ms)}.",
        *ahead_lines(view.routed.ahead),
        view.may,
        f"In a terminal: `opsbot approve {approval.id}`.",
    ]


def ahead_lines(ahead: Sequence[str]) -> list[str]:
    """Return what will hold a ramp once it is approved, each while there is still time to mend it."""
    return [f"Once approved it is held at its first step: {one}." for one in ahead]


def _next(view: RouteView) -> list[str]:
    """Return what somebody may type next, most likely first."""
    routed = view.routed
    workflow, running = routed.routing.workflow, routed.routing.candidate is not None
    if routed.outcome in ("set", "same") and routed.routing.active != routed.revision.number:
        return [_how_it_begins(view)]
    if routed.outcome == "rolled_back":
        return _after_rollback(view)
    back = f"route {workflow} stage cancel" if running else f"rollback {workflow}"
    return {
        "begun": [f"Take it back: {command(back)}"],
        "goes_on": [f"Take it back: {command(back)}"],
        "still_held": [f"Take it back: {command(back)}"],
        "held": [
            f"Go on: {command(f'route {workflow} stage go-on')}",
            f"Take it back: {command(back)}",
        ],
        "dropped": [_mend(workflow, routed.revision.id)],
    }.get(routed.outcome, [])


def _after_rollback(view: RouteView) -> list[str]:
    """Return whose what was taken back is, how it is mended, and the way there as it was."""
    routed = view.routed
    workflow, before = routed.routing.workflow, routed.before
    if routed.cancelled:
        anew = command(f"route {workflow} stage {routed.cancelled}")
        return [_mend(workflow, routed.cancelled), f"Begin its ramp anew as it was: {anew}"]
    again = command(f"rollback {workflow} to {before.id}")
    whose = [f"{before.id} was made by {view.author}: tell them."]
    if view.author == view.by:
        whose = [f"{before.id} was your own change."]
    elif before.author.startswith("system:"):
        whose = []
    return [" ".join((*whose, _mend(workflow, before.id))), f"There again as it was: {again}"]


def _mend(workflow: str, revision: str) -> str:
    """Return how a corrected revision begins: from what was taken back, and serving nobody at first."""
    return f"To mend it: {command(f'route {workflow} set from:{revision} …')}, which serves nobody yet."


def _how_it_begins(view: RouteView) -> str:
    """Return the next thing to do for a stored revision: its evidence first, then its ramp."""
    routed, running = view.routed, view.routed.routing.candidate
    workflow, revision = routed.routing.workflow, routed.revision.id
    stage = command(f"route {workflow} stage {revision}")
    if any(not one.green for one in routed.evidence):
        record = command(f"eval record --workflow {workflow} --revision {revision} --file …")
        return f"Send its evaluation in: {record}; then {stage}"
    if running is not None and running.number != routed.revision.number:
        return f"Its ramp can begin when that of {running.id} is over: {stage}"
    return f"Begin its ramp: {stage}"


def _tone(view: RouteView, *, served: bool, waits: bool) -> Tone:
    if waits or view.routed.broke or _held_at_once(view):
        return "amber"
    if not served:
        return "plain"
    return "green" if view.seen is not None and view.seen.complete else "amber"


def _exit(view: RouteView, *, served: bool, waits: bool) -> int:
    if waits:
        return REFUSED
    if not served:
        return DONE
    return DONE if view.seen is not None and view.seen.live_complete else UNCONFIRMED


def _buttons(view: RouteView) -> tuple[Button, ...]:
    routed = view.routed
    if routed.outcome in ("pending", "still_pending") and routed.approval is not None:
        asked = routed.approval.id
        return (
            Button("approve", f"Approve {asked}", asked, "primary"),
            Button("refuse", "Refuse", asked),
        )
    tried = routed.routing.candidate
    about = tried is not None and tried.number == routed.revision.number
    return ramp_buttons(routed.routing) if about else ()


def ramp_buttons(routing: Routing) -> tuple[Button, ...]:
    """Return what can be done with a ramp that runs; a press names the attempt, not its state."""
    if routing.candidate is None:
        return ()
    value = f"{routing.workflow}:{routing.candidate.id}"
    held = routing.candidate.held
    return (
        Button("route_go_on", "Go on", value) if held else Button("route_hold", "Hold", value),
        Button(
            "route_cancel",
            "Take it back",
            value,
            "danger",
            f"Serve everybody of {routing.workflow} with {routing.id} again?",
        ),
    )


def _body(view: RouteView) -> Record:
    routed, done = view.routed, view.committed
    waits = routed.outcome in ("pending", "still_pending")
    body: dict[str, Json] = {
        "env": view.env,
        "outcome": routed.outcome,
        "revision": routed.revision.id,
        "hash": routed.revision.hash,
        **routing_body(routed.routing, view.steps),
        "changes": [list(one) for one in differences(routed.before.route, routed.revision.route)],
        "evidence": [one.as_json() for one in routed.evidence],
        "first": view.author if view.first else None,
        "stored": True,
        "durable": done.durable if done is not None else None,
        "instances": view.seen.as_json() if view.seen is not None else None,
        "approval": routed.approval.id if routed.approval is not None else None,
    }
    if waits and routed.approval is not None:
        until = datetime.fromtimestamp(routed.approval.expires_ms / 1000, UTC)
        body |= {"pending": True, "expires": until.isoformat(), "who": list(view.approvers)}
        body["held_once_approved"] = list(routed.ahead)
    return body


def routing_body(routing: Routing, steps: Sequence[Step]) -> dict[str, Json]:
    """Return the pointers in the machine's form."""
    tried = routing.candidate
    step = None if tried is None else steps[min(tried.step, len(steps) - 1)]
    return {
        "workflow": routing.workflow,
        "active": routing.id,
        "last_good": f"r{routing.last_good}",
        "newest": f"r{routing.newest}",
        "confirmed_ms": routing.confirmed_ms,
        "candidate": None
        if tried is None or step is None
        else {
            "revision": tried.id,
            "step": step.name,
            "percent": step.percent,
            "tenants": list(step.tenants),
            "since_ms": tried.since_ms,
            "next_step": steps[min(tried.step + 1, len(steps) - 1)].name,
            "next_due_ms": None if tried.held else tried.since_ms + step.soak_s * 1000,
            "held": tried.held,
        },
    }


def when(at_ms: int, now_ms: int) -> str:
    """Return a server time with its date where that is not today's, in UTC."""
    day, today = (datetime.fromtimestamp(one / 1000, UTC).date() for one in (at_ms, now_ms))
    return clock(at_ms) if day == today else f"{day.isoformat()} {clock(at_ms)}"
