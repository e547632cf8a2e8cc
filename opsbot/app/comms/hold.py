"""The first word to users in one tap: words that were approved in advance, of no person, published at once. Pure."""

from collections.abc import Mapping

from opsbot.app.comms.change import Told, beside
from opsbot.app.comms.draft import Draft
from opsbot.app.comms.new import Writing, drafted
from opsbot.app.comms.power import may_hold
from opsbot.app.comms.publish import published
from opsbot.app.comms.second import first_word
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.stage import must_answer, must_go, must_step
from opsbot.app.comms.targets.chosen import refusing, targets_for
from opsbot.app.comms.wording.check import check
from opsbot.app.comms.wording.known import known_of
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found
from opsbot.app.numbers import numbered
from opsbot.domain.change import Change
from opsbot.domain.comms.facts import situation_of
from opsbot.domain.comms.templates import Template
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, Unpublishable
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import State
from opsbot.domain.typed import command


def holding_template(
    known: Mapping[str, Template], state: State, incident: Incident, word: str
) -> Template:
    """
    Return the holding message that is meant: the named one, or the one for what happened.

    Raises:
        NeedsMoreWords: none is approved in advance, or several could be meant.
    """
    ready = {name: one for name, one in known.items() if one.holding and one.audience == "users"}
    if word.strip().lower() in ready:
        return ready[word.strip().lower()]
    if word.strip():
        raise NeedsMoreWords(
            f"`{word.strip()[:80]}` is not approved in advance as it stands, so it takes a second"
            " person; nothing was published.",
            hint=f"Write it: {command(f'comms new {word.strip()[:80]} {incident.id}')}."
            if word.strip().lower() in known
            else f"{command('comms templates')} lists them.",
        )
    mode = next((k.mode for k in state.active_kills() if k.id in incident.kills), "")
    fitting = [one for one in ready.values() if one.situation == situation_of(incident.type, mode)]
    some = fitting or list(ready.values())
    if len(some) == 1:
        return some[0]
    if not some:
        raise NeedsMoreWords(
            "No message is approved in advance here; nothing was published.",
            hint=f"Write one: {command(f'comms new {incident.id}')}.",
        )
    listed = ", ".join(f"`{one.name}`" for one in some)
    raise NeedsMoreWords(
        f"{len(some)} messages are approved in advance: {listed}. None was guessed; nothing was"
        " published.",
        hint=f"Name one: {command(f'comms now {some[0].name} {incident.id}')}.",
    )


def for_users(state: State, incident: Incident) -> bool:
    """Return whether people outside use any of it: `public` names what they do, and leaves the rest out."""
    public = settings_of(state).public
    return not (public and incident.workflows) or not public.keys().isdisjoint(incident.workflows)


def must_be_for_users(state: State, incident: Incident) -> None:
    """
    Go on where users use what went wrong: one tap tells the world of nothing that is our own people's.

    Raises:
        IllegalMove: `public` names none of its workflows.
    """
    if not for_users(state, incident):
        names = ", ".join(f"`{one}`" for one in incident.workflows)
        raise IllegalMove(
            f"Users do not know {names}: `public` in flags/comms.yaml leaves it out, so nobody outside"
            " is told in one tap; nothing was published.",
            hint=f"If they do use it, write it: {command(f'comms new {incident.id}')}.",
        )


def must_say_well(state: State, incident: Incident, draft: Draft) -> None:
    """
    Go on where nothing stops words that were approved in advance: what was put into them nobody read.

    Raises:
        Unpublishable: what must never be said, and where it comes from.
    """
    template, known = draft.template, known_of(state, next_ms=draft.next_ms)
    found = check(
        draft.rendered,
        audience=template.audience,
        stage=template.stage,
        settings=settings_of(state),
        known=known,
    )
    stops = [one for one in found if one.level == "stop"]
    if stops:
        said = "; ".join(f"{one.rule}: \u201c{one.said}\u201d" for one in stops[:3])
        raise Unpublishable(
            f"`{template.name}` cannot go out as it would read here: {said}. Nothing was published.",
            hint="Say under `public` in flags/comms.yaml how users call the workflow; until then write"
            f" it: {command(f'comms new {incident.id}')}.",
        )


def decide_hold(
    state: State, now_ms: int, order: Writing, incident_id: str
) -> tuple[Change | None, Told]:
    """
    Decide one tap: a record, and its publication, in one commit.

    Raises:
        IllegalMove: users were told before, by which message. NotAllowed: who may not, or exposed data.
        Unpublishable: what is so outside stands in the way.
    """
    made = next((one for one in state.messages() if one.uid == order.uid), None)
    if made is not None:
        return None, Told(made, "already")
    incident, template = found(state, order.actor, Which(incident_id)), order.draft.template
    rule = may_hold(state, incident, order.actor, now_ms, about=(template.situation,))
    must_be_for_users(state, incident)
    must_answer(template)
    if not first_word(state, incident):
        newest = state.comms(incident.id).rhythm("users").newest
        raise IllegalMove(
            f"Users were told of {incident.id} already ({newest}); nothing was published.",
            hint=f"Write the next word: {command(f'comms new {incident.id}')}.",
        )
    must_step(None, template.stage, why="", audience="users")
    targets = targets_for(state, incident, template, None)
    message = drafted(state, now_ms, order, incident, targets)
    must_go(state, now_ms, message)
    if refused := [*refusing(state, message, order.draft.rendered)]:
        raise Unpublishable(f"{refused[0]} Nothing was published.")
    change, told = published(
        state, now_ms, message, order.actor, verb="comms_hold", rule=rule, sealed=order.sealed
    )
    own = Change("comms_hold", order.actor, (numbered(state, "message"),))
    return beside(change, own), told
