"""Bodies of requests about routes: a route edit, a word on a ramp, a rollback. A trust boundary."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from opsbot.app.requests import RollbackRequest, RouteEdit, StageAct, StageRequest
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.route import Number, Target, number_of
from opsbot.web.bodies import SEEN, Body, FreeText, Word

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S"), SEEN]
Reference = Annotated[str, Field(max_length=100), SEEN] | None
"""`none` (or nothing) empties it; without the key it stays as it is."""

Text = Annotated[str, Field(max_length=300), SEEN]
Value = bool | int | float | Text | None
MOST_MODELS = 20
MOST_PARAMS = 100


class TargetBody(Body):
    """One provider's model; *weight* is its share of a hundred calls."""

    provider: Name
    model: Name
    weight: Annotated[int, Field(ge=0, le=100)] = 100


class FallbackBody(Body):
    """One model that is tried when what stands before it fails."""

    provider: Name
    model: Name


class RouteBody(Body):
    """
    `POST /v1/routes/{workflow}`: what changes; whatever is left out stays as it is.

    `params` are added to those that are there, null takes one away. `base` (`r3`) is the revision to
    start from instead of the one that serves. `seen` is the newest revision that the caller knows:
    where somebody made a newer one, nothing is stored.
    """

    targets: Annotated[list[TargetBody], Field(max_length=MOST_MODELS)] | None = None
    fallbacks: Annotated[list[FallbackBody], Field(max_length=MOST_MODELS)] | None = None
    prompt: Reference = None
    params: Annotated[dict[Name, Value], Field(max_length=MOST_PARAMS)] = Field(
        default_factory=dict
    )
    tools: Reference = None
    strategy: Literal["pinned", "weighted", "cheapest_passing_eval"] | None = None
    base: Word = None
    seen: Word = None
    note: FreeText = ""

    def request(self, workflow: str) -> RouteEdit:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: nothing changes, or `base` or `seen` is not a revision.
        """
        changes = (self.targets, self.fallbacks, self.prompt, self.tools, self.strategy, self.base)
        if not self.params and all(one is None for one in changes):
            raise NeedsMoreWords(
                "Say what changes; nothing was changed.",
                hint='For example {"prompt": "support-copilot@42", "note": "shorter answers"}.',
            )
        return RouteEdit(
            workflow=workflow,
            targets=_targets(self.targets),
            fallbacks=_targets(self.fallbacks),
            prompt=_reference(self.prompt),
            params=self.params,
            tools=_reference(self.tools),
            strategy=self.strategy,
            base=revision("base", self.base),
            seen=revision("seen", self.seen),
            note=self.note.strip(),
        )


class StageBody(Body):
    """
    `POST /v1/routes/{workflow}/stage`.

    `revision` is the one to begin with, without it the newest. With the other acts it is the one
    that the caller saw on its way: another is left alone.
    """

    act: Literal["begin", "hold", "go-on", "cancel"] = "begin"
    revision: Word = None
    reason: FreeText = ""

    def request(self, workflow: str) -> StageRequest:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: `revision` is not one.
        """
        number = revision("revision", self.revision)
        return StageRequest(workflow, _ACTS[self.act], number, self.reason.strip())


class RollbackBody(Body):
    """
    `POST /v1/routes/{workflow}/rollback`.

    `to` is a revision, without it the last good one. `leaving` is the revision that the caller saw
    serving: where another serves by now, nothing is changed.
    """

    to: Word = None
    break_glass: bool = Field(False, alias="break-glass")
    reason: FreeText = ""
    leaving: Word = None

    def request(self, workflow: str) -> RollbackRequest:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: `to` or `leaving` is not a revision.
        """
        return RollbackRequest(
            workflow,
            revision("to", self.to),
            self.break_glass,
            self.reason.strip(),
            revision("leaving", self.leaving),
        )


def revision(key: str, word: str | None) -> Number | None:
    """
    Read `r3`, None where there is none.

    Raises:
        NeedsMoreWords: it is something else.
    """
    if word is None:
        return None
    number = number_of(word)
    if number is None:
        raise NeedsMoreWords(f"`{key}` is not a revision; nothing was changed.", hint='As in "r3".')
    return number


def _reference(word: str | None) -> str | None:
    return "" if word is not None and word.strip().lower() == "none" else word


def _targets(listed: list[TargetBody] | list[FallbackBody] | None) -> tuple[Target, ...] | None:
    if listed is None:
        return None
    return tuple(
        Target(one.provider, one.model, one.weight if isinstance(one, TargetBody) else 100)
        for one in listed
    )


_ACTS: Mapping[str, StageAct] = {
    "begin": "begin",
    "hold": "hold",
    "go-on": "go_on",
    "cancel": "cancel",
}
