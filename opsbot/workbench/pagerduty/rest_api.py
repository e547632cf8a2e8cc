"""Answer as PagerDuty's servers do: key, headers, rate limit, faults, then the route."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from opsbot.workbench.pagerduty import (
    events_api,
    rest_around,
    rest_incidents,
    rest_lookups,
    rest_status_pages,
    rest_subscriptions,
)
from opsbot.workbench.pagerduty.account import Key
from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route
from opsbot.workbench.pagerduty.faults import NO_EFFECT, Fault
from opsbot.workbench.pagerduty.limits import Limit, Room
from opsbot.workbench.pagerduty.model import Json, Refusal, User, invalid, not_found
from opsbot.workbench.slack.web_api import gone, hang_up

ACCEPTED = "application/vnd.pagerduty+json;version=2"
JSON = "application/json"
PER_MINUTE = 960
WEBHOOK_FIRST_S = 5.0
UNAUTHORIZED, LIMITED, UNAVAILABLE = 401, 429, 503
RATE_LIMITED: Json = {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
ROUTES: tuple[Route, ...] = (
    *rest_incidents.ROUTES,
    *rest_around.ROUTES,
    *rest_lookups.ROUTES,
    *rest_subscriptions.ROUTES,
    *rest_status_pages.ROUTES,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was answered, or was not: then *status* is 0."""

    route: str
    path: str
    query: str
    body: Json
    status: int
    answer: Json | None
    at: float
    person: str | None = None


