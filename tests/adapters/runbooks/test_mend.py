"""What `lint --fix` mends, and everything that it leaves alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.adapters.runbooks.files import read_page
from opsbot.adapters.runbooks.mend import diff, mended

ROOT = Path(__file__).resolve().parents[3]
GOOD = (ROOT / "runbooks" / "wrong-answers.md").read_text("utf-8")
NAME = "wrong-answers"
QUOTED = 'workflow: "{{ workflow }}"'
BARE = "workflow: {{ workflow }}"


def test_a_good_runbook_stays_as_it_is_byte_for_byte() -> None:
    for path in (ROOT / "runbooks").glob("*.md"):
        text = path.read_text("utf-8")
        assert mended(text, name=path.stem) == text


def test_quotes_are_put_around_what_yaml_would_misread() -> None:
    broken = GOOD.replace(QUOTED, BARE)
    assert read_page(broken, name=NAME, file="").runbook is None

    assert mended(broken, name=NAME) == GOOD


@pytest.mark.parametrize(
    "spoilt",
    [
        f"\ufeff{GOOD}",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n\n", " \t\n \n"),
        f"{GOOD}\n\n\n",
        GOOD.rstrip("\n"),
    ],
    ids=["mark", "line ends", "blanks", "end", "no end"],
)
def test_white_space_is_mended(spoilt: str) -> None:
    assert spoilt != GOOD

    assert mended(spoilt, name=NAME) == GOOD


def test_a_line_that_ends_on_purpose_and_other_fences_stay() -> None:
    kept = "First line  \nsecond line.\n\n```sh\nkubectl get pods   \nx: {{ y }}\n```\n\n"
    text = GOOD.replace("### ", f"{kept}### ", 1) if "### " in GOOD else GOOD

    assert mended(text, name=NAME) == text


@pytest.mark.parametrize(
    "text",
    [
        "# No runbook\n\ntext \n",
        GOOD.replace(QUOTED, "workflow: {{ workflow", 1),
        GOOD.replace("```", "````", 1) + " \n",
        "---\nrunbook: x\n",
        "",
    ],
)
def test_what_cannot_be_read_even_then_is_not_touched(text: str) -> None:
    assert mended(text, name=NAME) == text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_says_the_same_as_before_and_twice_is_once(data: st.DataObject) -> None:
    lines = GOOD.split("\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] += data.draw(st.sampled_from([" ", "  ", "\t", "\r", ""]))
    text = "\n".join(lines)

    once = mended(text, name=NAME)

    assert mended(once, name=NAME) == once
    before, after = (read_page(one, name=NAME, file="").runbook for one in (text, once))
    assert (before is None) or (after is not None and after.steps == before.steps)


def test_a_change_is_shown_as_a_patch() -> None:
    assert diff("a \nb", "a\nb\n", file="runbooks/x.md").startswith(
        "--- runbooks/x.md\n+++ runbooks/x.md\n@@ -1,2 +1,2 @@\n-a \n"
    )
    assert diff("a\n", "a\n", file="x") == ""
