"""A fleet that counts calls, moved by hand: what its instances acknowledge, and what they really did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.adapters.memory.server import MemoryServer
from opsbot.app.exposure_port import ServedHistory
from opsbot.domain.served.served import HOUR_MS, SAMPLES, Span

COPILOT = "support-copilot"
SERVICE = "support-api"


def registration(instance: str, pid: int = 1, serves: tuple[str, ...] = (COPILOT,)) -> str:
    """Return what an instance says of itself."""
    return json.dumps(
        {
            "s": 1,
            "instance": instance,
            "service": SERVICE,
            "host": "pod",
            "pid": pid,
            "client": "test",
            "workflows": {name: {"modes": ["stop"], "probe": None} for name in serves},
        }
    )


def acknowledgement(
    counts: Mapping[str, tuple[int, int, int]],
    eased: Mapping[str, int] | None = None,
    at: tuple[int, int] = (0, 0),
) -> str:
    """Return an acknowledgement with counters: asked, refused, cut."""
    told = {
        name: {"asked": asked, "let": max(asked - refused, 0), "refused": refused, "cut": cut}
        for name, (asked, refused, cut) in counts.items()
    }
    kills = {uid: {"let": 0, "refused": 0, "cut": 0, "no_tenant": 0, "eased": n}
             for uid, n in (eased or {}).items()}  # fmt: skip
    where = {"e": at[0], "r": at[1], "x": at[1]}
    return json.dumps({"s": 1, **where, "kills": kills, "counts": told})


@dataclass
class Process:
    """One process of a service: what it counted, and how it says so."""

    server: MemoryServer
    id: str
    pid: int = 1
    serves: tuple[str, ...] = (COPILOT,)
    counts: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    eased: dict[str, int] = field(default_factory=dict)
    at: tuple[int, int] = (0, 0)

    def calls(self, asked: int, refused: int = 0, cut: int = 0, *, of: str = COPILOT) -> "Process":
        """Count calls; nobody hears of them before the next check-in."""
        known = self.counts.get(of, (0, 0, 0))
        self.counts[of] = (known[0] + asked, known[1] + refused, known[2] + cut)
        return self

    def check_in(self) -> "Process":
        """Say what was counted."""
        said = acknowledgement(self.counts, self.eased, self.at)
        self.server.checkin(self.id, registration(self.id, self.pid, self.serves), said, SERVICE)
        return self

    def follow(self) -> "Process":
        """Apply and enforce what the store has now."""
        position = self.server.state.position
        self.at = (position.epoch, position.revision)
        return self.check_in()

    def goodbye(self) -> None:
        """End in order."""
        self.server.goodbye(self.id, SERVICE)


async def spans(history: ServedHistory, workflow: str = COPILOT) -> tuple[Span, ...]:
    """Return every span that is kept of a workflow, oldest first."""
    head = await history.head()
    if head.at_ms is None:
        return ()
    last = head.at_ms // HOUR_MS
    hours = await history.hours(last - 400, last, (workflow,))
    found = (one for _, hour in sorted(hours.items()) for one in hour.get(workflow, ()))
    return tuple(sorted(found, key=lambda one: (one.to_ms, one.from_ms)))


async def samples(history: ServedHistory) -> tuple[Span, ...]:
    """Return every sample that is kept."""
    return await spans(history, SAMPLES)
