"""What can be walked: the last good catalogue's runbooks, and pinned texts read off the loop."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from opsbot.adapters.runbooks.procedures import FileProcedures
from opsbot.domain.declaration import Catalogue, Loaded
from opsbot.domain.errors import UnreadableRunbook
from opsbot.domain.runbook import Runbook
from tests.support.policies import policy
from tests.support.runbook_texts import GOOD, NAME, edited, library


def loaded(tmp_path: Path, text: str = GOOD) -> Loaded:
    read = library(tmp_path, text, {"imported/lag.md": "# Lag\n\n## One\n\na\n"})
    return Loaded(Catalogue({}, policy(), "h", procedures=read.runbooks))


def test_nothing_is_known_before_the_first_good_look() -> None:
    procedures = FileProcedures()

    procedures.learned(Loaded(None))

    assert procedures.known() == {}


def test_ours_and_foreign_ones_are_known_by_name(tmp_path: Path) -> None:
    procedures = FileProcedures()

    procedures.learned(loaded(tmp_path))

    assert sorted(procedures.known()) == ["imported/lag", NAME]
    assert procedures.known()["imported/lag"].imported


def test_a_broken_look_keeps_the_last_good_runbooks(tmp_path: Path) -> None:
    procedures = FileProcedures()
    procedures.learned(loaded(tmp_path))

    procedures.learned(Loaded(None))

    assert NAME in procedures.known()


async def test_a_pinned_text_is_read_as_it_was_whatever_the_file_says_now(tmp_path: Path) -> None:
    procedures = FileProcedures()
    procedures.learned(loaded(tmp_path, edited(("### Stop the harm", "### Stop it now"))))

    pinned = await procedures.pinned(NAME, GOOD)

    assert pinned.digest == hashlib.sha256(GOOD.encode()).hexdigest()
    stop = pinned.step("stop")
    assert stop is not None
    assert stop.title == "Stop the harm"


async def test_what_is_known_already_is_not_read_again(tmp_path: Path) -> None:
    procedures = FileProcedures()
    procedures.learned(loaded(tmp_path))
    known: Runbook = procedures.known()[NAME]

    first, second = await asyncio.gather(
        procedures.pinned(NAME, GOOD), procedures.pinned(NAME, GOOD)
    )

    assert first is second is known


async def test_a_foreign_page_stays_one_that_cannot_act(tmp_path: Path) -> None:
    found = await FileProcedures().pinned("imported/ours", GOOD)

    assert found.imported
    assert [one for step in found.steps for one in step.actions] == []


@pytest.mark.parametrize("text", ["", "# no front matter\n", edited(("## Contain", "# Contain"))])
async def test_a_text_that_cannot_be_read_any_more_says_where_and_what_to_do(text: str) -> None:
    with pytest.raises(UnreadableRunbook) as caught:
        await FileProcedures().pinned(NAME, text)

    assert "line" in caught.value.message
    assert "by command" in caught.value.hint


async def test_a_foreign_page_beyond_the_limits_is_refused_the_same_way() -> None:
    with pytest.raises(UnreadableRunbook):
        await FileProcedures().pinned("imported/deep", ">" * 200 + "a")
