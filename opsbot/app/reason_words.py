"""The sentences about the reasons that a kill was given after its first, and why its restore is held."""

from collections.abc import Sequence

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.ramp.words import hold_line
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import inert

SHOWN = 3
"""Further reasons on a card, the newest; the kill's record and the journal have the others."""


async def hold_lines(env: Environment, kills: Sequence[Kill]) -> tuple[str, ...]:
    """
    Return a line for each restore in steps that a person holds: who, why, and how it goes on.

    Raises:
        StoreLost: no answer.
    """
    held = [kill for kill in kills if kill.ramp is not None and kill.ramp.held_by_person]
    notes = await env.unsealed(*("" if kill.ramp is None else kill.ramp.note for kill in held))
    return tuple(hold_line(kill, note) for kill, note in zip(held, notes, strict=True))


async def further_lines(env: Environment, kill: Kill) -> tuple[str, ...]:
    """
    Return why its restore is held, a line for each of the newest further reasons, and how many more.

    Raises:
        StoreLost: no answer.
    """
    held, newest = await hold_lines(env, (kill,)), kill.further[-SHOWN:]
    if not newest:
        return held
    texts = await env.unsealed(*(one.reason for one in newest))
    policy, earlier = policy_of(env.store.state), len(kill.further) - len(newest)
    told = zip(newest, texts, strict=True)
    lines = (
        f"Also, by {shown(policy, g.by)} at {clock(g.at_ms)}: {inert(text)}" for g, text in told
    )
    return (*held, *lines, *([f"and {earlier} more given before"] if earlier else []))
