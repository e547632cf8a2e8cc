"""Every way to call a model through the guard, behind one face: colour x library x client or SDK."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar

import anthropic
import openai

import opsflags.httpx as guard
from opsbot.workbench.model_stub import parse_events
from opsflags.workflow import Workflow

T = TypeVar("T")

MESSAGES = [{"role": "user", "content": "Where is my refund?"}]
PATIENCE_S = 15


class Killed(Exception):
    """The caller saw a kill: *code* as the SDK shows it."""

    def __init__(self, code: object, kill: object) -> None:
        super().__init__(code)
        self.code = code
        self.kill = kill


class Caller:
    """One way to call. *attempts* counts the requests that left the SDK, retries included."""

    name: ClassVar[str]

    def __init__(self, handle: Workflow, url: str) -> None:
        self.attempts = 0
        self.url = url
        self.make(handle)

    def make(self, handle: Workflow) -> None:
        """Build the client under test."""
        raise NotImplementedError

    def ask(self, tools: list[str] | None = None) -> str:
        """Return the unstreamed answer's text; a tool call reads `call:<tool>`."""
        raise NotImplementedError

    def stream(self, on_piece: Callable[[], None]) -> None:
        """Read a streamed answer to its end, calling *on_piece* for each event."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the client."""
        raise NotImplementedError

    def count(self, request: object) -> None:
        """Count one attempt: an event hook of the client."""
        self.attempts += 1

    async def count_async(self, request: object) -> None:
        """Do what `count` does, for asynchronous clients."""
        self.attempts += 1

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* on this caller's own loop."""
        return self.loop.run_until_complete(asyncio.wait_for(work, PATIENCE_S))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the caller's loop, made on first use."""
        if not hasattr(self, "_loop"):
            self._loop = asyncio.new_event_loop()
        return self._loop


def killed_by(error: dict[str, Any]) -> Killed:
    """Return what a raw caller makes of the error object."""
    return Killed(error["code"], error["kill"])


class Raw(Caller):
    """The library's own client."""

    library: ClassVar[str]

    def make(self, handle: Workflow) -> None:
        self.client = guard.client(
            handle, library=self.library, event_hooks={"request": [self.count]}
        )

    def ask(self, tools: list[str] | None = None) -> str:
        return self.read(self.client.post(self.target, json=self.body(tools)))

    def stream(self, on_piece: Callable[[], None]) -> None:
        body = {**self.body(None), "stream": True}
        with self.client.stream("POST", self.target, json=body) as response:
            for line in response.iter_lines():
                self.line(line, on_piece)

    def close(self) -> None:
        self.client.close()

    @property
    def target(self) -> str:
        """Return the URL of the chat API."""
        return f"{self.url}/v1/chat/completions"

    def body(self, tools: list[str] | None) -> dict[str, Any]:
        """Return a chat request."""
        return {"model": "gpt-5.2", "messages": MESSAGES, **chat_tools(tools)}

    def read(self, response: Any) -> str:
        """Return the text of a chat answer."""
        data = response.json()
        if response.status_code != 200:
            assert response.headers["x-should-retry"] == "false"
            raise killed_by(data["error"])
        message = data["choices"][0]["message"]
        calls = message.get("tool_calls")
        return f"call:{calls[0]['function']['name']}" if calls else message["content"]

    def line(self, line: str, on_piece: Callable[[], None]) -> None:
        """Take one line of a stream."""
        for event in parse_events(line.encode()):
            if "error" in event:
                raise killed_by(event["error"])  # type: ignore[arg-type]  # read from the wire
            on_piece()


class AsyncRaw(Raw):
    """The library's own asynchronous client."""

    def make(self, handle: Workflow) -> None:
        self.client = guard.async_client(
            handle, library=self.library, event_hooks={"request": [self.count_async]}
        )

    def ask(self, tools: list[str] | None = None) -> str:
        return self.read(self.run(self.client.post(self.target, json=self.body(tools))))

    def stream(self, on_piece: Callable[[], None]) -> None:
        self.run(self._stream(on_piece))

    async def _stream(self, on_piece: Callable[[], None]) -> None:
        body = {**self.body(None), "stream": True}
        async with self.client.stream("POST", self.target, json=body) as response:
            async for line in response.aiter_lines():
                self.line(line, on_piece)

    def close(self) -> None:
        self.run(self.client.aclose())
        self.loop.close()


class OpenAI(Caller):
    """The OpenAI SDK."""

    library: ClassVar[str]

    def make(self, handle: Workflow) -> None:
        http_client = guard.client(
            handle, library=self.library, event_hooks={"request": [self.count]}
        )
        self.sdk: Any = openai.OpenAI(
            api_key="x", base_url=f"{self.url}/v1", http_client=http_client
        )

    def ask(self, tools: list[str] | None = None) -> str:
        return self.told(self.create, tools)

    def create(self, tools: list[str] | None) -> Any:
        """Make one unstreamed call."""
        return self.sdk.chat.completions.create(
            model="gpt-5.2", messages=MESSAGES, **chat_tools(tools)
        )

    def told(self, create: Callable[[list[str] | None], Any], tools: list[str] | None) -> str:
        """Return the text of the answer that *create* gets."""
        try:
            message = create(tools).choices[0].message
        except openai.APIError as error:
            raise seen(error) from error
        calls = message.tool_calls
        return f"call:{calls[0].function.name}" if calls else message.content or ""

    def stream(self, on_piece: Callable[[], None]) -> None:
        try:
            for _ in self.sdk.chat.completions.create(
                model="gpt-5.2", messages=MESSAGES, stream=True
            ):
                on_piece()
        except openai.APIError as error:
            raise seen(error) from error

    def close(self) -> None:
        self.sdk.close()


