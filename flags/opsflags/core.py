"""What one client knows and says of itself: handles, their views, knowledge and acknowledgement."""

import json
import os
import threading
from time import monotonic

from opsflags import log
from opsflags.board import NOWHERE, Board
from opsflags.evaluate import compile_view
from opsflags.keys import SCHEMA, Keys, service_word
from opsflags.killfile import KillFile
from opsflags.records import STALE_AFTER_S, WorkflowRecord
from opsflags.workflow import Workflow

VERSION = "0.1.0"
NEVER = float("inf")

NAMES_S = 3600.0
"""How long a model's name is told after it was last asked for: this long at least, twice at most."""

MOST_MODELS = 512
"""Names of models in one registration, over all its workflows."""


class Core:
    """
    The part of a client that needs no connection.

    Whoever swaps views holds `lock`, so that a fork finds everything whole. Times are seconds of
    the monotonic clock; `answered_at` is when the last answered check-in was sent.
    """

    __slots__ = (
        "_counter",
        "_knowledge",
        "_next_change",
        "_turns_at",
        "answered_at",
        "board",
        "dirty",
        "env",
        "fleet",
        "handles",
        "instance",
        "keys",
        "kill_file",
        "lock",
        "name",
        "numbers",
        "pid",
        "problem",
        "read",
        "registered",
        "service",
        "service_word",
        "settled",
        "uncompiled",
    )

    def __init__(
        self, service: str, env: str, kill_file: str | None, name: str | None = None
    ) -> None:
        self.service = service
        self.env = env
        self.keys = Keys(env)
        self.service_word = service_word(service)
        self.fleet = self.keys.fleet_of(service)
        self.board = Board()
        self.handles: dict[str, Workflow] = {}
        self.kill_file = KillFile(kill_file) if kill_file else None
        self.lock = threading.RLock()
        self.settled = threading.Condition(threading.Lock())
        self.answered_at: float | None = None
        self.read: set[str] = set()
        self.uncompiled: set[str] = set()
        self.registered = False
        self.dirty = False
        self.problem: str | None = None
        self.numbers = dict.fromkeys(("connects", "reads", "deltas", "gaps", "checkins"), 0)
        self._knowledge: dict[str, str] = {}
        self._next_change = NEVER
        self._turns_at = 0.0
        self._counter = 0
        self.pid = 0
        self.instance = ""
        self.name = name
        self.new_instance()

    def new_instance(self) -> None:
        """Take an id of its own: at the start, and again in a forked child."""
        self._counter += 1
        self.pid = os.getpid()
        plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in self.name or self.service)
        if self.name and self._counter == 1:
            self.instance = plain
        else:
            self.instance = f"{plain}-{os.urandom(2).hex()}-{self.pid}-{self._counter}"
        self.registered = False

    def after_fork(self) -> None:
        """Begin anew in a forked child: own locks, own id, own counters; the knowledge stays."""
        self.lock = threading.RLock()
        self.settled = threading.Condition(threading.Lock())
        self.numbers = dict.fromkeys(self.numbers, 0)
        self.new_instance()
        for handle in self.handles.values():
            handle._after_fork()  # noqa: SLF001  one package, one seam

    def age_s(self) -> float:
        """Return the seconds since the last answered check-in; infinite before the first."""
        return NEVER if self.answered_at is None else monotonic() - self.answered_at

    def recompile(self, names: set[str] | None) -> bool:
        """Compile and swap the served workflows among *names* (None: all); say if there was one."""
        served = self.handles if names is None else [name for name in names if name in self.handles]
        for name in list(served):
            self._try_swap(self.handles[name])
        return bool(served)

    def publish(self) -> bool:
        """Swap what the board says was touched; return whether a served workflow was."""
        touched = self.board.take_touched()
        if touched is not None and not touched:
            return False
        self.dirty = True
        if touched is not None and len(touched) == 1:
            handle = self.handles.get(touched.pop())
            if handle is not None:
                self._try_swap(handle)
            return handle is not None
        return self.recompile(touched)

    def look_at_kill_file(self) -> bool:
        """Look at the kill file, apply a change, and return whether there was one."""
        if self.kill_file is None or not self.kill_file.look():
            return False
        self.board.take_file(self.kill_file.kills)
        self.publish()
        return True

    def answered(self, sent_at: float) -> None:
        """Note an answered check-in that was sent at *sent_at*: knowledge is fresh, leases move on."""
        self.answered_at = sent_at
        if sent_at >= self._turns_at:
            self._turn_names(sent_at)
        self._next_change = NEVER
        for name, handle in self.handles.items():
            record = self.board.workflows.get(name)
            self._next_change = min(self._next_change, sent_at + _stale_after_s(record))
            if self._knowledge.get(name) != "live":
                self._try_swap(handle)
            elif _leased(record):
                handle._renew(sent_at + _stale_after_s(record))  # noqa: SLF001  as above

    def due(self, now: float) -> bool:
        """Return whether `tick()` could change anything."""
        return now >= self._next_change

    def _turn_names(self, now: float) -> None:
        """Forget which models were asked for before the last hour."""
        forgot = [handle._turn_names() for handle in self.handles.values()]  # noqa: SLF001  as above
        self._turns_at = now + NAMES_S
        if any(forgot):
            self.registered = False

    def tick(self, now: float) -> bool:
        """Stop or mark what has become stale; return whether anything changed."""
        if now < self._next_change:
            return False
        self._next_change = NEVER
        changed = False
        for name, handle in self.handles.items():
            if self._knowledge.get(name) != self._knowledge_of(name, now):
                self._try_swap(handle)
                changed = True
            elif self.answered_at is not None and self._knowledge.get(name) == "live":
                due = self.answered_at + _stale_after_s(self.board.workflows.get(name))
                self._next_change = min(self._next_change, due)
        return changed

    def _try_swap(self, handle: Workflow) -> None:
        """Swap one handle's view; one that can't be compiled keeps its view and spares the others."""
        try:
            self._swap(handle)
        except Exception:  # noqa: BLE001  no fault in one workflow may delay a kill of another
            self.uncompiled.add(handle.name)
            log.exception("the decisions of %s could not be compiled", handle.name)
        else:
            if self.uncompiled:
                self.uncompiled.discard(handle.name)

    def _swap(self, handle: Workflow) -> None:
        name, board = handle.name, self.board
        record = board.workflows.get(name)
        knowledge = self._knowledge[name] = self._knowledge_of(name, monotonic())
        view = compile_view(
            name,
            record,
            board.kills_for(name),
            modes=handle.modes,
            knowledge=knowledge,
            on_unknown=handle.on_unknown,
            position=board.position,
            client_too_old=board.too_old,
        )
        deadline: float | None = None
        if knowledge == "live" and self.answered_at is not None:
            due = self.answered_at + (STALE_AFTER_S if record is None else record.stale_after_s)
            self._next_change = min(self._next_change, due)
            deadline = due if _leased(record) else None
        handle._swap(view, deadline=deadline)  # noqa: SLF001  as above

    def _knowledge_of(self, name: str, now: float) -> str:
        record = self.board.workflows.get(name)
        if self.answered_at is None:
            known = record is not None or self.board.position != NOWHERE
            return "lost" if known else "unknown"
        return "live" if now < self.answered_at + _stale_after_s(record) else "lost"

    def ack(self) -> str:
        """Return the acknowledgement as it is true now."""
        board, file = self.board, self.kill_file
        epoch, revision = board.position
        kills: dict[str, list[int]] = {}
        counts: list[str] = []
        lease_s = 0.0
        for name, handle in list(self.handles.items()):
            told = (_quoted(name), *handle._add_up(kills))  # noqa: SLF001  as above
            astray = handle.unrouted
            counts.append(_UNROUTED % (*told, astray) if astray else _COUNTS % told)
            record = board.workflows.get(name)
            if record is not None and record.on_store_loss == "stop":
                lease_s = max(lease_s, record.stale_after_s)
        rejected = board.rejected
        if self.uncompiled or (file is not None and file.problem is not None):
            rejected = sorted({*rejected, *self.uncompiled})
            rejected += ["kill_file"] if file is not None and file.problem is not None else []
        return _ACK % (
            *(SCHEMA, epoch, revision, revision),
            *(_dumps(rejected) if rejected else "[]", "true" if board.ahead else "false"),
            *(len(board.listed), "null" if file is None else _dumps(file.sha256)),
            round(lease_s * 1000) if lease_s else "null",
            ",".join([_tally(uid, told) for uid, told in kills.items()]),
            ",".join(counts),
        )

    def registration(self, probe_of: dict[str, str]) -> str:
        """Return what this instance is; *probe_of* maps a workflow to its probe URL."""
        workflows: dict[str, dict[str, object]] = {}
        left = MOST_MODELS
        for name, handle in list(self.handles.items()):
            workflows[name] = {"modes": sorted(handle.modes), "probe": probe_of.get(name)}
            models = handle._models()[:left]  # noqa: SLF001  as above
            left -= len(models)
            if models:
                workflows[name]["models"] = models
        registration = {
            "s": SCHEMA,
            "instance": self.instance,
            "service": self.service,
            "host": os.uname().nodename,
            "pid": self.pid,
            "client": f"opsflags/{VERSION} python/{_python()}",
            "workflows": workflows,
        }
        return json.dumps(registration, separators=(",", ":"))


