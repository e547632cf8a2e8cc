"""Tell people directly: who may approve, who answers for a broken glass, who looks at an alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsbot.app.card import Render
from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Chat, Delivery, GiveUp, RetryLater
from opsbot.app.restore_decision import touched
from opsbot.app.words import SHOWN, clock, mode_word, named
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Json, Record
from opsbot.domain.errors import UnknownApproval, UnknownKill
from opsbot.domain.kill import Kill
from opsbot.domain.policy import Policy, Request, shown
from opsbot.domain.policy_words import approvers
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.state import State


@dataclass(frozen=True, slots=True)
class Tell:
    """The effect handler `tell`; what is over by the time it runs is not told."""

    env: Environment
    chat: Chat
    render: Render

    async def __call__(self, delivery: Delivery) -> None:
        """
        Send one direct message to each person concerned.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
        """
        state = await self.env.store.refresh()
        body = delivery.effect.body
        told = await self._what(body, state)
        if told is None:
            return
        said, people = told
        await tell_each(self.chat, people, self.render(said), key=delivery.effect.key)

    async def _what(
        self, body: Mapping[str, Json], state: State
    ) -> tuple[Said, tuple[str, ...]] | None:
        what = body["what"]
        if what in ("approval", "secondary"):
            return await self._approval(str(body["approval"]), state, secondary=what == "secondary")
        try:
            kill = state.kill(str(body["kill"]))
        except UnknownKill:
            return None
        if what == "glass":
            return await self._glass(kill, str(body.get("by", kill.actor)), state)
        if what == "unadopted":
            return self._unadopted(kill, state)
        return self._alarm(kill, str(body.get("by", kill.actor)), state)

    async def _approval(
        self, approval_id: str, state: State, *, secondary: bool
    ) -> tuple[Said, tuple[str, ...]] | None:
        try:
            approval = state.approval(approval_id)
        except UnknownApproval:
            return None
        if approval.standing != "pending":
            return None
        policy = policy_of(state)
        kills = tuple(state.kill(name) for name in approval.kills)
        scopes = list(dict.fromkeys(named(kill.scope) for kill in kills))
        more = f" and {len(scopes) - SHOWN} more" if scopes[SHOWN:] else ""
        what = "; ".join(scopes[:SHOWN]) + more
        (reason,) = await self.env.unsealed(str(approval.action.get("reason", "")))
        to = str(approval.action.get("to", "live"))
        effect = "Restore" if to == "live" else f"Change to `{mode_word(to)}`"
        said = Said(
            tone="amber",
            title=f"{effect} of {what} in {self.env.name} waits for your approval",
            lines=(
                (
                    f"{approval.id}, asked by {shown(policy, approval.requester)}; open until"
                    f" {clock(approval.expires_ms)}."
                ),
                *(["Nobody approved so far; you are asked as secondary."] if secondary else []),
                *(["Asked for: " + inert(reason)] if reason else []),
            ),
            buttons=(
                Button("approve", f"Approve {approval.id}", approval.id, "primary"),
                Button("refuse", "Refuse", approval.id),
            ),
        )
        names = (
            policy.secondary
            if secondary
            else approvers_of(policy, state, approval.requester, kills)
        )
        return said, slack_ids(policy, tuple(n for n in names if n != approval.requester))

    async def _glass(self, kill: Kill, by: str, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        (reason,) = await self.env.unsealed(kill.reason)
        minutes = policy.break_glass.adopt_within_ms // 60_000
        said = Said(
            tone="amber",
            title=f"Break-glass kill {kill.id} of {named(kill.scope)} in {self.env.name}",
            lines=(
                (
                    f"By {shown(policy, by)}, {mode_word(kill.mode)};"
                    f" {inert(reason) or 'no reason given'}."
                ),
                f"Adopt it or question it within {minutes} minutes; it holds either way."
                if kill.active
                else "It was restored meanwhile.",
            ),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        pages = slack_ids(policy, policy.break_glass.pages)
        return said, tuple(dict.fromkeys((*_dris(kill, state), *pages)))

    def _unadopted(self, kill: Kill, state: State) -> tuple[Said, tuple[str, ...]] | None:
        if kill.taken or not kill.active:
            return None
        policy = policy_of(state)
        said = Said(
            tone="red",
            title=f"Nobody has adopted or questioned {kill.id}:"
            f" {named(kill.scope)} in {self.env.name}",
            lines=("A break-glass kill needs a responder to stand by it. It still holds.",),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        people = (*_holders(policy, "commander"), *_holders(policy, "admin"))
        return said, tuple(dict.fromkeys((*_dris(kill, state), *slack_ids(policy, people))))

    def _alarm(self, kill: Kill, by: str, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        minutes = policy.times.alarm_window_ms // 60_000
        said = Said(
            tone="red",
            title=f"{shown(policy, by)} has killed {policy.times.alarm_kills} times or more"
            f" in {minutes} minutes in {self.env.name}",
            lines=(f"Last: {kill.id}, {named(kill.scope)}. Is the account in the right hands?",),
            buttons=(Button("status", "Status", ""),),
        )
        return said, slack_ids(policy, _holders(policy, "admin"))


def approvers_of(
    policy: Policy, state: State, requester: str, kills: tuple[Kill, ...]
) -> tuple[str, ...]:
    """Return the people whom policy lets approve a restore of *kills*: those whom the answer names."""
    wide = any(kill.scope.workflow is None for kill in kills)
    asked = Request(verb="approve", actor=SCHEDULER, workflows=touched(state, kills), wide=wide)
    return approvers(policy, asked, requester=requester)


async def tell_each(
    chat: Chat, people: Sequence[str], message: tuple[Sequence[Record], str], *, key: str
) -> None:
    """
    Tell every one of *people*; that one cannot be reached keeps it from nobody else.

    Raises:
        RetryLater: for some it can be tried again; the others are found by their key then.
        GiveUp: nobody is named, or some can never be reached; it says who.
    """
    if not people:
        raise GiveUp("nobody is declared who could be told")
    blocks, text = message
    later: RetryLater | None = None
    never: list[str] = []
    for person in people:
        try:
            await chat.tell(person, blocks, text, key=f"{key}:{person}")
        except RetryLater as again:
            later = again
        except GiveUp as no:
            never.append(f"{person}: {no}")
    if later is not None:
        raise later
    if never:
        raise GiveUp("; ".join(never))


def slack_ids(policy: Policy, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return where to reach people: a Slack id, else an e-mail; unknown names are left as they are."""
    found = []
    for name in names:
        person = policy.people.get(name)
        if person is None:
            found.append(name)
        elif person.slack or person.email:
            found.append((*person.slack, *person.email)[0])
    return tuple(dict.fromkeys(found))


def person_known(policy: Policy, identity: str) -> bool:
    """Return whether somebody can be reached behind an identity that `identity_of` gave."""
    return identity in policy.people


def _dris(kill: Kill, state: State) -> tuple[str, ...]:
    return tuple(dict.fromkeys(workflow.dri for workflow in touched(state, (kill,))))


def _holders(policy: Policy, role: str) -> tuple[str, ...]:
    found = [name for grant in policy.grants if grant.role == role for name in sorted(grant.people)]
    return tuple(dict.fromkeys(found))
