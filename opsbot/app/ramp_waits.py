"""A ramp that waits for a second person, as cards, answers and messages say it. Pure."""

from opsbot.app.approvals import ramp_of
from opsbot.app.fleet_words import clock
from opsbot.app.routed import route_card
from opsbot.domain.approval import Approval
from opsbot.domain.change import Effect
from opsbot.domain.policy import Policy, shown
from opsbot.domain.route import number_of
from opsbot.domain.said import Button, inert


def ramp_words(approval: Approval) -> str:
    """Return what is asked for: `Ramp of r4 of `support-copilot`, over r3`."""
    revision, workflow, over = (
        inert(str(approval.action.get(one, "")), limit=80)
        for one in ("revision", "workflow", "over")
    )
    return f"Ramp of {revision} of `{workflow}`, over {over}"


def waiting_lines(approval: Approval | None, policy: Policy) -> list[str]:
    """Return the sentence about a ramp that waits; none where none does."""
    if approval is None:
        return []
    what, by = ramp_words(approval), shown(policy, approval.requester)
    until = clock(approval.expires_ms)
    return [f"{approval.id} waits for a second person until {until}: {what}, asked by {by}."]


def approval_buttons(approval: Approval | None) -> tuple[Button, ...]:
    """Return the buttons that settle an approval; who may press them is asked at the press."""
    if approval is None:
        return ()
    return (
        Button("approve", f"Approve {approval.id}", approval.id, "primary"),
        Button("refuse", "Refuse", approval.id),
    )


def ramp_cards(approval: Approval) -> tuple[Effect, ...]:
    """Return the effect that brings the card up to date of which an approval is one line."""
    revision = number_of(str(approval.action.get("revision", "")))
    workflow = ramp_of(approval)
    return () if revision is None or not workflow else (route_card(workflow, revision),)
