"""Evidence, watches and kills for tests of routes whose strategy chooses the model."""

from opsbot.app.requests import KillRequest, Target
from opsbot.app.routes.rechoose import Rechoose
from opsbot.domain.actor import RAMP
from opsbot.domain.change import Change, Write
from opsbot.domain.gates import Measurement, as_record, measurement_key
from opsbot.domain.routing import as_record as routing_record
from opsbot.domain.routing import proven
from opsbot.domain.state import EVIDENCE, ROUTES, State
from tests.support.models import GPT, MINI
from tests.support.world import MARA, World

NAME = "support-copilot"
CHEAPEST = "cheapest_passing_eval"


async def shown(world: World, *subjects: str, value: float = 0.95, n: int = 50) -> None:
    """Let evidence arrive."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        found = [
            Measurement(NAME, subject, "s", "pass", value, n, now_ms, "ci") for subject in subjects
        ]
        writes = tuple(Write(EVIDENCE, measurement_key(one), as_record(one)) for one in found)
        return Change("eval", RAMP, writes=writes), None

    await world.store.commit(f"eval-{world.env.entropy.token()}", decide)


async def good(world: World) -> None:
    """Let the watch of what serves end well."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        good = routing_record(proven(state.routing(NAME)))
        return Change("good", RAMP, writes=(Write(ROUTES, NAME, good),)), None

    await world.store.commit(f"good-{world.env.entropy.token()}", decide)


def serving(world: World) -> tuple[str, ...]:
    """Return the models that serve everybody."""
    state = world.store.state
    active = state.revision(NAME, state.routing(NAME).active)
    return tuple(one.name for one in active.route.targets)


async def mini_serves(world: World) -> None:
    """Let the cheaper model pass, and serve everybody under a kill of the declared one."""
    await shown(world, MINI)
    await world.bot.kill(KillRequest(Target("model", GPT), confirmed=True), MARA, request_id="gpt")
    await Rechoose(world.env)()
    await good(world)


async def lift(world: World) -> None:
    """End every kill."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        kills = tuple(Write("kills", kill.id, None) for kill in state.active_kills())
        return Change("lift", RAMP, writes=kills), None

    await world.store.commit("lift", decide)
