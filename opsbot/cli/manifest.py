"""`slack manifest`: the Slack app's manifest, made from the grammar's table."""

import json
import os

from opsbot.cli.options import Asked, Usage
from opsbot.domain.said import DONE
from opsbot.slack.manifest import PROFILES
from opsbot.slack.manifest import manifest as manifest_of

_USAGE = f"opsbot slack manifest --http URL | --socket [--profile {'|'.join(PROFILES)}]"


def command_prefix() -> str:
    """Return what the slash commands begin with: `OPSBOT_COMMAND_PREFIX`, `ai` without it."""
    return os.environ.get("OPSBOT_COMMAND_PREFIX") or "ai"


def manifest(asked: Asked) -> int:
    """Print it as JSON, for one of the two transports and one of the profiles."""
    url, socket = asked.values.get("http"), "socket" in asked.flags
    if asked.words != ("manifest",) or (url is None) != socket:
        raise Usage(_USAGE)
    named = asked.values.get("profile", PROFILES[0])
    profile = next((one for one in PROFILES if one == named), None)
    if profile is None:
        raise Usage(_USAGE)
    made = manifest_of(command_prefix(), http_url=url, profile=profile)
    print(json.dumps(made, ensure_ascii=False, indent=2))
    return DONE
