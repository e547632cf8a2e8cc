"""An incident to its end and days beyond, with a Slack that takes nothing for an archived channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from opsbot.app.incident.requests import ActionItem, MoveIncident, OpenIncident, Which
from opsbot.app.ports import GiveUp
from opsbot.app.room.port import Channel
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.incident import Incident
from opsbot.domain.state import SETTINGS
from tests.support.incident_life import OPEN, company, incident, opened, settle
from tests.support.rooms import Rooms
from tests.support.world import MARA, Slack, World

IT = Which("INC-1")
DAY_S = 86_400.0


@dataclass
class Strict(Slack):
    """A chat that takes nothing for a channel that is archived."""

    rooms: Rooms = field(default_factory=Rooms)

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Post, or refuse as Slack does."""
        self._taking(channel, "is_archived")
        return await super().post(channel, blocks, text, key=key)

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit, or refuse as Slack does."""
        self._taking(str(handle["channel"]), "is_inactive")
        await super().update(handle, blocks, text)

    def _taking(self, channel: str, code: str) -> None:
        known = self.rooms.channels.get(channel)
        if known is not None and known.archived:
            raise GiveUp(f"that channel is archived ({code})")


async def strict_company(rooms: Rooms | None = None) -> World:
    """Return a company whose Slack is strict about archived channels."""
    made = await company()
    made.rooms = rooms or made.rooms
    made.slack = Strict(rooms=made.rooms)
    made.bot = replace(made.bot, chat=made.slack, rooms=made.rooms)
    return made


async def move(world: World, to: Status, reason: str = "", of: str = "") -> str:
    """Move it, and do the work of that."""
    key = f"m{world.store.state.position.revision}"
    request = MoveIncident(IT, to, reason, of=of)
    said = await world.bot.incidents.move(request, MARA, request_id=key)
    await settle(world)
    return said.as_text()


async def over(world: World, request: OpenIncident = OPEN) -> Incident:
    """Open it, and work on it to its end."""
    await opened(world, request)
    await move(world, "resolved", "fixed")
    await move(world, "reviewed")
    return incident(world)


async def later(world: World, days: float) -> None:
    """Let days pass, and do what is due then."""
    world.clock.later(days * DAY_S)
    await world.outbox.fire_timers()
    await settle(world)


def room(world: World) -> Channel:
    """Return its channel as Slack has it."""
    return world.rooms.channels[incident(world).room.channel]


def step(world: World) -> tuple[str, str]:
    """Return how the archiving ended."""
    one = incident(world).steps["archive"]
    return one.state, one.detail


async def settings(world: World, **changes: object) -> None:
    """Run incidents otherwise from now on."""
    record: Record = {**world.store.state.setting("incidents"), **changes}  # type: ignore[dict-item]  # settings by name
    change = Change("declare", MARA, writes=(Write(SETTINGS, "incidents", record),), rule="system")
    key = f"settings:{world.store.state.position.revision}"
    await world.store.commit(key, lambda state, now_ms: (change, None))


async def act(world: World, text: str = "tell the customers") -> None:
    """Note what is to be done, which is said in the channel."""
    key = f"a{world.store.state.position.revision}"
    await world.bot.incidents.action(ActionItem(IT, text), MARA, request_id=key)
    await settle(world)
