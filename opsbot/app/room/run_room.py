"""A run in Slack: its card, edited in place, and the current step of each lane, always the newest message."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.environment import Environment
from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Chat, Delivery, GiveUp, Handler, Outbox, Render, RetryLater
from opsbot.app.room.message import EDIT_S, Standing, fingerprint
from opsbot.app.room.port import Rooms
from opsbot.app.room.run_card_words import card_said, hidden_said, moved_said, unread_said
from opsbot.app.room.run_file import RunFile
from opsbot.app.room.run_place import Message, RunPlace, room_comes, run_place, told_directly
from opsbot.app.room.run_step_words import Around, ended_said, step_said
from opsbot.app.room.step import WAIT_S, WAITS, patient
from opsbot.app.runs.effects import CARD, FILE
from opsbot.app.runs.read import Reader
from opsbot.app.runs.view import LaneView, RunView
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import Gone, StoreLost, UnknownRun, UnreadableRunbook
from opsbot.domain.run import Run
from opsbot.domain.runbook import LANES, LaneName
from opsbot.domain.said import Said

MINE: Final = "run-room"
KEPT_S: Final = 30 * 86_400.0
HIDDEN: Final = "hidden"
"""Instead of the fingerprint of a message that was taken back."""


def card_key(run: Run) -> str:
    """Return the key that its card is left under."""
    return f"run-card:{run.uid}"


def step_key(run: Run, lane: LaneName) -> str:
    """Return the key that a lane's current step is left under."""
    return f"run-step:{run.uid}:{lane}"


def message_key(channel: str, ts: str) -> str:
    """Return the key under which it is remembered which step of which run a message is."""
    return f"run-message:{channel}:{ts}"


@dataclass(frozen=True, slots=True)
class _Work:
    """One turn at the messages of a run: everything that they are made of."""

    run: Run
    view: RunView
    at: RunPlace
    card: Record
    around: Around


