"""The demo as a newcomer starts it: one process tree, driven through its page."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium
from tests.support.store import free_port
from tests.support.story import Demo, opened
from tests.support.wait import eventually_sync

BOOT_S = 60
LEAVING_S = 180


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", name="demo")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    state_dir = tmp_path_factory.mktemp("demo")
    out = state_dir / "stdout"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPSBOT_")}
    words = ["demo", "--headless", "--frozen", "1", "--port", str(free_port())]
    with out.open("wb") as stdout, (state_dir / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.patient", *words],
            env={**environment, "OPSBOT_STATE_DIR": str(state_dir)},
            stdout=stdout,
            stderr=stderr,
        )
    try:
        line = eventually_sync(lambda: _said(process, out), timeout_s=BOOT_S)
        yield Demo(
            **{name: line[name] for name in ("page", "api", "redis", "status")}, state_dir=state_dir
        )
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=LEAVING_S) == 0, (state_dir / "stderr").read_text()
        assert "Traceback" not in (state_dir / "stderr").read_text()


@pytest.fixture(name="page")
def _page(browser: Browser, demo: Demo) -> Iterator[Page]:
    with opened(browser, demo) as page:
        yield page


@pytest.fixture(name="pictures")
def _pictures() -> Path:
    folder = Path(tempfile.gettempdir()) / "opsbot-story"
    folder.mkdir(exist_ok=True)
    return folder


def _said(process: subprocess.Popen[bytes], out: Path) -> dict[str, str]:
    assert process.poll() is None, (out.parent / "stderr").read_text()
    first = out.read_text().partition("\n")
    found: dict[str, str] = json.loads(first[0]) if first[1] else {}
    return found
