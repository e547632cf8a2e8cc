"""Which revision serves a workflow now, which is tried on whom, and how that changes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.ramp import Step, as_records, from_records
from opsbot.domain.route import Number, Revision, Route, route_record


@dataclass(frozen=True, slots=True)
class Move:
    """One committed step: where it stands, its time on the server's clock, and who took it."""

    at: Position
    now_ms: int
    by: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A revision on its way up the ramp.

    *step* is the index in the workflow's ramp and *since_ms* when that step began. *uid* names
    this one attempt, so that a timer of an earlier one finds nothing to do. *held* is why it does
    not go on, empty while it soaks, and *note* a commitment to the words of the person who held it.
    *by* started it. *steps* are the ramp as it was declared then: an edit of the file never moves
    what is tried already.
    """

    number: Number
    uid: str
    step: int
    since_ms: int
    by: str
    held: str = ""
    steps: tuple[Step, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        """Return the revision's name."""
        return f"r{self.number}"


@dataclass(frozen=True, slots=True)
class Routing:
    """
    The pointers of one workflow.

    *active* serves everybody whom the candidate does not. *last_good* is the last that served
    everybody for its whole watch with green gates: where a rollback goes. *watch_ms* is when the
    watch of *active* ends, None once it is good. *newest* is the last number given out. *salt*
    changes who falls into which share: raised by a rollback, so that nobody sticks to what was
    taken back. *at* is the commit that last changed what is served, *committed_ms* its time on
    the server's clock, and *confirmed_ms* how long the fleet took to say so, None until then.
    *served* are the revisions that served everybody once: nobody rolls back to any other. *stuck*
    is why a watch that went red cannot go back by itself.
    """

    workflow: str
    active: Number
    last_good: Number
    newest: Number
    at: Position
    committed_ms: int
    by: str
    salt: int = 0
    candidate: Candidate | None = None
    watch_ms: int | None = None
    watch: str = ""
    confirmed_ms: int | None = None
    served: tuple[Number, ...] = ()
    stuck: str = ""

    @property
    def id(self) -> str:
        """Return the active revision's name."""
        return f"r{self.active}"

    @property
    def next_number(self) -> Number:
        """Return the number of the next revision."""
        return Number(self.newest + 1)


def begun(workflow: str, move: Move) -> Routing:
    """Return the routing of a workflow with its first revision, which counts as good."""
    one = Number(1)
    return Routing(workflow, one, one, one, move.at, move.now_ms, move.by, served=(one,))


def added(routing: Routing) -> Routing:
    """Return it with one more number given out; what serves stays as it is."""
    return replace(routing, newest=routing.next_number)


def tried(routing: Routing, candidate: Candidate, move: Move) -> Routing:
    """Return it with *candidate* serving its step: a new attempt, or the next step of one."""
    return replace(_moved(replace(routing, candidate=candidate), move), stuck=routing.stuck)


def held(routing: Routing, why: str, note: str = "") -> Routing:
    """Return it with the candidate held where it is, for *why* and with somebody's *note*."""
    assert routing.candidate is not None
    return replace(routing, candidate=replace(routing.candidate, held=why, note=note))


def dropped(routing: Routing, move: Move) -> Routing:
    """Return it without its candidate: everybody is served by the active revision again."""
    return replace(_moved(replace(routing, candidate=None), move), stuck=routing.stuck)


def promoted(routing: Routing, number: Number, move: Move, *, soak_ms: int, watch: str) -> Routing:
    """Return it with *number* serving everybody, watched for *soak_ms* more; *watch* names that."""
    until = move.now_ms + soak_ms
    changed = replace(routing, active=number, candidate=None, watch_ms=until, watch=watch)
    return _moved(_served_all(changed), move)


def rolled_back(
    routing: Routing, number: Number, move: Move, *, good: bool, soak_ms: int = 0, watch: str = ""
) -> Routing:
    """
    Return it with *number*, a new revision that brings old content back, serving everybody.

    A candidate is gone, sticky shares are dealt anew. *good* says that the content is that of the
    last good revision, which it then becomes itself; any other content is watched for *soak_ms*.
    """
    changed = replace(
        routing,
        active=number,
        last_good=number if good else routing.last_good,
        newest=max(routing.newest, number),
        candidate=None,
        watch_ms=None if good or not watch else move.now_ms + soak_ms,
        watch="" if good else watch,
        salt=routing.salt + 1,
    )
    return _moved(_served_all(changed), move)


