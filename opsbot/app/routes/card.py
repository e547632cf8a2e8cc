"""One message for each way that a revision takes: begun, step by step, arrived or taken back."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app import route_state
from opsbot.app.approvals import pending_ramp
from opsbot.app.card import Card
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sight import Sight
from opsbot.app.fleet.words import clock
from opsbot.app.ports import Delivery
from opsbot.app.reach import slack_ids, tell_each
from opsbot.app.restore.waits import approval_buttons, waiting_lines
from opsbot.app.routes.ends import End
from opsbot.app.routes.history import ends_back_to
from opsbot.app.routes.history_words import ended_words
from opsbot.app.routes.ramp_decision import entry
from opsbot.app.routes.rollback_words import rollback_buttons
from opsbot.app.routes.route import watched_route
from opsbot.app.routes.shares import progress, share_of
from opsbot.app.routes.words import (
    confirmed_words,
    difference_lines,
    gate_lines,
    ramp_buttons,
)
from opsbot.domain.approval import Approval
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import UnknownRevision, UnknownWorkflow
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.ramp import Step
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import Routing
from opsbot.domain.said import Said, Tone, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

PAGES = 4
"""How much of the journal is read for a card, as for a history; older ends are left to that."""

TOLD = ("taken_back", "stuck", "unproved_route")


@dataclass(frozen=True, slots=True)
class RouteCard:
    """The effect handler `route_card`, and the part of `tell` that is about routes."""

    card: Card

    async def __call__(self, delivery: Delivery) -> None:
        """
        Post the card of one revision's way, or bring it up to date.

        Raises:
            RetryLater: another delivery is at work on it. GiveUp: from the port.
        """
        body = delivery.effect.body
        state = await self.card.env.store.refresh()
        workflow = state.workflows().get(str(body["workflow"]))
        channel = (workflow.slack_channel if workflow else "") or self.card.channel
        if workflow is None or not channel:
            return
        number, routing = Number(int(str(body["number"]))), state.routing(workflow.name)
        idle = number not in (routing.active, routing.candidate and routing.candidate.number)
        waits = _waits(state, workflow.name, number, self.card.env.clock.now_ms())
        if idle and waits is None and await self.card.outbox.left(delivery.effect.key) is None:
            return  # it serves nobody, and nobody was told that it did
        said = await self.said(state, workflow.name, number)
        await self.card.put(delivery.effect.key, channel, said)

    async def said(self, state: State, workflow: str, number: Number) -> Said:
        """Return the card as of now."""
        env = self.card.env
        routing, declared = state.routing(workflow), state.workflows()[workflow]
        revision, steps = state.revision(workflow, number), route_state.ramp(declared, routing)
        (note,) = await env.unsealed(revision.note)
        seen = await Sight(env.fleets, env.clock).now(watched_route(routing), state.workflows())
        now_ms = env.clock.now_ms() if seen is None else seen.now_ms
        policy = policy_of(state)
        title, lines = _way(routing, revision, steps, policy)
        if routing.candidate is not None and routing.candidate.number == number:
            (why,) = await env.unsealed(routing.candidate.note)
            lines += [f"Its note: {inert(why)}"] if why and routing.candidate.held else []
        ends = await self._ends(state, revision)
        serves = number in (routing.active, routing.candidate and routing.candidate.number)
        if serves:
            lines.append(confirmed_words(seen))
            lines += gate_lines(route_state.evidence(state, declared, revision.id, now_ms))
        elif (end := ends.get(number)) is not None:
            (reason,) = await env.unsealed(end.note)
            title = f"Taken back: {title}" if end.how == "taken_back" else title
            ended = ended_words(end, shown(policy, end.by), reason or end.why, now_ms)
            lines.insert(0, f"{ended[0].upper()}{ended[1:]}.")
        before = _compared(state, routing, revision, ends)
        lines += [] if before is None else difference_lines(before.route, revision.route)
        by = f"{revision.id} by {shown(policy, revision.author)}, {clock(revision.at_ms)}"
        lines.append(f"{by}: {inert(note)}" if note else f"{by}.")
        own = routing.candidate is not None and routing.candidate.number == number
        waits = _waits(state, workflow, number, now_ms)
        lines += waiting_lines(waits, policy)
        back = (
            rollback_buttons(state, declared, routing, now_ms) if number == routing.active else ()
        )
        return Said(
            _tone(routing, number, complete=seen is not None and seen.complete),
            f"{title} of `{workflow}` in {env.name}",
            tuple(lines),
            (*approval_buttons(waits), *(ramp_buttons(routing) if own else ()), *back),
        )

    async def _ends(self, state: State, revision: Revision) -> Mapping[Number, End]:
        """
        Return how revisions ended since before this one was made, as far as the journal is read for a card.

        Whatever ends a revision brings its card up to date, so what it needs is not far back.
        """
        earlier = state.revision(revision.workflow, Number(max(revision.number - 1, 1)))
        return (await ends_back_to(self.card.env, state, earlier, pages=PAGES)).known

    async def tell(self, delivery: Delivery) -> None:
        """
        Tell whoever answers for the workflow what was taken back, could not be, or serves without evidence.

        What was taken back is told its author, and who began it, as well.
        """
        body, env = delivery.effect.body, self.card.env
        state = await env.store.refresh()
        try:
            said = _told(env, state, dict(body))
        except (UnknownWorkflow, UnknownRevision):
            return
        people = [state.workflows()[str(body["workflow"])].dri]
        policy = policy_of(state)
        if body["what"] == "unproved_route":
            people += slack_ids(policy, policy.break_glass.pages)
        else:
            people += slack_ids(policy, (*policy.secondary, *_whose(state, body)))
        message = self.card.render(said)
        await tell_each(
            self.card.chat, list(dict.fromkeys(people)), message, key=delivery.effect.key
        )


def _waits(state: State, workflow: str, number: Number, now_ms: int) -> Approval | None:
    found = pending_ramp(state, workflow, now_ms)
    return found if found is not None and found.action["revision"] == f"r{number}" else None


def _way(
    routing: Routing, revision: Revision, steps: tuple[Step, ...], policy: Policy
) -> tuple[str, list[str]]:
    """Return how far a revision has come: a title without the workflow's name, and its lines."""
    tried = routing.candidate
    if tried is not None and tried.number == revision.number:
        step = steps[min(tried.step, len(steps) - 1)]
        lines = [progress(steps, min(tried.step, len(steps) - 1))]
        if tried.held:
            return f"Held: {revision.id} serves {share_of(step)}", [*lines, f"Waits: {tried.held}."]
        until = clock(tried.since_ms + step.soak_s * 1000)
        return f"{revision.id} serves {share_of(step)}", [
            *lines,
            f"Soaks until {until}; then the next step, if every gate is green.",
        ]
    if routing.active == revision.number:
        lines = [f"But {tried.id} serves {share_of(entry(steps, tried.step))}."] if tried else []
        if routing.stuck:
            lines.append(f"It stays: {routing.stuck}.")
        if routing.watch_ms is not None:
            lines.append(f"Watched until {clock(routing.watch_ms)}.")
        if routing.last_good == revision.number:
            lines.append("It is the last good revision.")
        if revision.back_to is not None:
            back = f"Rolled back to r{revision.back_to}: {revision.id} serves everybody"
            return f"{back}{' else' if tried else ''}", [
                f"By {shown(policy, revision.author)}.",
                *lines,
            ]
        return f"{revision.id} serves everybody{' else' if tried else ''}", lines
    return f"{revision.id} serves nobody", [f"{routing.id} serves everybody."]


