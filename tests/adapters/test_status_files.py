"""The page as files: whole at every moment, newer over older, readable for a web server and nobody else's business."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.adapters.status_files import FRESH_MS, StatusFiles
from opsbot.app.status_page.site import Site, site
from opsbot.domain.change import Position
from tests.support.status import NOW_MS, three_incidents, told

WRITER = """
import asyncio, sys
from pathlib import Path
from opsbot.adapters.status_files import StatusFiles
from opsbot.app.status_page.site import Site
from opsbot.domain.change import Position
async def main(folder, letter):
    for nth in range(60):
        body = (letter * 200_000).encode()
        files = {"index.html": body, "feed.atom": body, "api/v2/summary.json": body}
        await StatusFiles(Path(folder)).put(Site(files, Position(1, nth), nth))
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def page() -> Site:
    """Give the files of a bad night."""
    return site((await three_incidents()).page(), Position(3, 70))


async def test_what_is_put_is_there_and_comes_back(page: Site, tmp_path: Path) -> None:
    files = StatusFiles(tmp_path / "deep" / "status")
    assert await files.last() is None

    assert await files.put(page)

    assert await files.last() == page
    html = tmp_path / "deep/status/index.html"
    assert html.read_bytes() == page.files["index.html"]
    assert (tmp_path / "deep/status/api/v2/incidents/unresolved.json").is_file()
    assert html.stat().st_mode & 0o777 == 0o644
    assert (html.parent / ".written.json").stat().st_mode & 0o777 == 0o600


async def test_a_file_that_says_the_same_is_left(page: Site, tmp_path: Path) -> None:
    files = StatusFiles(tmp_path)
    await files.put(page)
    before = (tmp_path / "feed.atom").stat().st_ino

    await files.put(replace(page, at=Position(3, 71)))

    assert (tmp_path / "feed.atom").stat().st_ino == before


async def test_an_older_page_does_not_take_the_place_of_a_newer_one(
    page: Site, tmp_path: Path
) -> None:
    files = StatusFiles(tmp_path)
    old = site((await told()).page(), Position(3, 60))
    await files.put(page)

    assert not await files.put(old)

    assert await files.last() == page


async def test_a_page_of_another_store_does_not_stand_in_the_way_for_good(
    page: Site, tmp_path: Path
) -> None:
    files = StatusFiles(tmp_path)
    await files.put(page)
    anew = site((await told()).page(NOW_MS + FRESH_MS), Position(1, 2))

    assert await files.put(anew)

    assert await files.last() == anew


async def test_languages_that_are_gone_and_halves_of_a_crash_are_tidied_away(
    page: Site, tmp_path: Path
) -> None:
    files = StatusFiles(tmp_path)
    await files.put(page)
    (tmp_path / ".new-abc").write_text("half")
    (tmp_path / "robots.txt").write_text("somebody's own")

    await files.put(replace(page, files={k: v for k, v in page.files.items() if "de" not in k}))

    assert not (tmp_path / "index.de.html").exists()
    assert not (tmp_path / ".new-abc").exists()
    assert (tmp_path / "robots.txt").exists()


async def test_files_that_somebody_copied_here_are_served_without_our_note(
    page: Site, tmp_path: Path
) -> None:
    files = StatusFiles(tmp_path)
    await files.put(page)
    (tmp_path / ".written.json").write_text("{}")
    os.utime(tmp_path / "index.html", (NOW_MS / 1000, NOW_MS / 1000))

    found = await files.last()

    assert found is not None
    assert found.files == page.files
    assert found.made_ms == NOW_MS // 1000 * 1000
    assert await files.put(page)


async def test_a_directory_that_cannot_be_made_is_an_error(page: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        await StatusFiles(tmp_path / "file" / "status").put(page)


def test_two_processes_that_write_at_once_never_tear_a_file(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), letter]) for letter in "ab"
    ]
    torn: list[str] = []

    def reading(name: str) -> None:
        while any(one.poll() is None for one in writers):
            path = tmp_path / name
            if path.exists():
                body = path.read_bytes()
                if len(body) != 200_000 or len(set(body)) != 1:
                    torn.append(name)

    names = ("index.html", "feed.atom", "api/v2/summary.json")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(reading, names))

    assert [one.wait() for one in writers] == [0, 0]
    assert torn == []
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1
    assert json.loads((tmp_path / ".written.json").read_text())["revision"] == 59
    assert list(tmp_path.rglob(".new-*")) == []
