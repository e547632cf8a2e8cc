"""The grammar of incidents as a whole: whatever is typed is a request or a refusal, and the help is true."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.incident.requests import IncidentWords, MoveIncident, OpenIncident, RoleOrder
from opsbot.cli.table import COMMANDS
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.flow import STATUSES
from opsbot.domain.incident.incident import ROLES
from opsbot.domain.incident.types import SEVERITIES
from opsbot.slack.grammar import help_said, verb
from opsbot.slack.typed.incident import ACTS, opens, parse_incident
from opsbot.slack.typed.incident_open import FLAGS, OPTIONS
from opsbot.slack.typed.tokens import REASON_LIMIT
from opsbot.slack.typed.when import moment, seconds
from tests.slack.typed.test_incident import NAMES, parse
from tests.support.world import SATURDAY_NIGHT_MS

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("word", "ago_ms"),
    [
        ("0m", 0),
        ("90m", 90 * 60_000),
        ("1d2h", 26 * HOUR_MS),
        ("10minago", 600_000),
        ("03:14", 7_000),
        ("3:14:07z", 0),
        ("03:15", 24 * HOUR_MS - 53_000),
        ("2026-11-21T03:14", 7_000),
        ("2026-11-21t03:14z", 7_000),
        ("2026-11-21T04:14+01:00", 7_000),
        ("2026-11-20T03:14:07Z", 24 * HOUR_MS),
    ],
)
def test_a_moment_is_ago_a_time_of_day_or_a_date_with_one(word: str, ago_ms: int) -> None:
    assert moment(word, SATURDAY_NIGHT_MS) == SATURDAY_NIGHT_MS - ago_ms


@pytest.mark.parametrize(
    "word", ["", "ago", "m", "24:00", "3:60", "10", "1969-12-31T23:00", "2026-11-21", "9999-12-31"]
)
def test_what_is_no_moment_is_none(word: str) -> None:
    with pytest.raises(NeedsMoreWords, match="is no time for `at`"):
        moment(word, SATURDAY_NIGHT_MS, what="at")


def test_a_duration_has_a_unit() -> None:
    assert seconds("1d2h3m") == 93_780
    assert seconds("15") is None
    assert seconds("") is None


def test_without_declared_names_no_word_is_a_workflow() -> None:
    bare = parse_incident("open support-copilot is down", now_ms=0)

    assert bare == OpenIncident("support-copilot is down")
    assert opens(" Open x")
    assert not opens("update open")
    assert not opens("")


def test_a_long_title_is_kept_whole_and_says_where_it_was_cut() -> None:
    opened = parse(f"open sev2 {'x' * 10_000}")

    assert isinstance(opened, OpenIncident)
    assert len(opened.title) == REASON_LIMIT
    assert opened.title.endswith("[cut, 10000 characters were typed]")


def test_every_example_and_option_of_the_help_is_understood() -> None:
    row = verb("incident")
    for example in row.examples:
        parse(example)
    for option in row.options:
        word = f"{option.word}:{option.value}" if option.value else option.word
        assert isinstance(parse(f"open {word} x"), OpenIncident)
    words = " ".join(one.word for one in row.acts)
    hidden = {"new", "declare", "ls", "severity", "times", "contained", "monitoring", "resolved"}
    assert {act for act in ACTS if act not in words} <= hidden | {"review", "adopt"}
    lines = help_said(row, command="/x").lines
    assert len(lines) < 30
    assert max(len(line) for line in lines) < 240


def test_a_terminal_passes_every_option_of_the_grammar_on() -> None:
    assert {*OPTIONS, *FLAGS} <= COMMANDS["incident"].passes


OPENING = st.lists(
    st.sampled_from(
        [*NAMES, "sev2", "private", "type:x", "title:", "-", '"', "\u2014", "x", "<@U1>"]
    ),
    max_size=6,
).map(" ".join)


@given(st.one_of(st.text(max_size=200), OPENING), st.sampled_from(("", *ACTS)))
def test_no_text_does_more_than_be_refused(text: str, act: str) -> None:
    with contextlib.suppress(NeedsMoreWords):
        found = parse(f"{act} {text}")

        assert isinstance(found, IncidentWords)
        _is_sound(found)


def _is_sound(found: IncidentWords) -> None:
    """Be sure that a request holds only what may stand in one."""
    if isinstance(found, OpenIncident):
        assert found.severity in (None, *SEVERITIES)
        assert all(at >= 0 for at in found.times.values())
    if isinstance(found, MoveIncident):
        assert found.to in STATUSES
    if isinstance(found, RoleOrder):
        assert found.role in (*ROLES, "responder")
        assert (found.act == "offer") == bool(found.who)


@given(st.sampled_from(NAMES), st.sampled_from(SEVERITIES), st.text(max_size=100))
def test_behind_its_label_no_title_changes_what_is_opened(
    name: str, severity: str, title: str
) -> None:
    found = parse(f"open {name} {severity} title: {title}")

    assert isinstance(found, OpenIncident)
    assert (found.workflow, found.severity, found.private, found.page) == (
        name, severity, None, None,
    )  # fmt: skip
