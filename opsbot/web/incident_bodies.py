"""Bodies of requests about incidents: the grammar's words as JSON keys. A trust boundary."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.incident import StepName
from opsbot.domain.incident.times import Moment
from opsbot.domain.incident.types import Severity
from opsbot.web.bodies import SEEN, Body, FreeText, Word

Text = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"\S")]
Id = Annotated[str, Field(max_length=100, pattern=r"^(|[A-Za-z0-9_-]+)$")]
Link = Annotated[str, Field(max_length=500, pattern=r"^(|https?://\S+)$"), SEEN]
Seconds = Annotated[int, Field(ge=1, le=30 * 86_400)]
At = Annotated[int, Field(ge=0, lt=1 << 50)] | Annotated[str, Field(max_length=40), SEEN]
"""Milliseconds since 1970, or a date with a time, in UTC unless it names a zone."""


class OpenBody(Body):
    """
    `POST /v1/incidents`: a title, and whatever else is known.

    `severity` is what the type proposes where it is left out, `private` what the type says, `page`
    what the settings say for the severity. `times` are moments by name; with `resolved` among them it
    is a record made afterwards. `channel` and `pager` are a Slack channel and a PagerDuty incident to
    adopt. `kill` is the kill that began it, `origin` the link of the message it began with. `anyway`
    opens a second one beside one that is open.
    """

    title: Text
    workflow: Word = None
    severity: Severity | None = None
    type: Word = None
    summary: FreeText = ""
    private: bool | None = None
    drill: bool = False
    anyway: bool = False
    kill: Word = None
    origin: Link = ""
    times: dict[Moment, At] = Field(default_factory=dict)
    channel: Id = ""
    pager: Id = ""
    page: bool | None = None

    def request(self) -> OpenIncident:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: a moment that is none.
        """
        return OpenIncident(
            title=self.title.strip(),
            workflow=self.workflow or "",
            severity=self.severity,
            type=self.type or "",
            summary=self.summary.strip(),
            private=self.private,
            drill=self.drill,
            anyway=self.anyway,
            kill=(self.kill or "").upper(),
            origin=self.origin,
            times={name: _moment(name, at) for name, at in self.times.items()},
            channel=self.channel,
            pager=self.pager,
            page=self.page,
        )


class MoveBody(Body):
    """
    `POST /v1/incidents/{id}/move`.

    `of` is the other incident of a duplicate. `stays-off` resolves although its kills hold on. `from`
    is the status that the caller saw: where it is another by now, nothing is moved.
    """

    to: Status
    reason: FreeText = ""
    of: Word = None
    stays_off: bool = Field(False, alias="stays-off")
    from_: Status | None = Field(None, alias="from")

    def request(self, which: Which) -> MoveIncident:
        """Return it as every surface asks it."""
        return MoveIncident(
            which, self.to, self.reason.strip(), self.of or "", self.stays_off, self.from_
        )


class EditBody(Body):
    """
    `POST /v1/incidents/{id}/edit`: what is left out stays.

    `update` is a status update, `next-update-s` promises the next in so many seconds. `times`
    corrects moments, null takes one away. `workflow` is one that is hit as well.
    """

    update: FreeText = ""
    next_update_s: Seconds | None = Field(None, alias="next-update-s")
    title: Text | None = None
    severity: Severity | None = None
    type: Word = None
    summary: Text | None = None
    private: bool | None = None
    exposed: Annotated[int, Field(ge=0, le=10**12)] | None = None
    workflow: Word = None
    times: dict[Moment, At | None] = Field(default_factory=dict)

    def request(self, which: Which) -> EditIncident:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: a moment that is none, or `declared` taken away.
        """
        times = {name: None if at is None else _moment(name, at) for name, at in self.times.items()}
        if times.get("declared", 0) is None:
            raise NeedsMoreWords(
                "An incident is always declared at some time; nothing was changed.",
                hint="Give the moment, or leave `declared` out.",
            )
        return EditIncident(
            which,
            update=self.update.strip(),
            next_update_s=self.next_update_s,
            title=self.title,
            severity=self.severity,
            type=self.type,
            summary=self.summary,
            private=self.private,
            exposed=self.exposed,
            workflow=self.workflow,
            times=times,
        )


class RoleBody(Body):
    """
    `POST /v1/incidents/{id}/role`: `who` is to whom it is offered; without it, the caller.

    `vacant` takes it only where nobody else holds it.
    """

    role: Literal["commander", "comms", "scribe", "responder"]
    act: Literal["offer", "take", "accept", "decline", "leave"]
    who: Word = None
    vacant: bool = False

    def request(self, which: Which) -> RoleOrder:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: an offer to nobody.
        """
        if self.act == "offer" and self.who is None:
            raise NeedsMoreWords(
                "Say to whom the role is offered; nothing was changed.", hint='As in "who": "ines".'
            )
        return RoleOrder(which, self.role, self.act, self.who or "", self.vacant)


