"""What counts as proof: the right process, deciding after the change; and where none may be asked."""

import json
from dataclasses import dataclass, replace

import pytest

from opsbot.app.follow import PROOF_AGAIN_S
from opsbot.app.ports import ProbeAnswer
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.change import Position
from opsbot.domain.kill import as_record, from_record, remode
from opsbot.domain.said import Said
from tests.support.world import MARA, Probes, World

KILL = KillRequest(Target("workflow", "support-copilot"), mode="stop")
URL = "http://pod-1/probe"
REFUSED = ProbeAnswer(refused="169.254.169.254: 169.254.169.254 is an address that is never probed")


async def proved(world: World, *others: str, mode: str = "stop") -> Said:
    """Kill, let every instance follow, probe, and return what is said then."""
    names = ("pod-1", *others)
    pods = [world.instance(name, probe=f"http://{name}/probe") for name in names]
    asked = replace(KILL, mode=mode)
    await world.bot.kill(asked, MARA, request_id="1")
    for pod in pods:
        pod.follow()
    await world.work("follow")
    return await world.bot.kill(asked, MARA, request_id="2")


def evidence(world: World) -> str:
    """Return the journal's last line."""
    return world.server.lines[-1]


@pytest.mark.parametrize(
    ("instance", "at", "why"),
    [
        ("pod-2", Position(2**50, 0), "pod-1: another instance answered there: `pod-2`"),
        ("pod-1", Position(1, 1), "pod-1: decided at 1:1, before the change"),
        ("pod-\u202e`1", Position(2**50, 0), "pod-1: another instance answered there"),
    ],
)
async def test_an_answer_of_another_process_or_moment_is_a_failed_probe(
    world: World, instance: str, at: Position, why: str
) -> None:
    world.probes.says[URL] = ProbeAnswer(
        mode="stop", allowed=False, status=503, instance=instance, at=at
    )

    said = await proved(world)

    assert (said.tone, said.body["proved"]) == ("amber", {"probes": 1, "passed": 0})
    assert why in evidence(world)
    assert "1 of 1 probes saw otherwise" in said.title


@dataclass
class BusyOnce(Probes):
    """Points that do not answer the first *silent* questions."""

    silent: int = 1

    async def ask(
        self, url: str, *, kind: str, workflow: str, tenant: str | None, tool: str | None
    ) -> ProbeAnswer:
        """Answer as set, once it is no longer busy."""
        answer = await super().ask(url, kind=kind, workflow=workflow, tenant=tenant, tool=tool)
        busy = len(self.asked) <= self.silent
        return ProbeAnswer(error="no answer within 1 s") if busy else answer


@pytest.mark.parametrize(("silent", "passed"), [(1, 1), (2, 0)])
async def test_a_point_that_was_busy_for_a_moment_is_asked_once_more(
    world: World, silent: int, passed: int
) -> None:
    world.probes = BusyOnce(silent=silent)
    world.bot = replace(world.bot, prober=world.probes)

    said = await proved(world)

    assert said.body["proved"] == {"probes": 1, "passed": passed}
    assert world.probes.asked == [URL] * 2


async def test_a_machine_that_was_busy_for_longer_is_asked_again_until_it_answers(
    world: World,
) -> None:
    world.probes = BusyOnce(silent=2)
    world.bot = replace(world.bot, prober=world.probes)
    assert (await proved(world)).tone == "amber"

    await again(world)

    said = await world.bot.kill(replace(KILL, mode="stop"), MARA, request_id="3")
    assert (said.tone, said.body["proved"]) == ("green", {"probes": 1, "passed": 1})
    assert verbs(world).count("proved") == 2


async def test_who_answers_otherwise_is_believed_and_not_asked_again(world: World) -> None:
    world.probes.says[URL] = ProbeAnswer(
        mode="live", allowed=True, status=200, instance="pod-1", at=Position(2**50, 0)
    )
    await proved(world)
    asked = len(world.probes.asked)

    await again(world)

    assert len(world.probes.asked) == asked


