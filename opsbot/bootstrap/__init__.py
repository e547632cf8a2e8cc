"""The composition root: from settings to a running bot, everything on one exit stack."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette

from opsbot import __version__
from opsbot.adapters import local_bot, logs
from opsbot.adapters.anchors import AnchorLines
from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.comms.templates import FileTemplates
from opsbot.adapters.drain import Drain
from opsbot.adapters.embedded import embedded
from opsbot.adapters.picture.results import Pictures
from opsbot.adapters.probe_http import http_prober
from opsbot.adapters.pulse import Pulse
from opsbot.adapters.redis.store import open_store
from opsbot.adapters.runbooks.procedures import FileProcedures
from opsbot.adapters.scheduler import running
from opsbot.adapters.signing import KeyFile
from opsbot.adapters.targets.registry import Make, SlackWay
from opsbot.app.bot import Bot
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.targets.in_app import InApp
from opsbot.app.environment import Environment
from opsbot.app.journal.anchor import Anchor
from opsbot.app.journal.audit import Audit
from opsbot.app.ports import Chat, Prober
from opsbot.app.runs.by_hand import Typing, in_chat, on_terminal
from opsbot.bootstrap.declarations import Learning, declarations
from opsbot.bootstrap.identity import duration_s, identity
from opsbot.bootstrap.listening import listening
from opsbot.bootstrap.paging_way import PagingWay, paging_way
from opsbot.bootstrap.preflight_way import preflight_way
from opsbot.bootstrap.publishing_way import publishing_way
from opsbot.bootstrap.slack_way import slack_client, slack_way
from opsbot.bootstrap.status_way import StatusWay, last_page, page_meanwhile, status_way
from opsbot.bootstrap.work import drained, duties, workers
from opsbot.config import Settings
from opsbot.domain.comms.settings import TargetKind
from opsbot.domain.errors import Misconfigured, StoreLost
from opsbot.slack import blocks
from opsbot.slack.chat import SlackChat
from opsbot.slack.rooms import SlackRooms
from opsbot.slack.spelling import spelling
from opsbot.web import app as web
from opsbot.web.auth import Identify
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings

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
    while not stop.is_set() and await _lived(settings, tell, stop):
        pass


async def _lived(settings: Settings, tell: Tell, stop: asyncio.Event) -> bool:
    """
    Run until the end; where there is no store to begin with, serve the status page until there is one.

    Return whether it ended with that, and the bot is still to begin. Raises as `serve`.
    """
    begun, embedded = False, not settings.redis_url.get_secret_value()
    try:
        async with start(settings) as bot:
            begun = True
            await _run(settings, bot, tell, stop)
    except StoreLost as lost:
        page = None if begun or embedded else await last_page(settings)
        if page is None:
            raise

        async def look() -> None:
            async with _store(settings, settings.redis_url.get_secret_value()):
                pass

        tell(f"{lost.message} Until it does, only the public status page is served, as it was.")
        await page_meanwhile(settings, page, look, stop)
        return True
    return False


async def _run(settings: Settings, bot: Running, tell: Tell, stop: asyncio.Event) -> None:
    for line in described(settings, bot):
        tell(line)
    # A hundred thousand objects of modules: looking through them again stops all answers for 75 ms.
    gc.collect()
    gc.freeze()
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
        prober = await stack.enter_async_context(http_prober(settings.probed))
        env = Environment(
            name=settings.env,
            store=bundle.store,
            fleets=bundle.fleets,
            clock=clock,
            entropy=SystemEntropy(),
            promise=bundle.promise,
            served=bundle.served,
        )
        status = status_way(settings, env)
        slack = await stack.enter_async_context(slack_client(settings))
        chat = None if slack is None else SlackChat(slack.client, bundle.outbox, clock)
        paged = await stack.enter_async_context(paging_way(settings, env, bundle.outbox))
        learning = Learning(
            FileProcedures(), FileTemplates(lambda: settings_of(env.store.state), clock)
        )
        bot = await _published(
            settings,
            replace(
                make_verbs(settings, env, bundle, prober, chat=chat, paged=paged),
                rooms=None if not (slack and chat) else SlackRooms(slack.client, chat),
                procedures=learning.procedures,
                templates=learning.templates,
            ),
            status,
            stack,
        )
        files = await declarations(settings, bundle, stack, learning)
        pulse = Pulse(bundle.store, clock)
        await workers(bot, bundle, drain, stack)
        ahead = preflight_way(settings, bot, pulse)
        await stack.enter_async_context(
            running(
                (
                    *duties(
                        bot,
                        pulse,
                        keep_days=settings.keep_days,
                        served_hours=settings.exposure_hours,
                    ),
                    *paged.duties(pulse),
                    *ahead.duties(pulse),
                    *status.duties(pulse),
                )
            )
        )
        stack.push_async_callback(drained, drain, settings.drain_s)
        tokens = _local_tokens(settings)
        around = replace(
            surroundings(settings, bundle, bot, pulse, identity(bundle.store, tokens)),
            declarations=files.health,
            preflight=ahead.preflight.said,
            status=status.shown(pulse),
        )
        routes: list[Entry] = [*paged.routes]
        if slack is not None:
            way = await slack_way(settings, slack, bot, bundle.outbox, stack)
            around = replace(around, slack=way.health)
            routes += way.routes
        api = await _heard(settings, stack, web.create(around, routes), status)
        _findable(settings, stack, api=api, store_url=store_url, tokens=tokens)
        yield Running(api, store_url, bundle, bot)


async def _heard(
    settings: Settings, stack: AsyncExitStack, app: Starlette, status: StatusWay
) -> str:
    """Listen, and tell what is read elsewhere where that is; return the address."""
    await status.begin()
    api = await stack.enter_async_context(listening(settings, app))
    status.env.paper.url = f"{(settings.public_url or api).rstrip('/')}/runbooks"
    status.read_at(settings, api)
    return api


def _findable(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    api: str,
    store_url: str,
    tokens: dict[str, str],
) -> None:
    """Let a terminal on this machine find the bot, until it ends."""
    where = {"env": settings.env, "api": api, "redis": store_url, "pid": os.getpid()}
    people = {"people": tokens, "as": next(iter(tokens))} if tokens else {}
    local_bot.write(settings.state_dir, {**where, **people})
    stack.callback(local_bot.withdraw, settings.state_dir, api=api)


async def _published(settings: Settings, bot: Bot, status: StatusWay, stack: AsyncExitStack) -> Bot:
    """Return the bot with every place where messages to people go."""
    slack = None
    if bot.chat is not None and bot.rooms is not None:
        slack = SlackWay(bot.chat, bot.rooms, bot.render)
    own: dict[TargetKind, Make] = {**status.makers(), "in-app": lambda _: InApp(bot.env)}
    places = publishing_way(settings, bot.env, slack, own)
    return replace(bot, publishers=await stack.enter_async_context(places))


def make_verbs(
    settings: Settings,
    env: Environment,
    bundle: StoreBundle,
    prober: Prober,
    *,
    chat: Chat | None,
    paged: PagingWay,
) -> Bot:
    """Return the verbs on their ports: the one place where the use cases are put together."""
    key = KeyFile.open(settings.key_file)
    anchors = AnchorLines(settings.state_dir / "anchors.jsonl", key, settings.env)
    return Bot(
        env=env,
        outbox=bundle.outbox,
        prober=prober,
        audit=Audit(env=env, store=bundle.store, anchors=anchors, signer=key),
        anchor=Anchor(env, anchors, chat, settings.slack_audit_channel),
        render=partial(blocks.render, prefix=settings.command_prefix),
        pictures=Pictures(),
        chat=chat,
        channel=settings.slack_channel,
        paging=paged.paging,
        rota=paged.rota,
    )


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
        version=__version__,
        served=bundle.served,
        procedures=bot.procedures,
        typing=_typing(settings),
    )


def _typing(settings: Settings) -> dict[str, Typing]:
    """Return how people type commands: in the chat, where there is one, and in a terminal."""
    slack = (
        {}
        if settings.slack_transport == "off"
        else {"Slack": in_chat(spelling(settings.command_prefix))}
    )
    return {**slack, "terminal": on_terminal}


def _local_tokens(settings: Settings) -> dict[str, str]:
    """Return a token for each local person; a restart keeps those that terminals already hold."""
    known = local_bot.read(settings.state_dir)
    kept = known.people if known is not None else {}
    return {name: kept.get(name) or secrets.token_urlsafe(24) for name in settings.local_names}


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
        f"opsbot {__version__} runs in `{settings.env}` with {workflows} workflows.",
        f"  HTTP   {bot.api}",
        f"  Store  {store} ({bot.bundle.promise})",
        f"  Slack  {settings.slack_transport}",
    )