class RetryBody(Body):
    """`POST /v1/incidents/{id}/retry`: the step that failed."""

    step: StepName

    def request(self, which: Which) -> RetryStep:
        """Return it as every surface asks it."""
        return RetryStep(which, self.step)


class ReminderBody(Body):
    """`POST /v1/incidents/{id}/reminders`: put one off for so many seconds; without them, stop its kind."""

    reminder: Annotated[str, Field(min_length=1, max_length=40), SEEN]
    for_s: Seconds | None = Field(None, alias="for-s")

    def request(self, which: Which) -> HushReminder:
        """Return it as every surface asks it."""
        return HushReminder(which, self.reminder, self.for_s)


class NoteBody(Body):
    """`POST /v1/incidents/{id}/notes`: a line for its timeline; `at` is when it happened."""

    text: Text
    at: At | None = None

    def request(self, which: Which) -> TimelineNote:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: a moment that is none.
        """
        at_ms = None if self.at is None else _moment("at", self.at)
        return TimelineNote(which, self.text.strip(), at_ms)


class RetractBody(Body):
    """`POST /v1/incidents/{id}/retract`: take a line (`n3`) out of its timeline; it stays, marked."""

    line: Annotated[str, Field(pattern=r"^n[1-9][0-9]{0,8}$")]

    def request(self, which: Which) -> RetractNote:
        """Return it as every surface asks it."""
        return RetractNote(which, self.line)


class PageBody(Body):
    """`POST /v1/incidents/{id}/page`: call somebody, `who` as well, or answer for the page."""

    act: Literal["page", "acknowledge", "escalate", "add"] = "page"
    who: Word = None
    reason: FreeText = ""

    def request(self, which: Which) -> PageAct:
        """Return it as every surface asks it."""
        return PageAct(which, self.act, self.who or "", self.reason.strip())


class ActionBody(Body):
    """`POST /v1/incidents/{id}/actions`: something to do afterwards, or `done` with one by its id."""

    text: FreeText = ""
    owner: Word = None
    due: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")] | None = (
        None
    )
    done: Word = None

    def request(self, which: Which) -> ActionItem:
        """
        Return it as every surface asks it.

        Raises:
            NeedsMoreWords: nothing is to be done.
        """
        if not self.text.strip() and self.done is None:
            raise NeedsMoreWords(
                "Say what is to be done; nothing was changed.",
                hint='As in "text": "add a gate", "owner": "sam", "due": "2026-12-01".',
            )
        return ActionItem(
            which, self.text.strip(), self.owner or "", self.due or "", (self.done or "").upper()
        )


def _moment(name: str, at: int | str) -> int:
    """
    Return a moment in milliseconds.

    Raises:
        NeedsMoreWords: it is no date with a time.
    """
    if isinstance(at, int):
        return at
    try:
        read = datetime.fromisoformat(at.upper())
        zoned = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
        found = int(zoned.timestamp() * 1000)
    except (ValueError, OverflowError):
        found = -1
    if found < 0 or ":" not in at:
        raise NeedsMoreWords(
            f"`{name}` is no time; nothing was changed.",
            hint="Give milliseconds since 1970, or a date with a time, as in 2026-11-21T03:14Z.",
        )
    return found


ActBody = (
    MoveBody
    | EditBody
    | RoleBody
    | RetryBody
    | ReminderBody
    | NoteBody
    | RetractBody
    | PageBody
    | ActionBody
)
"""What is done with one incident."""

BODIES: Final[tuple[type[Body], ...]] = (
    OpenBody,
    MoveBody,
    EditBody,
    RoleBody,
    RetryBody,
    ReminderBody,
    NoteBody,
    RetractBody,
    PageBody,
    ActionBody,
)
"""Every body, for the OpenAPI document."""
