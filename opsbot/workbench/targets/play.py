"""Play somebody else's server: key, rate, faults, then the route; every call is kept."""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from random import Random
from typing import Any, Final, Literal, TypeAlias, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.limits import Limit
from opsbot.workbench.slack.web_api import gone, hang_up

Json: TypeAlias = dict[str, Any]
Kind = Literal["429", "500", "500_after", "timeout", "timeout_after", "cut", "cut_after"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What goes wrong; those with `_after` go wrong when everything was done already."""

LOST_S: Final = 1
"""What a 429 asks to wait, in seconds."""


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


@dataclass(slots=True)
class Faults:
    """What goes wrong from now on; *down*: every call is cut."""

    down: bool = False
    routes: dict[str, deque[Kind]] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311  no secret
    _chances: dict[Kind, float] = field(default_factory=dict)

    def fail(self, route: str, kind: Kind, *, times: int = 1) -> None:
        """Let the next *times* calls of a route (`POST /x/{id}`, or `*`) go wrong."""
        if kind not in KINDS:
            raise ValueError(f"one of {', '.join(KINDS)}")
        self.routes.setdefault(route, deque()).extend([kind] * times)

    def chaos(self, chances: Mapping[Kind, float], seed: int = 1) -> None:
        """Let any call go wrong by chance, from a seed."""
        self._chances = dict(chances)
        self.random.seed(seed)

    def next_for(self, route: str) -> Kind | None:
        """Take the fault that the present call meets."""
        if self.down:
            return "cut"
        for key in (route, "*"):
            if self.routes.get(key):
                return self.routes[key].popleft()
        drawn = self.random.random() if self._chances else 1.0
        for kind, share in self._chances.items():
            if drawn < share:
                return kind
            drawn -= share
        return None


@dataclass(frozen=True, slots=True)
class Call:
    """One call; *status* is 0 where nothing was answered."""

    route: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    raw: bytes
    headers: Mapping[str, str]
    status: int = 0


Handler = Callable[[Call], tuple[int, Json | list[Json]]]


@dataclass(slots=True)
class Play:
    """
    An ASGI app of routes (`GET /x/{id}`).

    *authorization* is what the header of that name must be, empty for none. *unauthorised* and *slow*
    are what the server says without a key and past its rate, *limited* the status of the latter.
    """

    routes: Mapping[str, Handler]
    authorization: str
    unauthorised: Json
    limited: int = 429
    per_minute: int = 1_000_000
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    calls: list[Call] = field(default_factory=list)
    limit: Limit = field(init=False)

    def __post_init__(self) -> None:
        self.limit = Limit(self.clock, self.per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        raw = await request.body()
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        route, ids = self._found(request.method, path)
        call = Call(
            route or f"{request.method} {path}", ids, dict(request.query_params), _object(raw), raw,
            dict(request.headers),
        )  # fmt: skip
        fault = self.faults.next_for(call.route)
        if fault in ("cut", "timeout"):
            self.calls.append(call)
            await (hang_up if fault == "cut" else gone)(receive)
            return
        answer = self._early(fault) or self._answer(route, call)
        if fault in ("cut_after", "timeout_after"):
            await (hang_up if fault == "cut_after" else gone)(receive)
            return
        if fault == "500_after":
            answer = Response("Internal Server Error", 500)
        await answer(scope, receive, send)

    def _early(self, fault: Kind | None) -> Response | None:
        if fault == "429":
            return JSONResponse({"error": "slow down"}, 429, {"retry-after": str(LOST_S)})
        return Response("Internal Server Error", 500) if fault == "500" else None

    def _found(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        # What is spelled out wins over a placeholder.
        for name in sorted(self.routes, key=lambda one: one.count("{")):
            verb, _, pattern = name.partition(" ")
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
            if verb == method and match:
                return name, match.groupdict()
        return "", {}

    def _answer(self, route: str, call: Call) -> Response:
        status, body = self._done(route, call)
        self.calls.append(
            Call(call.route, call.ids, call.query, call.body, call.raw, call.headers, status)
        )
        return JSONResponse(body, status)

    def _done(self, route: str, call: Call) -> tuple[int, Json | list[Json]]:
        if self.authorization and call.headers.get("authorization") != self.authorization:
            return 401, self.unauthorised
        if not self.limit.take(self.authorization).passed:
            return self.limited, {"error": "You have exceeded the rate limit"}
        if not route:
            return 404, {"error": "Not found"}
        try:
            return self.routes[route](call)
        except Refused as no:
            return no.status, no.body


def _object(raw: bytes) -> Json:
    try:
        read = json.loads(raw or b"{}")
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return read if isinstance(read, dict) else {}
