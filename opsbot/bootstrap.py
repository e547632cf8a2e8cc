"""The composition root: from settings to a running bot, everything on one exit stack."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog
import uvicorn
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from opsbot.adapters import catalog, local_bot, logs
from opsbot.adapters.anchors import AnchorLines
from opsbot.adapters.background import background
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.drain import Drain
from opsbot.adapters.embedded import embedded
from opsbot.adapters.probe_http import http_prober
from opsbot.adapters.pulse import BEAT_S, Pulse
from opsbot.adapters.redis_store import open_store
from opsbot.adapters.scheduler import TICK_S, Duty, running
from opsbot.adapters.signing import KeyFile
from opsbot.adapters.watch import Watch
from opsbot.app.anchor import Anchor
from opsbot.app.audit import Audit
from opsbot.app.bot import Bot
from opsbot.app.check import line_of
from opsbot.app.declare import Declare, Reload, Reloaded
from opsbot.app.deliver import Deliver
from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Chat, Delivery, Outbox, Prober, Store
from opsbot.config import Settings
from opsbot.domain.actor import Actor
from opsbot.domain.change import Lane
from opsbot.domain.declaration import Loaded
from opsbot.domain.errors import Misconfigured
from opsbot.domain.policy_identity import actor_of_person, actor_of_token
from opsbot.slack import app as slack_app
from opsbot.slack import blocks, parse
from opsbot.slack.chat import SlackChat
from opsbot.slack.deps import Deps
from opsbot.slack.manifest import EVENTS_PATH
from opsbot.slack.people import People
from opsbot.slack.transport_http import SlackEndpoint
from opsbot.slack.transport_socket import SocketSupervisor
from opsbot.web import app as web
from opsbot.web.auth import Access, Identify, Surface, digest
from opsbot.web.routing import Entry
from opsbot.web.surroundings import SlackHealth, Surroundings

LANES: tuple[Lane, ...] = ("kill", "rest")
SWEEP_CRON = "*/10 * * * *"
_log = structlog.get_logger(__name__)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that runs: where it listens and what it stands on."""

    api: str
    store_url: str
    bundle: StoreBundle
    bot: Bot


