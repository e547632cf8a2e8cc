"""The whole bot in processes of its own: `opsbot serve`, the services it looks after, a stand-in of Slack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from opsbot.bench import household
from opsbot.bench.line import Line, request
from opsbot.bench.server import url_of

START_S = 60.0
LEAVE_S = 20.0
LOOK_S = 0.05
OK = 200
TOKENS = {
    "bot_token": "xoxb-bench",
    "app_token": "xapp-bench",
    "signing_secret": "signing-secret-of-the-bench",
}


class NotUp(RuntimeError):
    """A process that is measured did not come up; its last words."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A bot that runs: the port of its HTTP side, its process, and a token for each person."""

    port: int
    pid: int
    tokens: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Slack:
    """The stand-in's process: *url* is its Web API."""

    url: str
    process: "subprocess.Popen[str]"

    def wish(self, what: str) -> None:
        """
        Let the Web API be `silent`, `cut`, or `heal` it.

        Raises:
            NotUp: it does not do that.
        """
        _write(self.process.stdin, what)
        if _line(self.process) != what:
            raise NotUp(f"the stand-in for Slack did not take the wish {what!r}")


@contextmanager
def slack() -> Iterator[Slack]:
    """
    Give a stand-in with everybody of the household in it.

    Raises:
        NotUp: it did not come up.
    """
    # By its name: the layers forbid to import it, and it must not share this process anyway.
    command = [sys.executable, "-m", "opsbot.workbench.slack.alone"]
    with _program(command) as process:
        people = [[household.slack_id(name), name] for name in household.PEOPLE]
        told = {**TOKENS, "people": people, "channels": household.CHANNELS}
        _write(process.stdin, json.dumps(told))
        yield Slack(f"{_line(process)}/api", process)


@contextmanager
def services(clients: int, *, port: int, bot: Replica) -> Iterator[None]:
    """
    Give *clients* processes that serve every workflow; *bot* sees all of them when this is entered.

    Raises:
        NotUp: they did not come up.
    """
    words = (str(clients), url_of(port), household.ENV, ",".join(household.WORKFLOWS))
    with _program([sys.executable, "-m", "opsbot.bench.serving", *words]) as process:
        assert process.stdout is not None
        if len(process.stdout.read(clients)) != clients:
            raise NotUp("the service processes did not come up")
        _until(lambda: _registered(bot) == clients, "not every service registered")
        yield


@contextmanager
def replica(folder: Path, *, port: int, slack_url: str) -> Iterator[Replica]:
    """
    Give a ready bot on the store at *port*; it leaves in order afterwards.

    Raises:
        NotUp: it did not come up.
    """
    state = folder / "state"
    if not (folder / "flags").exists():
        household.write(folder)
    (state / "bot.json").unlink(missing_ok=True)
    environment = {**_clean(), **_settings(folder, url_of(port), slack_url)}
    log = folder / "bot.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "opsbot", "serve"],
            env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        _until(
            lambda: process.poll() is not None or _ready(state) is not None, "the bot is not ready"
        )
        found = _ready(state)
        if found is None:
            raise NotUp(f"the bot ended: {log.read_text('utf-8', 'replace')[-800:]}")
        yield Replica(found[0], process.pid, found[1])
    finally:
        process.terminate()
        try:
            process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settings(folder: Path, redis_url: str, slack_url: str) -> dict[str, str]:
    return {
        "OPSBOT_ENV": household.ENV,
        "OPSBOT_STATE_DIR": str(folder / "state"),
        "OPSBOT_REDIS_URL": redis_url,
        "OPSBOT_PORT": "0",
        "OPSBOT_FLAGS_DIR": str(folder / "flags"),
        "OPSBOT_RUNBOOKS_DIR": str(folder / "runbooks"),
        "OPSBOT_LOCAL_PEOPLE": ",".join(household.PEOPLE),
        "OPSBOT_SLACK_TRANSPORT": "http",
        "OPSBOT_SLACK_API_URL": slack_url,
        "OPSBOT_SLACK_BOT_TOKEN": TOKENS["bot_token"],
        "OPSBOT_SLACK_SIGNING_SECRET": TOKENS["signing_secret"],
        "OPSBOT_SLACK_TEAM_ID": household.TEAM,
        "OPSBOT_DRAIN_S": "2",
    }


def _clean() -> dict[str, str]:
    """Return this process's environment without settings of a real installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}  # noqa: TID251  passed on to the processes that are measured


def _ready(state: Path) -> tuple[int, Mapping[str, str]] | None:
    """Return port and tokens once the bot answers that it can take work."""
    try:
        found = json.loads((state / "bot.json").read_text("utf-8"))
        port = int(str(found["api"]).rpartition(":")[2])
        with Line(port) as line:
            answer = line.ask(request("GET", "/readyz", {}))
    except (OSError, ValueError, KeyError):
        return None
    return (port, found["people"]) if answer.status == OK else None


def _registered(bot: Replica) -> int:
    """Return how many instances the bot knows to serve every workflow."""
    headers = {"authorization": f"Bearer {bot.tokens[household.PEOPLE[0]]}"}
    with Line(bot.port) as line:
        told = line.ask(request("GET", "/v1/instances", headers)).json().get("instances")
    listed = told if isinstance(told, list) else []
    return sum(len(one["workflows"]) == household.CROWD for one in listed)


def _until(done: Callable[[], bool], what: str) -> None:
    ends = monotonic() + START_S
    while not done():
        if monotonic() > ends:
            raise NotUp(what)
        sleep(LOOK_S)


@contextmanager
def _program(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(  # noqa: S603 - this interpreter, our own words
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()  # which it takes as the end
        try:
            process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _write(to: IO[str] | None, line: str) -> None:
    assert to is not None
    to.write(f"{line}\n")
    to.flush()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise NotUp("the stand-in for Slack ended")
    return line
