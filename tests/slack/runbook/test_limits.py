"""Every step of every runbook, shipped or made up, is shown within Slack's limits, and nothing in it is live."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsbot.adapters.runbooks.files import load, read_page
from opsbot.app.room.run_card_words import card_said, current_said
from opsbot.app.room.run_step_words import VISIBLE, Around, ended_said, step_said
from opsbot.app.runs.press import pressed
from opsbot.app.runs.requests import StartRun
from opsbot.app.runs.view import LaneView, RunView, Seen, run_view
from opsbot.domain.block_kit.check import check_message, check_view
from opsbot.domain.change import Position
from opsbot.domain.prose import Block, Code, Paragraph, Table, words
from opsbot.domain.run import Act, ActState, Attached, Mark, Run
from opsbot.domain.runbook import (
    LANES,
    Action,
    Box,
    Decision,
    LaneName,
    Option,
    Param,
    Phase,
    Runbook,
    Step,
)
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.slack.blocks import message
from opsbot.slack.runbook.form import Choosing, params_modal, skip_modal, start_modal
from opsbot.slack.runbook.pages import book_modal, step_modal, steps_modal
from opsbot.slack.spelling import spelling
from tests.slack.runbook_hands import elements
from tests.slack.test_blocks import markup
from tests.slack.test_prose_blocks import HOSTILE, LIVE
from tests.support.world import SATURDAY_NIGHT_MS, policy

ROOT = Path(__file__).parents[3]
SHIPPED = dict(load(ROOT / "runbooks").runbooks)
LONG = "x" * 400
SPELL = spelling("ai")
PAGE = "# Port 4711\n\n## Diagnosis\n\n" + "\n\n".join(
    f"### Look at {n}\n\n{'A sentence that goes on. ' * 600}\n\n```sh\n{'echo hello world' * 9}\n```"
    for n in range(12)
)
"""A page of somebody else's, with steps of fifteen thousand characters."""


def viewed(book: Runbook, **changes: object) -> RunView:
    """Return a run of a runbook at its beginning."""
    focus: dict[LaneName, str] = {}
    for lane in LANES:
        if steps := book.lane(lane):
            focus[lane] = steps[0].id
    base = Run(
        id="RUN-7", uid="u", at=Position(1, 1), begun_at=Position(1, 1), runbook=book.name,
        digest=book.digest, begun_by="mara", begun_ms=SATURDAY_NIGHT_MS, via="slack",
        params={"workflow": "support-copilot"}, focus=focus, commander="ines",
    )  # fmt: skip
    run = replace(base, **changes)  # type: ignore[arg-type]  # fields of a run
    texts = {"why": HOSTILE, "text": HOSTILE * 9}
    return run_view(State(), run, Seen(book, "prod", policy(), SATURDAY_NIGHT_MS, texts))


def fits(said: Said) -> None:
    """Fail where a message breaks a limit, had to become text, or says something live."""
    shown = message(said)
    assert shown.violations == ()
    assert check_message(shown.payload()) == []
    assert len(elements(list(shown.blocks))) <= 30
    for text in [shown.text, *markup(list(shown.blocks))]:
        assert not LIVE.search(text)


def shown_whole(view: RunView) -> None:
    """Show every step of a run in every way."""
    fits(card_said(view))
    fits(current_said(view))
    for one in view.steps:
        lane = LaneView(one.step.lane, one, after=tuple(s.title for s in view.book.steps[:2]))
        said = step_said(view, lane, Around({"support-copilot": 12}))
        fits(said)
        fits(ended_said(view, one.step.id))
        assert len(said.buttons) <= VISIBLE
        for press in (*said.buttons, *said.more):
            assert pressed(press.value) is not None, press
            assert len(f"{press.act} {press.value}") <= 150
        modal = step_modal(view, one, SPELL)
        assert check_view(modal) == []
    for page in range(9):
        assert check_view(steps_modal(view, page)) == []
        assert check_view(book_modal(view.book, SPELL, page)) == []


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_step_that_is_shipped_fits(name: str) -> None:
    book = SHIPPED[name]
    if book.steps:
        shown_whole(viewed(book))


def test_a_page_of_somebody_else_with_endless_steps_fits() -> None:
    book = read_page(PAGE, name="imported/port", file="runbooks/imported/port.md").runbook
    assert book is not None
    assert len(book.steps) > 5

    view = viewed(book, imported=True)

    shown_whole(view)
    said = step_said(view, view.lanes[0], Around())
    assert not [one for one in said.buttons if one.act == "run_do"]
    assert "the whole of it is behind Whole runbook" in str(message(said).blocks)


def test_the_whole_of_a_long_runbook_is_turned_page_by_page() -> None:
    steps = tuple(Step(f"s{n}", f"Step {n}", n, n) for n in range(190))
    view = viewed(Runbook("long", "Long", "d", "s", phases=(Phase("p", "All", 1, (), steps),)))

    first, last = steps_modal(view), steps_modal(view, 2)

    assert check_view(first) == check_view(last) == []
    turns = [one["value"] for _, one in elements(first["blocks"]) if one["text"]["text"] == "Later"]  # type: ignore[arg-type]  # blocks
    assert turns == ["1 RUN-7:1::"]
    assert "Step 189" in str(last["blocks"])


