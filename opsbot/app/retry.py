"""Retry: put what could not be said outside back to work, under policy and with an entry in the journal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsbot.app.deliver import UNEXPECTED
from opsbot.app.environment import Environment, policy_of
from opsbot.app.incident.hidden import Hidden
from opsbot.app.look import may_look
from opsbot.app.ports import Outbox
from opsbot.app.target import touched
from opsbot.app.words import counted
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Committed, Effect, Json
from opsbot.domain.errors import NotAllowed, UnknownApproval, UnknownKill, UnknownLetter
from opsbot.domain.journal import Broken, read_entry
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Request, judge
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State

EVERY = "all"
Letter = tuple[str, Effect, str]
"""Id, effect and the reason why it was given up."""

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Retry:
    """The use case; an effect is idempotent by its key, so what was half done is not done twice."""

    env: Environment
    outbox: Outbox

    async def __call__(self, item: str, actor: Actor, *, request_id: str) -> Said:
        """
        Put one dead letter (its id), or `all`, back into its lane.

        Whoever may kill what a letter speaks of may have it delivered. The journal notes who asked
        for which letters, before they move: a crash in between leaves them where they were, and the
        same request moves them then, and no others.

        Raises:
            UnknownLetter: nothing undelivered has that id. NotAllowed: policy.
            StoreLost: whether it is stored is not known.
        """
        await self.env.store.refresh()
        may_look(policy_of(self.env.store.state), actor)
        letters = chosen(await self.outbox.dead_letters(), item)
        again = False
        if letters:
            committed, _ = await self.env.store.commit(
                request_id, lambda state, now_ms: (_noted(state, now_ms, letters, actor), None)
            )
            again = committed is not None and committed.repeated
            if committed is not None and again:
                noted = await self._noted_before(committed, request_id)
                letters = tuple(letter for letter in letters if letter[0] in noted)
        moved = [letter for letter in letters if await self.outbox.retry(letter[0])]
        return self._said(moved, item, Hidden.of(self.env.store.state, actor), again=again)

    async def _noted_before(self, committed: Committed, request_id: str) -> frozenset[str]:
        """
        Return the letters that this request's own entry names: what came later is not moved by it.

        Raises:
            StoreLost: no answer.
        """
        at = committed.position.revision - 1
        lines = await self.env.store.journal(at, at)
        try:
            entry = read_entry(lines[0]) if lines else None
        except Broken:
            entry = None
        if entry is None or entry.request != request_id or entry.verb != "retry":
            return frozenset()
        facts = entry.body["facts"]
        listed = facts.get("letters") if isinstance(facts, Mapping) else None
        found = listed if isinstance(listed, (list, tuple)) else ()
        return frozenset(str(one["item"]) for one in found if isinstance(one, Mapping))

    def _said(self, moved: Sequence[Letter], item: str, hidden: Hidden, *, again: bool) -> Said:
        body: dict[str, Json] = {"retried": [name for name, _, _ in moved]}
        if not moved and again:
            title = f"This request was done before in {self.env.name}; nothing was moved now"
            left = "What could not be delivered since then needs a new request."
            return Said("plain", title, (left,), body=body)
        if not moved:
            every = item.lower() == EVERY
            title = "Nothing is undelivered" if every else "Nothing was left to deliver again"
            return Said("plain", f"{title} in {self.env.name}", body=body)
        lines = [letter_line(letter, hidden) for letter in moved[:SHOWN]]
        more = [f"and {len(moved) - SHOWN} more"] if moved[SHOWN:] else []
        title = f"Being delivered again in {self.env.name}: {counted(len(moved), 'message')}"
        said = "Whether it arrives now is seen in `status`."
        return Said("plain", title, (*lines, *more, said), body=body)


def chosen(letters: Sequence[Letter], item: str) -> tuple[Letter, ...]:
    """
    Return the letters that *item* names.

    Raises:
        UnknownLetter: none has that id.
    """
    if item.lower() == EVERY:
        return tuple(letters)
    found = tuple(letter for letter in letters if letter[0] == item)
    if not found:
        raise UnknownLetter(
            f"Nothing undelivered is called `{inert(item, limit=40)}`; nothing was changed.",
            hint="It may be delivered already. `opsbot status` lists what is not.",
        )
    return found


def letter_line(letter: Letter, hidden: Hidden = Hidden()) -> str:  # noqa: B008  it is frozen
    """
    Return one undelivered message as people read it: its id, what it is, and what was wrong.

    What is *hidden* from the reader is not named, and why it failed (a channel's name) is not said.
    """
    item, effect, reason = letter
    if hidden.of_effect(effect):
        return f"`{inert(item, limit=40)}` a message about something private failed"
    what = f"{_WHAT.get(effect.kind, effect.kind)} {inert(about(effect), limit=80)}"
    return f"`{inert(item, limit=40)}` {what} failed: {inert(_plain(reason), limit=160)}"


_WHAT = {
    "card": "the Slack card of",
    "route_card": "the Slack card of",
    "route_picture": "the Slack picture of",
    "route_page": "the page about",
    "approver_page": "the page about",
    "page_over": "the end of the page about",
    "tell": "the Slack message about",
    "follow": "following",
    "route_follow": "following",
    "review": "the review of",
    "expire": "the expiry of",
    "queue_closed": "the end of the queue's hours for",
    "ramp": "the next step of",
    "restore_ramp": "the next step of the restore of",
    "recovered": "going on after data loss with",
    "incident_step": "a step outside of",
    "incident_card": "the Slack card of",
    "incident_said": "the Slack reply about",
    "incident_topic": "the channel's topic of",
    "incident_told": "the Slack message about",
    "incident_remind": "a reminder of",
    "incident_archive": "the archiving of the channel of",
    "pager_sync": "telling PagerDuty of",
    "run_card": "the Slack messages of",
    "run_file": "the file of",
    "run_told": "the Slack message about",
    "run_remind": "a reminder of",
    "run_act": "settling an action of",
    "comms_publish": "publishing",
    "comms_card": "the Slack card of",
    "comms_due": "a reminder about",
}
"""What could not be delivered, to whom; another kind goes by its own name."""

_RAW = re.compile(r"[:;,]?\s*\b[A-Z]\w+\(.*", re.DOTALL)
"""An exception as Python writes it, which letters of earlier versions may hold."""


def _plain(reason: str) -> str:
    """Return why in words for people; an exception's own name is for the log."""
    return _RAW.sub("", reason).strip() or UNEXPECTED


def about(effect: Effect) -> str:
    """Return what an effect speaks of: a kill, an approval, an incident, a workflow's route, else its key."""
    body = effect.body
    kinds = ("kill", "approval", "message", "incident", "workflow", "run")
    return str(next((body[one] for one in kinds if body.get(one)), effect.key))


def _noted(state: State, now_ms: int, letters: Sequence[Letter], actor: Actor) -> Change:
    rules = [_may(state, now_ms, effect, actor) for _, effect, _ in letters]
    listed: list[Json] = [
        {"item": item, "kind": effect.kind, "key": effect.key} for item, effect, _ in letters
    ]
    return Change(verb="retry", actor=actor, rule=rules[0], facts={"letters": listed})


def _may(state: State, now_ms: int, effect: Effect, actor: Actor) -> str:
    """
    Return the rule that lets *actor* have it delivered again.

    Raises:
        NotAllowed: they may not kill what it speaks of.
    """
    kills = _kills(state, effect)
    verdict = judge(
        policy_of(state),
        Request(
            verb="kill",
            actor=actor,
            workflows=touched(state, kills) if kills else tuple(state.workflows().values()),
            wide=not kills or any(kill.scope.workflow is None for kill in kills),
            after="stop",
            now_ms=now_ms,
        ),
    )
    if not verdict.allowed:
        raise NotAllowed(
            "Only who may kill this may have its messages delivered again; nothing was changed.",
            rule=verdict.rule,
        )
    return verdict.rule


def _kills(state: State, effect: Effect) -> tuple[Kill, ...]:
    try:
        if "kill" in effect.body:
            return (state.kill(str(effect.body["kill"])),)
        if "approval" in effect.body:
            approval = state.approval(str(effect.body["approval"]))
            return tuple(state.kill(name) for name in approval.kills)
    except (UnknownKill, UnknownApproval):
        return ()
    return ()
