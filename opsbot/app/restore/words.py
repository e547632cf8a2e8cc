"""The sentences about restoring: what waits and for whom, what runs again and what still does not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from opsbot.app.restore.decision import Lifted
from opsbot.app.words import SHOWN, clock, held_lines, mode_word, named, stored_lines
from opsbot.domain.approval import Approval
from opsbot.domain.change import Committed, Json, Record
from opsbot.domain.containment import Containment
from opsbot.domain.kill import Kill
from opsbot.domain.said import REFUSED, UNCONFIRMED, Button, Said, inert
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class RestoreView:
    """
    Everything one answer about a restore is made from; people by the names they go by.

    *again*: the request was done before, and this is what it did. *lone_ms* is how long it must
    have waited before who asked may let a few through alone; 0 where that never comes.
    *may* is the sentence on who may approve it, now and later.
    """

    lifted: Lifted
    env: str
    by: str
    requester: str
    approvers: tuple[str, ...]
    committed: Committed | None
    promise: str = ""
    held: tuple[Kill, ...] = ()
    again: bool = False
    lone_ms: int = 0
    may: str = ""


def pending_said(view: RestoreView) -> Said:
    """Return the answer while a second person is needed."""
    approval = view.lifted.approval
    assert approval is not None
    ids = ids_of(view.lifted.kills)
    until = clock(approval.expires_ms)
    again = "Already asked: " if view.lifted.outcome == "still_pending" else ""
    return Said(
        tone="amber",
        title=f"Not restored yet: {what_of(view.lifted.kills)} in {view.env} waits for a second person",
        lines=(
            f"{again}{approval.id} ({ids}) asked by {view.requester}, open until {until}.",
            *stored_lines(view.committed, view.promise),
            view.may,
            f"In a terminal: `opsbot approve {approval.id}`.",
            f"Rule: {view.lifted.verdict.rule}. Everything stays as it is until then.",
            *_alone_from(view),
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


def _alone_from(view: RestoreView) -> tuple[str, ...]:
    """Return to who asks again from when they may let a few through alone; nothing where never."""
    approval = view.lifted.approval
    assert approval is not None
    at_ms = approval.requested_ms + view.lone_ms
    asked_again = view.lifted.outcome == "still_pending"
    if not asked_again or not view.lone_ms or at_ms >= approval.expires_ms:
        return ()
    return (
        (
            f"If nobody has by {clock(at_ms)}, {view.requester} may let 5 % of sticky keys through"
            " alone, watched, without write tools: the same command again."
        ),
    )


def settled_said(view: RestoreView) -> Said:
    """Return the answer to a refusal, or to an approval of what is no longer so."""
    approval = view.lifted.approval
    assert approval is not None
    if view.lifted.outcome == "void":
        title = (
            f"Nothing was restored in {view.env}: {approval.id} is void, what it asked for has"
            " changed since"
        )
        look = f"Look and ask again: {command('status')}."
        lines = (*before_lines(view), *_ended_lines(view), look)
        return Said("amber", title, lines, body=_settled(view), exit_code=REFUSED)
    title = f"Nothing was restored in {view.env}: {approval.id} refused by {view.by}"
    asked = f"Asked by {view.requester}."
    if not view.lifted.kills:
        return Said("plain", title, (*before_lines(view), asked), body=_settled(view))
    title = f"Not restored in {view.env}: {approval.id} refused by {view.by}"
    lines = (*before_lines(view), asked, *_ended_lines(view))
    return Said("amber", f"{title}; what was let through ends", lines, body=_settled(view))


def _ended_lines(view: RestoreView) -> tuple[str, ...]:
    """Return that what one person had let through ends; nothing where nothing was."""
    kills = view.lifted.kills
    if not kills:
        return ()
    said = f"{ids_of(kills)} is to hold for everybody again: {what_of(kills)}."
    return (said, "Not confirmed by the instances yet; the card says when it is.")


def asked_before_said(view: RestoreView, now: Approval, *, over: str) -> Said:
    """Return the answer to a repeated request that asked for an approval; *over* is how it ended."""
    how = "waits" if now.standing == "pending" else f"is over: {over}"
    return Said(
        "plain",
        f"Asked for before in {view.env}: {now.id} {how}",
        (*before_lines(view), f"Look first: {command('status')}."),
        body={"approval": now.id, "pending": now.standing == "pending", "standing": now.standing},
        exit_code=REFUSED,
    )


def before_lines(view: RestoreView) -> tuple[str, ...]:
    """Return that the request was done before, where it was."""
    return ("This request was done before; nothing was done twice.",) if view.again else ()


def restored_said(view: RestoreView, seen: Containment | None) -> Said:
    """Return the answer after kills were lifted or made milder, with the fleet's word."""
    kills = view.lifted.kills
    soft = view.lifted.outcome == "softened"
    effect = f"Now `{mode_word(kills[0].mode)}`:" if soft else "Model calls allowed again:"
    if view.held and not soft:
        effect = f"{ids_of(kills)} ended, but other kills still hold:"
    complete = seen is not None and seen.complete
    lines = [*before_lines(view), count_words(seen), *_not_yet(seen)]
    approved = f", asked by {view.requester}" if view.requester else ""
    verb = "softened" if soft else "ended"
    lines.append(f"{ids_of(kills)} {verb} by {view.by}{approved}.")
    lines += held_lines(view.held)
    lines += stored_lines(view.committed, view.promise)
    return Said(
        tone="green" if complete and not view.held else "amber",
        title=f"{effect} {what_of(kills)} in {view.env}{'' if complete else ', not confirmed by all'}",
        lines=tuple(lines),
        body=_restored(view, seen),
        exit_code=0 if seen is not None and seen.live_complete else UNCONFIRMED,
    )


def what_of(kills: tuple[Kill, ...]) -> str:
    """Return what kills hit, in words, the first few."""
    return _cut(list(dict.fromkeys(named(kill.scope) for kill in kills)), "; ")


def ids_of(kills: tuple[Kill, ...]) -> str:
    """Return the ids of kills, the first few."""
    return _cut([kill.id for kill in kills], ", ")


def _cut(words: list[str], between: str) -> str:
    more = f" and {len(words) - SHOWN} more" if words[SHOWN:] else ""
    return f"{between.join(words[:SHOWN])}{more}"


def count_words(seen: Containment | None) -> str:
    """Return how many have confirmed, as far as it is known."""
    if seen is None:
        return "Confirmed: unknown. The fleet's acknowledgements could not be read."
    if not seen.expected:
        return "No running instance has confirmed it."
    return f"{len(seen.confirmed)}/{seen.expected} instances confirmed"


def _not_yet(seen: Containment | None) -> list[str]:
    if seen is None:
        return []
    missing = (*seen.lagging, *seen.ahead, *seen.silent, *seen.expired)
    late = [f"`{inert(name, limit=80)}`" for name in (*(o.id for o in missing), *seen.rejected)]
    return [f"Still stopped or silent: {_cut(late, ', ')}"] if late else []


def _settled(view: RestoreView) -> Record:
    approval = view.lifted.approval
    assert approval is not None
    body: Record = {"approval": approval.id, "pending": False, "standing": approval.standing}
    ended = [kill.id for kill in view.lifted.kills]
    return {**body, "taken_back": ended} if ended else body


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
        "still_held_by": [kill.id for kill in view.held],
    }
