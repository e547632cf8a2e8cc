"""The door of every verb: who asks is on call or not, and what is refused says in which environment."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from opsbot.app.environment import Environment
from opsbot.app.paper import only_looks
from opsbot.domain.actor import Actor
from opsbot.domain.errors import OpsbotError


class Somewhere(Protocol):
    """Verbs of one environment."""

    @property
    def env(self) -> Environment:
        """Return the environment."""
        ...

    def present(self, actor: Actor) -> Actor:
        """Return *actor* with what they are on call for now."""
        ...


S = TypeVar("S", bound=Somewhere)
P = ParamSpec("P")
R = TypeVar("R")


def says_where(
    verb: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Give a verb its actor as they are on call now, and let what it raises name the environment."""

    @wraps(verb)
    async def named(verbs: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        known: Any = [verbs.present(one) if isinstance(one, Actor) else one for one in args]
        named_: Any = {
            name: verbs.present(one) if isinstance(one, Actor) else one
            for name, one in kwargs.items()
        }
        try:
            return await verb(verbs, *known, **named_)
        except OpsbotError as error:
            error.env = verbs.env.name
            raise

    return named


def looks_where(
    verb: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Do as `says_where` for a verb that changes nothing: where the store does not answer, that is known."""
    return says_where(only_looks(verb))
