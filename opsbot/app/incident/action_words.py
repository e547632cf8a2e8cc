"""The sentence about what is to be done after an incident: what is open with who and when, what is done counted."""

from collections.abc import Sequence
from typing import Final

from opsbot.domain.change import Json
from opsbot.domain.incident.incident import Action
from opsbot.domain.policy.model import Policy
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert

SHOWN: Final = 3
LONGEST: Final = 120


def action_line(policy: Policy, actions: Sequence[Action], texts: Sequence[str]) -> str:
    """Return what is still to do, empty where nothing was ever written down; *texts* in their order."""
    if not actions or len(texts) != len(actions):
        return ""
    left = [
        _item(policy, one, text)
        for one, text in zip(actions, texts, strict=True)
        if one.done_ms is None
    ]
    done = len(actions) - len(left)
    more = [f"and {len(left) - SHOWN} more"] if len(left) > SHOWN else []
    listed = "; ".join([*left[:SHOWN], *more])
    return f"To do: {listed or 'nothing left'}{f' ({done} done)' if done else ''}."


def action_bodies(actions: Sequence[Action], texts: Sequence[str]) -> list[Json]:
    """Return the machine's form."""
    opened = texts if len(texts) == len(actions) else [""] * len(actions)
    return [
        {"id": one.id, "text": text, "owner": one.owner, "due": one.due, "done_ms": one.done_ms}
        for one, text in zip(actions, opened, strict=True)
    ]


def _item(policy: Policy, one: Action, text: str) -> str:
    owner = inert(shown(policy, one.owner), limit=80) if one.owner else "nobody"
    due = f", by {one.due}" if one.due else ""
    return f"{one.id} {inert(text, limit=LONGEST)} ({owner}{due})"
