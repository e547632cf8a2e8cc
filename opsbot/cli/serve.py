"""`serve`: one replica of the bot, until it is told to leave."""

import asyncio

from opsbot import bootstrap, config
from opsbot.cli import printing
from opsbot.cli.options import Asked, Usage
from opsbot.domain.said import DONE


def serve(asked: Asked) -> int:
    """Run it."""
    if asked.words:
        raise Usage("opsbot serve takes no words; docs/configuration.md lists its settings")
    asyncio.run(bootstrap.serve(config.load(), printing.note))
    return DONE
