"""A run on two replicas, on the memory twin and on a real server: one winner, one kill, every tick kept."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from opsbot.adapters.bundle import StoreBundle
from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.app.bot import Bot
from opsbot.app.declare import decide as declare
from opsbot.app.environment import Environment
from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.app.journal.anchor import Anchor
from opsbot.app.journal.audit import Audit
from opsbot.app.runs.requests import EndRun, MarkStep, RunAction, RunLook, StartRun, WhichRun
from opsbot.domain import journal
from opsbot.domain.declaration import Catalogue
from opsbot.domain.errors import StaleButton
from opsbot.domain.runbook import Param
from opsbot.domain.said import Said
from tests.contract.conftest import World
from tests.support.runs import BOOK, COPILOT, RUN, Shelf, action, book
from tests.support.world import (
    INES,
    MARA,
    OLA,
    SAM,
    Charts,
    Keyless,
    Probes,
    plain,
    policy,
    workflow,
)

MANY = 20


async def bots(world: World) -> tuple[Bot, Bot]:
    """Return the bots of two replicas, with one runbook on each one's shelf."""
    catalogue = Catalogue({COPILOT: workflow(COPILOT, tier=1)}, policy(), "abc")
    await world.one.store.commit("d", lambda state, now_ms: declare(state, now_ms, catalogue))
    await world.two.store.refresh()
    return bot(world.one), bot(world.two)


def bot(bundle: StoreBundle) -> Bot:
    """Return the bot of one replica, without Slack."""
    env = Environment(
        "prod", bundle.store, bundle.fleets, SystemClock(), SystemEntropy(), answer_within_s=0.01
    )
    shelf, keeper = Shelf(), Keyless()
    shelf.put(book())
    return Bot(
        env=env,
        outbox=bundle.outbox,
        prober=Probes(),
        audit=Audit(env, bundle.store, keeper, keeper),
        anchor=Anchor(env, keeper),
        render=plain,
        pictures=Charts(),
        procedures=shelf,
    )


def begin(channel: str = "") -> StartRun:
    """Return the request that begins a run."""
    return StartRun(BOOK, channel=channel, params={"workflow": COPILOT})


def refused(answers: Sequence[Said | BaseException]) -> list[str]:
    """Return the refusals among some answers."""
    return [one.message for one in answers if isinstance(one, StaleButton)]


async def test_two_ticks_of_one_step_at_once_have_one_winner(world: World) -> None:
    one, two = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")

    tick = MarkStep(RUN, "failed", "find-the-change", seen=1, words="no")
    answers = await asyncio.gather(
        one.runs.mark(tick, MARA, request_id="mara"),
        two.runs.mark(tick, SAM, request_id="sam"),
        return_exceptions=True,
    )

    (no,) = refused(answers)
    assert " did this " in no
    assert " ago: \u201cFind the change\u201d did not work." in no


async def test_ticks_of_two_replicas_at_once_are_all_kept(world: World) -> None:
    one, two = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")
    names = ("find-the-change", "stop-the-harm", "tell-the-users", "tell-them-it-is-over")

    await asyncio.gather(
        *(
            (one, two)[n % 2].runs.mark(
                MarkStep(RUN, "done", name, seen=1), (MARA, SAM)[n % 2], request_id=name
            )
            for n, name in enumerate(names)
        )
    )

    state = await one.env.store.refresh()
    assert [state.run("RUN-1").mark(name).state for name in names] == ["done"] * 4
    assert state.run("RUN-1").version == 5


async def test_one_action_pressed_on_two_replicas_at_once_is_done_once(world: World) -> None:
    one, two = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")

    press = RunAction(RUN, "stop-the-harm", seen=1, confirmed=True)
    answers = await asyncio.gather(
        one.runs.do(press, MARA, request_id="mara"),
        two.runs.do(press, SAM, request_id="sam"),
        return_exceptions=True,
    )

    state = await one.env.store.refresh()
    act = state.run("RUN-1").act("stop-the-harm", 1)
    assert len(refused(answers)) == 1
    assert [kill.id for kill in state.active_kills()] == ["K-1"]
    assert act is not None
    assert (act.state, act.result, act.attempt) == ("done", "K-1", 1)
    lines = await one.env.store.journal()
    verbs = [journal.read_entry(line, index=n).verb for n, line in enumerate(lines)]
    assert verbs.count("kill") == 1


async def test_the_same_press_on_two_replicas_is_one_press(world: World) -> None:
    one, two = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")
    press = RunAction(RUN, "stop-the-harm", seen=1, confirmed=True)
    await one.runs.do(press, MARA, request_id="press")

    again = await two.runs.do(press, MARA, request_id="press")

    assert again.lines[0] == "This request was done before; nothing was done twice."


async def test_a_journal_with_runs_and_their_texts_verifies(world: World) -> None:
    one, _ = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")
    await one.runs.mark(MarkStep(RUN, "done", "find-the-change"), MARA, request_id="tick")

    said = await one.audit_verify(OLA)

    assert said.tone == "green", said.as_text()


