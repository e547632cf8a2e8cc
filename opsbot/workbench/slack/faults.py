"""Faults on demand: what goes wrong with the next calls and deliveries. Pure."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from opsbot.workbench.slack.model import CannotDo, Json

Kind = Literal["429", "500", "timeout", "latency", "drop", "drop_after_effect"]
KINDS: Final = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that goes wrong with one call.

    *seconds* is the `Retry-After` of a 429 and the length of a latency.
    """

    kind: Kind
    seconds: float = 1.0


@dataclass(slots=True)
class Faults:
    """
    What goes wrong from now on.

    *unplugged*: every Web API call and response URL is cut without an answer. *deliveries*: how
    often every payload reaches the bot (1 is healthy). *clock_skew_s* moves the timestamp of signed
    deliveries, *forged* signs them with another secret.
    """

    unplugged: bool = False
    deliveries: int = 1
    clock_skew_s: float = 0.0
    forged: bool = False
    methods: dict[str, deque[Fault]] = field(default_factory=dict)

    def fail(self, method: str, kind: Kind, *, times: int = 1, seconds: float = 1.0) -> None:
        """
        Let the next *times* calls of *method* ("*" for any) go wrong.

        Raises:
            CannotDo: there is no such kind of fault.
        """
        if kind not in KINDS:
            raise CannotDo("unknown_fault", f"one of {', '.join(KINDS)}")
        self.methods.setdefault(method, deque()).extend([Fault(kind, seconds)] * times)

    def next_for(self, method: str) -> Fault | None:
        """Take the fault that the present call of *method* meets."""
        for key in (method, "*"):
            if self.methods.get(key):
                return self.methods[key].popleft()
        return None

    def clear(self) -> None:
        """Heal everything."""
        self.unplugged = self.forged = False
        self.deliveries = 1
        self.clock_skew_s = 0.0
        self.methods.clear()

    def described(self) -> Json:
        """Describe the faults for the page."""
        waiting = {name: [fault.kind for fault in row] for name, row in self.methods.items() if row}
        return {
            "unplugged": self.unplugged,
            "deliveries": self.deliveries,
            "forged": self.forged,
            "clock_skew_s": self.clock_skew_s,
            "methods": waiting,
        }
