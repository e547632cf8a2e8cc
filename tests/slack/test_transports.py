"""What must not come in by HTTP, and sockets that come back by themselves."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from opsbot.adapters.clock import SystemClock
from opsbot.domain.errors import Misconfigured
from opsbot.slack.app import build_app, installed, open_client, open_session
from opsbot.slack.transport_http import SlackEndpoint
from opsbot.slack.transport_socket import SocketSupervisor, probe
from tests.slack.conftest import House
from tests.support.slack import APP_TOKEN, SIGNING_SECRET
from tests.support.wait import eventually

COMMAND = (
    "command=%2Fai-kill&text=support-copilot+x&user_id=U0ONCALL&team_id={team}&trigger_id=1.2.3"
)


def signed(body: bytes, *, at_s: int | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    stamp = str(int(time.time()) if at_s is None else at_s)
    made = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": made or "",
        "content-type": "application/x-www-form-urlencoded",
    }


async def send(house: House, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(house.slack.request_url, content=body, headers=headers)


def command(house: House) -> bytes:
    team = house.slack.workspace.person("U0ONCALL").team_id
    return COMMAND.format(team=team).encode()


async def test_a_signed_command_is_served(http_house: House) -> None:
    body = command(http_house)

    answer = await send(http_house, body, signed(body))

    assert answer.status_code == 200
    assert "Model calls blocked" in answer.json()["text"]


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": "v0=00"},
        {"x-slack-signature": ""},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "-1"},
        {"x-slack-request-timestamp": "9" * 40},
        {"x-slack-request-timestamp": "1"},
    ],
)
async def test_a_forged_command_is_refused(http_house: House, change: dict[str, str]) -> None:
    body = command(http_house)

    answer = await send(http_house, body, signed(body) | change)

    assert answer.status_code == 401
    assert http_house.verbs.calls == []


async def test_another_secret_or_time_is_refused(http_house: House) -> None:
    body = command(http_house)

    forged = await send(http_house, body, signed(body, secret="another"))
    old = await send(http_house, body, signed(body, at_s=int(time.time()) - 301))
    garbled = await send(http_house, b"\xff\xfe", signed(body))

    assert (forged.status_code, old.status_code, garbled.status_code) == (401, 401, 401)
    assert http_house.verbs.calls == []


async def test_a_replayed_request_is_refused(http_house: House) -> None:
    body = command(http_house)
    headers = signed(body)

    first = await send(http_house, body, headers)
    second = await send(http_house, body, headers)

    assert (first.status_code, second.status_code) == (200, 401)
    assert len(http_house.verbs.calls) == 1


async def test_a_body_larger_than_slacks_is_refused(http_house: House) -> None:
    answer = await send(http_house, b"x" * 2_000_001, signed(b"x"))

    assert answer.status_code == 413


async def test_the_request_url_answers_slacks_challenge(http_house: House) -> None:
    assert await http_house.slack.verify_request_url()


async def test_http_needs_a_secret(http_house: House) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        SlackEndpoint(http_house.app.bolt, signing_secret="", memory=http_house.memory)


async def test_a_signature_that_is_refused_leaves_no_payload_in_the_log(
    http_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    body = command(http_house)

    await send(http_house, body, signed(body, secret="another"))

    assert "support-copilot" not in caplog.text


async def test_a_button_of_an_older_version_is_answered_kindly(http_house: House) -> None:
    client = http_house.app.deps.client
    old = {"type": "button", "action_id": "gone", "text": {"type": "plain_text", "text": "Old"}}
    sent = await client.chat_postMessage(
        channel="C0SUPPORTAI", text="old", blocks=[{"type": "actions", "elements": [old]}]
    )

    await http_house.slack.click(
        "U0ONCALL", action_id="gone", message_ts=str(sent["ts"]), channel_id="C0SUPPORTAI"
    )

    await eventually(
        lambda: any(
            "older version" in message.text
            for message in http_house.slack.seen_by("U0ONCALL", "C0SUPPORTAI")
        )
    )


async def test_a_failure_after_the_acknowledgement_does_not_erase_it(house: House) -> None:
    shown = await house.slack.slash("U0ONCALL", "C0SUPPORTAI", "/ai-kill support-copilot x")
    assert shown.message is not None
    house.verbs.failing = ZeroDivisionError("a bug")

    clicked = await house.slack.click(
        "U0ONCALL", action_id="restore:0", message_ts=shown.message.ts, channel_id="C0SUPPORTAI"
    )

    assert clicked.kind != "failed"
    await eventually(
        lambda: any(
            "Reference" in message.text
            for message in house.slack.seen_by("U0ONCALL", "C0SUPPORTAI")
        )
    )


async def test_two_sockets_survive_a_refresh(socket_house: House) -> None:
    supervisor = socket_house.supervisor
    assert supervisor is not None
    assert supervisor.hello_num_connections >= 1

    await socket_house.slack.sockets.refresh()

    async def answered() -> bool:
        shown = await socket_house.slack.slash("U0ONCALL", "C0SUPPORTAI", "/ai-status")
        return shown.kind == "message"

    look: Callable[[], bool | Awaitable[bool]] = answered
    await eventually(look)

    assert supervisor.last_envelope_age_s is not None
    await eventually(lambda: supervisor.connected == 2)


async def test_a_socket_with_a_spent_ticket_recovers(socket_house: House) -> None:
    supervisor = socket_house.supervisor
    assert supervisor is not None
    client = supervisor._sockets[0].handler.client
    assert client.wss_uri is not None
    client.wss_uri = client.wss_uri.replace("ticket=", "ticket=spent")

    reconnecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]  # slack_sdk leaves it so

    await eventually(lambda: supervisor.connected == 1)
    await eventually(lambda: supervisor.connected == 2, timeout_s=12)
    await reconnecting


async def test_a_wrong_app_token_is_said_at_the_start(socket_house: House) -> None:
    app = socket_house.app.bolt

    with pytest.raises(Misconfigured, match="app token"):
        await probe(app.client, "xapp-wrong")
    with pytest.raises(Misconfigured, match="app token"):
        await SocketSupervisor(app, app_token="xapp-wrong", clock=SystemClock()).run()


async def test_slack_being_away_does_not_stop_the_start(socket_house: House) -> None:
    socket_house.slack.faults.unplugged = True

    await probe(socket_house.app.bolt.client, APP_TOKEN)


async def test_a_wrong_bot_token_is_said_at_the_start(socket_house: House) -> None:
    found = await installed(socket_house.app.deps.client)
    assert found.team == socket_house.slack.workspace.person("U0ONCALL").team_id

    async with open_session() as session:
        client = open_client("xoxb-wrong", session, api_url=socket_house.slack.api_url)
        with pytest.raises(Misconfigured, match="bot token"):
            await installed(client)


async def test_nothing_is_asked_of_slack_to_build_the_app(http_house: House) -> None:
    before = len(http_house.slack.calls)

    build_app(http_house.app.deps, signing_secret=SIGNING_SECRET)

    assert len(http_house.slack.calls) == before


async def test_a_shutdown_waits_for_work_in_progress(http_house: House) -> None:
    http_house.verbs.gate = asyncio.Event()
    asking = asyncio.create_task(
        http_house.slack.slash("U0ONCALL", "C0SUPPORTAI", "/ai-kill support-copilot x")
    )
    tasks = http_house.app.deps.tasks
    await eventually(lambda: len(tasks) == 1)

    left = await tasks.drain(timeout_s=0.05)
    http_house.verbs.gate.set()
    done = await tasks.drain(timeout_s=5)

    assert (left, done) == (1, 0)
    assert (await asking).kind == "message"
