"""Ask what runbooks suppose: on demand, and once a night for their owners, who are told what changed."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.words import lasted
from opsbot.app.look import may_look
from opsbot.app.paging.check import Expected, examine
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.port import Paging
from opsbot.app.ports import Chat, GiveUp, Outbox, Render, RetryLater
from opsbot.app.reach import holders, slack_ids, tell_each
from opsbot.app.runs.port import Procedures
from opsbot.app.runs.preflight import Gap, Seen, channels_of, gaps, paged_by
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import StoreLost
from opsbot.domain.runbook import Runbook
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

KEPT: Final = "preflight:"
"""Prefix of the keys under which is kept what an owner was told last."""

CLAIM: Final = "preflight"
CLAIM_S: Final = 300.0
NIGHT: Final = "preflight-night"
"""Where is kept when the nightly look was, and how much it found."""

LATE_MS: Final = 26 * 3_600_000
ANSWERS_S: Final = 2.0
"""How long the store is waited for before what was known last is told instead, in seconds."""

SHOWN: Final = 30
"""Findings that one message lists."""

Unreachable = Callable[[str], Awaitable[str]]
"""Says why a channel cannot be written to, empty where it can; never raises for what it finds."""

Templates = Callable[[], Awaitable[frozenset[str] | None]]
"""The templates of words to users that are there, None where there is no folder of them."""

Unready = Callable[[], Mapping[str, str]]
"""Says why nothing would be published at a declared target, by its name; asks nobody."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """
    The use case. *channels* and *paging* are None where no Slack and no PagerDuty is connected.

    *outbox* keeps what the last night found; *age_s* says how many seconds ago the store last answered.
    *targets* says what messages to people would need.

    It only reads; what does not answer becomes a finding, never an error.
    """

    env: Environment
    procedures: Procedures
    templates: Templates
    rota: OnCall | None = None
    channels: Unreachable | None = None
    paging: Paging | None = None
    outbox: Outbox | None = None
    age_s: Callable[[], float] | None = None
    targets: Unready | None = None

    async def __call__(self) -> tuple[Gap, ...]:
        """Return everything that would stop somebody now, by owner and runbook."""
        state, books = self.env.store.state, self.procedures.known()
        seen = Seen(
            state=state,
            now_ms=self.env.clock.now_ms(),
            roster=None if self.rota is None else self.rota.roster,
            channels=await self._channels(books, state),
            pagers=await self._pagers(books, state),
            templates=await self.templates(),
        )
        return (*gaps(books, seen), *self._targets())

    def _targets(self) -> Iterator[Gap]:
        """Yield the declared places of messages at which nothing would ever be published."""
        for name, why in ({} if self.targets is None else self.targets()).items():
            says = f"Nothing would be published at `{inert(name, limit=60)}`: {why}."
            fix = "Set what it needs, or take the target out of flags/comms.yaml."
            yield Gap("", "comms.yaml", says, fix, file="flags/comms.yaml", line=1)

    async def said(self, actor: Actor) -> Said:
        """
        Return the findings as an answer.

        Raises:
            NotAllowed: they may not even look.
        """
        lost = await self._lost()
        may_look(policy_of(self.env.store.state), actor)
        when = "when the store last answered" if lost else "now"
        said = told(await self(), len(self.procedures.known()), self.env.name, when=when)
        if lost:
            body = {**said.body, "ok": False, "store": "lost"}
            return replace(said, tone="red", lines=(lost, *said.lines), body=body, exit_code=1)
        night = None if self.outbox is None else await last_night(self.outbox, self.env)
        return said if night is None else replace(said, lines=(*said.lines, night.title))

    async def _lost(self) -> str:
        """Return that what is known is old, and how old, empty where the store answers."""
        try:
            async with asyncio.timeout(ANSWERS_S):
                await self.env.store.refresh()
        except (StoreLost, TimeoutError):
            old = "" if self.age_s is None else f" {lasted(int(self.age_s() * 1000))} ago"
            return (
                f"The store does not answer: this is what was known{old or ' last'}, and no more."
            )
        return ""

    async def _channels(self, books: Mapping[str, Runbook], state: State) -> Mapping[str, str]:
        if self.channels is None:
            return {}
        return {one: await self.channels(one) for one in channels_of(books, state)}

    async def _pagers(self, books: Mapping[str, Runbook], state: State) -> Mapping[str, str] | None:
        if self.paging is None:
            return None
        asked = paged_by(books, state)
        places = {one.name: place for one in asked if (place := _place(one)) is not None}
        found = await examine(self.paging, Expected(places=places)) if places else ()
        wrong = {one.name: one.says for one in found if one.ok is False}
        why = {one.name: _wrong(one, places.get(one.name), wrong) for one in asked}
        return {name: one for name, one in why.items() if one}


def _place(workflow: Workflow) -> tuple[str, str] | None:
    declared = workflow.extra.get("pagerduty")
    if not isinstance(declared, Mapping):
        return None
    return str(declared.get("service", "")), str(declared.get("escalation_policy", ""))


def _wrong(workflow: Workflow, place: tuple[str, str] | None, wrong: Mapping[str, str]) -> str:
    if place is None:
        return "it declares no `pagerduty:` service"
    names = (f"workflow {workflow.name}", f"on call {place[1]}", "on call", "key")
    return next((wrong[one] for one in names if one in wrong), "")


def told(found: Sequence[Gap], books: int, env: str, *, when: str = "now") -> Said:
    """Return the findings in words, as of *when*; those of several runbooks that say the same stand together."""
    body: dict[str, Json] = {"ok": not found, "findings": [asdict(one) for one in found]}
    count = f"{books} runbook{'' if books == 1 else 's'}"
    if not found:
        return Said("green", f"Every step of {count} could be done {when} in {env}", body=body)
    things = f"{len(_together(found))} thing{'' if len(_together(found)) == 1 else 's'}"
    title = f"{things} would stop somebody who walks a runbook {when} in {env}"
    return Said("amber", title, tuple(_lines(found)), body=body, exit_code=1)


def _lines(found: Iterable[Gap]) -> list[str]:
    together = _together(found)
    lines = [
        f"{says} {fix} ({', '.join(_name(one) for one in names[:4])}{_more(len(names) - 4)})"
        for (says, fix), names in together[:SHOWN]
    ]
    left = len(together) - SHOWN
    return [*lines, *([f"And {left} more."] if left > 0 else [])]


def _together(found: Iterable[Gap]) -> list[tuple[tuple[str, str], list[str]]]:
    ordered = sorted(found, key=lambda one: (one.says, one.fix, one.runbook))
    by_words = groupby(ordered, key=lambda one: (one.says, one.fix))
    return [(words, [one.runbook for one in those]) for words, those in by_words]


def _name(runbook: str) -> str:
    return f"`{inert(runbook, limit=60)}`"


def _more(left: int) -> str:
    return f" and {left} more" if left > 0 else ""


@dataclass(frozen=True, slots=True)
class Nightly:
    """The duty: tells each owner what would stop somebody, unless they were told the very same."""

    preflight: Preflight
    outbox: Outbox
    chat: Chat
    render: Render

    async def __call__(self) -> int:
        """
        Tell the owners and return how many were told; one replica does it for all.

        Raises:
            StoreLost: the next night tries again.
        """
        if not await self.outbox.claim(CLAIM, ttl_s=CLAIM_S):
            return 0
        found = await self.preflight()
        now_ms = self.preflight.env.clock.now_ms()
        await self.outbox.leave(NIGHT, {"at_ms": now_ms, "things": len(_together(found))})
        owners = {book.owner for book in self.preflight.procedures.known().values()}
        return sum([await self._owner(one, found) for one in sorted(owners)])

    async def _owner(self, owner: str, found: Sequence[Gap]) -> bool:
        theirs = [one for one in found if one.owner == owner]
        mark = _print(theirs)
        kept = await self.outbox.left(f"{KEPT}{owner}") or {"told": ""}
        if kept.get("told") == mark:
            return False
        if not theirs:
            await self.outbox.leave(f"{KEPT}{owner}", {"told": mark})
            return False
        env = self.preflight.env
        books = {one.runbook for one in theirs}
        people = addresses(env.store.state, owner)
        message = self.render(told(theirs, len(books), env.name))
        day = env.clock.now_ms() // 86_400_000
        reached: list[Record] = []

        async def note(sent: Record) -> None:
            reached.append(sent)

        with contextlib.suppress(RetryLater, GiveUp):  # that nobody was reached is not kept as told
            key = f"{KEPT}{owner}:{mark}:{day}"
            await tell_each(self.chat, people, message, key=key, note=note)
        if not reached:
            return False
        await self.outbox.leave(f"{KEPT}{owner}", {"told": mark})
        return True


async def last_night(outbox: Outbox, env: Environment) -> Said | None:
    """
    Return what the last nightly look found, and how long ago; None where there was none yet, or no answer.

    One that is older than a day and a bit says so as well: somebody counts on it.
    """
    try:
        kept = await outbox.left(NIGHT)
    except StoreLost:
        return None
    if kept is None:
        return None
    things, age_ms = int(str(kept["things"])), env.clock.now_ms() - int(str(kept["at_ms"]))
    found = f"{things} thing{'' if things == 1 else 's'} that would stop somebody"
    late = " It did not look since." if age_ms > LATE_MS else ""
    title = f"Nightly look at the runbooks, {lasted(max(age_ms, 0))} ago: {found if things else 'all could be done'}.{late}"
    more = (f"{command('check --live')} lists them as they are now.",) if things else ()
    body: dict[str, Json] = {"things": things, "age_ms": age_ms}
    return Said("amber" if things or late else "plain", title, more, body=body)


def addresses(state: State, owner: str) -> tuple[str, ...]:
    """Return where to reach an owner: that person, else who answers for the team's workflows, else administrators."""
    policy, name = policy_of(state), owner.removeprefix("@")
    if name in policy.people:
        return slack_ids(policy, (name,))
    team = tuple(dict.fromkeys(one.dri for one in state.workflows().values() if one.team == name))
    return team or slack_ids(policy, holders(policy, "admin"))


def _print(found: Sequence[Gap]) -> str:
    """Return what tells two nights apart, empty for nothing found."""
    words = "\n".join(sorted(f"{one.runbook}\0{one.says}" for one in found))
    return hashlib.sha256(words.encode()).hexdigest() if words else ""
