"""The kill file: kills from a mounted file, without any store; it can only restrict."""

import json

from opsflags.model import FIELDS, Rejected, scope_from_json
from opsflags.records import Kill

MAX_BYTES = 1024 * 1024
LOOK_S = 0.25


class KillFile:
    """
    Look at one file and hold what its last good version says.

    The file is a JSON list of `{"scope": {…}, "mode": "stop"}`; the fields of the scope may also
    stand beside `mode`, and a missing mode is `stop`. A version that can't be read, and a file that
    vanishes while the process runs, change nothing and make `problem` a machine word; `[]` ends
    its kills. `sha256` is of the applied version, None before there was one.
    """

    __slots__ = ("_seen", "kills", "path", "problem", "sha256")

    def __init__(self, path: str) -> None:
        self.path = path
        self.kills: tuple[Kill, ...] = ()
        self.sha256: str | None = None
        self.problem: str | None = None
        self._seen: bytes | None = None

    def look(self) -> bool:
        """Read the file and return whether `kills`, `sha256` or `problem` changed."""
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123  pathlib costs 10 ms at import
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            self._seen = None
            return self._complain("vanished" if self.sha256 else None)
        except OSError:
            self._seen = None
            return self._complain("not_readable")
        if data == self._seen:
            return False
        self._seen = data
        return self._apply(data)

    def _apply(self, data: bytes) -> bool:
        try:
            import hashlib  # noqa: PLC0415  5 ms that only users of a kill file pay

            digest = hashlib.sha256(data).hexdigest()
            kills = _read(data, digest)
        except Rejected:
            return self._complain("malformed")
        changed = digest != self.sha256 or self.problem is not None
        self.kills, self.sha256, self.problem = kills, digest, None
        return changed

    def _complain(self, problem: str | None) -> bool:
        changed = problem != self.problem
        self.problem = problem
        return changed


def _read(data: bytes, digest: str) -> tuple[Kill, ...]:
    if len(data) > MAX_BYTES:
        raise Rejected("the kill file is too large")
    try:
        items = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Rejected("the kill file is not JSON") from error
    if not isinstance(items, list):
        raise Rejected("the kill file is not a list")
    return tuple(_kill(number, item, digest) for number, item in enumerate(items, start=1))


def _kill(number: int, item: object, digest: str) -> Kill:
    if not isinstance(item, dict):
        raise Rejected("an entry of the kill file is not an object")
    fields = {name: value for name, value in item.items() if name in FIELDS}
    if unknown := set(item) - set(fields) - {"scope", "mode"}:
        raise Rejected(f"an entry of the kill file has unknown fields: {len(unknown)}")
    if fields and "scope" in item:
        raise Rejected("an entry of the kill file has a scope and its fields beside it")
    scope = scope_from_json(item.get("scope", fields))
    mode = item.get("mode", "stop")
    if not isinstance(mode, str) or not mode:
        raise Rejected("mode is not a non-empty string")
    return Kill(id=f"F-{number}", uid=f"file:{digest[:12]}:{number}", scope=scope, mode=mode)
