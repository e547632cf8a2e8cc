"""Faults on demand: what goes wrong with the next REST calls, events and webhooks. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, get_args

from opsbot.workbench.pagerduty.model import Json

Kind = Literal[
    "429", "429_bare", "503", "slow", "timeout", "timeout_after_commit", "cut", "cut_after_commit"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
NO_EFFECT: Final[frozenset[Kind]] = frozenset({"429", "429_bare", "503", "timeout", "cut"})
"""Those after which nothing has happened."""
Order = Literal["kept", "reversed", "shuffled"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


class UnknownFault(ValueError):
    """There is no such fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that goes wrong with one call.

    *seconds*: how long a slow call takes, and what `ratelimit-reset` says of a 429.
    """

    kind: Kind
    seconds: float = 1.0


@dataclass(slots=True)
class Faults:
    """
    What goes wrong from now on.

    *down*: every call is cut without an answer. *webhook_first*: a write is answered only once the
    webhooks that it caused have been tried. *duplicates*: how often each webhook is sent (1 is
    healthy). *held*: webhooks wait. *lost*: new webhooks are never sent. *order*: in which order
    those of one incident go out.
    """

    down: bool = False
    webhook_first: bool = False
    duplicates: int = 1
    held: bool = False
    lost: bool = False
    order: Order = "kept"
    routes: dict[str, deque[Fault]] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - no secret
    _chances: dict[Kind, float] = field(default_factory=dict)

    def fail(self, route: str, kind: Kind, *, times: int = 1, seconds: float = 1.0) -> None:
        """
        Let the next *times* calls of *route* go wrong.

        A route is a method and a path as the documentation spells it, such as
        `PUT /incidents/{id}` or `POST /v2/enqueue`; "*" is any.

        Raises:
            UnknownFault: there is no such kind.
        """
        if kind not in KINDS:
            raise UnknownFault(f"one of {', '.join(KINDS)}")
        self.routes.setdefault(route, deque()).extend([Fault(kind, seconds)] * times)

    def chaos(self, chances: Mapping[Kind, float], seed: int = 1) -> None:
        """
        Let any call go wrong by chance: the share of calls by kind, from a seed.

        Raises:
            UnknownFault: there is no such kind.
        """
        if not set(chances) <= set(KINDS):
            raise UnknownFault(f"one of {', '.join(KINDS)}")
        self._chances = dict(chances)
        self.random.seed(seed)

    def next_for(self, route: str) -> Fault | None:
        """Take the fault that the present call of *route* meets."""
        for key in (route, "*"):
            if self.routes.get(key):
                return self.routes[key].popleft()
        drawn = self.random.random() if self._chances else 1.0
        for kind, share in self._chances.items():
            if drawn < share:
                return Fault(kind)
            drawn -= share
        return None

    def clear(self) -> None:
        """Heal everything; webhooks that were held go out."""
        self.down = self.webhook_first = self.held = self.lost = False
        self.duplicates, self.order = 1, "kept"
        self.routes.clear()
        self._chances.clear()

    def described(self) -> Json:
        """Describe the faults for the page."""
        waiting = {name: [fault.kind for fault in row] for name, row in self.routes.items() if row}
        return {
            "down": self.down,
            "webhook_first": self.webhook_first,
            "duplicates": self.duplicates,
            "held": self.held,
            "lost": self.lost,
            "order": self.order,
            "routes": waiting,
            "chances": dict(self._chances),
        }
