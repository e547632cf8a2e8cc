"""`opsbot runbook`: the grammar's words, bodies that HTTP reads as they were meant; files without any bot."""

import json
import shutil
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    StartRun,
    WhichRun,
)
from opsbot.cli import main
from opsbot.cli import runbooks as cli
from opsbot.cli.options import Refusal
from opsbot.cli.table import COMMANDS
from opsbot.slack.typed.runbook import parse_runbook
from opsbot.web import run_bodies as web
from tests.cli.conftest import Terminal, serving
from tests.support import runs
from tests.support.replica import ROOT
from tests.web.test_incidents import WRONG

ONE = WhichRun("RUN-1")
PRINTED = pytest.CaptureFixture[str]


@pytest.fixture(name="one")
async def _one(terminal: Terminal) -> AsyncGenerator[Terminal]:
    """Give a terminal of a company in which INC-1 is open and a runbook is there for it."""
    door = terminal.door
    runs.shelved(door.world)
    async with door.client() as http:
        assert (await http.post("/v1/incidents", json=WRONG)).status_code == 201
    async with serving(door) as url:  # the bot that knows the runbook, in the place of the first
        people = {"mara": "mara-token", "ines": {"token": "ines-token"}}
        local_bot.write(terminal.state_dir, {"api": url, "people": people, "as": "mara"})
        yield Terminal(door, url, terminal.state_dir, terminal.captured)


async def test_a_run_is_walked_to_its_end_from_a_terminal(one: Terminal) -> None:
    words = (
        ("start", "wrong-answers", "INC-1"),
        ("show", "RUN-1"),
        ("take", "keep-the-evidence"),
        ("tick", "2", "keep-the-evidence"),
        ("note", "step:keep-the-evidence", "the cache was cold"),
        ("evidence", "step:keep-the-evidence", "https://traces.example/1", "the first bad answer"),
        ("done", "keep-the-evidence"),
        ("do", "stop-the-harm", "yes"),
        ("done", "stop-the-harm"),
        ("answer", "step:does-it-go-on", "2"),
        ("skip", "step:tell-the-users", "done outside opsbot"),
        ("block", "step:find-the-change", "for:30m", "on the legal team"),
        ("unblock", "find-the-change"),
        ("steps",),
        ("catchup",),
        ("list",),
        ("handover", "@ines"),
        ("abandon", "a false alarm"),
        ("list", "all"),
    )
    ran = [await one.run("runbook", *line) for line in words]

    failed = [(line, out) for line, out in zip(words, ran, strict=True) if out.code]
    assert failed == []
    run = runs.run(one.door.world)
    assert run.mark("keep-the-evidence").boxes == ("b2",)
    assert run.mark("does-it-go-on").choice is not None
    assert [one.kind for one in run.attached] == ["note", "evidence"]
    assert [kill.id for kill in one.door.world.store.state.active_kills()] == ["K-1"]
    assert run.status == "abandoned"


async def test_an_action_that_nobody_confirmed_is_not_done(one: Terminal) -> None:
    await one.run("runbook", "start", "wrong-answers", "INC-1")
    await one.run("runbook", "done", "keep-the-evidence")

    asked = await one.run("runbook", "do")

    assert asked.code == 1
    assert "To do it: `opsbot runbook do stop-the-harm yes`." in asked.err
    assert one.door.world.store.state.active_kills() == ()


async def test_a_yes_at_the_terminal_is_for_what_was_asked(one: Terminal) -> None:
    await one.run("runbook", "start", "wrong-answers", "INC-1")
    asked = await one.run("runbook", "do", "stop-the-harm", "--json")
    meant = cli.asked_about(RunAction(WhichRun()), Refusal(asked.json))
    assert meant == RunAction(ONE, "stop-the-harm", seen=runs.run(one.door.world).version)


