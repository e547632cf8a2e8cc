"""The exposure window of an incident: what was served in it, what came after, and why nobody knows."""

from dataclasses import replace

import pytest

from opsbot.adapters.memory.served import MemoryServed
from opsbot.app.exposure_sample import Sampler
from opsbot.app.incident.requests import EditIncident, MoveIncident, OpenIncident, Which
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.review.blank import blanks
from opsbot.app.review.read import Reviews
from opsbot.app.review.served import minute
from opsbot.app.review.served_words import blank_served, served_in_all, served_lines
from opsbot.domain.errors import StoreLost
from opsbot.domain.incident.times import Moment
from opsbot.domain.review import Exposure, ServedIn
from opsbot.domain.served.count import Counted
from opsbot.domain.served.served import Head
from tests.support.incidents import incident
from tests.support.served import COPILOT, Process
from tests.support.world import INES, MARA, World, workflow

INC = Which("INC-1")
NOON = 1_795_262_400_000
MINUTE = 60_000
SEEN = Counted(
    COPILOT, NOON, NOON + 21 * MINUTE, served=1_204, asked=1_250, refused=46, instances=(14, 12)
)


def lines(counted: Counted | None = SEEN, **changes: object) -> list[str]:
    """Return what is said of a workflow; *changes* are of what is known of it."""
    found = replace(ServedIn(COPILOT, counted), **changes)  # type: ignore[arg-type]  # fields by name
    return list(served_lines(found))


def test_the_figure_has_its_denominators() -> None:
    after = Counted(COPILOT, NOON + 21 * MINUTE, NOON + 30 * MINUTE, asked=9, instances=(1, 1))

    assert lines(after=after, until="K-1 ended") == [
        (
            "`support-copilot`: 1,204 responses served between 12:00 and 12:21 UTC by 12 to 14 instances,"
            " of 1,250 calls (46 refused); after that 0 of 9 calls, until K-1 ended."
        ),
    ]
    assert lines(until="now")[0].endswith("; nothing is counted after that.")
    assert "after that" not in lines()[0]
    none = replace(after, asked=0)
    assert lines(after=none, until="now")[0].endswith("after that no call came, until now.")
    one = replace(SEEN, served=1, asked=1, refused=0, cut=1, instances=(1, 1))
    assert "1 response served" in lines(one)[0]
    assert "by 1 instance, of 1 call (1 cut short)." in lines(one)[0]


def test_what_comes_after_is_told_as_far_as_it_was_sampled() -> None:
    end = NOON + 30 * MINUTE
    late = (end, end + 3_600_000)
    after = Counted(COPILOT, SEEN.to_ms, end, asked=9, instances=(1, 1), missing=(late,))

    assert lines(after=after, until="now")[0].endswith(
        "; after that 0 of 9 calls, as far as was sampled to 12:30 UTC."
    )
    soon = replace(after, missing=((end, end + 59_000),))
    assert lines(after=soon, until="now")[0].endswith("0 of 9 calls, until now.")


def test_everything_that_the_figure_leaves_open_is_said() -> None:
    open_ = replace(
        SEEN,
        edge=38,
        fresh=57,
        eased=12,
        unplaced=1_500,
        silent=2,
        ended=1,
        missing=(
            (NOON - 4 * MINUTE, NOON),
            (NOON + 21 * MINUTE, NOON + 21 * MINUTE + 41_000),
        ),
        gaps=((NOON + 5 * MINUTE, NOON + 10 * MINUTE + 30_000),),
    )

    assert lines(open_)[1:] == [
        "38 of them may lie outside of that time: it begins or ends within a sample.",
        "57 of them are of instances that were new, counted since each started.",
        "12 of them were let through by a restore in steps.",
        (
            "1,500 more are of instances that had fallen silent and came back; whether of that time is"
            " not known."
        ),
        (
            "Up to 2 instances had fallen silent and 1 instance ended: what they served after their last"
            " word is not in it."
        ),
        "Nothing was sampled between 11:56 and 12:00 UTC.",
        "What came after 12:21 UTC is not counted yet.",
        "There is one sample between 12:05 and 12:10:30 UTC: the bot or its store was away.",
    ]
    assert list(blank_served([ServedIn(COPILOT, open_)])) == [
        "What `support-copilot` served between 11:56 and 12:00 UTC is not known: nothing was sampled."
    ]


def test_only_what_is_known_whole_is_added_up() -> None:
    whole, part = ServedIn(COPILOT, SEEN), ServedIn(COPILOT, replace(SEEN, missing=((1, 2),)))

    assert served_in_all([whole, whole]) == 2_408
    assert served_in_all([whole, part]) is None
    assert served_in_all([whole, ServedIn("x", why="why")]) is None
    assert served_in_all([]) is None


def test_a_moment_is_told_to_the_minute_where_it_is_one() -> None:
    assert minute(NOON + 900, NOON) == "12:00"
    assert minute(NOON + 37_000, NOON) == "12:00:37"
    assert minute(NOON, NOON - 86_400_000) == "2026-11-21 12:00"


def test_a_workflow_of_which_nothing_is_known_is_missing() -> None:
    served = (ServedIn(COPILOT, why="no instance of it was heard"),)
    said = "How many responses `support-copilot` served in that time is not known: no instance of it was heard."

    assert said in blanks(incident(), (), (), served)
    assert list(served_lines(served[0])) == [said]


@pytest.fixture
async def world() -> World:
    made = World()
    made.clock.ms = NOON
    await made.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
    return made


async def turn(world: World, *pods: Process, minutes: int = 1, asked: int = 10) -> None:
    """Let minutes pass, with calls and a sample in each."""
    for _ in range(minutes):
        world.clock.later(60)
        for pod in pods:
            pod.calls(asked).check_in()
        await Sampler(world.env, world.outbox)()


