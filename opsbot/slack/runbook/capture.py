"""What people write and mark beside a run, kept with its step: replies as notes, a :pushpin: as evidence."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.run_room import message_key
from opsbot.app.runs.requests import MarkStep, WhichRun
from opsbot.app.runs.view import RunView
from opsbot.app.timeline.capture import ROUNDS, Seen
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords, Refused, UnknownRun, UnreadableRunbook
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation
from opsbot.slack.typed.tokens import shortened

log = structlog.get_logger(__name__)
TRIES: Final = 4
LONGEST_S: Final = 30.0
"""How often a message is asked for while Slack says later, and the longest wait between, in seconds."""

Look = Callable[[], Awaitable[Seen]]


def is_reply(event: Mapping[str, Any]) -> bool:
    """Return whether an event is somebody's reply in a thread; what bots write is none."""
    thread, ts = event.get("thread_ts"), event.get("ts")
    by_bot = event.get("bot_id") or event.get("subtype")
    return bool(thread) and thread != ts and not by_bot


@dataclass(frozen=True, slots=True)
class RunbookCapture:
    """Takes messages of people into runs; Slack is asked what each says, its event only where to look."""

    deps: Deps

    async def replied(self, act: Invocation, actor: Actor, look: Look) -> None:
        """
        Attach a reply in the thread of a step to that step, in the card's thread to the current one.

        Whoever may not add to the run is not told so: they only talk.
        """
        at = await self._at(act.channel, act.thread_ts)
        if at is None:
            return
        run, step = at
        seen = await self._seen(look)
        if seen.text is None:
            return
        view = await self._view(WhichRun(run), actor)
        if view is None or not view.run.open:
            return
        try:
            await self._kept("note", view, step, act, actor, seen)
        except Refused as refused:
            log.info("slack_reply_not_kept", run=run, why=refused.code)

    async def pinned(self, act: Invocation, actor: Actor, look: Look) -> None:
        """
        Keep a marked message as evidence of the step beneath which it stands, else of the current one.

        Raises:
            Refused: who marked it may not add to the run.
        """
        at = await self._at(act.channel, act.message_ts)
        if at is not None:
            return  # a message of the run's own
        view = await self._view(WhichRun("", act.channel), actor)
        if view is None or not view.run.open or view.channel != act.channel:
            return
        seen = await self._seen(look)
        if seen.text is None or not seen.pinned:
            return
        under = await self._at(act.channel, seen.thread) if seen.thread else None
        step = under[1] if under is not None and under[0] == view.run.id else ""
        await self._kept("evidence", view, step, act, actor, seen)

    async def changed(self, act: Invocation, look: Look) -> None:
        """
        Follow a message that was edited or deleted into the notes that were made of it.

        It is looked at again after the commit, as Slack tells of changes late and in any order. Where
        Slack does not say what it is now, nothing is taken for deleted.
        """
        place, follow = f"{act.channel}:{act.message_ts}", self.deps.verbs.runs.follow
        if not act.channel or not act.message_ts or not follow.kept(place):
            return
        before: Seen | None = None
        for number in range(ROUNDS):
            seen = await self._looked(look)
            if seen is None or seen == before:
                return
            words = None if seen.text is None else shortened(seen.text)
            await follow(place, words, request_id=f"{act.request_id}:follow:{number}")
            before = seen

    async def _seen(self, look: Look) -> Seen:
        """Return what a message is, nothing where Slack does not say."""
        return await self._looked(look) or Seen(None)

    async def _looked(self, look: Look) -> Seen | None:
        """Ask what a message is, again while Slack says later: it tells of each event once."""
        for _ in range(TRIES):
            try:
                return await look()
            except RetryLater as later:
                await self.deps.clock.sleep(min(later.after_s or 1.0, LONGEST_S))
            except GiveUp as no:
                log.warning("slack_message_not_seen", why=str(no))
                break
        return None

    async def _at(self, channel: str, ts: str) -> tuple[str, str] | None:
        """Return run and step that a message of ours is, None for any other message."""
        left = await self.deps.memory.left(message_key(channel, ts)) if channel and ts else None
        return None if left is None else (str(left["run"]), str(left["step"]))

    async def _view(self, which: WhichRun, actor: Actor) -> RunView | None:
        try:
            return await self.deps.verbs.runs.view(which, actor)
        except (UnknownRun, NeedsMoreWords, UnreadableRunbook):
            return None

    async def _kept(
        self, what: str, view: RunView, step: str, act: Invocation, actor: Actor, seen: Seen
    ) -> None:
        current = next((lane.step.step.id for lane in view.lanes if lane.step is not None), "")
        step = step if view.step(step) is not None else current or view.steps[-1].step.id
        await self.deps.verbs.runs.mark(
            MarkStep(
                WhichRun(view.run.id),
                "evidence" if what == "evidence" else "note",
                step,
                words=shortened(seen.text or ""),
                place=f"{act.channel}:{act.message_ts}",
                url=seen.permalink,
            ),
            actor,
            request_id=f"{act.request_id}:{what}",
        )
