"""How what went wrong is for its users right now, as words about it must say: on, off, or something between. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from opsbot.app.incident.links import narrow
from opsbot.app.taken import Taken, taken, together
from opsbot.domain.incident.incident import Incident
from opsbot.domain.kill import Kill
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

Word = Literal["", "limited", "people", "going off", "off"]
"""What a template asks about (`{% if state_now == "off" %}`); empty where nothing is taken away."""

SAID: Final[Mapping[str, str]] = {
    "": "that nothing is switched off",
    "limited": "that it works with limits",
    "people": "that people answer in its place",
    "going off": "that it is being switched off",
    "off": "that it is switched off",
}
"""Each as the end of a sentence that begins with what a message says."""

_NEAR: Final = frozenset({("going off", "off")})
"""Words that may still go out though it is the second by now: they say less than is so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident's workflows are for their users together; *milder*: something holds, and not all is off."""

    taken: Taken = Taken()  # noqa: RUF009  # it is frozen

    @property
    def milder(self) -> bool:
        """Return whether a part of it is taken away, and no more than that."""
        return self.taken.reach in ("limited", "reduced")

    @property
    def word(self) -> Word:
        """Return how it is, in the words of templates; what nobody has confirmed yet is less."""
        reach, sure = self.taken.reach, self.taken.sure
        if reach == "off":
            return "off" if sure else "going off"
        if reach == "people":
            return "people" if sure else "limited"
        return "" if reach == "on" else "limited"


def standing(state: State, incident: Incident) -> Standing:
    """Return how it is for users: under the incident's own kills, and under any other that hits all of them."""
    kills = tuple(_kills(state, incident))
    return Standing(together([taken(one, kills) for one in workflows_of(state, incident)]))


def workflows_of(state: State, incident: Incident) -> tuple[Workflow, ...]:
    """Return the declared workflows of an incident."""
    known = state.workflows()
    return tuple(known[name] for name in incident.workflows if name in known)


def moved(said: str, now: Word) -> bool:
    """Return whether words that said how it was (`off`, or `on`) are wrong by now."""
    before = "" if said == "on" else said
    return before != now and (before, now) not in _NEAR


def _kills(state: State, incident: Incident) -> Iterator[Kill]:
    for one in state.active_kills():
        if one.id in incident.kills or not narrow(one):
            yield one
