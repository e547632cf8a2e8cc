"""Every shipped runbook is walked to its end, by its first answers and by its last: every step is drawn and done."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from opsbot.adapters.comms.examples import filler
from opsbot.adapters.comms.templates import FileTemplates
from opsbot.adapters.runbooks.markdown import parse
from opsbot.app import route_state
from opsbot.app.comms.requests import EVERY, NewMessage, PublishMessage
from opsbot.app.comms.shown.asked import asked_people
from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import Which
from opsbot.app.ports import ProbeAnswer
from opsbot.app.requests import ApproveRequest
from opsbot.app.room.run_step_words import Around, step_said
from opsbot.app.runs.requests import EndRun
from opsbot.app.runs.tells import lacking
from opsbot.domain.actor import Actor
from opsbot.domain.errors import Refused
from opsbot.domain.run import Act
from opsbot.domain.runbook import LANES, Decision, Runbook, Step
from opsbot.slack.blocks import message
from opsflags.model import NO_MODEL
from tests.support.comms import Places, comms_policy, declare_comms
from tests.support.incident_life import settle
from tests.support.runs import COPILOT, RUN, marked, pressed, run, started, walked_company
from tests.support.world import INES, SAM, HandMoved, World, slack, workflow

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / "runbooks").glob("*.md"))
GIVEN: Final = {"tenant": "acme", "tool": "search_kb", "provider": "openai"}
IN: Final = Which("INC-1")
PROBE: Final = "http://pod-1/probe"
NOTHING_TO_DO: Final = {
    ("quality-regression", "first"): {"restore-in-stages"},
    ("data-leak", "last"): {"restore-the-provider"},
    ("provider-outage", "last"): {"go-back-to-the-provider"},
}
"""What its `Skip when` says on that way: nothing was killed, or no provider."""

NO_END: Final = {("kill-switch-drill", "first"), ("kill-switch-drill", "last"), ("runaway-cost", "last")}  # fmt: skip
"""Ways that resolve no incident: a drill has none, and more users are none."""

MOST_STEPS: Final = 60


@dataclass
class Walker:
    """
    Ines, who commands, and Sam, who approves, on their way through one runbook.

    *refused* are the steps at which something was not done, with why.
    """

    world: World
    book: Runbook
    pod: HandMoved
    last: bool
    went_back: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    walked: list[str] = field(default_factory=list)

    async def to_the_end(self) -> None:
        """Do the current step that stands first in the file, until no lane has one."""
        order = [one.id for one in self.book.steps]
        for _ in range(MOST_STEPS):
            now = [at for lane in LANES if (at := run(self.world).focus.get(lane, ""))]
            if not now:
                return
            step = self.book.step(min(now, key=order.index))
            assert step is not None
            self.walked.append(step.id)
            await self.seen()
            await self.do(step)
        raise AssertionError(f"no end: {self.walked}")

    async def do(self, step: Step) -> None:
        """Press what there is to press, and then tick it, answer it, or skip it where it was refused."""
        for number in range(1, len(step.actions) + 1):
            await self.press(step, number)
        if run(self.world).focus.get(step.lane) != step.id:
            return
        if step.id in self.refused:
            await marked(self.world, "skip", step.id, words=self.refused[step.id], by=INES)
        elif step.decide is not None:
            option = self.answer(step, step.decide)
            await marked(self.world, "decide", step.id, option=option, by=INES)
        else:
            await marked(self.world, "done", step.id, by=INES)

    async def seen(self) -> None:
        """Draw the current step of each lane; where Slack would refuse it, only its text is left."""
        view = await self.world.bot.runs.view(RUN, INES)
        for lane in view.lanes:
            if lane.step is not None:
                drawn = message(step_said(view, lane, Around()))
                assert drawn.blocks, lane.step.step.id

    async def press(self, step: Step, number: int) -> None:
        """Press one action, let the second person approve it, and wait until it is settled."""
        self.probed()
        try:
            await self.written(step, number)
            await pressed(self.world, step.id, number, by=INES)
        except Refused as no:
            self.refused[step.id] = no.message
            return
        act = await self.settled(step, number)
        if act.state == "waiting" and act.result.startswith("A-"):
            yes = f"yes:{act.result}"
            await self.world.bot.approve(ApproveRequest(act.result), SAM, request_id=yes)
        if act.state == "waiting" and act.result.startswith("MSG-"):
            await self.told(act.result)
        for _ in range(15):
            act = await self.settled(step, number)
            if act.state != "waiting":
                break
            self.world.clock.later(600)
        if act.state != "done":
            self.refused[step.id] = f"{act.state}: {act.detail}"

    async def written(self, step: Step, number: int) -> None:
        """Fill in what a message asks for and nobody knows yet, as its form does."""
        given = step.actions[number - 1].arguments
        if step.actions[number - 1].verb != "comms" or not run(self.world).incident:
            return
        comms = self.world.bot.comms
        form = await comms.form(str(given["template"]), IN, INES)
        missing = {name: filler(form.template.field(name)) for name in lacking(form)}  # type: ignore[arg-type]  # a field of its own
        if missing:
            request = NewMessage(form.template.name, IN, missing)
            await comms.new(request, INES, request_id=f"new:{step.id}:{self.world.clock.now_ms()}")

    async def told(self, message: str) -> None:
        """Let a message go: whatever it takes, somebody else says yes to."""
        request = PublishMessage(message, anyway=(EVERY,))
        said = await self.world.bot.comms.publish(request, INES, request_id=f"out:{message}")
        for approval in said.body["approvals"]:  # type: ignore[union-attr]  # a list of ids
            who = self.asked(str(approval))
            yes = f"yes:{approval}"
            await self.world.bot.approve(ApproveRequest(str(approval)), who, request_id=yes)

    def asked(self, approval: str) -> Actor:
        """Return the first who may say yes."""
        state = self.world.store.state
        people, one = policy_of(state).people, state.approval(approval)
        names = asked_people(state, one, "approval")
        assert names, one
        return slack(people[names[0]].slack[0])

    async def settled(self, step: Step, number: int) -> Act:
        """Let the fleet follow and the outbox rest."""
        for _ in range(2):
            self.pod.follow()
            await settle(self.world, rounds=2)
        self.pod.follow()
        act = run(self.world).act(step.id, number)
        assert act is not None
        return act

    def probed(self) -> None:
        """Let the probe say what is so."""
        state = self.world.store.state
        kills = route_state.killing(state, state.workflows()[COPILOT])
        mode = kills[0].mode if kills else "live"
        self.world.probes.says[PROBE] = ProbeAnswer(
            mode=mode, allowed=mode not in NO_MODEL, status=503 if mode == "stop" else 200
        )

    def answer(self, step: Step, decision: Decision) -> int:
        """Return the number of the answer on this way; a jump back is taken once."""
        order = [one.id for one in self.book.steps]
        here = order.index(step.id)
        options = list(enumerate(decision.options, 1))
        number, option = options[-1 if self.last else 0]
        if not option.step or order.index(option.step) > here:
            return number
        if self.went_back:
            return next(n for n, one in options if not one.step or order.index(one.step) > here)
        self.went_back = True
        return number


@cache
def books() -> dict[str, Runbook]:
    """Return the shipped runbooks by name."""
    read = {path.stem: parse(path.read_bytes(), name=path.stem, file=path.name) for path in FILES}
    return {name: one.runbook for name, one in read.items() if one.runbook is not None}


async def told_company(world: World) -> None:
    """Let people be told, with the templates that are shipped, at places that take everything."""
    places = {"comms": {"users": ["status-page", "in-app"], "stakeholders": ["mail"]}}
    one = workflow(COPILOT, tier=1, safe_state="canned", extra=places)
    await world.declare(one, workflow("coding-agent"), with_policy=comms_policy())
    await declare_comms(world)
    templates = FileTemplates(clock=world.clock)
    templates.load(ROOT / "runbooks")
    world.bot = replace(world.bot, templates=templates, publishers=Places())


@pytest.mark.no_cover  # what tests of runs do, hundreds of times
@pytest.mark.parametrize("way", ["first", "last"])
@pytest.mark.parametrize("name", [path.stem for path in FILES])
async def test_a_runbook_is_walked_to_its_end(name: str, way: str) -> None:
    shelf = books()
    world = await walked_company(*shelf.values())
    await told_company(world)
    pod = world.instance("pod-1", probe=PROBE)
    pod.follow()
    params = {one.name: GIVEN[one.name] for one in shelf[name].params if one.name in GIVEN}
    await started(world, name, by=INES, params=params)
    walker = Walker(world, shelf[name], pod, last=way == "last")

    await walker.to_the_end()
    await world.bot.runs.end(EndRun(RUN, "finish", words="walked"), INES, request_id="finish")

    assert set(walker.refused) == NOTHING_TO_DO.get((name, way), set()), walker.refused
    assert run(world).status == "finished"
    assert world.store.state.active_kills() == ()
    resolved = world.store.state.incident("INC-1").status == "resolved"
    assert resolved != ((name, way) in NO_END)
