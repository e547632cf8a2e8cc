"""The policy as a value: people and their joined identities, roles, powers, times. No rules here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.actor import Actor
from opsbot.domain.workflow import Workflow

Role = Literal["responder", "commander", "comms", "approver", "admin"]
Outcome = Literal["alone", "alone_5_percent", "second_person", "refused", "break_glass"]

ROLES: tuple[Role, ...] = ("responder", "commander", "comms", "approver", "admin")
TIERS = (1, 2, 3)
MILD_MODES = frozenset({"fallback", "read_only", "no_tools"})
"""The only modes that a policy may let one person restore from."""

LONE_RULE = "restore-lone-5-percent"
"""The rule by which one person restores a little when no second one comes."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Person:
    """One human being and every identity that surfaces know them by; tokens are SHA-256 in hex."""

    name: str
    title: str = ""
    slack: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    pagerduty: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return how people call them."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Service:
    """A service account: what it may do at most (never approve), and its token as SHA-256 in hex."""

    name: str
    may: frozenset[str] = frozenset({"show"})
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """
    Who has a role, and over what.

    *groups* are Slack user groups, *on_call* PagerDuty escalation policies. Empty *teams* means
    everything; else the role holds only for workflows of those teams, and never for acts that
    name no single workflow.
    """

    role: Role
    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    on_call: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Power:
    """Which roles may use a verb, by tier; and the tiers on which it needs a second person."""

    roles: Mapping[int, frozenset[str]] = field(default_factory=dict)
    second_person: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """
    People without a role who may stop one workflow.

    *members*: every full member of a home workspace. *every_ms*: once in this time for each.
    *adopt_within_ms*: a responder adopts or questions it by then. *pages*: told at once.
    """

    members: bool = True
    groups: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    every_ms: int = HOUR_MS
    adopt_within_ms: int = 15 * MINUTE_MS
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fallback:
    """Who may still kill while there is no policy: Slack ids or e-mails, and Slack user groups."""

    ids: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in milliseconds, and how many kills by one account in *alarm_window_ms* are too many."""

    approval_ms: int = 30 * MINUTE_MS
    undo_own_ms: int = 5 * MINUTE_MS
    page_secondary_ms: int = 5 * MINUTE_MS
    lone_restore_ms: int = 15 * MINUTE_MS
    alarm_kills: int = 5
    alarm_window_ms: int = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Policy:
    """
    Who may do what.

    *broken* is true of the stand-in used while no good policy is known: only *fallback* may act,
    and only to kill. *secondary* are the people who count as approvers once a restore has waited.
    """

    teams: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    people: Mapping[str, Person] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    powers: Mapping[str, Power] = field(default_factory=dict)
    secondary: tuple[str, ...] = ()
    break_glass: BreakGlass = field(default_factory=BreakGlass)
    fallback: Fallback = field(default_factory=Fallback)
    times: Times = field(default_factory=Times)
    one_person_modes: frozenset[str] = MILD_MODES
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """
    What somebody wants to do.

    *verb* is `kill`, `restore`, `show`, `approve` or another that the policy gives power over.
    *workflows* is everything touched; *wide* is true where the scope names no workflow (all, a
    provider, a model). *before* holds the modes of the kills concerned, *after* the mode wanted.
    *own_kill_age_ms* is the age of the oldest kill concerned where the actor made every one of
    them, else None. *joined*: somebody else acted on one of them. *incident*: one is tied to an
    incident. *waiting_ms*: how long the restore has waited. *requester* is the identity that asked
    (`approve`, and `restore` where one waits). *last_break_glass_ms* is the server's time of the actor's last use.
    *on_call*: escalation policies the actor is on call for right now. *of* is the verb that an
    approval is for, where who has that power may give it as well as who may approve (`comms`).
    """

    verb: str
    actor: Actor
    workflows: tuple[Workflow, ...] = ()
    wide: bool = False
    before: tuple[str, ...] = ()
    after: str = "live"
    own_kill_age_ms: int | None = None
    joined: bool = False
    incident: bool = False
    break_glass: bool = False
    now_ms: int = 0
    waiting_ms: int = 0
    last_break_glass_ms: int | None = None
    requester: str = ""
    on_call: frozenset[str] = frozenset()
    of: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The answer. `alone` and `break_glass`: go ahead. `second_person`: wait for one of *approvers*.
    `alone_5_percent`: go ahead for at most 5 % of the sticky keys, and wait for the rest.

    *rule* names the rule; *message* says it in a sentence; *hint* says who can help. *person* is
    the joined identity of the actor, or `kind:id` where they are not joined.
    """

    outcome: Outcome
    rule: str
    message: str
    hint: str = ""
    person: str = ""
    approvers: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Return whether it may be done now, without anybody else."""
        return self.outcome in {"alone", "break_glass"}
