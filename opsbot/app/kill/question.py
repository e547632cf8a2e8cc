"""The question before a wide kill: what it reaches, what is left for each, which names it hits. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from opsbot.app.book import book_of
from opsbot.app.fleet.words import listed
from opsbot.app.kill.who_is_hit import Hit, lines, who_is_hit
from opsbot.app.model_words import Names, name_lines, names_of
from opsbot.app.requests import KillRequest
from opsbot.app.target import Aim, known_models
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import NeedsConfirmation
from opsbot.domain.model_book import bare
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsflags.model import FALLBACK_OR_SAFE, NO_MODEL, SAFE_STATE

_SHOWN = 12


def must_confirm(state: State, request: KillRequest, aimed: Aim, seen: Sequence[str] = ()) -> None:
    """
    Go on where the kill names one workflow, or a person said yes.

    *seen* are the model names that the fleet asked for in the last 24 hours.

    Raises:
        NeedsConfirmation: with everything that the kill would reach.
    """
    if not aimed.wide or request.confirmed:
        return
    stops = tuple(workflow.name for workflow in aimed.workflows)
    count = f"{len(stops)} workflow{'' if len(stops) == 1 else 's'}"
    hard = aimed.mode in (*NO_MODEL, SAFE_STATE) and request.tool is None
    what = "everything" if request.target.kind == "all" else f"`{request.target.name}`"
    what += "".join(f", {word} `{inert(name)}`" for word, name in _only(request))
    told, more = _told(state, request, aimed, seen)
    raise NeedsConfirmation(
        f"Nothing was changed yet: killing {what} {'stops' if hard else 'reaches'} {count}. Really?",
        stops=stops,
        hint="Confirm to go on: the button here, `--yes` in a terminal.",
        lines=told,
        more=more,
    )


def names_hit(state: State, request: KillRequest, seen: Sequence[str] = ()) -> Names:
    """Return what the request means by name; nothing where it names no model."""
    if request.target.kind != "model":
        return Names()
    book, name = book_of(state), request.target.name
    known = sorted(known_models(state.workflows().values()))
    names = names_of(book, name, seen, known)
    # Said without a provider it is that model at each of them: those names are hit by the same kill.
    every = {*known, *seen, *(one for model in book.models.values() for one in model.names)}
    whole = sorted(one for one in every if one != name and bare(one) == name)
    return replace(names, hit=tuple(dict.fromkeys((*names.hit[:1], *whole, *names.hit[1:]))))


def _told(
    state: State, request: KillRequest, aimed: Aim, seen: Sequence[str]
) -> tuple[tuple[str, ...], Record]:
    """Return the question's sentences, and the same for machines."""
    names = names_hit(state, request, seen)
    more: dict[str, Json] = {"mode": aimed.mode, **(names.as_json() if names.hit else {})}
    if request.target.kind == "all" or request.tool is not None:
        every = listed([workflow.name for workflow in aimed.workflows], most=_SHOWN)
        return (f"It hits: {every}.", *_dead_ends(aimed), *name_lines(names)), more
    hits = who_is_hit(state, aimed.workflows, (aimed.scope, *aimed.also), aimed.mode)
    more["hits"] = [hit.as_json() for hit in hits]
    return (*lines(hits), *_open_ends(hits), *name_lines(names)), more


def _only(request: KillRequest) -> tuple[tuple[str, str], ...]:
    """Return what narrows the kill, in the grammar's words."""
    narrow = (("tenant", request.tenant), ("tool", request.tool))
    return tuple((word, name) for word, name in narrow if name)


def _open_ends(hits: Sequence[Hit]) -> tuple[str, ...]:
    dead = sorted({hit.workflow for hit in hits if hit.dead_end})
    if not dead or len(hits) <= _SHOWN:
        return ()
    return (f"Without a way out: {len(dead)} in all.",)


def _dead_ends(aimed: Aim) -> tuple[str, ...]:
    if aimed.mode not in ("fallback", FALLBACK_OR_SAFE):
        return ()
    dead = [f"`{one.name}`" for one in aimed.workflows if not one.fallbacks]
    cut = f" and {len(dead) - _SHOWN} more" if len(dead) > _SHOWN else ""
    return (f"Without a fallback: {', '.join(dead[:_SHOWN])}{cut}.",) if dead else ()
