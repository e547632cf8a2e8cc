"""Looking from a terminal, the machine's form of a kill, and words for what nobody expected."""

import os
import subprocess
import sys
from typing import NoReturn

import pytest

from opsbot import __version__
from opsbot.cli import acts, main
from opsbot.domain.said import REFUSED
from tests.cli.conftest import Terminal
from tests.support.replica import ROOT

KILL_KEYS = {
    "kill", "workflow", "scope", "mode", "revision", "stored", "durable", "instances",
    "confirmed_ms", "proved", "since",
}  # fmt: skip


async def test_a_kill_for_machines_has_the_promised_shape(terminal: Terminal) -> None:
    hand = terminal.door.world.instance("api-1", serves=("summariser",))
    await terminal.run("kill", "summariser")
    hand.follow()

    ran = await terminal.run("kill", "summariser", "--json")

    said = ran.json
    assert ran.code == 0
    assert set(said) >= KILL_KEYS
    assert (said["kill"], said["workflow"], said["mode"]) == ("K-1", "summariser", "stop")
    assert said["scope"] == {"workflow": "summariser"}
    assert set(said["instances"]) >= {"expected", "confirmed", "lagging", "silent", "expired"}
    assert (said["instances"]["expected"], said["instances"]["confirmed"]) == (1, 1)
    assert [said["instances"][name] for name in ("lagging", "silent", "expired")] == [[], [], []]
    assert isinstance(said["revision"], int)
    assert said["stored"] is True
    assert said["env"] == "prod"


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_told_without_a_bot(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([word])

    assert (code, capsys.readouterr().out) == (0, f"opsbot {__version__}\n")


async def test_the_policy_says_why(terminal: Terminal) -> None:
    may = await terminal.run("policy", "explain", "mara", "kill", "summariser")
    guarded = await terminal.run("policy", "explain", "mara", "restore", "support-copilot")
    nobody = await terminal.run("policy", "explain", "zoe", "restore", "summariser", "--json")

    assert (may.code, guarded.code) == (0, 0)
    assert "one-person-kills" in may.out
    assert "second" in guarded.out
    assert nobody.json


async def test_whether_one_may_approve_is_answered_for_what_somebody_else_asked(
    terminal: Terminal,
) -> None:
    ran = await terminal.run("policy", "explain", "ines", "approve", "support-copilot")

    assert ran.code == 0
    assert "verdict: yes, alone (rule `approver`)" in ran.out


async def test_the_policy_is_not_asked_about_a_verb_that_it_does_not_know(
    terminal: Terminal,
) -> None:
    ran = await terminal.run("policy", "explain", "mara", "restor", "summariser")

    assert ran.code == 2
    assert "The policy knows no verb `restor`; nothing was looked up." in ran.err
    assert "restore" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("policy",),
        ("policy", "explain", "mara"),
        ("policy", "change", "mara", "kill", "summariser"),
        ("status", "a", "b"),
        ("instances", "a"),
        ("oncall", "a", "b"),
        ("audti",),
        ("status", "--jsno"),
    ],
)
async def test_what_cannot_be_read_is_a_usage_error_with_what_to_write(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    ran = await terminal.run(*words)

    assert ran.code == 2
    assert "opsbot" in ran.err


async def test_an_unknown_workflow_offers_the_nearest_when_looking(terminal: Terminal) -> None:
    ran = await terminal.run("status", "sumariser")

    assert ran.code == 1
    assert "Did you mean `summariser`?" in ran.err


async def test_a_word_that_only_the_bot_can_refuse_is_a_usage_error_too(
    terminal: Terminal,
) -> None:
    ran = await terminal.run("audit", "tail", "many")

    assert ran.code == 2
    assert "a number from 1" in ran.err


@pytest.mark.parametrize("words", [("kill", "--help"), ("help",), ()])
def test_help_ends_with_zero(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert "kill" in capsys.readouterr().out


def test_an_option_before_the_verb_says_where_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--as", "ines", "status"])

    assert code == 2
    assert capsys.readouterr().err == (
        "'--as' stands after the verb, as in `opsbot status --json`; `opsbot help` lists the verbs\n"
    )


def test_a_bug_is_told_in_words_before_its_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> NoReturn:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(acts, "kill", fail)

    code = main(["kill", "summariser"])

    first, second, *_ = capsys.readouterr().err.splitlines()
    assert code == 1
    assert first == "opsbot failed at this (ZeroDivisionError); what happened is not known."
    assert "opsbot status" in second


@pytest.mark.parametrize("words", [("restore", "--help"), ("help",), ("--version",)])
def test_a_reader_that_has_seen_enough_ends_it_without_a_trace(words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "opsbot", *words],
            cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip

    assert (done.returncode, done.stderr) == (REFUSED, b"")
