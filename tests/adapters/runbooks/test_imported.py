"""Any page of the world becomes a checklist, or is offered to be read; nothing on it can ever act."""

import pytest

from opsbot.adapters.runbooks.imported import MOST_STEPS, TITLE_MOST, cut_short, parse_imported
from opsbot.domain.prose import Code, Heading, plain
from opsbot.domain.runbook import Runbook

ALERT = """\
---
title: Kube API down
weight: 20
---

## Meaning

The alert means that it is down.

### Full context

More of it.

## Impact

Nothing works.

## Diagnosis

- [ ] Look at the pods.
- Is it the network?

```yaml kill
workflow: support-copilot
```

## Mitigation

Restart it.
"""


def read(text: str, name: str = "page") -> Runbook:
    parsed = parse_imported(text, name=name, file="x.md")
    assert parsed.runbook is not None, parsed.findings
    return parsed.runbook


def titles(text: str) -> list[str]:
    return [one.title for one in read(text).steps]


def test_background_is_set_aside_and_the_rest_are_steps() -> None:
    book = read(ALERT)

    assert (book.name, book.title, book.imported) == ("imported/page", "Kube API down", True)
    assert [one.title for one in book.steps] == ["Diagnosis", "Mitigation"]
    assert [plain(one.prose) for one in book.intro if isinstance(one, Heading)] == [
        *("Meaning", "Full context", "Impact"),
    ]


def test_nothing_on_it_acts_and_its_boxes_can_be_ticked() -> None:
    diagnosis = read(ALERT).steps[0]

    assert diagnosis.actions == ()
    assert [plain(box.prose) for box in diagnosis.boxes] == ["Look at the pods."]
    assert [type(one) for one in diagnosis.body][-1] is Code


def test_labels_and_decisions_of_ours_mean_nothing_there() -> None:
    book = read("# A\n\n## B\n\n**Who:** comms **Undo:** [x](#b)\n\n**Decide:** y?\n\n- [a](#b)\n")

    step = book.steps[0]
    assert (step.who, step.undo, step.decide, step.lane) == ("", "", None, "ops")


def test_steps_that_hide_in_a_numbered_list_are_found() -> None:
    text = "# A\n\n## Diagnosis\n\nFirst look.\n\n1. Get the pods.\n\n   ```sh\n   x\n   ```\n2. Read the log: it says why.\n"

    book = read(text)

    assert [one.title for one in book.steps] == ["Get the pods.", "Read the log: it says why."]
    assert [type(one) for one in book.steps[0].body] == [Code]
    assert [len(phase.intro) for phase in book.phases if phase.steps] == [1]


def test_a_list_that_begins_anew_after_code_goes_on() -> None:
    text = "# A\n\n## B\n\n1. one\n\n```sh\nx\n```\n\n2. two\n\n```sh\ny\n```\n"

    steps = read(text).steps

    assert [(one.title, len(one.body)) for one in steps] == [("one", 1), ("two", 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("just words\n", ["page"]),
        ("# Only a title\n\nwords\n", ["Only a title"]),
        ("# One\n\na\n\n# Two\n\nb\n", ["One", "Two"]),
        ("# T\n\n## P\n\nintro\n\n### S1\n\na\n\n### S2\n\nb\n\n## Q\n\nc\n", ["S1", "S2", "Q"]),
        ("# T\n\n### **1. Deep**\n\na\n", ["Deep"]),
        ("Title\n=====\n\nPart\n----\n\na\n", ["Part"]),
        ("# T\n\n## S\n\n## S\n\nb\n", ["S", "S"]),
    ],
)
def test_the_deepest_useful_headings_are_the_steps(text: str, found: list[str]) -> None:
    assert titles(text) == found


def test_ids_are_unique_and_phases_follow_the_headings_above() -> None:
    book = read("# T\n\n## P\n\n### S\n\na\n\n## Q\n\n### S\n\nb\n")

    assert [one.id for one in book.steps] == ["s", "s-2"]
    assert [(one.title, len(one.steps)) for one in book.phases] == [("P", 1), ("Q", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- nothing -->\n",
        "# T\n\n## Overview\n\nwords\n",
        "# T\n\n" + "".join(f"## S{n}\n\na\n\n" for n in range(MOST_STEPS + 1)),
    ],
)
def test_a_page_without_steps_or_with_too_many_is_offered_to_be_read(text: str) -> None:
    parsed = parse_imported(text, name="page", file="x.md")

    assert parsed.runbook is not None
    assert (parsed.runbook.readable, parsed.runbook.steps) == (True, ())
    assert [(one.rule, one.level) for one in parsed.findings] == [("W32", "warning")]


def test_a_page_that_is_read_keeps_every_block() -> None:
    book = read("# T\n\n## Overview\n\nwords\n\n- a\n")

    assert [type(one).__name__ for one in book.intro] == [
        *("Heading", "Heading", "Paragraph", "Listing"),
    ]


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("---\ntitle: From front\n---\n", "From front"),
        ('+++\ntitle = "x"\n+++\n', "Heading"),
        ("---\ntitle: {{ .Name }}\ndate: {{ .Date }}\n---\n", "Heading"),
        ("---\n\n", "Heading"),
        ("---\n\nwords between rules\n\n---\n", "Heading"),
    ],
)
def test_front_matter_of_any_kind_is_no_step(front: str, title: str) -> None:
    book = read(f"{front}\n# Heading\n\n## S\n\na\n")

    assert (book.title, [one.title for one in book.steps][-1]) == (title, "S")


def test_what_stands_between_two_rules_is_kept() -> None:
    book = read("---\n\nwords between rules\n\n---\n\n# T\n\n## S\n\na\n")

    assert "words between rules" in repr((book.intro, book.phases))


def test_an_unclosed_fence_is_a_warning_that_names_its_line() -> None:
    parsed = parse_imported("# T\n\n## A\n\n```sh\nx\n\n## B\n", name="page", file="x.md")

    assert [(one.rule, one.line, one.level) for one in parsed.findings] == [("E09", 5, "warning")]


def test_a_page_beyond_the_limits_is_left_out_with_a_warning() -> None:
    parsed = parse_imported(b"\xff", name="page", file="x.md")

    assert parsed.runbook is None
    assert [one.level for one in parsed.findings] == ["warning"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Look at it. " + "x " * 60, "Look at it"),
        ("Look at the dashboard. " + "x " * 60, "Look at the dashboard"),
        ("word " * 40, "word"),
        ("short", "short"),
        ("x" * 200, "x"),
    ],
)
def test_a_long_item_is_cut_at_a_sentence_or_a_word(text: str, title: str) -> None:
    short = cut_short(text.strip())

    assert short.startswith(title)
    assert len(short) <= TITLE_MOST
