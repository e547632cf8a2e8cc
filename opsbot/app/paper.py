"""Where the runbooks can be read as printed pages, and a look that nobody answered: it says so, and where to read."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from opsbot.domain.errors import LookLost, StoreLost


@dataclass(slots=True)
class Paper:
    """The address of the printed runbooks, known once the bot listens; empty before, and where it does not."""

    url: str = ""

    @property
    def words(self) -> str:
        """Return where to read on without the store."""
        return f"The runbooks, printed: {self.url}." if self.url else ""


class Printed(Protocol):
    """What belongs to an environment with a place for its printed runbooks."""

    @property
    def paper(self) -> Paper: ...


class Reading(Protocol):
    """Verbs of one environment."""

    @property
    def env(self) -> Printed: ...


V = TypeVar("V", bound=Reading)
P = ParamSpec("P")
R = TypeVar("R")


def only_looks(
    verb: Callable[Concatenate[V, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[V, P], Coroutine[Any, Any, R]]:
    """
    Let a verb that changes nothing say so where the store does not answer.

    Raises (when it is asked):
        LookLost: in place of StoreLost, which leaves open whether something was stored.
    """

    @wraps(verb)
    async def looked(verbs: V, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await verb(verbs, *args, **kwargs)
        except LookLost:
            raise
        except StoreLost as lost:
            kept = "Kills hold as they are."
            raise LookLost(
                "The store does not answer; nothing was changed.",
                hint=" ".join(one for one in (kept, verbs.env.paper.words) if one),
            ) from lost

    return looked
