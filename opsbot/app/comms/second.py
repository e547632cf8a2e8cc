"""The approvals of a message: how many and whose, asked for, bound to exactly what is published, and void. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from opsbot.app.approvals import asking, hash_of, settled_late, timers_for, warning_ms
from opsbot.app.comms.power import (
    COMMS,
    about,
    functions,
    on_track,
    still_approves,
    workflows_of,
)
from opsbot.app.comms.sight import aware
from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import policy_of
from opsbot.app.incident.effects import message_card
from opsbot.app.numbers import next_number, numbered
from opsbot.domain.actor import SCHEDULER, Actor
from opsbot.domain.approval import Approval
from opsbot.domain.approval import as_record as approval_record
from opsbot.domain.change import Change, Json, Record, Write
from opsbot.domain.comms.message import Message, as_record
from opsbot.domain.errors import NotAllowed
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import Request, Verdict, identity_of, shown
from opsbot.domain.policy.words import approvers
from opsbot.domain.records import plain
from opsbot.domain.said import inert
from opsbot.domain.state import APPROVALS, MESSAGES, State
from opsbot.domain.typed import command

PUBLISH: Final = "publish"
"""The verb of an approval's action that lets a message go."""

SECOND: Final = "second"
"""The seat of a second person, whoever may; more seats are counted (`second-2`)."""


def seats(
    state: State, incident: Incident, message: Message, verdict: Verdict, *, extra: int = 0
) -> tuple[str, ...]:
    """
    Return whose word a message waits for: none, a second person's, or one of each function's.

    *extra* are those that its template asks for beside. A holding message as the first word to users
    was approved in advance.

    Raises:
        NotAllowed: data was exposed, and no function is declared that could approve.
    """
    more = range(extra)
    if on_track(state, incident, message.audience, about(state, message)):
        return (*_every_function(state, incident), *_counted(len(more)))
    if message.holding and first_word(state, incident):
        return ()
    public = message.audience == "users"
    # Whoever made an incident lighter, so that its words take one person, is not that person.
    eased = {verdict.person, *message.writers}.intersection(state.comms(incident.id).eased)
    grave = incident.severity in settings_of(state).two_person or bool(eased)
    two = public and (grave or verdict.outcome == "second_person")
    return _counted(len(more) + two)


def _every_function(state: State, incident: Incident) -> tuple[str, ...]:
    """Return the functions whose word it takes. Raises NotAllowed: nobody declared any."""
    known = tuple(functions(state))
    if known:
        return known
    raise NotAllowed(
        f"{incident.id} is about exposed data, and nobody declared who approves what users read there;"
        " nothing was published.",
        rule="comms-exposure",
        hint="Name one person at least of each function in flags/comms.yaml, under `exposure`.",
    )


def first_word(state: State, incident: Incident) -> bool:
    """Return whether users were told nothing of an incident yet."""
    return state.comms(incident.id).rhythm("users").first_ms is None


def action_of(state: State, incident: Incident, message: Message, seat: str) -> Record:
    """
    Return exactly what is let go, and what it rests on: the same at the approval as when it was asked.

    Anything else makes the approval void: an edit, another severity, type or privacy, other workflows
    whose users read it, a target that leads elsewhere, and another word to the same audience meanwhile.
    """
    told = state.comms(incident.id).rhythm(message.audience).stage
    listed: tuple[Json, ...] = tuple(message.targets)
    return {
        "verb": PUBLISH,
        "message": message.id,
        "version": message.version,
        "sha": message.sha,
        "stage": message.stage,
        "severity": incident.severity,
        "audience": message.audience,
        "targets": list(listed),
        "type": incident.type,
        "private": incident.private,
        "workflows": list[Json](sorted(incident.workflows)),
        "places": hash_of(_places(state, message)),
        "told": told or "",
        "seat": seat,
    }


def _places(state: State, message: Message) -> Record:
    """Return where the targets of a message lead: a name may stay, and what it stands for be another."""
    declared = ((name, settings_of(state).target(name)) for name in message.targets)
    return {name: [one.kind, plain(one.where)] for name, one in declared if one is not None}


