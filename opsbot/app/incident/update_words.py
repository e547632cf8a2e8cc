"""What was said last of an incident: the answer to an update, and its line on the card. Pure."""

from dataclasses import dataclass

from opsbot.app.fleet.words import moment
from opsbot.app.incident.change import Amend
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert

MOST = 300
"""Characters of an update that are repeated; the timeline has all of it."""


def noted_words(incident: Incident, text: str, promised: str = "") -> str:
    """
    Return what an update did: it is stored, and on its way to the incident's channel where one is.

    Whether it arrived there is not known yet, and so not said. Without a *text* it is what was
    *promised* alone.
    """
    if not text:
        return promised
    room = incident.room
    where = f"#{inert(room.name, limit=80)}" if room.name else "its channel"
    so = f"Noted, and being said in {where}" if room.channel and not room.archived else "Noted"
    return " ".join(one for one in (f"{so}: {_quoted(text)}.", promised) if one)


@dataclass(slots=True)
class Privacy:
    """Whether one edit made an incident private or public, for its answer; empty words where it did not."""

    before: bool | None = None

    def watched(self, amend: Amend) -> Amend:
        """Return a change that is remembered: what it came from when it was last made."""

        def noting(incident: Incident) -> Incident:
            after = amend(incident)
            self.before = incident.private
            return after

        return noting

    def words(self, now: Incident) -> str:
        """Return what became of its announcement and of its channel."""
        if self.before is None or self.before == now.private:
            return ""
        return _hidden_words(now) if now.private else _published_words(now)


def _hidden_words(now: Incident) -> str:
    announced = now.steps.get("announce")
    stands = announced is not None and announced.state == "done"
    left = " Its announcement stays where it is, without its words." if stands else ""
    paged = " and in PagerDuty" if now.pager is not None and now.pager.id else ""
    before = f" What was said before, in threads{paged}, stays there."
    return f"Private from now on: nothing more of it is announced.{left}{before}"


def _published_words(now: Incident) -> str:
    announced, room = now.steps.get("announce"), now.room
    due = announced is not None and announced.state == "due"
    said = "it is being announced" if due else "its answers and cards may name it"
    stays = ""
    if room.own and room.channel:
        called = f"#{inert(room.name, limit=80)}" if room.name else "Its channel"
        stays = (
            f" {called} stays private: a bot cannot publish its history; invite who should read it."
        )
    return f"Public from now on: {said}.{stays}"


def last_update(incident: Incident, text: str, policy: Policy, now_ms: int) -> str:
    """Return the newest update, when and by whom; empty where there is none or it is over."""
    if not (text and incident.open and incident.update_ms is not None):
        return ""
    by = inert(shown(policy, incident.update_by), limit=80)
    return f"Last update {moment(incident.update_ms, now_ms)} by {by}: {inert(text, limit=MOST)}"


def _quoted(text: str) -> str:
    return f"\u201c{inert(text, limit=MOST)}\u201d"
