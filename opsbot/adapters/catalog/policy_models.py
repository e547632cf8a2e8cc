"""The form of `flags/policy.yaml`, as pydantic checks it; what its parts mean to each other is in
`catalog_policy`."""

# ruff: noqa: RUF012  # pydantic copies defaults; ruff cannot see that the base is a model

from typing import Annotated, Literal

from pydantic import Field

from opsbot.adapters.catalog.models import Strict, Word

RoleName = Literal["responder", "commander", "comms", "approver", "admin"]
Verb = Literal[
    "kill",
    "restore",
    "approve",
    "adopt",
    "audit",
    "erase",
    "extend",
    "route",
    "rollback",
    "incident",
    "runbook",
    "comms",
    "drill",
    "signal",
]
ExampleVerb = Literal[Verb, "show"]
SlackUser = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,}$")]
SlackGroup = Annotated[str, Field(pattern=r"^S[A-Z0-9]{2,}$")]
SlackTeam = Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PersonName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
Minutes = Annotated[float, Field(ge=0, le=1440)]


class HomeFile(Strict):
    """Where our people are: Slack workspaces, and domains of their e-mails."""

    teams: Annotated[list[SlackTeam], Field(min_length=1)]
    domains: list[Word] = []


class PersonFile(Strict):
    """One human being and all their identities."""

    title: str = ""
    slack: list[SlackUser] = []
    email: list[Email] = []
    pagerduty: list[Word] = []
    token_sha256: list[Token] = []


class ServiceFile(Strict):
    """A service account; it never approves."""

    may: Annotated[list[Literal["kill", "restore", "show", "signal"]], Field(min_length=1)]
    token_sha256: list[Token] = []


class GrantFile(Strict):
    """Who has the role; *teams* narrows it to those teams' workflows."""

    people: list[PersonName] = []
    groups: list[SlackGroup] = []
    services: list[Word] = []
    on_call: list[Word] = []
    teams: list[Word] = []


class TiersFile(Strict):
    """Different roles on different tiers."""

    tier_1: list[RoleName]
    tier_2: list[RoleName]
    tier_3: list[RoleName]


class PowerFile(Strict):
    """Which roles may use a verb: *roles* on every tier, or *tiers* one by one."""

    roles: list[RoleName] = []
    tiers: TiersFile | None = None
    second_person: list[Literal[1, 2, 3]] = []


class BreakGlassFile(Strict):
    """People outside the role who may stop one workflow at a time."""

    members: bool = True
    groups: list[SlackGroup] = []
    people: list[PersonName] = []
    every_min: Annotated[float, Field(ge=60, le=1440)] = 60
    adopt_within_min: Annotated[float, Field(ge=1, le=15)] = 15
    pages: list[PersonName] = []


class LastPolicyFile(Strict):
    """Who may still kill while no good policy is known."""

    people: list[PersonName] = []
    groups: list[SlackGroup] = []


class TimesFile(Strict):
    """How long things may take, in minutes; and how many kills by one account raise an alarm."""

    approval_min: Annotated[float, Field(ge=1, le=1440)] = 30
    undo_own_min: Annotated[float, Field(ge=0, le=5)] = 5
    page_secondary_min: Annotated[float, Field(ge=1, le=60)] = 5
    lone_restore_min: Annotated[
        float,
        Field(
            ge=15,
            le=1440,
            description="From then who asked may let 5 % through alone; `approval_min` or more: never.",
        ),
    ] = 15
    alarm_kills: Annotated[int, Field(ge=2, le=1000)] = 5
    alarm_window_min: Annotated[float, Field(ge=1, le=1440)] = 10


class ExampleFile(Strict):
    """One row of the table that `opsbot check` runs against the policy."""

    actor: Word
    verb: ExampleVerb
    workflow: Word
    expect: Literal["alone", "alone_5_percent", "second_person", "refused", "break_glass"]
    rule: str = ""
    mode: Literal["fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop"] = (
        "stop"
    )
    team: str = ""
    guest: bool = False
    bot: bool = False
    own_kill_min: Minutes | None = None
    joined: bool = False
    incident: bool = False
    break_glass: bool = False
    last_break_glass_min: Minutes | None = None
    waiting_min: Minutes = 0
    requester: str = ""
    of: Literal["", "comms"] = ""


class PolicyFile(Strict):
    """Who may stop, restore and approve what."""

    home: HomeFile
    people: Annotated[dict[PersonName, PersonFile], Field(min_length=1)]
    services: dict[Word, ServiceFile] = {}
    roles: dict[RoleName, list[GrantFile]]
    powers: dict[Verb, PowerFile]
    secondary: list[PersonName] = []
    one_person_modes: list[Literal["fallback", "read_only", "no_tools"]] = [
        "fallback",
        "read_only",
        "no_tools",
    ]
    break_glass: BreakGlassFile = BreakGlassFile()
    fallback: LastPolicyFile
    times: TimesFile = TimesFile()
    tests: list[ExampleFile] = []