def differs(state: State, incident: Incident, message: Message, approval: Approval) -> str:
    """Return in words what is different from what an approval was asked for, empty where nothing is."""
    was, now = approval.action, {**action_of(state, incident, message, _seat(approval))}
    if any(settings_of(state).target(name) is None for name in message.targets):
        now["places"] = was.get("places")  # what nobody declares any more is refused by its name
    if message.standing != "waiting" or approval.id not in message.approvals:
        return f"{message.id} is {_STANDING.get(message.standing, message.standing)}"
    if others := _other_functions(state, incident, message):
        return others
    if hash_of(now) == approval.action_hash:
        return ""
    told = was.get("told") or "nothing"
    words: Mapping[str, str] = {
        "severity": f"{incident.id} is {incident.severity} now, and was {was.get('severity')}",
        "type": f"{incident.id} is of type `{incident.type}` now",
        "private": f"{incident.id} is {'private' if incident.private else 'public'} now",
        "workflows": f"{incident.id} is about {workflows_named(incident)} now",
        "places": "where its targets lead is declared otherwise now",
        "told": f"{message.audience} were told `{now['told']}` meanwhile, and {told} before",
    }
    changed = next((text for name, text in words.items() if was.get(name) != now[name]), "")
    return changed or f"{message.id} was edited"


def workflows_named(incident: Incident) -> str:
    """Return what an incident is about, in words."""
    return ", ".join(f"`{one}`" for one in incident.workflows) or "no workflow"


def _other_functions(state: State, incident: Incident, message: Message) -> str:
    """Return in words that other functions have to say yes than those that were asked, empty where not."""
    known = set(functions(state))
    asked = {_seat(one) for one in of(state, message)}
    asked = {one for one in asked if one in known or not one.startswith(SECOND)}
    tracked = on_track(state, incident, message.audience, about(state, message))
    if asked == (known if tracked else set()):
        return ""
    return "who says yes where data was exposed is declared otherwise now"


def left_out(
    state: State, incident: Incident, approval: Approval, on_call: frozenset[str] = frozenset()
) -> str:
    """
    Return in words that who gave an approval may not give it any more, empty where they may.

    *on_call* is what they are called first for now.
    """
    seat = _seat(approval)
    if still_approves(state, incident, seat, approval, on_call=on_call):
        return ""
    who = shown(policy_of(state), approval.approver)
    role = f"does not approve as `{inert(seat, limit=40)}`" if seat in functions(state) else ""
    return f"{who}, who gave {approval.id}, {role or 'may not approve it'} any more"


def ask(
    state: State, now_ms: int, incident: Incident, message: Message, wanted: tuple[str, ...]
) -> tuple[tuple[Approval, ...], Change]:
    """
    Return the approvals that wait from now on, one a seat, and the change that asks whoever may give them.

    Raises:
        NotAllowed: nobody could tell that it is another person than who wrote it, or nobody may.
    """
    policy = policy_of(state)
    if not message.writers <= policy.people.keys():
        raise NotAllowed(
            "Users read this only after a second person's word, and who wrote in it is not joined to a"
            " person in the policy: the second could be them. Nothing was asked.",
            rule="requester-not-joined",
        )
    first, expires_ms = next_number(state, "approval"), now_ms + settings_of(state).approval_ms
    made = []
    for nth, seat in enumerate(wanted):
        action = action_of(state, incident, message, seat)
        one = Approval(
            id=f"A-{first + nth}",
            action={**action, "reason": ""},
            action_hash=hash_of(action),
            requester=message.author,
            requested_ms=now_ms,
            expires_ms=expires_ms,
        )
        made.append(one)
    waiting = replace(message, approvals=tuple(one.id for one in made))
    for one in made:
        _must_be_somebody(state, incident, waiting, one)
    warn_ms = warning_ms(state)
    change = Change(
        verb="comms_ask",
        actor=SCHEDULER,
        writes=(
            *(Write(APPROVALS, one.id, approval_record(one)) for one in made),
            numbered(state, "approval", len(made)),
        ),
        effects=tuple(asking(one) for one in made),
        timers=tuple(t for one in made for t in timers_for(policy, one, now_ms, warn_ms=warn_ms)),
    )
    return tuple(made), change


