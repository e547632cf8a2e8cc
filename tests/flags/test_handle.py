"""The handle: what it answers, what it counts, and that a swap, a lease or a fork never lets a call slip."""

import pickle
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from opsflags.decision import NOT_AVAILABLE, WorkflowKilled
from opsflags.evaluate import View, compile_view
from opsflags.model import PAUSED, Scope
from opsflags.records import Kill, workflow_from_json
from opsflags.switch import SELF_CHECK_EVERY
from opsflags.workflow import Workflow

NAME = "support-copilot"
RECORD: dict[str, Any] = {
    "s": 1,
    "safe_state": "canned",
    "canned": "We are back soon.",
    "on_store_loss": "stop",
    "tools": {"search": "read", "refund": "write"},
    "route": {"revision": "r1", "targets": [{"provider": "openai", "model": "big"}]},
}
SPLIT = RECORD | {
    "route": {
        "targets": [
            {"provider": "openai", "model": "big", "weight": 1},
            {"provider": "openai", "model": "small", "weight": 1},
        ]
    }
}


def _kill(mode: str = "stop", *, uid: str = "u", **scope: str) -> Kill:
    return Kill(id="K-1", uid=uid, scope=Scope(**scope), mode=mode, epoch=1, revision=1)


def _view(handle: Workflow, *kills: Kill, record: dict[str, Any] = RECORD) -> View:
    return compile_view(
        NAME, workflow_from_json(NAME, record), kills, modes=handle.modes, knowledge="live"
    )


def _handle(
    *kills: Kill,
    modes: tuple[str, ...] = (),
    deadline: float | None = None,
    record: dict[str, Any] = RECORD,
    client: object = None,
) -> Workflow:
    handle = Workflow(NAME, modes, client=client)
    handle._swap(_view(handle, *kills, record=record), deadline=deadline)
    return handle


class Client:
    """Counts what a handle asks of its client."""

    def __init__(self) -> None:
        self.checked = 0
        self.changed: list[frozenset[str]] = []

    def _self_check(self) -> None:
        self.checked += 1

    def _modes_changed(self, handle: Workflow) -> None:
        self.changed.append(handle.modes)


def test_check_passes_and_refuses_exactly_as_decide_says() -> None:
    handle = _handle(_kill("read_only", tenant="acme"), modes=("read_only",))

    for ask in ({"tenant": "acme"}, {"tenant": "b"}, {"tenant": "acme", "tool": "refund"}, {}):
        if handle.decide(**ask).allowed:
            handle.check(**ask)
        else:
            with pytest.raises(WorkflowKilled):
                handle.check(**ask)


def test_a_refusal_shows_public_text_and_carries_its_decision() -> None:
    handle = _handle(_kill("safe_state"))

    with pytest.raises(WorkflowKilled) as refusal:
        handle.check()

    assert str(refusal.value) == "We are back soon."
    assert refusal.value.decision.kill == "K-1"
    assert str(WorkflowKilled(_handle(_kill()).decide())) == PAUSED


def test_a_refused_tool_does_not_claim_that_all_is_paused() -> None:
    handle = _handle(_kill("read_only"), modes=("read_only",))

    with pytest.raises(WorkflowKilled, match=NOT_AVAILABLE):
        handle.check(tool="refund")


def test_a_refusal_survives_pickling() -> None:
    refusal = WorkflowKilled(_handle(_kill("safe_state")).decide())

    copy = pickle.loads(pickle.dumps(refusal))  # noqa: S301  # our own bytes

    assert str(copy) == str(refusal)
    assert copy.decision == refusal.decision


def test_arguments_are_the_same_by_position_and_by_keyword() -> None:
    handle = _handle(_kill(tenant="acme", model="openai/big", tool="refund", provider="openai"))

    by_position = handle.decide("acme", "openai/big", "refund", "openai", "k")
    by_keyword = handle.decide(
        key="k", provider="openai", tool="refund", model="openai/big", tenant="acme"
    )

    assert by_position is by_keyword
    assert not by_position.allowed


