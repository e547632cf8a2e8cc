"""The local stand-in for PagerDuty: one object that the real client cannot tell from it."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from opsbot.workbench.pagerduty import company, ui
from opsbot.workbench.pagerduty.account import Account, Key
from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.desk import Desk
from opsbot.workbench.pagerduty.faults import Faults
from opsbot.workbench.pagerduty.feed import Feed
from opsbot.workbench.pagerduty.incidents import Incidents
from opsbot.workbench.pagerduty.model import Happened, Incident, Page
from opsbot.workbench.pagerduty.oncall import hand_over
from opsbot.workbench.pagerduty.press import Press
from opsbot.workbench.pagerduty.rest_api import Call, RestApi
from opsbot.workbench.pagerduty.sender import ANSWER_S, Delivery, Sender
from opsbot.workbench.pagerduty.shapes import Shapes
from opsbot.workbench.pagerduty.shapes_incident import IncidentShapes
from opsbot.workbench.pagerduty.subscriptions import EVENTS, Subscriptions
from opsbot.workbench.pagerduty.talk import Talk
from opsbot.workbench.slack.ui_guard import LoopbackOnly
from opsbot.workbench.slack.waiting import Background

API_KEY = "pd-workbench-key"
LAPSE_S = 0.25
WEEK_S = 7 * 86_400.0


class PagerDutyStandIn:
    """
    An account with its REST API, Events API v2, webhooks, website and faults.

    Mount *app* at the place that *base_url* names; both APIs are there, so that one address serves
    `RestApiV2Client` and `EventsApiV2Client`. *time_scale* shortens the waits between attempts of a
    webhook. Enter it as an async context, or call `start` and `close`: without, webhooks only queue
    up and no time passes.
    """

    def __init__(
        self,
        account: Account,
        *,
        base_url: str,
        api_key: str = API_KEY,
        time_scale: float = 1.0,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.account = account
        self.base_url = base_url.rstrip("/")
        self.api_key = api_key
        self.faults = Faults()
        self._feed = Feed()
        self._time = Background()
        account.keys.setdefault(api_key, Key())
        shapes = Shapes(account, self.base_url)
        incident_shapes = IncidentShapes(account, shapes)
        self.subscriptions = Subscriptions(account)
        self.sender = Sender(
            account.clock, self.faults, incident_shapes, self.subscriptions, time_scale, answer_s,
            self._feed.changed,
        )  # fmt: skip
        incidents = Incidents(account, incident_shapes, self._tell)
        self.desk = Desk(
            account, account.clock, self.faults, shapes, incident_shapes, self.subscriptions,
            self.sender, incidents, Talk(incidents),
        )  # fmt: skip
        self.api = RestApi(self.desk, self._feed.changed)
        self.app = Starlette(
            routes=[*ui.routes(self.desk, self.api, self._feed), Mount("/", self.api)],
            middleware=[Middleware(LoopbackOnly)],
        )

    @classmethod
    def company(
        cls,
        base_url: str,
        *,
        api_key: str = API_KEY,
        clock: Clock | None = None,
        time_scale: float = 1.0,
        answer_s: float = ANSWER_S,
    ) -> Self:
        """Return one with the demo's people, services and policies."""
        account = company.company(clock or Clock(), api_key)
        return cls(
            account, base_url=base_url, api_key=api_key, time_scale=time_scale, answer_s=answer_s
        )

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to send webhooks and to let time pass, in the running loop."""
        self.sender.start()
        self._time.spawn(self._pass())

    async def close(self) -> None:
        """Stop both; what waits is kept for the next `start`."""
        await self._time.close()
        await self.sender.close()

    @property
    def clock(self) -> Clock:
        """The account's time; `push` moves it."""
        return self.account.clock

    @property
    def calls(self) -> list[Call]:
        """Every call of the two APIs so far."""
        return self.api.calls

    @property
    def pages(self) -> list[Page]:
        """Who was paged, for which incident."""
        return self.account.pages

    @property
    def webhooks(self) -> list[Delivery]:
        """Every webhook so far, with its attempts."""
        return self.sender.deliveries

    @property
    def incidents(self) -> list[Incident]:
        """Every incident, oldest first."""
        return list(self.account.incidents.values())

    @property
    def failures(self) -> list[BaseException]:
        """What went wrong in the stand-in itself, behind any call; empty where it is sound."""
        return [*self._time.failures, *self.sender.background.failures]

    def routing_key(self, service: str) -> str:
        """
        Return the Events API key of a service, by its id or name.

        Raises:
            KeyError: there is none.
        """
        for one in self.account.services.values():
            if service in (one.id, one.name):
                return one.routing_key
        raise KeyError(service)

    def user_key(self, user: str) -> str:
        """
        Return a REST key that is that person's own.

        Raises:
            KeyError: there is no such person.
        """
        key = f"u+{self.account.users[user].id.lower()}"
        self.account.keys[key] = Key(user)
        return key

    def read_only_key(self) -> str:
        """Return a REST key that may not write."""
        self.account.keys["read-only"] = Key(writes=False)
        return "read-only"

    def subscribe(
        self, url: str, events: Sequence[str] = EVENTS, *, secret: str | None = None
    ) -> str:
        """
        Let webhooks of the whole account go to *url*; return the secret that signs them.

        *secret* may be chosen before the receiver has an address; with one that is known already
        the subscription moves to the new address, as after a restart on another port.

        Raises:
            Refusal: the address is not on this machine, or there are too many.
        """
        for one in self.subscriptions.rows.values():
            if secret is not None and secret in one.secrets:
                self.subscriptions.move(one, url)
                return secret
        made = self.subscriptions.add(url, events)
        if secret is not None:
            made.secrets = [secret]
        return made.secrets[0]

    def press(self, user: str, incident: str, button: str, text: str = "") -> Incident:
        """
        Press a button as that person does on the website: see `press.BUTTONS`.

        Raises:
            Refusal: it does not go, and why.
            KeyError: there is no such person.
        """
        done = Press(self.desk, self.account.users[user].ref).button(incident, button, text)
        self._feed.changed()
        return done

    def open_by_hand(self, user: str, service: str, title: str) -> Incident:
        """
        Open an incident as that person does on the website.

        Raises:
            Refusal: there is no such service, or nobody is on call.
            KeyError: there is no such person.
        """
        made = Press(self.desk, self.account.users[user].ref).open(service, title)
        self._feed.changed()
        return made

    def hand_over(self, schedule: str, user: str | None, seconds: float = WEEK_S) -> None:
        """
        Put *user* (None: nobody) on call by a schedule from now on, for *seconds*.

        Raises:
            KeyError: there is no such schedule.
        """
        hand_over(self.account, self.account.schedules[schedule], user, seconds)
        self._feed.changed()

    def _tell(self, what: Happened) -> None:
        self.sender.tell(what)
        self._feed.changed()

    async def _pass(self) -> None:
        while True:
            self.desk.incidents.lapse()
            await asyncio.sleep(LAPSE_S)
