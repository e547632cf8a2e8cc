"""A kill's time counts from the moment its command came in, also while Slack is asked who that is."""

import asyncio
import time

from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest
from tests.slack.conftest import House, house_over
from tests.support.wait import eventually

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


async def test_a_restore_and_an_approval_tell_the_verb_when_they_came_in() -> None:
    async with house_over("http") as house:
        began_s = time.monotonic()
        async with asyncio.timeout(10):
            shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill support-copilot x")
            assert shown.message is not None
            await house.slack.click(
                ONCALL, action_id="restore:0", message_ts=shown.message.ts, channel_id=CHANNEL
            )
            asked = await house.slack.slash(ONCALL, CHANNEL, "/ai-restore support-copilot")
            assert asked.message is not None
            for action in ("approve:0", "refuse:1"):
                await house.slack.click(
                    ONCALL, action_id=action, message_ts=asked.message.ts, channel_id=CHANNEL
                )
            await eventually(lambda: len(house.verbs.calls) == 5)

        requests = [request for _, request, _ in house.verbs.calls[1:]]

        for request in requests:
            assert isinstance(request, RestoreRequest | ApproveRequest)
            assert request.arrived_s is not None
            assert began_s < request.arrived_s < time.monotonic()


async def test_the_yes_is_timed_by_itself() -> None:
    async with house_over("http") as house:
        shown = await house.slack.slash(ONCALL, CHANNEL, "/ai-kill all x")

        kept = [record for key, record in house.memory.records.items() if "ask:" in key]

        assert shown.kind == "message"
        assert kept
        assert all("arrived_s" not in record for record in kept)
