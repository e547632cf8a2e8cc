"""What was said last of an incident: the answer to an update, and its line on the card. Pure."""

from opsbot.app.fleet_words import moment
from opsbot.domain.incident import Incident
from opsbot.domain.policy import shown
from opsbot.domain.policy_model import Policy
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
    so = f"Noted, and being said in {where}" if room.channel else "Noted"
    return " ".join(one for one in (f"{so}: {_quoted(text)}.", promised) if one)


def last_update(incident: Incident, text: str, policy: Policy, now_ms: int) -> str:
    """Return the newest update, when and by whom; empty where there is none or it is over."""
    if not (text and incident.open and incident.update_ms is not None):
        return ""
    by = inert(shown(policy, incident.update_by), limit=80)
    return f"Last update {moment(incident.update_ms, now_ms)} by {by}: {inert(text, limit=MOST)}"


def _quoted(text: str) -> str:
    return f"\u201c{inert(text, limit=MOST)}\u201d"
