"""When nobody reads the words in front any more, those that somebody does come to the front at once."""

from dataclasses import replace

import pytest

from opsbot.app.requests import ApproveRequest, RestoreRequest, Target
from opsbot.domain.change import Position
from opsbot.domain.comms.message import as_record as message_record
from opsbot.domain.comms.user_texts import UserTexts
from opsbot.domain.comms.user_texts import as_record as texts_record
from opsbot.domain.incident.incident import as_record as incident_record
from opsbot.domain.kill import Kill, as_record
from opsbot.domain.records import mapped
from opsbot.domain.state import INCIDENTS, MESSAGES, USER_TEXTS
from opsflags import keys
from opsflags.model import Scope
from tests.app.comms.targets.test_in_app import WORDS, _changed, _other, _second, _shown, read, told
from tests.support.changes import put
from tests.support.incident_life import COPILOT, company, opened, settle
from tests.support.incidents import incident
from tests.support.restores import later, pod, ramping, world
from tests.support.world import INES, MARA, HandMoved, World

__all__ = ["pod", "ramping", "world"]

LATER = "Answers take longer."


@pytest.fixture(name="two")
async def _two() -> World:
    """Give two incidents on one workflow, each with a kill of its own; the newer words stand in front."""
    world = await company()
    await opened(world)
    await _other(world)
    for name, of, scope in (("K-1", "INC-1", Scope(COPILOT)), ("K-2", "INC-2", Scope())):
        kill = Kill(name, f"uid-{name}", scope, "canned", Position(1, 1), "mara", "cli", 1, 2)
        await world.store.commit(f"put-{name}", put((keys.KILLS, name, as_record(kill))))
        await _changed(world, replace(world.store.state.incident(of), kills=(name,)))
    await _shown(world, await told(world, order=1))
    await _shown(world, await _second(world))
    return world


async def restored(world: World, name: str) -> None:
    request = RestoreRequest(Target("kill", name), reason="green")
    said = await world.bot.restore(request, MARA, request_id=f"back-{name}")
    grant = ApproveRequest(str(said.body["approval"]))
    await world.bot.approve(grant, INES, request_id=f"yes-{name}")
    assert name not in world.store.state.kind(keys.KILLS)


async def test_words_kept_beside_come_back_when_the_kill_of_those_in_front_is_lifted(
    two: World,
) -> None:
    assert read(two) == LATER

    await restored(two, "K-2")
    await settle(two, rounds=1)

    assert read(two) == WORDS["en"]
    assert read(two, "de") == WORDS["de"]


async def test_what_went_beside_comes_back_again_with_its_kill(two: World) -> None:
    await restored(two, "K-2")
    await settle(two, rounds=1)

    kept = two.store.state.kind(USER_TEXTS)[COPILOT]

    assert kept["incident"] == "INC-1"
    assert list(mapped(kept["others"])) == ["INC-2"]


async def test_lifting_a_kill_of_words_that_stand_beside_moves_nothing(two: World) -> None:
    await restored(two, "K-1")

    await settle(two, rounds=1)

    assert read(two) == LATER


async def test_words_of_an_incident_that_is_over_do_not_come_back(two: World) -> None:
    over = replace(two.store.state.incident("INC-1"), status="resolved")
    await _changed(two, over)

    await restored(two, "K-2")
    await settle(two, rounds=1)

    assert two.store.state.kind(USER_TEXTS)[COPILOT]["incident"] == "INC-2"


async def test_words_that_were_erased_do_not_come_back(two: World) -> None:
    one = two.store.state.message("MSG-1")
    gone = replace(one, texts={"en": "a commitment of which no text is kept"})
    await two.store.commit("gone", put((MESSAGES, one.id, message_record(gone))))

    await restored(two, "K-2")
    await settle(two, rounds=1)

    assert two.store.state.kind(USER_TEXTS)[COPILOT]["incident"] == "INC-2"


async def test_the_last_step_of_a_restore_in_steps_brings_them_back_too(
    ramping: World, pod: HandMoved
) -> None:
    other = incident("INC-2", workflows=(COPILOT,), kills=("K-2",), uid="u2")
    wide = Kill("K-2", "uid-K-2", Scope(), "canned", Position(1, 1), "mara", "cli", 1, 2)
    front = UserTexts(
        COPILOT, notice={"en": LATER}, message="MSG-1", incident="INC-1",
        kills=(ramping.store.state.kill("K-1").uid,),
        others={"INC-2": {"locale": "en", "notice": {"en": WORDS["en"]}, "message": "MSG-2", "kills": ["uid-K-2"]}},
    )  # fmt: skip
    await told(ramping, incident="INC-2")
    await told(ramping, "MSG-2", incident="INC-2")
    await ramping.store.commit(
        "two",
        put(
            (keys.KILLS, "K-2", as_record(wide)),
            (INCIDENTS, "INC-2", incident_record(other)),
            (USER_TEXTS, COPILOT, texts_record(front)),
        ),
    )

    for _ in range(3):
        await later(ramping, pod)

    assert not ramping.store.state.kill("K-1").active
    await settle(ramping, rounds=1)
    assert ramping.store.state.kind(USER_TEXTS)[COPILOT]["incident"] == "INC-2"
