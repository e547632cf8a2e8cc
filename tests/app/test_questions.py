"""Questions in direct messages: each place is remembered once, and a settled question loses every button."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.questions import Questions
from opsbot.domain.change import Record
from opsbot.domain.errors import Gone
from tests.support.world import Slack, World

OVER: tuple[Sequence[Record], str] = ([], "over")
PLACES: tuple[Record, ...] = ({"channel": "D1", "ts": "1"}, {"channel": "D2", "ts": "2"})


@dataclass
class Picky(Slack):
    """A chat in which edits in some channels fail."""

    errors: dict[str, Exception] = field(default_factory=dict)

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Edit, or fail as was said."""
        if error := self.errors.get(str(handle["channel"])):
            raise error
        self.updated.append(f"{handle['channel']} {text}")


async def asked(chat: Slack) -> Questions:
    """Return questions of which two places are known, one of them noted twice."""
    made = Questions(chat, World().outbox, kept_s=60)
    for under, place in (("a", PLACES[0]), ("a", PLACES[0]), ("a", {}), ("b", PLACES[1])):
        await made.noting(under)(place)
    return made


async def test_every_message_says_once_how_it_ended() -> None:
    chat = Picky()

    await (await asked(chat)).close(OVER, "a", "b", "never asked")

    assert chat.updated == ["D1 over", "D2 over"]


async def test_one_that_was_deleted_has_no_button() -> None:
    chat = Picky(errors={"D1": Gone("deleted")})

    await (await asked(chat)).close(OVER, "a", "b")

    assert chat.updated == ["D2 over"]


@pytest.mark.parametrize("error", [RetryLater("later"), GiveUp("never")])
async def test_one_that_fails_keeps_no_other_from_it(error: Exception) -> None:
    chat = Picky(errors={"D1": error})

    with pytest.raises(type(error), match=str(error)):
        await (await asked(chat)).close(OVER, "a", "b")

    assert chat.updated == ["D2 over"]


async def test_what_can_be_tried_again_is_before_what_cannot() -> None:
    chat = Picky(errors={"D1": GiveUp("never"), "D2": RetryLater("later")})

    with pytest.raises(RetryLater):
        await (await asked(chat)).close(OVER, "a", "b")
