"""One look at what goes up in steps, a change or a restore: what stands in the way, and then on, held or back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from opsbot.app.environment import Environment
from opsbot.app.ports import Delivery, RetryLater
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownKill, UnknownRevision, UnknownWorkflow
from opsbot.domain.kill_ramp import HUMAN
from opsbot.domain.state import State

T = TypeVar("T")

LOOK_AGAIN_MS = 30_000
"""How often something that is held looks whether what holds it is gone."""


@dataclass(frozen=True, slots=True)
class Looked(Generic[T]):
    """
    What one look came to, and *now*, what it looked at as it is after that.

    *again_ms* is when to look again, None where nothing is left to look at. *why* is what it waits
    for, or why it was taken back.
    """

    now: T
    what: str
    again_ms: int | None = None
    why: str = ""


Taken: TypeAlias = tuple[Change | None, Looked[T]]


class Climbing(Protocol[T]):
    """Something between two of its steps, and the changes that can come next."""

    @property
    def now(self) -> T:
        """Return it as it is."""

    @property
    def held(self) -> str:
        """Return the hold that is noted on it, empty where none is."""

    def left_ms(self) -> int:
        """Return how long the present step lasts still, in milliseconds; 0 or less when it is over."""

    def bad(self) -> str:
        """Return why it must be taken back at once, empty where nothing is that bad."""

    def obstacles(self) -> tuple[str, ...]:
        """Return everything but time that keeps the next step from coming."""

    def back(self, why: str) -> Taken[T]:
        """Take it back."""

    def hold(self, why: str) -> tuple[Change | None, T]:
        """Note what holds it, empty where nothing does any more."""

    def on(self) -> Taken[T]:
        """Take the step that is due."""


def climb(one: Climbing[T]) -> Taken[T]:
    """Take it back where it is bad, else one step on when that is due and nothing stands in the way."""
    if bad := one.bad():
        return one.back(bad)
    if one.held.startswith(HUMAN):
        return None, Looked(one.now, "held", None, one.held)
    left_ms, why = one.left_ms(), next(iter(one.obstacles()), "")
    if left_ms <= 0 and not why:
        return one.on()
    again_ms = min(left_ms, LOOK_AGAIN_MS) if why and left_ms > 0 else left_ms
    again_ms = again_ms if again_ms > 0 else LOOK_AGAIN_MS
    change, after = (None, one.now) if why == one.held else one.hold(why)
    return change, Looked(after, "held" if why else "watched", again_ms, why)


async def take(
    env: Environment, delivery: Delivery, decide: Callable[[State, int], Taken[T]]
) -> None:
    """
    Look once, and commit the step that is due; what is declared or known no more is left alone.

    Raises:
        RetryLater: time or something else holds it; when to look again. Not for a single look.
    """
    await env.store.refresh()
    effect = delivery.effect
    try:
        request = f"{effect.kind}:{delivery.item}:{delivery.attempt}:{effect.key}"
        _, looked = await env.store.commit(request, decide)
    except (UnknownWorkflow, UnknownRevision, UnknownKill):
        return
    if looked.again_ms is not None and not effect.body["once"]:
        raise RetryLater(looked.why or looked.what, after_s=looked.again_ms / 1000)
