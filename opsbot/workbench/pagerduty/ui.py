"""
Serve the page at `/`, and the JSON under `/ui/` by which it and tests act on the stand-in.

Every request is refused (403) unless `Host` is a loopback name and `Origin`, where sent, is the same
loopback host. Every POST needs the header `x-workbench: 1` and a JSON object as body. Refusals are
`{"error": "code", "hint": "what to do"}` with status 400 or 403.

`GET /ui/state?user=PMARA` is everything the page shows, `GET /ui/events` server-sent events: each
`{"seq": n}` means that the state is newer than the one before. `GET /ui/webhooks` is every delivery
with its attempts, `GET /ui/calls` every call of the two APIs, `GET /ui/pages` who was paged.

    POST /ui/press   {"user", "incident", "do", "text"?}   do: acknowledge, resolve, reopen, escalate,
                                                           take, note, join, decline
    POST /ui/open    {"user", "service", "title"}          an incident made by hand
    POST /ui/clock   {"seconds": 60}                       let time pass
    POST /ui/on_call {"schedule", "user": "PSAM" | null, "seconds"?}   hand over, null is nobody
    POST /ui/subscribe {"url", "events"?}                  answers {"id", "secret"}
    POST /ui/rotate  {"subscription", "retire"?: true}     another secret, or only the newest
    POST /ui/switch  {"priorities": false} | {"ability": "coordinated_responding", "on": false}
    POST /ui/fault   {"fault": "route", "route": "POST /incidents" | "*", "times"?, "seconds"?,
                      "kind": "429" | "429_bare" | "503" | "slow" | "timeout" | "cut"
                              | "timeout_after_commit" | "cut_after_commit"}
                     {"fault": "down" | "webhook_first" | "held" | "lost", "on": true}
                     {"fault": "duplicates", "times": 3}
                     {"fault": "order", "order": "kept" | "reversed" | "shuffled"}
                     {"fault": "chaos", "chances": {"503": 0.1}, "seed"?: 1}
                     {"fault": "clear"}
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from opsbot.workbench.pagerduty.desk import Desk
from opsbot.workbench.pagerduty.faults import KINDS, ORDERS, Kind, UnknownFault
from opsbot.workbench.pagerduty.feed import Feed
from opsbot.workbench.pagerduty.model import Json, Refusal
from opsbot.workbench.pagerduty.oncall import hand_over
from opsbot.workbench.pagerduty.press import Press
from opsbot.workbench.pagerduty.rest_api import RestApi
from opsbot.workbench.pagerduty.subscriptions import EVENTS
from opsbot.workbench.pagerduty.ui_state import incident, state
from opsbot.workbench.slack.model import CannotDo
from opsbot.workbench.slack.ui_guard import guarded, posted, text, text_or_none

PAGE = Path(__file__).parent / "page"
SHARED = Path(__file__).parents[1] / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
WEEK_S = 7 * 86_400
FLAGS: Final = ("down", "webhook_first", "held", "lost")
Handler = Callable[[Request], Awaitable[Response]]
W = TypeVar("W", bound=str)


def routes(desk: Desk, api: RestApi, feed: Feed) -> list[BaseRoute]:
    """List the page's routes, every one of them guarded."""
    page = Page(desk, api, feed)
    gets = {
        "state": page.state,
        "events": page.events,
        "webhooks": page.webhooks,
        "calls": page.calls,
        "pages": page.pages,
    }
    posts = {
        "press": page.press,
        "open": page.open,
        "clock": page.clock,
        "on_call": page.on_call,
        "subscribe": page.subscribe,
        "rotate": page.rotate,
        "switch": page.switch,
        "fault": page.fault,
    }
    return [
        Route("/", guarded(page.index), methods=["GET"]),
        Mount("/page", StaticFiles(directory=PAGE)),
        Mount("/shared", StaticFiles(directory=SHARED)),
        *(Route(f"/ui/{name}", guarded(do), methods=["GET"]) for name, do in gets.items()),
        *(
            Route(f"/ui/{name}", guarded(_refusing(do)), methods=["POST"])
            for name, do in posts.items()
        ),
    ]


