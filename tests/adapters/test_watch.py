"""The watch calls back after an edit, goes on after a failure, and ends when it is told to."""

import asyncio
from pathlib import Path

from opsbot.adapters.background import background
from opsbot.adapters.watch import Watch
from tests.support.wait import eventually


class Calls:
    """Counts calls, and fails on those it was told to fail on."""

    def __init__(self, *failing: int) -> None:
        self.count, self._failing = 0, failing

    async def __call__(self) -> None:
        self.count += 1
        if self.count in self._failing:
            raise OSError("the store is away")


def _watch(folder: Path, calls: Calls) -> Watch:
    return Watch((folder,), calls, debounce_ms=50, retry_s=0.02)


def _edit(path: Path) -> None:
    path.write_text(f"{path.read_text()}#")


async def _edited(path: Path, calls: Calls) -> None:
    """Edit once; whoever has looked once hears of every edit after that look began."""
    before = calls.count
    _edit(path)
    await eventually(lambda: calls.count > before, timeout_s=10)


async def test_an_edited_declaration_calls_back(tmp_path: Path) -> None:
    calls, path = Calls(), tmp_path / "a.yaml"
    path.write_text("a: 1\n")

    async with background(_watch(tmp_path, calls)(), name="watch"):
        await eventually(lambda: calls.count == 1)
        await _edited(path, calls)

        assert calls.count >= 2


async def test_the_files_are_looked_at_once_at_the_beginning(tmp_path: Path) -> None:
    calls = Calls()

    async with background(_watch(tmp_path, calls)(), name="watch"):
        await eventually(lambda: calls.count == 1)


async def test_an_edit_while_the_files_are_looked_at_is_not_lost(tmp_path: Path) -> None:
    path, looks = tmp_path / "a.yaml", list[str]()

    async def edited_behind_its_back() -> None:
        looks.append(path.read_text())
        if len(looks) == 1:
            path.write_text("a: 2\n")

    path.write_text("a: 1\n")

    async with background(Watch((tmp_path,), edited_behind_its_back)(), name="watch"):
        await eventually(lambda: looks[-1:] == ["a: 2\n"], timeout_s=10)


async def test_a_failing_callback_is_tried_again_and_the_watch_goes_on(tmp_path: Path) -> None:
    calls, path = Calls(1, 2), tmp_path / "a.md"
    path.write_text("a\n")

    async with background(_watch(tmp_path, calls)(), name="watch"):
        await eventually(lambda: calls.count == 3)
        await _edited(path, calls)


async def test_a_missing_folder_is_waited_for(tmp_path: Path) -> None:
    calls, folder = Calls(), tmp_path / "later"

    async with background(_watch(folder, calls)(), name="watch"):
        folder.mkdir()
        (folder / "a.yaml").write_text("a: 1\n")
        await eventually(lambda: calls.count >= 1)
        await _edited(folder / "a.yaml", calls)


async def test_a_watch_that_is_cancelled_ends(tmp_path: Path) -> None:
    calls = Calls()
    async with asyncio.timeout(30):
        async with background(_watch(tmp_path, calls)(), name="watch"):
            await eventually(lambda: calls.count == 1)

    assert calls.count == 1
