"""The picture of evaluation results over revisions: drawn for whoever looks, shown beside a card."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from opsbot.app import route_state
from opsbot.app.environment import Environment, policy_of
from opsbot.app.look import may_look
from opsbot.app.ports import Chat, Delivery, GiveUp, Outbox, Picture, Pictures, RetryLater
from opsbot.app.routed import mark_of, route_card, workflow_named
from opsbot.domain.actor import Actor
from opsbot.domain.picture.evaluations import Chart, alt_text, charted, chosen
from opsbot.domain.route import Number
from opsbot.domain.state import EVIDENCE, State

SEEN_AGAIN_S = 60.0
"""When a picture that Slack took and does not show yet is looked for again."""

GIVE_UP_AFTER = 8
"""Attempts at one picture, those before its card was there included."""

KEPT_S = 90 * 86_400.0
"""How long it is remembered that a picture was shown; no step of a ramp takes longer."""


def chart_of(state: State, workflow: str, *, env: str, now_ms: int) -> Chart:
    """
    Return what the picture of a workflow shows.

    Raises:
        UnknownWorkflow: it is not declared, or has no route.
    """
    declared, routing = workflow_named(state, workflow), state.routing(workflow)
    numbers = chosen(routing, tuple(one.number for one in state.revisions(workflow)))
    narrow = _of(state, workflow, numbers)
    evidence = {
        one: route_state.evidence(narrow, declared, f"r{one}", now_ms) for one in numbers
    }  # fmt: skip
    return charted(routing, evidence, env=env, at_ms=now_ms)


def _of(state: State, workflow: str, numbers: Collection[Number]) -> State:
    """Return the state with nobody else's evidence: what follows reads all of it for every revision."""
    subjects = {f"r{one}" for one in numbers}
    for one in numbers:
        subjects |= {target.name for target in state.revision(workflow, one).route.targets}
    kept = {
        name: record
        for name, record in state.kind(EVIDENCE).items()
        if record["workflow"] == workflow and record["subject"] in subjects
    }
    return replace(state, records={**state.records, EVIDENCE: kept})


@dataclass(frozen=True, slots=True)
class EvaluationPicture:
    """The use case: whoever may look at a route may look at its picture."""

    env: Environment
    pictures: Pictures

    async def show(self, workflow: str, actor: Actor) -> Picture:
        """
        Draw a workflow's evaluations as they are now.

        Raises:
            UnknownWorkflow, NotAllowed. StoreLost: the state is not known.
        """
        state = await self.env.store.refresh()
        may_look(policy_of(state), actor)
        now_ms = self.env.clock.now_ms()
        return await self.drawn(chart_of(state, workflow, env=self.env.name, now_ms=now_ms))

    async def drawn(self, chart: Chart) -> Picture:
        """Return a chart as a picture with its words."""
        return Picture(await self.pictures.evaluations(chart), chart.title, alt_text(chart))


@dataclass(frozen=True, slots=True)
class RoutePicture:
    """The effect handler `route_picture`: one picture in the thread of a revision's card."""

    drawing: EvaluationPicture
    chat: Chat
    outbox: Outbox
    channel: str = ""
    """Where the card is of a workflow that names no channel of its own."""

    async def __call__(self, delivery: Delivery) -> None:
        """
        Show the picture, unless it was shown, there is nothing to see, or the step is over.

        Raises:
            RetryLater: its card is not there yet, or Slack took the picture and does not show it.
            GiveUp: from the port, or Slack never showed it.
        """
        key, env = delivery.effect.key, self.drawing.env
        if await self.outbox.left(key) is not None:
            return
        state = await env.store.refresh()
        chart = _wanted(state, delivery, env, self.channel)
        if chart is None:
            return
        body = delivery.effect.body
        number = Number(int(str(body["number"])))
        thread = await self.outbox.left(route_card(chart.workflow, number).key)
        if thread is None:
            if number not in (chart.active, chart.candidate):
                return  # it serves nobody, so no card of it will come any more
            raise RetryLater("its card is not posted yet")
        if not await self.outbox.claim(key, ttl_s=SEEN_AGAIN_S):
            raise RetryLater("another replica shows it", after_s=1.0)
        left = await self.chat.upload(thread, await self.drawing.drawn(chart), key=key)
        if left is None:
            _must_go_on(delivery)
            raise RetryLater("Slack took it and does not show it yet", after_s=SEEN_AGAIN_S)
        await self.outbox.leave(key, left, ttl_s=KEPT_S)


def _wanted(state: State, delivery: Delivery, env: Environment, channel: str) -> Chart | None:
    """Return what to show, None where there is nothing (more) to show it for."""
    body = delivery.effect.body
    workflow = state.workflows().get(str(body["workflow"]))
    if workflow is None or not (workflow.slack_channel or channel):
        return None
    if body["while"] and mark_of(state.routing(workflow.name)) != body["while"]:
        return None
    chart = chart_of(state, workflow.name, env=env.name, now_ms=env.clock.now_ms())
    return None if chart.empty else chart


def _must_go_on(delivery: Delivery) -> None:
    if delivery.attempt >= GIVE_UP_AFTER:
        raise GiveUp("Slack took the picture and never showed it")
