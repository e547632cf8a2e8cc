"""The switchboard for services' own tests decides as the real one does."""

from pathlib import Path

import pytest

from opsflags.decision import WorkflowKilled
from opsflags.model import Rejected
from opsflags.testing import FakeFlags


def test_a_workflow_is_live_until_it_is_killed_and_again_when_it_is_restored() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("support-copilot")
    copilot.check()

    kill = flags.kill("support-copilot", tenant="acme")

    copilot.check(tenant="globex")
    with pytest.raises(WorkflowKilled):
        copilot.check(tenant="acme")
    assert flags.restore("support-copilot") == [kill]
    copilot.check(tenant="acme")
    assert copilot.decide().state == "LIVE"


def test_a_kill_of_all_hits_handles_made_before_and_after() -> None:
    flags = FakeFlags()
    before = flags.workflow("one")

    flags.kill("all", mode="stop")

    assert not before.live
    assert not flags.workflow("two").live
    assert flags.restore("all") == ["K-1"]
    assert before.live


def test_restoring_a_workflow_leaves_the_kill_of_all() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot")
    flags.kill("all")
    flags.kill("copilot")

    flags.restore("copilot")

    assert copilot.decide().kill == "K-1"


def test_a_declared_workflow_has_its_safe_state_tools_and_route() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot", modes={"read_only", "fallback"})
    flags.declare(
        "copilot",
        {
            "safe_state": "canned",
            "canned": "Back soon.",
            "tools": {"search": "read"},
            "route": {
                "targets": [{"provider": "openai", "model": "big"}],
                "fallbacks": [{"provider": "anthropic", "model": "other"}],
            },
        },
    )

    flags.kill("copilot", tool="search", mode="stop")
    flags.kill("all", provider="openai", mode="fallback")
    fallback = copilot.decide()
    flags.kill("copilot")

    assert fallback.route is not None
    assert fallback.route.target == "anthropic/other"
    assert "search" not in fallback.tools
    assert (copilot.decide().mode, copilot.decide().message) == ("canned", "Back soon.")


def test_losing_the_store_is_played_as_declared() -> None:
    flags = FakeFlags()
    careful, easy = flags.workflow("careful"), flags.workflow("easy")
    flags.declare("careful", {"on_store_loss": "stop"})

    flags.lose_store()
    assert (careful.decide().state, easy.decide().state) == ("STALE", "STALE")
    flags.lose_store(for_good=True)

    assert careful.decide().reason == "store_lost"
    assert easy.decide().state == "STALE"
    flags.find_store()
    careful.check()


def test_an_unknown_workflow_follows_on_unknown() -> None:
    flags = FakeFlags()
    typo = flags.workflow("typo", on_unknown="stop")

    flags.declare("typo", None)

    assert typo.decide().reason == "unknown"


def test_modes_added_later_count() -> None:
    flags = FakeFlags()
    copilot = flags.workflow("copilot")
    flags.kill("copilot", mode="no_tools")
    assert copilot.decide().reason == "mode_not_implemented"

    copilot.implement({"no_tools"})

    assert copilot.decide().mode == "no_tools"


def test_mistakes_of_a_test_are_named() -> None:
    with FakeFlags() as flags:
        with pytest.raises(ValueError, match="no such mode"):
            flags.kill("copilot", mode="halt")
        with pytest.raises(LookupError, match="active: none"):
            flags.restore("copilot")
        with pytest.raises(Rejected):
            flags.declare("copilot", {"tools": "search"})
        with pytest.raises(Rejected):
            flags.declare("copilot", {"stale_after_s": -1})
        assert flags.age_ms() == 0


def test_the_readmes_example_for_tests_runs() -> None:
    readme = (Path(__file__).parents[2] / "flags" / "README.md").read_text()
    blocks = [part.split("```")[0] for part in readme.split("```python\n")[1:]]

    exec(blocks[-1], {})  # noqa: S102  # our own page
    for block in blocks:
        compile(block, "flags/README.md", "exec")
