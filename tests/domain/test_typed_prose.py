"""Commands in texts of no workspace: respelled where they are ours and stand in code, left alone anywhere else."""

import pytest

from opsbot.domain.prose import Code, Heading, Listing, Paragraph, Quote, Rule, Span, Table, words
from opsbot.domain.said import Item, Said
from opsbot.domain.typed import terminal
from opsbot.domain.typed_prose import VERBS, respelled, spelled_block, spelled_prose
from opsbot.slack.blocks import render
from opsbot.slack.grammar import SLACK_VERBS
from opsbot.slack.spelling import spelling

SPELL = spelling("acme")
TYPED = (Span("code", "/ai-status"),)
OURS = (Span("code", "/acme-status"),)


def test_the_verbs_are_those_of_slack() -> None:
    assert {row.name for row in SLACK_VERBS} == {row.slack for row in SLACK_VERBS} == VERBS


@pytest.mark.parametrize(
    ("code", "shown", "typed"),
    [
        ("/ai-status", "/acme-status", "opsbot status"),
        (
            "/ai-incident update next:30m what users know now",
            "/acme-incident update next:30m what users know now",
            "opsbot incident update next:30m what users know now",
        ),
        (
            "/ai-kill NAME mode:stop x",
            "/acme-kill NAME mode:stop x",
            "opsbot kill NAME mode:stop x",
        ),
    ],
)
def test_a_command_in_code_is_typed_as_the_surface_types_it(
    code: str, shown: str, typed: str
) -> None:
    assert respelled(code, SPELL) == shown
    assert respelled(code, terminal) == typed


@pytest.mark.parametrize(
    "code",
    ["", "kill", "/ai-", "/ai-killer x", "/ai-kills", "/ai-deploy x", "/AI-kill x", "/kill x",
     "see /ai-kill x", " /ai-kill x", "/ai-kill\nx", "/ai-kill-x", "/acme-kill x", "/ai-kill:x"],
)  # fmt: skip
def test_anything_else_stays_as_it_was_written(code: str) -> None:
    assert respelled(code, SPELL) == code
    assert respelled(code, terminal) == code


def test_only_code_is_looked_at_however_deep_it_stands() -> None:
    prose = (*words("type /ai-status "), Span("strong", inner=(*TYPED, *words("/ai-kill x"))))
    block = Listing(((Paragraph(prose), Quote((Heading(3, TYPED),))),))

    assert spelled_prose(prose, SPELL) == (
        *words("type /ai-status "),
        Span("strong", inner=(*OURS, *words("/ai-kill x"))),
    )
    changed = spelled_block(block, SPELL)
    assert isinstance(changed, Listing)
    assert changed.items[0][1] == Quote((Heading(3, OURS),))


def test_cells_of_a_table_are_looked_at_and_fences_are_not() -> None:
    fence = Code("/ai-status", "text")

    table = spelled_block(Table((TYPED,), ((TYPED,),)), SPELL)

    assert (table.head, table.rows) == ((OURS,), ((OURS,),))  # type: ignore[union-attr]  # it is a table
    assert spelled_block(fence, SPELL) is fence
    assert spelled_block(Rule(), SPELL) == Rule()


def test_a_message_shows_the_workspaces_own_prefix() -> None:
    said = Said("plain", "A step", parts=(Paragraph(TYPED), Item(TYPED, "-")))

    blocks, _ = render(said, prefix="acme")

    assert "/acme-status" in str(blocks[1])
    assert "/acme-status" in str(blocks[2])
    assert "/ai-" not in str(blocks)
