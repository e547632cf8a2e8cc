"""Faults on demand: what a dead, slow, doubled or half-open Slack looks like to real clients."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import CannotDo, SlackStandIn
from tests.support.slack import BOT_TOKEN, MovableClock
from tests.support.wait import eventually
from tests.workbench.slack.conftest import Bot

HERE = "C0SUPPORTAI"


async def test_unplugged_cuts_the_connection_and_keeps_no_effect(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    web.retry_handlers.clear()
    slack.faults.unplugged = True

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await web.chat_postMessage(channel=HERE, text="x")

    assert slack.seen_by("U0ONCALL", HERE) == []


async def test_the_acknowledgement_arrives_while_the_web_api_is_dead(
    slack: SlackStandIn, bot: Bot
) -> None:
    await slack.slash("U0ONCALL", HERE, "/ai-kill first")
    slack.faults.unplugged = True

    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill second")

    assert shown.text == "stopped second"


async def test_a_drop_after_the_effect_leaves_the_effect(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    web.retry_handlers.clear()
    slack.faults.fail("chat.postMessage", "drop_after_effect")

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await web.chat_postMessage(channel=HERE, text="x")

    assert [m.text for m in slack.seen_by("U0ONCALL", HERE)] == ["x"]


async def test_the_sdks_own_retry_posts_twice_after_such_a_drop(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    slack.faults.fail("chat.postMessage", "drop_after_effect")

    await web.chat_postMessage(channel=HERE, text="x")

    assert [m.text for m in slack.seen_by("U0ONCALL", HERE)] == ["x", "x"]


async def test_a_server_error_has_no_body_to_trust(
    slack: SlackStandIn, web: AsyncWebClient
) -> None:
    slack.faults.fail("chat.postMessage", "500")

    with pytest.raises(SlackApiError) as failed:
        await web.chat_postMessage(channel=HERE, text="x")

    assert failed.value.response.status_code == 500


async def test_a_hanging_call_ends_by_the_clients_own_timeout(slack: SlackStandIn) -> None:
    slack.faults.fail("*", "timeout")
    timeout = aiohttp.ClientTimeout(total=0.2)

    async with aiohttp.ClientSession(timeout=timeout) as session:
        web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)
        with pytest.raises(TimeoutError):
            await web.auth_test()


async def test_an_unknown_fault_is_refused(slack: SlackStandIn) -> None:
    with pytest.raises(CannotDo):
        slack.faults.fail("auth.test", "gremlins")  # type: ignore[arg-type]  # on purpose


async def test_one_delivery_may_arrive_three_times(slack: SlackStandIn, bot: Bot) -> None:
    slack.faults.deliveries = 3

    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert shown.text == "stopped x"
    assert len(bot.got) == 3
    assert len({body["trigger_id"] for body in bot.got}) == 1
    assert len(slack.seen_by("U0ONCALL", HERE)) == 1


async def test_a_half_open_socket_swallows_commands(
    slack: SlackStandIn, socket_bot: Bot, clock: MovableClock
) -> None:
    slack.sockets.half_open()

    async with asyncio.TaskGroup() as group:
        typing = group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
        await eventually(lambda: slack.sockets.links[0].waiting)
        clock.push(3.1)

    assert typing.result().timed_out
    assert socket_bot.got == []


async def test_without_a_socket_a_command_is_not_dispatched(slack: SlackStandIn) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert shown.text == '/ai-kill failed with the error "dispatch_failed"'


async def test_a_forged_signature_is_refused_by_bolt(slack: SlackStandIn, http_bot: Bot) -> None:
    slack.faults.forged = True

    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert shown.text == '/ai-kill failed with the error "http_service_error"'
    assert http_bot.got == []


async def test_an_old_signature_is_refused_by_bolt(slack: SlackStandIn, http_bot: Bot) -> None:
    slack.faults.clock_skew_s = -301

    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert shown.kind == "failed"
    assert http_bot.got == []


async def test_clearing_heals_everything(slack: SlackStandIn) -> None:
    slack.faults.unplugged = True
    slack.faults.deliveries = 3
    slack.faults.fail("auth.test", "500", times=2)

    slack.faults.clear()

    assert slack.faults.described() == {
        "unplugged": False,
        "deliveries": 1,
        "forged": False,
        "clock_skew_s": 0.0,
        "methods": {},
    }