def test_live_is_false_as_soon_as_any_kill_could_touch_any_call() -> None:
    assert _handle().live
    assert _handle(_kill(workflow="another")).live
    assert not _handle(_kill(tenant="acme")).live
    assert not _handle(_kill(tool="refund")).live


def test_a_swap_is_seen_by_the_next_question_whatever_was_remembered() -> None:
    handle = _handle(record=SPLIT)
    for _ in range(10):
        handle.check()
        handle.decide("acme", key="k")

    handle._swap(_view(handle, _kill(), record=SPLIT), deadline=None)

    assert not handle.live
    assert not handle.decide("acme", key="k").allowed
    with pytest.raises(WorkflowKilled):
        handle.check()
    handle._swap(_view(handle, record=SPLIT), deadline=None)
    handle.check()
    assert handle.live


def test_a_lease_that_ran_out_stops_before_any_thread_says_so() -> None:
    handle = _handle(deadline=time.monotonic() - 0.001)

    decision = handle.decide("acme", "openai/big")

    assert (decision.mode, decision.reason, decision.allowed) == ("stop", "store_lost", False)
    assert not handle.live
    with pytest.raises(WorkflowKilled):
        handle.check()


def test_a_renewed_lease_serves_again() -> None:
    handle = _handle(deadline=time.monotonic() - 0.001)
    assert not handle.decide().allowed

    handle._renew(time.monotonic() + 60)

    assert handle.decide().allowed
    assert handle.live
    handle.check()


def test_renewing_a_lease_never_lifts_a_kill() -> None:
    handle = _handle(_kill(), deadline=time.monotonic() - 0.001)

    handle._renew(time.monotonic() + 60)

    assert not handle.live
    assert handle.decide().kill == "K-1"


@pytest.mark.parametrize("lease_s", [None, 3600], ids=["free", "leased"])
def test_the_client_is_asked_to_check_itself_at_every_1024th_question(
    lease_s: float | None,
) -> None:
    for ask in ("check", "decide"):
        client = Client()
        deadline = None if lease_s is None else time.monotonic() + lease_s
        handle = _handle(client=client, deadline=deadline)
        for _ in range(5 * SELF_CHECK_EVERY):
            getattr(handle, ask)()

        assert 4 <= client.checked <= 5


@pytest.mark.parametrize("kills", [(), (_kill(tenant="acme"),)])
def test_every_question_is_counted(kills: tuple[Kill, ...]) -> None:
    handle = _handle(*kills)

    for _ in range(3000):
        handle.check("globex")
    for _ in range(500):
        handle.decide("globex")
    handle._swap(_view(handle, *kills), deadline=None)
    for _ in range(7):
        handle.check("globex")

    assert handle._report()["counts"] == {"asked": 3507, "let": 3507, "refused": 0, "cut": 0}


def test_refusals_and_missing_tenants_are_counted_per_kill() -> None:
    handle = _handle(_kill(tenant="acme", uid="one"), _kill("canned", uid="two", tool="refund"))

    handle.decide("acme")
    handle.decide()
    handle.decide("globex")
    handle.decide("globex", tool="refund")

    report = handle._report()
    assert report["kills"] == {
        "one": {"let": 0, "refused": 2, "cut": 0, "no_tenant": 1},
        "two": {"let": 0, "refused": 1, "cut": 0, "no_tenant": 0},
    }
    assert report["counts"] == {"asked": 4, "let": 1, "refused": 3, "cut": 0}


def test_a_degrading_kill_counts_a_missing_tenant_but_no_refusal() -> None:
    handle = _handle(_kill("read_only", tenant="acme"), modes=("read_only",))

    handle.decide()
    handle.check()

    only = {"let": 0, "refused": 0, "cut": 0, "no_tenant": 2}
    assert handle._report()["kills"] == {"u": only}


