"""The company that the whole bot is measured with: its people, its workflows, its files. Pure but for `write`."""

import json
from pathlib import Path
from typing import Final

from opsbot.bench import runbooks as written

ENV: Final = "bench"
TEAM: Final = "T0HOME"
CROWD: Final = 50
"""People, and workflows: one each, so that fifty commands at once are of fifty people."""

PEOPLE: Final = tuple(f"p{number:02}" for number in range(CROWD))
WORKFLOWS: Final = tuple(f"bench-{number:02}" for number in range(CROWD))
CHANNELS: Final = tuple(f"C0BENCH{number:02}" for number in range(CROWD))
APPROVER: Final = "approver"
WALKED: Final = "page-0"
"""The runbook that people walk: 17 KB, 27 steps with two boxes each, as long as people write."""


def slack_id(person: str) -> str:
    """Return a person's Slack id."""
    return f"U0{person.upper()}"


def write(folder: Path) -> tuple[Path, Path]:
    """Write declarations, policy and two runbooks below *folder*; return both directories."""
    flags, runbooks = folder / "flags", folder / "runbooks"
    (flags / "workflows").mkdir(parents=True)
    runbooks.mkdir()
    for name, channel in zip(WORKFLOWS, CHANNELS, strict=True):
        # JSON is YAML: nothing here needs a writer of its own.
        text = json.dumps(_workflow(name, channel), indent=1)
        (flags / "workflows" / f"{name}.yaml").write_text(text, "utf-8")
    (flags / "policy.yaml").write_text(json.dumps(_policy(), indent=1), "utf-8")
    (runbooks / "wrong-answers.md").write_text(_RUNBOOK, "utf-8")
    (runbooks / f"{WALKED}.md").write_text(_walked(), "utf-8")
    return flags, runbooks


def _workflow(name: str, channel: str) -> dict[str, object]:
    """Return a tier 3 workflow: whoever killed it may undo that alone."""
    return {
        "workflow": name,
        "title": name.capitalize(),
        "description": "Answers questions, with links to its sources.",
        "dri": slack_id(PEOPLE[0]),
        "team": "bench",
        "tier": 3,
        "safe_state": "stop",
        "modes": ["fallback", "read_only", "canned", "stop"],
        "canned": "The assistant is paused.",
        "on_store_loss": "stop",
        "tools": {"search_kb": "read", "issue_refund": "write"},
        "routes": {
            "approved": ["openai/gpt-5.2", "anthropic/claude-sonnet-5"],
            "initial": {
                "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
                "fallbacks": [{"provider": "anthropic", "model": "claude-sonnet-5"}],
                "prompt": f"{name}@41",
                "params": {"temperature": 0.2},
            },
        },
        "slack_channel": channel,
        "runbook": "wrong-answers",
    }


def _policy() -> dict[str, object]:
    everybody = list(PEOPLE)
    anybody = {"roles": ["responder", "approver"]}
    return {
        "home": {"teams": [TEAM], "domains": ["example.com"]},
        "people": {
            name: {"title": name.capitalize(), "slack": [slack_id(name)]}
            for name in (*PEOPLE, APPROVER)
        },
        "roles": {"responder": [{"people": everybody}], "approver": [{"people": [APPROVER]}]},
        "powers": {
            "kill": anybody,
            "restore": anybody,
            "approve": {"roles": ["approver"]},
            "audit": anybody,
            "incident": anybody,
        },
        "fallback": {"people": [APPROVER]},
        # One person kills hundreds of times here: an alarm with each would be measured with it.
        "times": {"alarm_kills": 1000, "alarm_window_min": 1},
    }


def _walked() -> str:
    """Return a page as people write them, as one of this household's."""
    own = {"owner: support-ai": "owner: bench", "severity: sev2": "severity: sev3"}
    text = written.page(0)
    for theirs, ours in own.items():
        text = text.replace(theirs, ours)
    return text


_RUNBOOK = """---
runbook: wrong-answers
title: Wrong answers reach users
owner: bench
reviewed: 2026-11-01
review_every: 90d
incident_types: [hallucination_harm]
severity: sev3
---
# Wrong answers reach users

## Contain

### Stop it

**Who:** responder

**Expect:** no answer comes from it.
"""
