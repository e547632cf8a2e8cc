"""`opsbot demo`: the verb that starts processes of its own and watches them."""

import asyncio
import signal
import webbrowser
from pathlib import Path

from opsbot.cli import api
from opsbot.cli.manifest import command_prefix
from opsbot.cli.options import Asked, Usage
from opsbot.domain.errors import Misconfigured
from opsbot.domain.said import DONE
from opsbot.slack.manifest import manifest
from opsbot.workbench import demo as workbench
from opsbot.workbench.crew import BotEnded

PORT, CLIENTS = 8321, 12
POLICY = "policy.yaml"


def demo(asked: Asked) -> int:
    """Run the demo until Ctrl-C; headless it opens nothing and freezes nobody unless asked."""
    headless, prefix = "headless" in asked.flags, command_prefix()
    options = workbench.Options(
        environ=workbench.environment(),
        state_dir=Path(api.state_dir()),
        manifest=manifest(prefix, profile="incident"),
        prefix=prefix,
        port=_number(asked, "port", PORT),
        clients=_number(asked, "clients", CLIENTS),
        frozen=_number(asked, "frozen", 0 if headless else 1),
        headless=headless,
        open_page=webbrowser.open,
        tell=_tell,
    )
    if not (options.flags_dir / POLICY).is_file():
        raise Misconfigured(
            f"The demo finds no declarations: there is no {options.flags_dir / POLICY} here.",
            hint="Start it in the folder of the project.",
        )
    asyncio.run(_until_told(options))
    return DONE


async def _until_told(options: workbench.Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await workbench.run(options, stop)
    except BotEnded as error:
        raise Misconfigured(str(error)) from error
    except OSError as error:
        raise Misconfigured(f"The demo does not start: {error}.") from error


def _tell(line: str) -> None:
    print(line, flush=True)  # a script that reads the one line must not wait for a full buffer


def _number(asked: Asked, name: str, usual: int) -> int:
    word = asked.values.get(name, str(usual))
    if not word.isascii() or not word.isdigit():
        raise Usage(f"--{name} takes a number")
    return int(word)
