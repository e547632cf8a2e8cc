"""The last-known-good file: what a client knew, kept over a restart. Atomic, synced, checksummed."""

import json
import os
import zlib

MARK = "opsflags-last-known 1"
MAX_BYTES = 64 * 1024 * 1024


class Broken(ValueError):
    """There is a file, but it is torn, of another kind, or not readable."""


def path_for(state_dir: str, env: str, service: str) -> str:
    """Return the file of one service in one environment; its processes share it."""
    plain = "".join(c if c.isalnum() or c in "-_." else f"%{ord(c):x}" for c in service)
    return os.path.join(state_dir, f"opsflags-{env}-{plain}.json")  # noqa: PTH118  pathlib costs 10 ms at import


def load(path: str) -> dict[str, object] | None:
    """
    Return what was kept, or None where there is no file.

    Raises:
        Broken: the file can't be trusted; nothing of it is used.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  as above
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Broken(f"not readable: {error.strerror}") from error
    return _open(data)


def _open(data: bytes) -> dict[str, object]:
    head, _, body = data.partition(b"\n")
    if head != _head(body) or len(data) > MAX_BYTES:
        raise Broken("the checksum does not fit")
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Broken("not JSON") from error
    if not isinstance(value, dict):
        raise Broken("not an object")
    return value


def _head(body: bytes) -> bytes:
    return f"{MARK} {zlib.crc32(body):08x} {len(body)}".encode()


def save(path: str, known: dict[str, object]) -> None:
    """
    Put *known* in place of the file: whole and on disk, or not at all.

    Raises:
        OSError: it could not be written; the previous file stays as it was.
    """
    body = json.dumps(known, separators=(",", ":")).encode()
    aside = f"{path}.{os.getpid()}"
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write_all(handle, _head(body) + b"\n" + body)
        os.fsync(handle)
    except OSError:
        os.close(handle)
        os.unlink(aside)  # noqa: PTH108  as above
        raise
    os.close(handle)
    os.replace(aside, path)  # noqa: PTH105  as above
    _sync_directory(os.path.dirname(path) or ".")  # noqa: PTH120  as above


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
