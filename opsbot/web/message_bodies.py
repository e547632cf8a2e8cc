"""Bodies of requests about messages to people: the grammar's words as JSON keys. A trust boundary."""

from typing import Annotated, Final, Literal

from pydantic import Field

from opsbot.app.comms.requests import (
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.domain.comms.templates import Audience
from opsbot.domain.comms.told import Surety
from opsbot.web.bodies import SEEN, Body, FreeText, Word

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), SEEN]
Values = Annotated[
    dict[Annotated[str, Field(max_length=80, pattern=r"^[a-z][a-z0-9_]*$")], FreeText],
    Field(max_length=60),
]
Targets = Annotated[list[Name], Field(min_length=1, max_length=40)]
Seconds = Annotated[int, Field(ge=60, le=7 * 86_400)]
Version = Annotated[int, Field(ge=1)]


class NewMessageBody(Body):
    """
    `POST /v1/messages`: write a draft from a template.

    `values` are its fields; what is left out is taken from the fact sheet. `corrects` is the message
    that it corrects, and `template` may then be left out. `back` says why it steps back a stage.
    """

    template: Name | None = None
    incident: Word = None
    values: Values = Field(default_factory=dict)
    targets: Targets | None = None
    corrects: Word = None
    back: FreeText = ""
    next_s: Seconds | None = Field(None, alias="next-s")

    def request(self) -> NewMessage:
        """Return it as every surface asks it."""
        return NewMessage(
            self.template or "",
            Which((self.incident or "").upper()),
            dict(self.values),
            None if self.targets is None else tuple(self.targets),
            corrects=(self.corrects or "").upper(),
            back=self.back.strip(),
            next_s=self.next_s,
        )


class EditMessageBody(Body):
    """`POST /v1/messages/{id}`: change a draft; what is left out stays. Approvals that it had are void."""

    values: Values | None = None
    targets: Targets | None = None
    next_s: Seconds | None = Field(None, alias="next-s")
    back: FreeText = ""
    seen: Version | None = None

    def request(self, message: str) -> EditMessage:
        """Return it as every surface asks it."""
        return EditMessage(
            message,
            None if self.values is None else dict(self.values),
            None if self.targets is None else tuple(self.targets),
            self.next_s,
            self.back.strip(),
            self.seen,
        )


class PublishMessageBody(Body):
    """
    `POST /v1/messages/{id}/publish`: let it go, or ask for the approvals that it takes (202).

    `sha` is what the preview showed: where it is another by now, nothing is published. `anyway` keeps
    words that were warned of, by the ids of the warnings; `*` is every one.
    """

    sha: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    seen: Version | None = None
    anyway: Annotated[list[Name], Field(max_length=60)] = Field(default_factory=list)

    def request(self, message: str) -> PublishMessage:
        """Return it as every surface asks it."""
        return PublishMessage(message, self.sha, self.seen, tuple(self.anyway))


class DropMessageBody(Body):
    """`POST /v1/messages/{id}/drop`: give a draft up, or say no to one that waits."""

    why: FreeText = ""

    def request(self, message: str) -> DropMessage:
        """Return it as every surface asks it."""
        return DropMessage(message, self.why.strip())


class RetryTargetBody(Body):
    """`POST /v1/messages/{id}/retry`: try one target of a published message again."""

    target: Name

    def request(self, message: str) -> RetryTarget:
        """Return it as every surface asks it."""
        return RetryTarget(message, self.target)


class HoldUsersBody(Body):
    """`POST /v1/incidents/{id}/messages/now`: tell users at once, in words that were approved in advance."""

    template: Name | None = None

    def request(self, which: Which) -> HoldUsers:
        """Return it as every surface asks it."""
        return HoldUsers(which, self.template or "")


class FactBody(Body):
    """`POST /v1/incidents/{id}/facts`: put a line on the fact sheet; an empty `text` takes it off."""

    name: Annotated[str, Field(max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]
    text: FreeText = ""
    surety: Surety = "believed"

    def request(self, which: Which) -> StateFact:
        """Return it as every surface asks it."""
        return StateFact(which, self.name, self.text.strip(), self.surety)


class SnoozeBody(Body):
    """`POST /v1/incidents/{id}/messages/snooze`: move the promise of the next update, with a reason."""

    audience: Audience
    for_s: Seconds = Field(alias="for-s")
    why: Annotated[FreeText, Field(min_length=1)]

    def request(self, which: Which) -> SnoozeUpdate:
        """Return it as every surface asks it."""
        return SnoozeUpdate(which, self.audience, self.for_s, self.why.strip())


class ClockBody(Body):
    """
    `POST /v1/incidents/{id}/clocks`: start a legal clock, or say that it was answered.

    It begins now, at `from-ms`, or when `from` says as people type times, which counts over `from-ms`.
    """

    name: Name
    act: Literal["start", "answered"] = "start"
    from_ms: Annotated[int, Field(ge=0)] | None = Field(None, alias="from-ms")
    began: FreeText = Field("", alias="from")

    def request(self, which: Which) -> RunClock:
        """Return it as every surface asks it."""
        return RunClock(which, self.name, self.act, self.from_ms, self.began.strip())


class EvidenceBody(Body):
    """`POST /v1/incidents/{id}/evidence`: say where the evidence of an exposure was put aside."""

    where: Annotated[FreeText, Field(min_length=1)]

    def request(self, which: Which) -> HoldEvidence:
        """Return it as every surface asks it."""
        return HoldEvidence(which, self.where.strip())


class TextsBody(Body):
    """
    `POST /v1/workflows/{name}/texts`: what users read while it is paused, by language.

    None at all bring the declared text back; an empty one takes that language away.
    """

    texts: Annotated[dict[Annotated[str, Field(max_length=20)], FreeText], Field(max_length=60)] = (
        Field(default_factory=dict)
    )
    mode: Literal["canned", "human"] = "canned"

    def request(self, workflow: str) -> SetCanned:
        """Return it as every surface asks it."""
        return SetCanned(workflow, dict(self.texts), self.mode)


AboutMessage = EditMessageBody | PublishMessageBody | DropMessageBody | RetryTargetBody
"""What is asked of one message, which the path names."""

AboutIncident = HoldUsersBody | FactBody | SnoozeBody | ClockBody | EvidenceBody
"""What is asked around one incident, which the path names."""

BODIES: Final[tuple[type[Body], ...]] = (
    NewMessageBody,
    EditMessageBody,
    PublishMessageBody,
    DropMessageBody,
    RetryTargetBody,
    HoldUsersBody,
    FactBody,
    SnoozeBody,
    ClockBody,
    EvidenceBody,
    TextsBody,
)
"""Every body, for the OpenAPI document."""
