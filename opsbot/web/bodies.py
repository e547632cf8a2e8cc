"""Bodies of requests: the grammar's words as JSON keys. A trust boundary, so pydantic stands here."""

import json
import unicodedata
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.requests import Request

from opsbot.app.requests import (
    EvalRequest,
    EvalResult,
    KillRequest,
    RestoreRequest,
    Target,
    TargetKind,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.typed import unmarked
from opsbot.web.body_words import wrong
from opsbot.web.problems import NotJson, TooLarge

LARGEST_BODY = 65_536
"""Bytes; a reason of 10,000 characters of any script fits."""

B = TypeVar("B", bound="Body")
DurationS = Callable[[str], int]
"""The grammar's own reading of `2h` as seconds. Raises `NeedsMoreWords`."""


def _no_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _seen(word: str) -> str:
    """
    Refuse a name in which something is that nobody sees.

    Raises:
        ValueError: controls, bidirectional marks, zero widths. The grammar drops them from what
            people type; a machine is told, because another name may be meant.
    """
    if any(unicodedata.category(char) in _UNSEEN for char in word):
        raise ValueError("it holds a character that cannot be seen")
    return word


_UNSEEN = frozenset({"Cc", "Cf"})
SEEN = AfterValidator(_seen)
"""On a name: nothing in it hides."""

Word = (
    Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S"), AfterValidator(_seen)] | None
)
"""An empty word is refused: a script's empty variable must not widen a kill to every tenant."""

_UNMARKED = AfterValidator(unmarked)
Asked = Annotated[
    Annotated[str, Field(max_length=300), _UNMARKED] | None, BeforeValidator(_no_empty)
]
"""In a question an empty word counts as not passed, as it does in the client."""

FreeText = Annotated[str, Field(max_length=20_000), _UNMARKED]
"""What people write; nothing in it is ever spelled as a command of ours."""

Quoted = Annotated[str, _UNMARKED]
"""A word that nobody looks up, but that an answer may repeat."""


class Body(BaseModel):
    """What every body has in common: nothing unknown, nothing coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True, frozen=True)


class KillBody(Body):
    """
    `POST /v1/kills`: exactly one of `workflow`, `all`, `provider`, `model`, `target`.

    `target` is the grammar's first word (`support-copilot`, `all`, `provider:openai`). `said-mode`
    is a mode's name that a typed reason begins with; the answer asks about it.
    """

    target: Word = None
    workflow: Word = None
    all: bool = False
    provider: Word = None
    model: Word = None
    mode: Word = None
    tenant: Word = None
    tool: Word = None
    for_: Word = Field(None, alias="for")
    break_glass: bool = Field(False, alias="break-glass")
    reason: FreeText = ""
    confirm: bool = False
    said_mode: Word = Field(None, alias="said-mode")

    def request(self, duration_s: DurationS) -> KillRequest:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: no target or several, or a duration that is none.
        """
        return KillRequest(
            target=self._target(),
            mode=self.mode,
            tenant=self.tenant,
            tool=self.tool,
            review_in_s=None if self.for_ is None else duration_s(self.for_),
            break_glass=self.break_glass,
            reason=self.reason.strip(),
            confirmed=self.confirm,
            said_mode=self.said_mode,
        )

    def _target(self) -> Target:
        named: list[Target] = [Target("all")] if self.all else []
        kinds: tuple[TargetKind, ...] = ("workflow", "provider", "model")
        named += [Target(kind, name) for kind in kinds if (name := getattr(self, kind))]
        named += [_first_word(self.target)] if self.target else []
        if len(named) != 1:
            raise NeedsMoreWords(
                "Name exactly one of `workflow`, `all`, `provider`, `model`; nothing was changed.",
                hint='For example {"workflow": "support-copilot", "reason": "wrong answers"}.',
            )
        return named[0]


class ReasonBody(Body):
    """A body that only says why."""

    reason: FreeText = ""


class RestoreBody(ReasonBody):
    """`POST /v1/kills/{id}/restore`: restore it; with `act` hold its restore in steps, or let it go on."""

    act: Literal["hold", "go_on"] | None = None


class EmptyBody(Body):
    """A body that says nothing: the path has said it all."""


class ApprovalBody(Body):
    """`POST /v1/approvals/{id}`: grant, or refuse with `"grant": false`."""

    grant: bool = True
    reason: FreeText = ""


KINDS_OF_SIGNAL = ("eval",)


def _known_kind(kind: str) -> str:
    """
    Refuse a kind of signal that nothing reads.

    Raises:
        ValueError: with the kinds that are known.
    """
    if kind not in KINDS_OF_SIGNAL:
        raise ValueError(f"no such kind of signal; known kinds: {', '.join(KINDS_OF_SIGNAL)}")
    return kind


def _known_version(version: int) -> int:
    """
    Refuse a body of a later version, whose words may mean something else.

    Raises:
        ValueError: with the version that is read.
    """
    if version != 1:
        raise ValueError("a later version of this body; version 1 is read")
    return version


class ResultBody(Body):
    """One result of an evaluation: *value* of *metric* over *n* cases."""

    suite: Quoted
    metric: Quoted
    value: float
    n: int


class SignalBody(Body):
    """
    `POST /v1/signals`: what an evaluation found of one `revision` (`r4`) or approved `model`.

    `at` is the sender's own time; it is kept in the journal and decides nothing.
    """

    kind: Annotated[str, AfterValidator(_known_kind)]
    s: Annotated[int, AfterValidator(_known_version)] = 1
    workflow: Annotated[Quoted, Field(min_length=1, max_length=300)]
    revision: Word = None
    model: Word = None
    results: list[ResultBody]
    commit: Asked = None
    at: Asked = None

    def request(self) -> EvalRequest:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: it names neither a revision nor a model, or both.
        """
        subject = self.revision or self.model
        if subject is None or (self.revision and self.model):
            raise NeedsMoreWords(
                "Name what was evaluated, `revision` or `model`, one of them; nothing was changed.",
                hint='For example {"revision": "r4"}.',
            )
        results = tuple(EvalResult(r.suite, r.metric, r.value, r.n) for r in self.results)
        return EvalRequest(self.workflow, subject, results, self.commit or "", self.at or "")


class DecideBody(Body):
    """`POST /v1/decide`: the question a client asks before a call."""

    workflow: Annotated[Quoted, Field(min_length=1, max_length=300)]
    tenant: Asked = None
    model: Asked = None
    tool: Asked = None
    provider: Asked = None
    key: Asked = None
    locale: Asked = None
    modes: list[str] | None = None
    on_unknown: Literal["run", "stop"] = "run"


def restore_of(target: Target, body: ReasonBody) -> RestoreRequest:
    """Return a restore as every surface asks it."""
    return RestoreRequest(target=target, reason=body.reason.strip())


async def read(request: Request, kind: type[B]) -> tuple[B, bytes]:
    """
    Read and check a body; an empty one counts as `{}`. Return it with its bytes.

    Raises:
        TooLarge, NotJson: it is not looked at further.
        NeedsMoreWords: a key is unknown, missing or of the wrong type.
    """
    raw = await _bytes(request)
    try:
        value = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise NotJson("The body is not JSON; nothing was changed.") from error
    if not isinstance(value, dict):
        raise NotJson("The body is not a JSON object; nothing was changed.")
    try:
        return kind.model_validate(value), raw
    except ValidationError as error:
        what, allowed = wrong(error, kind, value)
        raise NeedsMoreWords(
            f"{what}; nothing was changed.",
            hint=f"{allowed} /openapi.json describes every body.".strip(),
        ) from error


async def _bytes(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise TooLarge(f"The body is over {LARGEST_BODY} bytes; nothing was changed.")
    return bytes(raw)


def _first_word(word: str) -> Target:
    kind, colon, name = word.partition(":")
    if word.lower() == "all":
        return Target("all")
    if colon and name and kind == "provider":
        return Target("provider", name)
    if colon and name and kind == "model":
        return Target("model", name)
    return Target("workflow", word)
