"""The form behind `/ai-route … set`: filled from what serves, read back field by field. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from opsbot.app.requests import RouteEdit
from opsbot.domain.block_kit.check import check_view
from opsbot.domain.change import Json
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.route import STRATEGIES, Number, Route
from opsbot.domain.said import Said
from opsbot.slack.blocks import Block, context, said_blocks, section
from opsbot.slack.ids import Field, Modal
from opsbot.slack.mrkdwn import Mrkdwn, esc
from opsbot.slack.outlet import Wrong
from opsbot.slack.typed.route_values import (
    MODELS_LIMIT,
    fallbacks_of,
    fallbacks_text,
    params_of,
    params_text,
    reference_of,
    strategy_of,
    targets_of,
    targets_text,
)
from opsbot.slack.typed.tokens import REASON_LIMIT, shortened
from opsbot.slack.typed.words import NAME_LIMIT
from opsbot.slack.views import View, form, select, text_input, typed_input

V = TypeVar("V")
PARAMS_LIMIT: Final = 3_000
ROUTE_FIELDS: Final = (
    Field.MODELS, Field.FALLBACKS, Field.PROMPT, Field.PARAMS, Field.TOOLS, Field.STRATEGY,
)  # fmt: skip
ABOUT: Final[Mapping[str, Field]] = {
    "model": Field.MODELS,
    "fallback": Field.FALLBACKS,
    "param": Field.PARAMS,
    "strategy": Field.STRATEGY,
}
"""The field under which a refusal of that part of the route is shown."""

_LIMITS: Final[Mapping[Field, int]] = {
    Field.MODELS: MODELS_LIMIT,
    Field.FALLBACKS: MODELS_LIMIT,
    Field.PROMPT: NAME_LIMIT,
    Field.TOOLS: NAME_LIMIT,
    Field.PARAMS: PARAMS_LIMIT,
}
_METADATA = re.compile(r"([^:\s]{1,100}):r([1-9]\d{0,14}):r([1-9]\d{0,14})", re.ASCII)
_MODELS_HINT = "openai/gpt-5.2, or a line each: openai/gpt-5.2=70"


@dataclass(frozen=True, slots=True)
class Draft:
    """Whose route the form is about, the revision it began from, and the newest that was seen."""

    workflow: str
    base: Number
    seen: Number

    @property
    def metadata(self) -> str:
        """Return it as the form carries it: ids alone."""
        return f"{self.workflow}:r{self.base}:r{self.seen}"


def draft_of(metadata: str) -> Draft | None:
    """Return what a form carried; None where that was never made here."""
    found = _METADATA.fullmatch(metadata)
    return None if found is None else Draft(found[1], Number(int(found[2])), Number(int(found[3])))


def words_of(route: Route) -> dict[str, str]:
    """Return what stands in the fields; a part that a field cannot hold as it is gets none."""
    texts: dict[Field, str | None] = {
        Field.MODELS: targets_text(route.targets),
        Field.FALLBACKS: fallbacks_text(route.fallbacks),
        Field.PROMPT: route.prompt,
        Field.PARAMS: params_text(route.params),
        Field.TOOLS: route.tools,
    }
    held = {name: text for name, text in texts.items() if text is not None}
    fitting = {str(name): text for name, text in held.items() if len(text) <= _LIMITS[name]}
    return {**fitting, Field.STRATEGY: route.strategy}


def route_modal(
    draft: Draft, words: Mapping[str, str], *, prefix: str, top: Said | None = None
) -> View:
    """Return the form with *words* in its fields; *top* is what to know before sending it again."""
    blocks: list[Block] = []
    if top is not None:
        blocks += said_blocks(Said(top.tone, top.title, top.lines))
    blocks += [_input(name, words[name]) for name in ROUTE_FIELDS if name in words]
    kept = [name.value for name in ROUTE_FIELDS if name not in words]
    if kept:
        said = f"Too large for a form, and kept as it is: {', '.join(kept)}."
        blocks.append(context(esc(said)))
    note = text_input(
        "What changes, and why", REASON_LIMIT, many=True, initial=words.get(Field.NOTE, "")
    )
    blocks.append(typed_input(Field.NOTE, "Note", note, optional=True))
    stage = f"/{prefix}-route {draft.workflow} stage"
    blocks.append(context(esc(f"Begun from r{draft.base}. It serves nobody until `{stage}`.")))
    view = form(Modal.ROUTE, "Change what serves", blocks, submit="Store it", key=draft.metadata)
    if not check_view(view):
        return view
    first = [section(Mrkdwn(esc(top.title, limit=2_900)))] if top is not None else []
    rest = [one for one in blocks if one["type"] == "input"]
    return {**view, "blocks": [*first, *rest]}


def edit_of(draft: Draft, fields: Mapping[str, str], base: Route) -> RouteEdit | Wrong:
    """
    Return what was filled in, whole: a parameter that is there no more is taken away.

    A field that the form did not have stays as it is.
    """
    wrong: dict[str, str] = {}

    def read(name: Field, reader: Callable[[str], V]) -> V | None:
        if name not in fields:
            return None
        try:
            return reader(fields[name])
        except NeedsMoreWords as error:
            wrong[name] = f"{error.message} {error.hint}"[:1000]
            return None

    given = read(Field.PARAMS, params_of)
    edit = RouteEdit(
        workflow=draft.workflow,
        targets=read(Field.MODELS, targets_of),
        fallbacks=read(Field.FALLBACKS, fallbacks_of),
        prompt=read(Field.PROMPT, lambda text: reference_of(text, "prompt")),
        params={} if given is None else _replacing(base.params, given),
        tools=read(Field.TOOLS, lambda text: reference_of(text, "tools")),
        strategy=read(Field.STRATEGY, strategy_of),
        base=draft.base,
        seen=draft.seen,
        note=shortened(fields.get(Field.NOTE, "").strip()),
    )
    return Wrong(wrong) if wrong else edit


def _replacing(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    gone: dict[str, Json] = dict.fromkeys(name for name in old if name not in new)
    return {**gone, **new}


def _input(name: Field, words: str) -> Block:
    if name is Field.STRATEGY:
        chosen = words if words in STRATEGIES else STRATEGIES[0]
        return typed_input(name, "Strategy", select(STRATEGIES, chosen))
    label, hint, many = _TEXTS[name]
    element = text_input(hint, _LIMITS[name], many=many, initial=words)
    return typed_input(name, label, element, optional=name is not Field.MODELS)


_TEXTS: Final[Mapping[Field, tuple[str, str, bool]]] = {
    Field.MODELS: ("Models", _MODELS_HINT, True),
    Field.FALLBACKS: ("Fallbacks, in this order", "anthropic/claude-sonnet-5, a line each", True),
    Field.PROMPT: ("Prompt", "support-copilot@42", False),
    Field.PARAMS: ("Parameters", "temperature=0.1, a line each", True),
    Field.TOOLS: ("Tools", "support-tools@7", False),
}
