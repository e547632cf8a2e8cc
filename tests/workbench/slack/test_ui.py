"""The page's JSON: what it shows, what it does, and whom it turns away."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest

from opsbot.workbench.slack import SlackStandIn
from tests.support.slack import MovableClock
from tests.support.wait import eventually
from tests.workbench.slack.conftest import Bot

HERE = "C0SUPPORTAI"
Json = dict[str, Any]


@pytest.fixture
async def page(slack: SlackStandIn) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser's client with the page's own header."""
    headers = {"x-workbench": "1", "origin": slack.desk.base_url}
    base = f"{slack.desk.base_url}/ui"
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
        yield client


async def post(page: httpx.AsyncClient, what: str, **body: Any) -> Json:
    answer = await page.post(f"/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def state(page: httpx.AsyncClient, user: str = "U0ONCALL") -> Json:
    return dict((await page.get("/state", params={"user": user})).json())


async def test_the_state_holds_what_that_person_may_see(
    slack: SlackStandIn, page: httpx.AsyncClient
) -> None:
    await slack.say("U0ONCALL", "G0SECRET", "hush")
    await slack.say("U0ONCALL", HERE, "hello")

    olga, guest = await state(page), await state(page, "U0GUEST")

    assert olga["messages"]["G0SECRET"][0]["text"] == "hush"
    assert [channel["id"] for channel in guest["channels"]] == [HERE]
    assert guest["messages"] == {HERE: olga["messages"][HERE]}
    assert olga["bot"] == {
        "user_id": "U0BOT",
        "name": "opsbot",
        "deliver_by": "socket",
        "sockets": 0,
    }
    assert {person["id"] for person in olga["people"]} >= {"U0BOT", "U0FOREIGN"}


async def test_a_command_is_typed_clicked_and_undone_from_the_page(
    slack: SlackStandIn, page: httpx.AsyncClient, bot: Bot
) -> None:
    shown = await post(page, "command", user="U0ONCALL", channel=HERE, text="/ai-kill x")
    clicked = await post(
        page, "action", user="U0ONCALL", message_ts=shown["message"]["ts"], action_id="undo"
    )

    assert (shown["kind"], shown["ephemeral"]) == ("message", True)
    assert shown["blocks"][0]["elements"][0]["action_id"] == "undo"
    assert clicked["kind"] == "nothing"

    await eventually(lambda: slack.seen_by("U0ONCALL", HERE)[0].text == "undone")
    assert [m["text"] for m in (await state(page))["messages"][HERE]] == ["undone"]


async def test_a_modal_is_filled_in_from_the_page(page: httpx.AsyncClient, bot: Bot) -> None:
    opened = await post(page, "command", user="U0ONCALL", channel=HERE, text="/ai-modal")
    view = opened["view"]
    typed = {"why": {"reason": "bad"}}

    refused = await post(page, "submit", user="U0ONCALL", view_id=view["id"], values=typed)
    during = await state(page)
    closed = await post(page, "close", user="U0ONCALL", view_id=view["id"])

    assert (opened["kind"], view["title"], view["submit"]) == ("modal", "Kill", "Stop it")
    assert refused["errors"] == {"why": "say more"}
    assert during["views"][0]["errors"] == {"why": "say more"}
    assert closed["kind"] == "nothing"
    assert (await state(page))["views"] == []


async def test_home_shortcuts_talk_and_reactions_work_from_the_page(
    slack: SlackStandIn, page: httpx.AsyncClient, bot: Bot
) -> None:
    said = await post(page, "say", user="U0ONCALL", channel=HERE, text="odd answer")
    ts = said["message"]["ts"]
    await post(page, "react", user="U0APPROVER", channel=HERE, message_ts=ts, name="pushpin")
    await post(
        page, "shortcut", user="U0ONCALL", callback_id="incident_from_message", message_ts=ts
    )
    opened = await post(page, "shortcut", user="U0ONCALL", callback_id="kill_global")
    await post(page, "home", user="U0ONCALL")

    await eventually(lambda: "U0ONCALL" in slack.workspace.homes)
    now = await state(page)

    assert opened["kind"] == "modal"
    assert now["home"]["type"] == "home"
    assert now["messages"][HERE][0]["reactions"] == [
        {"name": "pushpin", "users": ["U0APPROVER"], "count": 1}
    ]


async def test_who_is_not_in_a_public_channel_reads_it_and_writes_there_once_they_joined(
    slack: SlackStandIn, page: httpx.AsyncClient
) -> None:
    async def member() -> bool:
        channels = (await state(page, "U0APPROVER"))["channels"]
        return bool(next(one["member"] for one in channels if one["id"] == "C0NOBOT"))

    async def says() -> int:
        body = {"user": "U0APPROVER", "channel": "C0NOBOT", "text": "hello"}
        return (await page.post("/say", json=body)).status_code

    before = (await member(), await says())
    await post(page, "join", user="U0APPROVER", channel="C0NOBOT")

    assert before == (False, 400)
    assert (await member(), await says()) == (True, 200)
    assert [one.text for one in slack.seen_by("U0ONCALL", "C0NOBOT")] == ["hello"]


async def test_nobody_joins_what_they_may_not_see_or_what_is_archived(
    slack: SlackStandIn, page: httpx.AsyncClient
) -> None:
    slack.workspace.channels["C0NOBOT"].is_archived = True

    async def hint(channel: str) -> str:
        body = {"user": "U0APPROVER", "channel": channel}
        return str((await page.post("/join", json=body)).json()["error"])

    assert [await hint("G0SECRET"), await hint("C0NOBOT")] == ["channel_not_found", "is_archived"]
    assert "U0APPROVER" not in slack.workspace.channels["G0SECRET"].members


async def test_faults_are_set_and_shown(slack: SlackStandIn, page: httpx.AsyncClient) -> None:
    await post(page, "fault", fault="unplugged", on=True)
    await post(page, "fault", fault="deliveries", times=3)
    await post(page, "fault", fault="half_open")
    await post(page, "fault", fault="refresh")
    broken = await post(page, "fault", fault="method", method="views.open", kind="500", times=2)

    assert broken["faults"]["methods"] == {"views.open": ["500", "500"]}
    assert (slack.faults.unplugged, slack.faults.deliveries) == (True, 3)
    assert (await post(page, "fault", fault="clear"))["faults"]["unplugged"] is False


@pytest.mark.parametrize(
    ("what", "body", "error"),
    [
        ("command", {"user": "U404", "channel": HERE, "text": "/x"}, "user_not_found"),
        ("command", {"user": "U0ONCALL", "channel": HERE}, "missing_field"),
        ("command", {"user": "U0GUEST", "channel": "C0SHARED", "text": "/x"}, "not_in_channel"),
        ("say", {"user": "U0GUEST", "channel": "C0SHARED", "text": "x"}, "not_in_channel"),
        ("join", {"user": "U0GUEST", "channel": "C0SHARED"}, "channel_not_found"),
        ("join", {"user": "U0ONCALL", "channel": "C404"}, "channel_not_found"),
        ("submit", {"user": "U0ONCALL", "view_id": "V1", "values": []}, "not_on_top"),
        ("submit", {"user": "U0ONCALL", "view_id": "V1", "values": [1]}, "bad_values"),
        ("action", {"user": "U0ONCALL", "view_id": "V1", "action_id": "a"}, "no_such_view"),
        ("fault", {"fault": "gremlins"}, "unknown_fault"),
        ("fault", {"fault": "deliveries", "times": 0}, "bad_number"),
        ("fault", {"fault": "method", "method": "x", "kind": "y"}, "unknown_fault"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_hint(
    page: httpx.AsyncClient, what: str, body: Json, error: str
) -> None:
    answer = await page.post(f"/{what}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["hint"]


async def test_a_body_that_is_no_object_is_refused(page: httpx.AsyncClient) -> None:
    answers = [await page.post("/say", content=body) for body in (b"[]", b"{", b"\xff")]

    assert [answer.json()["error"] for answer in answers] == ["not_json"] * 3


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"x-workbench": "0"},
    ],
)
async def test_strangers_are_turned_away(page: httpx.AsyncClient, headers: dict[str, str]) -> None:
    body = {"user": "U0ONCALL", "channel": HERE, "text": "x"}

    answer = await page.post("/say", json=body, headers=headers)

    assert answer.status_code == 403


async def test_a_foreign_page_cannot_even_read(page: httpx.AsyncClient) -> None:
    for path in ("/state", "/events"):
        answer = await page.get(path, params={"user": "U0ONCALL"}, headers={"host": "evil.example"})

        assert answer.status_code == 403


async def next_change(lines: AsyncIterator[str]) -> Json:
    async for line in lines:
        if line.startswith("data: "):
            return dict(json.loads(line.removeprefix("data: ")))
    raise AssertionError("the stream ended")


async def test_changes_are_pushed_to_those_who_may_see_them(
    slack: SlackStandIn, page: httpx.AsyncClient, clock: MovableClock
) -> None:
    async with page.stream("GET", "/events", params={"user": "U0GUEST"}) as stream:
        lines = stream.aiter_lines()
        hello = await next_change(lines)
        await slack.say("U0ONCALL", "G0SECRET", "hush")
        await slack.say("U0ONCALL", HERE, "hello")
        change = await next_change(lines)
        slack.desk.feed.gone(slack.seen_by("U0GUEST", HERE)[0])
        gone = await next_change(lines)
        slack.desk.feed.views("U0GUEST")
        slack.desk.feed.home("U0GUEST")
        slack.desk.feed.channel(slack.workspace.channels[HERE])
        rest = [await next_change(lines) for _ in range(3)]

    assert hello["kind"] == "hello"
    assert change["message"]["text"] == "hello"
    assert change["seq"] > hello["seq"]
    assert gone["kind"] == "gone"
    assert [one["kind"] for one in rest] == ["views", "home", "channel"]


async def test_a_page_that_is_too_slow_is_told_to_start_again(slack: SlackStandIn) -> None:
    async with slack.desk.feed.open("U0ONCALL") as queue:
        for _ in range(1001):
            slack.desk.feed.views("U0ONCALL")

        last = [queue.get_nowait() for _ in range(queue.qsize())]

    assert last[0]["kind"] == "reset"


async def test_a_manifest_decides_which_commands_exist(
    slack: SlackStandIn, page: httpx.AsyncClient
) -> None:
    command = {"command": "/ai-kill", "description": "Stop", "usage_hint": "workflow"}
    declared = SlackStandIn(
        slack.workspace,
        base_url="http://127.0.0.1:1",
        bot_token="b",
        app_token="a",
        signing_secret="s",
        manifest={"features": {"slash_commands": [command]}},
    )

    shown = await declared.slash("U0ONCALL", HERE, "/ai-other x")

    assert declared.commands == [command]
    assert shown.text == "/ai-other is not a valid command."
