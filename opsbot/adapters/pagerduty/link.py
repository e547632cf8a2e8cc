"""The way to PagerDuty: one client of each kind a process, in threads of their own, with a deadline."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import structlog

from opsbot.adapters.pagerduty.answer import NO_SUCH_SENDER, Answer, NoAnswer, settled
from opsbot.adapters.pagerduty.said import many
from opsbot.app.paging.port import PagingOff, PagingUnreachable

Kind = Literal["rest", "events"]
Params = Mapping[str, str | int | list[str]]

THREADS: Final = 4
CALL_S: Final = 25.0
"""The end of a call, in seconds: longer than any request may take, so that only a queue reaches it."""

PAGE: Final = 100
LAST: Final = 10_000
"""PagerDuty lists no further than this."""

_E_MAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")
_SENDER = re.compile(r"\bfrom\b|requester", re.IGNORECASE)
_BAD_REQUEST, _FORBIDDEN = 400, 403

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """
    One account: *key* with *sender* (an e-mail) for people, *routing_key* for machines.

    Addresses are those of a region, or of a stand-in.
    """

    key: str = field(default="", repr=False)
    sender: str = ""
    routing_key: str = field(default="", repr=False)
    url: str = "https://api.pagerduty.com"
    events_url: str = "https://events.pagerduty.com"


class Door(Protocol):
    """One client, as this module uses it."""

    def ask(self, method: str, path: str, **given: object) -> Answer:
        """
        Send one request; blocks.

        Raises:
            NoAnswer: none came.
        """
        ...

    def close(self) -> None:
        """Let its connections go."""
        ...


Make = Callable[[Account, Kind], Door]


def real(account: Account, kind: Kind) -> Door:
    """Return a client of the `pagerduty` package; blocks for the import, the first time."""
    from opsbot.adapters.pagerduty import client  # noqa: PLC0415  it costs half a second

    if kind == "rest":
        return client.rest(account.key, sender=account.sender, url=account.url)
    return client.events(account.routing_key, url=account.events_url)


class Link:
    """
    Requests in threads of their own, so that a PagerDuty that hangs starves nothing else.

    A thread cannot be cancelled: a write whose caller was cancelled may still take place.
    """

    def __init__(self, account: Account, make: Make, *, call_s: float = CALL_S) -> None:
        self.account = account
        self._make = make
        self._call_s = call_s
        self._doors: dict[Kind, Door] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "pagerduty")

    @property
    def secrets(self) -> tuple[str, str]:
        """Return what no reason may hold."""
        return self.account.key, self.account.routing_key

    async def get(self, doing: str, path: str, params: Params | None = None) -> Answer:
        """Read; return an answer that means yes. Raises as the port says."""
        return self.settled(await self.look(doing, path, params), doing)

    async def look(self, doing: str, path: str, params: Params | None = None) -> Answer:
        """
        Read; return the answer whatever its status.

        Raises:
            PagingOff: no key is set.
            PagingUnreachable: none came.
        """
        return await self._ask("rest", doing, "GET", path, params=dict(params or {}))

    async def write(
        self, doing: str, method: str, path: str, body: object, *, sender: str
    ) -> tuple[Answer, bool]:
        """
        Write in the name of *sender*, or in the bot's own where PagerDuty does not know them.

        Return the answer whatever its status, and whether it is in the name that was asked for.
        Raises as `look`.
        """
        named = bool(_E_MAIL.fullmatch(sender))
        if named and sender != self.account.sender:
            headers = {"From": sender}
            answer = await self._ask("rest", doing, method, path, json=body, headers=headers)
            if not _blames_the_sender(answer):
                return answer, True
        answer = await self._ask("rest", doing, method, path, json=body)
        return answer, not sender or sender == self.account.sender

    async def event(self, doing: str, path: str, body: object) -> None:
        """Send an event. Raises as the port says."""
        self.settled(await self._ask("events", doing, "POST", path, json=body), doing)

    async def listed(
        self, doing: str, path: str, name: str, params: Params | None = None
    ) -> list[object]:
        """Return everything that a listing holds under *name*. Raises as the port says."""
        found: list[object] = []
        while len(found) + PAGE <= LAST:
            given = {**(params or {}), "limit": PAGE, "offset": len(found)}
            said = (await self.get(doing, path, given)).said
            page = many(said, name, doing=doing)
            found += page
            more = isinstance(said, Mapping) and said.get("more") is True
            # A page that is empty and promises more would be asked for for ever.
            if not more or not page:
                return found
        log.warning("pagerduty_listing_cut", doing=doing, at=len(found))
        return found

    def settled(self, answer: Answer, doing: str) -> Answer:
        """Return an answer that means yes. Raises as the port says."""
        return settled(answer, doing, secrets=self.secrets)

    async def _ask(self, kind: Kind, doing: str, method: str, path: str, **given: object) -> Answer:
        self._needs_key(kind, doing)

        def work() -> Answer:
            return self._door(kind).ask(method, path, **given)

        try:
            async with asyncio.timeout(self._call_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except NoAnswer as why:
            raise PagingUnreachable(f"PagerDuty was not reached ({doing}): {why}.") from why
        except TimeoutError as why:
            raise PagingUnreachable(f"PagerDuty was not reached in time ({doing}).") from why

    def _needs_key(self, kind: Kind, doing: str) -> None:
        if kind == "rest" and not self.account.key:
            raise PagingOff(f"OPSBOT_PAGERDUTY_API_KEY is not set ({doing}).")
        if kind == "events" and not self.account.routing_key:
            raise PagingOff(f"OPSBOT_PAGERDUTY_ROUTING_KEY is not set ({doing}).")

    def _door(self, kind: Kind) -> Door:
        with self._lock:
            if kind not in self._doors:
                self._doors[kind] = self._make(self.account, kind)
            return self._doors[kind]

    async def close(self) -> None:
        """Wait for requests on their way, forget those that wait, and let the connections go."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for door in self._doors.values():
            door.close()


@asynccontextmanager
async def open_link(
    account: Account, *, make: Make = real, call_s: float = CALL_S
) -> AsyncGenerator[Link]:
    """Give a link; nothing is imported or connected before the first request."""
    link = Link(account, make, call_s=call_s)
    try:
        yield link
    finally:
        await link.close()


def _blames_the_sender(answer: Answer) -> bool:
    """
    Return whether somebody else's name may help: PagerDuty does not know this one, or they may not.

    What it says of an unknown sender differs between its texts; a second try in the bot's own name
    costs nothing, because the first did nothing.
    """
    if answer.status == _FORBIDDEN or answer.code in NO_SUCH_SENDER:
        return True
    return answer.status == _BAD_REQUEST and bool(_SENDER.search(answer.words))