async def serve(settings: Settings, tell: Tell) -> None:
    """
    Run one replica until SIGTERM or SIGINT, then leave in order.

    Raises:
        Misconfigured: it cannot start; one clear line.
        StoreLost: the store does not answer.
    """
    logs.set_up(settings.log_format, settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with start(settings) as bot:
        for line in described(settings, bot):
            tell(line)
        await stop.wait()
        tell("Leaving: no new work is taken, what is in hand is finished.")


@asynccontextmanager
async def start(settings: Settings) -> AsyncGenerator[Running]:
    """
    Give a running bot; its end stops intake, drains, and closes what it opened, in this order.

    Raises:
        Misconfigured, StoreLost: as `serve`.
    """
    clock, drain = SystemClock(), Drain()
    async with AsyncExitStack() as stack:
        _state_dir(settings.state_dir)
        store_url = await stack.enter_async_context(_store_url(settings))
        bundle = await stack.enter_async_context(_store(settings, store_url))
        prober = await stack.enter_async_context(http_prober())
        env = Environment(
            name=settings.env,
            store=bundle.store,
            fleets=bundle.fleets,
            clock=clock,
            entropy=SystemEntropy(),
            prefix=settings.command_prefix,
        )
        slack = await stack.enter_async_context(slack_client(settings))
        chat = None if slack is None else SlackChat(slack.client, bundle.outbox, clock)
        bot = make_verbs(settings, env, bundle, prober, chat=chat)
        await declarations(settings, bundle, stack)
        pulse = Pulse(bundle.store, clock)
        await workers(bot, bundle, drain, stack)
        await stack.enter_async_context(running(duties(bot, pulse)))
        stack.push_async_callback(_drained, drain, settings.drain_s)
        tokens = {name: secrets.token_urlsafe(24) for name in settings.local_names}
        around = surroundings(settings, bundle, bot, pulse, identity(bundle.store, tokens))
        routes: list[Entry] = []
        if slack is not None:
            way = await slack_way(settings, slack, bot, bundle.outbox, stack)
            around, routes = replace(around, slack=way.health), way.routes
        api = await stack.enter_async_context(listening(settings, web.create(around, routes)))
        where = {"env": settings.env, "api": api, "redis": store_url, "pid": os.getpid()}
        people = {"people": tokens, "as": next(iter(tokens))} if tokens else {}
        local_bot.write(settings.state_dir, {**where, **people})
        stack.callback(local_bot.withdraw, settings.state_dir, api=api)
        yield Running(api, store_url, bundle, bot)


def make_verbs(
    settings: Settings,
    env: Environment,
    bundle: StoreBundle,
    prober: Prober,
    *,
    chat: Chat | None,
) -> Bot:
    """Return the verbs on their ports: the one place where the use cases are put together."""
    key = KeyFile.open(settings.key_file)
    anchors = AnchorLines(settings.state_dir / "anchors.jsonl", key, settings.env)
    return Bot(
        env=env,
        outbox=bundle.outbox,
        prober=prober,
        audit=Audit(env=env, store=bundle.store, anchors=anchors, signer=key),
        anchor=Anchor(env=env, file=anchors, chat=chat),
        render=blocks.render,
        chat=chat,
    )


@dataclass(frozen=True, slots=True)
class SlackClient:
    """The one session and client for everything that is said to Slack."""

    session: aiohttp.ClientSession
    client: AsyncWebClient


@dataclass(frozen=True, slots=True)
class SlackWay:
    """How Slack reaches this replica: routes to mount, sockets to count."""

    transport: str
    routes: list[Entry]
    sockets: SocketSupervisor | None

    def health(self) -> SlackHealth:
        """Return how many sockets are open of those wanted."""
        if self.sockets is None:
            return SlackHealth(ok=True, transport=self.transport)
        up, wanted = self.sockets.connected, self.sockets.wanted
        return SlackHealth(ok=up > 0, transport=self.transport, sockets=up, wanted=wanted)


@asynccontextmanager
async def slack_client(settings: Settings) -> AsyncGenerator[SlackClient | None]:
    """Give a client of Slack, None where Slack is switched off."""
    if settings.slack_transport == "off":
        yield None
        return
    api_url = f"{settings.slack_api_url}/" if settings.slack_api_url else ""
    async with slack_app.open_session() as session:
        token = settings.slack_bot_token.get_secret_value()
        yield SlackClient(session, slack_app.open_client(token, session, api_url=api_url))


async def slack_way(
    settings: Settings, slack: SlackClient, bot: Bot, outbox: Outbox, stack: AsyncExitStack
) -> SlackWay:
    """
    Build the bolt app and open the ways to it.

    A Slack that does not answer now is no reason not to start: terminal and HTTP work without it.

    Raises:
        Misconfigured: Slack refuses the token.
    """
    clock = SystemClock()
    try:
        known = await slack_app.installed(slack.client)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        _log.warning("slack_does_not_answer", why=repr(error))
        known = None
    home = settings.slack_team_id or (known.team if known is not None else "")
    deps = Deps(
        verbs=bot,
        memory=outbox,
        clock=clock,
        client=slack.client,
        session=slack.session,
        people=People(slack.client, clock),
        teams=frozenset({home} - {""}),
        prefix=settings.command_prefix,
    )
    secret = settings.slack_signing_secret.get_secret_value()
    app = slack_app.build_app(deps, signing_secret=secret, bot=known)
    stack.push_async_callback(deps.tasks.drain, timeout_s=settings.drain_s)
    routes: list[Entry] = []
    if settings.slack_transport in ("http", "workbench"):
        endpoint = SlackEndpoint(app.bolt, signing_secret=secret, memory=outbox)
        said = "Commands, events and clicks from Slack"
        routes = [Entry("POST", EVENTS_PATH, Access.SIGNED, said, anybody=endpoint.handle)]
    sockets = None
    if settings.slack_transport in ("socket", "workbench"):
        token = settings.slack_app_token.get_secret_value()
        sockets = SocketSupervisor(app.bolt, app_token=token, clock=clock)
        await stack.enter_async_context(background(sockets.run(), name="slack-sockets"))
    return SlackWay(settings.slack_transport, routes, sockets)


def surroundings(
    settings: Settings, bundle: StoreBundle, bot: Bot, pulse: Pulse, identify: Identify
) -> Surroundings:
    """Return what the HTTP side works with."""
    return Surroundings(
        env=settings.env,
        verbs=bot,
        store=bundle.store,
        fleets=bundle.fleets,
        outbox=bundle.outbox,
        entropy=SystemEntropy(),
        identify=identify,
        duration_s=duration_s,
        store_age_s=pulse.age_s,
        version=release(),
    )


def identity(store: Store, local: Mapping[str, str]) -> Identify:
    """
    Return who a token belongs to, by the policy in force.

    *local* are tokens of people of the policy that only this process knows.
    """
    names = {digest(token): name for name, token in local.items()}

    def identify(token_sha256: str, surface: Surface) -> Actor | None:
        policy = policy_of(store.state)
        person = policy.people.get(names.get(token_sha256, ""))
        if person is not None:
            return actor_of_person(policy, person, via=surface)
        return actor_of_token(policy, token_sha256, via=surface)

    return identify


def duration_s(word: str) -> int:
    """
    Return `2h` in seconds, as the grammar reads it in a command.

    Raises:
        NeedsMoreWords: it is no time that a review may wait.
    """
    read = parse.parse_kill(f"all for:{''.join(word.split())}", command="kill").review_in_s
    assert read is not None
    return read


def release() -> str:
    """Return the version of this distribution; a bare checkout has none."""
    try:
        return version("ai-opsbot")
    except PackageNotFoundError:
        return "0"


def duties(bot: Bot, pulse: Pulse) -> tuple[Duty, ...]:
    """Return what every replica does again and again; each step is atomic in the store."""
    return (
        Duty("tick", lambda: pulse.quietly(bot.tick), every_s=TICK_S),
        Duty("beat", pulse.beat, every_s=BEAT_S),
        Duty("sweep", lambda: pulse.quietly(bot.sweep), cron=SWEEP_CRON),
    )


async def workers(bot: Bot, bundle: StoreBundle, drain: Drain, stack: AsyncExitStack) -> None:
    """Start one worker a lane: a slow card must not hold up the confirmation of a kill."""
    handlers, reports = drain.guard(bot.handlers()), LogReports()
    for lane in LANES:
        worker = Deliver(bundle.outbox, handlers, reports, lane)
        await stack.enter_async_context(background(worker.run(), name=f"outbox-{lane}"))


async def _drained(drain: Drain, within_s: float) -> None:
    if not await drain.close(within_s=within_s):
        _log.warning("not_drained", within_s=within_s)


class LogReports:
    """`app.deliver.Reports` as log records."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Say which effect failed, at which attempt."""
        _log.log(
            logging.ERROR if unexpected else logging.INFO,
            "effect_failed",
            effect=delivery.effect.kind,
            key=delivery.effect.key,
            attempt=delivery.attempt,
            why=reason,
            exc_info=unexpected,
        )


async def declarations(settings: Settings, bundle: StoreBundle, stack: AsyncExitStack) -> None:
    """Declare what the files say, and go on whenever they change; broken ones change nothing."""
    folders = (settings.flags_dir, settings.runbooks_dir)

    async def load() -> Loaded:
        return await asyncio.to_thread(catalog.load, *folders)

    reload = Reload(load, Declare(bundle.store, SystemEntropy()))

    async def again() -> None:
        said(await reload())

    await again()
    watched = tuple(folder for folder in folders if folder.is_dir())
    if watched:
        await stack.enter_async_context(background(Watch(watched, again)(), name="declarations"))


def said(reloaded: Reloaded) -> None:
    """Log what a look at the declarations came to."""
    for finding in reloaded.findings:
        _log.warning("declarations", finding=line_of(finding))
    if reloaded.declared is None:
        _log.error(
            "declarations_refused", findings=len(reloaded.findings), kept="the last good ones"
        )
    elif reloaded.declared.changed:
        done = reloaded.declared
        _log.info(
            "declared",
            revision=done.position.revision,
            written=list(done.written),
            removed=list(done.removed),
            kept=list(done.kept),
        )


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: intake stops first, then work drains."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[explicit-override]  # typing.override came with 3.12
        yield


@asynccontextmanager
async def listening(settings: Settings, app: Starlette) -> AsyncGenerator[str]:
    """
    Serve *app* and give its address; the end waits for requests in hand.

    Raises:
        Misconfigured: the address is taken, or not of this machine.
    """
    ended = asyncio.Event()
    with _listener(settings.host, settings.port) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=max(1, int(settings.drain_s)),
            )
        )

        async def run() -> None:
            try:
                await server.serve(sockets=[listener])
            finally:
                ended.set()

        async with background(run(), name="http"):
            while not server.started and not ended.is_set():  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
            try:
                yield _address(settings.host, listener)
            finally:
                server.should_exit = True
                await ended.wait()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            hint="Set OPSBOT_HOST and OPSBOT_PORT; port 0 takes a free one.",
        ) from error


