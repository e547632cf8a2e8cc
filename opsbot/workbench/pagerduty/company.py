"""The demo's account: who pages whom; people, services and policies as the example files name them."""

from opsbot.workbench.pagerduty.account import Account, Key, by_id, routing_key_of
from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.model import (
    Level,
    Policy,
    Priority,
    Schedule,
    Service,
    Team,
    User,
)

BOT = "POPSBOT"
BOT_EMAIL = "opsbot@example.com"
"""Whom the bot writes as where a person has no account of their own."""
DAY_S = 86_400.0
TEAM = "PTEAMAI"
PRIMARY, SECONDARY = "PSPRIMARY", "PSSECONDARY"

PEOPLE = (
    ("PMARA", "Mara Okafor", "mara@example.com", "user", "AI on call", "202-555-0101"),
    ("PSAM", "Sam Lindqvist", "sam@example.com", "user", "DRI support", "202-555-0102"),
    ("PINES", "Ines Duarte", "ines@example.com", "admin", "Lead", "202-555-0103"),
    ("POLA", "Ola Nwosu", "ola@example.com", "admin", "Administrator", "202-555-0104"),
    (BOT, "opsbot", BOT_EMAIL, "limited_user", "Bot", ""),
)
"""The numbers are of those that are given to nobody."""
AREAS = (
    ("SUPPORT", "Support AI", "PSAM"),
    ("DEVAI", "Developer AI", "PINES"),
    ("WORKAI", "Workplace AI", "POLA"),
    ("LEGAL", "Legal AI", "PINES"),
)
"""Each has a service P..., a policy PE..., and a person who is asked when nobody answers."""
PRIORITIES = (
    ("PPRIO1", "P1", "Critical: users are harmed or misled now"),
    ("PPRIO2", "P2", "Critical: many users cannot work"),
    ("PPRIO3", "P3", "Some users are affected"),
    ("PPRIO4", "P4", "Minor"),
    ("PPRIO5", "P5", "Cosmetic"),
)


def company(clock: Clock, api_key: str) -> Account:
    """Return a fresh account: Mara is on call first, Ola second, then who owns the area."""
    now = clock()
    week = 7 * DAY_S
    monday = now - (now - 4 * DAY_S) % week
    users = [
        User(id_, name, mail, role, job, phone=phone)
        for id_, name, mail, role, job, phone in PEOPLE
    ]
    schedules = [
        Schedule(PRIMARY, "AI primary", ["PMARA"], week, monday),
        Schedule(SECONDARY, "AI secondary", ["POLA"], week, monday),
    ]
    account = Account(
        clock,
        users=by_id(users),
        teams=by_id([Team(TEAM, "AI platform", ("PMARA", "PSAM", "PINES", "POLA"))]),
        schedules=by_id(schedules),
        priorities=by_id([Priority(*row) for row in PRIORITIES]),
        keys={api_key: Key()},
    )
    for word, name, owner in AREAS:
        policy = _policy(f"PE{word}", name, owner)
        account.policies[policy.id] = policy
        service = _service(f"P{word}", name, policy.id, now)
        account.services[service.id] = service
    return account


def _policy(id_: str, name: str, owner: str) -> Policy:
    levels = [
        Level(f"{id_}L1", [PRIMARY], 10),
        Level(f"{id_}L2", [SECONDARY], 15),
        Level(f"{id_}L3", [owner], 30),
    ]
    return Policy(id_, f"{name} response", levels, (TEAM,))


def _service(id_: str, name: str, policy: str, now: float) -> Service:
    key = routing_key_of(id_)
    return Service(id_, name, policy, key, f"{id_}EV2", now - 100 * DAY_S, (TEAM,))