@dataclass(frozen=True, slots=True)
class RunRoom:
    """
    The effect handlers `run_card` and `run_file`.

    *home* is the channel that is used where neither a workflow nor the settings name one.
    """

    env: Environment
    reader: Reader
    chat: Chat
    rooms: Rooms
    outbox: Outbox
    render: Render
    home: str = ""
    _alone: OneAtATime = field(init=False)
    _standing: Standing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alone", OneAtATime(self.outbox))
        object.__setattr__(self, "_standing", Standing(self.chat, self.outbox, self.render))

    def handlers(self) -> Mapping[str, Handler]:
        """Return what the outbox worker calls, by kind of effect."""
        return {CARD: self.keep, FILE: self._file}

    @property
    def _file(self) -> RunFile:
        return RunFile(self.env, self.reader, self.chat, self.outbox, card_key)

    async def keep(self, delivery: Delivery) -> None:
        """
        Bring every message of a run up to date; what an older effect comes too late for is so already.

        Raises:
            RetryLater: for some of it, after the rest was done. GiveUp: there is nowhere to say it.
            StoreLost: it is delivered again.
        """
        state = await self.env.store.refresh()
        try:
            run = state.run(str(delivery.effect.body["run"]))
        except UnknownRun:
            return
        await self._turn(run, delivery.attempt)

    def after(self, card: Handler) -> Handler:
        """Return the handler of an incident's card that takes its runs along when it moves."""

        async def both(delivery: Delivery) -> None:
            await card(delivery)
            await self.follow(delivery)

        return both

    async def follow(self, delivery: Delivery) -> None:
        """Take the runs of an incident to where it goes on now. Raises as `keep`."""
        state = await self.env.store.refresh()
        mine = str(delivery.effect.body["incident"])
        for run in state.open_runs():
            if run.incident == mine and await self.outbox.left(card_key(run)) is not None:
                await self._turn(run, delivery.attempt)

    async def _turn(self, run: Run, attempt: int) -> None:
        try:
            async with self._alone.on(f"{MINE}:{run.uid}", again_s=EDIT_S):
                await self._kept(self.env.store.state.run(run.id), attempt)
        except RetryLater as later:
            raise patient(later, attempt) from later

    async def _kept(self, run: Run, attempt: int) -> None:
        state = self.env.store.state
        at = run_place(state, run, self.home)
        if at.hidden:
            await self._hide(run)
            if not at.person:
                return
        if room_comes(state, run) and attempt <= WAITS:
            raise RetryLater("the channel comes first", after_s=WAIT_S)
        try:
            view = await self.reader.view(run)
        except UnreadableRunbook as no:
            await self._unread(run, at, str(no))
            return
        left = await self._standing.where(card_key(run))
        first = left is None or left.get("print") == HIDDEN
        card = await self._card(run, view, at) if first else await self._where(run)
        if first:
            await self._marked(card, run, "")
        work = _Work(run, view, at, card, await self._around())
        later = await self._lanes(work)
        if not first:
            await self._card(run, view, at)
            await self._file.follow(run, attempt)
        if later is not None:
            raise later

    async def _where(self, run: Run) -> Record:
        left = await self._standing.where(card_key(run))
        assert left is not None, run.id
        return left

    async def _around(self) -> Around:
        try:
            return Around((await self.env.fleets.look()).alive_by_workflow())
        except StoreLost:
            return Around()

    async def _card(self, run: Run, view: RunView, at: RunPlace) -> Record:
        """Post the card or bring it up to date. Raises RetryLater, GiveUp."""

        async def make() -> Said:
            return card_said(view)

        key, left = card_key(run), await self._standing.where(card_key(run))
        direct = left is not None and (not at.channel or left.get("direct"))
        if left is not None and direct and left.get("print") != HIDDEN:
            return await self._standing.put(key, str(left["channel"]), make)
        if at.channel:
            moved = None if left is None else moved_said(view)
            try:
                return await self._standing.put(key, at.channel, make, moved=moved)
            except GiveUp:
                if left is not None or not at.person:
                    raise
        message = self.render(await make())
        post_key = key if left is None else f"{key}:direct"
        sent = await told_directly(self.chat, at.person, message, post_key)
        place: Record = {"channel": sent["channel"], "ts": sent["ts"], "direct": True}
        await self.outbox.leave(key, {**place, "print": fingerprint(*message)})
        return place

    async def _unread(self, run: Run, at: RunPlace, why: str) -> None:
        async def make() -> Said:
            return unread_said(run, why)

        left = await self._standing.where(card_key(run))
        channel = at.channel if left is None else str(left["channel"])
        if channel:
            await self._standing.put(card_key(run), channel, make)

    async def _lanes(self, work: _Work) -> RetryLater | None:
        """Do every lane; what has to wait keeps no other one from its turn."""
        later: RetryLater | None = None
        for lane in work.view.lanes:
            try:
                await self._lane(work, lane)
            except RetryLater as again:
                later = again
        return later

    async def _lane(self, work: _Work, lane: LaneView) -> None:
        key = step_key(work.run, lane.name)
        left = await self.outbox.left(key)
        now = lane.step.step.id if lane.step is not None and work.run.open else ""
        if left is not None and left["step"] == now and self._stands(left, work):
            if now:
                left = await self._edited(key, left, work, lane)
        elif now:
            left = await self._posted(key, left, work, lane)
        elif left is not None:
            left = {**left, "step": "", "olds": [*_olds(left), *_message(left)], "print": ""}
            await self.outbox.leave(key, left)
        if left is not None and _olds(left):
            await self._collapsed(key, left, work.view)

    def _stands(self, left: Record, work: _Work) -> bool:
        return not left["step"] or left["channel"] == work.card["channel"]

    async def _posted(self, key: str, left: Record | None, work: _Work, lane: LaneView) -> Record:
        """Post a step as the newest message; where it is posted again it has a number of its own."""
        assert lane.step is not None
        visit = _visit(left) + 1
        message = self.render(step_said(work.view, lane, work.around))
        sent = await self._sent(work, message, f"{key}:{visit}")
        olds: list[Json] = [] if left is None else [*_olds(left), *_message(left)]
        now: dict[str, Json] = {
            "channel": sent["channel"],
            "ts": sent["ts"],
            "step": lane.step.step.id,
            "visit": visit,
            "print": fingerprint(*message),
            "olds": olds,
        }
        await self._marked(now, work.run, lane.step.step.id)
        await self.outbox.leave(key, now)
        return now

    async def _marked(self, place: Record, run: Run, step: str) -> None:
        """Remember which step a message is, for what people write beneath it."""
        found = {"run": run.id, "step": step}
        await self.outbox.leave(
            message_key(str(place["channel"]), str(place["ts"])), found, ttl_s=KEPT_S
        )

    async def _sent(self, work: _Work, message: Message, key: str) -> Record:
        if not work.at.threaded or work.card.get("direct"):
            return await self.chat.post(str(work.card["channel"]), *message, key=key)
        try:
            return await self.rooms.reply(work.card, *message, key=key)
        except Gone as gone:
            await self._standing.forget(card_key(work.run))
            raise RetryLater("the card was deleted, and is posted anew", after_s=WAIT_S) from gone

    async def _edited(self, key: str, left: Record, work: _Work, lane: LaneView) -> Record:
        message = self.render(step_said(work.view, lane, work.around))
        print_ = fingerprint(*message)
        if left.get("print") == print_:
            return left
        if not await self.outbox.once(f"edit:{key}", ttl_s=EDIT_S):
            raise RetryLater("the step was edited just now", after_s=EDIT_S)
        try:
            await self.chat.update(left, *message)
        except Gone:
            return await self._posted(key, {**left, "ts": ""}, work, lane)
        now: Record = {**left, "print": print_}
        await self.outbox.leave(key, now)
        return now

    async def _collapsed(self, key: str, left: Record, view: RunView) -> None:
        """Leave one line of each step that is not current any more; nobody needs one that is gone."""
        for old in _olds(left):
            assert isinstance(old, Mapping)
            elsewhere = old["channel"] != left["channel"]
            again = elsewhere and (view.private or old["step"] == left["step"])
            said = moved_said(view) if again else ended_said(view, str(old["step"]))
            with contextlib.suppress(Gone, GiveUp):
                await self.chat.update(old, *self.render(said))
        await self.outbox.leave(key, {**left, "olds": []})

    async def _hide(self, run: Run) -> None:
        """Take back what stands where others read it."""
        message = self.render(hidden_said(run.id))
        for key in (card_key(run), *(step_key(run, lane) for lane in LANES)):
            left = await self.outbox.left(key)
            if left is None or left.get("print") == HIDDEN or str(left["channel"]).startswith("D"):
                continue
            with contextlib.suppress(Gone, GiveUp):
                if left.get("ts"):
                    await self.chat.update(left, *message)
            await self.outbox.leave(key, {**left, "step": "", "olds": [], "print": HIDDEN})


def _visit(left: Record | None) -> int:
    visit = None if left is None else left.get("visit")
    return visit if isinstance(visit, int) else 0


def _olds(left: Record) -> list[Json]:
    olds = left.get("olds")
    return list(olds) if isinstance(olds, (list, tuple)) else []


def _message(left: Record) -> list[Json]:
    """Return the message that a lane has now, none where it has none."""
    if not left.get("ts") or not left["step"]:
        return []
    return [{"channel": left["channel"], "ts": left["ts"], "step": left["step"]}]
