"""The way back as a button: it names what it leaves and where it goes, and asks with the difference."""

import html

import pytest

from opsbot.app.requests import RollbackRequest, StageRequest
from opsbot.app.routes.rollback_words import ROOM, rollback_buttons
from opsbot.domain.change import Change, Write
from opsbot.domain.errors import StaleButton
from opsbot.domain.model_book import Model, ModelBook, Price, as_record
from opsbot.domain.route import Number
from opsbot.domain.said import Button
from opsbot.domain.state import SETTINGS, State
from opsbot.slack.blocks import button
from tests.support.routes import GATE, MINI, SUMMARISER, WHOLE, begun, measured, rolled, staged
from tests.support.world import INES, MARA, World

PRICES = ModelBook(
    {
        name: Model(name, price=Price(*usd))
        for name, usd in (("openai/gpt-5.2", (1.75, 14.0)), ("openai/gpt-5-mini", (0.25, 2.0)))
    }
)


@pytest.fixture(name="whole")
async def _whole(world: World) -> World:
    """A summariser whose ramp has one step: what is staged serves everybody at once."""
    await world.declare(staged(extra={"stages": WHOLE}))
    return world


def back(world: World) -> tuple[Button, ...]:
    """Return the button as of now."""
    state = world.store.state
    workflow, routing = state.workflows()[SUMMARISER], state.routing(SUMMARISER)
    return rollback_buttons(state, workflow, routing, world.clock.now_ms())


async def priced(world: World) -> None:
    """Declare what tokens cost."""

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        write = Write(SETTINGS, "models", as_record(PRICES))
        return Change(verb="declare", actor=INES, writes=(write,)), None

    await world.store.commit("prices", decide)


async def test_there_is_no_way_back_from_the_last_good_revision(whole: World) -> None:
    assert back(whole) == ()

    await begun(whole)
    await rolled(whole)

    assert back(whole) == ()


async def test_the_question_says_what_changes_how_old_the_evidence_is_and_the_price(
    whole: World,
) -> None:
    await begun(whole, targets=MINI, prompt="p@9", params={"temperature": 0.3}, tools="t@2")
    await whole.declare(staged(extra={"stages": WHOLE, "gates": [GATE]}))
    await priced(whole)
    await measured(whole, SUMMARISER, "r1", 0.95, ago_h=30)

    (one,) = back(whole)

    assert one.value == "summariser:r2:r1"
    assert one.label == "Roll back to r1"
    assert one.confirm.splitlines() == [
        "Serve everybody of summariser with r1 instead of r2?",
        "model: openai/gpt-5-mini \u2192 openai/gpt-5.2",
        "prompt: p@9 \u2192 p@1",
        "tools: t@2 \u2192 none",
        "params.temperature: 0.3 \u2192 none",
        "Evidence of r1: 30 h old, green.",
        "Price: about 7 times the price (in $0.25 -> $1.75, out $2 -> $14 per million).",
    ]


@pytest.mark.parametrize(
    ("value", "n", "ago_h", "words"),
    [(0.5, 200, 2, "2 h old, RED"), (0.95, 5, 2, "2 h old, too few cases"), (0.95, 200, 90, "90 h old, stale")],
)  # fmt: skip
async def test_evidence_that_does_not_pass_is_named(
    whole: World, value: float, n: int, ago_h: float, words: str
) -> None:
    await begun(whole)
    await whole.declare(staged(extra={"stages": WHOLE, "gates": [GATE]}))
    await measured(whole, SUMMARISER, "r1", value, n=n, ago_h=ago_h)

    assert f"Evidence of r1: {words}." in back(whole)[0].confirm


async def test_evidence_of_content_that_was_brought_back_is_that_of_where_it_was(
    whole: World,
) -> None:
    await begun(whole)
    await rolled(whole)
    await begun(whole, prompt="p@9")
    await whole.declare(staged(extra={"stages": WHOLE, "gates": [GATE]}))
    await measured(whole, SUMMARISER, "r1", 0.95, ago_h=5)

    (one,) = back(whole)

    assert one.value == "summariser:r4:r3"
    assert "Evidence of r3: 5 h old, green." in one.confirm


async def test_nobody_evaluated_is_said(whole: World) -> None:
    await begun(whole)
    await whole.declare(staged(extra={"stages": WHOLE, "gates": [GATE]}))

    assert "Evidence of r1: none." in back(whole)[0].confirm


async def test_a_long_difference_is_counted_and_slack_shows_the_whole_question(
    whole: World,
) -> None:
    await priced(whole)
    params = {f"p{n}": "<&>" * 9 for n in range(40)}
    await begun(whole, targets=MINI, params=params)

    (one,) = back(whole)
    shown = str(button(one, 0)["confirm"])

    assert len(html.escape(one.confirm, quote=False)) <= ROOM
    assert "and 40 more" in one.confirm
    assert "model: openai/gpt-5-mini" in shown
    assert "Evidence of r1" in shown
    assert "per million" in shown


async def test_a_way_back_from_what_serves_no_more_is_refused(whole: World) -> None:
    await begun(whole)
    (one,) = back(whole)
    assert one.value.endswith(":r2:r1")
    await rolled(whole)
    request = RollbackRequest(SUMMARISER, Number(1), leaving=Number(2))

    with pytest.raises(StaleButton, match="r3 serves `summariser` by now, not r2"):
        await whole.bot.rollback(request, MARA, request_id="late")


async def test_a_word_on_a_ramp_that_is_over_is_refused(world: World) -> None:
    await world.declare(staged())
    await begun(world)
    await rolled(world)

    with pytest.raises(StaleButton, match="No ramp runs any more"):
        await world.bot.stage(
            StageRequest(SUMMARISER, "cancel", Number(2)), INES, request_id="late"
        )