def _address(host: str, listener: socket.socket) -> str:
    """Return how a terminal on this machine reaches the listener."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  read, not bound
    shown = f"[{near}]" if ":" in near else near
    return f"http://{shown}:{listener.getsockname()[1]}"


def _state_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Misconfigured(f"OPSBOT_STATE_DIR={path} cannot be made: {error.strerror}.") from error


@asynccontextmanager
async def _store_url(settings: Settings) -> AsyncGenerator[str]:
    given = settings.redis_url.get_secret_value()
    if given:
        yield given
        return
    async with embedded(settings.state_dir) as url:
        yield url


def _store(settings: Settings, url: str) -> contextlib.AbstractAsyncContextManager[StoreBundle]:
    return open_store(
        url,
        env=settings.env,
        state_dir=settings.state_dir,
        profile=settings.profile,
        min_replicas=settings.min_replicas,
    )


def described(settings: Settings, bot: Running) -> tuple[str, ...]:
    """Return what listens where, for whoever started it."""
    workflows = len(bot.bundle.store.state.workflows())
    url = urlsplit(bot.store_url)
    store = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
    return (
        f"opsbot {release()} runs in `{settings.env}` with {workflows} workflows.",
        f"  HTTP   {bot.api}",
        f"  Store  {store} ({bot.bundle.promise})",
        f"  Slack  {settings.slack_transport}",
    )
