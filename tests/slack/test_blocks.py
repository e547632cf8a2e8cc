"""Whatever people type, what is shown is inert and within Slack's limits."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from opsbot.domain.block_kit.check import check_message, check_view
from opsbot.domain.change import Record
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.typed import MARK, link, person
from opsbot.slack.blocks import TEXT_LIMIT, message, render
from opsbot.slack.ids import Press
from opsbot.slack.mrkdwn import bold, esc, line, plain
from opsbot.slack.views import answer_modal, confirm_modal, home_view, kill_modal, reason_modal

HOSTILE = "<!channel> <@U1> <!subteam^S1> <https://evil|bank> & `x` \u202etxt\u2066 \ufeff*b* > q"
LIVE = re.compile(r"<[!@#]|<https?:|<mailto:")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")

texts = st.text(max_size=300) | st.sampled_from([HOSTILE, HOSTILE * 20, "", "&" * 3_000])
buttons = st.builds(
    Button,
    act=st.sampled_from(["restore", "status", "approve"]),
    label=texts,
    value=st.text(max_size=30),
    style=st.sampled_from(["", "primary", "danger"]),
    confirm=texts,
)
saids = st.builds(
    Said,
    tone=st.sampled_from(["green", "amber", "red", "plain"]),
    title=texts,
    lines=st.lists(texts, max_size=30).map(tuple),
    buttons=st.lists(buttons, max_size=30).map(tuple),
)


def strings(value: object) -> list[str]:
    """Return every string of a payload that Slack parses as markup or shows."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in strings(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in strings(one)]
    return [value] if isinstance(value, str) else []


def markup(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["text"])] if value.get("type") == "mrkdwn" else []
        return own + [text for one in value.values() for text in markup(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in markup(one)]
    return []


@given(saids)
def test_no_message_breaks_a_limit_or_carries_live_markup(said: Said) -> None:
    shown = message(said)

    assert check_message(shown.payload()) == [] or not shown.blocks
    assert shown.text
    assert len(shown.text) <= TEXT_LIMIT
    for text in [shown.text, *markup(list(shown.blocks))]:
        assert not LIVE.search(text)
        assert "<" not in text
    for text in [shown.text, *strings([b for b in shown.blocks if b["type"] != "actions"])]:
        assert not BIDI.search(text)
    json.dumps(shown.payload()).encode("utf-8")


@given(st.lists(saids, max_size=12))
def test_the_home_tab_never_breaks_a_limit(parts: list[Said]) -> None:
    view = home_view(parts)

    assert check_view(view) == []
    assert not any("<" in text for text in markup(view))


@given(saids)
def test_modals_never_break_a_limit(said: Said) -> None:
    assert check_view(answer_modal(said)) == []


@given(st.text(), st.integers(2, 500))
def test_escaping_cuts_before_it_escapes(text: str, limit: int) -> None:
    escaped = esc(text, limit=limit)

    assert len(escaped) <= limit
    assert re.sub(r"&(amp|lt|gt);", "", escaped).count("&") == 0


def test_forms_are_within_the_limits() -> None:
    many = [f"workflow-{number}" for number in range(300)]

    for view in (
        kill_modal(many, prefix="ai", chosen="workflow-3"),
        kill_modal([], prefix="ai"),
        reason_modal("K-1"),
        confirm_modal(Said("amber", HOSTILE), "ask:1"),
    ):
        assert check_view(view) == []


KILLED: Record = {"kill": "K-1"}


def test_a_tone_is_a_mark_and_a_word() -> None:
    assert message(Said("green", "Blocked", body=KILLED)).text == "\u2705 Blocked (Done)"
    assert message(Said("green", "Nothing is killed")).text == "\u2705 Nothing is killed (OK)"
    assert message(Said("amber", "Blocked")).text == "\U0001f7e0 Blocked (Attention)"
    assert message(Said("red", "Lost")).text == "\U0001f534 Lost (Alarm)"
    assert message(Said("plain", "Hello")).text == "Hello"


def test_our_bold_becomes_slacks() -> None:
    assert line("`pod-7` silent: **not contained**") == "`pod-7` silent: *not contained*"
    assert bold("a <b>") == "*a &lt;b&gt;*"
    assert bold("a * b") == "a * b"
    assert plain("a\n b\u202e", limit=10) == "a b"


def test_an_answer_looks_like_this() -> None:
    restore = Button("restore", "Restore", "K-1")
    said = Said("green", "Blocked for `x`", ("12/12 confirmed",), (restore,), KILLED)

    blocks, text = render(said)

    assert text == "\u2705 Blocked for `x` (Done)\n12/12 confirmed"
    assert [block["type"] for block in blocks] == ["section", "section", "actions"]
    assert Block.parse_all([dict(block) for block in blocks])
    assert "verbatim" in str(blocks[0])


@pytest.mark.parametrize("count", [1, 5, 25, 40])
def test_buttons_have_ids_of_their_own(count: int) -> None:
    said = Said("plain", "x", (), tuple(Button("restore", "R", f"K-{n}") for n in range(count)))

    shown = message(said)

    assert check_message(shown.payload()) == []
    assert shown.blocks


def test_every_act_of_an_answer_is_a_press() -> None:
    acts = "stop_completely restore approve refuse give_reason status confirm_kill adopt question retry"

    assert set(acts.split()) <= {str(press) for press in Press}


def test_somebody_who_was_looked_up_is_mentioned_and_nobody_else() -> None:
    free = inert(f"<@U0EVIL> {MARK}@U0EVIL{MARK} \ue000U0EVIL\ue000")
    lines = (f"responders: someone outside the policy ({person('U0GILGIL')}).", free)

    blocks, text = render(Said("red", "INC-7", lines))

    for shown in (text, str(blocks)):
        assert shown.count("<@") == 1
        assert "(<@U0GILGIL>)" in shown


@given(st.text(), st.integers(1, 60))
def test_a_mention_is_whole_or_no_mention(words: str, limit: int) -> None:
    shown = line(f"{words.replace(MARK, '')} {person('U0GILGIL')} {words}", limit=limit)

    assert shown.count("<") == shown.count("<@U0GILGIL>")


def test_links_of_ours_are_pressed_and_stay_whole_or_become_words() -> None:
    url = "https://x.example/a?b=1&c=2"
    short, full = f"**Now**: {link(url, 'read <it>')} & <@U1>", link(url, "there") + "x" * 2_880

    assert line(short) == (
        "*Now*: <https://x.example/a?b=1&amp;c=2|read &lt;it&gt;> &amp; &lt;@U1&gt;"
    )
    assert "<" not in line(full, limit=2_900)
    assert len(line(full, limit=2_900)) <= 2_900
