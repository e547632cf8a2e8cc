"""The hooks that a LiteLLM proxy calls, without LiteLLM: `opsflags.litellm` makes its handler of them."""

from __future__ import annotations

import asyncio
from _thread import allocate_lock
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Protocol

from opsflags.httpx import refusals
from opsflags.httpx.core import PROBE
from opsflags.httpx.wire import UNKNOWN, Call
from opsflags.litellm_flight import Flight, cut_of, pass_on
from opsflags.litellm_gate import CALL_TYPES, Door, Gate, Refusal
from opsflags.litellm_models import Deployment, Models, place_of
from opsflags.litellm_pieces import as_json
from opsflags.litellm_settings import Caller, Settings, caller_of, metadata_of
from opsflags.switch import Arguments
from opsflags.workflow import Workflow

Data = dict[str, object]


class Flags(Protocol):
    """What is needed of a client."""

    def workflow(self, name: str) -> Workflow:
        """Return the handle of a workflow."""
        ...


class Vendor(Protocol):
    """What is needed of LiteLLM."""

    def settings(self) -> Mapping[str, object] | None:
        """Return `litellm_settings: opsflags:` of config.yaml, None where there is none."""
        ...

    def deployments(self) -> Iterable[Deployment]:
        """Return what the proxy serves now."""
        ...

    def calls(self, handler: object) -> bool:
        """Return whether LiteLLM calls every hook of *handler*."""
        ...

    def answer(self, refusal: Refusal, *, routed: bool = False) -> Exception:
        """
        Return what to raise so that the caller is answered with *refusal*.

        *routed*: LiteLLM's router sees it first, and is to try its fallbacks and nothing else.
        """
        ...

    def reply(self, text: str, model: str, data: Data) -> Exception:
        """Return what to raise so that the caller reads *text* as an ordinary answer."""
        ...


_flight: ContextVar[Flight | None] = ContextVar("opsflags_litellm", default=None)


