"""What counts as evidence put aside: a place that somebody named, or what a walk of its runbook kept."""

from dataclasses import replace

import pytest

from opsbot.app.evidence_hold import must_hold_evidence, waits_for_evidence
from opsbot.app.told_lines import told_lines
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Position
from opsbot.domain.comms.told import IncidentComms
from opsbot.domain.comms.told import as_record as comms_record
from opsbot.domain.errors import IllegalMove
from opsbot.domain.incident.incident import Incident
from opsbot.domain.run import Attached, Run, as_record
from opsbot.domain.state import COMMS, RUNS, State
from tests.support.incidents import AT_MS, incident, state_with

LEAK = incident(type="data_leak_pii", private=True, kills=("K-1",))
KEPT = Attached("e1", "look", "c", "mara", AT_MS, kind="evidence")


def state(*runs: Run, one: Incident = LEAK, hold: str = "") -> State:
    base = state_with(one)
    comms = comms_record(IncidentComms(one.id, hold=hold))
    records = {
        **base.records,
        RUNS: {each.id: as_record(each) for each in runs},
        COMMS: {one.id: comms},
    }
    return State(records=records)


def walk(*attached: Attached, **changes: object) -> Run:
    base = Run(
        id="RUN-1",
        uid="u1",
        at=Position(1, 1),
        begun_at=Position(1, 1),
        runbook="data-leak",
        digest="d",
        begun_by="mara",
        begun_ms=AT_MS,
        via="slack",
        incident=LEAK.id,
        attached=attached,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # its own fields


def test_nothing_held_waits() -> None:
    assert waits_for_evidence(state(), LEAK)


def test_a_place_that_somebody_named_is_enough() -> None:
    assert not waits_for_evidence(state(hold="c"), LEAK)


def test_what_a_walk_kept_is_enough_while_it_is_there() -> None:
    gone = replace(KEPT, gone_ms=AT_MS)

    assert not waits_for_evidence(state(walk(KEPT)), LEAK)
    assert waits_for_evidence(state(walk(replace(KEPT, kind="note"))), LEAK)
    assert waits_for_evidence(state(walk(gone)), LEAK)


@pytest.mark.parametrize("changes", [{"mode": "drill"}, {"mode": "show"}, {"incident": "INC-9"}])
def test_what_was_only_practised_or_is_another_incidents_counts_for_nothing(
    changes: dict[str, str],
) -> None:
    assert waits_for_evidence(state(walk(KEPT, **changes)), LEAK)


@pytest.mark.parametrize(
    "changes", [{"drill": True}, {"status": "resolved"}, {"type": "prompt_injection"}]
)
def test_drills_ends_and_other_types_wait_for_nothing(changes: dict[str, object]) -> None:
    one = replace(LEAK, **changes)  # type: ignore[arg-type]  # its own fields

    assert not waits_for_evidence(state(one=one), one)


def test_what_is_about_something_else_is_free() -> None:
    must_hold_evidence(state(), SCHEDULER, workflows=("coding-agent",), kills=("K-2",))

    with pytest.raises(IllegalMove):
        must_hold_evidence(state(), SCHEDULER, workflows=("support-copilot",))
    with pytest.raises(IllegalMove):
        must_hold_evidence(state(), SCHEDULER, kills=("K-1",))


def lines(*attached: Attached, **more: object) -> str:
    hold = {"hold": "c", "hold_by": "mara", "hold_ms": AT_MS} if more.get("hold") else {}
    base = state(walk(*attached))
    comms = comms_record(IncidentComms(LEAK.id, **hold))  # type: ignore[arg-type]  # its own fields
    now = State(records={**base.records, COMMS: {LEAK.id: comms}})
    return " ".join(told_lines(now, LEAK, AT_MS))


def test_what_somebody_noted_is_called_that_and_never_held() -> None:
    assert "Evidence: noted by mara in RUN-1, " in lines(KEPT)
    assert "nobody checked it" in lines(KEPT)
    assert "held" not in lines(KEPT)


def test_what_opsbot_captured_is_counted_apart_from_what_was_noted() -> None:
    captured = replace(KEPT, id="e2", captured=True)

    said = lines(captured, KEPT)

    assert "Evidence: 1 pointer captured in RUN-1, " in said
    assert "noted by" not in said
    assert "held" not in said


def test_a_place_that_somebody_named_is_held_as_they_say() -> None:
    assert ", says mara." in lines(hold=True)
