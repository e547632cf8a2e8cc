"""A kill of a model hits every name it has: one kill each, in one commit, ended together."""

import pytest

from opsbot.app.error_words import of_error
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsConfirmation, NothingToRestore, UnknownWorkflow
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsflags import keys
from opsflags.evaluate import compile_view
from opsflags.model import Scope
from opsflags.records import kill_from_json, workflow_from_json
from tests.support.models import AZURE, GPT, SNAPSHOT, SONNET, declare, using
from tests.support.world import ALL_MODES, INES, MARA, SAM, World

MODEL = Target("model", GPT)


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await declare(
        world,
        using("support-copilot", tier=1),
        using("contract-summariser"),
        using("coding-agent", approved=(SONNET,), route={"revision": "r1", "targets": []}),
    )
    return world


async def _kill(
    world: World, target: Target = MODEL, *, mode: str | None = "stop", by: Actor = MARA, n: int = 1
) -> Said:
    request = KillRequest(target, mode, reason="leaks", confirmed=True)
    return await world.bot.kill(request, by, request_id=f"kill-{n}-{target.name}")


def _models(state: State) -> dict[str, str | None]:
    return {kill.id: kill.scope.model for kill in state.active_kills()}


async def test_every_name_is_killed_in_one_commit(world: World) -> None:
    before = world.store.state.position.revision

    said = await _kill(world)

    state = world.store.state
    assert state.position.revision == before + 1
    assert _models(state) == {"K-1": GPT, "K-2": SNAPSHOT, "K-3": AZURE}
    assert {kill.at for kill in state.active_kills()} == {state.position}
    assert len({kill.uid for kill in state.active_kills()}) == 3
    assert [kill.scope for kill in state.active_kills()] == [
        Scope(model=GPT),
        Scope(model=SNAPSHOT),
        Scope(model=AZURE),
    ]
    told = f"With it, for the model's other names: K-2 `{SNAPSHOT}`, K-3 `{AZURE}`."
    assert told in said.lines
    assert said.body["names"] == [GPT, SNAPSHOT, AZURE]


async def test_a_second_kill_of_it_adds_nothing(world: World) -> None:
    await _kill(world)
    before = world.store.state.position

    said = await _kill(world, n=2)

    assert world.store.state.position == before
    assert "Nothing was changed" in said.as_text()


async def test_a_name_that_was_added_since_is_killed_with_the_next_word(world: World) -> None:
    await _kill(world, Target("model", SNAPSHOT))

    await _kill(world)

    kills = world.store.state.active_kills()
    assert [(one.id, one.scope.model, one.under) for one in kills] == [
        ("K-1", SNAPSHOT, ""),
        ("K-2", GPT, ""),
        ("K-3", SNAPSHOT, "K-2"),
        ("K-4", AZURE, "K-2"),
    ]


async def test_a_name_stays_closed_while_a_kill_of_its_model_claims_it(world: World) -> None:
    await _kill(world, Target("model", AZURE), by=INES)
    await _kill(world, n=2)

    for by, key in ((INES, "ask"), (SAM, "yes")):
        await world.bot.restore(RestoreRequest(Target("kill", "K-1")), by, request_id=key)

    assert not world.store.state.kill("K-1").active
    assert {one.scope.model for one in world.store.state.active_kills()} == {GPT, SNAPSHOT, AZURE}


async def test_a_name_that_stands_for_itself_is_held_by_the_first_as_well(world: World) -> None:
    await _kill(world)
    await _kill(world, Target("model", AZURE), by=INES, n=2)

    for by, key in ((INES, "ask"), (SAM, "yes")):
        await world.bot.restore(RestoreRequest(Target("kill", "K-3")), by, request_id=key)

    assert not world.store.state.kill("K-3").active
    assert _models(world.store.state) == {"K-1": GPT, "K-2": SNAPSHOT, "K-4": AZURE}
    assert world.store.state.kill("K-4").under == "K-1"


