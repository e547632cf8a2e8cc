"""A board as JSON and back, for the last-known-good file; only what decisions need. Pure but one look."""

from opsflags import lastknown
from opsflags.board import Board, Held, Json, Position
from opsflags.keys import SCHEMA

KILL_FIELDS = ("s", "id", "uid", "scope", "mode", "at", "emergency", "ramp")
WORKFLOW_FIELDS = (
    "s",
    "workflow",
    "tier",
    "safe_state",
    "modes",
    "canned",
    "human_queue",
    "on_store_loss",
    "stale_after_s",
    "tools",
    "route",
)


def snapshot(board: Board, env: str) -> Json:
    """Return what *board* holds; who killed and why is left out."""
    return {
        "s": SCHEMA,
        "env": env,
        "position": list(board.position),
        "adopted": board.adopted,
        "kills": {uid: _only(held.record, KILL_FIELDS) for uid, held in board.kills.items()},
        "ended": {uid: list(position) for uid, position in board.ended.items()},
        "emergencies": {uid: _emergency(held) for uid, held in board.emergencies.items()},
        "workflows": {
            name: _only(record, WORKFLOW_FIELDS) for name, record in board.workflow_records.items()
        },
    }


def with_others(known: Json, path: str) -> Json:
    """Add the workflows that other processes of the service kept in the same file."""
    try:
        before = lastknown.load(path)
    except lastknown.Broken:
        return known
    theirs = before.get("workflows") if before is not None else None
    ours = known["workflows"]
    if isinstance(theirs, dict) and isinstance(ours, dict):
        known["workflows"] = {**theirs, **ours}
    return known


def restore(board: Board, known: Json, env: str) -> bool:
    """Put *known* on an empty board, each record on its own; return whether it was of *env*."""
    if known.get("s") != SCHEMA or known.get("env") != env:
        return False
    position = _position(known.get("position"))
    if position is None:
        return False
    ended = {uid: at for uid, value in _items(known, "ended") if (at := _position(value))}
    emergencies = [_number_and_record(value) for _, value in _items(known, "emergencies")]
    board.restore(
        position,
        [record for _, record in _items(known, "kills")],
        ended,
        [found for found in emergencies if found is not None],
    )
    for name, record in _items(known, "workflows"):
        board.take_workflow(name, record)
    return True


def _only(record: Json, names: tuple[str, ...]) -> Json:
    return {name: record[name] for name in names if name in record}


def _emergency(held: Held) -> list[object]:
    return [held.number, held.record]


def _items(known: Json, name: str) -> list[tuple[str, object]]:
    part = known.get(name)
    return list(part.items()) if isinstance(part, dict) else []


def _position(value: object) -> Position | None:
    if isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value):  # noqa: PLR2004  a pair
        return (value[0], value[1])
    return None


def _number_and_record(value: object) -> tuple[int, object] | None:
    if isinstance(value, list) and len(value) == 2 and type(value[0]) is int:  # noqa: PLR2004  a pair
        return (value[0], value[1])
    return None
