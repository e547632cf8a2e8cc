"""Commands in what Slack shows: this bot's own prefix everywhere, the terminal's words where Slack has none."""

from collections.abc import AsyncGenerator

import pytest

from opsbot.domain.said import Button, Said
from opsbot.domain.typed import MARK, command
from opsbot.slack.blocks import render
from opsbot.slack.grammar import SLACK_VERBS
from opsbot.slack.spelling import spelling
from tests.slack.forged import HERE, LEAD, SUPPORT, Attacked, _no_crash, home_of_route
from tests.support.routes import SUMMARISER, begun

__all__ = ["_no_crash"]
PREFIX = "ai-stg"


@pytest.fixture(name="staging")
async def _staging() -> AsyncGenerator[Attacked]:
    """The company's bot as a second one in its workspace."""
    async with home_of_route("http", PREFIX) as attacked:
        yield attacked


@pytest.mark.parametrize("name", [row.name for row in SLACK_VERBS])
def test_what_slack_has_is_spelled_as_its_command(name: str) -> None:
    assert spelling("ai")(f"{name} support-copilot x") == f"/ai-{name} support-copilot x"
    assert spelling(PREFIX)(name) == f"/ai-stg-{name}"


@pytest.mark.parametrize("words", ["approve A-1", "eval record --file F", "retry all", "doctor"])
def test_what_only_a_terminal_has_stays_a_terminals(words: str) -> None:
    assert spelling("ai")(words) == f"opsbot {words}"


def test_a_card_is_posted_in_this_bots_own_words() -> None:
    button = Button("restore", "Restore", "K-1", confirm=f"As {command('restore K-1')}?")
    said = Said("amber", "Blocked", (f"Undo: {command('restore K-1')}",), (button,))

    blocks, text = render(said, prefix=PREFIX)

    assert "Undo: `/ai-stg-restore K-1`" in text
    assert "As `/ai-stg-restore K-1`?" in str(blocks)
    assert MARK not in f"{blocks}{text}"


async def test_answers_refusals_and_the_form_use_the_prefix(staging: Attacked) -> None:
    slash = staging.house.slack.slash
    killed = await slash(SUPPORT, HERE, f"/ai-stg-kill {SUMMARISER} wrong answers")
    refused = await slash(LEAD, HERE, f"/ai-stg-route {SUMMARISER} stage hold")
    stored = await slash(LEAD, HERE, f"/ai-stg-route {SUMMARISER} set prompt:p@2 shorter")
    form = await slash(LEAD, HERE, f"/ai-stg-route {SUMMARISER} set")

    assert f"Undo: `/ai-stg-restore {SUMMARISER}`" in killed.text
    assert f"`/ai-stg-route {SUMMARISER} set …` stores a new revision" in refused.text
    assert f"`/ai-stg-route {SUMMARISER} stage r2`" in stored.text
    assert f"/ai-stg-route {SUMMARISER} stage" in str(form.view)
    for shown in (killed, refused, stored):
        assert "/ai-route" not in shown.text
        assert "/ai-restore" not in shown.text
        assert "opsbot restore" not in shown.text


async def test_what_is_on_its_way_is_told_with_the_prefix(staging: Attacked) -> None:
    await begun(staging.world)

    held = await staging.house.slack.slash(
        LEAD, HERE, f"/ai-stg-route {SUMMARISER} stage hold wrong tone"
    )

    assert f"Go on: `/ai-stg-route {SUMMARISER} stage go-on`" in held.text
    assert f"Take it back: `/ai-stg-route {SUMMARISER} stage cancel`" in held.text
