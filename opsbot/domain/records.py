"""Between our nouns and the JSON that they are kept as: what every record's reading and writing shares."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from opsbot.domain.change import Json, Position


def plain(value: object) -> Json:
    """Return a value of a frozen dataclass as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    assert value is None or isinstance(value, (bool, int, float, str)), value
    return value


def position(value: Json) -> Position:
    """
    Return a place in the store's history.

    Raises:
        TypeError, KeyError, ValueError: it is none.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"not a position: {value!r}")
    return Position(int(str(value["epoch"])), int(str(value["revision"])))


def listed(value: Json) -> tuple[Json, ...]:
    """Return a list's items; nothing for anything else."""
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def mapped(value: Json) -> Mapping[str, Json]:
    """Return a mapping; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
