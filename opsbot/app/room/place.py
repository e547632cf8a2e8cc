"""Where an incident is in Slack, what its channel is called, and whom to bring there. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from opsbot.app.environment import policy_of
from opsbot.app.incident.open import settings_of
from opsbot.app.reach import slack_ids
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.model import Policy
from opsbot.domain.state import State

NAME: Final = 80
"""Characters of a channel's name."""

_LINKS: Final[Mapping[str, str]] = {
    "observability": "Dashboards",
    "evaluation": "Evaluations",
    "data_access": "Data access",
    "cost": "Cost",
    "incident_response": "Runbook",
}


def card_key(incident: Incident) -> str:
    """Return the key that its card is left under."""
    return f"incident-card:{incident.uid}"


def announcement_key(incident: Incident) -> str:
    """Return the key that its announcement is left under."""
    return f"incident-announcement:{incident.uid}"


def shared_channel(state: State, incident: Incident, home: str) -> str:
    """
    Return the channel that it may use beside its own, empty for none.

    The workflow's comes first, then the one that is declared for incidents, then *home*. A private
    incident has none: others read there.
    """
    if incident.private:
        return ""
    declared = state.workflows().get(incident.workflow)
    own = declared.slack_channel if declared is not None else ""
    return own or settings_of(state).channel or home


def place(state: State, incident: Incident, home: str) -> str:
    """Return the channel in which its card stands, empty where there is none for it."""
    if incident.room.live:
        return incident.room.channel
    return shared_channel(state, incident, home)


def channel_name(state: State, incident: Incident) -> str:
    """Return what its channel is called: `inc-7-support-copilot`, and no more than the number of a private one."""
    number = incident.id.removeprefix("INC-")
    about = "" if incident.private else incident.workflow
    drill = "drill" if incident.drill else ""
    words = (settings_of(state).channel_prefix, number, drill, about)
    named = "-".join(word for word in words if word).lower()
    return re.sub(r"[^a-z0-9_-]+", "-", named)[:NAME].strip("-")


def purpose(incident: Incident, env: str) -> str:
    """Return what its channel is for, with the mark that tells it from every other one."""
    return f"Incident {incident.id} in {env}, kept by opsbot. Mark {incident.uid[:16]}."


def links(state: State, incident: Incident) -> tuple[tuple[str, str], ...]:
    """Return what stands at the top of its channel, as (title, address)."""
    found: list[tuple[str, str]] = []
    if incident.pager is not None and incident.pager.url:
        found.append((f"PagerDuty #{incident.pager.number}", incident.pager.url))
    declared = state.workflows().get(incident.workflow)
    evidence = declared.evidence if declared is not None else {}
    found += [(title, evidence[name]) for name, title in _LINKS.items() if name in evidence]
    if incident.origin:
        found.append(("Where it was reported", incident.origin))
    return tuple((title, url) for title, url in found if url.startswith(("https://", "http://")))


def people(
    state: State, incident: Incident, called: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """
    Return who belongs into its channel, as (identity, where to reach them), each place once.

    Those who work on it, whoever declared it, and but for a private one the DRI of each workflow,
    those who are *called* for it, and those to whom a role is offered: what is private is read by
    them once they accept.
    """
    policy, declared = policy_of(state), state.workflows()
    asked = () if incident.private else incident.offers.values()
    who = [*incident.roles.values(), *asked, *incident.responders]
    who.append(incident.declared_by)
    if not incident.private:
        who += [declared[name].dri for name in incident.workflows if name in declared]
        who += called
    found: dict[str, str] = {}
    for identity in who:
        address = reached(policy, identity)
        if address:
            found.setdefault(address, identity)
    return tuple((identity, address) for address, identity in found.items())


def reached(policy: Policy, identity: str) -> str:
    """Return the Slack id or e-mail behind an identity, empty for what is no person."""
    kind, colon, account = identity.partition(":")
    if colon:
        word = account if kind in ("slack", "email") else ""
    else:
        word = next(iter(slack_ids(policy, (identity,))), "")
    return word if "@" in word or re.fullmatch(r"[UW][A-Z0-9]+", word) else ""