def test_a_step_whose_name_is_longer_than_a_menu_takes_is_found_by_its_fingerprint() -> None:
    name = "\u00fcber-" + "lang-" * 60
    book = Runbook("b", "B", "d", "s", phases=(Phase("p", "P", 1, (), (Step(name, "T", 1, 1),)),))
    view = viewed(book)

    said = step_said(view, view.lanes[0], Around())

    ref = pressed(said.more[0].value)
    assert ref is not None
    assert ref.step.startswith("~")
    assert ref.means(view.book) == name


texts = st.sampled_from(["", "Look", HOSTILE, LONG, HOSTILE * 30, "`/ai-kill`", "\u202e"])
bodies: st.SearchStrategy[tuple[Block, ...]] = st.sampled_from(
    [(), (Paragraph(words(HOSTILE * 60)),), (Code(HOSTILE * 90),), (Table((words("a"),), ((words(LONG),),) * 300),)]
)  # fmt: skip
actions = st.sampled_from(
    [(), (Action("kill", {"workflow": "support-copilot"}),), (Action("restore"), Action("verify")),
     (Action("page", {"who": HOSTILE}), Action("wait", {"for": "10m"}))]
)  # fmt: skip
acts: st.SearchStrategy[ActState] = st.sampled_from(
    ["executing", "waiting", "done", "failed", "unknown", "undone"]
)
marks = st.builds(
    Mark,
    state=st.sampled_from(["open", "done", "skipped", "failed", "blocked"]),
    by=texts,
    at_ms=st.just(SATURDAY_NIGHT_MS),
    begun_ms=st.none() | st.just(SATURDAY_NIGHT_MS),
    assignee=texts,
    offered=texts,
    why=st.sampled_from(["", "why"]),
    on=st.sampled_from(["", "text"]),
    choice=st.none() | st.integers(0, 3),
    recheck_ms=st.none() | st.just(SATURDAY_NIGHT_MS),
)


@st.composite
def steps(draw: st.DrawFn, number: int) -> Step:
    """Draw a step."""
    options = draw(st.lists(st.builds(Option, label=texts), max_size=6).map(tuple))
    boxes = tuple(Box(f"b{n + 1}", words(draw(texts))) for n in range(draw(st.integers(0, 20))))
    return Step(
        id=draw(st.sampled_from(["a", "\u00fc", "long" * 50])) + str(number),
        title=draw(texts),
        line=1,
        end=2,
        who=draw(st.sampled_from(["", "ops", "comms", HOSTILE])),
        time_s=draw(st.none() | st.integers(1, 90_000)),
        body=draw(bodies),
        boxes=boxes,
        actions=draw(actions),
        expect=words(draw(texts)),
        decide=Decision(words(draw(texts)), options) if options else None,
        undo_words=words(draw(texts)),
        onward=draw(st.sampled_from(["", "other"])),
    )


@st.composite
def views(draw: st.DrawFn) -> RunView:
    """Draw a run that is somewhere on its way."""
    made = tuple(draw(steps(n)) for n in range(draw(st.integers(1, 4))))
    book = Runbook("b", draw(texts), "d", "s", phases=(Phase("p", draw(texts), 1, (), made),))
    first = made[0]
    done = {
        f"{first.id}#{n}": Act(
            draw(acts), result=draw(st.sampled_from(["", "K-1"])), detail=HOSTILE
        )
        for n in range(1, len(first.actions) + 1)
    }
    notes = tuple(
        Attached(f"a{n}", first.id, "text", "mara", 1, "evidence", url="https://x.example")
        for n in range(draw(st.integers(0, 30)))
    )
    return viewed(
        book,
        mode=draw(st.sampled_from(["live", "drill", "show"])),
        status=draw(st.sampled_from(["open", "finished", "abandoned"])),
        marks={first.id: draw(marks)},
        acts=done if draw(st.booleans()) else {},
        attached=notes,
        offer=draw(texts),
        why=draw(st.sampled_from(["", "why"])),
    )


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(views())
def test_whatever_a_runbook_says_its_messages_and_modals_fit(view: RunView) -> None:
    shown_whole(view)


@given(st.lists(st.builds(Param, name=st.from_regex(r"[a-z]{1,20}", fullmatch=True), default=texts, required=st.booleans()), max_size=20, unique_by=lambda one: one.name), texts)  # fmt: skip
def test_forms_fit_whatever_a_runbook_asks_for(params: list[Param], title: str) -> None:
    book = Runbook("b", title, "d", "s", params=tuple(params))
    top = Said("amber", title or "x", (title,) * 30)

    assert check_view(params_modal(book, StartRun("b"), ["w"], top=top)) == []
    assert check_view(skip_modal("RUN-1:1::x", {"reason": title}, top=top)) == []
    many = Choosing([(f"n{n}", title or "x") for n in range(200)], StartRun("n1"))
    assert check_view(start_modal(many, prefix="ai", top=top)) == []


def test_no_command_is_spelled_by_the_words_of_a_run() -> None:
    said = card_said(viewed(SHIPPED["wrong-answers"]))

    assert re.search(r"/ai-", str(said)) is None