async def test_a_value_with_blanks_is_one_whatever_the_shell_made_of_it(one: Terminal) -> None:
    ran = await one.run("runbook", "start", "wrong-answers", "workflow=no such thing")

    assert ran.code == 1
    assert "no such thing" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "opsbot runbook --help"),
        (("showw",), 2, "Did you mean `opsbot runbook show`?"),
        (("start",), 2, "Name the runbook"),
        (("start", "wrong-answer"), 1, "There is no runbook `wrong-answer`"),
        (("show", "RUN-9"), 1, "RUN-9"),
        (("done",), 1, "No runbook is being walked"),
        (("done", "--stpe", "x"), 2, "did you mean --step?"),
        (("skip",), 2, "Say why it is skipped"),
    ],
)
async def test_a_refusal_ends_with_one_and_a_typing_error_with_two(
    one: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    before = len(one.door.world.server.lines)

    ran = await one.run("runbook", *words)

    assert (ran.code, said in ran.err) == (code, True), ran
    assert len(one.door.world.server.lines) == before


BODIES: Mapping[type[object], tuple[Any, Any]] = {
    StartRun: (web.StartRunBody, lambda body, _: body.request()),
    MarkStep: (web.MarkBody, lambda body, words: body.request(words.which, words.step)),
    RunAction: (
        web.RunActionBody,
        lambda body, words: body.request(words.which, words.step, words.number),
    ),
    LeadRun: (web.LeadBody, lambda body, words: body.request(words.which)),
    EndRun: (web.EndBody, lambda body, words: body.request(words.which)),
}


@pytest.mark.parametrize(
    "text",
    [
        "start wrong-answers INC-7 drill workflow=support-copilot",
        "start wrong-answers",
        "take RUN-1",
        "assign @ines RUN-1",
        "accept RUN-1",
        "decline RUN-1",
        "done RUN-1 stop-the-harm",
        "failed RUN-1 it did not help",
        "skip RUN-1 done outside opsbot",
        "block RUN-1 for:30m on the legal team",
        "unblock RUN-1",
        "tick RUN-1 2",
        "answer RUN-1 1",
        "back RUN-1",
        "undo RUN-1",
        "note RUN-1 the cache was cold",
        "evidence RUN-1 https://traces.example/1 the first one",
        "do RUN-1 2 yes",
        "undo action RUN-1",
        "read-back RUN-1",
        "handover RUN-1 @ines",
        "handover RUN-1 accept",
        "lead RUN-1",
        "finish RUN-1",
        "renew RUN-1",
        "abandon RUN-1 a false alarm",
        "switch RUN-1 data-leak workflow=support-copilot it is a leak",
    ],
)
def test_a_body_says_over_http_what_was_typed(text: str) -> None:
    words = parse_runbook(text)
    _, body = cli._CHANGES[type(words)](words)
    kind, request = BODIES[type(words)]

    assert request(kind.model_validate(json.loads(json.dumps(body))), words) == words


def test_every_kind_of_words_has_its_path() -> None:
    assert set(cli._CHANGES) == set(BODIES)
    assert cli._CHANGES[MarkStep](MarkStep(WhichRun(), "done"))[0] == (
        "/v1/runs/current/steps/current"
    )
    assert cli._CHANGES[RunAction](RunAction(ONE, "a", 2))[0] == "/v1/runs/RUN-1/steps/a/actions/2"
    assert RunLook not in cli._CHANGES


@pytest.fixture(name="alone")
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of runbooks, and no bot anywhere."""
    for name in ("OPSBOT_URL", "OPSBOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "runbooks"
    (folder / "imported").mkdir(parents=True)
    shutil.copytree(ROOT / "runbooks" / "comms", folder / "comms")
    for path in (ROOT / "runbooks").glob("*.md"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "imported" / "kube.md").write_text("# Kube\n\n## Fix\n\n1. Look.\n2. Mend.\n")
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(folder))
    return folder


@pytest.mark.parametrize("word", ["catalogue", "list"])
def test_without_a_bot_the_runbooks_are_listed(alone: Path, capsys: PRINTED, word: str) -> None:
    code = main(["runbook", word])

    printed = capsys.readouterr()
    assert code == 0
    assert "wrong-answers" in printed.out
    assert "imported/kube" in printed.out
    assert ("the runs are not known" in printed.err) == (word == "list")


@pytest.mark.parametrize("word", ["show", "read"])
def test_without_a_bot_a_runbook_is_shown_whole(alone: Path, capsys: PRINTED, word: str) -> None:
    code = main(["runbook", word, "wrong-answers", "workflow=support-copilot"])

    printed = capsys.readouterr().out
    assert code == 0
    assert printed.startswith("Wrong or harmful answers\n=====")
    assert "[ ] 1. " in printed
    assert "$ opsbot kill support-copilot" in printed
    assert "{{ workflow }}" not in printed


def test_for_machines_it_is_one_document(alone: Path, capsys: PRINTED) -> None:
    main(["runbook", "show", "wrong-answers", "--json"])

    shown = json.loads(capsys.readouterr().out)
    assert shown["source"].startswith("---\nrunbook: wrong-answers")


def test_a_catalogue_of_files_names_their_folder_and_no_environment(
    alone: Path, capsys: PRINTED
) -> None:
    main(["runbook", "catalogue"])

    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("9 runbooks and 1 imported page in ")
    assert first.endswith("runbooks/")
    assert " in dev" not in first


def test_a_mistyped_name_of_a_value_is_answered_with_the_one_that_was_meant(
    alone: Path, capsys: PRINTED
) -> None:
    main(["runbook", "show", "wrong-answers", "workflwo=x"])

    assert "Did you mean `workflow=…`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("text", "Wrong or harmful answers\n"),
        ("html", "<!doctype html>"),
        ("markdown", "---\nrunbook: wrong-answers"),
        ("cacao", '{\n  "type": "playbook"'),
    ],
)
def test_a_runbook_is_written_in_every_form(
    alone: Path, tmp_path: Path, capsys: PRINTED, form: str, begins: str
) -> None:
    ending = {"text": "txt", "markdown": "md", "cacao": "json"}.get(form, form)
    out = tmp_path / f"it.{ending}"

    shown = main(["runbook", "render", "wrong-answers", "--format", form])
    printed = capsys.readouterr().out
    written = main(["runbook", "render", "wrong-answers", "--out", str(out)])

    assert (shown, written) == (0, 0)
    assert printed.startswith(begins)
    assert out.read_text("utf-8") == printed


def test_a_page_by_itself_says_both_ways_to_type(alone: Path, capsys: PRINTED) -> None:
    main(["runbook", "render", "wrong-answers", "workflow=support-copilot", "--format", "html"])

    page = capsys.readouterr().out
    assert "/ai-kill support-copilot" in page
    assert "opsbot kill support-copilot" in page


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("render",), 2, "opsbot runbook render <name>"),
        (("render", "wrong-answers", "--format", "pdf"), 2, "html|markdown|cacao"),
        (("render", "wrong-answer"), 1, "Did you mean `wrong-answers`?"),
        (("render", "wrong-answers", "tenant=x"), 2, "does not ask for `tenant`"),
        (("show", "wrong-answers", "x"), 2, "does not ask for `x`"),
        (("lint", "nothing"), 2, "There is no"),
        (("lint", "--format", "xml"), 2, "--format text|json|github"),
        (("done",), 1, "No bot is known"),
    ],
)
def test_what_cannot_be_read_is_said(
    alone: Path, capsys: PRINTED, words: tuple[str, ...], code: int, said: str
) -> None:
    found = main(["runbook", *words])

    assert (found, said in capsys.readouterr().err) == (code, True)


def test_a_file_that_cannot_be_written_is_said(alone: Path, capsys: PRINTED) -> None:
    code = main(["runbook", "render", "wrong-answers", "--out", str(alone)])

    assert code == 1
    assert "cannot be written" in capsys.readouterr().err


def test_good_runbooks_end_with_zero(alone: Path, capsys: PRINTED) -> None:
    code = main(["runbook", "lint", "wrong-answers"])

    assert (code, capsys.readouterr().out) == (0, "1 runbook: all good.\n")


def test_a_broken_runbook_is_named_with_its_line_and_the_others_still_read(
    alone: Path, capsys: PRINTED
) -> None:
    path = alone / "wrong-answers.md"
    path.write_text(path.read_text("utf-8") + "\n```yaml kill\nworkflow: x\n", "utf-8")

    linted = main(["runbook", "lint", "wrong-answers"])
    found = capsys.readouterr().out
    shown = main(["runbook", "show", "wrong-answers"])
    why = capsys.readouterr().err
    other = main(["runbook", "show", "data-leak"])

    assert (linted, shown, other) == (1, 1, 0)
    assert f"{path}:" in found
    assert "E09" in found
    assert "open the file itself" in why
    assert "1 runbook: 3 errors, 0 warnings." in found


def test_findings_are_for_machines_too(alone: Path, capsys: PRINTED) -> None:
    path = alone / "wrong-answers.md"
    path.write_text("# Nothing\n", "utf-8")

    main(["runbook", "lint", "--format", "json"])
    as_json = json.loads(capsys.readouterr().out)
    main(["runbook", "lint", "--format", "github"])
    as_github = capsys.readouterr().out

    assert {one["file"] for one in as_json["findings"]} == {str(path)}
    assert as_github.startswith("::error file=")


async def test_without_files_the_bot_shows_them(
    one: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(tmp_path / "nowhere"))

    listed = await one.run("runbook", "catalogue")
    shown = await one.run("runbook", "show", "wrong-answers")

    assert (listed.code, shown.code) == (0, 0), (listed, shown)
    assert "wrong-answers" in listed.out
    assert "Stop the harm" in shown.out


def test_help_says_what_works_without_a_bot(capsys: PRINTED) -> None:
    code = main(["runbook", "--help"])

    printed = capsys.readouterr().out
    assert code == 0
    assert "without any bot" in printed
    assert "opsbot runbook start wrong-answers" in printed
    assert COMMANDS["runbook"].module == "opsbot.cli.runbooks:runbook"


def test_lint_mends_what_a_machine_can_and_shows_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: PRINTED
) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    good = (ROOT / "runbooks" / "wrong-answers.md").read_text("utf-8")
    (folder / "wrong-answers.md").write_text(good.replace("\n\n", "\n \n", 1), "utf-8")
    (folder / "no-runbook.md").write_text("# Nothing \n", "utf-8")
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(folder))

    main(["runbook", "lint", "--fix", "--format", "json"])
    told = capsys.readouterr()
    main(["runbook", "lint", "--fix", "--format", "json"])
    again = capsys.readouterr()

    assert told.err.startswith(f"--- {folder}/wrong-answers.md\n+++ ")
    assert json.loads(told.out)["findings"] == json.loads(again.out)["findings"]
    assert again.err == ""
    assert (folder / "wrong-answers.md").read_text("utf-8") == good
    assert (folder / "no-runbook.md").read_text("utf-8") == "# Nothing \n"
