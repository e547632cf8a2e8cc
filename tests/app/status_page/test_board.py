"""The page of one replica: made once a change, kept while the store is gone, and a target of messages."""

from dataclasses import replace
from typing import NoReturn

import pytest

from opsbot.adapters.memory.store import MemoryStore
from opsbot.app.comms.port import Post
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.status_page.board import AGAIN_MS, AGED_MS, StatusBoard
from opsbot.app.status_page.publisher import DRILL, StatusPagePublisher
from opsbot.app.status_page.read import key_of
from opsbot.domain.comms.message import Message
from opsbot.domain.errors import StoreLost
from opsbot.domain.state import State
from tests.support.status import URL, MemoryShelf, Told, told
from tests.support.timeline import killed
from tests.support.world import MovedClock, workflow


class Lost(MemoryStore):
    """A store that answers nothing any more; what is in memory is still there."""

    async def refresh(self) -> State:
        """Know nothing."""
        raise StoreLost("The store did not answer.")

    async def texts(self, commitments: object) -> NoReturn:
        """Know nothing."""
        raise StoreLost("The store did not answer.")


@pytest.fixture
async def company() -> Told:
    """Give a company with an incident, and time that only tests move."""
    found = await told()
    found.world.env = replace(found.world.env, clock=MovedClock())
    await found.incident("INC-1")
    return found


def shown(board: StatusBoard) -> str:
    """Return the page that is served."""
    assert board.site is not None
    return board.site.files["index.html"].decode()


def later(company: Told, ms: int) -> None:
    """Let time pass."""
    clock = company.world.env.clock
    assert isinstance(clock, MovedClock)
    clock.later(ms / 1000)


def post(message: Message) -> Post:
    """Return a message on its way."""
    return Post(
        f"comms:{message.uid}",
        message.id,
        "x",
        "users",
        message.stage,
        "major",
        "Late",
        {"en": "x"},
        1,
    )


async def test_it_shows_what_was_published_and_puts_it_on_the_shelf(company: Told) -> None:
    shelf = MemoryShelf()
    board = company.board(shelf)

    await board.follow()
    before = shown(board)
    await company.say("INC-1", "identified", "Late", {"en": "Summaries are late."})
    await board.follow()

    assert "Summaries are late." not in before
    assert "Summaries are late." in shown(board)
    assert shelf.kept is board.site
    assert shelf.puts == 2


async def test_nothing_is_made_anew_where_nothing_changed_that_is_on_it(company: Told) -> None:
    shelf = MemoryShelf()
    board = company.board(shelf)
    await company.say("INC-1", "identified", "Late", {"en": "Late."})
    await board.follow()
    first = board.site

    await company.world.declare(workflow("summariser"))
    await killed(company.world, "summariser")
    await company.declare()
    for _ in range(5):
        later(company, AGAIN_MS)
        await board.follow()

    assert board.site is first
    assert shelf.puts == 1


async def test_a_changed_title_is_a_changed_page(company: Told) -> None:
    board = company.board()
    await board.follow()

    await company.declare({"page_title": "Another name"})
    await board.follow()

    assert "Another name" in shown(board)


async def test_an_address_that_is_learnt_later_is_a_changed_page(company: Told) -> None:
    board = company.board()
    await board.follow()

    board.url = "https://elsewhere.example"
    await board.follow()

    assert board.site is not None
    assert b"https://elsewhere.example" in board.site.files["api/v2/summary.json"]


async def test_an_erased_text_is_gone_within_a_minute(company: Told) -> None:
    board = company.board()
    message = await company.say("INC-1", "identified", "Late", {"en": "Ann was hit."})
    await board.follow()

    await company.store.erase(list(message.texts.values()))
    later(company, AGAIN_MS)
    await board.follow()

    assert "Ann" not in shown(board)
    assert "withdrawn" in shown(board)


async def test_a_text_that_is_not_what_was_committed_to_is_nobodys(company: Told) -> None:
    message = await company.say("INC-1", "identified", "Late", {"en": "True."})
    texts = company.world.server.texts
    texts[message.texts["en"]] = replace(texts[message.texts["en"]], text="False.")
    board = company.board()

    await board.follow()

    assert "False." not in shown(board)
    assert "withdrawn" in shown(board)


