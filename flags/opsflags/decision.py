"""What a client answers for one call: the decision, its tools and its route. Pure: no I/O, no clock."""

from __future__ import annotations

from opsflags.model import PAUSED
from opsflags.records import Kill
from opsflags.texts import pick

NOT_AVAILABLE = "This action is not available for now."
"""What a user reads when one tool is refused while the model may still be called."""


class Tools:
    """
    The tools a call may use: those in *only* (None: every tool) and not in *without*.

    `tool in decision.tools` is the question to ask.
    """

    __slots__ = ("only", "without")

    def __init__(self, only: frozenset[str] | None, without: frozenset[str]) -> None:
        self.only = only
        self.without = without

    def __contains__(self, tool: object) -> bool:
        return tool not in self.without and (self.only is None or tool in self.only)

    def as_json(self) -> dict[str, list[str] | None]:
        """Return both sets as sorted lists; `only` is None for every tool."""
        only = None if self.only is None else sorted(self.only)
        return {"only": only, "without": sorted(self.without)}

    def __repr__(self) -> str:
        return f"Tools({self.as_json()})"


ALL_TOOLS = Tools(None, frozenset())


class Route:
    """
    What serves the call: provider, model, prompt, params, tools and the route revision they are of.

    *prompt* and *tools* are references into the team's own stores, None where there is none.
    """

    __slots__ = ("model", "params", "prompt", "provider", "revision", "tools")

    def __init__(
        self,
        provider: str,
        model: str,
        prompt: str | None,
        params: dict[str, object],
        revision: str | None,
        tools: str | None = None,
    ) -> None:
        self.provider = provider
        self.model = model
        self.prompt = prompt
        self.params = params
        self.revision = revision
        self.tools = tools

    @property
    def target(self) -> str:
        """Return `provider/model`."""
        return f"{self.provider}/{self.model}"

    def as_json(self) -> dict[str, object]:
        """Return every field; params as a copy, `tools` only where the revision names some."""
        told: dict[str, object] = {
            "provider": self.provider,
            "model": self.model,
            "prompt": self.prompt,
            "params": dict(self.params),
            "revision": self.revision,
        }
        return told if self.tools is None else {**told, "tools": self.tools}

    def __repr__(self) -> str:
        return f"Route({self.target}, {self.revision})"


class Decision:
    """
    The answer for one call.

    *mode* is what to do; *allowed* is false when this call must not be made; *needs_approval* asks
    the service to hold the output for a person. *route* is None where the model is not called or
    no route is known. *message* is approved public text for the user, None where the model is
    called. *kill* is the id of the deciding kill, *reason* a machine code, *revision* the
    switchboard's revision, *state* one of LIVE, KILLED, STALE, UNKNOWN.

    Decisions are shared between calls: read them, never change them.
    """

    __slots__ = (
        "_hits",
        "_texts",
        "allowed",
        "kill",
        "message",
        "mode",
        "needs_approval",
        "reason",
        "revision",
        "route",
        "state",
        "tools",
    )

    def __init__(  # noqa: PLR0913  # ten public fields, built in one place and by keyword
        self,
        *,
        mode: str,
        allowed: bool,
        needs_approval: bool,
        tools: Tools,
        route: Route | None,
        message: str | None,
        kill: str | None,
        reason: str,
        revision: int,
        state: str,
        hits: tuple[Kill, ...] | None = None,
        texts: dict[str, str] | None = None,
    ) -> None:
        self.mode = mode
        self.allowed = allowed
        self.needs_approval = needs_approval
        self.tools = tools
        self.route = route
        self.message = message
        self.kill = kill
        self.reason = reason
        self.revision = revision
        self.state = state
        self._hits = hits
        self._texts = texts

    def message_for(self, locale: str | None) -> str | None:
        """
        Return *message* in somebody's language (`de`, `pt-BR`) where it is there, else *message*.

        None where the model is called. Never raises.
        """
        if self._texts is None or not locale:
            return self.message
        return pick(self._texts, locale) or self.message

    def as_json(self) -> dict[str, object]:
        """Return the decision as the golden vectors and `/v1/decide` spell it."""
        return {
            "mode": self.mode,
            "allowed": self.allowed,
            "needs_approval": self.needs_approval,
            "tools": self.tools.as_json(),
            "route": None if self.route is None else self.route.as_json(),
            "message": self.message,
            "kill": self.kill,
            "reason": self.reason,
            "revision": self.revision,
            "state": self.state,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.as_json() == other.as_json()

    def __repr__(self) -> str:
        return f"Decision({self.mode}, allowed={self.allowed}, {self.reason}, kill={self.kill})"


class WorkflowKilled(Exception):
    """
    This call must not be made; `decision` says why and what to do instead.

    Its text is public: it may be shown to a user as it stands.
    """

    def __init__(self, decision: Decision) -> None:
        fallback = NOT_AVAILABLE if decision.reason == "tool_not_allowed" else PAUSED
        super().__init__(decision.message or fallback)
        self.decision = decision

    def __reduce__(self) -> tuple[type[WorkflowKilled], tuple[Decision]]:
        """Travel between processes (a task queue pickles what a task raises)."""
        return WorkflowKilled, (self.decision,)
