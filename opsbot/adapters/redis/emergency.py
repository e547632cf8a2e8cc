"""Pushes a kill past a dead bot: two commands of a kill-only credential, and a look at who heard it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.exceptions import NoPermissionError

from opsbot.adapters import fleet_records
from opsbot.adapters.redis.link import LOST, Link, call, open_link
from opsbot.domain.change import Position, Record
from opsbot.domain.containment import Containment, Watched, contain
from opsbot.domain.errors import NotAllowed, StoreLost
from opsbot.domain.fleet import Fleet
from opsbot.domain.workflow import Workflow, from_record
from opsflags.keys import WORKFLOWS, Keys
from opsflags.model import Scope


@dataclass(frozen=True, slots=True)
class Pushed:
    """The record is the *number*-th of the list. *hinted* is false where clients find it by their check-in."""

    number: int
    hinted: bool

    @property
    def name(self) -> str:
        """Return `E-n`."""
        return f"E-{self.number}"


class EmergencyLine:
    """A kill-only credential at work. It can never restore."""

    def __init__(self, link: Link, keys: Keys) -> None:
        self._link = link
        self._keys = keys

    async def push(self, record: Record) -> Pushed:
        """
        Append the record and tell clients to look.

        Raises:
            NotAllowed: the credential may not push.
            StoreLost: whether it was stored is not known.
        """
        number = int(await self._ask("RPUSH", self._keys.emergency, json.dumps(record)))
        try:
            await self._ask("PUBLISH", self._keys.emergency_channel, "")
        except (NotAllowed, StoreLost):
            return Pushed(number, hinted=False)  # a check-in a second finds it all the same
        return Pushed(number, hinted=True)

    async def workflows(self) -> dict[str, Workflow] | None:
        """Return the declared workflows; None where the credential may not read them."""
        try:
            found = await self._ask("HGETALL", self._keys.state_of(WORKFLOWS))
        except (NotAllowed, StoreLost):
            return None
        return {name: from_record(json.loads(raw)) for name, raw in found.items()}

    async def look(
        self, pushed: Pushed, scope: Scope, mode: str, workflows: dict[str, Workflow] | None
    ) -> Containment | None:
        """Return who acknowledged it; None where the credential may not see that."""
        try:
            fleet = await self._fleet()
        except (NotAllowed, StoreLost):
            return None
        watched = Watched(scope, Position(0, 0), mode, emergency=pushed.number)
        return contain(watched, fleet, workflows or {})

    async def _fleet(self) -> Fleet:
        seconds, micros = await self._ask("TIME")
        listed = await self._ask("SMEMBERS", self._keys.services)
        names, unread = fleet_records.services([str(name) for name in listed])
        written = [await self._written(name) for name in names]
        # Last: the head only grows, so nobody honest is beyond one that was read after the rest.
        emergencies = await self._ask("LLEN", self._keys.emergency)
        head = await self._ask("HMGET", self._keys.head, "epoch", "revision")
        return Fleet(
            now_ms=int(seconds) * 1000 + int(micros) // 1000,
            instances=fleet_records.instances(written),
            head=Position(*(int(number or 0) for number in head)),
            emergencies=int(emergencies),
            unread=unread,
        )

    async def _written(self, service: str) -> fleet_records.Written:
        keys = self._keys.fleet_of(service)
        registered = await self._ask("HGETALL", keys.instances)
        seen = await self._ask("ZRANGE", keys.seen, 0, -1, "WITHSCORES")
        acks = await self._ask("HGETALL", keys.acks)
        return fleet_records.Written(service, registered, _scores(seen), acks)

    async def _ask(self, *words: str | int) -> Any:
        try:
            return await call(await self._link.primary(), *words)
        except NoPermissionError as error:
            raise NotAllowed(
                f"This credential may not {words[0]}.",
                rule="the store's ACL",
                hint="Emergency kills need RPUSH on the emergency list.",
            ) from error
        except LOST as error:
            raise StoreLost(
                f"The store did not answer ({type(error).__name__}): stored is not known.",
                hint="Repeat it (a second emergency record does no harm); then the last resort.",
            ) from error


@asynccontextmanager
async def emergency_line(url: str, *, env: str) -> AsyncGenerator[EmergencyLine]:
    """Give a line to the store of *env* and close it at the end."""
    keys = Keys(env)
    async with open_link(url, slot_of=keys.head) as link:
        yield EmergencyLine(link, keys)


def _scores(seen: Any) -> list[tuple[str, float]]:
    """Undo what redis-py makes of scores: pairs, or one flat list."""
    if seen and not isinstance(seen[0], str):
        return [(str(name), float(score)) for name, score in seen]
    return [(str(n), float(s)) for n, s in zip(seen[::2], seen[1::2], strict=True)]
