"""`flags/models.yaml` as the book of models, and what its names mean to each other and to workflows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from opsbot.adapters.catalog.book_models import ModelFile, ModelsFile
from opsbot.adapters.catalog.yaml import Document
from opsbot.domain.declaration import Finding
from opsbot.domain.model_book import Model, ModelBook, Price
from opsbot.domain.nearest import nearest
from opsbot.domain.workflow import Workflow

MODELS = "models.yaml"
NAMES = "names"
"""In a workflow's `extra`: the aliases of its approved models, so that kills of those reach it."""

CHEAPEST = "cheapest_passing_eval"


def missing(path: str) -> Finding:
    """Return the warning where there is no file: older installs go on without one."""
    fix = "Write one: without it a kill of a model hits one name only, and nothing has a price."
    return Finding(path, 1, "there are no models", fix, "warning")


def book_of(file: ModelsFile) -> ModelBook:
    """Return the book that a file without findings declares."""
    return ModelBook({name: _model(name, one) for name, one in sorted(file.models.items())})


def book_findings(file: ModelsFile, document: Document) -> Iterator[Finding]:
    """Yield every rule that a well-formed file breaks."""
    taken: dict[str, str] = {}
    for name, one in file.models.items():
        for i, alias in enumerate(one.aliases):
            where, whole = ("models", name, "aliases", i), _whole(alias, name)
            if whole in file.models:
                own = " its own" if whole == name else ""
                message = f"the alias `{alias}` is{own or ' another'} model's name"
                yield document.find(where, message, "An alias names one model: take it away.")
            elif whole in taken:
                message = f"the alias `{alias}` belongs to `{taken[whole]}` already"
                yield document.find(where, message, "An alias names one model: keep it at one.")
            taken.setdefault(whole, name)
        yield from _approval(name, one, document)


def _approval(name: str, one: ModelFile, document: Document) -> Iterator[Finding]:
    where = ("models", name, "approved_at")
    if bool(one.approved_by) != bool(one.approved_at):
        lacks = "approved_at" if one.approved_by else "approved_by"
        fix = f"Add `{lacks}:`, or take the other away."
        yield document.find(("models", name), f"`{name}` lacks `{lacks}`", fix)
    if one.approved_at and not _is_date(one.approved_at):
        yield document.find(where, f"`{one.approved_at}` is no date", "Write `2026-03-01`.")


def reach_findings(
    book: ModelBook, workflows: Mapping[str, Workflow], places: Mapping[str, Document]
) -> Iterator[Finding]:
    """Yield warnings about approved models that the book does not know by that name, or has no price of."""
    for name, workflow in workflows.items():
        document = places[name]
        listed = workflow.extra.get("approved")
        approved = [str(one) for one in listed] if isinstance(listed, (list, tuple)) else []
        for i, model in enumerate(approved):
            where, own = ("routes", "approved", i), book.canonical(model)
            if own not in book.models:
                guess = nearest(model, book.models)
                offered = f"Did you mean `{guess}`? " if guess else ""
                fix = (
                    f"{offered}Add it: then a kill of it knows its other names, and it has a price."
                )
                yield document.warn(where, f"`{model}` is not in {MODELS}", fix)
            elif own != model:
                fix = f"Approve `{own}`: a kill of that name hits this one too."
                yield document.warn(where, f"`{model}` is another name of `{own}`", fix)
        if workflow.route.get("strategy") == CHEAPEST:
            yield from _cheapest(book, workflow, approved, document)


def _cheapest(
    book: ModelBook, workflow: Workflow, approved: list[str], document: Document
) -> Iterator[Finding]:
    where = ("routes", "initial", "strategy")
    if not workflow.extra.get("gates"):
        fix = "Add `gates:`: a model is chosen by what it shows there."
        yield document.find(where, f"`{CHEAPEST}` has no gate that could pass", fix)
    if not any(book.price(model) for model in approved):
        fix = f"Add `usd_per_million_tokens:` in {MODELS}."
        yield document.warn(where, f"`{CHEAPEST}` knows no price of an approved model", fix)


def with_names(book: ModelBook, workflow: Workflow) -> Workflow:
    """Return the workflow with every other name under which its approved models may be called."""
    listed = workflow.extra.get("approved")
    approved = [str(one) for one in listed] if isinstance(listed, (list, tuple)) else []
    more = {name for model in approved for name in book.same(model)} - set(approved)
    return (
        workflow if not more else replace(workflow, extra={**workflow.extra, NAMES: sorted(more)})
    )


def _model(name: str, file: ModelFile) -> Model:
    usd = file.usd_per_million_tokens
    return Model(
        name=name,
        aliases=tuple(_whole(alias, name) for alias in file.aliases),
        price=None if usd is None else Price(usd.input, usd.output),
        context=file.context,
        approved_by=file.approved_by,
        approved_at=file.approved_at,
    )


def _whole(alias: str, name: str) -> str:
    """Return an alias with its provider; one that says none has that of its model."""
    return alias if "/" in alias else f"{name.partition('/')[0]}/{alias}"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