class AsyncOpenAI(OpenAI):
    """The asynchronous OpenAI SDK."""

    def make(self, handle: Workflow) -> None:
        http_client = guard.async_client(
            handle, library=self.library, event_hooks={"request": [self.count_async]}
        )
        self.sdk = openai.AsyncOpenAI(
            api_key="x", base_url=f"{self.url}/v1", http_client=http_client
        )

    def create(self, tools: list[str] | None) -> Any:
        return self.run(super().create(tools))

    def stream(self, on_piece: Callable[[], None]) -> None:
        self.run(self._stream(on_piece))

    async def _stream(self, on_piece: Callable[[], None]) -> None:
        try:
            stream = await self.sdk.chat.completions.create(
                model="gpt-5.2", messages=MESSAGES, stream=True
            )
            async for _ in stream:
                on_piece()
        except openai.APIError as error:
            raise seen(error) from error

    def close(self) -> None:
        self.run(self.sdk.close())
        self.loop.close()


class Anthropic(Caller):
    """The Anthropic SDK, which takes `httpx2` clients only."""

    def make(self, handle: Workflow) -> None:
        http_client = guard.client(handle, provider="openai", event_hooks={"request": [self.count]})
        self.sdk: Any = anthropic.Anthropic(api_key="x", base_url=self.url, http_client=http_client)

    def ask(self, tools: list[str] | None = None) -> str:
        try:
            block = self.create(tools).content[0]
        except anthropic.APIStatusError as error:
            raise seen_anthropic(error) from error
        return f"call:{block.name}" if block.type == "tool_use" else block.text

    def create(self, tools: list[str] | None) -> Any:
        """Make one unstreamed call."""
        named = [{"name": name, "input_schema": {"type": "object"}} for name in tools or []]
        chosen = {"tools": named} if named else {}
        return self.sdk.messages.create(model="gpt-5.2", messages=MESSAGES, max_tokens=50, **chosen)

    def stream(self, on_piece: Callable[[], None]) -> None:
        try:
            for _ in self.sdk.messages.create(
                model="gpt-5.2", messages=MESSAGES, max_tokens=50, stream=True
            ):
                on_piece()
        except anthropic.APIStatusError as error:
            raise seen_anthropic(error) from error

    def close(self) -> None:
        self.sdk.close()


class AsyncAnthropic(Anthropic):
    """The asynchronous Anthropic SDK."""

    def make(self, handle: Workflow) -> None:
        http_client = guard.async_client(
            handle, provider="openai", event_hooks={"request": [self.count_async]}
        )
        self.sdk = anthropic.AsyncAnthropic(api_key="x", base_url=self.url, http_client=http_client)

    def create(self, tools: list[str] | None) -> Any:
        return self.run(super().create(tools))

    def stream(self, on_piece: Callable[[], None]) -> None:
        self.run(self._stream(on_piece))

    async def _stream(self, on_piece: Callable[[], None]) -> None:
        try:
            stream = await self.sdk.messages.create(
                model="gpt-5.2", messages=MESSAGES, max_tokens=50, stream=True
            )
            async for _ in stream:
                on_piece()
        except anthropic.APIStatusError as error:
            raise seen_anthropic(error) from error

    def close(self) -> None:
        self.run(self.sdk.close())
        self.loop.close()


def chat_tools(names: list[str] | None) -> dict[str, Any]:
    """Return the `tools` of a chat request, or nothing."""
    if not names:
        return {}
    return {"tools": [{"type": "function", "function": {"name": name}} for name in names]}


def seen(error: openai.APIError) -> Killed:
    """Return what the OpenAI SDK shows of a kill."""
    body = error.body if isinstance(error.body, dict) else {}
    return Killed(error.code, body.get("kill"))


def seen_anthropic(error: anthropic.APIStatusError) -> Killed:
    """Return what the Anthropic SDK shows of a kill."""
    body = error.body if isinstance(error.body, dict) else json.loads(str(error.body))
    shown: object = error.type
    return Killed(shown, body["error"]["kill"])


def of(base: type[Caller], library: str) -> type[Caller]:
    """Return *base* on one library."""
    name = f"{base.__name__}-{library}"
    return type(base.__name__, (base,), {"library": library, "name": name})


CALLERS = [
    of(base, library)
    for base in (Raw, AsyncRaw, OpenAI, AsyncOpenAI)
    for library in ("httpx", "httpx2")
] + [of(base, "httpx2") for base in (Anthropic, AsyncAnthropic)]


def aside(work: Callable[[], object]) -> "threading.Thread":
    """Do *work* in a thread, which the test joins with a deadline."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
