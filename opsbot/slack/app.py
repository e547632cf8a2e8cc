"""Build the bolt app: who may speak to it, what it listens to, and the answer to everything else."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.domain.actor import Actor
from opsbot.domain.errors import Misconfigured, StaleButton
from opsbot.domain.said import Said
from opsbot.slack.audit import AuditListeners
from opsbot.slack.comms.listeners import CommsListeners
from opsbot.slack.deps import Deps
from opsbot.slack.entry import Entry, Need, Needs, Run
from opsbot.slack.grammar import SLACK_VERBS, command_of
from opsbot.slack.guard import LeftOver, ShapeGuard, Takes
from opsbot.slack.home import HomeListeners
from opsbot.slack.ids import HOME_OPENED, Modal, Press, Shortcut, pressed
from opsbot.slack.inbound import Invocation
from opsbot.slack.incident.listeners import IncidentListeners
from opsbot.slack.kill import KillListeners
from opsbot.slack.oncall import OncallListeners
from opsbot.slack.outlet import Reply
from opsbot.slack.restore import RestoreListeners, need_of_restore
from opsbot.slack.route.listeners import RouteListeners, need_of_rollback, need_of_route
from opsbot.slack.runbook.listeners import RunbookListeners
from opsbot.slack.status import StatusListeners
from opsbot.slack.timeline import TimelineListeners, listen_for_captures

log = structlog.get_logger(__name__)
Registered = tuple[Literal["command", "action", "view", "shortcut", "event"], str]

API_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)


def open_session() -> aiohttp.ClientSession:
    """Return the one HTTP session for all calls to Slack; whoever opens it closes it."""
    return aiohttp.ClientSession(timeout=API_TIMEOUT)


def open_client(token: str, session: aiohttp.ClientSession, *, api_url: str = "") -> AsyncWebClient:
    """
    Return a Web API client on the shared session.

    It retries nothing by itself: a repeated post could appear twice, a long wait would eat the
    answer's deadline, and the outbox backs off better.
    """
    base = api_url or AsyncWebClient.BASE_URL
    return AsyncWebClient(
        token=token, base_url=base, session=session, retry_handlers=[], trust_env_in_session=False
    )


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the bot token belongs to."""

    team: str
    enterprise: str
    bot_user: str
    bot_id: str


async def installed(client: AsyncWebClient) -> Installed:
    """
    Ask Slack whose token this is.

    Raises:
        Misconfigured: Slack refuses the token.
        OSError, TimeoutError, aiohttp.ClientError: Slack does not answer.
    """
    try:
        found = await client.auth_test()
    except SlackApiError as error:
        raise Misconfigured(
            f"Slack refused the bot token ({error.response['error']}).",
            hint="OPSBOT_SLACK_BOT_TOKEN is the app's bot token (xoxb-\u2026).",
        ) from error
    return Installed(
        team=str(found.get("team_id") or ""),
        enterprise=str(found.get("enterprise_id") or ""),
        bot_user=str(found.get("user_id") or ""),
        bot_id=str(found.get("bot_id") or ""),
    )


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The bolt app and what it was told to listen to."""

    bolt: AsyncApp
    deps: Deps
    registered: list[Registered] = field(default_factory=list)


def build_app(deps: Deps, *, signing_secret: str = "", bot: Installed | None = None) -> SlackApp:
    """
    Return the app; nothing is asked of Slack.

    Bolt writes payloads into its log at INFO and DEBUG, and a warning about a token that our own
    `authorize` gives; its logger is kept above both.

    *signing_secret* is needed for HTTP only. *bot* lets bolt drop events that the bot caused.
    """
    quiet = logging.getLogger("opsbot.slack.bolt")
    quiet.setLevel(logging.ERROR)
    bolt = AsyncApp(
        name="opsbot",
        client=deps.client,
        signing_secret=signing_secret,
        authorize=_authorizer(deps.client.token or "", bot),
        logger=quiet,
    )
    quiet.setLevel(logging.WARNING)
    bolt.use(ShapeGuard())
    app = SlackApp(bolt, deps)
    _register(app, Entry(deps))
    bolt.error(_last_resort)
    return app


def _authorizer(token: str, bot: Installed | None) -> Callable[..., Any]:
    """
    Return what bolt asks on each request: one token, no call to Slack.

    Foreign workspaces pass here and are refused at the entry, where a kind answer travels in the
    acknowledgement; bolt's own refusal would need a call that may be dead.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=token,
            bot_id=bot.bot_id if bot else None,
            bot_user_id=bot.bot_user if bot else None,
        )

    return authorize


async def _last_resort(error: Exception) -> None:
    log.error("slack_bolt_failed", exc_info=error)


