"""From a draft to the page: what people approved stands there once, and its address on the message."""

from dataclasses import replace

import pytest

from opsbot.app.comms.port import Publisher
from opsbot.app.status_page.board import StatusBoard
from opsbot.app.status_page.publisher import StatusPagePublisher
from tests.support.comms import FIRST, Telling, telling
from tests.support.status import URL, MemoryShelf


class Wired:
    """Every target as the tests have it, but the status page, which is real."""

    def __init__(self, telling_: Telling, shelf: MemoryShelf) -> None:
        env = telling_.world.env
        board = StatusBoard(env, shelf, pytest.fail, url=URL)
        self._page = StatusPagePublisher(env, board)
        self._others = telling_.places

    def to(self, target: str) -> Publisher:
        """Return a target."""
        return self._page if target == "status-page" else self._others.to(target)


async def test_an_approved_message_stands_on_the_page_and_says_where() -> None:
    one, shelf = await telling(), MemoryShelf()
    one.world.bot = replace(one.world.bot, publishers=Wired(one, shelf))

    name = await one.told(FIRST)

    sent = one.message(name).sent["status-page"]
    assert (sent.state, sent.detail) == ("done", "")
    assert sent.url.startswith(f"{URL}#msg-")
    assert shelf.kept is not None
    html = shelf.kept.files["index.html"].decode()
    assert html.count(f'id="{sent.url.partition("#")[2]}"') == 1
    assert "The assistant" in html


async def test_nothing_stands_there_before_it_is_approved() -> None:
    one, shelf = await telling(), MemoryShelf()
    one.world.bot = replace(one.world.bot, publishers=Wired(one, shelf))

    await one.new(FIRST)
    await one.publish()
    await one.settle()

    assert one.message().standing == "waiting"
    assert shelf.kept is None


async def test_a_full_disk_is_tried_again_until_it_stands_there() -> None:
    one, shelf = await telling(), MemoryShelf(broken="No space left on device")
    one.world.bot = replace(one.world.bot, publishers=Wired(one, shelf))

    name = await one.told(FIRST)
    before = one.message(name).sent["status-page"].state
    shelf.broken = ""
    await one.settle(rounds=30)

    assert before in ("due", "unsure")
    assert one.message(name).sent["status-page"].state == "done"
