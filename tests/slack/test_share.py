"""A file of text in a thread: once, by a name that people know, and found again."""

import pytest

from opsbot.app.ports import Document, GiveUp, RetryLater
from opsbot.slack.chat import SlackChat, file_name
from tests.slack.conftest import House
from tests.support.slack import company

HERE = "C0SUPPORTAI"
REVIEW = Document(b"# INC-1: <!channel>\n", "INC-1-review.md", "INC-1: wrong", "text/markdown")


def chat_of(house: House) -> SlackChat:
    """Return the port."""
    return SlackChat(house.app.deps.client, house.app.deps.memory, house.app.deps.clock)


def files(house: House) -> list[tuple[str, str, bytes, str]]:
    """Return the files that are to be seen, with the words beside them."""
    said = house.slack.workspace.messages.get(HERE, [])
    return [(f.name, f.title, f.data, one.text) for one in said for f in one.files]


async def test_it_is_shown_in_the_thread_by_its_own_name(house: House) -> None:
    chat = chat_of(house)
    thread = await chat.post(HERE, [], "card", key="card")

    left = await chat.share(thread, REVIEW, key="e:1:md")
    again = await chat.share(thread, REVIEW, key="e:1:md")

    assert left is not None
    assert left == again
    name = file_name("e:1:md", "INC-1-review.md")
    assert name.startswith("INC-1-review-")
    assert name.endswith(".md")
    assert files(house) == [(name, "INC-1: wrong", REVIEW.data, "")]


async def test_a_lost_answer_does_not_show_it_twice(http_house: House) -> None:
    chat = chat_of(http_house)
    thread = await chat.post(HERE, [], "card", key="card")
    http_house.slack.faults.fail("files.completeUploadExternal", "drop_after_effect")

    with pytest.raises(RetryLater):
        await chat.share(thread, REVIEW, key="e:1:md")
    await chat.share(thread, REVIEW, key="e:1:md")

    assert len(files(http_house)) == 1


async def test_it_never_goes_where_outsiders_read(http_house: House) -> None:
    shared = next(one.id for one in company().channels.values() if one.is_ext_shared)

    with pytest.raises(GiveUp, match="shared with another organisation"):
        await chat_of(http_house).share({"channel": shared, "ts": "1.0"}, REVIEW, key="e:1:md")
