"""Listeners of timelines: the shortcut *Add to timeline*, the :pushpin: reaction, messages that change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp

from opsbot.app.error_words import of_error
from opsbot.app.incident.requests import TimelineNote, Which
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.timeline.capture import Heard, Seen, moment_of
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import Gone, NeedsMoreWords, Refused, StaleButton
from opsbot.domain.said import Said
from opsbot.slack.asking import SlackRefused, asked
from opsbot.slack.blocks import fallback
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Entry, Need, Run
from opsbot.slack.ids import Field, Modal
from opsbot.slack.inbound import Invocation
from opsbot.slack.incident.message import link_of
from opsbot.slack.outlet import Reply, Show
from opsbot.slack.runbook.capture import RunbookCapture, is_reply
from opsbot.slack.typed import tokens
from opsbot.slack.views import View, form, select, typed_input

log = structlog.get_logger(__name__)

PIN: Final = "pushpin"
DONE: Final = "white_check_mark"
"""The bot's answer to a reaction is a reaction: nobody is notified, and everybody sees it."""

NO_WORDS: Final = "(a message without words)"
FOLLOWED: Final = frozenset({"message_changed", "message_deleted"})
TRIES: Final = 4
LONGEST_S: Final = 30.0
"""How often a message is asked for while Slack says later, and the longest wait between, in seconds."""

KEPT_S: Final = 15 * 60.0
OPTIONS: Final = 100


@dataclass(frozen=True, slots=True)
class TimelineListeners:
    """What people may do with a message in Slack, for a timeline."""

    deps: Deps

    async def from_message(self, act: Invocation, actor: Actor) -> Reply:
        """
        Add a message to the timeline of its channel's incident, or of the only open one.

        Where several are open and none is meant by the place, it is asked which.
        """
        text = tokens.utf8(tokens.plain(act.message_text)).strip() or NO_WORDS
        note = TimelineNote(
            Which("", act.channel),
            text,
            at_ms=moment_of(act.message_ts),
            author=act.message_user,
            place=f"{act.channel}:{act.message_ts}" if act.channel and act.message_ts else "",
            permalink=await link_of(self.deps.client, act),
            source="shortcut",
        )
        try:
            return await self._noted(note, act, actor)
        except NeedsMoreWords as several:
            return await self._which(note, act, actor, several)

    async def chosen(self, act: Invocation, actor: Actor) -> Reply:
        """
        Take which incident is meant.

        Raises:
            StaleButton: it was asked too long ago.
        """
        kept = await self.deps.memory.left(act.metadata) if _ours(act.metadata) else None
        which = act.fields.get(Field.INCIDENT, "")
        if kept is None or not which:
            raise StaleButton(
                "That question is over; nothing was noted.", hint="Use the shortcut again."
            )
        return await self._noted(replace(_note(kept), which=Which(which)), act, actor)

    async def pinned(self, act: Invocation, actor: Actor) -> Reply:
        """Take a message that was marked; a refusal is told to whoever marked it, and to nobody else."""
        try:
            await self._captured(act, actor, pinned=True)
            await RunbookCapture(self.deps).pinned(act, actor, lambda: self._seen(act))
        except Refused as refused:
            await self._whisper(act, of_error(refused))
        return None

    async def heard(self, act: Invocation, actor: Actor) -> Reply:
        """Take what was written in a thread of a run, and follow what changed in any other message."""
        if not act.thread_ts:
            return await self.changed(act, actor)
        await RunbookCapture(self.deps).replied(act, actor, lambda: self._seen(act))
        return None

    async def changed(self, act: Invocation, actor: Actor) -> Reply:
        """Follow a message that was edited or deleted, or whose mark was taken off."""
        await self._captured(act, actor, pinned=False)
        await RunbookCapture(self.deps).changed(act, lambda: self._seen(act))
        return None

    async def _captured(self, act: Invocation, actor: Actor, *, pinned: bool) -> None:
        if not act.channel or not act.message_ts:
            return
        heard = Heard(act.channel, act.message_ts, pinned=pinned)
        for attempt in range(1, TRIES + 1):
            try:
                stands = await self.deps.verbs.incidents.capture(
                    heard,
                    lambda: self._seen(act),
                    actor,
                    request_id=f"{act.request_id}:{attempt}",
                )
            except RetryLater as later:
                # Slack was told that the event arrived, and does not tell it again.
                if attempt == TRIES:
                    raise
                await self.deps.clock.sleep(min(later.after_s or 1.0, LONGEST_S))
            else:
                if stands is not None:
                    await self._mark(act, stands=stands)
                return

    async def _seen(self, act: Invocation) -> Seen:
        """Ask Slack what a message is now. Raises RetryLater, GiveUp: Slack does not say."""
        client = self.deps.client
        try:
            answer = await asked(
                client.reactions_get(channel=act.channel, timestamp=act.message_ts, full=True)
            )
        except Gone:
            return Seen(None)
        message: Mapping[str, Any] = answer.get("message") or {}
        names = {str(one.get("name")) for one in message.get("reactions") or []}
        text = tokens.utf8(tokens.plain(str(message.get("text") or ""))).strip()
        return Seen(
            text or NO_WORDS,
            pinned=PIN in names,
            author=str(message.get("user") or message.get("bot_id") or ""),
            permalink=str(message.get("permalink") or ""),
            thread=str(message.get("thread_ts") or ""),
        )

    async def _mark(self, act: Invocation, *, stands: bool) -> None:
        """Put our mark on a message that is in the timeline, and take it off one that is not."""
        client = self.deps.client
        call = client.reactions_add if stands else client.reactions_remove
        try:
            await asked(call(channel=act.channel, timestamp=act.message_ts, name=DONE))
        except Gone:
            return
        except SlackRefused as refused:
            if refused.code not in ("already_reacted", "no_reaction"):
                log.warning("slack_mark_refused", error=refused.code)
        except (RetryLater, GiveUp) as error:
            log.warning("slack_mark_lost", error=repr(error))

    async def _whisper(self, act: Invocation, said: Said) -> None:
        text = fallback(said.spelled(self.deps.spell))
        try:
            await asked(
                self.deps.client.chat_postEphemeral(channel=act.channel, user=act.user, text=text)
            )
        except (RetryLater, GiveUp, Gone) as error:
            log.warning("slack_answer_lost", act=act.name, error=repr(error))

    async def _noted(self, note: TimelineNote, act: Invocation, actor: Actor) -> Said:
        return await self.deps.verbs.incidents.note(note, actor, request_id=act.request_id)

    async def _which(
        self, note: TimelineNote, act: Invocation, actor: Actor, several: NeedsMoreWords
    ) -> Reply:
        listed = (await self.deps.verbs.incidents.list(actor)).body.get("incidents")
        names = [_name(one) for one in listed] if isinstance(listed, (list, tuple)) else []
        if not any(names):
            raise several
        key = f"timeline:{act.request_id}"
        await self.deps.memory.leave(key, _kept(note), ttl_s=KEPT_S)
        return Show(which_modal([name for name in names if name][:OPTIONS], key), of_error(several))


