"""People, priorities and who is on call, with short memories for what a page must not wait for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from opsbot.adapters.pagerduty.link import PAGE, Link, Params
from opsbot.adapters.pagerduty.orders import id_of
from opsbot.adapters.pagerduty.said import (
    DutySaid,
    PersonSaid,
    ReferenceSaid,
    duties,
    many,
    person,
    read,
)
from opsbot.app.paging.port import Duty, PagerPerson, PagingRefused
from opsbot.app.ports import RetryLater

REMEMBER_S: Final = 300.0
AT_ONCE: Final = 25
"""Policies asked about in one request: the address has room for no more than a few hundred."""

_NO_ABILITY = 402
_NOT_FOUND = frozenset({400, 404})
_NO_PRIORITY = "priority {name}: the account has none of that name"
_UNKNOWN_PRIORITY = "priority {name}: PagerDuty could not be asked for its priorities"

log = structlog.get_logger(__name__)


@dataclass
class _Remembered:
    """What was read once, and when, in monotonic seconds."""

    people: tuple[PagerPerson, ...] = ()
    people_at: float | None = None
    priorities: dict[str, str] | None = None
    priorities_at: float = 0.0


class Roster:
    """The people and priorities of one account."""

    def __init__(self, link: Link, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._monotonic = monotonic
        self._known = _Remembered()
        self._reading = asyncio.Lock()

    async def people(self) -> Sequence[PagerPerson]:
        """Return everybody in the account, as of now; see the port."""
        doing = "listing its people"
        given: Params = {"include[]": ["contact_methods"]}
        listed = await self._link.listed(doing, "/users", "users", given)
        found = tuple(person(read(PersonSaid, one, doing=doing)) for one in listed)
        self._known.people, self._known.people_at = found, self._monotonic()
        return found

    async def on_call(self, policies: Sequence[str]) -> Sequence[Duty]:
        """
        Return who is on call now; see the port. No policies: nobody, not everybody.

        A policy that is not there has nobody on call: one wrong id in a file must not hide who
        answers for all the others.
        """
        wanted = [one for one in dict.fromkeys(policies) if _is_id(one)]
        found: list[DutySaid] = []
        for first in range(0, len(wanted), AT_ONCE):
            found += await self._on_duty(wanted[first : first + AT_ONCE])
        return duties(one for one in found if one.escalation_policy.id in set(wanted))

    async def _on_duty(self, policies: list[str]) -> list[DutySaid]:
        doing = "asking who is on call"
        given: Params = {
            "escalation_policy_ids[]": policies,
            "include[]": ["users"],
            "earliest": "true",
        }
        try:
            listed = await self._link.listed(doing, "/oncalls", "oncalls", given)
        except PagingRefused as no:
            if no.status not in _NOT_FOUND:
                raise
            if len(policies) == 1:
                log.warning("pagerduty_policy_unknown", policy=policies[0])
                return []
            return [duty for one in policies for duty in await self._on_duty([one])]
        return [read(DutySaid, one, doing=doing) for one in listed]

    async def id_of_email(self, email: str) -> str:
        """Return the id of who has that e-mail, empty for nobody; from memory where it is fresh."""
        wanted = email.strip().lower()
        if not wanted:
            return ""
        async with self._reading:
            known = self._known
            fresh = known.people_at is not None and self._fresh(known.people_at)
            people = known.people if fresh else await self.people()
        return next((one.id for one in people if one.email == wanted), "")

    async def priorities(self) -> dict[str, str] | None:
        """Return ids by name, the most severe first; None where the account has no priorities."""
        doing = "listing its priorities"
        answer = await self._link.look(doing, "/priorities", {"limit": PAGE})
        if answer.status == _NO_ABILITY:
            return None
        listed = many(self._link.settled(answer, doing).said, "priorities", doing=doing)
        said = [read(ReferenceSaid, one, doing=doing) for one in listed]
        return {one.name or one.summary: one.id for one in said}

    async def priority(self, name: str) -> tuple[str, str]:
        """
        Return the id of a priority, else an empty one and why in words.

        A page does not wait for its priority: that it could not be read is said, not raised.
        """
        if not name:
            return "", ""
        try:
            known = await self._remembered_priorities()
        except (RetryLater, PagingRefused) as why:
            log.warning("pagerduty_priorities_unread", why=str(why))
            return "", _UNKNOWN_PRIORITY.format(name=name)
        found = {said.lower(): id_ for said, id_ in known.items()}.get(name.strip().lower(), "")
        return found, "" if found else _NO_PRIORITY.format(name=name)

    async def _remembered_priorities(self) -> dict[str, str]:
        async with self._reading:
            known = self._known
            if known.priorities is None or not self._fresh(known.priorities_at):
                known.priorities = await self.priorities() or {}
                known.priorities_at = self._monotonic()
            return known.priorities

    def _fresh(self, at: float) -> bool:
        return self._monotonic() - at < REMEMBER_S


def _is_id(policy: str) -> bool:
    try:
        id_of(policy, "an escalation policy")
    except PagingRefused:
        log.warning("pagerduty_policy_unknown", policy=policy)
        return False
    return True
