"""What a person asks of a walk through a runbook, whatever the surface; parsers build these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.run import RunMode


@dataclass(frozen=True, slots=True)
class WhichRun:
    """
    Which run is meant: its id, or an incident's, or the channel in which it was said; all may be empty.

    With none of them the only open run is meant; where there are several, none is guessed.
    """

    name: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class StartRun:
    """
    `/ai-runbook start <runbook> [INC-7] [drill|show] [param=value …]`.

    *incident* is the id of the incident, empty for the one of the *channel*, if it is one's. Parameters
    that are left out are taken from the incident (`workflow`) where they can be.
    """

    runbook: str
    incident: str = ""
    channel: str = ""
    mode: RunMode = "live"
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarkStep:
    """
    Something about one step of a run. *step* is empty for the current one of the only open lane.

    *seen* is the run's version that was on the screen, None from a surface that shows none (a command):
    where the step was changed since, the loser reads who was first. What belongs to which *act*:
    `take`: it is mine. `assign`: offer it to *who*; `accept`, `decline`. `done`, `failed` (did not work, *words*).
    `skip` (*words*: reason, required). `block` (*words*: on whom or what; *for_s*: look again then; *who*: more
    people or roles; whom it mentions is told), `unblock`.
    `box`: tick or untick *box*. `decide`: take option number *option*. `back`: only the focus goes one
    step back; `undo`: the tick is taken off. `note`, `evidence` (*words*, *place*, *url*).
    """

    which: WhichRun
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
    step: str = ""
    seen: int | None = None
    who: str = ""
    words: str = ""
    box: str = ""
    option: int | None = None
    for_s: int | None = None
    place: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class RunAction:
    """
    Press one action of a step (*number* counts from 1), or its declared way back (`undo`).

    `read_back`: look at what is really so where the last attempt is unknown. *confirmed*: the person was
    shown what will happen and said yes; a surface without a dialog asks first.
    """

    which: WhichRun
    step: str = ""
    number: int = 1
    act: Literal["do", "undo", "read_back"] = "do"
    seen: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class LeadRun:
    """Hand the lead over to *who*, accept or decline what was offered, or take it where nobody has it."""

    which: WhichRun
    act: Literal["offer", "accept", "decline", "take"]
    who: str = ""


@dataclass(frozen=True, slots=True)
class EndRun:
    """
    End a run: `finish`, `abandon` (*words*: why, required), `switch` to another *runbook*, or `renew`: go
    on with the file's newer revision, by the ids of its steps.
    """

    which: WhichRun
    act: Literal["finish", "abandon", "switch", "renew"]
    runbook: str = ""
    words: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunLook:
    """
    `/ai-runbook show|catchup|steps|list|catalogue`.

    `show`: the current step of each lane. `catchup`: five lines for who comes late. `steps`: the whole
    list with ticks. `list`: the runs. `catalogue`: the runbooks. `read`: one runbook, *runbook*.
    """

    what: Literal["show", "catchup", "steps", "list", "catalogue", "read"]
    which: WhichRun = field(default_factory=WhichRun)
    runbook: str = ""
    every: bool = False


RunWords = StartRun | MarkStep | RunAction | LeadRun | EndRun | RunLook
"""Everything that can be asked about runs in one line of words."""
