"""From the first word of a command to a scope: which workflows it hits, and nearest names on a typo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import NeedsMoreWords, UnknownMode, UnknownWorkflow
from opsbot.domain.kill import Kill
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, MODES, SAFE_STATE, Scope


@dataclass(frozen=True, slots=True)
class Aim:
    """What a kill request comes to: the scope, the mode on the wire, and every workflow it touches."""

    scope: Scope
    mode: str
    workflows: tuple[Workflow, ...]
    wide: bool
    note: str = ""


def aim(request: KillRequest, state: State) -> Aim:
    """
    Resolve a request against the declarations.

    Raises:
        UnknownWorkflow: no such workflow, provider or model; nearest names in the error.
        UnknownMode: not a mode, not one that a kill may have, or not declared by the workflow.
        NeedsMoreWords: the target is a kill's id.
    """
    declared = state.workflows()
    target = request.target
    if target.kind == "kill":
        raise NeedsMoreWords(f"`{target.name}` is a kill already.", hint="Name a workflow.")
    scope = _scope(request, declared)
    touched = tuple(_touched(target, declared))
    mode = _mode(request, touched)
    return Aim(scope, mode, touched, target.kind != "workflow", _tool_note(request, touched))


def struck_by(scope: Scope, declared: Mapping[str, Workflow]) -> tuple[Workflow, ...]:
    """Return every declared workflow that a kill of this scope can touch, by its declared models."""
    return tuple(one for one in declared.values() if hits(scope, one))


def hits(scope: Scope, workflow: Workflow) -> bool:
    """Return whether a kill of this scope can touch a call of *workflow*."""
    if scope.workflow not in (None, workflow.name):
        return False
    models = known_models([workflow])
    if scope.provider is not None and not any(m.startswith(f"{scope.provider}/") for m in models):
        return False
    return scope.model is None or any(scope.model in (m, m.partition("/")[2]) for m in models)


def held_with(state: State, kill: Kill) -> tuple[Kill, ...]:
    """Return the other active kills that can touch a workflow which *kill* can touch."""
    struck = struck_by(kill.scope, state.workflows())
    return tuple(
        other
        for other in state.active_kills()
        if other.id != kill.id and any(hits(other.scope, one) for one in struck)
    )


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return up to two names that the typist may have meant, best first."""
    return tuple(get_close_matches(name.lower(), sorted(names), n=2, cutoff=0.5))


def known_models(workflows: Iterable[Workflow]) -> frozenset[str]:
    """Return every `provider/model` that a declaration names."""
    found: set[str] = set()
    for workflow in workflows:
        for target in _targets(workflow):
            found.add(f"{target.get('provider')}/{target.get('model')}")
        approved = workflow.extra.get("approved", ())
        if isinstance(approved, (list, tuple)):
            found.update(str(one) for one in approved)
    return frozenset(found)


def _targets(workflow: Workflow) -> list[Mapping[str, object]]:
    declared = workflow.route.get("targets", ())
    first = (
        [t for t in declared if isinstance(t, Mapping)]
        if isinstance(declared, (list, tuple))
        else []
    )
    return [*first, *workflow.fallbacks]


def _scope(request: KillRequest, declared: Mapping[str, Workflow]) -> Scope:
    target = request.target
    extra = {"tenant": request.tenant, "tool": request.tool}
    if target.kind == "workflow":
        if target.name not in declared:
            raise UnknownWorkflow(target.name, nearest=nearest(target.name, declared))
        return Scope(workflow=target.name, **extra)
    models = known_models(declared.values())
    if target.kind == "provider":
        providers = {model.partition("/")[0] for model in models}
        _must_know("provider", target.name, providers)
        return Scope(provider=target.name, **extra)
    if target.kind == "model":
        _must_know("model", target.name, models | {model.partition("/")[2] for model in models})
        return Scope(model=target.name, **extra)
    return Scope(**extra)


def _must_know(word: str, name: str, names: Iterable[str]) -> None:
    names = set(names)
    if name not in names:
        offered = " or ".join(f"`{word}:{one}`" for one in nearest(name, names))
        error = UnknownWorkflow(name, nearest=nearest(name, names))
        error.message = f"No workflow declares the {word} `{name}`; nothing was changed."
        error.hint = (
            f"Did you mean {offered}?" if offered else f"Known: {', '.join(sorted(names))}."
        )
        raise error


def _touched(target: Target, declared: Mapping[str, Workflow]) -> Iterable[Workflow]:
    scope = Scope() if target.kind == "all" else Scope(**{target.kind: target.name})
    return struck_by(scope, declared)


def _mode(request: KillRequest, touched: tuple[Workflow, ...]) -> str:
    kind = request.target.kind
    if request.mode is None:
        if request.tool is not None:
            return "stop"
        if kind == "workflow":
            return touched[0].safe_state
        return SAFE_STATE if kind == "all" else FALLBACK_OR_SAFE
    if request.mode not in MODES or request.mode == "live":
        offered = nearest(request.mode, MODES[1:])
        hint = f"Did you mean `mode:{offered[0]}`? " if offered else ""
        raise UnknownMode(
            f"There is no mode `{request.mode}`; nothing was changed.",
            hint=f"{hint}Modes: {', '.join(MODES[1:])}.",
        )
    if kind == "workflow" and request.mode not in (*touched[0].modes, "stop"):
        raise UnknownMode(
            f"`{touched[0].name}` does not declare the mode `{request.mode}`; nothing was changed.",
            hint=f"It declares {', '.join(touched[0].modes)}; `mode:stop` always works.",
        )
    return request.mode


def _tool_note(request: KillRequest, touched: tuple[Workflow, ...]) -> str:
    if request.tool is None or request.target.kind != "workflow":
        return ""
    tools = touched[0].tools
    if request.tool in tools:
        return ""
    offered = " or ".join(f"`{one}`" for one in nearest(request.tool, tools))
    maybe = f"; did you mean {offered}?" if offered else "."
    return f"The tool `{request.tool}` is not declared by `{touched[0].name}`{maybe}"
