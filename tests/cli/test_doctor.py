"""`opsbot doctor`: one line for each thing, and the one to change is named."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsbot.cli import main
from opsflags.keys import Keys
from tests.support.replica import ROOT
from tests.support.store import Server, free_port, own_server

__all__ = ["own_server"]


@pytest.fixture(name="patient")
def _patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give settings under which all is well."""
    for name in [name for name in os.environ if name.startswith("OPSBOT_")]:
        monkeypatch.delenv(name)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(state))
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(ROOT / "runbooks"))
    return state


@pytest.fixture(name="healthy", scope="module")
def _healthy() -> Iterator[Server]:
    """Give a server whose settings a test may spoil; each puts its own back."""
    with Server() as running:
        with running.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
        yield running


def signs(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Run it for machines; return its exit code and the signs by name."""
    capsys.readouterr()
    code = main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)["signs"]
    return code, {one["name"]: one for one in found}


def test_a_bot_that_is_well_ends_with_zero(
    patient: Path, healthy: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_REDIS_URL", healthy.url)

    code = main(["doctor"])

    said = capsys.readouterr().out
    assert code == 0
    assert "NOT OK" not in said
    assert "store: answers and is fit for `strict`; the journal has 0 entries" in said
    assert "what is served was never counted" in said
    assert "declarations: 4 workflows" in said
    assert "running bot: No bot is known" in said


@pytest.mark.parametrize(
    ("age_s", "says"),
    [(20, r"was counted 2\d s ago\n"), (900, r"was counted 90\d s ago: no bot counts now\n")],
)
def test_how_long_ago_calls_were_counted_is_said(
    patient: Path, healthy: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], age_s: int, says: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_REDIS_URL", healthy.url)
    served = Keys("dev").served
    with healthy.client() as client:
        client.hset(served, "at", str((int(client.time()[0]) - age_s) * 1000))

    main(["doctor"])
    with healthy.client() as client:
        client.delete(served)

    assert re.search(says, capsys.readouterr().out)


@pytest.mark.parametrize(
    "change",
    [
        ("appendonly", "no", "yes"),
        ("appendfsync", "everysec", "always"),
        ("no-appendfsync-on-rewrite", "yes", "no"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ],
)
def test_a_server_that_can_lose_kills_is_named_by_the_line_to_change(
    patient: Path, healthy: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], change: tuple[str, str, str],
) -> None:  # fmt: skip
    line, bad, good = change
    monkeypatch.setenv("OPSBOT_REDIS_URL", healthy.url)
    with healthy.client() as client:
        client.config_set(line, bad)

        code, found = signs(capsys)
        client.config_set(line, good)

    assert code == 1
    assert found["store"]["ok"] is False
    assert f"`{line} {bad}`" in found["store"]["says"]
    assert f"Put `{line} {good}` into the server's configuration" in found["store"]["says"]


def test_a_server_that_takes_writes_alone_is_named(
    patient: Path, healthy: Server, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_REDIS_URL", healthy.url)
    monkeypatch.setenv("OPSBOT_MIN_REPLICAS", "1")

    code, found = signs(capsys)

    assert code == 1
    assert "Put `min-replicas-to-write 1`" in found["store"]["says"]


def test_a_store_that_is_not_there_is_named(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_REDIS_URL", f"redis://:secret@127.0.0.1:{free_port()}")

    code, found = signs(capsys)

    assert code == 1
    assert "does not answer" in found["store"]["says"]
    assert "OPSBOT_REDIS_URL" in found["store"]["says"]
    assert "secret" not in json.dumps(found)


def test_an_open_state_directory_is_named(
    patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.chmod(0o755)

    code, found = signs(capsys)

    assert code == 1
    assert f"chmod 700 {patient}" in found["state directory"]["says"]


def test_a_signing_key_that_others_can_read_is_named(
    patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = patient / "keys" / "journal.ed25519"
    key.parent.mkdir()
    key.write_text("00" * 32)
    key.chmod(0o644)

    code, found = signs(capsys)

    assert code == 1
    assert f"chmod 600 {key}" in found["signing key"]["says"]


def test_settings_that_contradict_each_other_are_one_line(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_SLACK_TRANSPORT", "http")

    code, found = signs(capsys)

    assert code == 1
    assert "OPSBOT_SLACK_SIGNING_SECRET" in found["settings"]["says"]


def test_a_setting_that_is_none_is_probably_a_typo(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_REDIS_ULR", "redis://x")

    code, found = signs(capsys)

    assert (code, found["settings"]["ok"]) == (1, False)
    assert "OPSBOT_REDIS_ULR" in found["settings"]["says"]


def test_broken_declarations_are_counted(
    patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(tmp_path / "none"))

    code, found = signs(capsys)

    assert (code, found["declarations"]["ok"]) == (1, False)
    assert "not usable" in found["declarations"]["says"]


def test_a_bot_that_is_named_and_dead_is_not_well(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_URL", f"http://127.0.0.1:{free_port()}")

    code, found = signs(capsys)

    assert code == 1
    assert "connection refused" in found["running bot"]["says"]


def test_what_a_target_of_messages_lacks_is_named(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = patient.parent / "flags"
    shutil.copytree(ROOT / "flags", folder, ignore=shutil.ignore_patterns("opsflags", "vectors"))
    targets = "{leads: {kind: email, to: [leads@example.com]}, here: {kind: slack, channel: C0X}}"
    (folder / "comms.yaml").write_text(f"comms: 1\ntargets: {targets}\n")
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(folder))

    _, lacking = signs(capsys)
    monkeypatch.setenv("OPSBOT_SMTP_URL", "smtps://mail.example.com")
    monkeypatch.setenv("OPSBOT_SMTP_FROM", "status@example.com")
    _, without_slack = signs(capsys)

    assert lacking["targets of messages"]["ok"] is False
    assert "leads: OPSBOT_SMTP_URL is not set" in lacking["targets of messages"]["says"]
    assert without_slack["targets of messages"] == {
        "name": "targets of messages",
        "ok": None,
        "says": "here: OPSBOT_SLACK_TRANSPORT is not set",
    }
