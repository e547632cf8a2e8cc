"""Socket Mode and signed HTTP: tickets, refreshes, retries, answers by response URL."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opsbot.workbench.slack import CannotDo, Shown, SlackStandIn
from tests.support.slack import APP_TOKEN, BOT_TOKEN, MovableClock, loopback, serving
from tests.support.wait import eventually
from tests.workbench.slack.conftest import Bot, button, by_socket, modal

HERE = "C0SUPPORTAI"


async def open_url(slack: SlackStandIn, session: aiohttp.ClientSession) -> str:
    headers = {"authorization": f"Bearer {APP_TOKEN}"}
    answer = await session.post(f"{slack.api_url}apps.connections.open", headers=headers)
    return str((await answer.json())["url"])


async def test_a_socket_address_is_good_once(slack: SlackStandIn) -> None:
    async with aiohttp.ClientSession() as session:
        url = await open_url(slack, session)
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()

            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    assert hello["type"] == "hello"
    assert hello["num_connections"] == 1


async def test_a_socket_address_expires(slack: SlackStandIn, clock: MovableClock) -> None:
    async with aiohttp.ClientSession() as session:
        url = await open_url(slack, session)
        clock.push(31)

        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_the_eleventh_socket_is_turned_away(slack: SlackStandIn) -> None:
    slack.rates.enforced = False
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(await open_url(slack, session)) for _ in range(11)]
        first = [await socket.receive_json() for socket in sockets]
        for socket in sockets:
            await socket.close()

    assert [note["type"] for note in first] == ["hello"] * 10 + ["disconnect"]
    assert first[10]["reason"] == "too_many_websockets"


async def test_payloads_go_to_one_of_the_sockets_in_turn(slack: SlackStandIn) -> None:
    async with by_socket(slack) as one, by_socket(slack) as two:
        await eventually(lambda: len(slack.sockets.links) == 2)
        for number in range(4):
            await slack.slash("U0ONCALL", HERE, f"/ai-kill {number}")

    assert (len(one.got), len(two.got)) == (2, 2)


async def test_an_acknowledgement_on_another_socket_does_not_count(
    slack: SlackStandIn, clock: MovableClock
) -> None:
    async with aiohttp.ClientSession() as session:
        one = await session.ws_connect(await open_url(slack, session))
        await one.receive_json()
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
            envelope = await one.receive_json()
            two = await session.ws_connect(await open_url(slack, session))
            await two.receive_json()
            await two.send_json({"envelope_id": envelope["envelope_id"]})
            await two.send_str("not json")
            clock.push(3.1)
        await one.close()
        await two.close()

    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"] is True
    assert typing.result().timed_out


async def test_the_client_comes_back_after_a_refresh(slack: SlackStandIn, socket_bot: Bot) -> None:
    before = slack.sockets.links[0]

    await slack.sockets.refresh()
    await eventually(
        lambda: [link for link in slack.sockets.links if link.left is None and link is not before]
    )
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")

    assert shown.text == "stopped x"


async def test_a_silent_bot_makes_slack_say_operation_timeout(
    slack: SlackStandIn, clock: MovableClock
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await open_url(slack, session))
        await socket.receive_json()
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
            await socket.receive_json()
            clock.push(3.1)
        await socket.close()

    assert typing.result().text == '/ai-kill failed with the error "operation_timeout"'


async def test_what_a_socket_that_ended_had_not_acknowledged_is_said_to_be_lost_at_once(
    slack: SlackStandIn,
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await open_url(slack, session))
        await socket.receive_json()
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
            await socket.receive_json()
            await socket.close()

    assert typing.result().text == '/ai-kill failed with the error "dispatch_failed"'


async def test_an_event_comes_again_three_times_and_then_no_more(
    slack: SlackStandIn, clock: MovableClock
) -> None:
    seen: list[dict[str, Any]] = []

    async def broken(request: Request) -> Response:
        seen.append({**request.headers, **json.loads(await request.body()), "at": slack.desk.now()})
        return Response(status_code=500)

    def all_over() -> bool:
        if slack.background.running == 1:  # nothing is under way but the wait for the next try
            clock.push(20)
        return not slack.background.running

    listener, url = loopback()
    slack.request_url, slack.deliver_by = f"{url}/events", "http"
    async with serving(Starlette(routes=[Route("/events", broken, methods=["POST"])]), listener):
        await slack.say("U0ONCALL", HERE, "@opsbot hello")
        await eventually(all_over)

    assert [row.get("x-slack-retry-num") for row in seen] == [None, "1", "2", "3"]
    assert seen[1]["x-slack-retry-reason"] == "http_error"
    assert len({row["event_id"] for row in seen}) == 1
    waits = [later["at"] - sooner["at"] for sooner, later in pairwise(seen)]
    assert waits[0] < 60 <= waits[1] < 300 <= waits[2]


async def test_a_request_url_answers_the_challenge(slack: SlackStandIn, http_bot: Bot) -> None:
    assert await slack.verify_request_url()


async def test_a_result_that_comes_right_behind_its_acknowledgement_is_read_after_it(
    slack: SlackStandIn,
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await open_url(slack, session))
        await socket.receive_json()
        async with asyncio.TaskGroup() as group:
            group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
            asked = await socket.receive_json()
            here = {"envelope_id": asked["envelope_id"], "payload": {"text": "working"}}
            await socket.send_json(here)
            url = asked["payload"]["response_url"]
            await (await session.post(url, json={"text": "done"})).release()
        await socket.close()

    assert [one.text for one in slack.seen_by("U0ONCALL", HERE)] == ["working", "done"]


async def test_a_form_shows_the_result_that_comes_right_behind_its_acknowledgement(
    slack: SlackStandIn,
) -> None:
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)
        socket = await session.ws_connect(await open_url(slack, session))
        await socket.receive_json()
        group.create_task(slack.slash("U0ONCALL", HERE, "/ai-kill x"))
        asked = await socket.receive_json()
        await socket.send_json({"envelope_id": asked["envelope_id"]})
        shown = await web.views_open(trigger_id=asked["payload"]["trigger_id"], view=modal())
        view = shown["view"]["id"]
        typed = {"why": {"reason": "bad"}}
        sending = group.create_task(slack.submit("U0ONCALL", view, typed))
        sent = await socket.receive_json()
        waits = {"response_action": "update", "view": modal(callback_id="working")}
        await socket.send_json({"envelope_id": sent["envelope_id"], "payload": waits})
        await web.views_update(view_id=view, view=modal(callback_id="done"))
        await sending
        await socket.close()

    top = slack.workspace.top("U0ONCALL")
    assert top is not None
    assert top.callback_id == "done"


async def response_url(slack: SlackStandIn, bot: Bot) -> str:
    await slack.slash("U0ONCALL", HERE, "/ai-kill x")
    return str(bot.got[-1]["response_url"])


async def test_a_response_url_answers_five_times(slack: SlackStandIn, socket_bot: Bot) -> None:
    url = await response_url(slack, socket_bot)

    async with httpx.AsyncClient() as client:
        answers = [await client.post(url, json={"text": f"n{n}"}) for n in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[5].json() == {"ok": False, "error": "used_url"}
    assert slack.seen_by("U0APPROVER", HERE) == []


async def test_a_response_url_ends_after_half_an_hour(
    slack: SlackStandIn, socket_bot: Bot, clock: MovableClock
) -> None:
    url = await response_url(slack, socket_bot)
    clock.push(1801)

    async with httpx.AsyncClient() as client:
        answer = await client.post(url, json={"text": "late"})

    assert answer.json()["error"] == "expired_url"


async def test_a_response_url_deletes_speaks_up_and_refuses_nonsense(
    slack: SlackStandIn, socket_bot: Bot
) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")
    assert shown.message is not None
    await slack.click("U0ONCALL", message_ts=shown.message.ts, action_id="undo")
    url = socket_bot.got[-1]["response_url"]

    async with httpx.AsyncClient() as client:
        loud = await client.post(url, json={"text": "loud", "response_type": "in_channel"})
        bad = await client.post(url, json={"blocks": [{"type": "x"}]})
        broken = await client.post(url, content=b"{")
        gone = await client.post(url, json={"delete_original": True})

    assert (loud.status_code, bad.status_code, broken.status_code) == (200, 400, 400)
    assert gone.status_code == 200
    assert [m.text for m in slack.seen_by("U0APPROVER", HERE)] == ["loud"]
    assert slack.workspace.find(HERE, shown.message.ts) is None


async def test_people_cannot_do_what_their_client_would_not_let_them(
    slack: SlackStandIn, socket_bot: Bot
) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")
    assert shown.message is not None

    with pytest.raises(CannotDo, match="no_such_message"):
        await slack.click("U0APPROVER", message_ts=shown.message.ts, action_id="undo")
    with pytest.raises(CannotDo, match="no_such_element"):
        await slack.click("U0ONCALL", message_ts=shown.message.ts, action_id="other")
    with pytest.raises(CannotDo, match="not_in_channel"):
        await slack.slash("U0GUEST", "C0SHARED", "/ai-kill x")
    with pytest.raises(CannotDo, match="not_on_top"):
        await slack.submit("U0ONCALL", "V404")


async def test_a_press_on_a_button_counts_while_something_else_of_its_message_is_edited(
    slack: SlackStandIn, socket_bot: Bot
) -> None:
    def card(words: str, label: str) -> list[dict[str, Any]]:
        said = {"type": "section", "text": {"type": "plain_text", "text": words}}
        return [said, {"type": "actions", "elements": button(label)["elements"]}]

    async def edited(words: str, label: str) -> None:
        blocks = card(words, label)
        await socket_bot.client.chat_update(channel=HERE, ts=ts, text="x", blocks=blocks)

    async def pressed() -> Shown:
        return await slack.click(
            "U0ONCALL", message_ts=ts, channel_id=HERE, action_id="undo", block_id=seen
        )

    sent = await socket_bot.client.chat_postMessage(channel=HERE, text="x", blocks=card("1", "a"))
    ts, seen = str(sent["ts"]), str(sent["message"]["blocks"][1]["block_id"])

    await edited("2", "a")
    shown = await pressed()
    await edited("3", "b")

    assert shown.kind != "failed"
    with pytest.raises(CannotDo, match="no_such_element"):
        await pressed()
