"""A repeated restore and a retried letter on each store: the first answer again, and one move."""

from opsbot.app.environment import Environment
from opsbot.app.kill.verb import KillVerb
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.restore.verb import RestoreVerb
from opsbot.app.retry import Retry
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Write
from opsbot.domain.policy.records import as_record as policy_record
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import as_record as workflow_record
from opsflags import keys
from tests.contract.conftest import World
from tests.support.world import MARA, Counter, MovedClock, policy, workflow

TARGET = Target("workflow", "summariser")


async def company(world: World) -> Environment:
    """Declare one workflow and a policy."""
    named = workflow("summariser")
    writes = (
        Write(keys.WORKFLOWS, named.name, workflow_record(named)),
        Write(SETTINGS, "policy", policy_record(policy())),
    )

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change(verb="declare", actor=DECLARATIONS, writes=writes), None

    await world.one.store.commit("declare", decide)
    return Environment("test", world.one.store, world.one.fleets, MovedClock(), Counter())


async def test_a_repeated_restore_hears_the_first_answer(world: World) -> None:
    env = await company(world)
    await KillVerb(env)(KillRequest(TARGET), MARA, request_id="kill")
    first = await RestoreVerb(env, env.began(None))(
        RestoreRequest(TARGET), MARA, request_id="restore"
    )
    revision = env.store.state.position.revision

    again = await RestoreVerb(env, env.began(None))(
        RestoreRequest(TARGET), MARA, request_id="restore"
    )

    assert again.title == first.title
    assert again.lines[0] == "This request was done before; nothing was done twice."
    assert (await env.store.refresh()).position.revision == revision


async def test_a_letter_moves_once_and_the_journal_says_so(world: World) -> None:
    env = await company(world)
    await KillVerb(env)(KillRequest(TARGET), MARA, request_id="kill")
    outbox = world.one.outbox
    delivery = await anext(aiter(outbox.deliveries("rest")))
    await outbox.dead(delivery, reason="channel_not_found")
    ((item, effect, _),) = await outbox.dead_letters()

    said = await Retry(env, outbox)(item, MARA, request_id="retry")
    again = await Retry(env, outbox)("all", MARA, request_id="retry")

    assert (said.body, again.body) == ({"retried": [item]}, {"retried": []})
    assert (await anext(aiter(outbox.deliveries("rest")))).effect == effect
    (line,) = await env.store.journal(-1, -1)
    assert '"verb":"retry"' in line
