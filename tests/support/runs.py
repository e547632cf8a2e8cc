"""A runbook built by hand, a shelf that keeps its versions, and an incident in which it is walked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from opsbot.app.incident.requests import OpenIncident, RoleOrder, Which
from opsbot.app.runs.requests import MarkStep, RunAction, RunLook, StartRun, WhichRun
from opsbot.app.runs.view import RunView
from opsbot.domain.actor import Actor
from opsbot.domain.errors import UnreadableRunbook
from opsbot.domain.prose import Paragraph, words
from opsbot.domain.run import Run
from opsbot.domain.runbook import (
    Action,
    Box,
    Decision,
    Option,
    Param,
    Phase,
    Runbook,
    Step,
    Value,
    Verb,
)
from opsbot.domain.said import Said
from tests.support.incident_life import settle
from tests.support.world import INES, MARA, World, workflow

COPILOT = "support-copilot"
BOOK = "wrong-answers"
RUN = WhichRun("RUN-1")


def step(title: str, *actions: Action, **changes: object) -> Step:
    """Return a step of the ops lane that takes three minutes; *changes* override."""
    name = title.lower().replace(" ", "-")
    base = Step(
        id=name,
        title=title,
        line=1,
        end=2,
        who="ops",
        time_s=180,
        body=(Paragraph(words(f"How to {title.lower()} of {{{{ workflow }}}}.")),),
        actions=actions,
        expect=words("It is so."),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


def action(verb: Verb, **arguments: Value) -> Action:
    """Return an action; a keyword's last underscore is dropped (`for_`)."""
    return Action(verb, {name.rstrip("_"): one for name, one in arguments.items()}, line=3)


