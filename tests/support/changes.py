"""Short ways to build changes for tests of the store."""

from collections.abc import Callable

from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect, Record, Sealed, Timer, Write
from opsbot.domain.state import State

ANN = Actor(kind="slack", id="U1", via="slack")


def kill_record(number: int, *, at: dict[str, int], mode: str = "stop") -> Record:
    """Return a kill as it is stored, as far as the store's tests need it."""
    scope = {"workflow": f"w{number}"}
    return {
        "s": 1,
        "id": f"K-{number}",
        "uid": f"u{number}",
        "scope": scope,
        "mode": mode,
        "at": at,
    }


def put(
    *writes: tuple[str, str, Record | None],
    effects: tuple[Effect, ...] = (),
    timers: tuple[Timer, ...] = (),
    cancels: tuple[str, ...] = (),
    sealed: tuple[Sealed, ...] = (),
) -> Callable[[State, int], tuple[Change, int]]:
    """Return a decision that always writes the same; its caller gets the revision decided on."""

    def decide(state: State, at_ms: int) -> tuple[Change, int]:
        change = Change(
            verb="put",
            actor=ANN,
            writes=tuple(Write(*write) for write in writes),
            rule="test",
            effects=effects,
            timers=timers,
            cancels=cancels,
            sealed=sealed,
        )
        return change, state.position.revision

    return decide


def kill(number: int) -> Callable[[State, int], tuple[Change | None, str]]:
    """Return a decision that kills `w<number>`, or says that it is killed already."""

    def decide(state: State, at_ms: int) -> tuple[Change | None, str]:
        if f"K-{number}" in state.kind("kills"):
            return None, "already"
        at = {"epoch": state.position.epoch, "revision": state.position.revision + 1}
        write = Write("kills", f"K-{number}", kill_record(number, at=at))
        effect = Effect(kind="card", key=f"card:K-{number}", body={"kill": f"K-{number}"})
        return Change(verb="kill", actor=ANN, writes=(write,), effects=(effect,)), "killed"

    return decide


def add_one(state: State, at_ms: int) -> tuple[Change, int]:
    """Decide to count one up: lost or doubled commits show in the number."""
    before = state.setting("counter").get("n", 0)
    assert isinstance(before, int)
    write = Write("settings", "counter", {"n": before + 1})
    return Change(verb="count", actor=ANN, writes=(write,)), before + 1
