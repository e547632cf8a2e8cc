"""The shipped runbooks can be walked by a stranger at night: whole, safe, in short words, with somebody told early."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from opsbot.adapters.runbooks.imported import parse_imported
from opsbot.app.runs.arguments import arguments_of
from opsbot.app.runs.meant import (
    CaptureArguments,
    IncidentArguments,
    KillArguments,
    RestoreArguments,
)
from opsbot.domain.incident.types import TYPES
from opsbot.domain.policy.model import ROLES
from opsbot.domain.prose import Code, Quote
from opsbot.domain.runbook import CHANGING, LANES, Step
from opsflags.model import MODES
from tests.support.shipped import (
    BOOKS,
    CADENCE_S,
    DRILL,
    IMPORTED,
    INCIDENTS,
    PHASES,
    ROOT,
    TOLD_WITHIN,
    each,
    each_incident,
    lines,
    verbs,
)


def test_there_is_one_for_each_way_to_fail_and_one_to_practise() -> None:
    assert set(BOOKS) == INCIDENTS | {DRILL}


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_every_kind_of_incident_has_its_runbook_and_they_agree(kind: object) -> None:
    named = next(one for one in TYPES if one is kind)

    assert (named.runbook in BOOKS) != (named.name == "unknown")
    for name, one in BOOKS.items():
        assert (named.name in one.incident_types) == (name == named.runbook), name


@each_incident
def test_a_runbook_is_as_severe_as_the_worst_that_it_is_for(name: str) -> None:
    kinds = [one for one in TYPES if one.runbook == name]

    assert BOOKS[name].severity == min(one.severity for one in kinds)


@each
def test_its_owner_is_a_team_that_declares_a_workflow(name: str) -> None:
    files = (ROOT / "flags" / "workflows").glob("*.yaml")
    teams = {yaml.safe_load(path.read_text("utf-8"))["team"] for path in files}

    assert BOOKS[name].owner in teams


@each
def test_every_step_says_who_how_long_and_how_one_sees_that_it_worked(name: str) -> None:
    for step in BOOKS[name].steps:
        assert step.who in ROLES, step.title
        assert step.time_s, step.title
        assert step.expect, step.title


@each
def test_nobody_loses_the_place(name: str) -> None:
    one = BOOKS[name]

    assert all(2 <= len(phase.steps) <= 9 for phase in one.phases)
    assert all(len(step.title) <= 60 for step in one.steps)
    assert all(len(step.boxes) <= 5 for step in one.steps)
    assert all(len(" ".join(lines(step)).split()) <= 170 for step in one.steps)


@each_incident
def test_the_spine_is_the_same_in_every_incident(name: str) -> None:
    titles = [phase.title for phase in BOOKS[name].phases]

    assert [one for one in titles if one in PHASES] == list(PHASES)
    assert len(titles) == len(PHASES) + 1


@each
def test_every_action_means_something(name: str) -> None:
    one = BOOKS[name]

    for step in one.steps:
        for action in step.actions:
            arguments_of(action.verb, action.arguments, of_run=False)


@each
def test_actions_name_what_is_declared_and_nothing_else(name: str) -> None:
    own = {f"{{{{ {param.name} }}}}" for param in BOOKS[name].params}

    for step in BOOKS[name].steps:
        for action in step.actions:
            for argument in ("workflow", "provider", "tenant", "tool"):
                assert action.arguments.get(argument, "{{ workflow }}") in own, step.title


def test_modes_that_are_asked_for_are_those_that_the_kinds_propose() -> None:
    proposed = {one.mode for one in TYPES}

    for one in BOOKS.values():
        for step in one.steps:
            for action in step.actions:
                if action.verb == "kill":
                    given = arguments_of("kill", action.arguments, of_run=False)
                    assert isinstance(given, KillArguments)
                    assert given.mode is None or given.mode in proposed & set(MODES)


@each_incident
def test_the_first_kill_is_the_one_that_its_kind_proposes(name: str) -> None:
    kind = next(one for one in TYPES if one.runbook == name)
    given = [
        arguments_of("kill", action.arguments, of_run=False)
        for step in BOOKS[name].steps
        for action in step.actions
        if action.verb == "kill"
    ]
    whole = [one for one in given if isinstance(one, KillArguments) and one.tenant is None]

    assert whole
    assert whole[0].mode in (None, kind.mode)


@each
def test_evidence_is_kept_before_anything_is_switched(name: str) -> None:
    in_order = [verb for step in BOOKS[name].steps for verb in verbs(step)]
    changing = [at for at, verb in enumerate(in_order) if verb in CHANGING]

    assert in_order.index("capture") < min(changing)


@each_incident
def test_what_to_keep_is_named_and_never_the_thing_itself(name: str) -> None:
    one = BOOKS[name]
    whole = one.step("complete-the-evidence")
    first = next(step for step in one.steps if "capture" in verbs(step))
    kept = arguments_of("capture", first.actions[0].arguments, of_run=False)

    assert whole is not None
    assert len(whole.boxes) >= 4
    assert "request id" in " ".join(lines(whole))
    assert isinstance(kept, CaptureArguments)
    assert {"route", "fleet", "signals", "traces"} <= set(kept.what)


@each
def test_every_switch_has_its_way_back_and_every_way_back_its_check(name: str) -> None:
    one = BOOKS[name]

    for step in one.steps:
        changes = [verb for verb in verbs(step) if verb in CHANGING]
        assert len(changes) <= 1, step.title
        if set(changes) - {"restore"}:
            assert one.step(step.undo) is not None, step.title
        if {"restore", "rollback"} & set(changes):
            assert "verify" in verbs(step), step.title


@pytest.mark.parametrize("name", sorted(INCIDENTS - {"provider-outage"}))
def test_it_comes_back_in_stages_and_is_watched(name: str) -> None:
    step = BOOKS[name].step("restore-in-stages")

    assert step is not None
    given = arguments_of("restore", step.actions[0].arguments, of_run=False)
    assert isinstance(given, RestoreArguments)
    assert given.stages == tuple(sorted(given.stages))
    assert len(given.stages) > 1
    assert given.hold_s is not None
    assert given.hold_s >= 600


@each_incident
def test_people_are_told_early_and_then_on_time(name: str) -> None:
    one = BOOKS[name]
    comms = one.lane("comms")
    severity = one.severity or "SEV3"
    first = one.steps.index(comms[0]) + 1
    promises = [
        *(
            given.next_update_s or 0
            for step in comms
            for action in step.actions
            if isinstance(
                given := arguments_of(action.verb, action.arguments, of_run=False),
                IncidentArguments,
            )
        ),
        *(
            int(found) * 60
            for step in comms
            for line in lines(step)
            for found in re.findall(r"next:(\d+)m\b", line)
        ),
    ]

    assert first <= TOLD_WITHIN
    assert (comms[0].time_s or 0) <= 10 * 60
    assert any(isinstance(block, Quote) for block in comms[0].body)
    assert len(comms) >= 4
    assert len(promises) >= 2
    assert all(0 < seconds <= CADENCE_S[severity] for seconds in promises)


@each_incident
def test_one_good_answer_proves_nothing(name: str) -> None:
    phase = next(one for one in BOOKS[name].phases if one.title == "Verify")
    said = " ".join(line for step in phase.steps for line in lines(step))

    assert re.search(r"\b20\b|three times|50 questions", said)
    assert "timeline" in said or "link" in said


@each
def test_every_answer_leads_somewhere_in_its_lane(name: str) -> None:
    one = BOOKS[name]

    for step in one.steps:
        for option in step.decide.options if step.decide else ():
            target = one.step(option.step)
            assert (target is not None) != (option.runbook in BOOKS), option.label
            assert target is None or target.lane == step.lane, option.label


@each
@pytest.mark.parametrize("lane", LANES)
def test_every_step_is_on_some_way_and_every_way_ends(name: str, lane: str) -> None:
    steps = [step for step in BOOKS[name].steps if step.lane == lane]
    ids = [step.id for step in steps]
    onward = {step.id: set(_after(step, ids)) for step in steps}

    reached = _reached(ids[0], onward)
    assert reached - {""} == set(ids)
    for step in ids:
        assert "" in _reached(step, onward), step


@each
def test_nothing_jumps_back_more_than_once(name: str) -> None:
    ids = [step.id for step in BOOKS[name].steps]
    back = [
        (step.id, option.step)
        for step in BOOKS[name].steps
        for option in (step.decide.options if step.decide else ())
        if option.step and ids.index(option.step) <= ids.index(step.id)
    ]

    assert len(back) <= 2, back


@each
def test_nothing_of_it_is_run_in_a_shell(name: str) -> None:
    shells = [
        block
        for step in BOOKS[name].steps
        for block in step.body
        if isinstance(block, Code) and not block.text.startswith("opsbot ")
    ]

    assert shells == []


def test_it_asks_for_no_more_than_is_known_at_the_start() -> None:
    for one in BOOKS.values():
        assert [param.name for param in one.params if param.required] == ["workflow"]


@pytest.mark.parametrize("path", IMPORTED, ids=lambda path: path.stem)
def test_the_foreign_page_is_a_checklist_that_cannot_act(path: Path) -> None:
    parsed = parse_imported(path.read_bytes(), name=path.stem, file=path.name)

    assert parsed.findings == ()
    assert parsed.runbook is not None
    assert parsed.runbook.imported
    assert not parsed.runbook.readable
    assert 3 <= len(parsed.runbook.steps) <= 12
    assert all(step.actions == () for step in parsed.runbook.steps)
    assert "Meaning" not in [step.title for step in parsed.runbook.steps]


def _after(step: Step, ids: list[str]) -> Iterator[str]:
    """Yield where a lane goes after a step; empty is its end, another runbook goes on as well."""
    here = ids.index(step.id)
    follows = ids[here + 1] if here + 1 < len(ids) else ""
    if step.decide is None:
        yield follows
        return
    for option in step.decide.options:
        yield option.step or ""


def _reached(first: str, onward: dict[str, set[str]]) -> set[str]:
    found, open_ = {first}, [first]
    while open_:
        for one in onward.get(open_.pop(), ()):
            if one not in found:
                found.add(one)
                open_.append(one)
    return found
