"""What becomes due: reviews of kills, approvals that expire, human queues that close."""

from dataclasses import dataclass, replace

from opsbot.app.approvals import overtaken
from opsbot.app.card import channel_of
from opsbot.app.comms.second import is_of_message
from opsbot.app.comms.watch import decide_expire as decide_unpublished
from opsbot.app.environment import Environment, policy_of
from opsbot.app.human_queue import after_hours
from opsbot.app.incident.effects import of_kills
from opsbot.app.kill.decision import review_delay_ms
from opsbot.app.ports import Chat, Delivery, Render
from opsbot.app.reach import person_known, slack_ids, tell_each
from opsbot.app.restore.lone import decide_expire
from opsbot.app.target import touched
from opsbot.app.words import clock, mode_word, named
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Effect, Position, Timer, Write
from opsbot.domain.kill import Kill, as_record, remode
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said
from opsbot.domain.state import State
from opsflags import keys


@dataclass(frozen=True, slots=True)
class Duties:
    """The effect handlers `review`, `expire` and `queue_closed`; each is due once."""

    env: Environment
    chat: Chat
    render: Render

    async def review(self, delivery: Delivery) -> None:
        """Ask the DRI whether an active kill should stay, and set the next morning's question."""
        body = delivery.effect.body
        kill_id, nth = str(body["kill"]), int(str(body["nth"]))

        def decide(state: State, now_ms: int) -> tuple[Change | None, Kill | None]:
            kill = state.kill(kill_id)
            if not kill.active:
                return None, None
            wait = review_delay_ms(now_ms)
            again = Effect(
                "review", f"review:{kill.uid}:{nth + 1}", {"kill": kill.id, "nth": nth + 1}
            )
            kept = replace(kill, review_ms=now_ms + wait)
            change = Change(
                verb="review_due",
                actor=SCHEDULER,
                writes=(Write(keys.KILLS, kill.id, as_record(kept)),),
                rule="system",
                timers=(Timer(f"review:{kill.uid}", wait, again),),
            )
            return change, kept

        _, kill = await self.env.store.commit(f"review:{delivery.effect.key}", decide)
        if kill is not None:
            await self._ask(kill, delivery.effect.key)

    async def _ask(self, kill: Kill, key: str) -> None:
        state = self.env.store.state
        policy = policy_of(state)
        said = Said(
            tone="amber",
            title=f"Should {kill.id} stay? {named(kill.scope)} in {self.env.name}",
            lines=(
                f"{mode_word(kill.mode)} since {clock(kill.since_ms)}, by {shown(policy, kill.actor)}.",
                (
                    "It stays until somebody restores it; it never ends by itself."
                    f" Next question: {clock(kill.review_ms)}."
                ),
            ),
            buttons=(
                Button("restore", "Restore", kill.id),
                Button("status", "Status", kill.scope.workflow or ""),
            ),
        )
        message = self.render(said)
        people = {workflow.dri for workflow in touched(state, (kill,))}
        if person_known(policy, kill.actor):
            people |= set(slack_ids(policy, (kill.actor,)))
        if channel := channel_of(kill, state):
            await self.chat.post(channel, *message, key=key)
        await tell_each(self.chat, sorted(people), message, key=key)

    async def expire(self, delivery: Delivery) -> None:
        """Settle an approval that nobody gave in time, and end what rests on it; the card says so."""
        approval_id = str(delivery.effect.body["approval"])

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            if is_of_message(state.approval(approval_id)):
                return decide_unpublished(state, now_ms, approval_id), None
            return decide_expire(state, now_ms, approval_id), None

        await self.env.store.commit(f"expire:{delivery.effect.key}", decide)

    async def queue_closed(self, delivery: Delivery) -> None:
        """At the end of its hours turn `human` into the approved text, else a stop."""
        kill_id = str(delivery.effect.body["kill"])

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            kill = state.kill(kill_id)
            workflow = state.workflows().get(kill.scope.workflow or "")
            if not kill.active or kill.mode != "human" or workflow is None:
                return None, None
            at = Position(state.position.epoch, state.position.revision + 1)
            closed = remode(kill, mode=after_hours(workflow), at=at, now_ms=now_ms)
            if kill.ramp is not None and kill.ramp.lone:  # what it waits for is void below
                closed = replace(closed, taken_back=f"{kill.ramp.approval} void")
            else:
                closed = replace(closed, ramp=kill.ramp)  # what is let through already stays so
            late = overtaken(state, now_ms, {kill.id}, by="")
            change = Change(
                verb="queue_closed",
                actor=SCHEDULER,
                writes=(Write(keys.KILLS, kill.id, as_record(closed)), *late.writes),
                rule="system",
                cancels=late.timers,
                effects=(
                    Effect(
                        "follow",
                        f"follow:{kill.uid}:{at.epoch}:{at.revision}",
                        {"kill": kill.id},
                        "kill",
                    ),
                    Effect("card", f"card:{kill.uid}", {"kill": kill.id}),
                    *of_kills(state, (kill.id,)),
                    *late.effects,
                ),
            )
            return change, None

        await self.env.store.commit(f"queue:{delivery.effect.key}", decide)
