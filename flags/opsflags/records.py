"""What a client reads from the wire: kills and workflow records, checked once. Pure: no I/O, no clock."""

from __future__ import annotations

from opsflags.keys import SCHEMA
from opsflags.model import FIELDS, NO_MODEL, Rejected, Scope, scope_from_json
from opsflags.shares import Ramp, percent_from_json, ramp_from_json
from opsflags.texts import Texts, texts_from_json

TOO_OLD = "client_too_old"
"""Mode of a record that a newer program wrote; no mode of the table, so it is decided as `stop`."""

STALE_AFTER_S = 15.0
MAX_STALE_AFTER_S = 86_400
MAX_WEIGHT = 1_000_000
_FIELDS = frozenset(FIELDS)


class Kill:
    """
    One active kill as far as decisions need it.

    *epoch* and *revision* are the position of the commit that last changed it. *mode* may be a
    word this client does not know; it is then decided as `stop`, never dropped. *ramp* is the part
    that is lifted, None where the whole kill holds.
    """

    __slots__ = ("emergency", "epoch", "id", "mode", "ramp", "revision", "scope", "uid")

    def __init__(  # noqa: PLR0913  # a record with eight fields, built by keyword
        self,
        *,
        id: str,  # noqa: A002  # the record's own word
        uid: str,
        scope: Scope,
        mode: str,
        epoch: int = 0,
        revision: int = 0,
        emergency: str | None = None,
        ramp: Ramp | None = None,
    ) -> None:
        self.id = id
        self.uid = uid
        self.scope = scope
        self.mode = mode
        self.epoch = epoch
        self.revision = revision
        self.emergency = emergency
        self.ramp = ramp

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kill) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    def __hash__(self) -> int:
        return hash(self.uid)

    def __repr__(self) -> str:
        return f"Kill({self.id!r}, {self.scope!r}, mode={self.mode!r})"


class Target:
    """One provider's model that a route sends calls to; *weight* is its share of the calls."""

    __slots__ = ("model", "provider", "weight")

    def __init__(self, provider: str, model: str, weight: float = 1) -> None:
        self.provider = provider
        self.model = model
        self.weight = weight

    def __repr__(self) -> str:
        return f"Target({self.provider}/{self.model}, weight={self.weight})"


class Revision:
    """
    What one revision of a route serves with: all of it changes together.

    *prompt* and *tools* are references into the team's own stores, None where it names none.
    """

    __slots__ = ("fallbacks", "id", "params", "prompt", "targets", "tools")

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  # the record's own word
        self.id = id
        self.targets: tuple[Target, ...] = ()
        self.fallbacks: tuple[Target, ...] = ()
        self.prompt: str | None = None
        self.params: dict[str, object] = {}
        self.tools: str | None = None


class Candidate:
    """A revision that serves *percent* (0 to 100) of the sticky keys, and all calls of *tenants*."""

    __slots__ = ("percent", "revision", "tenants")

    def __init__(self, revision: Revision, percent: float, tenants: frozenset[str]) -> None:
        self.revision = revision
        self.percent = percent
        self.tenants = tenants


