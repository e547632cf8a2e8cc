"""Checks that a server can keep what a profile promises, and says which line to change."""

from typing import cast

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from opsbot.adapters.redis.link import Profile
from opsbot.domain.errors import Misconfigured

_REPLICAS = "min-replicas-to-write"
_WANTED = {
    "appendonly": ("yes", "without it nothing survives the server's process"),
    "appendfsync": ("always", "with `everysec` acknowledged kills are lost at a power cut"),
    "no-appendfsync-on-rewrite": (
        "no",
        "with `yes` nothing is fsynced while the file is rewritten",
    ),
    "maxmemory-policy": ("noeviction", "eviction deletes kills"),
}


async def check_fitness(client: Redis, profile: Profile, *, min_replicas: int) -> None:
    """
    Refuse a server that cannot keep the profile's promise; `managed` servers hide their settings.

    Raises:
        Misconfigured: names the line of the server's configuration to change.
    """
    if profile == "managed":
        return
    found = await _settings(client)
    for name, (wanted, why) in _WANTED.items():
        if found.get(name) != wanted:
            raise Misconfigured(
                f"The store has `{name} {found.get(name, '')}`: {why}.",
                hint=f"Put `{name} {wanted}` into the server's configuration, or use the profile `managed`.",
            )
    if min_replicas and int(found.get(_REPLICAS) or 0) < min_replicas:
        raise Misconfigured(
            f"The store accepts writes with fewer than {min_replicas} replicas, an isolated one too.",
            hint=f"Put `min-replicas-to-write {min_replicas}` and `min-replicas-max-lag 2` into its configuration.",
        )


async def _settings(client: Redis) -> dict[str, str]:
    try:
        return cast("dict[str, str]", await client.config_get(*_WANTED, _REPLICAS))
    except NoPermissionError as error:
        raise _hidden() from error
    except ResponseError as error:
        if "unknown command" not in str(error).lower():
            raise  # loading, say: a doubt, not an answer
        raise _hidden() from error


def _hidden() -> Misconfigured:
    return Misconfigured(
        "The store does not show its settings, so the profile `strict` cannot be kept.",
        hint="Give the bot's user `+config|get`, or use the profile `managed` for a cloud service.",
    )


def promise(profile: Profile, min_replicas: int) -> str:
    """Return in words what `durable` vouches for; never more than was checked."""
    if profile == "managed":
        return f"on {max(1, min_replicas) + 1} nodes, not on disk"
    if min_replicas:
        return f"fsynced, on {min_replicas + 1} nodes: survives the loss of any one node"
    return "fsynced on 1 node"