async def test_every_hour_it_is_as_old_as_it_is(company: Told) -> None:
    shelf = MemoryShelf()
    board = company.board(shelf)
    await company.say("INC-1", "resolved", "Over", {"en": "Over."})
    await board.follow()

    later(company, AGED_MS)
    await board.follow()
    later(company, 15 * 24 * AGED_MS)
    await board.follow()

    assert shelf.puts == 3
    assert "Nothing was reported." in shown(board)


async def test_while_the_store_is_gone_the_page_stays_as_it_was(company: Told) -> None:
    await company.say("INC-1", "identified", "Late", {"en": "Late."})
    board = company.board()
    await board.follow()
    first = board.site
    board._env = replace(company.world.env, store=Lost(company.world.server))

    later(company, 2 * AGED_MS)
    with pytest.raises(StoreLost):
        await board.follow()

    assert board.site is first


async def test_what_could_not_be_read_is_made_when_the_store_is_back(company: Told) -> None:
    board = company.board()
    await board.follow()
    there, gone = company.world.env, replace(company.world.env, store=Lost(company.world.server))
    await company.say("INC-1", "identified", "Late", {"en": "Late."})

    board._env = gone
    with pytest.raises(StoreLost):
        await board.follow()
    board._env = there
    await board.follow()

    assert "Late." in shown(board)


async def test_a_full_disk_is_said_and_tried_again_a_minute_later(company: Told) -> None:
    said: list[str] = []
    shelf = MemoryShelf(broken="No space left on device")
    board = company.board(shelf, said)

    await board.follow()
    await board.follow()
    shelf.broken = ""
    later(company, AGAIN_MS)
    await board.follow()

    assert len(said) == 1
    assert "No space left" in said[0]
    assert shelf.kept is board.site


async def test_a_message_is_published_once_its_file_is_written_and_says_where(
    company: Told,
) -> None:
    shelf = MemoryShelf()
    message = await company.say("INC-1", "identified", "Late", {"en": "Late."})
    publisher = StatusPagePublisher(company.world.env, company.board(shelf))

    posted = await publisher.publish(post(message), attempt=1)
    again = await publisher.publish(post(message), attempt=2)

    assert posted == again
    assert posted.url == f"{URL}#msg-{key_of(message)}"
    assert posted.handle == {"message": key_of(message)}
    assert shelf.kept is not None
    html = shelf.kept.files["index.html"].decode()
    assert html.count(f'id="msg-{key_of(message)}"') == 1
    assert f'id="inc-{posted.thread["incident"]}"' in html


async def test_a_file_that_cannot_be_written_is_tried_again(company: Told) -> None:
    shelf = MemoryShelf(broken="No space left on device")
    message = await company.say("INC-1", "identified", "Late", {"en": "Late."})
    publisher = StatusPagePublisher(company.world.env, company.board(shelf))

    with pytest.raises(RetryLater, match="No space left on device"):
        await publisher.publish(post(message), attempt=1)

    shelf.broken = ""
    assert (await publisher.publish(post(message), attempt=2)).url
    assert shelf.kept is not None
    assert b"Late." in shelf.kept.files["index.html"]


async def test_a_lost_store_is_waited_for(company: Told) -> None:
    message = await company.say("INC-1", "identified", "Late", {"en": "Late."})
    lost = replace(company.world.env, store=Lost(company.world.server))
    publisher = StatusPagePublisher(lost, company.board())

    with pytest.raises(RetryLater, match="did not answer"):
        await publisher.publish(post(message), attempt=1)


async def test_what_the_state_does_not_publish_is_given_up(company: Told) -> None:
    publisher = StatusPagePublisher(company.world.env, company.board())
    draft = await company.say("INC-1", "identified", "Late", {"en": "x"}, standing="draft")

    with pytest.raises(GiveUp, match="MSG-1 is not published"):
        await publisher.publish(post(draft), attempt=1)
    with pytest.raises(GiveUp, match="no message"):
        await publisher.publish(post(replace(draft, id="MSG-9")), attempt=1)


async def test_a_drill_is_done_and_nothing_is_shown(company: Told) -> None:
    shelf = MemoryShelf()
    publisher = StatusPagePublisher(company.world.env, company.board(shelf))
    await company.incident("INC-2", drill=True)
    message = await company.say("INC-2", "identified", "Late", {"en": "x"})

    posted = await publisher.publish(post(message), attempt=1)

    assert (posted.url, posted.detail) == ("", DRILL)
    assert shelf.kept is None
