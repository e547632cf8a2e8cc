"""`opsbot doctor pagerduty` from a terminal, against the stand-in over real HTTP."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from opsbot.cli import main
from opsbot.workbench.pagerduty.company import BOT_EMAIL, PRIMARY, SECONDARY
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import SUPPORT, pagerduty_stand_in
from tests.support.replica import ROOT
from tests.support.store import free_port

PUBLIC_URL = "http://127.0.0.1:8320"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the example declarations, and no other setting of the machine's."""
    for name in [name for name in os.environ if name.startswith("OPSBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(ROOT / "flags"))
    monkeypatch.setenv("OPSBOT_RUNBOOKS_DIR", str(ROOT / "runbooks"))


def named(monkeypatch: pytest.MonkeyPatch, stand_in: PagerDutyStandIn, key: str = "") -> None:
    """Set what names the stand-in's account."""
    for name, value in {
        "API_KEY": key or stand_in.api_key,
        "FROM": BOT_EMAIL,
        "ROUTING_KEY": stand_in.routing_key(SUPPORT),
        "WEBHOOK_SECRETS": "one",
        "URL": stand_in.base_url,
        "EVENTS_URL": stand_in.base_url,
    }.items():
        monkeypatch.setenv(f"OPSBOT_PAGERDUTY_{name}", value)
    monkeypatch.setenv("OPSBOT_PUBLIC_URL", PUBLIC_URL)


async def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Run it for machines; return its exit code and the signs by name."""
    capsys.readouterr()
    code = await asyncio.to_thread(main, ["doctor", "pagerduty", "--json"])
    return code, {one["name"]: one for one in json.loads(capsys.readouterr().out)["signs"]}


async def test_an_account_that_is_well_ends_with_zero_and_was_only_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with pagerduty_stand_in() as stand_in:
        named(monkeypatch, stand_in)
        stand_in.subscribe(f"{PUBLIC_URL}/pagerduty/webhooks")

        code = await asyncio.to_thread(main, ["doctor", "pagerduty"])

    said = capsys.readouterr().out
    assert "NOT OK" not in said
    assert code == 0
    assert "sender: opsbot (POPSBOT)" in said
    assert "workflow support-copilot: service Support AI (PSUPPORT)" in said
    assert "on call PESUPPORT: Mara Okafor (L1)" in said
    assert {call.route.split()[0] for call in stand_in.calls} == {"GET"}


async def test_what_is_wrong_is_named_and_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with pagerduty_stand_in() as stand_in:
        named(monkeypatch, stand_in)
        del stand_in.account.services["PLEGAL"]
        for schedule in (PRIMARY, SECONDARY):
            stand_in.hand_over(schedule, None)
        stand_in.account.policies["PESUPPORT"].levels[:] = stand_in.account.policies[
            "PESUPPORT"
        ].levels[:2]

        code, found = await examined(capsys)

    assert code == 1
    assert found["workflow contract-summariser"]["says"] == "no service PLEGAL"
    assert "nobody is on call" in found["on call PESUPPORT"]["says"]
    assert found["on call PEDEVAI"]["ok"] is True
    assert "no subscription delivers" in found["webhooks"]["says"]


async def test_a_refused_key_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with pagerduty_stand_in() as stand_in:
        named(monkeypatch, stand_in, key="wrong-and-secret")

        code, found = await examined(capsys)

    assert (code, found["key"]["ok"]) == (1, False)
    assert "secret" not in json.dumps(found)


async def test_a_pagerduty_that_is_away_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_PAGERDUTY_API_KEY", "k")
    monkeypatch.setenv("OPSBOT_PAGERDUTY_FROM", BOT_EMAIL)
    monkeypatch.setenv("OPSBOT_PAGERDUTY_URL", f"http://127.0.0.1:{free_port()}")

    code, found = await examined(capsys)

    assert code == 1
    assert "no connection" in found["key"]["says"]


async def test_broken_declarations_leave_the_account_to_look_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with pagerduty_stand_in() as stand_in:
        named(monkeypatch, stand_in)
        monkeypatch.setenv("OPSBOT_FLAGS_DIR", str(tmp_path / "none"))

        code, found = await examined(capsys)

    assert code == 1
    assert found["declarations"]["ok"] is False
    assert found["key"]["ok"] is True


def test_without_a_key_it_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "pagerduty"])

    assert code == 0
    assert "switched off" in capsys.readouterr().out


def test_settings_that_contradict_each_other_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_PAGERDUTY_API_KEY", "k")

    code = main(["doctor", "pagerduty"])

    assert code == 1
    assert "OPSBOT_PAGERDUTY_FROM" in capsys.readouterr().out


def test_another_word_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "slack"]) == 2
    assert "opsbot doctor [pagerduty]" in capsys.readouterr().err


def test_the_whole_examination_asks_no_account_and_says_how(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_PAGERDUTY_API_KEY", "k")
    monkeypatch.setenv("OPSBOT_PAGERDUTY_FROM", BOT_EMAIL)

    main(["doctor", "--json"])

    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["signs"]}
    assert found["pagerduty"]["ok"] is True
    assert "opsbot doctor pagerduty" in found["pagerduty"]["says"]
