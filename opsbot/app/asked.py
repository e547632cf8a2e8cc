"""Approvals in direct messages: asked with buttons, remembered, and without buttons once they are over."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.approvals import ramp_of
from opsbot.app.comms.second import is_of_message
from opsbot.app.comms.shown.asked import asked_people, asked_title, publish_asked, refused_told
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import moment
from opsbot.app.ports import Chat, Delivery, Outbox, Render
from opsbot.app.questions import Questions
from opsbot.app.reach import slack_ids, tell_each
from opsbot.app.restore.waits import ramp_words
from opsbot.app.routes.asked_words import ramp_asked
from opsbot.app.runs.second import givers, is_of_run, step_words
from opsbot.app.target import touched
from opsbot.app.words import SHOWN, clock, mode_word, named
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.approval import Approval
from opsbot.domain.errors import UnknownApproval
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import Policy, Request, shown
from opsbot.domain.policy.words import approvers
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.state import State

EXPIRING: Final = "expiring"
ASKS: Final = ("approval", "secondary", EXPIRING)
SETTLED: Final = "settled"
ABOUT_APPROVALS: Final = (*ASKS, SETTLED)
KEPT_S: Final = 7 * 86_400.0
"""How long the places of the messages are kept, in seconds; an approval is over long before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of the effect handler `tell` that is about approvals."""

    env: Environment
    chat: Chat
    outbox: Outbox
    render: Render

    async def __call__(self, delivery: Delivery) -> None:
        """
        Ask who may approve, or take the buttons away from everybody who was asked.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
        """
        state = await self.env.store.refresh()
        what, body = str(delivery.effect.body["what"]), delivery.effect.body
        try:
            approval = state.approval(str(body["approval"]))
        except UnknownApproval:
            return
        if what == SETTLED:
            await self._close(approval, state)
            await self._tell_writers(approval, key=delivery.effect.key)
        elif approval.standing == "pending":
            await self._ask(approval, state, what, key=delivery.effect.key)

    async def _ask(self, approval: Approval, state: State, what: str, *, key: str) -> None:
        note = self._questions.noting(_kept_under(approval, what))
        said, people = await self._question(approval, state, what)
        message = self.render(said)
        try:
            await tell_each(self.chat, people, message, key=key, note=note)
        finally:
            await self._overtaken(approval.id)

    async def _overtaken(self, approval_id: str) -> None:
        """Take the buttons away at once where it was settled while people were still being asked."""
        state = await self.env.store.refresh()
        approval = state.approval(approval_id)
        if approval.standing != "pending":
            await self._close(approval, state)

    async def _question(
        self, approval: Approval, state: State, what: str
    ) -> tuple[Said, tuple[str, ...]]:
        policy, now_ms = policy_of(state), self.env.clock.now_ms()
        kills = _kills(approval, state)
        asked = ramp_asked(state, approval, now_ms)
        words = await publish_asked(self.env, state, approval) if is_of_message(approval) else ()
        reason, note = await self.env.unsealed(str(approval.action.get("reason", "")), asked.note)
        said = Said(
            tone="amber",
            title=f"{_what(approval, kills)} in {self.env.name} waits for your approval",
            lines=(
                (
                    f"{approval.id}, asked by {shown(policy, approval.requester)}; open until"
                    f" {clock(approval.expires_ms)}."
                ),
                *_asked_why(what, approval, now_ms),
                *asked.lines,
                *words,
                *(["Its note: " + inert(note)] if note else []),
                *(["Asked for: " + inert(reason)] if reason else []),
            ),
            buttons=(
                Button("approve", f"Approve {approval.id}", approval.id, "primary"),
                _refuse(approval),
            ),
        )
        names = approvers_of(policy, state, approval.requester, kills, ramp_of(approval))
        paged = now_ms - approval.requested_ms >= policy.times.page_secondary_ms
        if is_of_run(approval):
            names = givers(state, approval)
        elif is_of_message(approval):
            names = asked_people(state, approval, what)
        elif what == "secondary":
            names = policy.secondary
        elif what == EXPIRING and paged:
            names = tuple(dict.fromkeys((*names, *policy.secondary)))
        return said, slack_ids(policy, tuple(n for n in names if n != approval.requester))

    async def _close(self, approval: Approval, state: State) -> None:
        message = self.render(self._over(approval, state))
        await self._questions.close(message, *(_kept_under(approval, what) for what in ASKS))

    async def _tell_writers(self, approval: Approval, *, key: str) -> None:
        """Tell who wrote a message that somebody said no to it, and why: an edited card wakes nobody."""
        told = await refused_told(self.env, approval)
        if told is not None:
            said, people = told
            await tell_each(self.chat, people, self.render(said), key=f"{key}:refused")

    @property
    def _questions(self) -> Questions:
        return Questions(self.chat, self.outbox, KEPT_S)

    def _over(self, approval: Approval, state: State) -> Said:
        policy = policy_of(state)
        by = shown(policy, approval.approver) if approval.approver else ""
        how = {
            "approved": f"approved by {by}",
            "refused": f"withdrawn by {by}"
            if approval.approver == approval.requester
            else f"refused by {by}",
            "expired": "expired: nobody approved it in time",
            "void": f"void: {approval.cause or 'what it asked for has changed since'}",
        }[approval.standing]
        now_ms, ended_ms = self.env.clock.now_ms(), approval.settled_ms or approval.expires_ms
        what = f"{_what(approval, _kills(approval, state))} in {self.env.name}"
        asked = f"{what}, asked by {shown(policy, approval.requester)}"
        over = f"{asked}; over since {moment(ended_ms, now_ms)}. Nothing is left to press."
        return Said("plain", f"{approval.id} {how}", (over,))


def _refuse(approval: Approval) -> Button:
    """Return what says no; to words that somebody wrote with a reason, which they read."""
    if is_of_message(approval):
        return Button("comms_refuse", "Refuse\u2026", approval.id)
    return Button("refuse", "Refuse", approval.id)


def approvers_of(
    policy: Policy, state: State, requester: str, kills: tuple[Kill, ...], ramp: str = ""
) -> tuple[str, ...]:
    """
    Return the people whom policy lets approve it: those whom the answer names.

    It is a restore of *kills*, or a ramp of the workflow *ramp*.
    """
    wide = any(kill.scope.workflow is None for kill in kills)
    ramped = (one for name, one in state.workflows().items() if name == ramp)
    workflows = (*touched(state, kills), *ramped)
    asked = Request(verb="approve", actor=SCHEDULER, workflows=workflows, wide=wide)
    return approvers(policy, asked, requester=requester)


def _asked_why(what: str, approval: Approval, now_ms: int) -> tuple[str, ...]:
    if what == "secondary":
        return ("Nobody approved so far; you are asked as secondary.",)
    if what == EXPIRING:
        minutes = max(round((approval.expires_ms - now_ms) / 60_000), 1)
        return (f"Nobody approved so far, and it is over in {minutes} min.",)
    return ()


def _kept_under(approval: Approval, what: str) -> str:
    return f"asked:{approval.id}:{approval.requested_ms}:{what}"


def _kills(approval: Approval, state: State) -> tuple[Kill, ...]:
    return tuple(state.kill(name) for name in approval.kills)


def _what(approval: Approval, kills: tuple[Kill, ...]) -> str:
    """Return what is asked for, in words; an action that names no kill says its verb and workflow."""
    action = approval.action
    if is_of_run(approval):
        return step_words(approval)
    if is_of_message(approval):
        return asked_title(approval)
    if ramp_of(approval):
        return ramp_words(approval)
    if not kills:
        verb, workflow = (inert(str(action.get(one, "")), limit=80) for one in ("verb", "workflow"))
        return f"`{verb}` of `{workflow}`"
    to = str(action.get("to", "live"))
    act = "Restore" if to == "live" else f"Change to `{mode_word(to)}`"
    scopes = list(dict.fromkeys(named(kill.scope) for kill in kills))
    more = f" and {len(scopes) - SHOWN} more" if scopes[SHOWN:] else ""
    return f"{act} of {'; '.join(scopes[:SHOWN])}{more}"
