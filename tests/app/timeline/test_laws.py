"""Laws of timelines: whatever comes twice, late or in another order, the lines come to what the messages are."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.timeline.capture import Capture, Heard, Seen
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Write
from opsbot.domain.incident.incident import as_record
from opsbot.domain.state import INCIDENTS, State
from tests.support.world import MARA, SAM, World, workflow

ROOM = "C0INC"
STAMPS = ("1795230840.000100", "1795230841.000200")


@dataclass
class Message:
    """A message as Slack has it."""

    text: str | None = "one"
    pins: set[str] = field(default_factory=set)

    def now(self) -> Seen:
        """Return it as somebody who looks sees it."""
        return Seen(self.text, pinned=bool(self.pins) and self.text is not None, author="U0NEW")


ACTS = st.tuples(
    st.sampled_from(("pin", "unpin", "edit", "delete")),
    st.integers(0, 1),
    st.sampled_from(("U0ONCALL", "U0SUPPORT")),
)


async def company() -> World:
    """Return a company with an incident that has a channel."""
    world = World()
    await world.declare(workflow("support-copilot", tier=1))
    open_ = OpenIncident("wrong", workflow="support-copilot")
    await world.bot.incidents.open(open_, MARA, request_id="o")

    def roomed(state: State, now_ms: int) -> tuple[Change, None]:
        record = dict(as_record(state.incident("INC-1")))
        record["room"] = {"channel": ROOM, "name": "inc-1", "own": True, "adopted": False}
        return Change("incident_step", SCHEDULER, (Write(INCIDENTS, "INC-1", record),)), None

    await world.store.commit("room", roomed)
    return world


def done(message: Message, act: str, who: str, number: int) -> bool:
    """Do one thing to a message, as far as it can be done; return whether Slack tells of it."""
    if message.text is None:
        return False
    if act == "pin":
        message.pins.add(who)
    elif act == "unpin":
        if who not in message.pins:
            return False
        message.pins.discard(who)
    elif act == "edit":
        message.text = f"edit {number}"
    else:
        message.text = None
    return True


async def lived(acts: list[tuple[str, int, str]], order: list[int]) -> tuple[World, list[Message]]:
    """Let the acts happen, and tell of them in another order, each as often as it is named."""
    world, messages = await company(), [Message(), Message()]
    told = []
    for number, (act, which, who) in enumerate(acts):
        if done(messages[which], act, who, number):
            told.append((which, act == "pin", who))
    shuffled = [told[index % len(told)] for index in order] if told else []
    for number, (which, pinned, who) in enumerate([*shuffled, *told]):
        heard = Heard(ROOM, STAMPS[which], pinned=pinned)

        async def look(message: Message = messages[which]) -> Seen:
            return message.now()

        actor = MARA if who == MARA.id else SAM
        await Capture(world.env)(heard, look, actor, request_id=f"e{number}")
    return world, messages


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=10), st.lists(st.integers(0, 30), max_size=12))
def test_lines_come_to_what_the_messages_are(
    acts: list[tuple[str, int, str]], order: list[int]
) -> None:
    world, messages = asyncio.run(lived(acts, order))

    notes = world.store.state.notes("INC-1")
    for message, stamp in zip(messages, STAMPS, strict=True):
        mine = [one for one in notes if one.place == f"{ROOM}:{stamp}"]
        assert len(mine) <= 1, "one message is one line"
        assert [one for one in mine if one.stands] == (mine if message.now().pinned else [])
        if message.now().pinned:
            assert len(mine) == 1
            (text,) = asyncio.run(world.env.unsealed(mine[0].text))
            assert text == message.text


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_the_same_notes_in_any_order_are_the_same_lines(order: list[int]) -> None:
    async def kept() -> list[tuple[int, str]]:
        world = await company()
        for number, which in enumerate([*order, *range(5)]):
            heard = Heard(ROOM, f"179523084{which}.000000", pinned=True)

            async def look(which: int = which) -> Seen:
                return Seen(f"message {which}", pinned=True, author="U0NEW")

            await Capture(world.env)(heard, look, MARA, request_id=f"e{number}")
        notes = world.store.state.notes("INC-1")
        texts = await world.env.unsealed(*(one.text for one in notes))
        return [(one.at_ms, text) for one, text in zip(notes, texts, strict=True)]

    found = asyncio.run(kept())

    assert found == [(1_795_230_840_000 + n * 1000, f"message {n}") for n in range(5)]