def _compared(
    state: State, routing: Routing, revision: Revision, ends: Mapping[Number, End]
) -> Revision | None:
    """Return what a revision is compared with: what serves, or what served before it; None for nothing."""
    number = routing.active
    if number == revision.number:
        by_it = [
            (end.at_ms, one)
            for one, end in ends.items()
            if end.to == revision.id and end.how in ("followed", "rolled_back")
        ]
        number = max(by_it)[1] if by_it else routing.last_good
    return None if number == revision.number else state.revision(routing.workflow, number)


def _tone(routing: Routing, number: Number, *, complete: bool) -> Tone:
    tried = routing.candidate
    if tried is not None and tried.number == number:
        return "amber" if tried.held or not complete else "green"
    if routing.active == number:
        return "green" if complete and routing.last_good == number else "amber"
    return "plain"


def _whose(state: State, body: Record) -> tuple[str, ...]:
    """Return the people who made and who began what was taken back; not what opsbot did itself."""
    number = Number(int(str(body["revision"]).removeprefix("r")))
    author = state.revision(str(body["workflow"]), number).author
    named = (str(body.get("began", "")), author)
    return tuple(one for one in named if one in policy_of(state).people)


def _told(env: Environment, state: State, body: dict[str, Json]) -> Said:
    workflow = str(body["workflow"])
    routing = state.routing(workflow)
    number = Number(int(str(body["revision"]).removeprefix("r")))
    revision = state.revision(workflow, number)
    results = route_state.evidence(
        state, state.workflows()[workflow], revision.id, env.clock.now_ms()
    )
    lines = (*gate_lines(results), f"Now {routing.id} serves everybody.")
    if body["what"] == "taken_back":
        title = f"Taken back: {revision.id} of `{workflow}` in {env.name} was beyond its limit"
        return Said("red", title, lines)
    if body["what"] == "stuck":
        title = f"Not taken back: {revision.id} of `{workflow}` in {env.name}"
        stop = f"It goes back as soon as that may serve. Stop it: {command(f'kill {workflow}')}"
        return Said("red", title, (f"{body['why']}.", *lines, stop))
    by = shown(policy_of(state), str(body["by"]))
    title = f"{by} rolled `{workflow}` in {env.name} back to {revision.id} without passing evidence"
    return Said("amber", title, lines)
