"""Laws of a candidate: it serves its calls as if it were active, the others as if it were not there."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opsflags.board import Board
from opsflags.evaluate import View, compile_view
from opsflags.model import MODES, RANK, Scope
from opsflags.records import Kill, WorkflowRecord, workflow_from_json
from opsflags.testing import FakeFlags
from tests.flags.test_evaluate import NAME, RECORD, _asks, _kills, _knowledge, _usable

ROUTE = RECORD["route"]
TRIED: dict[str, Any] = {
    "revision": "r4",
    "targets": [
        {"provider": "mistral", "model": "large", "weight": 1},
        {"provider": "anthropic", "model": "other", "weight": 1},
    ],
    "fallbacks": [{"provider": "openai", "model": "small"}],
    "prompt": "p@2",
    "params": {"temperature": 1},
    "tools": "t@3",
}
_percents = st.sampled_from([0, 0.5, 5, 25, 50, 99.5, 100])
_tenants = st.lists(st.sampled_from(["acme", "globex"]), unique=True)


def _record(**route: object) -> WorkflowRecord:
    return workflow_from_json(NAME, {**RECORD, "route": {**ROUTE, **route}})


def _tried(percent: float, tenants: list[str], **also: object) -> WorkflowRecord:
    return _record(candidate={**TRIED, "percent": percent, "tenants": tenants}, **also)


def _view(record: WorkflowRecord, kills: list[Kill], knowledge: str = "live") -> View:
    return compile_view(NAME, record, kills, modes=MODES, knowledge=knowledge)


@settings(max_examples=300)
@given(_kills, _asks, _percents, _tenants, _knowledge)
def test_a_call_is_decided_as_by_the_revision_that_serves_it(
    kills: list[Kill], ask: Any, percent: float, tenants: list[str], knowledge: str
) -> None:
    assume(not {"model", "provider"} & ask.keys())
    tried = _tried(percent, tenants)

    route = _view(tried, []).decide(**ask).route
    found = _view(tried, kills, knowledge).decide(**ask)

    assert route is not None
    alone = _record() if route.revision == "r3" else _record(**TRIED)
    assert found == _view(alone, kills, knowledge).decide(**ask)


@settings(max_examples=300)
@given(_kills, _asks, _percents, _tenants)
def test_a_candidate_never_widens_what_a_kill_on_anything_but_a_place_allows(
    kills: list[Kill], ask: Any, percent: float, tenants: list[str]
) -> None:
    for kill in kills:
        assume(kill.scope.provider is None and kill.scope.model is None)
        assume("fallback" not in kill.mode)

    before = _view(_record(), kills).decide(**ask)
    after = _view(_tried(percent, tenants), kills).decide(**ask)

    assert (after.mode, after.allowed, after.kill) == (before.mode, before.allowed, before.kill)
    assert _usable(after) == _usable(before)


@settings(max_examples=300)
@given(_kills, _asks, _percents, _tenants)
def test_a_candidate_never_hides_the_model_that_a_call_names(
    kills: list[Kill], ask: Any, percent: float, tenants: list[str]
) -> None:
    plain = [kill for kill in kills if "fallback" not in kill.mode]
    ask = {**ask, "model": "big"}

    before = _view(_record(), plain).decide(**ask)
    after = _view(_tried(percent, tenants), plain).decide(**ask)

    assert RANK[after.mode] >= RANK[before.mode]
    assert _usable(after) <= _usable(before)


@given(_kills, _asks)
def test_a_candidate_for_nobody_is_none(kills: list[Kill], ask: Any) -> None:
    nobody, none = _view(_tried(0, []), kills), _view(_record(candidate=None), kills)

    assert nobody.decide(**ask) == none.decide(**ask)
    assert (nobody.live, nobody.constant) == (none.live, none.constant)


def _single(**candidate: object) -> View:
    target = {"provider": "openai", "model": "big"}
    tried = {**TRIED, **candidate}
    return _view(_record(targets=[target], candidate=tried), [])


def test_one_decision_for_all_calls_is_kept_only_where_nobody_is_tried() -> None:
    assert _single(percent=0).constant is not None
    assert _single(percent=0.1).constant is None
    assert _single(percent=0, tenants=["acme"]).constant is None


@given(st.lists(_asks, max_size=8), _percents, _tenants)
def test_a_calm_view_answers_as_its_rules_do(
    asks: list[Any], percent: float, tenants: list[str]
) -> None:
    view = _view(_tried(percent, tenants, salt="s"), [])
    order = ("tenant", "model", "tool", "provider", "key")

    for ask in asks + asks:
        assert view.decide(**ask) == view.compute(*(ask.get(name) for name in order))
        assert view.decide(**ask) is view.decide(**ask)


def test_a_kill_on_a_candidates_model_is_seen_by_live() -> None:
    tried = _tried(5, [])
    kill = Kill(id="K-1", uid="u", scope=Scope(model="mistral/large"), mode="stop")

    assert _view(tried, []).live
    assert not _view(tried, [kill]).live


def test_a_call_that_names_only_its_provider_is_hit_on_either_revision() -> None:
    tried = _tried(0, ["acme"])
    kill = Kill(id="K-1", uid="u", scope=Scope(model="big"), mode="stop")
    view = _view(tried, [kill])

    assert not view.decide("acme", provider="openai").allowed
    assert view.decide("acme", provider="mistral").allowed
    assert view.decide("acme").allowed


def test_a_bare_model_that_nobody_declared_may_be_at_either_revisions_provider() -> None:
    kill = Kill(id="K-1", uid="u", scope=Scope(provider="openai"), mode="stop")
    view = _view(_tried(0, ["acme"]), [kill])

    assert not view.decide("acme", "unheard-of").allowed
    assert view.decide("acme", "mistral/unheard-of").allowed


BAD: list[dict[str, Any]] = [
    {"revision": ""},
    {"revision": 4},
    {"targets": []},
    {"targets": [{"provider": "p"}]},
    {"fallbacks": "none"},
    {"params": [1]},
    {"tools": 7},
    {"percent": None},
    {"percent": True},
    {"percent": -0.1},
    {"percent": 100.1},
    {"percent": float("nan")},
    {"tenants": "acme"},
    {"tenants": ["acme", ""]},
    {"tenants": [["acme"]]},
]


@pytest.mark.parametrize("wrong", BAD)
def test_a_candidate_that_cannot_be_read_is_left_out_and_the_active_revision_serves(
    wrong: dict[str, Any],
) -> None:
    good = {**TRIED, "percent": 100, "tenants": ["acme"]}

    read = _record(candidate={**good, **wrong})

    route = _view(read, []).decide("acme", key="k").route
    assert (read.rejected, _record(candidate=good).rejected) == (True, False)
    assert route is not None
    assert route.revision == "r3"


def test_the_board_lists_a_rejected_candidate_until_the_record_is_whole_again() -> None:
    board = Board()
    whole = {**RECORD, "workflow": NAME}
    broken = {**whole, "route": {**ROUTE, "prompt": "p@9", "candidate": 7}}

    seen = []
    for revision, record in enumerate((whole, broken, broken, whole), start=1):
        board.read((1, revision), {}, {NAME: record})
        seen.append((board.rejected, board.workflows[NAME].active.prompt))

    assert seen == [([], "p@1"), ([NAME], "p@9"), ([NAME], "p@9"), ([], "p@1")]


def test_a_record_that_comes_back_after_an_unreadable_one_is_rejected_no_more() -> None:
    board = Board()

    for revision, record in enumerate((RECORD, {"s": 1, "tools": 7}), start=1):
        board.read((1, revision), {}, {NAME: record})
    rejected = board.rejected
    board.read((1, 3), {}, {NAME: RECORD})

    assert (rejected, board.rejected) == ([NAME], [])


def test_a_fake_switchboard_stages_a_candidate_and_takes_it_back() -> None:
    flags = FakeFlags()
    copilot = flags.workflow(NAME)
    flags.declare(NAME, RECORD)

    flags.stage(NAME, {**TRIED, "percent": 0, "tenants": ["acme"]})
    tried, other = copilot.decide("acme").route, copilot.decide("globex").route
    flags.stage(NAME, None)

    assert tried is not None
    assert other is not None
    assert (tried.revision, tried.tools, other.revision) == ("r4", "t@3", "r3")
    assert copilot.decide("acme").route == copilot.decide("globex").route
    assert tried.as_json()["tools"] == "t@3"
    assert "tools" not in other.as_json()
