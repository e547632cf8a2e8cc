"""What a LiteLLM proxy does with one call of one workflow: at the door, at each attempt, on the way back. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsflags.decision import Decision, Route, Tools
from opsflags.httpx import refusals, toolbox, wire
from opsflags.httpx.core import Guard
from opsflags.httpx.wire import Call
from opsflags.litellm_models import Models
from opsflags.litellm_settings import Caller
from opsflags.model import NO_MODEL, PAUSED, RANK
from opsflags.probe_server import ProbeRequest
from opsflags.routes import Place
from opsflags.switch import Arguments
from opsflags.workflow import Workflow

CALL_TYPES = {
    "acompletion": wire.CHAT,
    "completion": wire.CHAT,
    "anthropic_messages": wire.MESSAGES,
    "aresponses": wire.RESPONSES,
    "responses": wire.RESPONSES,
    "aembedding": wire.EMBEDDINGS,
    "embeddings": wire.EMBEDDINGS,
    "embedding": wire.EMBEDDINGS,
    "atext_completion": wire.COMPLETIONS,
    "text_completion": wire.COMPLETIONS,
}
"""LiteLLM's names of what is called; one that is not here passes in `live` only."""

Groups = tuple[str, ...]
"""The names by which LiteLLM knows the model group of one attempt."""


class Refusal:
    """A call that is not made: the error object and the headers of its answer."""

    __slots__ = ("error", "headers", "status")

    def __init__(
        self, error: dict[str, object], headers: dict[str, str], status: int = refusals.STATUS
    ) -> None:
        self.error = error
        self.headers = headers
        self.status = status


class Door:
    """
    What happens to one call before LiteLLM looks for a deployment.

    *refusal* or *text* (an approved answer) is set where the model is not called. *model* is the
    model group to use instead of the one asked for, and *fallbacks* what LiteLLM may try after it;
    None where those are to stay.
    """

    __slots__ = ("arguments", "decision", "fallbacks", "model", "refusal", "text")

    def __init__(self, arguments: Arguments, decision: Decision) -> None:
        self.arguments = arguments
        self.decision = decision
        self.refusal: Refusal | None = None
        self.text: str | None = None
        self.model: str | None = None
        self.fallbacks: list[str] | None = None


