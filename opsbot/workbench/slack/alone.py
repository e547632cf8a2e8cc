"""
A program: the stand-in in a process of its own, so that measuring the bot does not slow its Slack.

Run as `python -m opsbot.workbench.slack.alone`. The first line on standard input says who is there
(`bot_token, app_token, signing_secret, people, channels`), the first on standard output where it
listens. Then each line is a wish, answered with a line: `silent` (no call is answered), `cut` (the
connection is dropped), `heal`. It ends with its input.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn

from opsbot.workbench.slack.model import Channel, Person
from opsbot.workbench.slack.standin import SlackStandIn
from opsbot.workbench.slack.workspace import Workspace

MANY = 100_000
"""More calls than anybody makes before the fault is healed."""


def stand_in(said: Mapping[str, Any], base_url: str) -> SlackStandIn:
    """Return a stand-in with the people (`[[id, name], ...]`) and channels (`[id, ...]`) named."""
    people = [Person(id_, name, name, f"{name}@example.com") for id_, name in said["people"]]
    bot = Person("U0BOT", "opsbot", "opsbot", "", is_bot=True)
    members = {person.id for person in (*people, bot)}
    channels = [Channel(id_, id_.lower(), set(members)) for id_ in said["channels"]]
    return SlackStandIn(
        Workspace([*people, bot], channels),
        base_url=base_url,
        bot_token=said["bot_token"],
        app_token=said["app_token"],
        signing_secret=said["signing_secret"],
    )


def wished(slack: SlackStandIn, wish: str) -> str:
    """Do what one line asks for, and return what to answer."""
    slack.faults.clear()
    if wish == "silent":
        slack.faults.fail("*", "timeout", times=MANY)
    elif wish == "cut":
        slack.faults.unplugged = True
    elif wish != "heal":
        return f"no such wish: {wish}"
    return wish


async def run() -> None:
    """Serve until standard input ends."""
    said = json.loads(await asyncio.to_thread(sys.stdin.readline))
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        # asyncio only sets it where the socket names its protocol; else answers wait for Nagle.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        slack = stand_in(said, url)
        config = uvicorn.Config(
            slack.app, log_level="error", lifespan="off", ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        _tell(url)
        while line := await asyncio.to_thread(sys.stdin.readline):
            _tell(wished(slack, line.strip()))
        await slack.close()
        await server.shutdown(sockets=[listener])


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run())  # noqa: TID251  # a program of its own, below no terminal
