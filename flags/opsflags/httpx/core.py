"""What the guard does with one request, for every library and both colours. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping

from opsflags.decision import NOT_AVAILABLE, Decision, Route, Tools
from opsflags.httpx import answers, refusals, toolbox, wire
from opsflags.httpx.wire import Call
from opsflags.model import NO_MODEL, PAUSED
from opsflags.probe_server import ProbeRequest
from opsflags.workflow import Arguments, Workflow

PROBE = "x-opsbot-probe"
GUARD_MODES = frozenset({"fallback", "read_only", "no_tools"})
"""
What the guard implements for a workflow by itself.

Not `drafts_only`: only the service can hold an output for a person, so only it may say that it does.
"""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Reply:
    """An answer that the guard gives itself, without the provider."""

    __slots__ = ("content", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content


class Plan:
    """
    What to do with one request.

    *reply* is the guard's own answer, None when the provider is to be asked; *content* is then the
    rewritten body, None when it goes as it came. *marks* are headers for the provider's answer.
    *model* is the route's, None where the request keeps its own; *astray* says that it does although
    there is a route, whose model is served elsewhere.
    """

    __slots__ = ("arguments", "astray", "call", "content", "decision", "marks", "model", "reply")

    def __init__(
        self, call: Call, arguments: Arguments, decision: Decision, reply: Reply | None = None
    ) -> None:
        self.call = call
        self.arguments = arguments
        self.decision = decision
        self.reply = reply
        self.content: bytes | None = None
        self.model: str | None = None
        self.astray = False
        self.marks = {} if decision.mode == "live" else refusals.headers(decision)


class Guard:
    """
    The rules of one guarded transport.

    Identity comes from *handle*, *tenant*, *key* and the enclosing `handle.call()`, never from a
    header. *provider* names who is behind the transport where neither the host nor the route says
    so. *route* makes the guard send every model call to the model of its route. *locale* is the
    language of who reads what stands for an answer.

    Raises:
        TypeError: *handle* is not a workflow's handle.
    """

    __slots__ = ("_seen_provider", "handle", "key", "locale", "provider", "route", "tenant")

    def __init__(
        self,
        handle: Workflow,
        tenant: str | None,
        provider: str | None,
        *,
        key: str | None = None,
        route: bool = False,
        locale: str | None = None,
    ) -> None:
        if not isinstance(handle, Workflow):
            raise TypeError(
                "a guarded transport needs the handle of its workflow: pass "
                f"flags.workflow(…), not {type(handle).__name__}"
            )
        self.handle = handle
        self.tenant = tenant
        self.key = key
        self.route = route
        self.locale = locale
        self.provider = provider
        self._seen_provider = provider
        handle.implement(GUARD_MODES)
        enforcement = getattr(handle._client, "_enforcement", None)  # noqa: SLF001  # the seam for probes
        if isinstance(enforcement, dict):
            enforcement[handle.name] = self.probe

    def plan(
        self, method: str, host: str, path: str, headers: Mapping[str, str], content: bytes | None
    ) -> Plan:
        """Decide one attempt. Never raises; what is not understood passes in `live` only."""
        call = wire.read(method, path, content)
        served = self._served(call)
        here = (
            served if served is not None and served.provider == self._behind(call, host) else None
        )
        arguments = self._arguments(call, host, here)
        nonce = headers.get(PROBE)
        if nonce is not None:
            status, seen = self._look(call, host, arguments, nonce)
            return Plan(call, arguments, self._now(arguments), _json_reply(status, seen))
        decision = self.handle.decide(*arguments)
        plan = Plan(call, arguments, decision)
        plan.model = None if here is None else here.model
        plan.astray = here is not served
        harmless = method.upper() in SAFE_METHODS and "upgrade" not in headers
        if decision.mode in NO_MODEL:
            plan.reply = self._without_model(call, decision)
        elif not call.understood:
            if decision.mode != "live" or (toolbox.restricts(decision.tools) and not harmless):
                plan.reply = self._stricter(decision)
        else:
            self._degrade(plan, host)
        return plan

    def refuse(self, decision: Decision) -> Reply:
        """Return the 503 for an attempt that was stopped between its decision and its first byte."""
        self.count_refused(decision)
        return self._refusal(decision)

    def cut(self, decision: Decision) -> Reply:
        """Return the 503 for an attempt that was in flight; it is counted as cut, not as refused."""
        return self._refusal(decision)

    def refuse_tool(self, tool: str, decision: Decision) -> Reply:
        """Return the 503 for an answer that calls *tool*, which is forbidden."""
        self.count_refused(decision)
        return _refusal(self.tool_error(tool, decision), decision)

    def error(self, decision: Decision) -> dict[str, object]:
        """Return the error object that ends a stream."""
        return refusals.body(self.handle.name, decision, locale=self._locale())

    def tool_error(self, tool: str, decision: Decision) -> dict[str, object]:
        """Return the error object that stands for a forbidden call of *tool*."""
        by = f" by {decision.kill}" if decision.kill else ""
        said = f"A call of {tool} for {self.handle.name} is refused{by}: mode {decision.mode}."
        return {
            **refusals.body(self.handle.name, decision),
            "message": said,
            "user_message": decision.message_for(self._locale()) or NOT_AVAILABLE,
        }

    def decision_now(self, arguments: Arguments) -> Decision:
        """Return the decision of an answer in flight as it is now; not counted as a question."""
        return self._now(arguments)

    def count_refused(self, decision: Decision) -> None:
        """Count a refusal that `decide` could not count, as it came after it or from the guard."""
        handle = self.handle
        handle._refused += 1  # noqa: SLF001  # one package; `decide` counts the other refusals
        for kill in decision._hits or ():  # noqa: SLF001  # as above
            tally = handle._tallies.get(kill.uid)  # noqa: SLF001  # as above
            if tally is not None:
                tally.refused += 1

    def probe(self, request: ProbeRequest) -> tuple[int, dict[str, object]]:
        """
        Answer a probe from the current decision, without calling upstream and without counting.

        Its query may name `tenant`, `model`, `tool`, `provider` and `key`; a key that it does not
        name is none, so that a kill which is lifted for some keys is seen to hold.
        """
        asked = request.query.get
        arguments = (
            asked("tenant") or self.tenant,
            asked("model") or None,
            asked("tool") or None,
            asked("provider") or self.provider,
            asked("key") or None,
        )
        call = Call(wire.CHAT, {"model": asked("model") or ""})
        return self._look(call, "", arguments, request.nonce)

    def _look(
        self, call: Call, host: str, arguments: Arguments, nonce: str | None
    ) -> tuple[int, dict[str, object]]:
        view = self.handle._view_now()  # noqa: SLF001  one package; uncounted
        decision = view.decide(*arguments)
        mode = decision.mode
        if mode == "fallback" and not self._can_fall_back(call, decision, host):
            mode = "stop"
        called = mode not in NO_MODEL
        route = decision.route if called else None
        seen: dict[str, object] = {
            "s": 1,
            "workflow": self.handle.name,
            "mode": mode,
            "allowed": decision.allowed and called,
            "tools": decision.tools.as_json(),
            "target": None if route is None else route.target,
            "kill": decision.kill,
            "instance": getattr(self.handle._client, "instance", None),  # noqa: SLF001  as above
            "epoch": view.position[0],
            "revision": view.position[1],
            "nonce": nonce,
        }
        if mode == "stop":
            return refusals.STATUS, seen
        return 200, seen if called else {**seen, "answered": True}

    def _now(self, arguments: Arguments) -> Decision:
        return self.handle._view_now().decide(*arguments)  # noqa: SLF001  # one package; uncounted

    def _served(self, call: Call) -> Route | None:
        """Return what the route gives this call, where the guard is to follow it; not for embeddings."""
        if not (self.route and call.api in wire.CONVERSING):
            return None
        tenant, _, key, _ = self.handle.identity()
        view = self.handle._view_now()  # noqa: SLF001  # one package; uncounted
        return view.serving(tenant or self.tenant, key or self.key)

    def _arguments(self, call: Call, host: str, served: Route | None) -> Arguments:
        tenant, model, key, _ = self.handle.identity()
        whose, sticky = tenant or self.tenant, key or self.key
        if served is not None:
            return (whose, served.model, None, served.provider, sticky)
        provider = self.provider or wire.provider_of(host)
        return (whose, call.model or model, None, provider, sticky)

    def _locale(self) -> str | None:
        return self.handle.identity()[3] or self.locale

    def _without_model(self, call: Call, decision: Decision) -> Reply:
        if decision.mode == "stop" or not call.answers_in_words:
            return self._refusal(decision)
        text = decision.message_for(self._locale()) or PAUSED
        marks = refusals.headers(decision)
        if call.streamed:
            kind = {"content-type": "text/event-stream; charset=utf-8", **marks}
            return Reply(200, kind, answers.streamed(call, text))
        return Reply(200, {"content-type": "application/json", **marks}, answers.whole(call, text))

    def _degrade(self, plan: Plan, host: str) -> None:
        """Rewrite the body as the decision asks, or refuse where that cannot be done."""
        call, decision = plan.call, plan.decision
        body = toolbox.strip(call.body, decision.tools)
        if toolbox.unseen(body, decision.tools):
            plan.reply = self._stricter(decision)
            return
        if decision.mode == "fallback":
            if not self._can_fall_back(call, decision, host):
                plan.reply = self._stricter(decision)
                return
            assert decision.route is not None
            body = {**body, "model": decision.route.model}
        elif plan.model is not None and plan.model != call.model:
            body = {**body, "model": plan.model}
        elif plan.astray:
            self.handle._unrouted += 1  # noqa: SLF001  # one package; `decide` counts the others
        if body is not call.body:
            plan.content = refusals.dump(body)

    def _can_fall_back(self, call: Call, decision: Decision, host: str) -> bool:
        return decision.route is not None and decision.route.provider == self._behind(call, host)

    def _behind(self, call: Call, host: str) -> str | None:
        """Return the provider that this transport reaches: said, proved, declared, or spoken."""
        known = self.provider or wire.provider_of(host)
        if known is not None:
            return known
        if not host:
            return self._seen_provider or wire.spoken_by(call.api)
        record = self.handle._view_now().record  # noqa: SLF001  # one package
        targets = () if record is None else record.every_target()
        named = [target.provider for target in targets if target.model == call.model]
        self._seen_provider = named[0] if named else wire.spoken_by(call.api)
        return self._seen_provider

    def _stricter(self, decision: Decision) -> Reply:
        """Refuse what this guard cannot degrade, as `stop`."""
        self.count_refused(decision)
        return self._refusal(decision, mode="stop")

    def _refusal(self, decision: Decision, *, mode: str | None = None) -> Reply:
        body = refusals.body(self.handle.name, decision, mode=mode, locale=self._locale())
        return _refusal(body, decision, mode=mode)


def forbidden_tool(call: Call, content: bytes, tools: Tools) -> str | None:
    """Return the first tool call in a whole answer that *tools* forbids, or None."""
    if not (call.understood and toolbox.restricts(tools)):
        return None
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None  # no SDK can read a tool call in it either
    return toolbox.refused(toolbox.calls(call.api, answer), tools)


def _refusal(error: dict[str, object], decision: Decision, *, mode: str | None = None) -> Reply:
    headers = refusals.refusal_headers(decision, mode=mode)
    return Reply(refusals.STATUS, headers, refusals.dump({"error": error}))


def _json_reply(status: int, value: dict[str, object]) -> Reply:
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    return Reply(status, headers, refusals.dump(value))
