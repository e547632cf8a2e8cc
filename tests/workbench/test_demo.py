"""`opsbot demo` when it cannot start: why, in one line, before anything of another demo is touched."""

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from opsbot.slack.manifest import manifest
from opsbot.workbench.demo import Options, bot_environment


def demo(state_dir: Path, port: str) -> subprocess.CompletedProcess[str]:
    """Run the verb to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPSBOT_")}
    return subprocess.run(
        [sys.executable, "-m", "opsbot", "demo", "--headless", "--port", port],
        env={**kept, "OPSBOT_STATE_DIR": str(state_dir)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_second_demo_leaves_the_first_ones_directory_alone(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps({"page": "http://127.0.0.1:8321"}))
    with (tmp_path / "demo.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        second = demo(tmp_path, "0")

    assert second.returncode == 1
    assert f"another one runs in {tmp_path} (http://127.0.0.1:8321)" in second.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == ["demo.json", "demo.lock"]


def test_the_bot_answers_to_the_prefix_that_its_app_was_made_with(tmp_path: Path) -> None:
    app = manifest("ai-stg", profile="incident")
    options = Options({}, tmp_path, app, prefix="ai-stg")

    settings = bot_environment(
        options, "http://127.0.0.1:1", dict.fromkeys(("bot", "app", "secret"), "x")
    )

    assert settings["OPSBOT_COMMAND_PREFIX"] == "ai-stg"
    assert all(one["command"].startswith("/ai-stg-") for one in app["features"]["slash_commands"])


def test_a_port_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    ended = demo(tmp_path, "70000")

    assert ended.returncode == 1
    assert "The demo does not start: port 70000: ports end at 65535" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bot_that_ends_at_its_start_is_said_at_once_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "valkey").write_text("a file stands where the store's directory belongs")

    ended = demo(tmp_path, "0")

    assert ended.returncode == 1
    assert re.search(r"The bot ended at its start: \S.*; see ", ended.stderr)
    assert f"see {tmp_path / 'bot.log'}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ExceptionGroup" not in ended.stderr
    assert not (tmp_path / "demo.json").exists()
