"""The embedded store: private, found again after every crash, ended by the last who leaves."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from opsbot.adapters.embedded import embedded, server_binary
from opsbot.adapters.redis.store import open_store
from opsbot.domain.errors import Misconfigured
from tests.support.changes import add_one, kill
from tests.support.wait import eventually

ROOT = Path(__file__).parents[2]
HOLDER = """
import asyncio, sys
from pathlib import Path
from opsbot.adapters.embedded import embedded

async def main():
    async with embedded(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def pid_of(url: str) -> int:
    """Return the process id of the server behind *url*."""
    async with Redis.from_url(url) as client:
        return int((await client.info("server"))["process_id"])


def mode_of(path: str) -> int:
    """Return the permission bits of a file."""
    return Path(path).stat().st_mode & 0o777


def runs(pid: int) -> bool:
    """Return whether a process runs and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_data_is_found_again_after_a_clean_stop(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url, open_store(url, env="dev", state_dir=None) as bundle:
        await bundle.store.commit("r1", kill(1))
        pid = await pid_of(url)
    assert not runs(pid)

    async with embedded(tmp_path) as url, open_store(url, env="dev", state_dir=None) as bundle:
        assert list(bundle.store.state.kind("kills")) == ["K-1"]


async def test_it_is_fit_for_the_strict_profile_and_for_its_user_only(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        async with Redis.from_url(url, decode_responses=True) as client:
            found = await client.config_get("port", "appendonly", "appendfsync", "maxmemory-policy")
        mode = mode_of(url.removeprefix("unix://"))

    assert found == {
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
    }
    assert mode == 0o700


@pytest.mark.parametrize("name", ["with a space", "x" * 120])
async def test_odd_and_long_directories_work(tmp_path: Path, name: str) -> None:
    async with embedded(tmp_path / name) as url, open_store(url, env="dev", state_dir=None) as one:
        await one.store.commit("r1", kill(1))

    assert list((tmp_path / name / "valkey" / "appendonlydir").iterdir())


async def test_a_second_bot_shares_it_and_the_last_one_ends_it(tmp_path: Path) -> None:
    async with embedded(tmp_path) as first:
        async with embedded(tmp_path) as second:
            pid = await pid_of(first)
            assert second == first
        assert runs(pid)

    assert not runs(pid)


async def test_a_killed_bot_leaves_the_server_and_the_next_attaches(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    url = (await holder.stdout.readline()).decode().strip()
    pid = await pid_of(url)
    assert os.getsid(pid) != os.getsid(holder.pid)
    holder.send_signal(signal.SIGKILL)
    await holder.wait()
    assert runs(pid)

    async with embedded(tmp_path) as again:
        assert await pid_of(again) == pid

    await eventually(lambda: not runs(pid))


async def test_a_server_that_dies_in_use_is_started_again_with_its_data(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url, open_store(url, env="dev", state_dir=None) as bundle:
        await bundle.store.commit("r1", add_one)
        pid = await pid_of(url)

        os.kill(pid, signal.SIGKILL)
        await bundle.store.commit("r2", add_one)

        assert bundle.store.state.setting("counter") == {"n": 2}
        assert await pid_of(url) != pid


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "valkey" / "appendonlydir").mkdir(parents=True)
    manifest = tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("no manifest\n")

    with pytest.raises(Misconfigured) as caught:
        async with embedded(tmp_path):
            raise AssertionError("it started")

    assert "valkey.log" in caught.value.hint


def test_the_binary_is_there() -> None:
    assert os.access(server_binary(), os.X_OK)


async def test_a_bot_that_fails_ends_its_server_too(tmp_path: Path) -> None:
    pid = 0

    async def fail() -> None:
        nonlocal pid
        async with embedded(tmp_path) as url:
            pid = await pid_of(url)
            raise RuntimeError("the bot failed")

    with pytest.raises(RuntimeError):
        await fail()

    assert not runs(pid)


async def test_two_bots_starting_at_once_share_one_server(tmp_path: Path) -> None:
    async def start() -> int:
        async with embedded(tmp_path) as url:
            pid = await pid_of(url)
            both.append(pid)
            await eventually(lambda: len(both) == 2)
            return pid

    both: list[int] = []

    one, two = await asyncio.gather(start(), start())

    assert one == two
    assert not runs(one)
