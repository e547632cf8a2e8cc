"""Note how large the fleet is, and take instances off the list that have been silent for long."""

from opsbot.app.environment import Environment
from opsbot.app.fleet.sight import watched_kill
from opsbot.domain.containment import contain

FORGET_MS = 24 * 3_600_000
"""An instance silent this long is taken off the list."""


async def swept(env: Environment) -> None:
    """
    Sample the fleet, and forget who is silent for longer than that.

    One that still keeps a kill from being confirmed stays: forgetting it would be the only
    reason to call the rest complete.

    Raises:
        StoreLost: no answer within the deadline.
    """
    fleet, state = await env.fleets.look(), env.store.state
    declared = state.workflows()
    alive = {n: c for n, c in fleet.alive_by_workflow().items() if n in declared}
    await env.fleets.sample(alive, now_ms=fleet.now_ms, models=fleet.models())
    kept = {
        one.id
        for kill in state.active_kills()
        for seen in (contain(watched_kill(kill), fleet, declared),)
        for one in (*seen.silent, *seen.expired, *seen.ahead)
    }
    old = (one for one in fleet.instances if fleet.now_ms - one.seen_ms > FORGET_MS)
    gone = [one for one in old if one.id not in kept]
    if gone:
        await env.fleets.forget(gone)
