"""`opsbot route … picture`: evaluations as a file."""

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.evals import seed


@pytest.fixture(autouse=True)
async def _seeded(terminal: Terminal) -> None:
    await seed(terminal.door.world.store, on_its_way=True)


async def test_the_picture_is_written_into_the_file(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "evaluations.png"

    ran = await terminal.run("route", "support-copilot", "picture", "--out", str(out))

    assert ran.code == 0, ran.err
    assert out.read_bytes().startswith(b"\x89PNG")
    assert ran.out.splitlines()[0] == (
        f"Written to {out}: evaluations of `support-copilot` over its revisions."
    )


async def test_a_machine_reads_where_it_is(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "evaluations.png"

    ran = await terminal.run("route", "support-copilot", "picture", "--json", f"--out={out}")

    assert ran.json == {"file": str(out), "bytes": out.stat().st_size}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("support-copilot", "picture"), 2, "--out FILE.png"),
        (("support-copilot", "history", "--out", "{}/x.png"), 2, "--out FILE.png"),
        (("--out", "{}/x.png"), 2, "--out FILE.png"),
        (("support-copilto", "picture", "--out", "{}/x.png"), 1, "support-copilot"),
        (("support-copilot", "picture", "--out", "{}/no/x.png"), 1, "cannot be written"),
        (("support-copilot", "picture", "--out", "{}"), 1, "cannot be written"),
    ],
)
async def test_a_refusal_says_what_to_write_and_leaves_no_file(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = await terminal.run("route", *(one.format(tmp_path) for one in words))

    assert ran.code == code
    assert said in ran.err
    assert not (tmp_path / "x.png").exists()
