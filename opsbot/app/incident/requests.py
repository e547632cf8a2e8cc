"""What a person asks for about incidents, whatever the surface; parsers build these and use cases take them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.incident.flow import Status
from opsbot.domain.incident.incident import Role, StepName
from opsbot.domain.incident.times import Moment
from opsbot.domain.incident.types import Severity


@dataclass(frozen=True, slots=True)
class Which:
    """
    Which incident is meant: its id as typed, or the channel in which it was said; both may be empty.

    With neither, the only open one is meant; where there are several, none is guessed.
    """

    name: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """
    `/ai-incident open [workflow] [sev2] [type:…] [private] [drill] [anyway] title …`.

    *severity* None is what the type proposes. *private* None is what the type says. *kill* is the
    kill on whose card it was opened, *origin* the permalink of the message it was opened from.
    *times* are moments in milliseconds that somebody gave (`started`, `detected`); with `resolved`
    among them it is a record made afterwards, for which nobody is called. *channel* and *pager* are
    a channel and a PagerDuty incident to adopt instead of making new ones. *page* None is what the
    settings say for the severity. *anyway* opens a second one beside one that is open. *flag* is the
    word right before the title that was read as a flag, and that a title may begin with as well.
    """

    title: str
    workflow: str = ""
    severity: Severity | None = None
    type: str = ""
    summary: str = ""
    private: bool | None = None
    drill: bool = False
    anyway: bool = False
    kill: str = ""
    origin: str = ""
    times: Mapping[Moment, int] = field(default_factory=dict)
    channel: str = ""
    pager: str = ""
    page: bool | None = None
    flag: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class MoveIncident:
    """
    `/ai-incident resolve|accept|decline|cancel|duplicate|contain|monitor|reopen|review`.

    *of* is the other incident of a duplicate. *stays_off* answers the question of a resolution
    while kills still hold: the feature stays off. *expect* is the status that was seen, None for any:
    where it is another by now, somebody was first and nothing is moved.
    """

    which: Which
    to: Status
    reason: str = ""
    of: str = ""
    stays_off: bool = False
    expect: Status | None = None


@dataclass(frozen=True, slots=True)
class EditIncident:
    """
    `/ai-incident update|sev|title|type|exposed|time`: what is None stays.

    *update* is a status update for its channel and timeline; it settles the promise of one.
    *next_update_s* promises the next, in seconds from now. *times* corrects moments, None takes one away.
    """

    which: Which
    update: str = ""
    next_update_s: int | None = None
    title: str | None = None
    severity: Severity | None = None
    type: str | None = None
    summary: str | None = None
    private: bool | None = None
    exposed: int | None = None
    workflow: str | None = None
    times: Mapping[Moment, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleOrder:
    """
    `/ai-incident role commander @ines`: offer a role, take it oneself, accept or decline an offer.

    *who* is empty for oneself. *role* `responder` adds somebody who works on it. *vacant*: it is
    taken only where nobody else holds it, as a button means it.
    """

    which: Which
    role: Role | Literal["responder"]
    act: Literal["offer", "take", "accept", "decline", "leave"]
    who: str = ""
    vacant: bool = False


@dataclass(frozen=True, slots=True)
class TimelineNote:
    """
    A line for the timeline, from a command, a shortcut or a reaction.

    *at_ms* is when it happened, None for now. *author* is the Slack id of whose message it was,
    empty for the actor. *place* is `channel:ts` of that message.
    """

    which: Which
    text: str
    at_ms: int | None = None
    author: str = ""
    place: str = ""
    permalink: str = ""
    source: Literal["command", "reaction", "shortcut"] = "command"


@dataclass(frozen=True, slots=True)
class RetractNote:
    """`/ai-incident retract INC-7:n3`: take a line (`n3`) out of the timeline of the incident it names."""

    which: Which
    line: str


@dataclass(frozen=True, slots=True)
class PageAct:
    """
    `/ai-incident page [who|policy] [reason]`, and what is done to a page from Slack.

    *who* names a person to add, empty for the workflow's own on-call.
    """

    which: Which
    act: Literal["page", "acknowledge", "escalate", "add"]
    who: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ActionItem:
    """`/ai-incident action [owner] [by:2026-12-01] text`, or `done ACT-1`."""

    which: Which
    text: str = ""
    owner: str = ""
    due: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class RetryStep:
    """[Retry] on a step of the card that failed."""

    which: Which
    step: StepName


@dataclass(frozen=True, slots=True)
class HushReminder:
    """[Snooze 15 min] (*for_s*, in seconds) or [Stop] (None) on a reminder of one kind."""

    which: Which
    reminder: str
    for_s: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentLook:
    """`/ai-incident show|list|timeline|export`; *every* lists also what is over."""

    what: Literal["show", "list", "timeline", "export"]
    which: Which = field(default_factory=Which)
    every: bool = False


IncidentWords = (
    IncidentLook
    | OpenIncident
    | MoveIncident
    | EditIncident
    | RoleOrder
    | TimelineNote
    | RetractNote
    | PageAct
    | ActionItem
    | RetryStep
    | HushReminder
)
"""Everything that can be asked about incidents in one line of words."""