def proven(routing: Routing) -> Routing:
    """Return it with the active revision counted as good: its watch is over."""
    return replace(routing, last_good=routing.active, watch_ms=None, watch="", stuck="")


def confirmed(routing: Routing, took_ms: int) -> Routing:
    """Return it with every instance known to serve it."""
    return replace(routing, confirmed_ms=took_ms)


def stuck(routing: Routing, why: str) -> Routing:
    """Return it with the reason why its watch cannot take it back."""
    return replace(routing, stuck=why)


def _served_all(routing: Routing) -> Routing:
    return replace(routing, served=tuple(sorted({*routing.served, routing.active})))


def _moved(routing: Routing, move: Move) -> Routing:
    return replace(
        routing, at=move.at, committed_ms=move.now_ms, by=move.by, confirmed_ms=None, stuck=""
    )


def served(
    routing: Routing, active: Revision, candidate: Revision | None, steps: tuple[Step, ...]
) -> Record:
    """
    Return the route as clients read it, inside the workflow's record.

    *candidate* adds what some calls are served with instead: those of its tenants, and *percent*
    of the sticky keys. A client that does not know the field serves the active revision.
    """
    record: dict[str, Json] = _content(active.id, active.route)
    if routing.salt:
        record["salt"] = str(routing.salt)
    if routing.candidate is not None and candidate is not None:
        ramp = routing.candidate.steps or steps
        step = ramp[min(routing.candidate.step, len(ramp) - 1)]
        record["candidate"] = {
            **_content(candidate.id, candidate.route),
            "percent": step.percent,
            "tenants": list(step.tenants),
        }
    return record


def _content(revision: str, route: Route) -> dict[str, Json]:
    content = route_record(route)
    read = ("targets", "fallbacks", "prompt", "params", "tools")
    return {"revision": revision} | {name: content[name] for name in read if content[name] != ""}


def as_record(routing: Routing) -> Record:
    """Return the record as it is stored; the inverse of `from_record`."""
    tried_now = routing.candidate
    return {
        "s": 1,
        **{name: getattr(routing, name) for name in _PLAIN},
        "stuck": routing.stuck,
        "at": routing.at.as_json(),
        "candidate": None
        if tried_now is None
        else {
            **{name: getattr(tried_now, name) for name in _OF_CANDIDATE},
            "note": tried_now.note,
            "steps": as_records(tried_now.steps),
        },
        "served": list(routing.served),
    }


def from_record(record: Record) -> Routing:
    """
    Read a stored record.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    at, candidate = record["at"], record["candidate"]
    if not isinstance(at, Mapping):
        raise TypeError("not a routing")
    plain = {name: record[name] for name in _PLAIN}
    return Routing(
        at=Position(int(str(at["epoch"])), int(str(at["revision"]))),
        candidate=_candidate(candidate) if isinstance(candidate, Mapping) else None,
        served=_numbers(record.get("served")) or (plain["active"], plain["last_good"]),  # type: ignore[arg-type]  # our own record
        stuck=str(record.get("stuck", "")),
        **plain,  # type: ignore[arg-type]  # as above
    )


def _candidate(record: Record) -> Candidate:
    fields = {name: record[name] for name in _OF_CANDIDATE}
    note = str(record.get("note", ""))
    return Candidate(**fields, steps=from_records(record.get("steps")), note=note)  # type: ignore[arg-type]  # our own record


def _numbers(value: Json) -> tuple[Number, ...]:
    return tuple(Number(int(str(one))) for one in value) if isinstance(value, (list, tuple)) else ()


_OF_CANDIDATE = ["number", "uid", "step", "since_ms", "by", "held"]
_PLAIN = [
    "workflow",
    "active",
    "last_good",
    "newest",
    "committed_ms",
    "by",
    "salt",
    "watch_ms",
    "watch",
    "confirmed_ms",
]
