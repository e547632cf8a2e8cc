"""The handle of one workflow: what a service asks before every model call. No I/O and no lock."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextvars import ContextVar, Token
from time import monotonic

from opsflags.decision import Decision, WorkflowKilled
from opsflags.switch import PASSES, Arguments, Switch, known_modes

__all__ = ["Arguments", "Calling", "Identity", "Workflow"]

TYPE_CHECKING = False  # as typing's, without the 10 ms that importing typing costs

if TYPE_CHECKING:
    from typing import TypeVar, overload

    T = TypeVar("T")
else:

    def overload(function):
        """Stand in for typing's, which only type checkers read."""
        return function


_IDENTITY_UNSET = (None, None, None, None)
Identity = tuple[str | None, str | None, str | None, str | None]
"""tenant, model, key and locale of the current call; None where it was not said."""


class Calling:
    """A `with` block in which guarded requests are made for one tenant, model, key or locale."""

    __slots__ = ("_identity", "_token", "_variable")

    def __init__(self, variable: ContextVar[Identity], identity: Identity) -> None:
        self._variable = variable
        self._identity = identity
        self._token: Token[Identity] | None = None

    def __enter__(self) -> None:
        self._token = self._variable.set(self._identity)

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            self._variable.reset(self._token)


class Workflow(Switch):
    """
    The switch of one workflow as this process knows it. Made by `FlagClient.workflow()`.

    *live* is false as soon as any kill could touch any call of the workflow; it is for loops and
    dashboards. Before a call ask `check()` or `decide()`. Safe to use from any thread or task.
    """

    __slots__ = ("_identity",)

    def __init__(
        self, name: str, modes: Iterable[str], on_unknown: str = "run", client: object = None
    ) -> None:
        super().__init__(name, modes, on_unknown, client)
        self._identity: ContextVar[Identity] = ContextVar("opsflags", default=_IDENTITY_UNSET)

    def check(
        self,
        tenant: str | None = None,
        model: str | None = None,
        tool: str | None = None,
        provider: str | None = None,
        key: str | None = None,
    ) -> None:
        """
        Return when this call may be made.

        Raises:
            WorkflowKilled: it may not; its text may be shown to the user.
        """
        for key in self._passes:  # noqa: B007, PLR1704  # a name of its own would cost 2 ns
            return
        self._check((tenant, model, tool, provider, key))

    def decide(
        self,
        tenant: str | None = None,
        model: str | None = None,
        tool: str | None = None,
        provider: str | None = None,
        key: str | None = None,
    ) -> Decision:
        """
        Return what to do with this call. Never raises, never waits.

        *key* is the sticky key (a conversation's id, say) of weighted routes, of a candidate's share
        and of kills that are lifted for a share. Without it a call goes to the heaviest target of
        the active revision, and every kill holds.
        """
        asked = self._asked + 1
        self._asked = asked
        if not asked & PASSES:
            self._due()
        if model is not None and model is not self._model:
            self._saw(model, provider)
        view = self._view
        deadline = self._deadline
        if deadline is not None and monotonic() >= deadline:
            view = self._lost(view)
        constant = view.constant
        if constant is not None:
            return constant
        try:
            decision = view.memo.get((tenant, model, tool, provider, key))
        except TypeError:  # cannot be hashed; answered below, as its text
            decision = None
        if decision is None:
            decision = view.decide(tenant, model, tool, provider, key)
        if decision._hits is not None:  # noqa: SLF001  # one package, one hot path
            self._count(decision, tenant)
        return decision

    @overload
    def guard(
        self,
        stream: AsyncIterable[T],
        *,
        tenant: str | None = None,
        model: str | None = None,
        key: str | None = None,
        on_kill: str = "end",
    ) -> AsyncIterator[T]: ...

    @overload
    def guard(  # noqa: F811  # an overload, by the stand-in above
        self,
        stream: Iterable[T],
        *,
        tenant: str | None = None,
        model: str | None = None,
        key: str | None = None,
        on_kill: str = "end",
    ) -> Iterator[T]: ...

    def guard(  # noqa: F811  # as above
        self,
        stream: object,
        *,
        tenant: str | None = None,
        model: str | None = None,
        key: str | None = None,
        on_kill: str = "end",
    ) -> object:
        """
        Wrap a model's stream so that it ends when a kill comes, also while the provider is silent.

        Only `human`, `canned` and `stop` end it; *on_kill* says whether it ends or raises. *key* is
        the sticky key it was decided with: a kill that lets that key through does not end it. An
        asynchronous stream is interrupted and closed. A synchronous one is read by a thread of its
        own, which cannot be interrupted: the caller is released at once, the connection when the
        provider speaks again (`opsflags.httpx` shuts the socket instead).

        Raises:
            TypeError: *stream* is no iterator of either kind.
            ValueError: *on_kill* is neither `end` nor `raise`.
            WorkflowKilled: while iterating, under `on_kill="raise"`.
        """
        # Threads and queues are loaded by those who stream.
        from opsflags.guard import guard_stream  # noqa: PLC0415  # said above

        arguments = (tenant, model, None, None, key)
        return guard_stream(self, stream, arguments, on_kill=on_kill)

    def call(
        self,
        *,
        tenant: str | None = None,
        model: str | None = None,
        key: str | None = None,
        locale: str | None = None,
    ) -> Calling:
        """
        Return a `with` block; guarded requests inside it are made for this tenant, model, key.

        *locale* (`de`, `pt-BR`) is the language of who reads what stands for an answer.

        What it does not say is as the guarded client says; an enclosing block is not looked at.
        """
        return Calling(self._identity, (tenant, model, key, locale))

    def identity(self) -> Identity:
        """Return tenant, model, key and locale of the enclosing `call()`; None where it did not say."""
        return self._identity.get()

    @property
    def unrouted(self) -> int:
        """
        Return how many guarded requests kept their own model under `route=True`.

        Their route's model is served by another provider than the one they were on their way to.
        """
        return self._unrouted

    def implement(self, modes: Iterable[str]) -> None:
        """
        Add modes that something (a transport guard, say) implements for this workflow.

        Raises:
            ValueError: a mode that is none.
        """
        more = self.modes | known_modes(modes)
        if more == self.modes:
            return
        self.modes = more
        changed = getattr(self._client, "_modes_changed", None)
        if changed is not None:
            changed(self)

    def _check(self, arguments: Arguments) -> None:
        """Check where a call could be refused, where there is a lease, or where passes ran out."""
        asked = self._asked + 1
        self._asked = asked
        if not asked & PASSES:
            self._due()
        if arguments[1] is not None and arguments[1] is not self._model:
            self._saw(arguments[1], arguments[3])
        view = self._view
        deadline = self._deadline
        if deadline is not None and monotonic() >= deadline:
            view = self._lost(view)
        if view.live:
            if deadline is None:
                self._grant(view)
            return
        decision = view.decide(*arguments)
        if decision._hits is not None:  # noqa: SLF001  # one package, one hot path
            self._count(decision, arguments[0])
        if not decision.allowed:
            raise WorkflowKilled(decision)