def _refusing(handler: Handler) -> Handler:
    async def refuse(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refused:
            error = refused.body["error"]
            hint = "; ".join(error.get("errors", [error["message"]]))
            raise CannotDo("refused", hint) from refused
        except UnknownFault as unknown:
            raise CannotDo("unknown_fault", str(unknown)) from unknown

    return refuse


@dataclass(frozen=True, slots=True)
class Page:
    """The handlers; each reads one JSON object and answers one."""

    desk: Desk
    api: RestApi
    feed: Feed

    async def index(self, request: Request) -> Response:
        """Serve the page."""
        return FileResponse(PAGE / "index.html", headers={"content-security-policy": POLICY})

    async def state(self, request: Request) -> Response:
        """Describe everything."""
        first = next(iter(self.desk.account.users))
        user = request.query_params.get("user") or first
        self._user(user)
        return JSONResponse(state(self.desk, user, self.feed.seq))

    async def events(self, request: Request) -> Response:
        """Stream that there are changes."""
        return StreamingResponse(
            self.feed.events(),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    async def webhooks(self, request: Request) -> Response:
        """List every delivery."""
        rows = [one.described() for one in self.desk.sender.deliveries]
        return JSONResponse({"webhooks": rows})

    async def calls(self, request: Request) -> Response:
        """List every call."""
        return JSONResponse({"calls": [asdict(call) for call in self.api.calls]})

    async def pages(self, request: Request) -> Response:
        """List who was paged."""
        return JSONResponse({"pages": [asdict(page) for page in self.desk.account.pages]})

    async def press(self, request: Request) -> Response:
        """Press a button on an incident."""
        body = await posted(request)
        user = self._user(text(body, "user"))
        said = text_or_none(body, "text") or ""
        one = user.button(text(body, "incident"), text(body, "do"), said)
        return self._done({"incident": incident(self.desk, one, user.user.id)})

    async def open(self, request: Request) -> Response:
        """Open an incident by hand."""
        body = await posted(request)
        user = self._user(text(body, "user"))
        one = user.open(text(body, "service"), text(body, "title"))
        return self._done({"incident": incident(self.desk, one, user.user.id)})

    async def clock(self, request: Request) -> Response:
        """Let time pass."""
        seconds = _number(await posted(request), "seconds", 0, 365 * 86_400)
        self.desk.clock.push(seconds)
        self.desk.incidents.lapse()
        return self._done({"pushed_s": self.desk.clock.pushed_s})

    async def on_call(self, request: Request) -> Response:
        """Hand over a schedule."""
        body = await posted(request)
        schedule = self.desk.account.schedules.get(text(body, "schedule"))
        if schedule is None:
            raise CannotDo("no_such_schedule", f"one of {', '.join(self.desk.account.schedules)}")
        user = text_or_none(body, "user")
        if user is not None:
            self._user(user)
        seconds = _number(body, "seconds", 1, 365 * 86_400, WEEK_S)
        hand_over(self.desk.account, schedule, user, seconds)
        return self._done({"schedule": schedule.id, "user": user})

    async def subscribe(self, request: Request) -> Response:
        """Add a webhook subscription."""
        body = await posted(request)
        events = body.get("events") or list(EVENTS)
        if not isinstance(events, list) or not set(events) <= set(EVENTS):
            raise CannotDo("bad_events", f"events are among {', '.join(EVENTS)}")
        made = self.desk.subscriptions.add(text(body, "url"), events)
        return self._done({"id": made.id, "secret": made.secrets[0]})

    async def rotate(self, request: Request) -> Response:
        """Give a subscription another secret, or let the old ones go."""
        body = await posted(request)
        id_ = text(body, "subscription")
        if body.get("retire") is True:
            self.desk.subscriptions.retire(id_)
            return self._done({"secrets": 1})
        fresh = self.desk.subscriptions.rotate(id_)
        return self._done(
            {"secret": fresh, "secrets": len(self.desk.subscriptions.get(id_).secrets)}
        )

    async def switch(self, request: Request) -> Response:
        """Switch a feature of the plan on or off."""
        body, account = await posted(request), self.desk.account
        if isinstance(body.get("priorities"), bool):
            account.priorities_on = body["priorities"]
        elif body.get("on") is True:
            account.abilities.add(text(body, "ability"))
        else:
            account.abilities.discard(text(body, "ability"))
        return self._done(
            {"priorities": account.priorities_on, "abilities": sorted(account.abilities)}
        )

    async def fault(self, request: Request) -> Response:
        """Break or heal something."""
        self._break(await posted(request))
        return self._done({"faults": self.desk.faults.described()})

    def _break(self, body: Json) -> None:
        faults, name = self.desk.faults, body.get("fault")
        if name in FLAGS:
            setattr(faults, str(name), body.get("on") is True)
        elif name == "route":
            kind = _word(body, "kind", KINDS)
            times = int(_number(body, "times", 1, 1000, 1))
            seconds = _number(body, "seconds", 0, 600, 1)
            faults.fail(text(body, "route"), kind, times=times, seconds=seconds)
        elif name == "duplicates":
            faults.duplicates = int(_number(body, "times", 1, 10))
        elif name == "order":
            faults.order = _word(body, "order", ORDERS)
        elif name == "chaos":
            faults.chaos(_chances(body), int(_number(body, "seed", 0, 1_000_000, 1)))
        elif name == "clear":
            faults.clear()
        else:
            raise CannotDo("unknown_fault", f"there is no fault {name!r}")

    def _user(self, id_: str) -> Press:
        user = self.desk.account.users.get(id_)
        if user is None:
            raise CannotDo("no_such_user", f"one of {', '.join(self.desk.account.users)}")
        return Press(self.desk, user.ref)

    def _done(self, body: Json) -> Response:
        self.feed.changed()
        return JSONResponse(body)


def _number(
    body: Json, name: str, least: float, most: float, otherwise: float | None = None
) -> float:
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise CannotDo("bad_number", f"{name} is a number from {least} to {most}")
    return float(value)


def _word(body: Json, name: str, allowed: tuple[W, ...]) -> W:
    value = text(body, name)
    found = next((word for word in allowed if word == value), None)
    if found is None:
        raise CannotDo("unknown_word", f"{name} is one of {', '.join(allowed)}")
    return found


def _chances(body: Json) -> dict[Kind, float]:
    given = body.get("chances")
    if not isinstance(given, dict):
        raise CannotDo("bad_chances", "chances are {kind: share}")
    kinds = {name: _word({"kind": name}, "kind", KINDS) for name in given}
    return {kinds[name]: _number(given, name, 0, 1) for name in given}