async def test_a_stricter_kill_leaves_what_another_holds_by_name_as_it_is(world: World) -> None:
    await _kill(world, Target("model", AZURE), mode="fallback", by=INES)

    await _kill(world, n=2)

    modes = {(one.id, one.scope.model): one.mode for one in world.store.state.active_kills()}
    assert modes[("K-1", AZURE)] == "fallback"
    assert modes[("K-4", AZURE)] == "stop"


async def test_one_snapshot_is_killed_alone_and_the_rest_is_said_to_go_on(world: World) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(Target("model", SNAPSHOT), "stop"), MARA, request_id="ask")

    await _kill(world, Target("model", SNAPSHOT))

    assert _models(world.store.state) == {"K-1": SNAPSHOT}
    not_hit = next(line for line in asked.value.lines if line.startswith("Similar, not matched"))
    assert GPT in not_hit
    assert asked.value.stops == ("contract-summariser", "support-copilot")


async def test_restoring_the_first_lifts_what_came_with_it(world: World) -> None:
    await _kill(world)

    asked = await world.bot.restore(
        RestoreRequest(Target("kill", "K-1")), MARA, request_id="restore"
    )
    said = await world.bot.restore(
        RestoreRequest(Target("kill", "K-1")), SAM, request_id="restore-2"
    )

    assert asked.body["pending"] is True
    assert world.store.state.active_kills() == ()
    assert len({world.store.state.kill(f"K-{n}").ended for n in (1, 2, 3)}) == 1
    assert all(name in said.title for name in (GPT, SNAPSHOT, AZURE))


async def test_a_restore_needs_as_much_as_any_workflow_that_an_alias_reaches(world: World) -> None:
    await _kill(world, Target("model", AZURE), by=INES)

    said = await world.bot.restore(
        RestoreRequest(Target("kill", "K-1")), MARA, request_id="restore"
    )

    assert world.store.state.kill("K-1").active
    assert "second person" in said.as_text()


async def test_what_somebody_else_kills_by_name_is_not_lifted_with_the_first(world: World) -> None:
    await _kill(world, mode=None)

    await _kill(world, Target("model", AZURE), by=INES, n=2)

    alias = world.store.state.kill("K-3")
    assert alias.under == ""
    assert alias.joined == ("ines",)
    assert f"review:{alias.uid}" in world.server.timers
    assert [one.under for one in world.store.state.active_kills()] == ["", "K-1", "", "K-1"]
    assert "K-2 (with K-1)" in (await world.bot.kills(MARA)).as_text()


async def test_made_stricter_all_names_follow(world: World) -> None:
    await _kill(world, mode=None)

    await world.bot.stop_completely("K-1", MARA, request_id="stop")

    kills = world.store.state.active_kills()
    assert {kill.mode for kill in kills} == {"stop"}
    assert len({kill.at for kill in kills}) == 1
    assert len(kills) == 3


async def test_the_channel_gets_one_card_for_all_names(world: World) -> None:
    await _kill(world)

    cards = [one for one in world.server.items.values() if one.effect.kind == "card"]
    follows = [one for one in world.server.items.values() if one.effect.kind == "follow"]

    assert len(cards) == 1
    assert len(follows) == 3


async def test_green_waits_for_every_name(world: World) -> None:
    pod = world.instance("pod-1", serves=("support-copilot",))
    pod.follow()
    await _kill(world)
    first = world.store.state.active_kills()[0]
    pod.position = (first.at.epoch, first.at.revision - 1)
    pod.check_in()

    card = await world.bot.status("support-copilot", MARA)

    assert card.tone != "green"


async def test_many_names_are_one_act_for_the_alarm(world: World) -> None:
    for target in (MODEL, Target("model", SONNET)):
        await _kill(world, target)

    assert not [
        one for one in world.server.items.values() if one.effect.body.get("what") == "alarm"
    ]