@dataclass(slots=True)
class RestApi:
    """An ASGI app for both APIs; every call is kept in *calls*, and each write told to *changed*."""

    desk: Desk
    changed: Callable[[], None]
    calls: list[Call] = field(default_factory=list)
    limit: Limit = field(init=False)
    events_limit: Limit = field(init=False)
    _table: list[tuple[re.Pattern[str], Route]] = field(init=False)

    def __post_init__(self) -> None:
        self.limit = Limit(self.desk.clock, PER_MINUTE)
        self.events_limit = Limit(self.desk.clock, events_api.PER_MINUTE)
        # What is spelled out wins over a placeholder: /users/me before /users/{id}.
        ordered = sorted(ROUTES, key=lambda route: route.path.count("{"))
        self._table = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)), route)
            for route in ordered
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        body = await request.body()
        route, ids = self._found(request.method, path)
        name = route.name if route else f"{request.method} {path}"
        fault = self.desk.faults.next_for(name)
        seen = _Seen(request, name, path, body)
        if self.desk.faults.down or (fault and fault.kind in ("cut", "timeout")):
            self._record(seen, 0, None)
            await (gone if fault and fault.kind == "timeout" else hang_up)(receive)
            return
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        mark = len(self.desk.sender.deliveries)
        answer = self._broken(seen, fault) or self._answer(seen, route, ids)
        if self.desk.faults.webhook_first:
            await self.desk.sender.tried(mark, WEBHOOK_FIRST_S)
        if fault and fault.kind == "cut_after_commit":
            await hang_up(receive)
        elif fault and fault.kind == "timeout_after_commit":
            await gone(receive)
        else:
            await answer(scope, receive, send)

    def _found(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        for pattern, route in self._table:
            if route.method == method and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None, {}

    def _broken(self, seen: "_Seen", fault: Fault | None) -> Response | None:
        if fault is None or fault.kind not in NO_EFFECT:
            return None
        if fault.kind == "503":
            self._record(seen, UNAVAILABLE, None)
            return Response("Service Unavailable", UNAVAILABLE, media_type="text/plain")
        room = Room(PER_MINUTE, 0, max(1, int(fault.seconds)), passed=False)
        return self._limited(seen, {} if fault.kind == "429_bare" else room.headers)

    def _limited(self, seen: "_Seen", headers: dict[str, str]) -> Response:
        by_event = seen.path in events_api.EVENTS
        body = events_api.THROTTLED if by_event else RATE_LIMITED
        return self._said(seen, Answer(body, LIMITED), {} if by_event else headers)

    def _answer(self, seen: "_Seen", route: Route | None, ids: dict[str, str]) -> Response:
        if seen.path in events_api.EVENTS and seen.request.method == "POST":
            return self._event(seen)
        try:
            token, key = self._key(seen.request)
        except Refusal as refused:
            return self._said(seen, Answer(refused.body, refused.status), {})
        room = self.limit.take(token)
        if not room.passed:
            return self._limited(seen, room.headers)
        try:
            answer = self._routed(seen, route, ids, key)
        except Refusal as refused:
            answer = Answer(refused.body, refused.status)
        return self._said(seen, answer, room.headers)

    def _key(self, request: Request) -> tuple[str, Key]:
        kind, _, rest = request.headers.get("authorization", "").partition(" ")
        token = rest.strip()
        if kind.lower() == "token":
            token = token.removeprefix("token=").strip('"')
        elif kind.lower() != "bearer":
            token = ""
        key = self.desk.account.keys.get(token)
        if key is None:
            raise Refusal(UNAUTHORIZED, 2006, "Unauthorized", "Authentication failed")
        return token, key

    def _routed(self, seen: "_Seen", route: Route | None, ids: dict[str, str], key: Key) -> Answer:
        if route is None:
            raise not_found()
        headers = seen.request.headers
        _accepts(headers.get("accept", "").lower())
        writes = route.method != "GET"
        if writes and not key.writes:
            raise Refusal(403, 2010, "Access Denied", "The key is read-only")
        body = _object(seen, headers.get("content-type", "")) if writes and not route.bare else {}
        asked = Asked(ids, seen.request.query_params, body, headers, key, self._person(seen, key))
        if route.from_header and asked.person is None:
            raise invalid(
                'You must specify a user\'s email address in the "From" header'
                " to perform this action"
            )
        return route.handler(self.desk, asked)

    def _person(self, seen: "_Seen", key: Key) -> User | None:
        account, email = self.desk.account, seen.request.headers.get("from", "")
        if key.user is not None:
            return account.users[key.user]
        if not email:
            return None
        found = account.by_email(email)
        if found is None:
            raise Refusal(400, 1008, "Requester User Not Found", f"No user has the email {email}")
        return found

    def _event(self, seen: "_Seen") -> Response:
        try:
            if len(seen.body) > events_api.MOST_BYTES:
                raise invalid("Event is larger than 512 KB")
            body = _object(seen, seen.request.headers.get("content-type", ""))
            room = self.events_limit.take(str(body.get("routing_key")))
            if not room.passed:
                return self._limited(seen, {})
            answer = events_api.EVENTS[seen.path](self.desk, body)
        except Refusal as refusal:
            answer = events_api.refused(refusal)
        return self._said(seen, answer, {})

    def _said(self, seen: "_Seen", answer: Answer, headers: dict[str, str]) -> Response:
        self._record(seen, answer.status, answer.body)
        if seen.request.method != "GET":
            self.changed()
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers)
        return JSONResponse(answer.body, answer.status, headers)

    def _record(self, seen: "_Seen", status: int, answer: Json | None) -> None:
        request = seen.request
        self.calls.append(
            Call(
                seen.name, seen.path, request.url.query, _lenient(seen.body), status, answer,
                self.desk.clock(), request.headers.get("from"),
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    request: Request
    name: str
    path: str
    body: bytes


def _accepts(header: str) -> None:
    kinds = [kind.replace(" ", "") for kind in header.split(",")]
    if ACCEPTED not in kinds:
        raise Refusal(406, 2002, "Not Acceptable", f"Accept must be {ACCEPTED}")


def _object(seen: _Seen, content_type: str) -> Json:
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise invalid("params must be a Hash.")
    try:
        body = json.loads(seen.body)
    except (JSONDecodeError, UnicodeDecodeError):
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise invalid("params must be a Hash.")
    return body


def _lenient(body: bytes) -> Json:
    try:
        read = json.loads(body or b"{}")
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return read if isinstance(read, dict) else {}
