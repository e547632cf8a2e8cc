"""A kill's time counts from the moment its command came in, also while Slack is asked who that is."""

import asyncio
import time

from opsbot.app.requests import KillRequest
from tests.slack.conftest import House, house_over

ONCALL, CHANNEL = "U0ONCALL", "C0SUPPORTAI"


async def kill_with_a_slow_slack(house: House) -> tuple[KillRequest, float]:
    """Kill while Slack says late who asks; return what the verb was given, and when it was sent."""
    house.slack.faults.fail("users.info", "latency", seconds=0.25)
    sent_s = time.monotonic()
    async with asyncio.timeout(10):
        await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")
    ((_, request, _),) = house.verbs.calls
    assert isinstance(request, KillRequest)
    return request, sent_s


async def test_the_verb_is_told_when_the_command_came_in() -> None:
    async with house_over("http") as house:
        request, sent_s = await kill_with_a_slow_slack(house)

        assert request.arrived_s is not None
        assert sent_s < request.arrived_s < time.monotonic() - 0.2


async def test_the_yes_is_timed_by_itself() -> None:
    async with house_over("http") as house:
        shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill all x")

        kept = [record for key, record in house.memory.records.items() if "ask:" in key]

        assert shown.kind == "message"
        assert kept
        assert all("arrived_s" not in record for record in kept)