def book(*phases: Phase, name: str = BOOK, **changes: object) -> Runbook:
    """Return a runbook of these phases, its text being what it is made of."""
    found = phases or wrong_answers()
    source = f"# {name}\n\n{found!r}\n"
    base = Runbook(
        name=name,
        title="Wrong or harmful answers",
        digest=hashlib.sha256(source.encode()).hexdigest(),
        source=source,
        file=f"runbooks/{name}.md",
        owner="@ai-platform",
        severity="SEV2",
        params=(Param("workflow", "workflow", required=True),),
        phases=found,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


def wrong_answers() -> tuple[Phase, ...]:
    """Return the phases of a small procedure: every verb that has an end, both lanes, a question that jumps."""
    contain = Phase("contain", "Contain", 1, steps=(
        step("Keep the evidence", action("capture", workflow="{{ workflow }}", what=("route", "kills")),
             boxes=(Box("b1", words("Trace of a bad answer")), Box("b2", words("Who saw it")))),
        step("Stop the harm", action("kill", workflow="{{ workflow }}", reason="{{ incident.id }}"),
             undo="restore-in-stages", undo_words=words("Restore in stages")),
        step("Does it go on", decide=Decision(words("Do wrong answers still reach users?"), (
            Option("Yes", "widen-the-kill"), Option("No", "find-the-change")))),
        step("Widen the kill", action("kill", all="true"), undo="restore-in-stages"),
    ))  # fmt: skip
    assess = Phase("assess", "Assess", 1, steps=(
        step("Find the change", time_s=600),
        step("Tell the users", action("comms", template="users-wrong-answers"), who="comms", time_s=300),
        step("Wait for traffic", action("wait", **{"for": "10m"})),
    ))  # fmt: skip
    restore = Phase("restore", "Restore", 1, steps=(
        step("Check it", action("verify", workflow="{{ workflow }}", suite="ground", min="0.9")),
        step("Ask a second person", action("approve", what="restoring {{ workflow }}", ttl="20m")),
        step("Restore in stages", action("restore", workflow="{{ workflow }}")),
        step("Tell them it is over", who="comms"),
    ))  # fmt: skip
    return contain, assess, restore


@dataclass
class Shelf:
    """Runbooks by name; every version that was ever put here can be read again by its text."""

    books: dict[str, Runbook] = field(default_factory=dict)
    versions: dict[str, Runbook] = field(default_factory=dict)

    def put(self, *books: Runbook) -> None:
        """Put runbooks on the shelf, over those of the same name."""
        for one in books:
            self.books[one.name] = one
            self.versions[one.source] = one

    def known(self) -> Mapping[str, Runbook]:
        """Return what is usable now."""
        return self.books

    async def pinned(self, name: str, source: str) -> Runbook:
        """Return the version of that text."""
        if source not in self.versions:
            raise UnreadableRunbook(f"`{name}` cannot be read any more.")
        return self.versions[source]


def shelved(world: World, *books: Runbook) -> Shelf:
    """Give the bot of *world* a shelf with these runbooks, or with the one of above."""
    shelf = Shelf()
    shelf.put(*(books or (book(),)))
    world.bot = replace(world.bot, procedures=shelf)
    return shelf


async def walked_company(*books: Runbook) -> World:
    """Return a company with one SEV2 incident that Ines commands, and runbooks to walk."""
    world = World()
    await world.declare(workflow(COPILOT, tier=1, safe_state="canned"), workflow("coding-agent"))
    shelved(world, *books)
    await world.bot.incidents.open(
        OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2"),
        MARA,
        request_id="open",
    )
    await world.bot.incidents.role(
        RoleOrder(Which("INC-1"), "commander", "take"), INES, request_id="lead"
    )
    await settle(world)
    return world


async def started(world: World, name: str = BOOK, *, by: Actor = MARA, **changes: object) -> Run:
    """Begin a run for INC-1 and return it."""
    request = replace(StartRun(name, "INC-1"), **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
    said = await world.bot.runs.start(request, by, request_id=f"start:{len(world.server.lines)}")
    return world.store.state.run(str(said.body["run"]))


async def marked(
    world: World,
    act: str,
    step_: str = "",
    *,
    by: Actor = MARA,
    request_id: str = "",
    **more: object,
) -> Said:
    """Mark one step of RUN-1."""
    request = MarkStep(RUN, act, step_, **more)  # type: ignore[arg-type]  # fields by name, as each test words them
    name = request_id or f"mark:{len(world.server.lines)}:{by.id}:{act}:{step_}"
    return await world.bot.runs.mark(request, by, request_id=name)


async def reached(world: World, step_: str) -> None:
    """Walk one lane of RUN-1 up to a step: the commander skips what comes before it."""
    for _ in range(60):
        one = run(world)
        lane = (await view(world)).step(step_).step.lane  # type: ignore[union-attr]  # a step of the book
        now = one.focus[lane]
        if now == step_:
            return
        assert now, f"{step_} is not ahead"
        await marked(world, "skip", now, words="not here", by=INES)
    raise AssertionError(f"{step_} was never reached")


async def pressed(
    world: World,
    step_: str,
    number: int = 1,
    *,
    by: Actor = MARA,
    request_id: str = "",
    **more: object,
) -> Said:
    """Press one action of RUN-1, its question answered."""
    request = RunAction(RUN, step_, number, confirmed=True)
    request = replace(request, **more)  # type: ignore[arg-type]  # fields by name, as each test words them
    name = request_id or f"do:{len(world.server.lines)}:{by.id}:{step_}:{number}"
    return await world.bot.runs.do(request, by, request_id=name)


def run(world: World, name: str = "RUN-1") -> Run:
    """Return a run as it is now."""
    return world.store.state.run(name)


async def view(world: World, name: str = "RUN-1", *, by: Actor = MARA) -> RunView:
    """Return everything that is shown of a run."""
    return await world.bot.runs.view(WhichRun(name), by)


async def looked(world: World, what: str, name: str = "RUN-1", *, by: Actor = MARA) -> Said:
    """Look at a run."""
    return await world.bot.runs.look(RunLook(what, WhichRun(name)), by)  # type: ignore[arg-type]  # each look by its word
