"""What is asked for once, when a run begins: given, taken from its incident, or by default; and what names stand for. Pure."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from opsbot.app.target import known_models, nearest
from opsbot.domain.errors import NeedsMoreWords, UnknownWorkflow
from opsbot.domain.incident.incident import Incident
from opsbot.domain.run import Run
from opsbot.domain.runbook import Param, Runbook
from opsbot.domain.said import inert
from opsbot.domain.state import State

LONGEST: Final = 200
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


def params_for(
    state: State, book: Runbook, given: Mapping[str, str], incident: Incident | None
) -> Mapping[str, str]:
    """
    Return every parameter of a run.

    Raises:
        NeedsMoreWords: one is unknown, missing, or not what it is to be. UnknownWorkflow.
    """
    for name in given:
        if book.param(name) is None:
            raise NeedsMoreWords(
                f"`{book.name}` asks for no `{inert(name, limit=40)}`; nothing was begun.",
                hint=known_params(book, name),
            )
    found = {one.name: _value(one, given, incident) for one in book.params}
    missing = [one for one in book.params if one.required and not found[one.name]]
    if missing:
        names = ", ".join(f"`{one.name}`" for one in missing)
        shown = " ".join(f"{one.name}={_example(one)}" for one in missing)
        raise NeedsMoreWords(
            f"`{book.name}` needs {names}; nothing was begun.", hint=f"Say it, as in `{shown}`."
        )
    for one in book.params:
        if found[one.name]:
            _check(state, one, found[one.name])
    return found


def known_params(book: Runbook, word: str) -> str:
    """Return which parameter was meant by a word that is none, or all that there are."""
    known = [one.name for one in book.params]
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    meant = f"Did you mean `{near[0]}=…`? " if near else ""
    return f"{meant}It asks for {', '.join(f'`{one}=…`' for one in known) or 'nothing'}."


def names_of(
    run: Run,
    *,
    incident: Incident | None = None,
    title: str | None = None,
    texts: Mapping[str, str] | None = None,
) -> Mapping[str, str]:
    """
    Return what `{{ name }}` stands for in a run.

    *title* is the incident's, opened; without it (None) its id stands there, as `(name)` stands for
    each of the run's own *texts*: free text of people gets into no decision, and so into no journal.
    """
    own = {name: f"({name})" if texts is None else texts.get(name, "") for name in run.said}
    said = {"incident.title": run.incident if title is None else inert(title, limit=LONGEST)}
    return {
        **run.params,
        **own,
        **said,
        "incident.id": run.incident,
        "incident.severity": "" if incident is None else incident.severity,
        "run.id": run.id,
        "runbook": run.runbook,
    }


def workflow_of(run: Run, book: Runbook) -> str:
    """Return the workflow that a run is about, empty where it names none."""
    if run.params.get("workflow"):
        return run.params["workflow"]
    of_type = (run.params.get(one.name, "") for one in book.params if one.type == "workflow")
    return next((one for one in of_type if one), "")


def _value(param: Param, given: Mapping[str, str], incident: Incident | None) -> str:
    value = inert(given.get(param.name, ""), limit=LONGEST)
    if not value and param.type == "workflow" and incident is not None:
        value = incident.workflow
    return value or param.default


def _example(param: Param) -> str:
    return {"workflow": "support-copilot", "number": "5"}.get(param.type, "...")


def _check(state: State, param: Param, value: str) -> None:
    declared = state.workflows()
    if param.type == "workflow" and value not in declared:
        raise UnknownWorkflow(value, nearest=nearest(value, declared))
    if param.type == "number" and _NUMBER.fullmatch(value) is None:
        raise NeedsMoreWords(f"`{param.name}` is a number, not `{value}`; nothing was begun.")
    models = known_models(declared.values())
    known = {one.partition("/")[0] for one in models} if param.type == "provider" else models
    if param.type in ("provider", "model") and value not in known:
        near = nearest(value, known)
        raise NeedsMoreWords(
            f"No workflow declares the {param.type} `{value}`; nothing was begun.",
            hint=f"Did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else "",
        )