def test_counters_of_a_kill_stay_while_it_does_and_go_with_it() -> None:
    handle = _handle(_kill("canned"))
    handle.decide()

    handle._swap(_view(handle, _kill("stop")), deadline=None)
    handle.decide()
    kept = handle._report()["kills"]
    handle._swap(_view(handle), deadline=None)

    assert kept == {"u": {"let": 0, "refused": 2, "cut": 0, "no_tenant": 0}}
    assert handle._report()["kills"] == {}


def test_counts_from_many_threads_add_up() -> None:
    handle = _handle()

    def ask() -> None:
        for _ in range(5000):
            handle.check()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert handle._report()["counts"]["asked"] == 20_000


def _passes(handle: Workflow) -> bool:
    try:
        handle.check()
    except WorkflowKilled:
        return False
    return True


def test_no_check_passes_after_a_swap_that_other_threads_race() -> None:
    handle = _handle()
    killed = threading.Event()
    late: list[bool] = []

    def ask() -> None:
        while not killed.is_set():
            _passes(handle)
        late.extend(_passes(handle) for _ in range(3000))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    handle._swap(_view(handle, _kill()), deadline=None)
    killed.set()
    for thread in threads:
        thread.join()

    assert len(late) == 9000
    assert not any(late)


def test_a_forked_child_begins_its_own_counts_without_the_parents_lock_and_streams() -> None:
    handle = _handle(_kill(tenant="acme"))
    handle.decide("acme")
    handle._lock.acquire()

    handle._after_fork()
    handle.check("globex")

    assert handle._report()["counts"] == {"asked": 1, "let": 1, "refused": 0, "cut": 0}
    assert handle._report()["kills"] == {"u": {"let": 0, "refused": 0, "cut": 0, "no_tenant": 0}}
    assert not handle._cuttable()


def test_modes_that_a_guard_adds_reach_the_client_once() -> None:
    client = Client()
    handle = Workflow(NAME, (), client=client)

    handle.implement({"read_only", "stop"})
    handle.implement({"read_only"})

    assert client.changed == [frozenset({"read_only", "human", "canned", "stop"})]


@pytest.mark.parametrize(
    "wrong", [{"modes": ["red_only"]}, {"modes": (), "on_unknown": "maybe"}, {"modes": "stop"}]
)
def test_a_handle_is_refused_for_words_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no such mode|on_unknown"):
        Workflow(NAME, **wrong)


def test_before_anything_is_known_the_handle_says_unknown() -> None:
    run, stop = Workflow(NAME, ()), Workflow(NAME, (), "stop")

    assert (run.decide().state, run.decide().allowed) == ("UNKNOWN", True)
    assert (stop.decide().state, stop.decide().reason) == ("KILLED", "unknown")
    with pytest.raises(WorkflowKilled):
        stop.check()


def test_the_identity_of_a_call_holds_inside_its_block_only() -> None:
    one, other = _handle(), _handle()

    with one.call(tenant="acme", key="42"):
        with one.call(tenant="globex", model="m", locale="de"):
            inner = one.identity()
        outer, foreign = one.identity(), other.identity()

    assert inner == ("globex", "m", None, "de")
    assert outer == ("acme", None, "42", None)
    assert foreign == one.identity() == (None, None, None, None)


def test_importing_the_package_loads_nothing_else_of_it() -> None:
    code = (
        "import sys, opsflags; before = {m for m in sys.modules if m.startswith('opsflags')};"
        "opsflags.WorkflowKilled; assert 'WorkflowKilled' in dir(opsflags);"
        "import opsflags.workflow;"
        "print(sorted(before), [m for m in ('asyncio','ssl','logging','typing','dataclasses')"
        " if m in sys.modules])"
    )

    said = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True, text=True, check=True, cwd="flags",
    )  # fmt: skip

    assert said.stdout.strip() == "['opsflags'] []"


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    import opsflags  # noqa: PLC0415  # the package itself is what is tested

    with pytest.raises(AttributeError, match="no attribute 'Workflows'"):
        _ = opsflags.Workflows
