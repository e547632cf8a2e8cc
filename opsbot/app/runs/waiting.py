"""Whom a blocked step waits for: people and roles that its words mention, told in the channel and by a message. Pure."""

import re
from dataclasses import replace
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.roles import person
from opsbot.app.reach import holders
from opsbot.app.runs.arguments import STEP_ROLES
from opsbot.app.runs.power import must_know
from opsbot.app.runs.requests import MarkStep
from opsbot.app.runs.sight import aware, incident_of
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.policy.rules import shown
from opsbot.domain.run import Run
from opsbot.domain.said import inert
from opsbot.domain.state import State

MOST: Final = 5
"""People whom one step waits for: more is a crowd, of whom nobody answers."""

_MENTION: Final = re.compile(r"<@[^>\s]+>|(?<!\S)@[^\s,;:.!?]+")


def with_whom(state: State, request: MarkStep) -> MarkStep:
    """
    Return a request to block with whom its words mention, and the words as people read them.

    What is mentioned and is nobody here stays in the words as it is: it may be a vendor's account.
    """
    if request.act != "block":
        return request
    named = [one for one in request.who.split() if one]

    def read(found: re.Match[str]) -> str:
        called = _called(state, found[0])
        if not called:
            return found[0]
        named.append(found[0])
        return called

    words = _MENTION.sub(read, request.words)
    if not words.strip():
        words = ", ".join(_called(state, one) or one for one in named)
    return replace(request, who=" ".join(dict.fromkeys(named)), words=words)


def waited_for(state: State, run: Run, request: MarkStep, by: str) -> tuple[str, ...]:
    """
    Return the people whom a blocked step waits for, never who says so.

    Raises:
        NeedsMoreWords: nobody such, or a crowd. NotAllowed: the run is private, and they are no part of it.
    """
    found: list[str] = []
    for word in request.who.split():
        if (role := _role(word)) is not None:
            found += _holding(state, run, role)
            continue
        who = person(state, word)
        must_know(state, run, who)
        found.append(who)
    people = tuple(one for one in dict.fromkeys(found) if one != by)
    if len(people) > MOST:
        raise NeedsMoreWords(
            f"That is {len(people)} people; nothing was changed.",
            hint=f"Name at most {MOST}: one who is asked answers, several do not.",
        )
    return people


def _role(word: str) -> str | None:
    name = word.removeprefix("@").casefold()
    return name if name in STEP_ROLES else None


def _holding(state: State, run: Run, role: str) -> tuple[str, ...]:
    """Return who has a role in the run's incident, else the first whom the policy gives it."""
    incident = incident_of(state, run)
    held = {} if incident is None else {str(name): who for name, who in incident.roles.items()}
    known = (held[role],) if role in held else aware(state, run, holders(policy_of(state), role))
    if not known:
        raise NeedsMoreWords(f"Nobody holds the role `{role}`; nothing was changed.")
    return known[:1]


def _called(state: State, word: str) -> str:
    """Return how people call whom a word mentions, empty where that is nobody here."""
    if (role := _role(word)) is not None:
        return role
    try:
        return inert(shown(policy_of(state), person(state, word)), limit=80)
    except NeedsMoreWords:
        return ""