class Hooks:
    """
    Enforces in a LiteLLM proxy what the switchboard says.

    *flags* is the client to ask, by default one from the environment, made at the first call;
    *settings* are those of config.yaml by default. A handler that cannot be set up refuses every
    call, and says why: a proxy that looks guarded and is not would be worse than one that is down.
    """

    def __init_subclass__(cls, **words: object) -> None:
        """Give each subclass hooks of its own: LiteLLM calls only those it finds in the very class."""
        super().__init_subclass__(**words)
        for name in HOOKS:
            if name not in vars(cls):
                setattr(cls, name, getattr(cls, name))

    def __init__(
        self,
        vendor: Vendor,
        connect: Callable[[Settings], Flags],
        settings: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__()
        self._vendor = vendor
        self._connect = connect
        self._given = settings
        self._lock = allocate_lock()
        self._flags: Flags | None = None
        self._gates: dict[str, Gate] = {}
        self._settings: Settings | None = None
        self._models = Models({}, vendor.deployments)

    async def async_pre_call_hook(
        self, user_api_key_dict: object, cache: object, data: Data, call_type: str
    ) -> Data:
        """
        Decide a call before LiteLLM looks for a deployment; return what it is to go on with.

        Raises:
            Exception: LiteLLM's own, for a call that is refused, answered or a probe.
        """
        caller = await self._caller(user_api_key_dict, data)
        gate = await self._gate(caller.workflow)
        api = CALL_TYPES.get(call_type, UNKNOWN)
        call = Call(api, {"model": data.get("model")} if api == UNKNOWN else data)
        nonce = _header(data, PROBE)
        if nonce is not None:
            raise self._vendor.answer(gate.look(call, caller, nonce))
        door = gate.door(call, caller)
        if door.refusal is not None:
            raise self._vendor.answer(door.refusal)
        flight = Flight(gate, caller, call, door.arguments)
        if door.decision.mode != "live":
            flight.marks = refusals.headers(door.decision)
        _flight.set(flight)
        if door.text is not None:
            flight.is_ours = True
            raise self._vendor.reply(door.text, call.model or "", data)
        return _let_in(gate, door, data) if call.understood else data

    async def async_filter_deployments(
        self,
        model: str,
        healthy_deployments: list[Data],
        messages: object,
        request_kwargs: Data | None = None,
        parent_otel_span: object = None,
    ) -> list[Data]:
        """
        Leave out the deployments that are under a kill, before LiteLLM chooses among them.

        Raises:
            Exception: LiteLLM's own, where none is left of some; it then tries its fallbacks.
        """
        left: list[Data] = []
        refused: tuple[Gate, Arguments, Refusal] | None = None
        for deployment in healthy_deployments:
            name, target = _served(deployment)
            groups = (name, model)
            judged = await self._judge(target, None, groups, request_kwargs or {}, counted=False)
            if judged is None:
                left.append(deployment)
            else:
                refused = refused or judged
        if left or refused is None:
            return left
        gate, arguments, refusal = refused
        gate.count_attempt(arguments)
        raise self._vendor.answer(refusal, routed=True)

    async def async_pre_call_deployment_hook(self, kwargs: Data, call_type: object) -> Data:
        """
        Decide each attempt at a deployment again, LiteLLM's own fallbacks and retries included.

        Raises:
            Exception: LiteLLM's own, for an attempt that is refused.
        """
        target = kwargs.get("model")
        provider = kwargs.get("custom_llm_provider")
        about = metadata_of(kwargs)
        # A caller may name a deployment's id; only the second then says whose it is.
        named = (about.get("deployment_model_name"), about.get("model_group"), target)
        groups = tuple(name for name in named if isinstance(name, str))
        judged = await self._judge(
            target if isinstance(target, str) else "",
            provider if isinstance(provider, str) else None,
            groups,
            kwargs,
            counted=True,
        )
        if judged is not None:
            raise self._vendor.answer(judged[2], routed=True)
        flight = _flight.get()
        if flight is None or flight.call.api == UNKNOWN:
            return kwargs
        flight.take_off()
        tools = flight.gate.decision_now(flight.arguments).tools
        return flight.gate.stripped(kwargs, tools)

    async def async_moderation_hook(
        self, data: Data, user_api_key_dict: object, call_type: str
    ) -> None:
        """
        Run beside a call whose answer comes whole; LiteLLM cancels that one when this raises.

        Raises:
            Exception: LiteLLM's own, when a kill comes.
        """
        flight = _flight.get()
        if flight is None or not flight.can_be_cancelled:
            return
        cut = await cut_of(flight)
        if cut is not None:
            raise self._vendor.answer(flight.gate.cut_off(cut))

    async def async_post_call_success_hook(
        self, data: Data, user_api_key_dict: object, response: object
    ) -> object:
        """
        Look at a complete answer before the caller gets it.

        Raises:
            Exception: LiteLLM's own, where a kill came meanwhile or a forbidden tool is called.
        """
        flight = _flight.get()
        if flight is None:
            return response
        refusal = flight.gate.late(flight.arguments)
        if refusal is None and flight.call.understood:
            answer = as_json(response)
            refusal = flight.gate.forbidden(flight.call, answer, flight.arguments)
        if refusal is not None:
            raise self._vendor.answer(refusal)
        return response

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: object, response: AsyncIterator[object], request_data: Data
    ) -> AsyncIterator[object]:
        """Pass a stream on until a kill comes or a forbidden tool is called; then end it in words."""
        flight = _flight.get()
        if flight is None:
            caller = await self._caller(user_api_key_dict, request_data)
            gate = await self._gate(caller.workflow)
            unnamed: Arguments = (caller.tenant, None, None, None, caller.key)
            flight = Flight(gate, caller, Call(UNKNOWN, {}), unnamed)
        passed = response if flight.is_ours else pass_on(flight, response)
        async for piece in passed:
            yield piece

    async def async_post_call_response_headers_hook(
        self,
        data: Data,
        user_api_key_dict: object,
        response: object,
        request_headers: object = None,
        litellm_call_info: object = None,
    ) -> dict[str, str] | None:
        """Mark an answer that was not given in `live` with its mode and kill."""
        flight = _flight.get()
        return dict(flight.marks) if flight is not None and flight.marks else None

    async def _judge(
        self,
        target: str,
        provider: str | None,
        groups: tuple[str, ...],
        data: Data,
        *,
        counted: bool,
    ) -> tuple[Gate, Arguments, Refusal] | None:
        """Return which gate refuses an attempt, asked what, and how; None where none does."""
        await self._ready()
        flight = _flight.get()
        group = groups[0] if groups else ""
        caller = flight.caller if flight else self._of(None, {**data, "model": group})
        names = [place_of(target, provider), *map(place_of, self._models.declared(group))]
        for gate in await self._gates_of(caller, group):
            once = counted and _first(flight, gate, data)
            refusal, arguments, decision = gate.attempt(caller, names, groups, counted=once)
            if refusal is not None:
                return gate, arguments, refusal
            if flight is not None and counted and gate is flight.gate:
                flight.arguments = arguments
                flight.marks = {} if decision.mode == "live" else refusals.headers(decision)
        return None

    async def _gates_of(self, caller: Caller, group: str) -> list[Gate]:
        """Return the gates that an attempt passes: an undeclared call is of its model group too."""
        gates = [await self._gate(caller.workflow)]
        if not caller.declared and group != caller.workflow and self._models.is_group(group):
            gates.append(await self._gate(group))
        return gates

    async def _caller(self, auth: object, data: Mapping[str, object]) -> Caller:
        await self._ready()
        return self._of(auth, data)

    def _of(self, auth: object, data: Mapping[str, object]) -> Caller:
        assert self._settings is not None
        return caller_of(self._settings, auth, data, self._models.is_group)

    async def _gate(self, workflow: str) -> Gate:
        gate = self._gates.get(workflow)
        # Asking for a workflow for the first time may wait for the store, which the loop must not.
        return await asyncio.to_thread(self._open, workflow) if gate is None else gate

    async def _ready(self) -> None:
        if self._flags is None:
            await asyncio.to_thread(self._begin)

    def _begin(self) -> None:
        with self._lock:
            if self._flags is not None:
                return
            given = self._vendor.settings() if self._given is None else self._given
            settings = Settings(given)
            flags = self._connect(settings)
            self._settings = settings
            self._models = Models(settings.models, self._vendor.deployments)
            for name in settings.workflows():  # known to the fleet before their first call
                self._gates[name] = self._made(flags, name, settings)
            self._flags = flags

    def _open(self, workflow: str) -> Gate:
        with self._lock:
            gate = self._gates.get(workflow)
            if gate is None:
                assert self._flags is not None
                assert self._settings is not None
                gate = self._gates[workflow] = self._made(self._flags, workflow, self._settings)
            return gate

    def _made(self, flags: Flags, name: str, settings: Settings) -> Gate:
        return Gate(
            flags.workflow(name),
            self._models,
            route=settings.route,
            hold_drafts=settings.hold_drafts,
            is_wired=lambda: self._vendor.calls(self),
        )


