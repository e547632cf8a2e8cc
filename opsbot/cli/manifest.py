"""`slack manifest`: the Slack app's manifest, made from the grammar's table."""

import json
import os

from opsbot.cli.options import Asked, Usage
from opsbot.domain.said import DONE
from opsbot.slack.manifest import manifest as manifest_of

_USAGE = "opsbot slack manifest --http URL | --socket"


def manifest(asked: Asked) -> int:
    """Print it as JSON, for one of the two transports."""
    url, socket = asked.values.get("http"), "socket" in asked.flags
    if asked.words != ("manifest",) or (url is None) != socket:
        raise Usage(_USAGE)
    prefix = os.environ.get("OPSBOT_COMMAND_PREFIX") or "ai"
    print(json.dumps(manifest_of(prefix, http_url=url), ensure_ascii=False, indent=2))
    return DONE
