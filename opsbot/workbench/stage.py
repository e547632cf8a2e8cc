"""What the page shows of the demo, gathered from the processes themselves, and its chaos buttons."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from opsbot.workbench.slack.ui_guard import LoopbackOnly, guarded, posted
from opsflags.model import NO_MODEL

TALKS = "support-copilot"
"""The workflow whose services talk to customers; of the others the page shows what they work on."""

PAGE = Path(__file__).parent / "page"
DOLLARS = re.compile(r"\$(\d[\d,]*)")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEEP_ALIVE_S = 15.0

Json = dict[str, Any]
Act = Callable[[Json], Awaitable[Json]]


@dataclass(slots=True)
class Chat:
    """
    One service's present conversation, as its customer reads it.

    *instead* is what the customer reads after a cut or a refusal (of an outage its name), *kill*
    the kill that a refusal named.
    """

    customer: str = ""
    answer: str = ""
    state: str = "idle"
    mode: str = "live"
    instead: str = ""
    kill: str = ""


@dataclass(slots=True)
class Stage:
    """
    The state that the page draws; every field comes from a process, none is made up here.

    *promised* adds up each dollar amount in words that reached a customer. *work* is what the coding
    agent last said of each repository. *fleet* and *kills* are the bot's own answers, None while it
    does not answer.
    """

    chats: dict[str, Chat] = field(default_factory=dict)
    work: dict[str, Json] = field(default_factory=dict)
    promised: int = 0
    services: dict[str, Json] = field(default_factory=dict)
    bot: Json = field(default_factory=dict)
    store: Json = field(default_factory=lambda: {"frozen": False})
    fleet: Json | None = None
    kills: Json | None = None
    about: Json = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _listeners: set[asyncio.Queue[Json]] = field(default_factory=set)

    def heard(self, said: Mapping[str, object]) -> None:
        """Take in one line of a service."""
        name, what = str(said["from"]), said["what"]
        if what == "started":
            self._started(name, said)
        elif what == "work":
            repository = str(said["repository"])
            work = {key: str(said[key]) for key in ("from", "state", "mode", "kill", "text")}
            self.work[repository] = work
            self.tell({"kind": "work", "repository": repository, "work": work})
        else:
            self._talked(name, what, said)

    def _started(self, name: str, said: Mapping[str, object]) -> None:
        workflow = str(said.get("workflow", TALKS))
        if workflow == TALKS:
            self.chats.setdefault(name, Chat())
        one = {"name": name, "pid": said["pid"], "frozen": False, "workflow": workflow}
        self.services[name] = one
        self.tell({"kind": "services", "services": self.services})

    def _talked(self, name: str, what: object, said: Mapping[str, object]) -> None:
        chat = self.chats.setdefault(name, Chat())
        if what == "customer":
            chat.customer, chat.answer, chat.state = str(said["text"]), "", "waiting"
            chat.instead = chat.kill = ""
        elif what == "word":
            self._word(chat, str(said["text"]))
        elif what == "mode":
            chat.mode = str(said["mode"])
        elif what == "killed":
            chat.state, chat.mode = "killed", str(said["mode"])
            chat.instead, chat.kill = str(said["text"] or ""), str(said["kill"] or "")
            self.tell({"kind": "killed", "from": name, "text": said["text"], "mode": said["mode"]})
        elif what == "outage":
            chat.state, chat.instead = "outage", str(said["text"])
        elif what == "end":
            chat.state = "end"
        self.tell({"kind": "chat", "from": name, "chat": _chat(chat), "promised": self.promised})

    def _word(self, chat: Chat, text: str) -> None:
        before = _dollars(chat.answer)
        chat.answer, chat.state = chat.answer + text, "answering"
        if chat.mode not in NO_MODEL:
            self.promised += _dollars(chat.answer) - before

    def set(self, **fields: Any) -> None:
        """Change fields and tell every open page, if anything is new."""
        for name, value in fields.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.tell({"kind": name, name: value})

    def note(self, line: str) -> None:
        """Say one thing that the demo itself did."""
        self.notes = [*self.notes[-9:], line]
        self.tell({"kind": "note", "note": line})

    def tell(self, event: Json) -> None:
        """Hand an event to every open page; one that is too slow fetches the state again."""
        for queue in list(self._listeners):
            if queue.qsize() > 2000:  # noqa: PLR2004  a page that sleeps must not grow this process
                self._listeners.discard(queue)
                queue.put_nowait({"kind": "reset"})
            else:
                queue.put_nowait(event)

    def state(self) -> Json:
        """Return everything at once."""
        return {
            "chats": {name: _chat(chat) for name, chat in self.chats.items()},
            "work": self.work,
            "promised": self.promised,
            "services": self.services,
            "bot": self.bot,
            "store": self.store,
            "fleet": self.fleet,
            "kills": self.kills,
            "about": self.about,
            "notes": self.notes,
        }

    async def events(self) -> AsyncGenerator[bytes]:
        """Yield server-sent events for one page."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield _event({"kind": "state", "state": self.state()})
            while True:
                try:
                    yield _event(await asyncio.wait_for(queue.get(), KEEP_ALIVE_S))
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._listeners.discard(queue)


def create_app(stage: Stage, act: Act, mounts: Mapping[str, Starlette]) -> Starlette:
    """
    Return the demo's one web app: the page, its events, its buttons, and what stands beside it.

    `GET /demo/events` begins with `{"kind": "state", ...}`; `POST /demo/do {"do": ...}` presses a
    button and answers `{"done": "...", ...}` or `{"error": "..."}`. Loopback names only.
    """

    async def events(request: Request) -> Response:
        return StreamingResponse(stage.events(), media_type="text/event-stream")

    async def state(request: Request) -> Response:
        return JSONResponse(stage.state())

    async def do(request: Request) -> Response:
        answer = await act(await posted(request))
        return JSONResponse(answer, status_code=400 if "error" in answer else 200)

    async def page(request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"content-security-policy": POLICY})

    return Starlette(
        routes=[
            Route("/", guarded(page)),
            Route("/demo/events", guarded(events)),
            Route("/demo/state", guarded(state)),
            Route("/demo/do", guarded(do), methods=["POST"]),
            Mount("/page", StaticFiles(directory=PAGE)),
            *(Mount(path, app) for path, app in mounts.items()),
        ],
        middleware=[Middleware(LoopbackOnly)],
    )


def _chat(chat: Chat) -> Json:
    return {
        "customer": chat.customer,
        "answer": chat.answer,
        "state": chat.state,
        "mode": chat.mode,
        "instead": chat.instead,
        "kill": chat.kill,
    }


def _dollars(text: str) -> int:
    # An amount at the very end may still be growing: it counts when the next word has begun.
    complete = text[: text.rfind(" ") + 1] if " " in text else ""
    return sum(int(amount.replace(",", "")) for amount in DOLLARS.findall(complete))


def _event(value: Json) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
