"""The incident as a value: read as it was written, moved only as it may, timed only by its moments."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.route_state import HIDDEN, severe_incidents
from opsbot.domain.incident.flow import NEXT, OPEN, STATUSES, Status, may_follow, reopens, way
from opsbot.domain.incident.incident import (
    Action,
    Incident,
    Pager,
    Room,
    Step,
    as_record,
    from_record,
    number_of,
)
from opsbot.domain.incident.note import Note
from opsbot.domain.incident.note import as_record as note_record
from opsbot.domain.incident.note import from_record as note_from
from opsbot.domain.incident.times import ORDER, Measures, Times, mean, measures, out_of_order
from opsbot.domain.incident.types import SEVERITIES, TYPES, known, severity, type_of
from opsbot.domain.state import INCIDENTS, State
from opsflags.model import MODES
from tests.support.incidents import AT_MS, incident, state_with

FULL = incident(
    status="contained",
    type="prompt_injection",
    workflows=("support-copilot", "coding-agent"),
    roles={"commander": "ines", "comms": "pia"},
    offers={"scribe": "sam"},
    responders=("mara", "slack:U0NEW"),
    kills=("K-1", "K-3"),
    steps={"page": Step("done", "PagerDuty #7", AT_MS, 1), "card": Step()},
    pager=Pager(
        "opsbot:prod:INC-1",
        "PT1",
        7,
        "https://pd",
        "triggered",
        ("PA",),
        AT_MS,
        applied={"status": 3},
    ),
    room=Room("C1", "inc-1-wrong", own=True),
    actions=(Action("ACT-1", "c" * 64, "sam", "2026-12-01"),),
    exposed=212,
    update_due_ms=AT_MS + 1,
    quiet=("stop:stale",),
    times=Times(AT_MS, started=AT_MS - 5, acknowledged=AT_MS + 3),
)


@pytest.mark.parametrize("one", [incident(), FULL, incident(pager=None, workflows=())])
def test_an_incident_is_read_as_it_was_written(one: Incident) -> None:
    assert from_record(as_record(one)) == one


def test_a_record_of_a_later_version_is_read_without_what_is_new() -> None:
    record = as_record(FULL)
    room = record["room"]
    assert isinstance(room, dict)

    assert from_record({**record, "mood": "calm", "room": {**room, "topic": "x"}}) == FULL


def test_a_note_is_read_as_it_was_written_and_retracted_once() -> None:
    note = Note(
        "INC-1:n1", "INC-1", AT_MS, AT_MS + 1, "mara", "sam", "c" * 64, permalink="https://x"
    )
    gone = note.retracted(by="sam", now_ms=AT_MS + 2)

    assert note_from(note_record(note)) == note
    assert not gone.stands
    assert gone.retracted(by="ola", now_ms=AT_MS + 9) == gone


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("INC-7", "INC-7"),
        ("inc-007", "INC-7"),
        (" Inc-12 ", "INC-12"),
        ("INC-99999999999", "INC-99999999999"),
    ],
)
def test_an_incident_is_called_by_its_id(word: str, name: str) -> None:
    assert number_of(word) == name


@pytest.mark.parametrize(
    "word", ["7", "inc7", "INC-0", "INC-", "K-7", "INC-\u0667", "INC-7x", f"INC-1{'0' * 40}"]
)
def test_nothing_else_names_one(word: str) -> None:
    assert number_of(word) is None


def test_every_move_is_either_legal_or_says_its_way() -> None:
    for now in STATUSES:
        for to in STATUSES:
            assert may_follow(now, to) or way(now, to)
    assert set(NEXT) == set(get_args(Status)) == set(STATUSES)


def test_what_is_over_comes_back_only_by_being_reopened() -> None:
    for now in STATUSES:
        after = {to for to in STATUSES if may_follow(now, to)}
        if now not in OPEN:
            assert after & OPEN == {"active"}
            assert reopens(now, "active")
    assert not reopens("triage", "active")


@given(st.lists(st.sampled_from(STATUSES), max_size=12))
def test_whatever_is_tried_it_is_resolved_only_after_it_was_accepted(tries: list[Status]) -> None:
    now: Status = "triage"
    accepted = False
    for to in tries:
        if may_follow(now, to):
            now = to
            accepted = accepted or to == "active"
        assert now not in ("resolved", "reviewed", "contained", "monitoring") or accepted


def test_measures_come_from_moments_alone() -> None:
    times = Times(
        AT_MS, detected=AT_MS - 60_000, acknowledged=AT_MS + 30_000, contained=AT_MS + 1000
    )

    assert measures(times) == Measures(30_000, 61_000, None, None)
    assert measures(Times(AT_MS, resolved=AT_MS + 5)).resolve == 5


def test_a_kill_that_was_confirmed_before_anybody_noticed_took_no_time() -> None:
    assert measures(Times(AT_MS, detected=AT_MS, contained=AT_MS - 5)).contain == 0


def test_a_mean_is_of_what_is_known() -> None:
    assert mean((None, 10, 20)) == 15
    assert mean((None,)) is None


@given(st.lists(st.none() | st.integers(0, 50), min_size=7, max_size=7))
def test_moments_that_contradict_each_other_are_named(given_: list[int | None]) -> None:
    named = [one for one in ORDER if one != "declared"]
    times = replace(Times(25), **dict(zip(named, given_, strict=True)))  # type: ignore[arg-type]  # moments by name
    wrong = out_of_order(times)

    if wrong is None:
        found = (times.started, times.resolved)
        assert None in found or found[0] <= found[1]
    else:
        early, late = times.of(wrong[0]), times.of(wrong[1])
        assert early is not None
        assert late is not None
        assert late < early


def test_every_type_proposes_what_exists() -> None:
    for one in TYPES:
        assert one.severity in SEVERITIES
        assert one.mode in ("", *MODES)
        assert type_of(one.name) is one
        assert known(one.name)
    assert type_of("of-a-later-version").name == "unknown"


@pytest.mark.parametrize("word", ["sev2", "SEV2", "sev-2", "S2", " Sev2 "])
def test_a_severity_is_known_however_it_is_typed(word: str) -> None:
    assert severity(word) == "SEV2"


@pytest.mark.parametrize("word", ["", "sev", "sev5", "sev0", "2nd", "severe", "sev22"])
def test_other_words_are_no_severity(word: str) -> None:
    assert severity(word) is None


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, True),
        ({"severity": "SEV1"}, True),
        ({"workflows": ("coding-agent", "support-copilot")}, True),
        ({"severity": "SEV3"}, False),
        ({"status": "resolved"}, False),
        ({"drill": True}, False),
        ({"workflows": ("coding-agent",)}, False),
    ],
)
def test_an_open_severe_incident_holds_ramps_of_every_workflow_it_names(
    changes: dict[str, object],
    held: bool,  # noqa: FBT001  a case of the table
) -> None:
    state = state_with(incident("INC-1", **changes))

    assert severe_incidents(state, "support-copilot") == (("INC-1",) if held else ())
    assert severe_incidents(State(), "support-copilot") == ()


def test_a_private_incident_holds_a_ramp_without_being_named_there() -> None:
    state = state_with(incident("INC-1", private=True), incident("INC-2", private=True))

    assert severe_incidents(state, "support-copilot") == (HIDDEN,)


def test_of_many_incidents_only_what_changed_is_read_again() -> None:
    many = state_with(*(incident(f"INC-{number}") for number in range(1, 60)))
    before = {one.id: one for one in many.incidents()}
    records = dict(many.kind(INCIDENTS))
    records["INC-7"] = as_record(incident("INC-7", status="resolved"))
    after = State(records={INCIDENTS: records})

    read = {one.id: one for one in after.incidents()}

    assert [one.id for one in after.incidents()][:2] == ["INC-59", "INC-58"]
    assert read["INC-7"].status == "resolved"
    assert all(read[name] is before[name] for name in before if name != "INC-7")
    assert "INC-7" not in {one.id for one in after.open_incidents()}
    assert len(after.open_incidents()) == 58