async def test_a_model_that_nobody_declared_is_killed_once_it_was_seen(world: World) -> None:
    await world.fleets.sample({}, now_ms=world.clock.now_ms(), models=("openai/gpt-5.2-pro",))

    with pytest.raises(UnknownWorkflow):
        await _kill(world, Target("model", "openai/gpt-9"))
    await _kill(world, Target("model", "openai/gpt-5.2-pro"))

    assert _models(world.store.state) == {"K-1": "openai/gpt-5.2-pro"}


async def test_the_question_says_what_was_seen_and_what_is_not_matched(world: World) -> None:
    seen = (AZURE, "openai/gpt-5.2-pro", "mistral/large")
    await world.fleets.sample({}, now_ms=world.clock.now_ms(), models=seen)

    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(MODEL), MARA, request_id="ask")

    said = of_error(asked.value)
    assert f"Seen in the last 24 h: `{AZURE}`." in said.lines
    assert "Similar, not matched: `openai/gpt-5.2-pro` (seen)." in said.lines
    assert said.body["seen_24h"] == {AZURE: True, "openai/gpt-5.2-pro": False}
    assert "openai/gpt-5.2-pro" in str(said.body["similar_not_matched"])
    assert "mistral" not in said.as_text()
    assert world.store.state.active_kills() == ()


async def test_a_name_without_provider_names_the_model_at_each_provider_that_it_hits(
    world: World,
) -> None:
    seen = (GPT, "azure/gpt-5.2", "openai/gpt-5.2-pro")
    await world.fleets.sample({}, now_ms=world.clock.now_ms(), models=seen)
    bare = Target("model", "gpt-5.2")

    with pytest.raises(NeedsConfirmation) as asked:
        await world.bot.kill(KillRequest(bare), MARA, request_id="ask")
    await _kill(world, bare)

    said = of_error(asked.value)
    hit = ["gpt-5.2", "azure/gpt-5.2", GPT, SNAPSHOT, AZURE]
    assert said.body["names"] == hit
    assert f"It hits the names {', '.join(f'`{one}`' for one in hit)}." in said.lines
    assert f"Seen in the last 24 h: `azure/gpt-5.2`, `{GPT}`." in said.lines
    assert _models(world.store.state) == {"K-1": "gpt-5.2", "K-2": SNAPSHOT, "K-3": AZURE}


@pytest.mark.parametrize("target", [Target("kill", "K-3"), Target("model", AZURE)])
async def test_a_name_is_not_opened_under_the_kill_that_holds_it(
    world: World, target: Target
) -> None:
    await _kill(world)

    with pytest.raises(NothingToRestore) as refusal:
        await world.bot.restore(RestoreRequest(target), MARA, request_id="restore")

    assert "K-3 holds another name of the model that K-1 stops" in refusal.value.message
    assert "Restore K-1" in refusal.value.hint
    assert set(_models(world.store.state)) == {"K-1", "K-2", "K-3"}


async def test_one_person_lets_the_same_keys_through_by_whatever_name(world: World) -> None:
    await _kill(world)
    for word in ("ask", "again"):
        await world.bot.restore(RestoreRequest(Target("kill", "K-1")), MARA, request_id=word)
        world.clock.later(15 * 60)
    state = world.store.state
    client = compile_view(
        "support-copilot",
        workflow_from_json("support-copilot", dict(state.kind(keys.WORKFLOWS)["support-copilot"])),
        [kill_from_json(dict(one)) for one in state.kind(keys.KILLS).values()],
        modes=ALL_MODES,
        knowledge="live",
    )

    let = {
        name: {
            key
            for key in (f"user-{number}" for number in range(4000))
            if client.decide(None, name, None, None, key).allowed
        }
        for name in (GPT, SNAPSHOT, AZURE)
    }

    assert len({frozenset(one) for one in let.values()}) == 1
    assert 120 <= len(let[GPT]) <= 280
