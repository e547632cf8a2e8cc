"""The demo's own copy of the declarations: restores in steps are watched for seconds in it, not minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from opsbot.workbench.stage import Json

WATCH_S = 8
"""How long a step of a restore is watched in the demo, at most: four of them fit into a minute."""

_NAMES = ("*.yaml", "*.yml", "workflows/*")
"""What the bot reads there; the rest of the folder is the client's code."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations as they stand in *source*, kept in *target* with shorter watches."""

    source: Path
    target: Path

    def refresh(self) -> dict[str, Json]:
        """
        Bring *target* up to date; return the restores in steps that its workflows declare, by name.

        Each is `{"steps": [5, 25], "watch_s": 8, "declared_s": 600}`. What is unchanged is not
        written, so that the bot reads anew only what was edited.

        Raises:
            OSError: *source* cannot be read or *target* not be written.
        """
        found = {
            path.relative_to(self.source): path.read_bytes()
            for pattern in _NAMES
            for path in sorted(self.source.glob(pattern))
            if path.is_file()
        }
        restores: dict[str, Json] = {}
        for name, whole in found.items():
            kept = whole
            if name.parts[0] == "workflows" and (restore := restore_of(whole)) is not None:
                kept, restores[name.stem] = restore
            _write(self.target / name, kept)
        self._forget(set(found))
        return restores

    def _forget(self, names: set[Path]) -> None:
        for pattern in _NAMES:
            for path in self.target.glob(pattern):
                if path.is_file() and path.relative_to(self.target) not in names:
                    path.unlink()


def restore_of(whole: bytes) -> tuple[bytes, Json] | None:
    """
    Return a workflow's file with a shorter watch, and its restore; None where it declares no steps.

    A file that is no YAML, or not of this shape, stays as it is: what is wrong with it is the bot's
    to say, with its line.
    """
    try:
        text = whole.decode()
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        read = yaml.safe_load(text)
    except (UnicodeDecodeError, yaml.YAMLError):
        return None
    watch = _inner(_inner(root, "restore"), "watch_s")
    declared = read.get("restore") if isinstance(read, Mapping) else None
    if watch is None or not isinstance(declared, Mapping):
        return None
    steps, declared_s = declared.get("steps"), declared.get("watch_s")
    if not isinstance(steps, list) or not isinstance(declared_s, int):
        return None
    watch_s = min(declared_s, WATCH_S)
    begin, end = watch.start_mark.index, watch.end_mark.index
    restore: Json = {"steps": steps, "watch_s": watch_s, "declared_s": declared_s}
    return f"{text[:begin]}{watch_s}{text[end:]}".encode(), restore


def _inner(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _write(path: Path, whole: bytes) -> None:
    """Replace in one move: the bot may be reading at this moment."""
    if path.is_file() and path.read_bytes() == whole:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.parent / f".{path.name}.part"
    part.write_bytes(whole)
    part.replace(path)