def pending(state: State, message: Message) -> tuple[Approval, ...]:
    """Return the approvals that a message still waits for."""
    return tuple(one for one in of(state, message) if one.standing == "pending")


def of(state: State, message: Message) -> tuple[Approval, ...]:
    """Return the approvals that were asked for what a message says now."""
    known = state.kind(APPROVALS)
    return tuple(state.approval(one) for one in message.approvals if one in known)


def givers(state: State, message: Message, approval: Approval) -> tuple[str, ...]:
    """Return the people who may give an approval, by name: never who wrote it, nor who gave another."""
    seat, incident = _seat(approval), state.incident(message.incident)
    function = functions(state).get(seat)
    if function is None:
        workflows = workflows_of(state, incident)
        asked = Request("approve", SCHEDULER, workflows, wide=not incident.workflows, of=COMMS)
        function = approvers(policy_of(state), asked, requester=approval.requester)
    known = (one for one in function if one in policy_of(state).people)
    out = message.writers | frozenset(message.approved_by)
    return aware(state, message, [one for one in known if one not in out])


def void(
    state: State, now_ms: int, messages: Iterable[Message], actor: Actor, cause: str
) -> Change | None:
    """Return what makes every approval of some messages void, which are drafts again; None where none waits."""
    gone = [one for one in messages if one.standing == "waiting"]
    if not gone:
        return None
    late = drop_approvals(state, now_ms, gone, actor, cause)
    drafts = [redrafted(one) for one in gone]
    return replace(
        late,
        writes=(*late.writes, *(Write(MESSAGES, one.id, as_record(one)) for one in drafts)),
        effects=(*late.effects, *(message_card(one) for one in drafts)),
    )


def drop_approvals(
    state: State,
    now_ms: int,
    messages: Iterable[Message],
    actor: Actor,
    cause: str,
    *,
    but: str = "",
) -> Change:
    """Return what settles every approval that still waits for some messages, all but one."""
    by = identity_of(policy_of(state), actor)
    every = [one for message in messages for one in pending(state, message) if one.id != but]
    late = settled_late(every, now_ms, by="" if actor.kind == "system" else by, cause=cause)
    return Change("comms_void", actor, late.writes, effects=late.effects, cancels=late.timers)


def redrafted(message: Message) -> Message:
    """Return a message as a draft again, without a word of anybody on it."""
    return replace(message, standing="draft", approvals=(), approved_by=(), bound="")


def is_of_message(approval: Approval) -> bool:
    """Return whether an approval is for a message."""
    return approval.action.get("verb") == PUBLISH


def publish_words(approval: Approval) -> str:
    """Return what is asked for, in words."""
    action = approval.action
    seat = _seat(approval)
    role = f", as `{inert(seat, limit=40)}`" if not seat.startswith(SECOND) else ""
    return f"Publishing {action.get('message')} (`{action.get('stage')}`, to {action.get('audience')}){role}"


def _seat(approval: Approval) -> str:
    return str(approval.action.get("seat", SECOND))


def seat_of(approval: Approval) -> str:
    """Return whose word an approval is: a second person's, or that of a function."""
    return _seat(approval)


def _counted(count: int) -> tuple[str, ...]:
    return tuple(SECOND if nth == 1 else f"{SECOND}-{nth}" for nth in range(1, count + 1))


def _must_be_somebody(
    state: State, incident: Incident, message: Message, approval: Approval
) -> None:
    """Refuse to ask where nobody could say yes: people would wait for a quarter of an hour for nothing."""
    function = functions(state).get(_seat(approval))
    if givers(state, message, approval) or (function is None and not incident.private):
        return
    if function is not None:
        raise NotAllowed(
            f"Nobody of `{_seat(approval)}` could say yes but who wrote it; nothing was asked.",
            rule="comms-exposure",
            hint="`approvers` under `exposure` in flags/comms.yaml names them.",
        )
    raise NotAllowed(
        f"{incident.id} is private, and nobody who could say yes is part of it. Nothing was asked.",
        rule="comms-private",
        hint=f"Add somebody first: {command(f'incident role responder {incident.id} @somebody')}.",
    )


_STANDING: Final = {"draft": "a draft again", "published": "published already"}
