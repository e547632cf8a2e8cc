"""`opsbot demo`: the bot, stand-ins for Slack and PagerDuty, AI services and one page; nothing in it needs an account."""

import asyncio
import fcntl
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from opsbot.workbench import company
from opsbot.workbench.acts import Acts
from opsbot.workbench.crew import Bot, BotEnded, Services
from opsbot.workbench.customers import promise
from opsbot.workbench.declared import Declared
from opsbot.workbench.demo_pager import PLACE, Pager
from opsbot.workbench.fresh import make_fresh
from opsbot.workbench.leaving import Leaving
from opsbot.workbench.model_stub import ModelStub
from opsbot.workbench.model_stub import create_app as model_app
from opsbot.workbench.repositories import report
from opsbot.workbench.slack import SlackStandIn
from opsbot.workbench.stage import Json, Stage, create_app

ENV = "demo"
BOT_BOOT_S = 60.0
LOOK_S = 0.4
DECLARED = "declared"
"""The folder in the state directory that the bot of a demo reads its declarations from."""

DECLARE_S = 1.0
"""How often edited declarations are looked for, in seconds."""

PACE_S = 0.09
"""Seconds between two words of the model stub: a person can read along."""


@dataclass(frozen=True, slots=True)
class Options:
    """
    How the demo is started.

    *environ* is passed on to the processes. *frozen* services freeze on purpose. *manifest* is the
    Slack app's, from the bot's own table of verbs, and *prefix* what its commands begin with.
    *flags_dir* holds the declarations.
    """

    environ: Mapping[str, str]
    state_dir: Path
    manifest: Mapping[str, Any]
    prefix: str = "ai"
    port: int = 8321
    clients: int = 12
    frozen: int = 1
    flags_dir: Path = Path("flags")
    headless: bool = False
    open_page: Callable[[str], object] = field(default=lambda url: None)
    tell: Callable[[str], None] = print


async def run(options: Options, stop: asyncio.Event) -> None:
    """
    Run until *stop* is set; then thaw, say goodbye and leave nothing behind but the data.

    Raises:
        BotEnded: the bot's process ended at its start; said with its last words.
        OSError: the port is taken, or another demo holds the state directory.
        TimeoutError: the bot did not come up; its log says why.
    """
    try:
        async with playing(options) as addresses:
            line = json.dumps(addresses)
            if options.headless:
                options.tell(line)
            else:
                page = str(addresses["page"])
                options.tell(f"The demo runs at {page}  (Ctrl-C ends it)")
                options.open_page(page)
            await stop.wait()
    except BotEnded:
        if not stop.is_set():  # Ctrl-C reaches the bot as well
            raise


@asynccontextmanager
async def playing(options: Options) -> AsyncGenerator[dict[str, str]]:
    """Give the addresses of a running demo."""
    page = f"http://127.0.0.1:{options.port}"
    stage, pager = Stage(), Pager(page)
    tokens = {name: f"{prefix}-{secrets.token_hex(12)}" for name, prefix in _TOKENS.items()}
    slack = SlackStandIn(
        company.workspace(),
        base_url=f"{page}/slack",
        bot_token=tokens["bot"],
        app_token=tokens["app"],
        signing_secret=tokens["secret"],
        manifest=options.manifest,
    )
    options.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    bot = Bot(
        {**bot_environment(options, page, tokens), **pager.settings()},
        options.state_dir / "bot.log",
    )
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(options.state_dir))
        declared = await asyncio.to_thread(_fresh, options)
        acts = Acts(stage, bot, options.state_dir)
        mounts = {"/slack": slack.app, PLACE: pager.stand_in.app, **_models()}
        await stack.enter_async_context(
            _listening(create_app(stage, acts.do, mounts), options.port)
        )
        await stack.enter_async_context(pager.stand_in)
        stack.push_async_callback(slack.close)
        group = await stack.enter_async_context(_together())
        stack.push_async_callback(bot.leave)
        _until_end(stack, group, bot.run(lambda: stage.set(bot=_about(bot))))
        if not options.headless:
            options.tell("Starting the bot and its private store ...")
        where = await _bot_up(bot, options.state_dir)
        services = _services(options, where, page, stage)
        acts.services, acts.where = services, where
        stack.push_async_callback(services.leave)
        addresses: dict[str, str] = {
            "page": page, "api": where["api"], "redis": where["redis"],
            "pagerduty": pager.url, "status": f"{where['api']}/status",
        }  # fmt: skip
        stage.set(
            about={
                **addresses,
                "env": ENV,
                "state_dir": str(options.state_dir),
                "python": sys.executable,
            }
        )
        for watcher in (
            services.run(),
            acts.look(LOOK_S),
            _follow(declared, stage),
            pager.follow(options.state_dir),
            acts.worst_moment(options.frozen),
        ):
            _until_end(stack, group, watcher)
        stack.callback(acts.leave)
        stack.enter_context(_kept(options.state_dir, {**addresses, "people": where["people"]}))
        yield addresses


_TOKENS = {"bot": "xoxb-demo", "app": "xapp-demo", "secret": "secret"}


