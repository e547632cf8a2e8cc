"""Decide one call under all active kills: compile once per workflow, look up per call. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable

from opsflags.decision import ALL_TOOLS, Decision, Route, Tools
from opsflags.model import BASE_MODES, NO_MODEL, PAUSED, RANK
from opsflags.records import TOO_OLD, Kill, Target, WorkflowRecord
from opsflags.routes import Place, Serving, hits_place, routes_of
from opsflags.rules import Rule, acting, for_key, hits_tool, order, place, rule_of
from opsflags.texts import usual

MEMO_SIZE = 4096
"""How many argument tuples a view remembers before it begins again."""

_NO_TOOLS: frozenset[str] = frozenset()
_READ_TOOLS_ONLY = frozenset({"read_only", "drafts_only"})
_EVERY_TOOL = frozenset({"live", "fallback"})


class Call:
    """The arguments of one question, as words, with the revision and the places it may go to."""

    __slots__ = ("key", "places", "serving", "target", "tenant", "tool")

    def __init__(
        self,
        *,
        tenant: str | None,
        tool: str | None,
        key: str | None,
        serving: Serving,
        places: tuple[Place, ...],
        target: Target | None,
    ) -> None:
        self.tenant = tenant
        self.tool = tool
        self.key = key
        self.serving = serving
        self.places = places
        self.target = target


class View:
    """
    Everything that is known about one workflow, compiled for questions.

    *live* is false as soon as any kill could touch any call. *constant* is the one decision of
    every call where there can be only one, else None. Views are never changed, only replaced; the
    memo and the counterpart for a lost store are caches.
    """

    __slots__ = (
        "_again",
        "_by_tenant",
        "_everywhere",
        "_floor",
        "_knowledge",
        "_lost",
        "_ordered",
        "_plain",
        "_ramped",
        "_read_tools",
        "_routes",
        "constant",
        "live",
        "memo",
        "name",
        "position",
        "record",
        "uids",
    )

    def __init__(
        self, name: str, record: WorkflowRecord | None, rules: list[Rule], *, floor: tuple[str, str]
    ) -> None:
        self.name = name
        self.record = record
        self.position = (0, 0)
        self.live = not rules and floor[0] == "live"
        self.uids = frozenset([rule.kill.uid for rule in rules])
        self.constant: Decision | None = None
        self.memo: dict[tuple[object, ...], Decision] = {}
        self._floor = floor
        self._knowledge = "live"
        self._routes = routes = routes_of(name, record)
        self._read_tools = routes.read_tools
        self._ordered = rules
        self._ramped = any(rule.eased is not None for rule in rules)
        self._plain: dict[Target | None, Decision] = {}
        self._everywhere: list[Rule] = []
        self._by_tenant: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.tenant is None:
                self._everywhere.append(rule)
            else:
                self._by_tenant.setdefault(rule.tenant, []).append(rule)
        self._again: tuple[list[Kill], frozenset[str], str, bool] | None = None
        self._lost: View | None = None

    def decide(
        self,
        tenant: object = None,
        model: object = None,
        tool: object = None,
        provider: object = None,
        key: object = None,
    ) -> Decision:
        """Answer one call; equal arguments get the same object. Never raises."""
        arguments = (tenant, model, tool, provider, key)
        try:
            known = self.memo.get(arguments)
        except TypeError:  # an argument that cannot be hashed is still answered, as its text
            return self.compute(*arguments)
        if known is None:
            known = self._unrestricted(*arguments) if self.live else self.compute(*arguments)
            if len(self.memo) >= MEMO_SIZE:
                self.memo.clear()
            self.memo[arguments] = known
        return known

    def compute(
        self, tenant: object, model: object, tool: object, provider: object, key: object
    ) -> Decision:
        """Answer one call from the rules, past the memo."""
        call = self._call(tenant, model, tool, provider, key)
        return self._merge(call, self._touching(call))

    def serving(self, tenant: object, key: object) -> Route | None:
        """Return what the route gives a call that names no model itself, whatever is killed."""
        sticky = _word(key)
        serving = self._routes.of(_word(tenant), sticky)
        return serving.route(serving.target(None, None, sticky))

    def hits(
        self,
        tenant: object = None,
        model: object = None,
        tool: object = None,
        provider: object = None,
        key: object = None,
    ) -> tuple[Kill, ...]:
        """Return the kills that hit this call, the earliest first."""
        call = self._call(tenant, model, tool, provider, key)
        return tuple(rule.kill for rule in self._touching(call) if hits_tool(rule, call.tool))

    def lost(self) -> View:
        """Return this view as it is once the store has been lost for too long."""
        if self._lost is None:
            assert self._again is not None
            kills, modes, on_unknown, too_old = self._again
            self._lost = compile_view(
                self.name,
                self.record,
                kills,
                modes=modes,
                knowledge="lost",
                on_unknown=on_unknown,
                position=self.position,
                client_too_old=too_old,
            )
        return self._lost

    def _unrestricted(
        self, tenant: object, model: object, tool: object, provider: object, key: object
    ) -> Decision:
        """Answer one call where nothing can be refused: only the target makes a difference."""
        # Every new key of a weighted route comes here: what is not passed costs no call.
        sticky = key if type(key) is str and key else _word(key)
        serving = self._routes.of(None if tenant is None else _word(tenant), sticky)
        if model is None and provider is None:
            target = serving.target(None, None, sticky)
        else:
            target = serving.target(_word(model), _word(provider), sticky)
        decision = self._plain.get(target)
        if decision is None:
            decision = self._plain[target] = self.compute(tenant, model, tool, provider, key)
        return decision

    def _call(
        self, tenant: object, model: object, tool: object, provider: object, key: object
    ) -> Call:
        whose, sticky = _word(tenant), _word(key)
        model_name, provider_name = _word(model), _word(provider)
        serving = self._routes.of(whose, sticky)
        return Call(
            tenant=whose,
            tool=_word(tool),
            key=sticky,
            serving=serving,
            places=serving.places(model_name, provider_name, sticky),
            target=serving.target(model_name, provider_name, sticky),
        )

    def _touching(self, call: Call) -> list[Rule]:
        """Return the rules whose tenant, provider and model match; their tools are not looked at."""
        rules = self._about(call.tenant)
        if self._ramped and call.key is not None:
            rules = [for_key(rule, call.key) for rule in rules]
        return [rule for rule in rules if hits_place(rule.provider, rule.model, call.places)]

    def _about(self, tenant: str | None) -> list[Rule]:
        """Return the rules that a call for *tenant* falls under, the earliest first."""
        if tenant is None:
            return self._ordered
        own = self._by_tenant.get(tenant)
        return self._everywhere if own is None else sorted([*self._everywhere, *own], key=place)

    def _merge(self, call: Call, touching: list[Rule]) -> Decision:
        mode, reason = self._floor
        kill: Kill | None = None
        only: frozenset[str] | None = None
        hits = [rule for rule in touching if hits_tool(rule, call.tool)]
        fallback = self._fallback_left(call) if any(r.mode == "fallback" for r in hits) else None
        for rule in hits:
            this, why = acting(rule, fallback)
            only = _narrower(only, self._tools_under(this))
            if RANK[this] > RANK[mode] or (kill is None and RANK[this] == RANK[mode]):
                mode, reason, kill = this, why, rule.kill
        without, first = self._without(call, touching, fallback)
        if kill is None and mode == "live":
            kill, reason = first, "tools_restricted" if first is not None else self._calm()[1]
        if mode in NO_MODEL:
            only = _NO_TOOLS
        tools = ALL_TOOLS if only is None and not without else Tools(only, without)
        asked_in_vain = mode not in NO_MODEL and call.tool is not None and call.tool not in tools
        wants_fallback = any(rule.mode == "fallback" for rule in hits)
        texts = self._texts(mode, hits)
        return Decision(
            mode=mode,
            allowed=mode not in NO_MODEL and not asked_in_vain,
            needs_approval=mode == "drafts_only",
            tools=tools,
            route=None
            if mode in NO_MODEL
            else call.serving.route(fallback if wants_fallback else call.target),
            message=self._message(mode, texts),
            kill=None if kill is None else kill.id,
            reason="tool_not_allowed" if asked_in_vain else reason,
            revision=self.position[1],
            state="KILLED" if mode != "live" else self._calm()[0],
            hits=tuple(rule.kill for rule in hits) or None,
            texts=texts,
        )

    def _fallback_left(self, call: Call) -> Target | None:
        """Return the first declared fallback that no kill on a provider or a model hits."""
        against = [
            rule
            for rule in self._about(call.tenant)
            if (rule.provider is not None or rule.model is not None) and hits_tool(rule, call.tool)
        ]
        for target in call.serving.fallbacks:
            there = ((target.provider, target.model),)
            if not any(hits_place(rule.provider, rule.model, there) for rule in against):
                return target
        return None

    def _without(
        self, call: Call, touching: list[Rule], fallback: Target | None
    ) -> tuple[frozenset[str], Kill | None]:
        """Return the tools that kills on tools take away, and the earliest of those kills."""
        taken: set[str] = set()
        first: Kill | None = None
        for rule in touching:
            if rule.tool is None or not self._takes(rule, call, fallback):
                continue
            taken.add(rule.tool)
            first = first or rule.kill
        return frozenset(taken), first

    def _takes(self, rule: Rule, call: Call, fallback: Target | None) -> bool:
        if rule.mode == "fallback" and call.tool != rule.tool:
            # Only the call of the tool itself can be sent elsewhere; a model call that merely
            # offers the tool cannot, so the tool is taken from it.
            return True
        mode, _ = acting(rule, fallback)
        allowed = self._tools_under(mode)
        return allowed is not None and rule.tool not in allowed

    def _tools_under(self, mode: str) -> frozenset[str] | None:
        if mode in _EVERY_TOOL:
            return None
        return self._read_tools if mode in _READ_TOOLS_ONLY else _NO_TOOLS

    def _message(self, mode: str, texts: dict[str, str] | None) -> str | None:
        if mode not in NO_MODEL:
            return None
        record = self.record
        if texts is not None:
            assert record is not None
            assert record.texts is not None
            return usual(texts, record.texts.locale)
        if record is None or mode == "stop":
            return PAUSED
        return (record.canned if mode == "canned" else record.human_text) or PAUSED

    def _texts(self, mode: str, hits: list[Rule]) -> dict[str, str] | None:
        """Return what people read by language, where somebody changed or published that."""
        record = self.record
        if mode not in NO_MODEL or record is None or record.texts is None:
            return None
        return record.texts.of(mode, [rule.kill.uid for rule in hits])

    def _calm(self) -> tuple[str, str]:
        """Return state and reason of a call that nothing restricts."""
        if self._knowledge in ("stale", "lost"):
            return "STALE", "stale"
        if self._knowledge == "unknown" or self.record is None:
            return "UNKNOWN", "unknown"
        return "LIVE", "live"


def compile_view(  # noqa: PLR0913  # every input of a decision, by keyword, in one place
    name: str,
    record: WorkflowRecord | None,
    kills: Iterable[Kill],
    *,
    modes: Iterable[str],
    knowledge: str,
    on_unknown: str = "run",
    position: tuple[int, int] = (0, 0),
    client_too_old: bool = False,
) -> View:
    """
    Compile what is known about workflow *name* into a view.

    *kills* may be all active kills; those that name another workflow are left out. *modes* are
    what this instance implements, beside those that every instance does. *knowledge* is `live`,
    `stale`, `lost` (stale for longer than a workflow with `on_store_loss: stop` bears) or
    `unknown` (nothing was ever read). *position* is (epoch, revision).
    """
    implemented = frozenset(modes) | BASE_MODES
    own = [kill for kill in kills if kill.scope.workflow is None or kill.scope.workflow == name]
    if len(own) > 1:
        own.sort(key=order)
    rules = [rule_of(kill, record, implemented) for kill in own if kill.mode != "live"]
    too_old = client_too_old or (record is not None and record.too_old)
    floor = _floor(record, knowledge, on_unknown, too_old=too_old)
    view = View(name, record, rules, floor=floor)
    view.position = position
    view._knowledge = knowledge  # noqa: SLF001  # compiled here, in the same module
    view._again = (own, implemented, on_unknown, client_too_old)  # noqa: SLF001  # as above
    if view.live and view._routes.single:  # noqa: SLF001  # as above
        view.constant = view.compute(None, None, None, None, None)
    return view


def _floor(
    record: WorkflowRecord | None, knowledge: str, on_unknown: str, *, too_old: bool
) -> tuple[str, str]:
    """Return the mode that holds without any kill, and its reason."""
    if too_old:
        return "stop", TOO_OLD
    if knowledge == "lost" and record is not None and record.on_store_loss == "stop":
        return "stop", "store_lost"
    if (knowledge == "unknown" or record is None) and on_unknown == "stop":
        return "stop", "unknown"
    return "live", "live"


def _narrower(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _word(value: object) -> str | None:
    """Return an argument as a word; empty is the same as not passed, which counts as hit."""
    if value is None or value == "":
        return None
    return value if type(value) is str else str(value)
