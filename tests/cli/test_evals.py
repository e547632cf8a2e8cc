"""`eval record` and `eval show` from a terminal, through the real API."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.domain.gates import Measurement
from tests.cli.conftest import Out, Terminal
from tests.support.evals import GROUNDED, seed

FILES = Path(__file__).parents[1] / "adapters" / "evals"


@pytest.fixture(name="ci")
async def _ci(terminal: Terminal, tmp_path: Path) -> Terminal:
    """Give the terminal of the account that sends evaluations."""
    await seed(terminal.door.world.store, on_its_way=True)
    people = {"mara": "mara-token", "ci-evals": "ci-token"}
    local_bot.write(tmp_path, {"api": terminal.url, "people": people, "as": "ci-evals"})
    return terminal


def known(terminal: Terminal) -> dict[str, Measurement]:
    found = terminal.door.world.store.state.measurements("support-copilot")
    return {f"{one.subject} {one.suite} {one.metric}": one for one in found}


async def record(terminal: Terminal, path: Path, *more: str) -> Out:
    return await terminal.run(
        "eval", "record", "--workflow", "support-copilot", "--file", str(path), *more
    )


def own(tmp_path: Path, **document: Any) -> Path:
    path = tmp_path / "own.json"
    found = {"suite": GROUNDED, "metric": "pass_rate", "value": 0.95, "n": 400}
    path.write_text(json.dumps({"s": 1, "results": [found], **document}))
    return path


async def test_promptfoos_file_becomes_evidence(ci: Terminal) -> None:
    ran = await record(ci, FILES / "promptfoo.json", "--revision", "r2", "--commit", "abc123")

    one = known(ci)[f"r2 {GROUNDED} pass_rate"]
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == "Recorded for `support-copilot` r2 in prod: 4 results"
    assert "Gate RED, beyond the limit" not in ran.out
    assert f"Gate RED: {GROUNDED} pass_rate: 0.6 of 5 cases" in ran.out
    assert f"No gate asks for `{GROUNDED} Tone`" in ran.out
    assert "errors of providers, counted as failures: 1" in ran.err
    assert (one.value, one.n, one.commit, one.by) == (0.6, 5, "abc123", "service:ci-evals")


@pytest.mark.parametrize("name", ["pytest.json", "junit.xml"])
async def test_what_a_test_runner_writes_becomes_evidence(ci: Terminal, name: str) -> None:
    ran = await record(ci, FILES / name, "--revision", "r2", "--suite", GROUNDED)

    assert ran.code == 0, ran.err
    assert list(known(ci)) == [f"r2 {GROUNDED} pass_rate"]


async def test_our_own_file_may_say_what_it_is_of(ci: Terminal, tmp_path: Path) -> None:
    path = own(tmp_path, revision="r1", commit="c1")

    ran = await record(ci, path, "--json")

    assert ran.code == 0, ran.err
    assert ran.json["gates"][0]["colour"] == "green"
    assert known(ci)[f"r1 {GROUNDED} pass_rate"].commit == "c1"


async def test_evidence_of_one_thing_does_not_count_for_another(
    ci: Terminal, tmp_path: Path
) -> None:
    path = own(tmp_path, revision="r1")

    ran = await record(ci, path, "--revision", "r2")

    assert ran.code == 1
    assert "is of `r1` and --revision says `r2`" in ran.err
    assert known(ci) == {}


async def test_a_model_can_be_evaluated(ci: Terminal, tmp_path: Path) -> None:
    ran = await record(ci, own(tmp_path), "--model", "openai/gpt-5-mini")

    assert ran.code == 0, ran.err
    assert list(known(ci)) == [f"openai/gpt-5-mini {GROUNDED} pass_rate"]


@pytest.mark.parametrize(
    ("more", "code", "word"),
    [
        ((), 2, "the revision or a --model"),
        (("--revision", "r2", "--model", "openai/gpt-5-mini"), 2, "the revision or a --model"),
        (("--revision", "r9"), 1, "no revision r9"),
        (("--revision", "r2", "--format", "xml"), 2, "promptfoo, pytest, junit, opsbot"),
        (("--revision", "r2", "--format", "junit"), 1, "is not XML"),
        (("--revision", "r2", "--suite", "two words"), 1, "`results[0]`"),
        (("--revision", "r2", "--as", "mara"), 1, "signal-role"),
        (("--revision", "r2", "--suit", "s"), 2, "--suite"),
    ],
)
async def test_a_refusal_says_what_to_write_and_records_nothing(
    ci: Terminal, tmp_path: Path, more: tuple[str, ...], code: int, word: str
) -> None:
    ran = await record(ci, own(tmp_path), *more)

    assert ran.code == code, ran.err
    assert word in ran.err
    assert known(ci) == {}


@pytest.mark.parametrize("name", ["missing.json", ".", "cut.json"])
async def test_a_file_that_cannot_be_read_is_named(ci: Terminal, tmp_path: Path, name: str) -> None:
    shutil.copy(FILES / "promptfoo.json", tmp_path / "whole.json")
    (tmp_path / "cut.json").write_text((tmp_path / "whole.json").read_text()[:-50])

    ran = await record(ci, tmp_path / name, "--revision", "r2")

    assert ran.code == 1
    assert str(tmp_path / name) in ran.err
    assert "nothing was recorded" in ran.err


async def test_the_gates_are_shown_with_their_colours(ci: Terminal, tmp_path: Path) -> None:
    recorded = await record(ci, own(tmp_path), "--revision", "r2")
    every = await ci.run("eval", "show", "support-copilot")
    one = await ci.run("eval", "show", "support-copilot", "r2", "--json")

    assert (recorded.code, every.code) == (0, 0), recorded.err
    assert "r1 (active)" in every.out
    assert f"Gate green: {GROUNDED} pass_rate: 0.95 of 400 cases" in every.out
    assert "Gate missing: support-safety flag_rate" in every.out
    assert [gate["colour"] for gate in one.json["subjects"][0]["gates"]] == ["green", "missing"]


@pytest.mark.parametrize(
    "words",
    [(), ("show",), ("show", "a", "b", "c"), ("record", "x"), ("shwo", "a"), ("record",)],
)
async def test_other_words_are_a_usage_error(ci: Terminal, words: tuple[str, ...]) -> None:
    ran = await ci.run("eval", *words)

    assert ran.code == 2
    assert "opsbot eval" in ran.err
