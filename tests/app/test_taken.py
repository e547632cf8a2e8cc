"""What kills take of a workflow, from where its users stand: never more than they take."""

import pytest

from opsbot.app.taken import Reach, Taken, taken, together
from opsbot.domain.change import Position
from opsbot.domain.kill import Kill
from opsbot.domain.kill_ramp import KillRamp
from opsbot.domain.workflow import Workflow
from opsflags.model import Scope
from tests.support.world import workflow

COPILOT = "support-copilot"
AT = Position(1, 1)


def kill(mode: str = "canned", *, confirmed: bool = True, **scope: str) -> Kill:
    scope = scope or {"workflow": COPILOT}
    confirmed_ms = 12.0 if confirmed else None
    return Kill(
        "K-1", "u", Scope(**scope), mode, AT, "mara", "cli", 1, 2, confirmed_ms=confirmed_ms
    )


def ramped(mode: str) -> Kill:
    ramp = KillRamp("r", (10, 50), 60, 1, 1, "mara", "A-1")
    made = kill(mode)
    return Kill(**{name: getattr(made, name) for name in made.__slots__} | {"ramp": ramp})


def of(*kills: Kill, declared: Workflow | None = None) -> Taken:
    return taken(declared or workflow(COPILOT), kills)


@pytest.mark.parametrize(
    ("mode", "reach"),
    [
        ("stop", "off"),
        ("canned", "off"),
        ("safe_state", "off"),
        ("human", "people"),
        ("fallback", "reduced"),
        ("fallback_or_safe_state", "reduced"),
        ("read_only", "reduced"),
        ("no_tools", "reduced"),
        ("drafts_only", "reduced"),
        ("of tomorrow", "off"),
    ],
)
def test_only_what_calls_no_model_is_off(mode: str, reach: Reach) -> None:
    assert of(kill(mode)) == Taken(reach)


def test_without_a_fallback_the_safe_state_is_what_is_left() -> None:
    plain = workflow(COPILOT, modes=("canned", "stop"), safe_state="canned")

    assert of(kill("fallback_or_safe_state"), declared=plain) == Taken("off")
    assert of(kill("read_only"), declared=plain) == Taken("off")


@pytest.mark.parametrize(
    ("scope", "reach"),
    [
        ({"workflow": COPILOT, "tenant": "acme"}, "limited"),
        ({"workflow": COPILOT, "tool": "issue_refund"}, "limited"),
        ({"model": "gpt-5.2"}, "limited"),
        ({"provider": "anthropic"}, "limited"),
        ({"workflow": "coding-agent"}, "on"),
    ],
)
def test_a_kill_of_a_part_leaves_the_rest(scope: dict[str, str], reach: Reach) -> None:
    assert of(kill("stop", **scope)) == Taken(reach)  # type: ignore[arg-type]  # fields of a scope


def test_a_kill_of_everything_it_could_call_is_off() -> None:
    one = workflow(
        COPILOT, route={"targets": [{"provider": "openai", "model": "gpt-5.2"}]}, extra={}
    )

    assert of(kill("stop", provider="openai"), declared=one) == Taken("off")
    assert of(kill("stop", model="gpt-5.2"), declared=one) == Taken("off")


def test_what_is_being_lifted_in_steps_is_off_for_some_only() -> None:
    assert of(ramped("stop")) == Taken("reduced")


def test_off_is_sure_once_every_instance_has_confirmed_one_such_kill() -> None:
    assert of(kill(confirmed=False)) == Taken("off", sure=False)
    assert of(kill("human"), kill("stop", confirmed=False)) == Taken("people")
    assert of(kill("human"), kill("canned")) == Taken("off")


def test_a_kill_that_ended_takes_nothing() -> None:
    over = kill()
    ended = {name: getattr(over, name) for name in over.__slots__} | {"ended": AT}

    assert of(Kill(**ended)) == Taken()


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ((), Taken()),
        ((Taken("off"), Taken("off", sure=False)), Taken("off", sure=False)),
        ((Taken("off"), Taken()), Taken("limited")),
        ((Taken("off"), Taken("people")), Taken("limited")),
        ((Taken(), Taken()), Taken()),
    ],
)
def test_of_several_workflows_only_what_is_so_for_all_is_said(
    parts: tuple[Taken, ...], whole: Taken
) -> None:
    assert together(parts) == whole
