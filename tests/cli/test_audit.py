"""The journal from a terminal: its tail, its verification, and an export that a stranger verifies."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.adapters.signing import KeyFile
from opsbot.app.requests import KillRequest, Target
from opsbot.cli import main
from opsbot.domain.journal import canonical
from tests.cli.conftest import Terminal
from tests.support.web import opened
from tests.support.world import MARA, workflow

Lines = list[str]
Tamper = Callable[[Lines], Lines]


async def export(key: KeyFile, *, reason: str = "wrong") -> Lines:
    """Return the export of a journal of four entries: declared, killed twice, declared again."""
    door = await opened()
    world = door.world
    for number, name in enumerate(("summariser", "support-copilot")):
        request = KillRequest(Target("workflow", name), reason=reason)
        await world.bot.kill(request, MARA, request_id=f"r{number}")
    await world.declare(workflow("summariser", title="A \u2028 line"))
    bot = replace(world.bot, audit=replace(world.bot.audit, signer=key))
    return [line async for line in bot.audit_export(MARA)]


@pytest.fixture(name="key")
def _key(tmp_path: Path) -> KeyFile:
    return KeyFile.open(tmp_path / "keys" / "journal")


@pytest.fixture(name="verify")
def _verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(lines: Lines, *words: str) -> tuple[int, str]:
        path = tmp_path / "journal.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        code = main(["audit", "verify", "--file", str(path), *words])
        return code, capsys.readouterr().out

    return run


Verify = Callable[..., tuple[int, str]]


async def test_an_export_verifies_offline_by_the_key_of_its_bot(
    key: KeyFile, verify: Verify
) -> None:
    lines = await export(key)

    code, said = verify(lines, "--key", key.public)

    assert code == 0
    assert "The export verifies: 4 entries" in said
    assert "by the key you gave" in said


async def test_without_a_key_the_answer_says_what_that_is_worth(
    key: KeyFile, verify: Verify
) -> None:
    code, said = verify(await export(key))

    assert code == 0
    assert "that the export itself names" in said
    assert "Compare that key" in said


def flipped(lines: Lines) -> Lines:
    """Change one character of one entry."""
    return [*lines[:2], lines[2].replace('"verb":"kill"', '"verb":"kilt"'), *lines[3:]]


def resigned(lines: Lines, key: KeyFile, **changes: object) -> Lines:
    """Sign a changed trailer with *key*, and name that key in the header."""
    header = {**json.loads(lines[0]), "public": key.public}
    trailer = {n: v for n, v in json.loads(lines[-1]).items() if n != "signature"}
    trailer.update(changes)
    signed = {**trailer, "signature": key.sign(canonical(trailer))}
    return [json.dumps(header), *lines[1:-1], json.dumps(signed)]


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (flipped, "Entry 2 "),
        (lambda all_: [*all_[:2], *all_[3:]], "Entry 2 "),
        (lambda all_: [all_[0], all_[2], all_[1], *all_[3:]], "Entry 1 "),
        (lambda all_: [*all_[:-2], all_[-1]], "is missing: 4 were counted"),
        (lambda all_: all_[:-1], "The signed trailer is missing"),
        (lambda all_: all_[1:], "not the header"),
        (lambda all_: [*all_[:-1], all_[-2], all_[-1]], "Entry 5 "),
        (lambda all_: [*all_, "{}"], "The signed trailer is missing"),
        (lambda all_: [*all_[:-1], all_[-1].replace('"count":4', '"count":3')], "signature"),
        (lambda all_: [*all_[:-1], all_[-1].replace('"count":4', '"count":1e999')], "signature"),
        (lambda all_: [all_[0].replace('"prod"', '"dev"'), *all_[1:]], "different environments"),
        (lambda _: [], "not the header"),
        (lambda _: ["[" * 50_000], "not the header"),
    ],
    ids=["flipped", "dropped", "swapped", "truncated", "cut", "beheaded", "repeated", "appended",
         "recounted", "infinite", "renamed", "empty", "nested"],
)  # fmt: skip
async def test_what_was_done_to_an_export_is_found_and_named(
    key: KeyFile, verify: Verify, tamper: Tamper, named: str
) -> None:
    lines = tamper(await export(key))

    code, said = verify(lines, "--key", key.public)

    assert code == 1
    assert "does NOT verify" in said
    assert named in said


async def test_a_chain_that_was_rewritten_is_not_the_one_that_was_signed(
    key: KeyFile, verify: Verify
) -> None:
    real, other = await export(key), await export(key, reason="nothing happened")

    code, said = verify([real[0], *other[1:-1], real[-1]], "--key", key.public)

    assert code == 1
    assert "is not the head that was recorded" in said


async def test_a_forger_who_signs_anew_is_found_by_the_bots_key_only(
    key: KeyFile, verify: Verify, tmp_path: Path
) -> None:
    forger = KeyFile.open(tmp_path / "forged")
    other = await export(key, reason="nothing happened")
    forged = resigned(other, forger)

    believed, words = verify(forged)
    found, named = verify(forged, "--key", key.public)

    assert (believed, found) == (0, 1)
    assert forger.public[:16] in words
    assert f"is not by the key {key.public[:16]}" in named


async def test_a_trailer_of_another_key_is_found_without_any_key(
    key: KeyFile, verify: Verify, tmp_path: Path
) -> None:
    real = await export(key)
    forged = resigned(real, KeyFile.open(tmp_path / "forged"))

    code, said = verify([real[0], *forged[1:]])

    assert (code, "signature is not by the key" in said) == (1, True)


@pytest.mark.parametrize("wrong", ["00" * 32, "not hex", "ab"])
async def test_a_wrong_key_verifies_nothing(key: KeyFile, verify: Verify, wrong: str) -> None:
    code, said = verify(await export(key), "--key", wrong, "--json")

    assert code == 1
    assert json.loads(said)["valid"] is False


def test_a_file_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["audit", "verify", "--file", "/does/not/exist"])

    assert code == 2
    assert "No such file" in capsys.readouterr().err


async def test_the_tail_shows_the_newest_entries(terminal: Terminal) -> None:
    await terminal.run("kill", "summariser", "wrong")

    ran = await terminal.run("audit", "tail", "1")

    assert ran.code == 0
    assert "kill by" in ran.out
    assert "declare" not in ran.out


async def test_a_tail_of_nothing_is_a_usage_error(terminal: Terminal) -> None:
    ran = await terminal.run("audit", "tail", "0")

    assert ran.code == 2
    assert "from 1 to" in ran.err


@pytest.mark.parametrize("words", [(), ("tail", "1", "2"), ("erase",), ("verify", "x")])
async def test_an_unknown_way_to_look_is_a_usage_error(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    ran = await terminal.run("audit", *words)

    assert ran.code == 2
    assert "opsbot audit tail" in ran.err


async def test_the_live_journal_verifies_and_its_export_is_lines(terminal: Terminal) -> None:
    await terminal.run("kill", "summariser")

    checked = await terminal.run("audit", "verify")
    exported = await terminal.run("audit", "export")

    assert checked.code == 0
    lines = exported.out.splitlines()
    assert exported.code == 0
    assert json.loads(lines[0])["opsbot"] == "journal"
    assert json.loads(lines[-1])["count"] == len(lines) - 2