def bot_environment(options: Options, page: str, tokens: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the demo's bot, whatever this process's own are."""
    return {
        **options.environ,
        "OPSBOT_ENV": ENV,
        "OPSBOT_STATE_DIR": str(options.state_dir),
        "OPSBOT_REDIS_URL": "",
        "OPSBOT_FLAGS_DIR": str(_declarations(options)),
        "OPSBOT_PORT": "0",
        "OPSBOT_COMMAND_PREFIX": options.prefix,
        "OPSBOT_LOG_FORMAT": "console",
        "OPSBOT_LOCAL_PEOPLE": ",".join(company.LOCAL_NAMES),
        "OPSBOT_SLACK_TRANSPORT": "workbench",
        "OPSBOT_SLACK_API_URL": f"{page}/slack/api/",
        "OPSBOT_SLACK_BOT_TOKEN": tokens["bot"],
        "OPSBOT_SLACK_APP_TOKEN": tokens["app"],
        "OPSBOT_SLACK_SIGNING_SECRET": tokens["secret"],
        "OPSBOT_SLACK_TEAM_ID": company.HOME,
    }


@asynccontextmanager
async def _together() -> AsyncGenerator[asyncio.TaskGroup]:
    """Give a task group that passes a single error on as it is, not as a group of one."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as several:
        if len(several.exceptions) > 1:
            raise
        raise several.exceptions[0] from None


async def _bot_up(bot: Bot, state_dir: Path) -> dict[str, str]:
    """
    Return what the bot wrote about itself, once it answers; started again it stays where it is.

    Raises:
        BotEnded: its process ended.
        TimeoutError: it runs, but does not answer; why is in its log.
    """
    try:
        async with asyncio.timeout(BOT_BOOT_S):
            found = await _answering(bot, state_dir / "bot.json")
    except TimeoutError as error:
        raise TimeoutError(
            f"the bot does not answer after {BOT_BOOT_S:.0f} s; see {bot.log}"
        ) from error
    bot.stay_at(found["api"])
    return found


async def _answering(bot: Bot, path: Path) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=1.0) as http:
        while True:
            bot.look_alive()
            if (found := _read(path)).get("api"):
                try:
                    if (await http.get(f"{found['api']}/readyz")).status_code == 200:  # noqa: PLR2004  HTTP's OK
                        return found
                except httpx.HTTPError:
                    pass
            await asyncio.sleep(0.05)


def _until_end(
    stack: AsyncExitStack, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]
) -> None:
    """Run *work* until the stack ends, and cancel it before what was pushed earlier ends."""
    stack.callback(group.create_task(work).cancel)


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Hold the directory: a second demo in it would take over the first one's addresses and tokens."""
    with (state_dir / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            page = _read(state_dir / "demo.json").get("page", "it is starting")
            raise OSError(
                f"another one runs in {state_dir} ({page});"
                " end it, or give this one an OPSBOT_STATE_DIR of its own"
            ) from error
        yield


@contextmanager
def _kept(state_dir: Path, found: Mapping[str, Any]) -> Iterator[None]:
    """Keep where everything is, and the people's tokens, in a file for this user's eyes only."""
    path = state_dir / "demo.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(found, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _services(options: Options, where: Mapping[str, str], page: str, stage: Stage) -> Services:
    command = [
        sys.executable, "-m", "opsbot.workbench.services",
        "--redis", where["redis"], "--env", ENV, "--model-url", f"{page}/model/v1",
        "--agent-model-url", f"{page}/agent-model/v1",
        "--state-dir", str(options.state_dir), "--clients", str(options.clients),
    ]  # fmt: skip
    return Services(command, options.environ, options.state_dir / "services.log", stage.heard)


def _fresh(options: Options) -> Declared:
    """Take away what an earlier demo left, and bring the declarations along."""
    make_fresh(options.state_dir)
    declared = Declared(options.flags_dir, options.state_dir / DECLARED)
    declared.refresh()
    return declared


def _declarations(options: Options) -> Path:
    """Return where the bot reads: where there is nothing to copy it names the folder that it misses."""
    return options.state_dir / DECLARED if options.flags_dir.is_dir() else options.flags_dir


async def _follow(declared: Declared, stage: Stage) -> None:
    """Say what restores in steps there are, and go on whenever the declarations are edited."""
    while True:
        try:
            restores = await asyncio.to_thread(declared.refresh)
        except OSError as error:
            stage.note(f"The declarations cannot be copied: {error}")
        else:
            stage.set(about={**stage.about, "restores": restores})
        await asyncio.sleep(DECLARE_S)


def _models() -> dict[str, Starlette]:
    """Return a model for the support chat and one for the agent, so that each counts its own calls."""
    return {
        "/model": model_app(ModelStub(reply=_reply, pace_s=PACE_S)),
        "/agent-model": model_app(ModelStub(reply=report)),
    }


def _reply(body: Json) -> str:
    messages = body.get("messages") or [{}]
    return promise(str(messages[-1].get("content", "")))


def _about(bot: Bot) -> Json:
    return {
        "alive": bot.alive,
        "pid": bot.process.pid if bot.process else None,
        "restarts": bot.restarts,
    }


@asynccontextmanager
async def _listening(app: Any, port: int) -> AsyncGenerator[None]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
        raise OSError(f"port {port}: {why}; choose another with --port") from error
    leaving = Leaving(app)
    config = uvicorn.Config(
        leaving, log_level="warning", lifespan="off", ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not `serve()`: it takes the signals, and the page would leave before bot and services do.
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        leaving.end()
        await server.shutdown(sockets=[listener])


def environment() -> Mapping[str, str]:
    """Return this process's environment without settings of a real installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}  # noqa: TID251  passed on to child processes
