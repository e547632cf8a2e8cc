"""From the first word of a command to a scope: which workflows it hits, and nearest names on a typo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from opsbot.app.book import book_of
from opsbot.app.fleet.words import listed
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.errors import NeedsMoreWords, UnknownMode, UnknownWorkflow
from opsbot.domain.kill import Kill
from opsbot.domain.model_book import ModelBook
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, MODES, SAFE_STATE, Scope


@dataclass(frozen=True, slots=True)
class Aim:
    """
    What a kill request comes to: the scope, the mode on the wire, and every workflow it touches.

    *also* are the scopes of the model's other names, a kill each.
    """

    scope: Scope
    mode: str
    workflows: tuple[Workflow, ...]
    wide: bool
    note: str = ""
    also: tuple[Scope, ...] = ()


def aim(request: KillRequest, state: State, seen: Iterable[str] = ()) -> Aim:
    """
    Resolve a request against the declarations, and model names that were *seen* undeclared.

    Raises:
        UnknownWorkflow: no such workflow, provider or model; nearest names in the error.
        UnknownMode: not a mode, not one that a kill may have, or not declared by the workflow.
        NeedsMoreWords: the target is a kill's id.
    """
    declared = state.workflows()
    target = request.target
    if target.kind == "kill":
        raise NeedsMoreWords(f"`{target.name}` is a kill already.", hint="Name a workflow.")
    book = book_of(state)
    scope = _scope(request, declared, {*_every_name(book), *seen})
    also = _also(scope, book)
    touched = tuple(_touched(target, declared, also, book))
    mode = _mode(request, touched)
    note = _tool_note(request, touched)
    return Aim(scope, mode, touched, target.kind != "workflow", note, also)


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
    """Return every `provider/model` that a declaration names, under all its names."""
    found: set[str] = set()
    for workflow in workflows:
        for target in _targets(workflow):
            found.add(f"{target.get('provider')}/{target.get('model')}")
        for names in (workflow.extra.get("approved"), workflow.extra.get("names")):
            if isinstance(names, (list, tuple)):
                found.update(str(one) for one in names)
    return frozenset(found)


def _targets(workflow: Workflow) -> list[Mapping[str, object]]:
    declared = workflow.route.get("targets", ())
    first = (
        [t for t in declared if isinstance(t, Mapping)]
        if isinstance(declared, (list, tuple))
        else []
    )
    return [*first, *workflow.fallbacks]


def _every_name(book: ModelBook) -> set[str]:
    return {name for model in book.models.values() for name in model.names}


def _also(scope: Scope, book: ModelBook) -> tuple[Scope, ...]:
    """Return the scopes of the other names of the model that *scope* names."""
    names = () if scope.model is None else book.struck(scope.model)[1:]
    return tuple(Scope(model=name, tenant=scope.tenant, tool=scope.tool) for name in names)


def _scope(request: KillRequest, declared: Mapping[str, Workflow], more: set[str]) -> Scope:
    target = request.target
    extra = {"tenant": request.tenant, "tool": request.tool}
    if target.kind == "workflow":
        if target.name not in declared:
            raise UnknownWorkflow(target.name, nearest=nearest(target.name, declared))
        return Scope(workflow=target.name, **extra)
    models = known_models(declared.values()) | more
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
            f"Did you mean {offered}?" if offered else f"Known: {listed(sorted(names), most=12)}."
        )
        raise error


def _touched(
    target: Target, declared: Mapping[str, Workflow], also: tuple[Scope, ...], book: ModelBook
) -> Iterable[Workflow]:
    scope = Scope() if target.kind == "all" else Scope(**{target.kind: target.name})
    if target.kind == "model":
        # Whoever may use the model may be calling it by this name.
        also = (*also, Scope(model=book.canonical(target.name)))
    return (one for one in declared.values() if any(hits(s, one) for s in (scope, *also)))


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


def touched(state: State, kills: tuple[Kill, ...]) -> tuple[Workflow, ...]:
    """Return every workflow that one of *kills* can touch."""
    declared = state.workflows()
    names = {one.name for kill in kills for one in struck_by(kill.scope, declared)}
    return tuple(declared[name] for name in sorted(names))
