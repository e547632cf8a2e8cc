"""The sentences about the reasons that a kill was given after its first: what, by whom, when."""

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet_words import clock
from opsbot.domain.kill import Kill
from opsbot.domain.policy import shown
from opsbot.domain.said import inert

SHOWN = 3
"""Further reasons on a card, the newest; the kill's record and the journal have the others."""


async def further_lines(env: Environment, kill: Kill) -> tuple[str, ...]:
    """
    Return a line for each of the newest further reasons, and how many came before them.

    Raises:
        StoreLost: no answer.
    """
    newest = kill.further[-SHOWN:]
    if not newest:
        return ()
    texts = await env.unsealed(*(one.reason for one in newest))
    policy, earlier = policy_of(env.store.state), len(kill.further) - len(newest)
    told = zip(newest, texts, strict=True)
    lines = (
        f"Also, by {shown(policy, g.by)} at {clock(g.at_ms)}: {inert(text)}" for g, text in told
    )
    return (*lines, *([f"and {earlier} more given before"] if earlier else []))