def _register(app: SlackApp, entry: Entry) -> None:
    kill, restore = KillListeners(app.deps), RestoreListeners(app.deps)
    status, home = StatusListeners(app.deps), HomeListeners(app.deps)
    route, incident = RouteListeners(app.deps), IncidentListeners(app.deps)
    runbook, comms = RunbookListeners(app.deps), CommsListeners(app.deps)
    commands: dict[str, tuple[Needs, Run]] = {
        "kill": (Need.STOP, kill.command),
        "restore": (need_of_restore, restore.command),
        "route": (need_of_route, route.command),
        "rollback": (need_of_rollback, route.rollback),
        "incident": (Need.STOP, incident.command),
        "runbook": (Need.STOP, runbook.command),
        "comms": (Need.STOP, comms.command),
        "status": (Need.LOOK, status.command),
        "audit": (Need.LOOK, AuditListeners(app.deps).command),
        "oncall": (Need.LOOK, OncallListeners(app.deps).command),
    }
    for row in SLACK_VERBS:
        _on(app, entry, "command", command_of(row, app.deps.prefix), *commands[row.name])
    buttons: dict[Press, tuple[Need, Run]] = {
        Press.STOP_COMPLETELY: (Need.STOP, kill.stop_completely),
        Press.CONFIRM_KILL: (Need.STOP, kill.confirm),
        Press.OPEN_KILL: (Need.STOP, kill.form),
        Press.GIVE_REASON: (Need.LOOK, kill.ask_reason),
        Press.RESTORE: (Need.GUARD, restore.pressed),
        Press.APPROVE: (Need.GUARD, restore.approve),
        Press.REFUSE: (Need.GUARD, restore.refuse),
        Press.ADOPT: (Need.GUARD, restore.adopt),
        Press.QUESTION: (Need.GUARD, restore.question),
        Press.STATUS: (Need.LOOK, status.pressed),
        Press.RETRY: (Need.GUARD, status.retry),
        Press.RESTORE_HOLD: (Need.STOP, restore.hold),
        Press.RESTORE_GO_ON: (Need.GUARD, restore.go_on),
        Press.ROUTE_HOLD: (Need.STOP, route.hold),
        Press.ROUTE_GO_ON: (Need.GUARD, route.go_on),
        Press.ROUTE_CANCEL: (Need.STOP, route.cancel),
        Press.ROUTE_ROLLBACK: (Need.STOP, route.roll_back),
        Press.ROUTE_SERVE: (Need.GUARD, route.serve),
        Press.ROUTE_SHOW: (Need.LOOK, route.show),
        **{press: (Need.STOP, run) for press, run in incident.buttons().items()},
        **{press: (Need.STOP, run) for press, run in runbook.buttons().items()},
        **{press: (Need.STOP, run) for press, run in comms.buttons().items()},
    }
    for press in Press:
        _on(app, entry, "action", press, *buttons[press])
    _on(app, entry, "view", Modal.KILL, Need.STOP, kill.submitted)
    _on(app, entry, "view", Modal.CONFIRM_KILL, Need.STOP, kill.confirm)
    _on(app, entry, "view", Modal.REASON, Need.STOP, kill.give_reason)
    _on(app, entry, "view", Modal.ROUTE, Need.GUARD, route.submitted)
    forms = {**incident.forms(), **runbook.forms.taken(), **comms.forms.taken()}
    for modal, take in forms.items():
        _on(app, entry, "view", modal, Need.STOP, take)
    _on(app, entry, "shortcut", Shortcut.KILL, Need.STOP, kill.form)
    _on(app, entry, "shortcut", Shortcut.INCIDENT, Need.STOP, incident.from_message)
    _listen_to_timelines(app, entry)
    _on(app, entry, "event", HOME_OPENED, Need.LOOK, home.opened)
    _otherwise(app.bolt, entry)


def _listen_to_timelines(app: SlackApp, entry: Entry) -> None:
    timeline = TimelineListeners(app.deps)
    _on(app, entry, "shortcut", Shortcut.TIMELINE, Need.STOP, timeline.from_message)
    _on(app, entry, "view", Modal.TIMELINE, Need.STOP, timeline.chosen)
    if app.deps.capture:
        for name, _, _ in listen_for_captures(app.bolt, entry, timeline):
            app.registered.append(("event", name))


def _on(app: SlackApp, entry: Entry, kind: str, name: str, need: Needs, run: Run) -> None:
    bolt, listener, taken = app.bolt, entry.listener(need, run), [Takes()]
    if kind == "command":
        bolt.command(name, middleware=taken)(listener)
        app.registered.append(("command", name))
    elif kind == "action":
        one = pressed(Press(name))
        bolt.action({"type": "block_actions", "action_id": one}, middleware=taken)(listener)
        app.registered.append(("action", name))
    elif kind == "view":
        bolt.view(name, middleware=taken)(listener)
        app.registered.append(("view", name))
    elif kind == "shortcut":
        bolt.shortcut(name, middleware=taken)(listener)
        app.registered.append(("shortcut", name))
    else:
        bolt.event(name)(listener)
        app.registered.append(("event", name))


def _otherwise(bolt: AsyncApp, entry: Entry) -> None:
    """Answer what nothing above listens to: an older version's buttons, another app's commands."""
    anything, left = re.compile(r".*", re.DOTALL), [LeftOver()]
    bolt.command(anything, middleware=left)(entry.listener(Need.LOOK, _unknown_command))
    for listen_to in (bolt.action, bolt.view, bolt.shortcut):
        listen_to(anything, middleware=left)(entry.listener(Need.LOOK, _stale))
    bolt.view_closed(anything)(entry.listener(Need.LOOK, _nothing))
    bolt.event(anything)(entry.listener(Need.LOOK, _nothing))


async def _unknown_command(act: Invocation, actor: Actor) -> Reply:
    return Said("plain", "opsbot does not know that command; nothing was changed")


async def _stale(act: Invocation, actor: Actor) -> Reply:
    raise StaleButton(
        "That button belongs to an older version of opsbot; nothing was changed.",
        hint="Type the command instead.",
    )


async def _nothing(act: Invocation, actor: Actor) -> Reply:
    return None
