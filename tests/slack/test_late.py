"""A late answer reaches whoever asked: past bolt's patience, past Slack's, and behind what it follows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from opsbot.domain.actor import Actor
from opsbot.domain.said import Said
from opsbot.slack.app import open_client
from opsbot.slack.entry import ANSWER_WITHIN_S, Entry, Need
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import LATE_S, Outlet
from opsbot.workbench.slack.model import Json
from tests.slack.conftest import House, known
from tests.slack.forged import HERE, ONCALL, Attacked, _attacked, _no_crash
from tests.support.world import SATURDAY_NIGHT_MS

__all__ = ["_attacked", "_no_crash"]

DONE = "Model calls blocked for `support-copilot`"


def typed(house: House, command: str, words: str) -> Json:
    """Return what Slack delivers of a typed command."""
    workspace = house.slack.workspace
    return house.slack.payloads.command(
        workspace.person(ONCALL), workspace.channels[HERE], command, words
    )


def seen(house: House) -> list[str]:
    """Return what only the person was told, in the order in which it came."""
    return [one.text for one in house.slack.seen_by(ONCALL, HERE) if one.ephemeral_for == ONCALL]


def without_patience(house: House) -> None:
    """Let bolt go on to the next listener at once: its 3 s of the wall clock are over on arrival."""
    for listener in house.app.bolt._async_listeners:
        listener.ack_timeout = -1


async def dispatched(house: House, body: Json) -> Any:
    """Hand a payload to bolt, and return the body of its acknowledgement."""
    answer = await house.app.bolt.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        ("/ai-kill", "support-copilot broken", DONE),
        ("/ai-restore", "support-copilot mended", "A-1 waits for a second person"),
    ],
)
async def test_what_was_done_is_never_called_an_unknown_command(
    http_house: House, command: str, words: str, told: str
) -> None:
    await known(http_house, ONCALL)
    without_patience(http_house)

    answer = await dispatched(http_house, typed(http_house, command, words))

    assert told in answer
    assert len(http_house.verbs.calls) == 1


async def test_what_a_button_did_is_not_called_an_older_version_s(attacked: Attacked) -> None:
    card = await attacked.card(("stop_completely:0", "K-1"))
    without_patience(attacked.house)

    await attacked.forge(attacked.click(ONCALL, card))

    assert attacked.standing == {"K-1": "stop"}
    assert "older version" not in attacked.heard(ONCALL)


async def test_a_command_that_nobody_knows_is_still_told_so(http_house: House) -> None:
    await known(http_house, ONCALL)

    answer = await dispatched(http_house, typed(http_house, "/ai-other", "x"))

    assert "does not know that command; nothing was changed" in answer


async def _at_once() -> None:
    """Let nothing happen."""


@dataclass(frozen=True, slots=True)
class Told:
    """A clock that says what it is told to, the last of it for ever; *passes* is what happens in any pause."""

    says: list[float]
    passes: Callable[[], Awaitable[None]] = _at_once

    def now_ms(self) -> int:
        return SATURDAY_NIGHT_MS

    def monotonic(self) -> float:
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    async def sleep(self, seconds: float) -> None:
        await self.passes()


async def test_a_result_stands_below_the_words_that_it_follows(http_house: House) -> None:
    """Bolt sends an acknowledgement only a moment after it was given."""
    await known(http_house, ONCALL)
    deps, given, go_on = http_house.app.deps, list[str](), asyncio.Event()

    async def arrives() -> None:
        while given:
            await deps.client.chat_postEphemeral(channel=HERE, user=ONCALL, text=given.pop())

    async def acknowledged(response: Any = "", /) -> None:
        given.append(response["text"])
        go_on.set()

    async def slowly(act: Invocation, actor: Actor) -> Said:
        await go_on.wait()
        return Said("green", "Done at last")

    entry = Entry(replace(deps, clock=Told([0.0, ANSWER_WITHIN_S], arrives)))
    await entry.handle(
        typed(http_house, "/ai-kill", "support-copilot"), acknowledged, Need.LOOK, slowly
    )
    await arrives()

    first, last = seen(http_house)
    assert "Still working on it" in first
    assert "Done at last" in last


@pytest.mark.parametrize(("age_s", "acks", "told"), [(0.0, "Done", []), (LATE_S, "", ["Done"])])
async def test_an_answer_that_slack_would_drop_goes_another_way(
    http_house: House, age_s: float, acks: str, told: list[str]
) -> None:
    given: list[str] = []

    async def acknowledged(response: Any = "", /) -> None:
        given.append(response["text"] if response else "")

    url = typed(http_house, "/ai-kill", "x")["response_url"]
    act = Invocation(
        kind="command", name="", user=ONCALL, key="1", response_url=url, arrived_s=-age_s
    )
    deps = replace(http_house.app.deps, clock=Told([0.0]))

    await Outlet(act, acknowledged, deps).say(Said("plain", "Done"))

    assert given == [acks]
    assert seen(http_house) == told


async def test_a_form_that_was_sent_long_ago_is_replaced_all_the_same(http_house: House) -> None:
    shown = await http_house.slack.slash(ONCALL, HERE, "/ai-kill")
    assert shown.view is not None
    given: list[Any] = []

    async def acknowledged(response: Any = "", /) -> None:
        given.append(response)

    deps = replace(http_house.app.deps, clock=Told([0.0]))
    act = Invocation(
        kind="submit", name="", user=ONCALL, key="1", view_id=shown.view.id, arrived_s=-LATE_S
    )

    await Outlet(act, acknowledged, deps).say(Said("green", "Done"))

    top = http_house.slack.workspace.top(ONCALL)
    assert top is not None
    assert "Done" in str(top.blocks)
    assert given[0]["response_action"] == "update"


async def test_a_restore_is_not_refused_for_a_connection_that_slack_had_closed(
    http_house: House,
) -> None:
    http_house.slack.faults.fail("users.info", "drop")

    shown = await http_house.slack.slash(ONCALL, HERE, "/ai-restore support-copilot mended")
    await http_house.app.deps.tasks.drain(timeout_s=5)

    assert "Slack did not say" not in "".join((shown.text, *seen(http_house)))
    assert [verb for verb, _ in http_house.verbs.effects.values()] == ["restore"]


async def test_an_answer_finds_its_way_past_a_connection_that_slack_had_closed(
    http_house: House,
) -> None:
    """A connection that is kept may be closed on the other side in the very moment it is used."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        if len(heard) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        deps = http_house.app.deps
        client = open_client("xoxb-any", deps.session, api_url=url)
        act = Invocation(kind="action", name="", user=ONCALL, key="1", response_url=url)

        await Outlet(act, _unheard, replace(deps, client=client)).say(Said("green", "Done"))

    assert len(heard) == 2


async def _unheard(response: Any = "", /) -> None:
    """Take an acknowledgement that carries nothing."""
