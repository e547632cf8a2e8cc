"""Socket Mode: up to ten WebSockets, envelopes to any one of them, acknowledgements, refreshes."""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from json import JSONDecodeError

from starlette.websockets import WebSocket, WebSocketDisconnect

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.model import Json
from opsbot.workbench.slack.workspace import APP_ID

MOST = 10
LIFETIME_S = 3600.0
GRACE_S = 10.0
LOOK_S = 1.0


@dataclass(slots=True, eq=False)
class Link:
    """One WebSocket; a half-open one looks alive to both sides and carries nothing."""

    socket: WebSocket
    opened: float
    half_open: bool = False
    left: float | None = None
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


@dataclass(slots=True)
class Sockets:
    """Hold the app's open sockets; payloads go to them in turn."""

    desk: Desk
    links: list[Link] = field(default_factory=list)
    turn: int = 0
    by_socket: list[int] = field(default_factory=list)

    async def serve(self, socket: WebSocket) -> None:
        """Run one WebSocket from its ticket to its end."""
        if not self.desk.tickets.spend_socket(socket.query_params.get("ticket", "")):
            await socket.close(4001)
            return
        await socket.accept()
        if len(self.links) >= MOST:
            await _say(socket, {"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return
        link = Link(socket, self.desk.now())
        self.links.append(link)
        self._changed()
        try:
            await self._run(link)
        except WebSocketDisconnect:
            pass  # the client went
        finally:
            self.links.remove(link)
            for unanswered in link.waiting.values():
                unanswered.cancel()
            self._changed()

    async def send(self, kind: str, payload: Json, retry: Json) -> asyncio.Future[Json] | None:
        """
        Send an envelope to the socket whose turn it is; None where there is no socket.

        What is waited for is cancelled when that socket ends: no answer comes by another one.
        """
        ready = [link for link in self.links if link.left is None]
        if not ready:
            return None
        link = ready[self.turn % len(ready)]
        self.turn += 1
        envelope_id = secrets.token_hex(16)
        link.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        body = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **retry,
        }
        if not link.half_open:
            await _say(link.socket, body)
        return link.waiting[envelope_id]

    async def refresh(self) -> None:
        """Ask every client to come back on a new socket, as Slack does about hourly."""
        for link in [link for link in self.links if link.left is None]:
            await self._dismiss(link, "refresh_requested")

    async def close(self) -> None:
        """Close every socket."""
        for link in list(self.links):
            with suppress(WebSocketDisconnect, RuntimeError):
                await link.socket.close()

    def half_open(self, index: int = 0) -> None:
        """Let one socket look alive and carry nothing from now on."""
        healthy = [link for link in self.links if not link.half_open]
        if healthy:
            healthy[index % len(healthy)].half_open = True

    async def _run(self, link: Link) -> None:
        await _say(link.socket, self._hello())
        reading = asyncio.ensure_future(link.socket.receive_text())
        try:
            while True:
                await asyncio.wait({reading}, timeout=LOOK_S)
                if reading.done():
                    self._acknowledged(link, reading.result())
                    reading = asyncio.ensure_future(link.socket.receive_text())
                elif await self._over(link):
                    return
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _over(self, link: Link) -> bool:
        now = self.desk.now()
        if link.left is None and now - link.opened > LIFETIME_S:
            await self._dismiss(link, "refresh_requested")
        if link.left is not None and now - link.left > GRACE_S:
            await link.socket.close()
            return True
        return False

    async def _dismiss(self, link: Link, reason: str) -> None:
        link.left = self.desk.now()
        if not link.half_open:
            note = {"type": "disconnect", "reason": reason, "debug_info": {"host": "workbench"}}
            await _say(link.socket, note)

    def _acknowledged(self, link: Link, text: str) -> None:
        if link.half_open:
            return
        try:
            body = json.loads(text)
        except JSONDecodeError:
            return
        waiting = link.waiting.pop(str(body.get("envelope_id")), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(body.get("payload") or {})

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": "workbench",
                "build_number": 1,
                "approximate_connection_time": int(LIFETIME_S),
            },
        }

    def _changed(self) -> None:
        self.desk.feed.all({"kind": "bot", "bot": {"sockets": len(self.links)}})


async def _say(socket: WebSocket, body: Json) -> None:
    # A client that went away this moment loses what is said to it; its sender waits and times out.
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(json.dumps(body))