async def opened(world: World, *, started: int | None = None, **more: object) -> None:
    """Open an incident of the copilot; *started* is in minutes ago."""
    ask = world.bot.incidents
    await ask.open(OpenIncident("wrong", workflow=COPILOT, **more), MARA, request_id="o")  # type: ignore[arg-type]  # fields by name
    if started is not None:
        times: dict[Moment, int] = {"started": world.clock.now_ms() - started * MINUTE}
        await ask.edit(EditIncident(INC, times=times), MARA, request_id="t")


async def exposure(world: World) -> Exposure:
    """Return the exposure as it is now."""
    return await Reviews(world.env).exposure(world.store.state.incident("INC-1"))


async def test_an_incident_that_goes_on_is_counted_to_now(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    await turn(world, pod, minutes=10)
    await opened(world, started=4)

    (served,) = (await exposure(world)).served

    assert served.counted is not None
    assert (served.counted.served, served.counted.edge) == (40, 10)
    assert (served.after, served.until, served.why) == (None, "", "")


async def test_a_restore_ends_the_time_after(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    await turn(world, pod, minutes=3)
    kill = KillRequest(Target("workflow", COPILOT), "stop")
    await world.bot.kill(kill, MARA, request_id="k")
    await opened(world, started=2, kill="K-1")
    pod.follow()
    await world.work("follow")
    await turn(world, pod, minutes=5, asked=0)
    restore = RestoreRequest(Target("kill", "K-1"))
    await world.bot.restore(restore, MARA, request_id="ask")
    await world.bot.restore(restore, INES, request_id="grant")
    world.clock.later(1)
    await turn(world, pod, minutes=5, asked=100)

    found = await exposure(world)

    assert found.contained_ms is not None
    (served,) = found.served
    assert served.counted is not None
    assert served.after is not None
    assert world.store.state.kill("K-1").ended_ms is not None
    assert served.until == "K-1 ended"
    assert served.after.served == 0
    assert served.after.to_ms is not None
    assert served.after.to_ms <= (world.store.state.kill("K-1").ended_ms or 0)


async def why(world: World) -> str:
    """Return why nothing is known of the copilot."""
    (served,) = (await exposure(world)).served
    assert "not known" in "".join(served_lines(served))
    return served.why


async def test_before_the_first_sample_it_is_not_known(world: World) -> None:
    await opened(world)

    assert await why(world) == "nothing was sampled from then on"


async def test_what_was_over_before_the_first_sample_is_not_known(world: World) -> None:
    await turn(world, Process(world.server, "pod-1"))
    await opened(world)
    times: dict[Moment, int] = {"started": NOON - 50 * MINUTE, "detected": NOON - 49 * MINUTE}
    contained: dict[Moment, int] = {"contained": NOON - 40 * MINUTE}
    bare = replace(world.store.state.incident("INC-1").times, **{**times, **contained})
    one = replace(world.store.state.incident("INC-1"), times=bare)

    (served,) = (await Reviews(world.env).exposure(one)).served

    assert served.why == "the first sample that is kept is of 12:01 UTC"


async def test_while_sampling_stands_still_it_is_not_known(world: World) -> None:
    pod = Process(world.server, "pod-1")
    await turn(world, pod, minutes=2)
    world.clock.later(600)
    await opened(world, started=5)

    assert await why(world) == "the last sample is of 12:02 UTC"


async def test_where_no_instance_is_heard_it_is_not_known(world: World) -> None:
    pod = Process(world.server, "pod-1", serves=("coding-agent",))
    pod.calls(1, of="coding-agent").check_in()
    await turn(world, minutes=5)
    await opened(world, started=2)

    assert await why(world) == "no instance of it was heard"


async def test_without_an_onset_it_is_not_known(world: World) -> None:
    await opened(world)
    one = world.store.state.incident("INC-1")
    bare = replace(one, times=replace(one.times, started=None, detected=None))

    (served,) = (await Reviews(world.env).exposure(bare)).served

    assert served.why == "when it began is not known"


async def test_times_that_contradict_each_other_are_no_window(world: World) -> None:
    await opened(world)
    one = world.store.state.incident("INC-1")
    odd = replace(one, times=replace(one.times, started=NOON, contained=NOON - 1))

    (served,) = (await Reviews(world.env).exposure(odd)).served

    assert served.why == "it was contained before it began, as its times stand"


class Lost(MemoryServed):
    """A history whose store does not answer."""

    async def head(self) -> Head:
        """Know nothing."""
        raise StoreLost("The store did not answer.")


async def test_a_store_that_does_not_answer_is_said(world: World) -> None:
    await opened(world)
    history = Lost(world.server.served, world.clock.now_ms)
    world.env = replace(world.env, served=history)

    assert await why(world) == "the store did not answer"


async def test_where_nobody_counts_that_is_said(world: World) -> None:
    await opened(world)
    world.env = replace(world.env, served=None)

    assert await why(world) == "nothing counts calls here"


async def test_the_review_of_a_resolved_incident_counts_no_later_calls(world: World) -> None:
    pod = Process(world.server, "pod-1").check_in()
    await turn(world, pod, minutes=3)
    await opened(world, started=2)
    contained = MoveIncident(INC, "contained", "")
    await world.bot.incidents.move(contained, MARA, request_id="c")
    await turn(world, pod, minutes=3, asked=1)
    await world.bot.incidents.move(MoveIncident(INC, "resolved", "x"), MARA, request_id="m")
    await turn(world, pod, minutes=3, asked=500)

    (served,) = (await exposure(world)).served

    assert served.after is not None
    assert (served.after.asked, served.until) == (3, "it was resolved")
