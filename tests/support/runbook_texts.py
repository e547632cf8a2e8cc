"""A runbook without a single finding, and folders of runbooks that a test may spoil."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from opsbot.adapters.runbooks.files import Library, load
from opsbot.adapters.runbooks.lint import lint
from opsbot.adapters.runbooks.rules import Known
from opsbot.domain.declaration import Finding
from opsbot.domain.model_book import Model, ModelBook
from opsbot.domain.policy.model import Grant, Person, Policy, Role
from tests.support.policies import workflow

NAME = "wrong-words"
TODAY = date(2026, 11, 21)

GOOD = """\
---
runbook: wrong-words
title: Wrong words
owner: "@support-ai"
reviewed: 2026-11-01
review_every: 90d
incident_types: [hallucination_harm]
severity: sev2
params:
  workflow: {type: workflow, required: true}
  topic: {type: text}
---
# Wrong words

Use this when users read {{ topic }} that is false.

## Contain

### Keep the evidence

**Who:** responder · **Time:** 2m

```yaml capture
workflow: "{{ workflow }}"
what: [route, fleet]
```

- [ ] Link three bad answers.
- [ ] Note the time.

**Expect:** the exact words are kept.

### Stop the harm

<!-- id: stop -->

**Who:** responder · **Time:** 1m

```yaml kill
workflow: "{{ workflow }}"
mode: canned
reason: wrong words, incident {{ incident.id }}
```

**Undo:** [Restore](#restore)

**Decide:** Do wrong words still reach users?

- Yes: [Look at the traces](#look-at-the-traces)
- No: [Restore](#restore)

### Look at the traces

**Who:** commander · **Time:** 10m

```bash
traces --workflow {{ workflow }} --since 1h
```

**Expect:** a first and a last time.

## Tell

### Tell users

**Who:** comms · **Time:** 15m

**Expect:** the banner is up. See [the first step](#keep-the-evidence).

**Skip when:** nobody outside read it.

## Back

### Restore

**Who:** commander · **Time:** 10m

```yaml restore
workflow: "{{ workflow }}"
stages: [5, 25, 100]
hold: 10m
```

```yaml verify
workflow: "{{ workflow }}"
expect: live
```

**Expect:** every instance confirms `live`.
"""
"""What every rule passes; tests of a rule change one thing in it."""


def edited(*changes: tuple[str, str]) -> str:
    """Return the good text with each *old* replaced by its *new*, once."""
    text = GOOD
    for old, new in changes:
        assert old in text, f"{old!r} is not in the text"
        text = text.replace(old, new, 1)
    return text


def library(folder: Path, text: str | bytes, others: Mapping[str, str] | None = None) -> Library:
    """Write the runbook, and *others* by path within the folder, and read them all."""
    written: dict[str, str | bytes] = {f"{NAME}.md": text, **(others or {})}
    for name, content in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(folder)


def known() -> Known:
    """Return what the rules compare with: one workflow with gates, and somebody in each role."""
    roles: tuple[Role, ...] = ("responder", "commander", "comms", "approver")
    policy = Policy(
        people={"mara": Person("mara")},
        grants=tuple(Grant(role, people=frozenset({"mara"})) for role in roles),
    )
    declared = replace(
        workflow(name="support-copilot"),
        tools={"search_kb": "read"},
        extra={
            "approved": ["openai/gpt-5.2"],
            "gates": [{"suite": "groundedness", "metric": "pass_rate"}],
            "pagerduty": {"service": "PSUPPORT", "escalation_policy": "PESUPPORT"},
        },
    )
    book = ModelBook({"openai/gpt-5.2": Model("openai/gpt-5.2")})
    return Known({declared.name: declared}, policy, book, today=TODAY)


def findings(
    folder: Path, text: str | bytes, others: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return what the rules say of the runbook among *others*."""
    return lint(library(folder, text, others), known())
