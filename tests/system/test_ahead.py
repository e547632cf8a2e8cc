"""A client that knows more than the store: never confirmed while it is so, confirmed once it is put back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsflags import FlagClient
from opsflags.keys import Keys
from tests.support.replica import Replica
from tests.support.store import Server
from tests.support.wait import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ENV = "ahead"


@pytest.fixture(name="bot")
def _bot(own_server: Server, tmp_path: Path) -> Iterator[Replica]:
    bot = Replica(tmp_path / "bot", redis_url=own_server.url, env=ENV).start()
    yield bot
    bot.close()


def fleet_of(bot: Replica) -> dict[str, Any]:
    """Return what the bot says of the fleet against its one kill."""
    kills = bot.ask("GET", "/v1/kills")[1]["kills"]
    found: dict[str, Any] = kills[0]["instances"] if kills else {}
    return found


def test_after_a_flush_a_client_is_confirmed_again_once_the_bot_put_back_what_was_lost(
    own_server: Server, bot: Replica
) -> None:
    with FlagClient.connect(own_server.url, service="support-api", env=ENV) as service:
        copilot = service.workflow("support-copilot")
        bot.kill("support-copilot", mode="stop")
        # The answer does not wait for who confirms late.
        eventually_sync(
            lambda: fleet_of(bot), until=lambda seen: seen["confirmed"] == 1, timeout_s=20
        )
        with own_server.client() as raw:
            raw.flushall()

        after = eventually_sync(
            lambda: fleet_of(bot),
            until=lambda seen: seen.get("confirmed") == 1 and bool(_registered(own_server)),
            timeout_s=20,
        )
        allowed = copilot.decide().allowed

    assert (after["expected"], after["ahead"]) == (1, [])
    assert not allowed


def test_an_acknowledgement_that_was_made_up_confirms_nothing(
    own_server: Server, bot: Replica
) -> None:
    keys = Keys(ENV).fleet_of("support-api")
    with FlagClient.connect(own_server.url, service="support-api", env=ENV) as service:
        service.workflow("support-copilot")
        with own_server.client() as raw:
            eventually_sync(lambda: raw.hexists(keys.instances, service.instance))
            told = raw.hget(keys.instances, service.instance)
            made_up = {"s": 1, "e": 2**40, "r": 2**40, "x": 2**40, "kills": {}}
            known = ("opsbot_checkin", 6, Keys(ENV).head, *keys.all())
            raw.fcall(
                *known, Keys(ENV).emergency, Keys(ENV).services,
                "pod-liar", told, json.dumps(made_up), "support-api",
            )  # fmt: skip

        seen = bot.kill("support-copilot", mode="stop")[1]
        fleet = eventually_sync(
            lambda: fleet_of(bot), until=lambda now: now["confirmed"] == 1, timeout_s=20
        )

    assert seen["instances"]["ahead"] == ["pod-liar"]
    assert (fleet["expected"], fleet["confirmed"]) == (2, 1)
    assert seen["confirmed_ms"] is None


def _registered(server: Server) -> int:
    with server.client() as raw:
        return int(raw.hlen(Keys(ENV).fleet_of("support-api").instances))