async def test_what_a_run_was_begun_with_is_in_no_record_and_can_be_erased(world: World) -> None:
    one, two = await bots(world)
    asked = (*book().params, Param("customer", "tenant", required=True))
    contain, *rest = book().phases
    look = replace(contain.steps[0], id="look", title="Look at {{ customer }}", actions=())
    telling = book(replace(contain, steps=(look, *contain.steps[1:])), *rest, params=asked)
    for each in (one, two):
        cast("Shelf", each.procedures).put(telling)
    start = replace(begin(), params={"workflow": COPILOT, "customer": "acme-holding"})
    await one.runs.start(start, MARA, request_id="begin")
    await two.env.store.refresh()
    await two.runs.mark(MarkStep(RUN, "take", "look"), SAM, request_id="take")
    before = await two.runs.look(RunLook("steps", RUN), MARA)

    gone = await one.env.store.erase(tuple(one.env.store.state.run("RUN-1").said.values()))
    after = await two.runs.look(RunLook("steps", RUN), MARA)
    await two.runs.mark(MarkStep(RUN, "skip", "look", words="no need"), SAM, request_id="skip")
    audited = await one.audit_verify(OLA)

    assert gone == 1
    assert "Look at acme-holding" in before.as_text()
    assert "Look at (erased)" in after.as_text()
    assert not any("acme-holding" in line for line in await one.env.store.journal())
    assert audited.tone == "green", audited.as_text()


async def test_what_a_run_keeps_beside_its_ticks_is_read_by_the_other_replica(world: World) -> None:
    one, two = await bots(world)
    await one.runs.start(begin(), MARA, request_id="begin")
    press = RunAction(RUN, "stop-the-harm", confirmed=True)
    await one.runs.do(press, MARA, request_id="press")
    contain, *rest = book().phases
    stop = replace(contain.steps[1], actions=(action("kill", all="true"),))
    steps = (contain.steps[0], stop, *contain.steps[2:])
    newer = book(replace(contain, steps=steps), *rest)
    for each in (one, two):
        cast("Shelf", each.procedures).put(newer)
    await two.runs.end(EndRun(RUN, "renew"), SAM, request_id="renew")
    block = MarkStep(RUN, "block", "find-the-change", words="@ola, the key")
    await one.runs.mark(block, MARA, request_id="block")

    (ours, theirs) = [(await each.env.store.refresh()).run("RUN-1") for each in (one, two)]
    audited = await two.audit_verify(OLA)

    act = theirs.act("stop-the-harm", 1)
    assert ours == theirs
    assert act is not None
    assert (act.state, act.result, act.older) == ("done", "K-1", True)
    assert theirs.mark("find-the-change").waits == ("ola",)
    assert audited.tone == "green", audited.as_text()


async def test_the_lead_follows_a_command_that_two_take_at_once(world: World) -> None:
    one, two = await bots(world)
    opening = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
    await one.incidents.open(opening, MARA, request_id="open")
    take = RoleOrder(Which("INC-1"), "commander", "take")
    await one.incidents.role(take, MARA, request_id="mara")
    await one.runs.start(replace(begin(), incident="INC-1"), MARA, request_id="begin")
    await two.env.store.refresh()

    await asyncio.gather(
        one.incidents.role(take, SAM, request_id="sam"),
        two.incidents.role(take, INES, request_id="ines"),
    )

    state = await one.env.store.refresh()
    assert state.run("RUN-1").commander == state.incident("INC-1").roles["commander"] != "mara"
    assert state.run("RUN-1").version == 3, "each of the two moved it once"


async def test_each_of_twenty_open_runs_keeps_its_own_ticks(world: World) -> None:
    one, _ = await bots(world)
    for n in range(MANY):
        await one.runs.start(begin(f"C{n}"), MARA, request_id=f"begin:{n}")
    for n in range(1, MANY + 1):
        tick = MarkStep(WhichRun(f"RUN-{n}"), "done", "find-the-change", seen=1)
        await one.runs.mark(tick, MARA, request_id=f"tick:{n}")

    listed = await one.runs.look(RunLook("list"), MARA)

    state = await one.env.store.refresh()
    assert all(run.mark("find-the-change").state == "done" for run in state.open_runs())
    assert len(listed.lines) == MANY


async def test_the_largest_text_is_pinned_whole_and_once(world: World) -> None:
    one, two = await bots(world)
    source = "x\n" * 128 * 1024
    digest = hashlib.sha256(source.encode()).hexdigest()
    large = replace(book(), source=source, digest=digest)
    for each in (one, two):
        cast("Shelf", each.procedures).put(large)

    await one.runs.start(begin("C1"), MARA, request_id="begin")
    await two.runs.start(begin("C2"), MARA, request_id="again")

    state = await one.env.store.refresh()
    assert state.runbook_text(digest) == source
    assert sum("runbook_texts" in line for line in await one.env.store.journal()) == 1
