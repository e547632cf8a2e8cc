"""The names under which calls ask for models: noted in passing, told in the registration, forgotten."""

import json
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from opsflags.client import FlagClient
from opsflags.core import MOST_MODELS, NAMES_S, Core
from opsflags.switch import LONGEST_NAME, MOST_NAMES
from opsflags.workflow import Workflow
from tests.flags.switchboard import Switchboard
from tests.support.store import Store
from tests.support.wait import eventually_sync


def _core(*names: str) -> Core:
    core = Core("bench", "test", None)
    core.handles.update({name: Workflow(name, ("canned",)) for name in names})
    return core


def _told(core: Core, name: str) -> list[str]:
    said = json.loads(core.registration({}))["workflows"][name]
    return cast("list[str]", said.get("models", []))


def test_what_a_call_asks_for_is_told_with_its_provider() -> None:
    core = _core("w")
    handle = core.handles["w"]

    handle.decide(model="gpt-5.2", provider="openai")
    handle.decide(model="azure/my-gpt5")
    handle.decide(model="openai/gpt-5-mini", provider="openai")
    handle.decide()

    assert _told(core, "w") == ["azure/my-gpt5", "openai/gpt-5-mini", "openai/gpt-5.2"]


def test_a_service_that_names_no_model_registers_as_before() -> None:
    core = _core("w")
    core.handles["w"].decide(tenant="acme", key="k")

    said = json.loads(core.registration({}))

    assert said["workflows"]["w"] == {"modes": ["canned", "human", "stop"], "probe": None}


def test_a_check_notes_a_name_now_and_then() -> None:
    core = _core("w")
    handle = core.handles["w"]
    core.board.read((5, 2), {}, {})
    core.recompile(None)

    for _ in range(2_000):
        handle.check(model="gpt-5.2")

    assert _told(core, "w") == ["gpt-5.2"]


def test_names_are_bounded_in_number_and_length() -> None:
    core = _core(*(f"w{n}" for n in range(20)))
    for handle in core.handles.values():
        for n in range(MOST_NAMES + 20):
            handle.decide(model=f"made-up-{n}")
        handle.decide(model="x" * (LONGEST_NAME + 1))

    told = [_told(core, name) for name in core.handles]

    assert max(map(len, told)) == MOST_NAMES
    assert sum(map(len, told)) == MOST_MODELS


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.binary()))
def test_no_argument_spoils_a_decision_or_the_registration(model: object) -> None:
    core = _core("w")

    decision = core.handles["w"].decide(model=model)  # type: ignore[arg-type]  # services pass anything

    assert decision.allowed
    said = core.registration({})
    json.dumps(json.loads(said), ensure_ascii=False).encode()


def test_a_name_that_nobody_asks_for_any_more_is_forgotten_after_an_hour_or_two() -> None:
    core = _core("w")
    handle = core.handles["w"]
    core.answered(10.0)
    handle.decide(model="old")
    core.answered(10.0 + NAMES_S)
    handle.decide(model="new")
    core.registered = True

    both = _told(core, "w")
    core.answered(10.0 + 2 * NAMES_S)
    core_told = _told(core, "w")

    assert both == ["new", "old"]
    assert core_told == ["new"]
    assert not core.registered


def test_a_name_that_is_asked_for_all_day_stays() -> None:
    core = _core("w")
    name = "gpt-5.2"

    for hour in range(5):
        core.answered(10.0 + hour * NAMES_S)
        core.handles["w"].decide(model=name)

    assert _told(core, "w") == [name]


def test_a_new_name_reaches_the_store_with_a_check_in(store: Store) -> None:
    board = Switchboard(store)
    board.declare("support-copilot")
    with FlagClient.connect(store.url, service="support-api", env=store.env) as flags:
        copilot = flags.workflow("support-copilot")
        eventually_sync(lambda: board.registration(flags))

        copilot.decide(model="openai/gpt-5.2")

        told = eventually_sync(lambda: board.registered(flags, "support-copilot").get("models"))
    assert told == ["openai/gpt-5.2"]
