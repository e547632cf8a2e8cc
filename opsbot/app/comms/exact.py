"""What exactly is published, as one hash: nothing of it can change unseen between a person's yes and the world. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import Locale, Rendered
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import canonical


def exact(message: Message, rendered: Rendered, severity: str = "") -> str:
    """
    Return the SHA-256 of everything that is approved of a message, in hex.

    *severity* is that of the incident now; empty for the one that the message was written under.
    """
    others = {one: said for one, said in rendered.headlines.items() if said != rendered.headline}
    return hashlib.sha256(
        canonical(
            {
                **({"headlines": others} if others else {}),
                "headline": rendered.headline,
                "texts": dict(rendered.texts),
                "stage": message.stage,
                "severity": severity or message.severity,
                "audience": message.audience,
                "targets": list(message.targets),
                "corrects": message.corrects,
            }
        )
    ).hexdigest()


def stamped(message: Message, rendered: Rendered, incident: Incident) -> Message:
    """Return a message under the severity that its incident has now, with the hash of what it says."""
    under = replace(message, severity=incident.severity)
    return replace(under, sha=exact(under, rendered))


def in_order(message: Message, locales: Sequence[Locale]) -> tuple[Locale, ...]:
    """Return the languages of a message as they are declared, the one that is always written first."""
    known = {name: nth for nth, name in enumerate(locales)}
    return tuple(sorted(message.texts, key=lambda one: (known.get(one, len(known)), one)))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return names in their order, each once, without blanks."""
    return tuple(dict.fromkeys(one.strip() for one in names if one.strip()))
