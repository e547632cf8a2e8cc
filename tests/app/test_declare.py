"""Declaring: one commit for what differs, none for what does not, and killed workflows stay."""

import asyncio
from dataclasses import replace

from opsbot.adapters.clock import SystemEntropy
from opsbot.adapters.memory.server import MemoryServer
from opsbot.adapters.memory.store import open_memory
from opsbot.app.declare import Declare, Reload
from opsbot.app.ports import Store
from opsbot.domain import kill as kills
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.kill import Kill
from opsbot.domain.policy.examples import Example
from opsbot.domain.policy.rules import from_record
from opsbot.domain.state import State
from opsbot.domain.workflow import UNDECLARED
from opsflags import keys
from opsflags.model import Scope
from tests.support import policies as p


def _catalogue(*names: str, title: str = "A workflow") -> Catalogue:
    found = {name: replace(p.workflow(name=name), title=title) for name in names}
    return Catalogue(found, p.policy(), f"hash of {names} {title}", {"wrong-answers": "aa"})


def _declare(store: Store) -> Declare:
    return Declare(store, SystemEntropy())


async def _kill(store: Store, workflow: str) -> None:
    kill = Kill(
        id="K-1",
        uid="u",
        scope=Scope(workflow=workflow),
        mode="stop",
        at=Position(1, 2),
        actor="mara",
        via="cli",
        since_ms=1,
        review_ms=2,
    )
    write = Write(keys.KILLS, "K-1", kills.as_record(kill))
    await store.commit("kill", lambda state, now: (Change("kill", SCHEDULER, (write,)), None))


async def _restore(store: Store) -> None:
    write = Write(keys.KILLS, "K-1", None)
    await store.commit("restore", lambda state, now: (Change("restore", SCHEDULER, (write,)), None))


def _revision(state: State) -> int:
    return state.position.revision


async def test_a_catalogue_becomes_one_revision_with_everything_in_it() -> None:
    store = open_memory().store

    declared = await _declare(store)(_catalogue("one", "two"))

    assert (declared.changed, declared.written) == (True, ("one", "two"))
    assert declared.position == store.state.position
    assert _revision(store.state) == 1
    assert set(store.state.workflows()) == {"one", "two"}
    assert from_record(store.state.setting("policy")) == p.policy()
    assert store.state.setting("declarations")["hash"] == _catalogue("one", "two").hash


async def test_declaring_the_same_again_commits_nothing() -> None:
    store = open_memory().store
    await _declare(store)(_catalogue("one"))

    again = await _declare(store)(_catalogue("one"))

    assert not again.changed
    assert again.position == store.state.position
    assert _revision(store.state) == 1


async def test_only_what_differs_is_written() -> None:
    store = open_memory().store
    await _declare(store)(_catalogue("one", "two"))
    changed = _catalogue("one", "two")
    edited = {**changed.workflows, "two": replace(changed.workflows["two"], title="Other")}

    declared = await _declare(store)(replace(changed, workflows=edited))

    assert (declared.written, declared.removed) == (("two",), ())
    assert store.state.workflows()["two"].title == "Other"


async def test_going_back_to_an_earlier_catalogue_is_a_new_revision() -> None:
    store = open_memory().store
    for title in ("a", "b", "a"):
        await _declare(store)(_catalogue("one", title=title))

    assert _revision(store.state) == 3
    assert store.state.workflows()["one"].title == "a"


async def test_two_replicas_at_once_make_one_commit() -> None:
    server = MemoryServer()
    first, second = open_memory(server).store, open_memory(server).store

    both = await asyncio.gather(*(_declare(s)(_catalogue("one")) for s in (first, second)))

    assert sorted(declared.changed for declared in both) == [False, True]
    assert _revision(first.state) == 1
    assert {declared.position for declared in both} == {first.state.position}


async def test_a_workflow_whose_file_is_gone_is_removed() -> None:
    store = open_memory().store
    await _declare(store)(_catalogue("one", "two"))

    declared = await _declare(store)(_catalogue("one"))

    assert declared.removed == ("two",)
    assert set(store.state.workflows()) == {"one"}


async def test_a_killed_workflow_stays_flagged_until_the_kill_ends() -> None:
    store = open_memory().store
    await _declare(store)(_catalogue("one", "two"))
    await _kill(store, "two")

    kept = await _declare(store)(_catalogue("one"))
    same = await _declare(store)(_catalogue("one"))
    flagged = store.state.workflows()["two"].extra
    await _restore(store)
    gone = await _declare(store)(_catalogue("one"))

    assert (kept.kept, kept.removed, flagged[UNDECLARED]) == (("two",), (), True)
    assert not same.changed
    assert gone.removed == ("two",)


async def test_a_workflow_that_is_declared_again_loses_the_flag() -> None:
    store = open_memory().store
    await _declare(store)(_catalogue("one", "two"))
    await _kill(store, "two")
    await _declare(store)(_catalogue("one"))

    await _declare(store)(_catalogue("one", "two"))

    assert UNDECLARED not in store.state.workflows()["two"].extra
    assert [kill.id for kill in store.state.active_kills()] == ["K-1"]


async def test_a_broken_file_leaves_the_last_good_version_and_says_why() -> None:
    store, broken = open_memory().store, Finding("a.yaml", 1, "is not YAML", "Repair it.")
    answers = [Loaded(_catalogue("one")), Loaded(None, (broken,))]

    async def load() -> Loaded:
        return answers.pop(0)

    reload = Reload(load, _declare(store))
    good, bad = await reload(), await reload()

    assert good.declared is not None
    assert (bad.declared, bad.findings) == (None, (broken,))
    assert set(store.state.workflows()) == {"one"}
    assert _revision(store.state) == 1


async def test_a_policy_that_misses_its_own_examples_is_not_declared() -> None:
    store = open_memory().store
    wrong = Example(4, "mara", "kill", "one", "refused")

    async def load() -> Loaded:
        return Loaded(replace(_catalogue("one"), examples=(wrong,)))

    reloaded = await Reload(load, _declare(store))()

    assert reloaded.declared is None
    assert reloaded.findings[0].line == 4
    assert _revision(store.state) == 0
