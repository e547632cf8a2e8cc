"""Without any good policy the named people may kill, and nobody may do anything else."""

import pytest

from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.stand_in import StandIn
from opsbot.domain.errors import NotAllowed
from tests.support.world import MARA, SAM, World

ALL = KillRequest(Target("all"), confirmed=True)
HOME = frozenset({"T0HOME"})


async def test_a_named_person_may_stop_everything_and_not_restore_it() -> None:
    bare = World()
    await StandIn(bare.store, frozenset({"U0ONCALL"}), HOME)()

    await bare.bot.kill(ALL, MARA, request_id="1")

    with pytest.raises(NotAllowed):
        await bare.bot.restore(RestoreRequest(Target("all")), MARA, request_id="2")
    assert [kill.id for kill in bare.store.state.active_kills()] == ["K-1"]


async def test_nobody_else_may_and_a_policy_in_force_is_never_replaced(world: World) -> None:
    bare = World()
    await StandIn(bare.store, frozenset({"U0ONCALL"}), HOME)()

    with pytest.raises(NotAllowed):
        await bare.bot.kill(ALL, SAM, request_id="1")

    assert not await StandIn(world.store, frozenset({"U0NEW"}), HOME)()
