"""The sentences about restoring: what waits and for whom, what runs again and what still does not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from opsbot.app.restore_decision import Lifted
from opsbot.app.words import clock, mode_word, named
from opsbot.domain.change import Committed, Json, Record
from opsbot.domain.containment import Containment
from opsbot.domain.kill import Kill
from opsbot.domain.said import REFUSED, UNCONFIRMED, Button, Said


@dataclass(frozen=True, slots=True)
class RestoreView:
    """Everything one answer about a restore is made from; people by the names they go by."""

    lifted: Lifted
    env: str
    by: str
    requester: str
    approvers: tuple[str, ...]
    committed: Committed | None
    prefix: str


def pending_said(view: RestoreView) -> Said:
    """Return the answer while a second person is needed."""
    approval = view.lifted.approval
    assert approval is not None
    ids = ", ".join(kill.id for kill in view.lifted.kills)
    until = clock(approval.expires_ms)
    again = "Already asked: " if view.lifted.outcome == "still_pending" else ""
    return Said(
        tone="amber",
        title=f"Not restored yet: {_what(view.lifted.kills)} in {view.env} waits for a second person",
        lines=(
            f"{again}{approval.id} ({ids}) asked by {view.requester}, open until {until}.",
            f"May approve: {', '.join(view.approvers) or 'nobody yet'}.",
            f"Rule: {view.lifted.verdict.rule}. Everything stays as it is until then.",
        ),
        buttons=(
            Button("approve", f"Approve {approval.id}", approval.id, "primary"),
            Button("refuse", "Refuse", approval.id),
        ),
        body={
            "approval": approval.id,
            "pending": True,
            "expires": datetime.fromtimestamp(approval.expires_ms / 1000, UTC).isoformat(),
            "who": list(view.approvers),
            "rule": view.lifted.verdict.rule,
            "kills": [kill.id for kill in view.lifted.kills],
        },
        exit_code=REFUSED,
    )


def settled_said(view: RestoreView) -> Said:
    """Return the answer to a refusal, or to an approval of what is no longer so."""
    approval = view.lifted.approval
    assert approval is not None
    if view.lifted.outcome == "void":
        title = f"{approval.id} is void: what it asked for has changed since. Nothing was restored."
        lines: tuple[str, ...] = (f"Look and ask again: `/{view.prefix}-status`.",)
        return Said("amber", title, lines, body=_settled(view), exit_code=REFUSED)
    title = f"{approval.id} refused by {view.by}. Nothing was restored."
    return Said("plain", title, (f"Asked by {view.requester}.",), body=_settled(view))


def restored_said(view: RestoreView, seen: Containment | None) -> Said:
    """Return the answer after kills were lifted or made milder, with the fleet's word."""
    kills = view.lifted.kills
    soft = view.lifted.outcome == "softened"
    effect = f"Now `{mode_word(kills[0].mode)}`:" if soft else "Model calls allowed again:"
    complete = seen is not None and seen.complete
    lines = [_count(seen), *_not_yet(seen)]
    approved = f", asked by {view.requester}" if view.requester else ""
    verb = "softened" if soft else "ended"
    lines.append(f"{', '.join(kill.id for kill in kills)} {verb} by {view.by}{approved}.")
    lines += _still_held(view)
    if view.committed is not None and view.committed.repeated:
        lines.append("This request was done before; nothing was done twice.")
    return Said(
        tone="green" if complete else "amber",
        title=f"{effect} {_what(kills)} in {view.env}{'' if complete else ', not confirmed by all'}",
        lines=tuple(lines),
        body=_restored(view, seen),
        exit_code=0 if seen is not None and seen.live_complete else UNCONFIRMED,
    )


def _what(kills: tuple[Kill, ...]) -> str:
    return "; ".join(dict.fromkeys(named(kill.scope) for kill in kills))


def _count(seen: Containment | None) -> str:
    if seen is None:
        return "Confirmed: unknown. The fleet's acknowledgements could not be read."
    if not seen.expected:
        return "No running instance has confirmed it."
    return f"{len(seen.confirmed)}/{seen.expected} instances confirmed"


def _not_yet(seen: Containment | None) -> list[str]:
    if seen is None:
        return []
    late = [f"`{one.id}`" for one in (*seen.lagging, *seen.silent, *seen.expired)]
    return [f"Still stopped or silent: {', '.join(late[:6])}"] if late else []


def _still_held(view: RestoreView) -> list[str]:
    names = {kill.scope.workflow for kill in view.lifted.kills}
    held = [
        kill
        for kill in view.lifted.remaining
        if kill.scope.workflow is None or kill.scope.workflow in names or None in names
    ]
    return [
        f"Still held by {kill.id}: {named(kill.scope)}, {mode_word(kill.mode)}" for kill in held
    ]


def _settled(view: RestoreView) -> Record:
    approval = view.lifted.approval
    assert approval is not None
    return {"approval": approval.id, "pending": False, "standing": approval.standing}


def _restored(view: RestoreView, seen: Containment | None) -> Record:
    kills = view.lifted.kills
    last = max(kill.ended or kill.at for kill in kills)
    approval: Json = view.lifted.approval.id if view.lifted.approval else None
    return {
        "kills": [kill.id for kill in kills],
        "restored": view.lifted.outcome == "lifted",
        "mode": "live" if view.lifted.outcome == "lifted" else kills[0].mode,
        "env": view.env,
        "revision": last.revision,
        "stored": True,
        "durable": view.committed.durable if view.committed else None,
        "approval": approval,
        "pending": False,
        "instances": None if seen is None else seen.as_json(),
        "still_held_by": [kill.id for kill in view.lifted.remaining if kill.scope.workflow is None],
    }