def which_modal(names: list[str], key: str) -> View:
    """Return the question which of the open incidents is meant."""
    block = typed_input(Field.INCIDENT, "Which incident?", select(names, names[0]))
    return form(Modal.TIMELINE, "Add to timeline", [block], submit="Add", key=key)


def listen_for_captures(
    bolt: AsyncApp, entry: Entry, on: TimelineListeners
) -> tuple[tuple[str, Need, Run], ...]:
    """
    Listen to reactions and to changed messages; return what is listened to.

    Everything else that these events bring is acknowledged and not looked into: what people write to
    each other, and every other reaction.
    """
    heard: tuple[tuple[str, Need, Run], ...] = (
        ("reaction_added", Need.GUARD, on.pinned),
        ("reaction_removed", Need.LOOK, on.changed),
        ("message", Need.LOOK, on.heard),
    )
    for name, need, run in heard:
        bolt.event(name)(_only_ours(entry, need, run))
    return heard


def _only_ours(entry: Entry, need: Need, run: Run) -> Any:
    async def listen(body: dict[str, Any], ack: Any) -> None:
        if matters(body.get("event") or {}):
            await entry.handle(body, ack, need, run)
        else:
            await ack()

    return listen


def matters(event: Mapping[str, Any]) -> bool:
    """Return whether an event can be about a line of a timeline, or about a step of a run."""
    if event.get("type") == "message":
        return event.get("subtype") in FOLLOWED or is_reply(event)
    return event.get("reaction") == PIN


def _ours(key: str) -> bool:
    return key.startswith("timeline:slack:")


def _kept(note: TimelineNote) -> Record:
    kept: dict[str, Json] = {
        "text": note.text,
        "at_ms": note.at_ms,
        "author": note.author,
        "place": note.place,
        "permalink": note.permalink,
    }
    return kept


def _note(kept: Record) -> TimelineNote:
    at_ms = kept.get("at_ms")
    return TimelineNote(
        Which(),
        str(kept.get("text") or ""),
        at_ms=at_ms if isinstance(at_ms, int) else None,
        author=str(kept.get("author") or ""),
        place=str(kept.get("place") or ""),
        permalink=str(kept.get("permalink") or ""),
        source="shortcut",
    )


def _name(body: Json) -> str:
    return str(body.get("incident") or "") if isinstance(body, Mapping) else ""
