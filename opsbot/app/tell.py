"""Tell people directly: who may approve, who answers for a broken glass, who looks at an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app.asked import ABOUT_APPROVALS, Asked
from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Chat, Delivery, Outbox, Render
from opsbot.app.reach import dris, glass_people, holders, slack_ids, tell_each
from opsbot.app.restore.ramp_verb import TAKEN_BACK, taken_back
from opsbot.app.restore.waits import HELD
from opsbot.app.routes.card import TOLD, RouteCard
from opsbot.app.routes.ramp_held import held_told
from opsbot.app.routes.rechosen_words import CHOSEN, chosen_told
from opsbot.app.words import mode_word, named
from opsbot.domain.change import Json
from opsbot.domain.errors import UnknownKill
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Tell:
    """The effect handler `tell`; what is over by the time it runs is not told."""

    env: Environment
    chat: Chat
    outbox: Outbox
    render: Render
    routes: RouteCard

    async def __call__(self, delivery: Delivery) -> None:
        """
        Send one direct message to each person concerned.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
        """
        body = delivery.effect.body
        if body["what"] in ABOUT_APPROVALS:
            return await Asked(self.env, self.chat, self.outbox, self.render)(delivery)
        if body["what"] in TOLD:
            return await self.routes.tell(delivery)
        state = await self.env.store.refresh()
        if body["what"] == CHOSEN:
            told = chosen_told(self.env, state, body)
        elif body["what"] == HELD:
            told = held_told(self.env.name, state, body, self.env.clock.now_ms())
        else:
            told = await self._what(body, state)
        if told is None:
            return None
        said, people = told
        return await tell_each(self.chat, people, self.render(said), key=delivery.effect.key)

    async def _what(
        self, body: Mapping[str, Json], state: State
    ) -> tuple[Said, tuple[str, ...]] | None:
        what = body["what"]
        try:
            kill = state.kill(str(body["kill"]))
        except UnknownKill:
            return None
        if what == "glass":
            return await self._glass(kill, str(body.get("by", kill.actor)), state)
        if what == "unadopted":
            return self._unadopted(kill, state)
        if what == TAKEN_BACK:
            return taken_back(self.env, state, kill, body)
        return self._alarm(kill, str(body.get("by", kill.actor)), state)

    async def _glass(self, kill: Kill, by: str, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        (reason,) = await self.env.unsealed(kill.reason)
        name = await self.env.named(kill) if by == kill.actor else shown(policy, by)
        minutes = policy.break_glass.adopt_within_ms // 60_000
        said = Said(
            tone="amber",
            title=f"Break-glass kill {kill.id} of {named(kill.scope)} in {self.env.name}",
            lines=(
                (f"By {name}, {mode_word(kill.mode)}; {inert(reason) or 'no reason given'}."),
                f"Adopt it or question it within {minutes} minutes; it holds either way."
                if kill.active
                else "It was restored meanwhile.",
            ),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        return said, glass_people(policy, kill, state)

    def _unadopted(self, kill: Kill, state: State) -> tuple[Said, tuple[str, ...]] | None:
        if kill.taken or not kill.active:
            return None
        policy = policy_of(state)
        said = Said(
            tone="red",
            title=f"Nobody has adopted or questioned {kill.id}:"
            f" {named(kill.scope)} in {self.env.name}",
            lines=("A break-glass kill needs a responder to stand by it. It still holds.",),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        people = (*holders(policy, "commander"), *holders(policy, "admin"))
        return said, tuple(dict.fromkeys((*dris(kill, state), *slack_ids(policy, people))))

    def _alarm(self, kill: Kill, by: str, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        minutes = policy.times.alarm_window_ms // 60_000
        said = Said(
            tone="red",
            title=f"{shown(policy, by)} has killed {policy.times.alarm_kills} times or more"
            f" in {minutes} minutes in {self.env.name}",
            lines=(f"Last: {kill.id}, {named(kill.scope)}. Is the account in the right hands?",),
            buttons=(Button("status", "Status", ""),),
        )
        return said, slack_ids(policy, holders(policy, "admin"))
