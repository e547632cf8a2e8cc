"""`status`, `instances`, `oncall`, `policy explain`: look through the bot and show what it says."""

from urllib.parse import quote

from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage


def status(asked: Asked) -> int:
    """Show every workflow, or one."""
    name = _at_most_one(asked)
    return _shown(asked, f"/v1/workflows/{quote(name, safe='')}" if name else "/v1/workflows")


def instances(asked: Asked) -> int:
    """Show the fleet."""
    if asked.words:
        raise Usage("opsbot instances takes no words")
    return _shown(asked, "/v1/instances")


def oncall(asked: Asked) -> int:
    """Show who answers for what."""
    name = _at_most_one(asked)
    return _shown(asked, "/v1/oncall", {"workflow": name} if name else None)


def policy(asked: Asked) -> int:
    """Say why the policy lets somebody do something, or not."""
    words = asked.words
    if len(words) != 4 or words[0] != "explain":  # noqa: PLR2004  the word, and its three arguments
        raise Usage("opsbot policy explain ACTOR VERB WORKFLOW")
    _, who, verb, workflow = words
    return _shown(asked, "/v1/policy/explain", {"who": who, "verb": verb, "workflow": workflow})


def _at_most_one(asked: Asked) -> str:
    if len(asked.words) > 1:
        raise Usage(f"opsbot {asked.command.name} {asked.command.usage}")
    return asked.words[0] if asked.words else ""


def _shown(asked: Asked, path: str, query: dict[str, str] | None = None) -> int:
    api = opened(asked)
    return printing.said(api.ask(path, query), as_json=asked.json)
