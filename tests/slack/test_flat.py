"""What people wrote is drawn as they wrote it: Slack finds no bold, italics, strike-through or emoji in it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.room.run_card_words import card_said, current_said
from opsbot.domain.prose import Paragraph, words
from opsbot.domain.runbook import Phase
from opsbot.domain.said import inert
from opsbot.slack.blocks import render
from opsbot.slack.flat import dressed, flat
from opsbot.slack.mrkdwn import bold, line
from opsbot.slack.prose_blocks import prose_texts
from opsbot.slack.runbook.pages import step_modal, steps_modal
from opsbot.slack.spelling import spelling
from tests.slack.test_blocks import markup
from tests.support.runs import book, started, step, view, walked_company

LIVE = re.compile(
    r"(?<![^\W_*])\*(?!\s)[^*\n]+?(?<!\s)\*(?![^\W_*])"
    r"|(?<![^\W_])_(?!\s)[^_\n]+?(?<!\s)_(?![^\W_])"
    r"|(?<![^\W_~])~(?!\s)[^~\n]+?(?<!\s)~(?![^\W_~])"
    r"|:[a-z+][a-z0-9_+-]*:"
)
"""What Slack obeys, as the workbench reads it."""

HOSTILE = "Stop *all* of _it_ ~now~ `rm -rf` **here** :fire: a*_b_*c"


@given(st.text(alphabet="*_~: ab`1\n", max_size=40))
def test_nothing_in_words_is_obeyed(text: str) -> None:
    shown = flat(text)

    assert not LIVE.search(shown)
    assert len(shown) == len(text)


@given(st.text(alphabet="*_~: ab`1", max_size=30), st.text(alphabet="*_~: ab`1", max_size=30))
def test_two_titles_in_one_sentence_make_no_pair(one: str, two: str) -> None:
    shown = line(f"\u201c{inert(one)}\u201d is done. Next: \u201c{inert(two)}\u201d.")

    assert not LIVE.search(shown)


@pytest.mark.parametrize("text", ["support_copilot", "2 * 3", "a ~ b", "at 12:30:45", "x:3: y"])
def test_what_slack_would_not_obey_stays_as_it_is(text: str) -> None:
    assert flat(text) == text


def test_our_own_bold_and_code_stay() -> None:
    assert dressed("**All off** by `ai-kill *_x_*`: _y_") == (
        "*All off* by `ai-kill *_x_*`: \u02cdy\u02cd"
    )
    assert bold("`wrong-answers` in demo") == "*`wrong-answers` in demo*"
    assert bold("Stop _it_ *now*") == "*Stop \u02cdit\u02cd \u2217now\u2217*"


def test_a_runbooks_own_emphasis_stays_and_its_stray_signs_are_words() -> None:
    (text,) = prose_texts((Paragraph(words("_not_ *bold* ~5 min")),))

    assert text == "\u02cdnot\u02cd \u2217bold\u2217 \u223c5 min"


async def test_titles_of_runbooks_phases_and_steps_are_drawn_as_they_are_written() -> None:
    hostile = replace(step("Look"), title=HOSTILE, who="*ops*")
    phases = Phase("all", HOSTILE, 1, steps=(hostile, replace(step("End"), title=HOSTILE)))
    house = await walked_company(book(phases, title=HOSTILE))
    await started(house)
    seen = await view(house)
    spell = spelling("ai")

    shown: list[object] = [render(card_said(seen)), render(current_said(seen))]
    shown += [steps_modal(seen)["blocks"], step_modal(seen, seen.steps[0], spell)["blocks"]]

    found = [text for one in shown for text in (*markup(one), *fallbacks(one))]
    assert any("Stop \u2217all\u2217 of \u02cdit\u02cd \u223cnow\u223c" in text for text in found)
    for text in found:
        for ours in re.findall(r"`[^`]*`|(?m:^\*[^*]*\*)|(?m:^_[^_\n]*_$)|\*[^*\n]+:\*", text):
            text = text.replace(ours, "")  # noqa: PLW2901  without what is ours
        assert not LIVE.search(text), text


def fallbacks(shown: object) -> list[str]:
    """Return the text beside the blocks of a message."""
    return [str(shown[1])] if isinstance(shown, tuple) else []
