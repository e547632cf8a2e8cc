"""Tell people directly: who may approve, who answers for a broken glass, who looks at an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app.card import Render
from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Chat, Delivery
from opsbot.app.restore_decision import touched
from opsbot.app.words import clock, mode_word, named
from opsbot.domain.change import Json
from opsbot.domain.errors import UnknownApproval, UnknownKill
from opsbot.domain.kill import Kill
from opsbot.domain.policy import Policy, shown
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
        blocks, text = self.render(said)
        for person in people:
            await self.chat.tell(person, blocks, text, key=f"{delivery.effect.key}:{person}")

    async def _what(
        self, body: Mapping[str, Json], state: State
    ) -> tuple[Said, tuple[str, ...]] | None:
        what = body["what"]
        if what in ("approval", "secondary"):
            return self._approval(str(body["approval"]), state, secondary=what == "secondary")
        try:
            kill = state.kill(str(body["kill"]))
        except UnknownKill:
            return None
        if what == "glass":
            return await self._glass(kill, state)
        if what == "unadopted":
            return self._unadopted(kill, state)
        return self._alarm(kill, state)

    def _approval(
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
        what = "; ".join(dict.fromkeys(named(kill.scope) for kill in kills))
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

    async def _glass(self, kill: Kill, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        (reason,) = await self.env.unsealed(kill.reason)
        minutes = policy.break_glass.adopt_within_ms // 60_000
        said = Said(
            tone="amber",
            title=f"Break-glass kill {kill.id} of {named(kill.scope)} in {self.env.name}",
            lines=(
                f"By {shown(policy, kill.actor)} via {kill.via}; {inert(reason) or 'no reason given'}.",
                f"Adopt it or question it within {minutes} minutes; it holds either way.",
            ),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        return said, (*_dris(kill, state), *slack_ids(policy, policy.break_glass.pages))

    def _unadopted(self, kill: Kill, state: State) -> tuple[Said, tuple[str, ...]] | None:
        if kill.joined or not kill.active:
            return None
        policy = policy_of(state)
        said = Said(
            tone="red",
            title=f"Nobody has adopted or questioned {kill.id} ({named(kill.scope)})",
            lines=("A break-glass kill needs a responder to stand by it. It still holds.",),
            buttons=(
                Button("adopt", "Adopt", kill.id, "primary"),
                Button("question", "Question", kill.id),
            ),
        )
        people = (*_holders(policy, "commander"), *_holders(policy, "admin"))
        return said, (*_dris(kill, state), *slack_ids(policy, people))

    def _alarm(self, kill: Kill, state: State) -> tuple[Said, tuple[str, ...]]:
        policy = policy_of(state)
        minutes = policy.times.alarm_window_ms // 60_000
        said = Said(
            tone="red",
            title=f"{shown(policy, kill.actor)} has killed {policy.times.alarm_kills} times or more"
            f" in {minutes} minutes",
            lines=(f"Last: {kill.id}, {named(kill.scope)}. Is the account in the right hands?",),
            buttons=(Button("status", "Status", ""),),
        )
        return said, slack_ids(policy, _holders(policy, "admin"))


def approvers_of(
    policy: Policy, state: State, requester: str, kills: tuple[Kill, ...]
) -> tuple[str, ...]:
    """Return the people whose grants let them approve a restore of *kills*, never the requester."""
    from_teams = {workflow.team for workflow in touched(state, kills)}
    wide = any(kill.scope.workflow is None for kill in kills)
    names: list[str] = []
    for grant in policy.grants:
        if grant.role != "approver" or (grant.teams and (wide or not from_teams <= grant.teams)):
            continue
        names += sorted(grant.people)
    return tuple(dict.fromkeys(name for name in names if name != requester))


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


def _dris(kill: Kill, state: State) -> tuple[str, ...]:
    return tuple(dict.fromkeys(workflow.dri for workflow in touched(state, (kill,))))


def _holders(policy: Policy, role: str) -> tuple[str, ...]:
    found = [name for grant in policy.grants if grant.role == role for name in sorted(grant.people)]
    return tuple(dict.fromkeys(found))
