"""
The bot's HTTP API from a terminal: where it is, as whom, and what it answered.

On the standard library: a kill from a terminal should not wait for a client library's import.
"""

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.parse import urlencode, urlsplit

from opsbot.adapters import local_bot
from opsbot.cli.options import Asked, Refusal
from opsbot.domain.errors import Misconfigured, OpsbotError, StoreLost
from opsbot.domain.said import Said
from opsbot.web.said_json import SAID, as_said

ANSWER_S = 15.0
OK = 200
AGAIN = 2
"""How often a request is sent whose answer was lost; the same Idempotency-Key makes it one effect."""

NEVER_SENT = (ConnectionRefusedError, TimeoutError)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Unreachable(OpsbotError):
    """No bot listens there: nothing was sent."""

    code = "unreachable"


class _NoAnswer(Exception):
    """The request may have arrived."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the bot is and the token to speak with."""

    url: str
    token: str


def state_dir() -> Path:
    """Return where the local bot is looked for."""
    return Path(os.environ.get("OPSBOT_STATE_DIR") or ".opsbot")


def door(asked: Asked) -> Door:
    """
    Find the bot: `--url` or `OPSBOT_URL`, else the local one of `OPSBOT_STATE_DIR`.

    Raises:
        Misconfigured: there is none, or nobody to speak as.
    """
    url = asked.values.get("url") or os.environ.get("OPSBOT_URL", "")
    token = os.environ.get("OPSBOT_TOKEN", "")
    if url:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Misconfigured(
                f"{url} is no http:// or https:// URL.", hint="OPSBOT_URL=https://…"
            )
        return Door(url.rstrip("/"), token)
    local = local_bot.read(state_dir())
    if local is None or not local.api:
        raise Misconfigured(
            f"No bot is known: none runs in {state_dir()} and OPSBOT_URL is not set.",
            hint="Start one (`opsbot serve`, `opsbot demo`), set OPSBOT_URL and OPSBOT_TOKEN, "
            "or `opsbot kill … --redis URL` when the bot is dead.",
        )
    return Door(local.api, _speaker(asked, local, token))


def _speaker(asked: Asked, local: local_bot.Local, token: str) -> str:
    wanted = asked.values.get("as") or ("" if token else local.speaks)
    if not wanted:
        return token
    if wanted not in local.people:
        raise Misconfigured(
            f"The local bot keeps no token for `{wanted}`.",
            hint=f"It knows: {', '.join(sorted(local.people)) or 'nobody; set OPSBOT_TOKEN'}.",
        )
    return local.people[wanted]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A kill that is redirected would arrive as a GET."""

    def redirect_request(self, *_: object) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        return None


class Api:
    """The bot at one door."""

    def __init__(self, found: Door) -> None:
        self._url = found.url
        self._headers = {
            "accept": f"{SAID}, application/problem+json",
            "content-type": "application/json",
            "x-opsbot-via": "cli",
        }
        if found.token:
            self._headers["authorization"] = f"Bearer {found.token}"
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if urlsplit(found.url).hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, path: str, query: Mapping[str, str] | None = None) -> Said:
        """
        Look at something.

        Raises:
            Refusal: the bot said no, or failed.
            Unreachable: no bot listens there.
        """
        asked = f"{path}?{urlencode(query)}" if query else path
        try:
            with self._open(asked) as response:
                return self._said(response)
        except (_NoAnswer, OSError, HTTPException) as error:
            raise self._gone(error) from error

    def do(self, path: str, body: Mapping[str, object]) -> Said:
        """
        Change something, once.

        Raises:
            Refusal: the bot said no, or failed.
            Unreachable: no bot listens there; nothing was sent.
            StoreLost: it was sent and no answer came; whether it is stored is not known.
        """
        key = secrets.token_hex(16)
        for attempt in range(AGAIN):
            try:
                with self._open(path, data=json.dumps(body).encode(), key=key) as response:
                    return self._said(response)
            except Unreachable:
                if attempt == 0:
                    raise
            except (_NoAnswer, OSError, HTTPException):
                continue
        raise StoreLost(
            f"The bot at {self._url} took the request and did not answer: stored is not known.",
            hint="`opsbot status` tells; `opsbot kill … --redis URL` works past the bot.",
        )

    def raw(self, path: str) -> bytes:
        """
        Fetch what is no sentence: a picture, say.

        Raises:
            Refusal, Unreachable: as `ask`.
        """
        try:
            with self._open(path) as response:
                return response.read()
        except (_NoAnswer, OSError, HTTPException) as error:
            raise self._gone(error) from error

    def lines(self, path: str) -> Iterator[str]:
        """
        Stream lines.

        Raises:
            Refusal, Unreachable: as `ask`.
        """
        try:
            with self._open(path) as response:
                for line in response:
                    yield line.decode().rstrip("\n")
        except (_NoAnswer, OSError, HTTPException) as error:
            raise self._gone(error) from error

    @contextmanager
    def _open(
        self, path: str, *, data: bytes | None = None, key: str = ""
    ) -> Iterator[HTTPResponse]:
        headers = {**self._headers, **({"idempotency-key": key} if key else {})}
        request = urllib.request.Request(self._url + path, data=data, headers=headers)  # noqa: S310  http or https, checked at the door
        try:
            opened = self._opener.open(request, timeout=ANSWER_S)
        except urllib.error.HTTPError as error:
            with error:
                raise Refusal(_document(error.code, error.read(), self._url)) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, NEVER_SENT) or _no_such_host(error.reason):
                raise self._gone(error.reason) from error
            raise _NoAnswer from error
        with opened as response:
            yield cast("HTTPResponse", response)

    def _said(self, response: HTTPResponse) -> Said:
        raw = response.read()
        if not response.headers.get("content-type", "").startswith(SAID):
            raise Refusal(_document(response.status, raw, self._url))
        return as_said(json.loads(raw))

    def _gone(self, error: object) -> Unreachable:
        return Unreachable(
            f"The bot at {self._url} does not answer ({_why(error)}).",
            hint="Kills hold without it. `opsbot kill … --redis URL` works past a dead bot.",
        )


def _why(error: object) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said.lower() if said else type(error).__name__


def _no_such_host(reason: object) -> bool:
    return type(reason).__name__ == "gaierror"


def _document(status: int, raw: bytes, url: str) -> Mapping[str, object]:
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if isinstance(found, dict) and "title" in found:
        return found
    return {
        "code": "not_opsbot",
        "title": f"{url} answered {status}, and not as opsbot does.",
        "detail": "Look at OPSBOT_URL.",
    }


def opened(asked: Asked) -> Api:
    """
    Return the bot's API.

    Raises:
        Misconfigured: as `door`.
    """
    return Api(door(asked))
