"""The effect handler `comms_notice`: a notice kept beside comes to the front where nobody reads that in front any more."""

from dataclasses import dataclass

from opsbot.app.comms.targets.in_app import erased
from opsbot.app.environment import Environment
from opsbot.app.ports import Delivery
from opsbot.app.user_texts import promoted, texts_of, writes
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Promotes:
    """The effect handler. The end of a kill asks for it, in the commit that ends it."""

    env: Environment

    async def __call__(self, delivery: Delivery) -> None:
        """
        Bring the notice to the front, where that is still so.

        Raises:
            StoreLost: it is delivered again.
        """
        workflow = str(delivery.effect.body["workflow"])
        gone = await erased(self.env, await self.env.store.refresh(), (workflow,))

        def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
            after = promoted(state, workflow, gone)
            if after == texts_of(state, workflow):
                return None, None
            facts = {"message": after.message, "incident": after.incident}
            return Change(
                "notice", OUTBOX, writes(state, after), rule="published", facts=facts
            ), None

        await self.env.store.commit(f"{delivery.effect.key}:front", decide)
