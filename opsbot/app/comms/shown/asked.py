"""What somebody reads of a message before they say yes: the very words at each target, who wrote them, what was found."""

from collections.abc import Iterator
from dataclasses import replace

from opsbot.app.comms.power import functions
from opsbot.app.comms.read import Reader
from opsbot.app.comms.second import givers, is_of_message, publish_words, seat_of
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.shown.instants import both
from opsbot.app.comms.shown.press import message_buttons
from opsbot.app.comms.shown.words import finding_lines, headline_lines, refusal_line
from opsbot.app.comms.sight import aware
from opsbot.app.comms.targets.as_sent import AsSent, as_sent
from opsbot.app.comms.targets.none import NoTemplates
from opsbot.app.comms.view import MessageView
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import moment
from opsbot.app.reach import slack_ids
from opsbot.domain.approval import Approval
from opsbot.domain.policy.rules import shown
from opsbot.domain.policy.words import listing
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command


async def publish_asked(env: Environment, state: State, approval: Approval) -> tuple[str, ...]:
    """
    Return the lines about a message that waits for an approval; nothing is cut of what it says.

    Raises:
        StoreLost: no answer within the deadline.
    """
    message = state.message(str(approval.action["message"]))
    view = await Reader(env, NoTemplates()).view(message)
    return tuple(_lines(state, view, env.clock.now_ms()))


async def refused_told(env: Environment, approval: Approval) -> tuple[Said, tuple[str, ...]] | None:
    """
    Return what the writers of a message are told of a no, and their accounts; None where there is none to tell.

    Raises:
        StoreLost: no answer within the deadline.
    """
    state = env.store.state
    if approval.standing != "refused" or not is_of_message(approval):
        return None
    message = state.message(str(approval.action["message"]))
    if message.standing != "refused" or approval.approver in message.writers:
        return None
    people = slack_ids(policy_of(state), tuple(sorted(message.writers)))
    if not people:
        return None
    view = await Reader(env, NoTemplates()).view(message)
    edit = (
        f"Change it and ask again: {command(f'comms edit {message.id}')}. Nobody outside read it."
    )
    title = f"{message.id} of {message.incident} in {env.name} was refused"
    said = Said(
        "amber", title, (refusal_line(view), f"\u201c{inert(view.rendered.headline)}\u201d", edit)
    )
    return replace(said, buttons=message_buttons(view)), people


def asked_people(state: State, approval: Approval, what: str) -> tuple[str, ...]:
    """
    Return who is asked: who may give it; once it has waited, the policy's secondaries too.

    Where data was exposed nobody stands in for a function.
    """
    message = state.message(str(approval.action["message"]))
    names = givers(state, message, approval)
    if seat_of(approval) in functions(state) or what == "approval":
        return names
    late = (one for one in policy_of(state).secondary if one not in message.writers)
    secondary = aware(state, message, late)
    return secondary if what == "secondary" else tuple(dict.fromkeys((*names, *secondary)))


def asked_title(approval: Approval) -> str:
    """Return what is asked for, in words."""
    return publish_words(approval)


def _lines(state: State, view: MessageView, now_ms: int) -> Iterator[str]:
    message, policy = view.message, policy_of(state)
    wrote = [shown(policy, one) for one in (message.author, *message.editors)]
    names = listing(wrote).replace(" or ", " and ")
    about = f"{message.incident}, {message.severity}"
    yield f"For {about}; written by {names} {moment(message.made_ms, now_ms)}."
    for names_, seen in _by_target(state, view):
        yield f"On {names_}: \u201c{inert(seen.title)}\u201d"
        yield from (f"> {inert(one, limit=len(one) or 1)}" for one in _paragraphs(seen.text))
        if seen.cut:
            yield "Its headline is longer than that place shows."
    yield from (f"Over its own language: {one}" for one in headline_lines(view))
    if message.next_ms is not None:
        yield f"It promises the next update by {both(message.next_ms, settings_of(state).zone, now_ms)}."
    if message.corrects:
        yield f"It corrects {message.corrects}, which stays as it was read."
    if view.why:
        yield f"Why it steps back: {inert(view.why)}"
    yield from finding_lines(view.findings)
    yield from (f"In the way: {one}" for one in view.blocked)
    yield f"An edit makes your yes void. All of it: {command(f'comms preview {message.id}')}."


def _by_target(state: State, view: MessageView) -> Iterator[tuple[str, AsSent]]:
    """Yield what is read, with the targets at which it is exactly that."""
    settings, same = settings_of(state), dict[AsSent, list[str]]()
    for name in view.message.targets:
        target = settings.target(name)
        if target is not None:
            seen = as_sent(target.kind, view.rendered.headline, view.rendered.texts)
            same.setdefault(seen, []).append(f"`{inert(name, limit=60)}`")
    for seen, names in same.items():
        yield ", ".join(names), seen


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(one for one in text.splitlines() if one.strip())
