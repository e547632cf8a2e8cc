"""What a route's history and its show tell at 3 am: notes, gates, ends, and when the next step is due."""

import re

from opsbot.app.requests import RollbackRequest, StageRequest
from opsbot.app.routes.history import History
from opsbot.domain.said import Said
from tests.support.ramps import COPILOT, begun, climbed, later, measure, pod, set_mini, stage, world
from tests.support.world import INES, MARA, SAM, HandMoved, World

__all__ = ["pod", "world"]


async def history(world: World) -> Said:
    """Return the history as anybody reads it."""
    return await world.bot.route_history(COPILOT, MARA)


def lines_of(said: Said, revision: str) -> list[str]:
    """Return what is told of one revision after its own line."""
    at = next(n for n, line in enumerate(said.lines) if re.match(rf"{revision}\b", line))
    found = []
    for line in said.lines[at + 1 :]:
        if not line.startswith("\u2013 "):
            break
        found.append(line.removeprefix("\u2013 "))
    return found


def ended(said: Said, revision: str) -> dict[str, object]:
    """Return how one revision ended, in the machine's form."""
    listed = said.body["revisions"]
    assert isinstance(listed, list)
    end = next(one for one in listed if one["revision"] == revision)["ended"]
    assert isinstance(end, dict)
    return end


async def test_what_was_never_begun_has_its_note_and_its_gates(world: World) -> None:
    await set_mini(world, note="half the price")

    said = await history(world)

    assert lines_of(said, "r2") == [
        "\u201chalf the price\u201d",
        "not green: ground pass_rate is missing: nothing reported, >= 0.9 wanted",
        "it never served anybody",
    ]
    assert lines_of(said, "r1")[-1].startswith("not green: ")


async def test_what_was_taken_back_says_why_and_how_far_it_was(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)
    await measure(world, "r2", 0.5)
    await later(world, pod, 0.1)
    await later(world, pod)

    said = await history(world)

    (line,) = [one for one in lines_of(said, "r2") if "taken back" in one]
    assert line.startswith("taken back by itself at 1 %, ")
    assert "ground pass_rate" in line
    assert (ended(said, "r2")["how"], ended(said, "r2")["step"]) == ("taken_back", "1 %")


async def test_what_was_given_up_says_who_and_their_words(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    words = StageRequest(COPILOT, "cancel", reason="wrong tone in German")
    await world.bot.stage(words, SAM, request_id="cancel")

    said = await history(world)

    (line,) = [one for one in lines_of(said, "r2") if "given up" in one]
    assert line.startswith("given up at 1 % by Sam, ")
    assert line.endswith(": wrong tone in German")


async def test_what_was_rolled_back_says_who_why_and_what_serves(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)
    back = RollbackRequest(COPILOT, reason="wrong refunds")
    await world.bot.rollback(back, MARA, request_id="back")

    said = await history(world)

    (line,) = [one for one in lines_of(said, "r2") if "rolled back" in one]
    assert line.startswith("rolled back by Mara, ")
    assert line.endswith("r3 serves instead: wrong refunds")
    assert ended(said, "r1")["how"] == "followed"
    assert not any("rolled back" in one for one in lines_of(said, "r3"))


async def test_what_was_begun_again_is_not_called_ended(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    await stage(world, "cancel")
    await stage(world, "begin")

    said = await history(world)

    assert not any("given up" in one for one in lines_of(said, "r2"))
    assert "on its way" in said.as_text()


async def test_an_end_beyond_what_is_read_is_not_guessed(world: World) -> None:
    await set_mini(world)
    state = world.store.state
    look = History(world.bot.env, state, state.workflows()[COPILOT], world.clock.now_ms(), pages=0)

    said = await look.said()

    assert any("further back than is read here" in one for one in lines_of(said, "r2"))


async def test_show_says_when_the_next_step_is_due_and_what_it_is(
    world: World, pod: HandMoved
) -> None:
    await begun(world, pod)

    said = await world.bot.route(COPILOT, MARA)

    (line,) = [one for one in said.lines if one.startswith("Next step")]
    candidate = said.body["candidate"]
    assert isinstance(candidate, dict)
    assert line.startswith("Next step: 5 %, due ")
    assert line.endswith("UTC, if every gate is green then.")
    assert candidate["next_due_ms"] == candidate["since_ms"] + 3_600_000
    assert candidate["next_step"] == "5 %"


async def test_the_note_of_who_held_is_shown_until_it_goes_on(world: World, pod: HandMoved) -> None:
    await begun(world, pod)
    words = StageRequest(COPILOT, "hold", reason="wrong tone in German")
    held = await world.bot.stage(words, SAM, request_id="hold")
    again = await world.bot.stage(words, SAM, request_id="hold")

    during = await world.bot.route(COPILOT, MARA)
    await stage(world, "go_on")
    after = await world.bot.route(COPILOT, MARA)

    assert (held.body["outcome"], again.body["outcome"]) == ("held", "already")
    assert "Held by Sam: wrong tone in German." in during.lines
    assert "Next step: 5 %, once somebody lets it go on: " in during.as_text()
    assert "wrong tone" not in after.as_text()


async def test_a_rollback_says_whose_it_was_and_what_to_do_next(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)

    own = await world.bot.rollback(RollbackRequest(COPILOT), INES, request_id="own")

    mend = "`opsbot route support-copilot set from:r2 \u2026`, which serves nobody yet."
    assert own.as_text().splitlines()[-2:] == [
        f"r2 was your own change. To mend it: {mend}",
        "There again as it was: `opsbot rollback support-copilot to r2`",
    ]


async def test_a_rollback_of_somebody_elses_change_says_to_tell_them(
    world: World, pod: HandMoved
) -> None:
    await climbed(world, pod)

    said = await world.bot.rollback(RollbackRequest(COPILOT), MARA, request_id="back")

    assert "r2 was made by Ines: tell them." in said.as_text()
