"""`kill --redis`: past a dead bot, with a credential that can do nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsbot.adapters import local_bot
from opsbot.adapters.redis.acl import acl_rights
from opsbot.adapters.redis.functions import library
from opsbot.cli import main
from opsbot.domain.workflow import as_record
from opsflags import FlagClient
from opsflags.keys import WORKFLOWS
from tests.support.replica import ROOT
from tests.support.store import Store, free_port, server, store
from tests.support.wait import eventually_sync
from tests.support.world import workflow

__all__ = ["server", "store"]

Out = tuple[int, str, str]


@pytest.fixture(name="kill_only")
def _kill_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the URL of a real user with the shipped kill-only rights, and this store's environment."""
    monkeypatch.setenv("OPSBOT_ENV", store.env)
    name, rules = f"kill-{store.env}", acl_rights(store.env)["kill"].split(" ")
    store.redis.execute_command("ACL", "SETUSER", name, "on", ">secret", *rules)
    yield f"redis://{name}:secret@127.0.0.1:{store.server.port}"
    store.redis.execute_command("ACL", "DELUSER", name)


@pytest.fixture(name="service")
def _service(store: Store) -> Iterator[FlagClient]:
    store.redis.function_load(library(), replace=True)
    with FlagClient.connect(store.url, service="support-api", env=store.env) as client:
        client.workflow("support-copilot")
        eventually_sync(lambda: store.redis.hlen(store.keys.fleet_of("support-api").instances))
        yield client


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> Out:
    """Run one command line."""
    capsys.readouterr()
    code = main(words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def records(store: Store) -> list[dict[str, Any]]:
    """Return the emergency list."""
    return [json.loads(raw) for raw in store.redis.lrange(store.keys.emergency, 0, -1)]


def test_a_kill_only_credential_stops_and_says_what_it_cannot_see(
    kill_only: str, service: FlagClient, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "kill", "support-copilot", "mode:stop", "leak", "--redis", kill_only)

    copilot = service.workflow("support-copilot")
    eventually_sync(lambda: not copilot.decide().allowed, timeout_s=3)
    assert code == 3
    assert out.startswith(f"Model calls blocked for `support-copilot` in {store.env}: stored,")
    assert "Emergency kill E-1 (stop): no policy was asked" in out
    assert "Confirmed: unknown. This credential may not see acknowledgements." in out
    assert "The name could not be checked with this credential: look for a typo." in out
    assert "Only a restore through the bot ends it." in out
    assert [(one["scope"], one["mode"]) for one in records(store)] == [
        ({"workflow": "support-copilot"}, "stop")
    ]


def test_its_answer_for_machines_claims_nothing_that_was_not_seen(
    kill_only: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "kill", "support-copilot", "--redis", kill_only, "--json")

    answer = json.loads(out)
    assert code == 3
    assert (answer["kill"], answer["emergency"], answer["revision"]) == (None, "E-1", None)
    assert (answer["stored"], answer["durable"], answer["instances"]) == (True, None, None)
    assert (answer["confirmed_ms"], answer["proved"], answer["since"]) == (None, None, None)


def test_who_acknowledges_more_than_the_list_holds_is_named_and_not_counted(
    service: FlagClient, store: Store, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_ENV", store.env)
    declared = json.dumps(as_record(workflow("support-copilot")))
    store.redis.hset(store.keys.state_of(WORKFLOWS), "support-copilot", declared)
    fleet = store.keys.fleet_of("support-api")
    told = store.redis.hget(fleet.instances, service.instance)
    made_up = json.dumps({"s": 1, "e": 1, "r": 1, "x": 1, "emergency": 99})
    names = (store.keys.head, *fleet.all(), store.keys.emergency, store.keys.services)
    store.redis.fcall(
        "opsbot_checkin", len(names), *names, "pod-liar", told, made_up, "support-api"
    )

    code, out, _ = ran(capsys, "kill", "support-copilot", "mode:stop", "--redis", store.url)

    assert code in (0, 3)  # it checks in no more: silent by the end, and every live one confirmed
    assert "1/2 confirmed so far" in out
    assert "`pod-liar`" in out


def test_a_credential_that_sees_acknowledgements_ends_with_zero(
    store: Store, service: FlagClient, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPSBOT_ENV", store.env)
    declared = json.dumps(as_record(workflow("support-copilot")))
    store.redis.hset(store.keys.state_of(WORKFLOWS), "support-copilot", declared)

    code, out, _ = ran(capsys, "kill", "support-copilot", "--redis", store.url)

    assert code == 0
    assert "1/1 confirmed in" in out
    assert "could not be checked" not in out
    assert not service.workflow("support-copilot").decide().allowed


def test_a_typo_that_can_be_seen_is_refused_with_the_nearest_name(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_ENV", store.env)
    declared = json.dumps(as_record(workflow("support-copilot")))
    store.redis.hset(store.keys.state_of(WORKFLOWS), "support-copilot", declared)

    code, _, err = ran(capsys, "kill", "suport-copilot", "--redis", store.url)

    assert code == 1
    assert "Did you mean `support-copilot`?" in err
    assert records(store) == []


def test_the_wrong_environment_is_named_with_what_to_set(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSBOT_ENV", f"{store.env}-other")

    code, _, err = ran(capsys, "kill", "support-copilot", "--redis", store.url)

    assert code == 1
    assert f"There is no workflow `support-copilot` in {store.env}-other" in err
    assert "Declared there: none at all. OPSBOT_ENV names another environment." in err


def test_the_environment_of_the_local_bots_own_store_needs_no_setting(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.delenv("OPSBOT_ENV", raising=False)
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(tmp_path))
    local_bot.write(tmp_path, {"api": "", "env": store.env, "redis": store.url})
    declared = json.dumps(as_record(workflow("support-copilot")))
    store.redis.hset(store.keys.state_of(WORKFLOWS), "support-copilot", declared)

    _, out, _ = ran(capsys, "kill", "support-copilot", "--redis", store.url)

    assert f"for `support-copilot` in {store.env}" in out
    assert len(records(store)) == 1


def test_everything_needs_yes_here_too(
    kill_only: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    refused, _, err = ran(capsys, "kill", "all", "--redis", kill_only)
    nothing = records(store)

    done, out, _ = ran(capsys, "kill", "all", "leak", "--yes", "--redis", kill_only)

    assert (refused, nothing) == (1, [])
    assert "Repeat it with --yes." in err
    assert done == 3
    assert "all workflows" in out
    assert records(store)[0]["scope"] == {}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("kill", "x", "mode:banana"), 1, "There is no mode `banana`"),
        (("kill",), 2, "Name what to stop"),
        (("kill", "provider:openai"), 1, "--yes"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    kill_only: str, store: Store, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], code: int, said: str,
) -> None:  # fmt: skip
    ended, _, err = ran(capsys, *words, "--redis", kill_only)

    assert ended == code
    assert said in err
    assert records(store) == []


def test_a_wrong_password_is_a_doubt_with_a_way_on(
    kill_only: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = kill_only.replace("secret", "wrong")

    code, out, err = ran(capsys, "kill", "x", "--redis", wrong, "--json")

    assert code == 1
    assert json.loads(out)["stored"] is None
    assert "wrong" not in out + err
    assert records(store) == []


def test_no_store_at_all_leaves_it_unknown_and_says_what_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = ran(capsys, "kill", "x", "--redis", f"redis://127.0.0.1:{free_port()}")

    assert code == 1
    assert "stored is not known" in err
    assert "last resort" in err


@pytest.mark.parametrize("url", ["banana", "http://127.0.0.1:1", ""])
def test_an_address_that_is_none_is_named(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "kill", "x", "--redis", url)

    assert code == 1
    assert "redis://" in err


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become a user without a name")
def test_a_user_without_a_name_can_kill_too() -> None:
    script = (
        "import os\n"
        "from opsbot.cli import emergency\n"
        "for name in ('LOGNAME', 'USER', 'LNAME', 'USERNAME'): os.environ.pop(name, None)\n"
        "os.setuid(64321)\n"
        "print(emergency._user())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.stdout == "uid 64321\n", done.stderr