async def test_who_never_answers_is_asked_for_a_minute_and_said_once(world: World) -> None:
    world.probes = BusyOnce(silent=10**6)
    world.bot = replace(world.bot, prober=world.probes)
    await proved(world)
    for _ in range(20):
        await again(world)
    asked = len(world.probes.asked)

    await again(world)

    assert len(world.probes.asked) == asked == 2 * (1 + 60 // 5)
    assert verbs(world).count("proved") == 1


async def again(world: World) -> None:
    """Let the time of one more look come, and take it."""
    world.clock.later(PROOF_AGAIN_S)
    await world.outbox.fire_timers()
    await world.work("follow")


def verbs(world: World) -> list[str]:
    """Return the verbs of the journal."""
    return [json.loads(line.partition(" ")[2])["verb"] for line in world.server.lines]


async def test_an_instance_whose_calls_cannot_go_to_the_fallback_is_said_to_stop(
    world: World,
) -> None:
    there = Position(2**50, 0)
    world.probes.says = {
        f"http://{name}/probe": ProbeAnswer(
            mode="stop", allowed=False, status=503, kill="K-1", instance=name, at=there
        )
        for name in ("pod-1", "pod-2")
    }

    said = await proved(world, "pod-2", mode="fallback")

    assert (said.tone, said.body["proved"]) == ("amber", {"probes": 2, "passed": 0})
    assert said.title == (
        "Usual model blocked for `support-copilot` in prod,"
        " but 2 of 2 probed instances stop instead"
    )
    assert (
        "2 instances **stop** instead: their calls cannot be sent to the fallback"
        " (another provider)"
    ) in said.lines
    kill = world.store.state.kill("K-1")
    assert from_record(as_record(kill)) == kill
    assert remode(kill, mode="canned", at=kill.at, now_ms=1).stopped == 0


async def test_a_fallback_that_another_kill_stops_is_not_explained_away(world: World) -> None:
    world.probes.says[URL] = ProbeAnswer(
        mode="stop", status=503, kill="K-9", instance="pod-1", at=Position(2**50, 0)
    )

    said = await proved(world, mode="fallback")

    assert said.title.endswith("but 1 of 1 probes saw otherwise")
    assert "cannot be sent" not in said.as_text()


async def test_an_answer_that_names_nobody_is_a_failed_probe(world: World) -> None:
    world.probes.anonymous = True

    said = await proved(world)

    assert said.body["proved"] == {"probes": 1, "passed": 0}
    assert "pod-1: does not say who decided and when" in evidence(world)


async def test_an_address_that_may_not_be_asked_is_named_and_never_proved(world: World) -> None:
    world.probes.says["http://pod-2/probe"] = REFUSED

    said = await proved(world, "pod-2")

    assert said.tone == "amber"
    assert said.body["proved"] == {"probes": 1, "passed": 1}
    assert f"not probed: pod-2: {REFUSED.refused}" in said.lines
    assert "2/2 confirmed" in said.as_text()


async def test_refused_calls_do_not_stand_for_a_point_that_may_not_be_asked(world: World) -> None:
    world.probes.says[URL] = REFUSED
    await proved(world)
    uid = world.store.state.kill("K-1").uid
    world.instance("pod-1", probe=URL).follow(**{uid: {"let": 0, "refused": 212}})

    said = await world.bot.kill(KILL, MARA, request_id="3")

    assert said.tone == "amber"
    assert "not proved: no address may be probed" in said.as_text()
    assert "never probed" in said.as_text()


async def test_many_points_that_may_not_be_asked_are_counted(world: World) -> None:
    names = [f"pod-{number}" for number in range(2, 9)]
    world.probes.says = {f"http://{name}/probe": REFUSED for name in ("pod-1", *names)}

    said = await proved(world, *names)

    assert sum(line.startswith("not probed: pod-") for line in said.lines) == 5
    assert "not probed: 3 more" in said.lines
    assert evidence(world).count("never probed") >= 8


async def test_what_was_not_probed_is_kept_and_begins_anew_with_another_mode(world: World) -> None:
    world.probes.says[URL] = REFUSED
    await proved(world)
    kill = world.store.state.kill("K-1")

    again = remode(kill, mode="canned", at=kill.at, now_ms=1)

    assert kill.not_probed == (f"pod-1: {REFUSED.refused}",)
    assert from_record(as_record(kill)) == kill
    assert (again.not_probed, again.probes) == ((), None)


async def test_who_is_ahead_of_the_store_is_named_and_never_confirmed(world: World) -> None:
    pod = world.instance("pod-1", probe=URL)
    await world.bot.kill(KILL, MARA, request_id="1")
    head = world.server.state.position
    pod.position = (head.epoch, head.revision + 99)
    pod.check_in()

    said = await world.bot.kill(KILL, MARA, request_id="2")
    listed = await world.bot.instances(MARA)

    where = f"says {head.epoch}:{head.revision + 99}, the store is at {head.epoch}:{head.revision}"
    assert (said.tone, said.exit_code) == ("amber", 3)
    assert said.body["instances"]["ahead"] == ["pod-1"]  # type: ignore[index,call-overload]  # a record of our own
    assert (
        f"`pod-1` ahead of the store ({where}): not confirmed."
        " opsbot puts back what the store lost; if this stays, look at that process"
    ) in said.lines
    assert f"ahead of the store ({where})" in listed.lines[0]


async def test_more_services_than_are_read_are_said_and_keep_it_amber(world: World) -> None:
    pod = world.instance("pod-1", probe=URL)
    await world.bot.kill(KILL, MARA, request_id="1")
    pod.follow()
    for number in range(600):
        world.server.checkin("x", "", "", f"aaa-{number}")

    said = await world.bot.kill(KILL, MARA, request_id="2")

    assert said.tone == "amber"
    assert "more on the list than opsbot reads" in said.as_text()
