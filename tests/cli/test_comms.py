"""`opsbot comms`: the grammar's words, bodies that HTTP reads as they were meant, exit codes; templates without a bot."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.app.comms.requests import (
    EVERY,
    CommsLook,
    CommsWords,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.cli import comms as cli
from opsbot.cli import main
from opsbot.web import message_bodies as web
from tests.cli.conftest import Terminal, at_terminal
from tests.support.comms import FIRST, HOLDING, NEXT, WHAT, Telling
from tests.support.comms_door import telling_door
from tests.support.replica import ROOT

ONE = Which("INC-1")
OFF = "users-feature-off-investigating"


@pytest.fixture(name="company")
async def _company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncGenerator[tuple[Terminal, Telling]]:
    door, telling = await telling_door()
    async with at_terminal(door, tmp_path, monkeypatch, capsys) as terminal:
        local_bot.write(
            tmp_path, {"api": terminal.url, "people": {"ines": "ines-token"}, "as": "ines"}
        )
        yield terminal, telling


@pytest.fixture(name="terminal")
def _terminal(company: tuple[Terminal, Telling]) -> Terminal:
    return company[0]


@pytest.fixture(name="one")
def _one(company: tuple[Terminal, Telling]) -> Telling:
    return company[1]


async def test_a_message_is_written_with_the_words_of_slack(
    terminal: Terminal, one: Telling
) -> None:
    ran = await terminal.run("comms", "new", FIRST, "INC-1", f"what={WHAT[FIRST]}", "next:20m")

    assert ran.code == 0, ran.err
    assert (
        ran.out.splitlines()[0]
        == "MSG-1 \u00b7 to users \u00b7 investigating \u00b7 draft \u00b7 INC-1 in prod"
    )
    assert "`opsbot comms publish MSG-1`" in ran.out
    assert one.message().standing == "draft"


async def test_the_first_word_is_said_with_its_exit_code(terminal: Terminal, one: Telling) -> None:
    ran = await terminal.run("comms", "now", "--json")

    assert (ran.code, ran.json["outcome"]) == (3, "published")
    assert one.message().holding
    await one.settle()
    shown = await terminal.run("comms", "preview", "MSG-1")
    assert "published" in shown.out
    assert shown.code == 0


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("list",), "No messages to people in prod"),
        (("templates",), "7 templates of messages in prod"),
        (("facts",), "Fact sheet of INC-1 in prod"),
        (("list", "INC-1", "all"), "No messages to people in prod"),
    ],
)
async def test_every_look_has_its_words(
    terminal: Terminal, one: Telling, words: tuple[str, ...], begins: str
) -> None:
    ran = await terminal.run("comms", *words)

    assert ran.code == 0, ran.err
    assert ran.out.startswith(begins)


async def test_a_refusal_is_said_on_the_other_stream_with_what_to_type(
    terminal: Terminal, one: Telling
) -> None:
    ran = await terminal.run("comms", "new", "users-feature-off-identifed", "what=x")
    nothing = await terminal.run("comms", "publsh", "MSG-1")

    assert (ran.code, ran.out) == (1, "")
    assert f"Did you mean `{NEXT}`" in ran.err
    assert nothing.code != 0
    assert one.state.messages() == ()


async def test_what_a_form_would_ask_is_listed_as_it_is_typed(
    terminal: Terminal, one: Telling
) -> None:
    """Every hint that says `comms new INC-1` opens a form in Slack; here it leads on as well."""
    await terminal.run("comms", "now", "INC-1")
    again = await terminal.run("comms", "now", "INC-1")

    ran = await terminal.run("comms", "new", "INC-1")

    assert "Write the next word: `opsbot comms new INC-1`." in again.err
    assert ran.code == 2
    assert ran.out.startswith("Say which template; nothing was written for INC-1\n")
    first, *_ = (line for line in ran.out.splitlines() if "opsbot comms new" in line)
    assert "`opsbot comms new users-" in first
    assert f"`opsbot comms new {NEXT} INC-1 what=\u2026`" in ran.out
    assert len(one.state.messages()) == 1


async def test_words_alone_say_how_it_is_used(terminal: Terminal) -> None:
    assert "opsbot comms" in (await terminal.run("comms")).err


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (NewMessage(NEXT, ONE, {"what": "x"}), web.NewMessageBody),
        (
            NewMessage(NEXT, ONE, {"what": "x"}, ("mail",), back="why", next_s=900),
            web.NewMessageBody,
        ),
        (NewMessage("", Which(), {}, corrects="MSG-1"), web.NewMessageBody),
        (EditMessage("MSG-1", {"what": "x"}, ("mail",), 900, "why"), web.EditMessageBody),
        (EditMessage("MSG-1", None, None, 900), web.EditMessageBody),
        (PublishMessage("MSG-1", anyway=(EVERY,)), web.PublishMessageBody),
        (PublishMessage("MSG-1"), web.PublishMessageBody),
        (DropMessage("MSG-1", "why"), web.DropMessageBody),
        (RetryTarget("MSG-1", "mail"), web.RetryTargetBody),
        (HoldUsers(ONE, HOLDING), web.HoldUsersBody),
        (HoldUsers(ONE), web.HoldUsersBody),
        (StateFact(ONE, "topic", "refunds", "confirmed"), web.FactBody),
        (StateFact(ONE, "topic"), web.FactBody),
        (SnoozeUpdate(ONE, "users", 900, "why"), web.SnoozeBody),
        (RunClock(ONE, "gdpr", "answered"), web.ClockBody),
        (RunClock(ONE, "gdpr", from_ms=5), web.ClockBody),
        (RunClock(ONE, "gdpr", began="03:10 CET"), web.ClockBody),
        (HoldEvidence(ONE, "s3://kept"), web.EvidenceBody),
        (SetCanned("support-copilot", {"de": "x"}, "human"), web.TextsBody),
        (SetCanned("support-copilot", {}), web.TextsBody),
    ],
)
def test_http_reads_what_the_terminal_sends_as_it_was_meant(
    words: CommsWords, body: type[Any]
) -> None:
    path, sent = cli.change(words)

    read = body.model_validate_json(json.dumps(sent))

    if isinstance(words, NewMessage):
        assert read.request() == words
    elif isinstance(words, SetCanned):
        assert read.request(words.workflow) == words
    elif hasattr(words, "which"):
        assert read.request(words.which) == words
        assert path.startswith("/v1/incidents/INC-1/")
    else:
        assert read.request(words.message) == words
        assert path.startswith("/v1/messages/MSG-1")


def test_a_look_is_no_change() -> None:
    with pytest.raises(KeyError):
        cli.change(CommsLook())


@pytest.fixture(name="files")
def _files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(ROOT / "runbooks"))
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(tmp_path))
    return tmp_path


def test_a_template_is_read_without_any_bot(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ("comms", "render", "users-wrong-answers-identified", "topic=refunds\x1b[31m<!channel>")
    )

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("The support assistant may have given wrong answers about refunds")
    assert "\x1b" not in out


def test_a_template_is_read_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("comms", "render", f"runbooks/comms/{OFF}.md.j2", "--json"))

    body = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (body["template"], sorted(body["texts"])) == (OFF, ["de", "en"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("render",), "opsbot comms render"),
        (("render", "nothing-like-it"), "There is no template"),
        (("render", "users-wrong-answers-identified", "nope=1"), "There is no field `nope`"),
        (("render", OFF, "what"), "fills nothing in"),
        (("lint", "nothing"), "There is no template"),
        (("lint", "--format", "xml"), "opsbot comms lint"),
        (("hash", "nothing"), "There is no template"),
    ],
)
def test_what_cannot_be_read_says_why(
    files: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert main(("comms", *words)) != 0
    assert says in capsys.readouterr().err


def test_the_shipped_templates_are_good_and_hashed(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("comms", "lint")) == 0
    assert "all good" in capsys.readouterr().out
    assert main(("comms", "hash", OFF)) == 0
    said = capsys.readouterr().out
    text = (ROOT / "runbooks" / "comms" / f"{OFF}.md.j2").read_text("utf-8")
    digest = next(line for line in text.splitlines() if line.startswith("approved:"))
    assert digest in said
    assert "approved as it stands" in said


def test_what_is_wrong_with_a_template_is_said_with_its_line(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files / "runbooks" / "comms"
    folder.mkdir(parents=True)
    (folder / f"{OFF}.md.j2").write_text(
        (ROOT / "runbooks" / "comms" / f"{OFF}.md.j2")
        .read_text("utf-8")
        .replace("{{ next_at }}", "{{ ''.__class__ }}"),
        "utf-8",
    )
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(folder.parent))

    assert main(("comms", "lint", OFF)) == 1
    assert "1 template: " in capsys.readouterr().out
    assert main(("comms", "render", OFF)) == 1
    assert "cannot be used" in capsys.readouterr().err


def test_without_the_folder_it_is_said_which(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(files / "nowhere"))

    assert main(("comms", "lint")) == 1
    assert "is not a folder" in capsys.readouterr().err