class WorkflowRecord:
    """
    A declaration with its route, as far as a client needs it.

    *active* serves every call that *candidate* does not; *salt* deals sticky shares anew.
    *texts* are what people read instead of *canned* and *human_text*, by language, where somebody
    changed that. *rejected* is true where the candidate could not be read and was left out. *too_old* is true
    for a record of a newer schema: every call is then stopped here. *stale_after_s* is in seconds.
    """

    __slots__ = (
        "active",
        "candidate",
        "canned",
        "human_text",
        "modes",
        "name",
        "on_store_loss",
        "rejected",
        "routes",
        "safe_state",
        "salt",
        "stale_after_s",
        "texts",
        "too_old",
        "tools",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.safe_state = "stop"
        self.modes: tuple[str, ...] = ()
        self.canned = ""
        self.human_text = ""
        self.texts: Texts | None = None
        self.on_store_loss = "last_known"
        self.stale_after_s = STALE_AFTER_S
        self.tools: dict[str, str] = {}
        self.active = Revision()
        self.candidate: Candidate | None = None
        self.salt = ""
        self.rejected = False
        self.too_old = False
        self.routes: object = (
            None  # `routes.Routes`, compiled once by the first view of this record
        )

    def every_target(self) -> tuple[Target, ...]:
        """Return every target and fallback, of the active revision and of the candidate."""
        tried = None if self.candidate is None else self.candidate.revision
        mine = (*self.active.targets, *self.active.fallbacks)
        return mine if tried is None else (*mine, *tried.targets, *tried.fallbacks)


def newer_schema(value: dict[str, object]) -> bool:
    """
    Return whether a newer program wrote this record.

    Raises:
        Rejected: `s` is missing or not an integer.
    """
    schema = value.get("s")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise Rejected("schema version `s` is not an integer")
    return schema > SCHEMA


def kill_from_json(value: object) -> Kill:
    """
    Read a kill record.

    A newer schema keeps the scope fields that are known, which can only widen the kill, and gets
    the mode `TOO_OLD`. A ramp that cannot be read is left out: the whole kill holds.

    Raises:
        Rejected: it cannot be read; the previous record of this kill stays.
    """
    record = _object(value, "kill")
    kill = _plain_kill(record)
    if kill is not None:
        return kill
    newer = newer_schema(record)
    at = _object(record.get("at"), "kill's `at`")
    emergency = record.get("emergency")
    return Kill(
        id=_text(record, "id"),
        uid=_text(record, "uid"),
        scope=_scope(record.get("scope"), newer=newer),
        mode=TOO_OLD if newer else _text(record, "mode"),
        epoch=_integer(at, "epoch"),
        revision=_integer(at, "revision"),
        emergency=emergency if isinstance(emergency, str) else None,
        ramp=None if newer else ramp_from_json(record.get("ramp")),
    )


def _plain_kill(record: dict[str, object]) -> Kill | None:
    """Read a record that is as it should be, in few steps; None where it is not."""
    at, scope = record.get("at"), record.get("scope")
    schema = record.get("s")
    if (
        type(schema) is not int
        or schema != SCHEMA
        or type(at) is not dict
        or type(scope) is not dict
    ):
        return None
    id_, uid, mode = record.get("id"), record.get("uid"), record.get("mode")
    for word in (id_, uid, mode, *scope.values()):
        if type(word) is not str or not word:
            return None
    epoch, revision = at.get("epoch"), at.get("revision")
    if type(epoch) is not int or type(revision) is not int or not _FIELDS.issuperset(scope):
        return None
    emergency = record.get("emergency")
    return Kill(
        id=str(id_),
        uid=str(uid),
        scope=Scope(**scope),
        mode=str(mode),
        epoch=epoch,
        revision=revision,
        emergency=emergency if type(emergency) is str else None,
        ramp=ramp_from_json(record["ramp"]) if "ramp" in record else None,
    )


def emergency_from_json(number: int, value: object) -> Kill:
    """
    Read the *number*-th record of the emergency list as the kill `E-<number>`, which holds whole.

    Raises:
        Rejected: it cannot be read.
    """
    record = _object(value, "emergency record")
    newer = newer_schema(record)
    name = f"E-{number}"
    uid = record.get("uid")
    return Kill(
        id=name,
        uid=uid if isinstance(uid, str) and uid else name,
        scope=_scope(record.get("scope"), newer=newer),
        mode=TOO_OLD if newer else _text(record, "mode"),
        emergency=name,
    )


def workflow_from_json(name: str, value: object) -> WorkflowRecord:
    """
    Read a workflow record.

    A safe state that calls the model, or that is not known here, is read as `stop`. A candidate
    that cannot be read is left out, and `rejected` says so.

    Raises:
        Rejected: it cannot be read; the previous record stays.
    """
    record = _object(value, "workflow")
    read = WorkflowRecord(name)
    if newer_schema(record):
        read.too_old = True
        return read
    safe_state = record.get("safe_state", "stop")
    read.safe_state = (
        safe_state if isinstance(safe_state, str) and safe_state in NO_MODEL else "stop"
    )
    read.modes = tuple(str(mode) for mode in _items(record.get("modes"), "modes"))
    read.canned = _optional_text(record, "canned") or ""
    read.human_text = _human_text(record.get("human_queue"))
    read.texts = texts_from_json(record.get("texts"))
    read.on_store_loss = _on_store_loss(record)
    read.stale_after_s = _seconds(record.get("stale_after_s", STALE_AFTER_S))
    read.tools = {
        tool: "read" if access == "read" else "write"
        for tool, access in _object(record.get("tools") or {}, "tools").items()
    }
    _read_route(read, _object(record.get("route") or {}, "route"))
    return read


def _read_route(read: WorkflowRecord, route: dict[str, object]) -> None:
    read.active = _revision(route)
    read.salt = _optional_text(route, "salt") or ""
    candidate = route.get("candidate")
    if candidate is None:
        return
    try:
        read.candidate = _candidate(candidate)
    except Rejected:
        # The active revision is no worse for it, and may itself be news that must not wait.
        read.rejected = True


def _revision(route: dict[str, object]) -> Revision:
    read = Revision(_optional_text(route, "revision"))
    read.targets = tuple(_target(item) for item in _items(route.get("targets"), "targets"))
    read.fallbacks = tuple(_target(item) for item in _items(route.get("fallbacks"), "fallbacks"))
    read.prompt = _optional_text(route, "prompt")
    read.params = _object(route.get("params") or {}, "params")
    read.tools = _optional_text(route, "tools") or None
    return read


def _candidate(value: object) -> Candidate:
    record = _object(value, "candidate")
    _text(record, "revision")
    revision = _revision(record)
    if not revision.targets:
        raise Rejected("a candidate has no targets")
    tenants = _items(record.get("tenants"), "tenants")
    if not all(isinstance(tenant, str) and tenant for tenant in tenants):
        raise Rejected("a candidate's tenant is not a non-empty string")
    percent = percent_from_json(record.get("percent"))
    return Candidate(revision, percent, frozenset(str(tenant) for tenant in tenants))


def _target(value: object) -> Target:
    record = _object(value, "target")
    weight = record.get("weight", 1)
    if (
        isinstance(weight, bool)
        or not isinstance(weight, (int, float))
        or not 0 <= weight <= MAX_WEIGHT
    ):
        raise Rejected(f"a target's weight is not a number from 0 to {MAX_WEIGHT}")
    return Target(_text(record, "provider"), _text(record, "model"), weight)


def _scope(value: object, *, newer: bool) -> Scope:
    if not newer:
        return scope_from_json(value)
    known = value if isinstance(value, dict) else {}
    return Scope(
        **{name: known[name] for name in FIELDS if isinstance(known.get(name), str) and known[name]}
    )


def _on_store_loss(record: dict[str, object]) -> str:
    """Read `on_store_loss`; a word that is not known stops, as the safer of the two."""
    word = record.get("on_store_loss") or "last_known"
    return "last_known" if word == "last_known" else "stop"


def _human_text(queue: object) -> str:
    if queue is None:
        return ""
    return _optional_text(_object(queue, "human_queue"), "text") or ""


def _seconds(value: object) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 < value <= MAX_STALE_AFTER_S
    ):
        raise Rejected(f"stale_after_s is not a number of seconds up to {MAX_STALE_AFTER_S}")
    return float(value)


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Rejected(f"{what} is not an object")
    return value


def _items(value: object, what: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Rejected(f"{what} is not a list")
    return value


def _text(record: dict[str, object], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(f"{name} is not a non-empty string")
    return value


def _optional_text(record: dict[str, object], name: str) -> str | None:
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise Rejected(f"{name} is not a string")
    return value


def _integer(record: dict[str, object], name: str) -> int:
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Rejected(f"{name} is not an integer")
    return value
