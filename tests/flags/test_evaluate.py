"""Laws of deciding: adding a kill never widens, order is irrelevant, the memo equals the rules."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsflags.decision import Decision
from opsflags.evaluate import MEMO_SIZE, View, compile_view
from opsflags.model import FALLBACK_OR_SAFE, MODES, NO_MODEL, RANK, SAFE_STATE, Rejected, Scope
from opsflags.records import (
    Kill,
    emergency_from_json,
    kill_from_json,
    workflow_from_json,
)
from opsflags.routes import Routes

NAME = "support-copilot"
RECORD: dict[str, Any] = {
    "s": 1,
    "safe_state": "human",
    "human_queue": {"hours": "", "text": "A person takes over."},
    "on_store_loss": "stop",
    "tools": {"search": "read", "refund": "write"},
    "route": {
        "revision": "r3",
        "targets": [
            {"provider": "openai", "model": "big", "weight": 3},
            {"provider": "openai", "model": "small", "weight": 1},
        ],
        "fallbacks": [
            {"provider": "anthropic", "model": "other"},
            {"provider": "mistral", "model": "third"},
        ],
        "prompt": "p@1",
        "params": {"temperature": 0},
    },
}

_modes = st.sampled_from([*MODES, SAFE_STATE, FALLBACK_OR_SAFE, "of-tomorrow"])
_scopes = st.builds(
    Scope,
    st.sampled_from([None, NAME, "another"]),
    st.sampled_from([None, None, "acme", "globex"]),
    st.sampled_from([None, None, "openai", "anthropic", "mistral"]),
    st.sampled_from([None, None, "big", "openai/small", "anthropic/other", "third"]),
    st.sampled_from([None, None, "search", "refund", "undeclared"]),
)
_kills = st.lists(
    st.builds(
        lambda number, scope, mode, revision: Kill(
            id=f"K-{number}", uid=f"u{number}", scope=scope, mode=mode, epoch=1, revision=revision
        ),
        st.integers(1, 10_000),
        _scopes,
        _modes,
        st.integers(1, 5),
    ),
    max_size=5,
    unique_by=lambda kill: kill.uid,
)
_implemented = st.sets(st.sampled_from(MODES))
_asks = st.fixed_dictionaries(
    {},
    optional={
        "tenant": st.sampled_from(["acme", "globex", "other", ""]),
        "model": st.sampled_from(["big", "openai/big", "openai/small", "other", "x/unheard-of"]),
        "tool": st.sampled_from(["search", "refund", "undeclared"]),
        "provider": st.sampled_from(["openai", "anthropic", "azure"]),
        "key": st.sampled_from(["a", "b", "c", "d"]),
    },
)
_knowledge = st.sampled_from(["live", "stale", "lost", "unknown"])


def _view(kills: list[Kill], **how: Any) -> View:
    record = how.pop("record", RECORD)
    how = {"modes": MODES, "knowledge": "live"} | how
    known = None if record is None else workflow_from_json(NAME, record)
    return compile_view(NAME, known, kills, **how)


def _kill(mode: str = "stop", *, number: int = 1, **scope: str) -> Kill:
    return Kill(
        id=f"K-{number}", uid=f"u{number}", scope=Scope(**scope), mode=mode, revision=number
    )


def _usable(decision: Decision) -> set[str]:
    return {tool for tool in ("search", "refund", "undeclared", "x") if tool in decision.tools}


@settings(max_examples=400)
@given(_kills, _kills, _asks, _implemented, _knowledge)
def test_adding_kills_never_widens(
    some: list[Kill], more: list[Kill], ask: Any, modes: set[str], knowledge: str
) -> None:
    both = {kill.uid: kill for kill in some + more} | {kill.uid: kill for kill in some}

    before = _view(some, modes=modes, knowledge=knowledge).decide(**ask)
    after = _view(list(both.values()), modes=modes, knowledge=knowledge).decide(**ask)

    assert RANK[after.mode] >= RANK[before.mode]
    assert before.allowed or not after.allowed
    assert _usable(after) <= _usable(before)


@given(st.data(), _kills, _asks)
def test_the_order_of_kills_is_irrelevant(data: st.DataObject, kills: list[Kill], ask: Any) -> None:
    shuffled = data.draw(st.permutations(kills))

    assert _view(shuffled).decide(**ask) == _view(kills).decide(**ask)


@given(_kills, st.lists(_asks, max_size=8))
def test_the_memo_equals_recomputing(kills: list[Kill], asks: list[Any]) -> None:
    view = _view(kills)
    order = ("tenant", "model", "tool", "provider", "key")

    for ask in asks + asks:
        assert view.decide(**ask) == view.compute(*(ask.get(name) for name in order))


@given(_kills, _asks, _implemented)
def test_a_decision_is_consistent_in_itself(kills: list[Kill], ask: Any, modes: set[str]) -> None:
    view = _view(kills, modes=modes)

    decision = view.decide(**ask)

    if decision.mode in NO_MODEL:
        assert not decision.allowed
        assert decision.message
        assert decision.route is None
        assert not _usable(decision)
    else:
        assert decision.message is None
        assert decision.mode == "live" or decision.mode in modes
        assert decision.allowed == (ask.get("tool") is None or ask["tool"] in decision.tools)
    assert (decision.state == "KILLED") == (decision.mode != "live")


@given(_kills, _asks)
def test_live_promises_that_every_call_passes(kills: list[Kill], ask: Any) -> None:
    view = _view(kills)

    decision = view.decide(**ask)

    assert not view.live or (decision.allowed and decision.mode == "live")


@given(_kills, _asks)
def test_every_reported_hit_is_an_active_kill_of_this_workflow(kills: list[Kill], ask: Any) -> None:
    hits = _view(kills).hits(**ask)

    assert all(kill in kills and kill.scope.workflow in (None, NAME) for kill in hits)
    assert all(kill.scope.tool in (None, ask.get("tool")) for kill in hits)


def test_equal_questions_get_the_same_object() -> None:
    view = _view([_kill(workflow=NAME, tenant="acme")])

    assert view.decide("acme", "openai/big") is view.decide("acme", "openai/big")


def test_a_lost_store_stops_and_the_view_for_it_is_made_once() -> None:
    view = _view([])

    assert view.lost().decide().reason == "store_lost"
    assert view.lost() is view.lost()


def test_what_every_instance_implements_goes_without_saying() -> None:
    assert _view([_kill("human")], modes=()).decide().mode == "human"
    assert _view([_kill("no_tools")], modes=()).decide().reason == "mode_not_implemented"


def test_the_memo_stays_bounded() -> None:
    view = _view([_kill(workflow=NAME, tenant="acme")])

    for number in range(MEMO_SIZE + 10):
        view.decide(f"tenant-{number}")

    assert len(view.memo) <= MEMO_SIZE


@pytest.mark.parametrize("tenant", [["acme"], {"a": 1}, 7, object(), "\ud800"])
def test_odd_arguments_are_answered_and_never_raise(tenant: object) -> None:
    view = _view([_kill(workflow=NAME, tenant="acme")])

    decision = view.decide(tenant, key="\ud800")

    assert decision.allowed


def test_an_argument_that_is_not_text_is_compared_as_its_text() -> None:
    view = _view([_kill(workflow=NAME, tenant="7")])

    assert not view.decide(7).allowed


def test_keys_are_spread_by_weight_and_stay_when_a_weight_grows() -> None:
    def route(first: int) -> Routes:
        targets = [
            {"provider": "p", "model": "new", "weight": first},
            {"provider": "p", "model": "old", "weight": 100 - first},
        ]
        return Routes(NAME, workflow_from_json(NAME, {"s": 1, "route": {"targets": targets}}))

    def new(routes: Routes) -> set[int]:
        chosen = {n: routes.active.target(None, None, f"user-{n}") for n in range(4000)}
        return {n for n, target in chosen.items() if target is not None and target.model == "new"}

    at_5, at_25 = new(route(5)), new(route(25))

    assert 120 <= len(at_5) <= 280
    assert 800 <= len(at_25) <= 1200
    assert at_5 <= at_25


def test_a_thousand_kills_on_tenants_do_not_slow_a_repeated_question() -> None:
    kills = [_kill(number=n, tenant=f"t{n}") for n in range(1000)]
    view = _view(kills)

    decision = view.decide("t7", "openai/big", "search")

    assert decision.kill == "K-7"
    assert list(view.memo.values()) == [decision]


GOOD_KILL: dict[str, Any] = {
    "s": 1,
    "id": "K-1",
    "uid": "u",
    "scope": {},
    "mode": "stop",
    "at": {"epoch": 1, "revision": 2},
}


@pytest.mark.parametrize(
    "change",
    [
        {"s": None},
        {"s": True},
        {"id": ""},
        {"uid": 7},
        {"scope": None},
        {"scope": {"region": "eu"}},
        {"scope": {"tenant": ""}},
        {"mode": None},
        {"at": None},
        {"at": {"epoch": "1", "revision": 2}},
        {"at": {"epoch": 1, "revision": True}},
    ],
)
def test_a_kill_that_cannot_be_read_is_rejected(change: dict[str, Any]) -> None:
    assert kill_from_json(GOOD_KILL).revision == 2

    with pytest.raises(Rejected):
        kill_from_json(GOOD_KILL | change)


@pytest.mark.parametrize(
    "change",
    [
        {"s": "1"},
        {"stale_after_s": 0},
        {"stale_after_s": float("nan")},
        {"stale_after_s": float("inf")},
        {"stale_after_s": True},
        {"tools": ["search"]},
        {"modes": "stop"},
        {"canned": 7},
        {"human_queue": "text"},
        {"route": "r1"},
        {"route": {"targets": [{"provider": "p"}]}},
        {"route": {"targets": [{"provider": "p", "model": "m", "weight": -1}]}},
        {"route": {"targets": [{"provider": "p", "model": "m", "weight": float("inf")}]}},
        {"route": {"targets": [{"provider": "p", "model": "m", "weight": True}]}},
    ],
)
def test_a_workflow_that_cannot_be_read_is_rejected(change: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        workflow_from_json(NAME, RECORD | change)


def test_an_emergency_record_is_a_kill_with_its_number_for_an_id() -> None:
    kill = emergency_from_json(3, {"s": 1, "scope": {"workflow": NAME}, "mode": "stop"})

    assert (kill.id, kill.uid, kill.emergency) == ("E-3", "E-3", "E-3")
    assert not _view([kill]).decide().allowed


def test_an_unknown_word_for_the_loss_of_the_store_stops() -> None:
    assert workflow_from_json(NAME, RECORD | {"on_store_loss": "shrug"}).on_store_loss == "stop"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_fields = st.sampled_from([*GOOD_KILL, *RECORD, "modes", "canned", "ended"])


@given(st.dictionaries(_fields, _json), _json)
def test_any_json_is_read_or_rejected(change: dict[str, Any], other: object) -> None:
    for record in (GOOD_KILL | change, RECORD | change, other):
        try:
            kill = kill_from_json(record)
        except Rejected:
            pass
        else:
            assert _view([kill]).decide("acme").reason
        try:
            known = workflow_from_json(NAME, record)
        except Rejected:
            pass
        else:
            view = compile_view(NAME, known, [], modes=MODES, knowledge="lost")
            assert view.decide(key="k").reason


def test_records_say_what_they_are() -> None:
    kill = kill_from_json(GOOD_KILL)
    decision = _view([kill, _kill("no_tools", number=2)]).decide(key="a")
    live = _view([_kill(tool="refund")]).decide(key="a")

    assert kill == kill_from_json(GOOD_KILL)
    assert len({kill, kill_from_json(GOOD_KILL)}) == 1
    assert repr(kill) == "Kill('K-1', Scope(), mode='stop')"
    assert repr(decision) == "Decision(stop, allowed=False, killed, kill=K-1)"
    assert repr(live.tools) == "Tools({'only': None, 'without': ['refund']})"
    assert repr(live.route).startswith("Route(openai/")
