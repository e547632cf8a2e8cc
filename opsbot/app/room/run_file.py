"""The whole runbook as a file in the thread of its run's card, once: what there is when nothing else works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.ports import Chat, Delivery, GiveUp, Outbox, RetryLater
from opsbot.app.runs.effects import file
from opsbot.app.runs.read import Reader
from opsbot.domain.change import Record
from opsbot.domain.errors import UnknownRun
from opsbot.domain.run import Run

CARD_S: Final = 1.0
SEEN_AGAIN_S: Final = 60.0
"""When a file that Slack took and does not show yet is looked for again, in seconds."""

GIVE_UP_AFTER: Final = 20
KEPT_S: Final = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class RunFile:
    """The effect handler `run_file`; *card_key* names where the card of a run is remembered."""

    env: Environment
    reader: Reader
    chat: Chat
    outbox: Outbox
    card_key: Callable[[Run], str]

    async def __call__(self, delivery: Delivery) -> None:
        """
        Share the file; one that was shared before a crash is found again.

        Raises:
            RetryLater: there is no card yet, or Slack says later. GiveUp: it cannot be shown there.
            StoreLost: it is delivered again.
        """
        state, key = await self.env.store.refresh(), delivery.effect.key
        try:
            run = state.run(str(delivery.effect.body["run"]))
        except UnknownRun:
            return
        if await self.outbox.left(key) is not None:
            return
        card = await self.outbox.left(self.card_key(run))
        if card is None:
            if delivery.attempt >= GIVE_UP_AFTER:
                raise GiveUp(f"{run.id} has no card to put its runbook under")
            raise RetryLater("the card comes first", after_s=CARD_S)
        await self._share(run, card, key, delivery.attempt)

    async def follow(self, run: Run, attempt: int) -> None:
        """
        Share the file once more where the card went on in another channel: it says that it is beneath it.

        A channel that takes no file is not asked at every turn.

        Raises:
            RetryLater: Slack says later, or does not show it yet.
        """
        key = file(run).key
        left, card = await self.outbox.left(key), await self.outbox.left(self.card_key(run))
        if left is None or card is None or left.get("channel") in (None, card["channel"]):
            return
        try:
            await self._share(run, card, key, attempt)
        except GiveUp:
            await self.outbox.leave(key, {**left, "channel": card["channel"]}, ttl_s=KEPT_S)

    async def _share(self, run: Run, card: Record, key: str, attempt: int) -> None:
        shown = await self.chat.share(card, await self.reader.document(run), key=key)
        if shown is None:
            if attempt >= GIVE_UP_AFTER:
                raise GiveUp("Slack took the file and never showed it")
            raise RetryLater("Slack took the file and does not show it yet", after_s=SEEN_AGAIN_S)
        await self.outbox.leave(key, shown, ttl_s=KEPT_S)
