"""Who did it: an identity as one surface saw it, before policy joins it with the person's others."""

from dataclasses import dataclass, field
from typing import Literal

Via = Literal["slack", "cli", "http", "web", "emergency", "timer", "declarations", "demo"]
ActorKind = Literal["slack", "email", "service", "system", "claimed"]


@dataclass(frozen=True, slots=True)
class Actor:
    """
    An actor as the surface vouches for it.

    *id* is a Slack user id, an e-mail, a service account's name, or a system part's name.
    *kind* says which. *team* is the Slack workspace; *name* is free text and never an identity.
    *guest* and *bot* are what Slack says of the account; *groups* its Slack user groups.
    *on_call* are the escalation policies for which they are called first right now: no part of who
    they are, and filled in by the bot, never by a surface.
    """

    kind: ActorKind
    id: str
    via: Via
    name: str = ""
    team: str = ""
    guest: bool = False
    bot: bool = False
    groups: frozenset[str] = field(default_factory=frozenset)
    on_call: frozenset[str] = field(default_factory=frozenset, compare=False)


SCHEDULER = Actor(kind="system", id="scheduler", via="timer")
DECLARATIONS = Actor(kind="system", id="declarations", via="declarations")
FLEET_WATCH = Actor(kind="system", id="fleet-watch", via="timer")
RAMP = Actor(kind="system", id="ramp", via="timer")
OUTBOX = Actor(kind="system", id="outbox", via="timer")
"""Takes the steps of a ramp that people started, and takes back what turns out badly."""