_ACK = (
    '{"s":%d,"e":%d,"r":%d,"x":%d,"rejected":%s,"ahead":%s,"emergency":%d,"kill_file":%s,'
    '"lease_ms":%s,"kills":{%s},"counts":{%s}}'
)
_TALLY = '%s:{"let":%d,"refused":%d,"cut":%d,"no_tenant":%d}'
_EASED = '%s:{"let":%d,"refused":%d,"cut":%d,"no_tenant":%d,"eased":%d}'
_COUNTS = '%s:{"asked":%d,"let":%d,"refused":%d,"cut":%d}'
_UNROUTED = '%s:{"asked":%d,"let":%d,"refused":%d,"cut":%d,"unrouted":%d}'
_quoted = json.encoder.encode_basestring_ascii
_dumps = json.JSONEncoder(separators=(",", ":")).encode


def _tally(uid: str, told: list[int]) -> str:
    return _EASED % (_quoted(uid), *told) if told[4] else _TALLY % (_quoted(uid), *told[:4])


def _leased(record: WorkflowRecord | None) -> bool:
    return record is not None and record.on_store_loss == "stop"


def _stale_after_s(record: WorkflowRecord | None) -> float:
    return STALE_AFTER_S if record is None else record.stale_after_s


def _python() -> str:
    from sys import version_info  # noqa: PLC0415  a module of the interpreter, already there

    return ".".join(map(str, version_info[:3]))
