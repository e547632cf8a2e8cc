"""Bodies of requests about runs of runbooks: the grammar's words as JSON keys. A trust boundary."""

from typing import Annotated, Final, Literal

from pydantic import Field

from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    StartRun,
    WhichRun,
)
from opsbot.domain.run import RunMode
from opsbot.web.bodies import SEEN, Body, FreeText, Word

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), SEEN]
Params = dict[
    Annotated[str, Field(max_length=80, pattern=r"^[a-z][a-z0-9_]*$")],
    Annotated[str, Field(max_length=300), SEEN],
]
Version = Annotated[int, Field(ge=1)] | None
Seconds = Annotated[int, Field(ge=1, le=30 * 86_400)] | None
Link = Annotated[str, Field(max_length=500, pattern=r"^(|https?://\S+)$"), SEEN]


class StartRunBody(Body):
    """
    `POST /v1/runs`: begin to walk a runbook.

    `params` are what it asks for; `workflow` is taken from the incident where it is left out.
    `drill` only says what its actions would do, `show` records nothing but ticks.
    """

    runbook: Name
    incident: Word = None
    mode: RunMode = "live"
    params: Params = Field(default_factory=dict)

    def request(self) -> StartRun:
        """Return it as every surface asks it."""
        incident = (self.incident or "").upper()
        return StartRun(self.runbook, incident, mode=self.mode, params=dict(self.params))


class MarkBody(Body):
    """
    `POST /v1/runs/{id}/steps/{step}`: what came of a step, or who does it.

    `seen` is the run's version that the caller saw: where the step was changed since, nothing is
    done. `words` are the reason (`skip`, `failed`), whom it waits for (`block`, looked at again
    after `for-s` seconds), or the note itself. `option` counts answers of a decision from 1.
    """

    act: Literal[
        "take",
        "assign",
        "accept",
        "decline",
        "done",
        "failed",
        "skip",
        "block",
        "unblock",
        "box",
        "decide",
        "back",
        "undo",
        "note",
        "evidence",
    ]
    seen: Version = None
    who: Word = None
    words: FreeText = ""
    box: Word = None
    option: Annotated[int, Field(ge=1, le=200)] | None = None
    for_s: Seconds = Field(None, alias="for-s")
    url: Link = ""

    def request(self, which: WhichRun, step: str) -> MarkStep:
        """Return it as every surface asks it."""
        return MarkStep(
            which,
            self.act,
            step,
            seen=self.seen,
            who=self.who or "",
            words=self.words.strip(),
            box=self.box or "",
            option=self.option,
            for_s=self.for_s,
            url=self.url,
        )


class RunActionBody(Body):
    """
    `POST /v1/runs/{id}/steps/{step}/actions/{number}`: press it, or its declared way back.

    Without `confirm` the answer (428) says what would happen. `read_back` looks at what is really
    so where nobody knows what became of the last attempt.
    """

    act: Literal["do", "undo", "read_back"] = "do"
    seen: Version = None
    confirm: bool = False

    def request(self, which: WhichRun, step: str, number: int) -> RunAction:
        """Return it as every surface asks it."""
        return RunAction(which, step, number, self.act, self.seen, self.confirm)


class LeadBody(Body):
    """`POST /v1/runs/{id}/lead`: hand the lead over to `who`; they have it once they accept."""

    act: Literal["offer", "accept", "decline", "take"]
    who: Word = None

    def request(self, which: WhichRun) -> LeadRun:
        """Return it as every surface asks it."""
        return LeadRun(which, self.act, self.who or "")


class EndBody(Body):
    """`POST /v1/runs/{id}/end`: finish or abandon it, switch to another `runbook`, or renew its text."""

    act: Literal["finish", "abandon", "switch", "renew"]
    runbook: Name | None = None
    words: FreeText = ""
    params: Params = Field(default_factory=dict)

    def request(self, which: WhichRun) -> EndRun:
        """Return it as every surface asks it."""
        return EndRun(which, self.act, self.runbook or "", self.words.strip(), dict(self.params))


BODIES: Final[tuple[type[Body], ...]] = (
    StartRunBody,
    MarkBody,
    RunActionBody,
    LeadBody,
    EndBody,
)
"""Every body, for the OpenAPI document."""