class Gate(Guard):
    """
    The rules of one workflow behind a LiteLLM proxy.

    A guard of the transport knows one provider; this one can send a call to every model that the
    proxy serves. *is_wired* tells a probe whether LiteLLM calls the plug-in at all.
    """

    __slots__ = ("_is_wired", "_models")

    def __init__(
        self,
        handle: Workflow,
        models: Models,
        *,
        route: bool,
        hold_drafts: bool,
        is_wired: Callable[[], bool],
    ) -> None:
        self._models = models
        self._is_wired = is_wired
        super().__init__(handle, None, None, route=route)
        if hold_drafts:
            handle.implement({"drafts_only"})

    def door(self, call: Call, caller: Caller) -> Door:
        """Decide one call before anything is done for it. Never raises."""
        door, served = self._first_look(call, caller)
        if door.decision.mode in NO_MODEL:
            door.decision = self.handle.decide(*door.arguments)
        decision = door.decision
        if decision.mode in NO_MODEL:
            self._without_call(door, call)
        elif not call.understood:
            self.handle.decide(*door.arguments)  # counted here: no attempt may ever be seen
            if decision.mode != "live" or toolbox.restricts(decision.tools):
                door.refusal = self._stopped(decision)
        elif toolbox.unseen(call.body, decision.tools):
            door.refusal = self._stopped(self.handle.decide(*door.arguments))
        else:
            self._send(door, served, caller)
        return door

    def stripped(self, body: Mapping[str, object], tools: Tools) -> dict[str, object]:
        """Return *body* without the tools that must not go along."""
        return dict(toolbox.strip(body, tools))

    def attempt(
        self, caller: Caller, places: list[Place], groups: Groups, *, counted: bool
    ) -> tuple[Refusal | None, Arguments, Decision]:
        """
        Decide one attempt at a deployment of *groups* that is at *places*, under each of its names.

        The strictest decides. *counted*: the attempt is a question of its own.
        """
        view = self.handle._view_now()  # noqa: SLF001  # one package; counted below
        asked: list[Arguments] = [
            (caller.tenant, model, None, provider, caller.key) for provider, model in places
        ]
        arguments = max(asked, key=lambda one: self._rank(view.decide(*one), groups))
        decision = self.handle.decide(*arguments) if counted else view.decide(*arguments)
        if decision.mode in NO_MODEL:
            return self._refused(decision), arguments, decision
        if self._strays(decision, groups):
            refusal = self._stopped(decision) if counted else self._refused(decision, mode="stop")
            return refusal, arguments, decision
        return None, arguments, decision

    def count_attempt(self, arguments: Arguments) -> None:
        """Count a question that was answered uncounted; a refusal of `stop` for a stray one too."""
        decision = self.handle.decide(*arguments)
        if decision.allowed:
            self.count_refused(decision)

    def cut_off(self, decision: Decision) -> Refusal:
        """Return the answer to a call that was in flight; it is counted as cut, not as refused."""
        return self._refused(decision)

    def late(self, arguments: Arguments) -> Refusal | None:
        """Return why a complete answer that has just come may not be handed on, or None."""
        decision = self.decision_now(arguments)
        if decision.mode not in NO_MODEL:
            return None
        self.handle._count_cut(decision)  # noqa: SLF001  # one package, one seam
        return self._refused(decision)

    def forbidden(self, call: Call, answer: object, arguments: Arguments) -> Refusal | None:
        """Return the refusal of an answer that calls a tool which is forbidden now, or None."""
        decision = self.decision_now(arguments)
        if not toolbox.restricts(decision.tools):
            return None
        tool = toolbox.refused(toolbox.calls(call.api, answer), decision.tools)
        if tool is None:
            return None
        self.count_refused(decision)
        headers = refusals.refusal_headers(decision)
        return Refusal(self.tool_error(tool, decision), headers)

    def look(self, call: Call, caller: Caller, nonce: str) -> Refusal:
        """Answer a probe that came as a call: what would happen to it, without upstream or counters."""
        door, _ = self._first_look(call, caller)
        status, seen = self._look(call, "", door.arguments, nonce)
        headers = {"x-opsbot-probe": nonce, "x-should-retry": "false"}
        return Refusal(seen, headers, status)

    def probe(self, request: ProbeRequest) -> tuple[int, dict[str, object]]:
        """Answer a probe at the client's own port; a plug-in that LiteLLM never asks fails it."""
        if not self._is_wired():
            return 500, {"error": "LiteLLM does not call this plug-in: it is not in its callbacks"}
        return super().probe(request)

    def _first_look(self, call: Call, caller: Caller) -> tuple[Door, Route | None]:
        """Return the mildest decision over everywhere this call may go; nothing is counted."""
        view = self.handle._view_now()  # noqa: SLF001  # one package; uncounted
        served = None
        if self.route and call.api in wire.CONVERSING:
            served = view.serving(caller.tenant, caller.key)
        if served is not None and self._models.group_of(served.target) is not None:
            places: list[Place] = [(served.provider, served.model)]
        else:
            places = self._models.places(call.model or "") or [(None, call.model)]
        asked: list[Arguments] = [
            (caller.tenant, model, None, provider, caller.key) for provider, model in places
        ]
        best = min(asked, key=lambda one: RANK[view.decide(*one).mode])
        return Door(best, view.decide(*best)), served

    def _without_call(self, door: Door, call: Call) -> None:
        decision = door.decision
        # LiteLLM has no shape for a text of its own that is streamed as Anthropic's messages.
        in_words = call.answers_in_words and not (call.streamed and call.api == wire.MESSAGES)
        if decision.mode == "stop" or not in_words:
            door.refusal = self._refused(decision)
        else:
            door.text = decision.message or PAUSED

    def _send(self, door: Door, served: Route | None, caller: Caller) -> None:
        """Say where the call goes, or refuse it where a fallback is wanted that is not served here."""
        fallback = door.decision.mode == "fallback"
        wanted = door.decision.route if fallback else served
        if wanted is None and not fallback:
            return
        group = None if wanted is None else self._models.group_of(wanted.target)
        if group is None:
            if fallback:
                door.refusal = self._stopped(self.handle.decide(*door.arguments))
            else:
                self.handle._unrouted += 1  # noqa: SLF001  # one package; as the transport's guard
            return
        door.model = group
        view = self.handle._view_now()  # noqa: SLF001  # one package
        serving = view._routes.of(caller.tenant, caller.key)  # noqa: SLF001  # as above
        named = [self._models.group_of(f"{t.provider}/{t.model}") for t in serving.fallbacks]
        door.fallbacks = [name for name in dict.fromkeys(named) if name and name != group]

    def _rank(self, decision: Decision, groups: Groups) -> int:
        return RANK["stop" if self._strays(decision, groups) else decision.mode]

    def _strays(self, decision: Decision, groups: Groups) -> bool:
        """Return whether a fallback is wanted, and this attempt is not at it."""
        if decision.mode != "fallback":
            return False
        wanted = decision.route
        return wanted is None or self._models.group_of(wanted.target) not in groups

    def _can_fall_back(self, call: Call, decision: Decision, host: str) -> bool:
        wanted = decision.route
        return wanted is not None and self._models.group_of(wanted.target) is not None

    def _refused(self, decision: Decision, *, mode: str | None = None) -> Refusal:
        error = refusals.body(self.handle.name, decision, mode=mode)
        return Refusal(error, refusals.refusal_headers(decision, mode=mode))

    def _stopped(self, decision: Decision) -> Refusal:
        """Refuse what cannot be degraded here, as `stop`."""
        self.count_refused(decision)
        return self._refused(decision, mode="stop")
