"""The facts that templates of messages may use: their names, what they are, and who may read them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.domain.comms.templates import SLOTS, Audience, FieldType, Locale, Stage


@dataclass(frozen=True, slots=True)
class KnownFact:
    """
    One line of the fact sheet, by the name that templates use.

    *confirmed*: it reaches a message only where it is confirmed; what is else is so by itself (a
    name, a promise of ours). *inside*: only people of the company read it. *example* is what it looks
    like, for previews of a template that belongs to no incident.
    """

    label: str
    type: FieldType = "line"
    confirmed: bool = True
    inside: bool = False
    example: str = ""


FACTS: Final[Mapping[str, KnownFact]] = {
    "feature": KnownFact("What users call it", confirmed=False, example="the support assistant"),
    "several": KnownFact("`yes` where `feature` names more than one thing", confirmed=False),
    "since": KnownFact("When users began to notice", "time", example="2026-11-21T12:50Z"),
    "found_at": KnownFact("When we noticed", "time", example="2026-11-21T12:58Z"),
    "off_at": KnownFact("When it was switched off", "time", example="2026-11-21T13:05Z"),
    "state_now": KnownFact("How it is for users now", example="off"),
    "contained_at": KnownFact(
        "When nothing more could happen", "time", example="2026-11-21T13:06Z"
    ),
    "back_at": KnownFact("When it was back", "time", example="2026-11-21T15:40Z"),
    "exposed_from": KnownFact(
        "First moment at which users could be hit", "time", example="2026-11-21T11:10Z"
    ),
    "exposed_to": KnownFact(
        "Last moment at which users could be hit", "time", example="2026-11-21T13:05Z"
    ),
    "counts": KnownFact("How many were hit, of how many", "number", example="212 of 4310"),
    "next_at": KnownFact(
        "When we write again", "time", confirmed=False, example="2026-11-21T13:40Z"
    ),
    "alternative": KnownFact(
        "What users can do meanwhile", confirmed=False, example="write to support@example.com"
    ),
    "contact": KnownFact(
        "Where people reach us", confirmed=False, example="https://help.example.com"
    ),
    "corrected_at": KnownFact(
        "When the message went out that this one corrects",
        "time",
        confirmed=False,
        example="2026-11-21T13:10Z",
    ),
    "first_at": KnownFact(
        "When users read the first word", "time", inside=True, example="2026-11-21T13:08Z"
    ),
    "incident": KnownFact("The incident", confirmed=False, inside=True, example="INC-7"),
    "severity": KnownFact("How severe it is", confirmed=False, inside=True, example="SEV2"),
    "commander": KnownFact("Who leads", confirmed=False, inside=True, example="Mara"),
    "switched": KnownFact(
        "What is switched, and how far that is confirmed",
        inside=True,
        example="support-copilot: canned, confirmed by 14 of 14 instances",
    ),
}
"""
Every fact by its name.

`feature`, `next_at`, `contact` and `alternative` are declared or promised; times and counts come from
the journal and the fleet, and from what somebody confirmed.
"""

ALWAYS: Final = frozenset({"feature", "next_at"})
"""Facts that every message can count on: those may stand outside of an `if`."""

_LAST: Final[frozenset[Stage]] = frozenset({"resolved", "correction"})


def always(stage: Stage) -> frozenset[str]:
    """Return the facts that a message of that stage can count on: after a last word none follows for sure."""
    return ALWAYS - {"next_at"} if stage in _LAST else ALWAYS


def in_language(name: str, locale: Locale) -> str:
    """Return under which name a fact travels in a language in which it reads otherwise (`feature:de`)."""
    return f"{name}:{locale}"


def may_use(name: str, audience: Audience) -> bool:
    """Return whether a template for *audience* may use a fact of that name."""
    fact = FACTS.get(name)
    return fact is not None and not (fact.inside and audience in ("users", "support"))


STAYS_OFF: Final = "stays_off"
"""The choice (`no`, `yes`) of a message of stage `resolved` that says that the feature stays off."""

SITUATIONS: Final[Mapping[str, str]] = {
    "feature-off": "A feature is switched off",
    "wrong-answers": "Users were shown wrong answers",
    "human-review": "A person reads each answer first",
    "agent-wrong": "An agent did what it should not have done",
    "data-exposure": "Data may have been seen by others",
}
"""What may have happened, from where users stand."""

_SITUATION: Final[Mapping[str, str]] = {
    "hallucination_harm": "wrong-answers",
    "bias_fairness": "wrong-answers",
    "quality_regression": "wrong-answers",
    "data_leak_pii": "data-exposure",
    "tool_misuse": "agent-wrong",
    "agent_rogue": "agent-wrong",
}


EXPOSURE: Final = "data-exposure"
"""What is told under it goes by the rules of exposed data, whatever the incident's type says."""


def tells_exposure(situation: str) -> bool:
    """Return whether a situation, or a kind of it (`data-exposure-orders`), is that data was exposed."""
    return situation == EXPOSURE or situation.startswith(f"{EXPOSURE}-")


def situation_of(kind: str, mode: str = "") -> str:
    """
    Return the situation that users are told of, for a type of incident.

    *mode* is what is switched: where people answer, that is what users notice, unless something worse
    is to be said.
    """
    found = _SITUATION.get(kind, "feature-off")
    return "human-review" if mode == "human" and found == "feature-off" else found


SLOT_FACTS: Final[Mapping[str, frozenset[str]]] = {
    "next_update": frozenset({"next_at"}),
    "since": frozenset({"since", "off_at", "exposed_from", "contained_at", "back_at", "found_at"}),
    "confirmed": frozenset({"back_at", "contained_at", "off_at"}),
    "corrected": frozenset({"corrected_at"}),
    "state": frozenset({"state_now"}),
}
"""Facts of which one has to be in the words where a template says that it answers a slot."""

STATE: Final = "state"
"""What words answer that say whether it is on or off: they are held back where that is not so any more."""

CORRECTION_SLOTS: Final = frozenset({"corrected", STATE, "next_update"})
"""
What a correction for users answers: in the clients it stands in the place of the words before it.

Templates without the last two still go out at night; the check of templates asks for them by day.
"""

HOLDING_SLOTS: Final = frozenset({"effect", "next_update"})
"""What a message answers that goes out before anything is known."""


def slots_needed(stage: Stage, *, holding: bool) -> frozenset[str]:
    """Return what the words to users of that stage must answer."""
    return HOLDING_SLOTS if holding else SLOTS[stage]
