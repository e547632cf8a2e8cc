"""A kill that a real server lost and the bot put back: it holds, and the fleet has to confirm it anew."""

from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.redis.store import open_store
from opsbot.app.declare import decide as declare
from opsbot.app.environment import Environment
from opsbot.app.kill.verb import KillVerb
from opsbot.app.requests import KillRequest
from opsbot.domain.actor import FLEET_WATCH
from opsbot.domain.change import Change, Write
from opsbot.domain.declaration import Catalogue
from opsbot.domain.kill import as_record
from opsbot.domain.state import State
from opsflags import keys
from tests.support.restores import COPILOT, NAME, rules, stepped
from tests.support.store import Server, own_server
from tests.support.world import MARA

__all__ = ["own_server"]


def confirmed(state: State, now_ms: int) -> tuple[Change, None]:
    """Decide that every instance has confirmed K-1, and a probe proved it."""
    kill = {**as_record(state.kill("K-1")), "confirmed_ms": 41.0, "probes": 1, "passed": 1}
    return Change("confirmed", FLEET_WATCH, (Write(keys.KILLS, "K-1", kill),)), None


async def test_after_a_flush_it_holds_and_nobody_has_confirmed_it_there(
    own_server: Server,
) -> None:
    async with open_store(own_server.unix_url, env="prod", state_dir=None) as bundle:
        catalogue = Catalogue({NAME: stepped()}, rules(), "abc")
        await bundle.store.commit("d", lambda state, now_ms: declare(state, now_ms, catalogue))
        clock = SystemClock()
        env = Environment("prod", bundle.store, bundle.fleets, clock, SystemEntropy())
        await KillVerb(env)(KillRequest(COPILOT, "stop"), MARA, request_id="k")
        await bundle.store.commit("c", confirmed)
        before = bundle.store.state.kill("K-1")
        with own_server.client() as client:
            client.flushall()

        state = await bundle.store.refresh()

        kill = state.kill("K-1")
        assert (before.confirmed_ms, before.passed) == (41.0, 1)
        assert kill.active
        assert kill.at == state.position > before.at
        assert (kill.confirmed_ms, kill.probes, kill.passed) == (None, None, None)