HOOKS = tuple(name for name in vars(Hooks) if name.startswith("async_"))
"""What LiteLLM looks for in the class of a handler."""


def _let_in(gate: Gate, door: Door, data: Data) -> Data:
    """Return *data* as the decision wants it; LiteLLM keeps what it holds beside the request."""
    kept = gate.stripped(data, door.decision.tools)
    if door.model is not None:
        kept["model"] = door.model
        kept["fallbacks"] = door.fallbacks or []
    return kept


def _served(deployment: Mapping[str, object]) -> tuple[str, str]:
    """Return the model group and the `provider/model` of one of LiteLLM's deployments."""
    params = deployment.get("litellm_params")
    model = params.get("model") if isinstance(params, Mapping) else None
    return str(deployment.get("model_name") or ""), str(model or "")


def _first(flight: Flight | None, gate: Gate, data: Mapping[str, object]) -> bool:
    """Return whether this attempt is not yet counted: LiteLLM may ask twice for one (bridged APIs)."""
    if flight is None:
        return True
    if flight.call.api == UNKNOWN:
        return False
    info = data.get("model_info")
    attempt = (gate.handle.name, info.get("id") if isinstance(info, Mapping) else data.get("model"))
    if attempt in flight.counted:
        return False
    flight.counted.add(attempt)
    return True


def _header(data: Mapping[str, object], name: str) -> str | None:
    came = data.get("proxy_server_request")
    headers = came.get("headers") if isinstance(came, Mapping) else None
    value = headers.get(name) if isinstance(headers, Mapping) else None
    return value if isinstance(value, str) else None
