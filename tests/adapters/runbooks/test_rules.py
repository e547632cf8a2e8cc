"""Every rule of runbooks has a page that passes it and one that breaks it, on the line that is named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from opsbot.adapters.runbooks.files import load
from opsbot.adapters.runbooks.lint import lint
from opsbot.adapters.runbooks.rules import RULES
from tests.support.runbook_texts import GOOD, NAME, edited, findings, known, library

ROOT = Path(__file__).parents[3]
KILL = "mode: canned\nreason: wrong words, incident {{ incident.id }}\n"
YES, NO = "- Yes: [Look at the traces](#look-at-the-traces)\n", "- No: [Restore](#restore)\n"
LOOK = "**Expect:** a first and a last time.\n"
TELL = "**Who:** comms · **Time:** 15m\n"
FOREIGN = "# Lag\n\n## One\n\na\n\n## Two\n\nb\n"
STEP = "### Step {n}\n\n**Who:** responder\n\n**Expect:** done.\n\n"


def steps(count: int) -> str:
    return "".join(STEP.format(n=n) for n in range(count))


@dataclass(frozen=True)
class Pair:
    """A page that passes, and one that breaks the rule where *at* stands (its first line otherwise)."""

    passes: str | bytes
    fails: str | bytes
    at: str = ""
    fix: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    others_failing: Mapping[str, str] | None = None


def comms(template: str, others: Mapping[str, str]) -> str:
    return edited((TELL, f"{TELL}\n```yaml comms\ntemplate: {template}\n```\n"))


PAIRS: Mapping[str, Pair] = {
    "E01": Pair(GOOD.replace("\n", "\r\n"), GOOD + "x" * 300_000, fix="Split it"),
    "E02": Pair(GOOD, edited(("severity: sev2", "sevrity: sev2")), "sevrity", "`severity`?"),
    "E03": Pair(GOOD, edited(("runbook: wrong-words", "runbook: other")), "runbook: other", NAME),
    "E04": Pair(GOOD, edited(('"@support-ai"', "suport-ai")), "owner:", "`support-ai`?"),
    "W05": Pair(
        edited(("2026-11-01", "2026-08-23")),
        edited(("2026-11-01", "2026-08-22")),
        "reviewed:",
        "drill",
    ),
    "E06": Pair(GOOD, edited(("## Tell\n", "# Tell\n")), "# Tell", "##"),
    "E07": Pair(
        edited(("### Tell users", "### Restore\n\n<!-- id: tell -->")),
        edited(("### Tell users", "### Restore")),
        "### Restore",
        "<!-- id: other -->",
    ),
    "E08": Pair(
        edited((LOOK, f"{LOOK}\nText.\n\n---\n\n> quoted\n")),
        edited((LOOK, f"{LOOK}\n> ### Quoted step\n")),
        "> ###",
        "Take it out",
    ),
    "E09": Pair(
        edited((LOOK, f"{LOOK}\n```text\na\n```\n")),
        edited((LOOK, f"{LOOK}\n```text\na\n")),
        "```text",
        "Add a line ```",
    ),
    "W10": Pair(
        GOOD, edited(("traces --workflow {{ workflow }}", "traces <workflow>")), "traces <", "param"
    ),
    "E11": Pair(
        edited((LOOK, f"{LOOK}\nSee [the page](imported/lag.md#one).\n")),
        edited((LOOK, f"{LOOK}\nSee [the page](imported/lag.md#three).\n")),
        "See [the page]",
        "Correct",
        {"imported/lag.md": FOREIGN},
    ),
    "W12": Pair(
        edited((LOOK, f"{LOOK}\na<br>b ![queue](https://example.com/q.png)\n")),
        edited((LOOK, f"{LOOK}\n<b>now</b>\n")),
        "<b>now",
        "markdown",
    ),
    "E13": Pair(GOOD, edited(("{{ incident.id }}", "{{ incident_id }}")), "reason:", "Declare"),
    "W13": Pair(GOOD, edited(("{{ topic }}", "something")), "topic:", "take it away"),
    "E14": Pair(GOOD, edited(("a first and", "a fir\u200bst and")), "a fir", "Delete it"),
    "E15": Pair(GOOD, edited((LOOK, "Look well.\n")), "### Look at", "Expect"),
    "W16": Pair(
        edited(("## Tell\n\n", f"## Tell\n\n{steps(8)}")),
        edited(("## Tell\n\n", f"## Tell\n\n{steps(9)}")),
        "## Tell",
        "Split",
    ),
    "E17": Pair(GOOD, edited((NO, "")), "**Decide:**", "other answer"),
    "E18": Pair(
        edited((YES, "- Yes: [Again](#stop)\n")),
        edited((YES, "- Yes: [Again](#stop)\n"), (NO, "- No: [First](#keep-the-evidence)\n")),
        "**Decide:**",
        "Lead on",
    ),
    "W19": Pair(GOOD, edited((YES, "- Yes: [Restore](#restore)\n")), "### Look at", "answer"),
    "E20": Pair(
        edited(("**Undo:** [Restore](#restore)", "**Undo:** nothing takes it back.")),
        edited(("**Undo:** [Restore](#restore)\n\n", "")),
        "```yaml kill",
        "**Undo:**",
    ),
    "E21": Pair(
        GOOD,
        edited(("**Undo:**", "```yaml kill\nprovider: openai\n```\n\n**Undo:**")),
        "```yaml kill\nprovider",
        "of its own",
    ),
    "E22": Pair(
        GOOD,
        edited(("```yaml verify", "```yaml capture"), ("expect: live", "what: [fleet]")),
        "```yaml restore",
        "yaml verify",
    ),
    "E23": Pair(
        GOOD,
        edited(
            ("```yaml restore", "```yaml capture"),
            ("stages: [5, 25, 100]\nhold: 10m", "what: [fleet]"),
        ),
        "```yaml kill",
        "restores",
    ),
    "W24": Pair(
        GOOD,
        edited(("```yaml capture", "```yaml verify"), ("what: [route, fleet]", "expect: live")),
        "```yaml kill",
        "capture",
    ),
    "E25": Pair(GOOD, edited(("comms ·", "responder ·")), "", "comms"),
    "W25": Pair(
        comms("first-word", {}),
        comms("first-word", {}),
        "template: first-word",
        "by hand",
        {"comms/first-word.md.j2": "x"},
        {},
    ),
    "E26": Pair(GOOD, edited(("mode: canned", "mod: canned")), "mod: canned", "`mode`?"),
    "E27": Pair(
        edited((KILL, "tool: search_kb\n")),
        edited((KILL, "tool: serch_kb\n")),
        "tool: serch_kb",
        "`search_kb`?",
    ),
    "E28": Pair(GOOD, edited(("[5, 25, 100]", "[25, 5]")), "stages:", "[5, 25, 100]"),
    "E29": Pair(
        edited((LOOK, f"{LOOK}\nThe token is in the vault: xoxb-...\n")),
        edited((LOOK, f"{LOOK}\ntoken=xo" + "xb-12345678901-abcdefghij\n")),
        "token=",
        "invalid",
    ),
    "E30": Pair(
        edited((LOOK, f"{LOOK}\n```yaml wait\nfor: 4h\n```\n")),
        edited((LOOK, f"{LOOK}\n```yaml wait\nfor: 5h\n```\n")),
        "for: 5h",
        "4h",
    ),
    "E31": Pair(
        GOOD, edited((LOOK, "**Expct:** a time.\n\n**Expect:** x\n")), "**Expct", "**Expect:**"
    ),
    "W32": Pair(
        GOOD,
        GOOD,
        "",
        "read",
        {"imported/lag.md": FOREIGN},
        {"imported/lag.md": "# Lag\n\n" + "".join(f"## Part {n}\n\na\n\n" for n in range(31))},
    ),
}


def test_every_rule_has_a_pair_and_every_pair_a_rule() -> None:
    assert sorted(PAIRS) == sorted(RULES)


def test_the_page_about_runbooks_lists_every_rule() -> None:
    text = (ROOT / "docs" / "runbooks.md").read_text()

    rows = re.findall(r"^\| ([EW]\d\d(?:, [EW]\d\d)*) \|", text, re.MULTILINE)
    assert sorted(one for row in rows for one in row.split(", ")) == sorted(RULES)


def test_the_good_runbook_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD) == ()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_passes_a_rule_is_not_named(rule: str, tmp_path: Path) -> None:
    pair = PAIRS[rule]

    found = findings(tmp_path, pair.passes, pair.others)

    assert [one for one in found if one.rule == rule] == []
    assert all(one.level == "warning" for one in found)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_breaks_a_rule_is_named_with_line_fix_and_level(rule: str, tmp_path: Path) -> None:
    pair = PAIRS[rule]
    others = pair.others if pair.others_failing is None else pair.others_failing

    found = [one for one in findings(tmp_path, pair.fails, others) if one.rule == rule]

    text = pair.fails.decode() if isinstance(pair.fails, bytes) else pair.fails
    lines = {text.count("\n", 0, at.start()) + 1 for at in re.finditer(re.escape(pair.at), text)}
    assert found, f"{rule} says nothing"
    assert found[0].line in (lines if pair.at else {1}), found
    assert pair.fix in found[0].fix
    assert found[0].fix.endswith((".", "?"))
    assert found[0].level == ("warning" if rule.startswith("W") else "error")


@pytest.mark.parametrize(
    ("change", "rule", "fix"),
    [
        (("---\nrunbook", "runbook"), "E02", "Begin the file"),
        (("---\n# Wrong words", "# Wrong words"), "E02", "Close it"),
        (("owner: ", "title: again\nowner: "), "E02", "Keep one"),
        (("reviewed: 2026-11-01\n", ""), "E02", "reviewed"),
        (("2026-11-01", "November"), "E02", "2026-11-01"),
        (("90d", "often"), "E02", "90d"),
        (("severity: sev2", "severity: [sev2]"), "E02", "one line"),
        (("severity: sev2", "severity: high"), "E02", "sev1"),
        (("type: text", "type: date"), "E02", "number"),
        (("required: true", "required: maybe"), "E02", "true"),
        (("{type: text}", "text"), "E02", "{type: text}"),
        (("topic:", "Topic-1:"), "E02", "beginning with a letter"),
        (("[hallucination_harm]", "hallucination_harm"), "E02", "[prompt_injection]"),
        (('owner: "@support-ai"\n', ""), "E04", "owner"),
        (("**Who:** commander", "**Who:** everybody"), "E04", "responder"),
        (("# Wrong words\n", ""), "E06", "# …"),
        (("### Tell users", "#### Tell users"), "E06", "###"),
        (("Use this when", "**Expect:** Use this when"), "E06", "### Stop"),
        (("Use this when", "```yaml kill\n```\n\nUse this when"), "E06", "### Stop"),
        (("<!-- id: stop -->", "<!-- id: Stop it -->"), "E07", "a-z"),
        (("### Tell users", "Tell users\n---"), "E08", "empty line"),
        ((LOOK, f"{LOOK}\n- item\n\n  ```yaml kill\n  ```\n"), "E08", "beginning of the line"),
        ((LOOK, f"- {LOOK}\n**Expect:** x\n"), "E08", "beginning of the line"),
        ((LOOK, f"{LOOK}\n<div>\n### Hidden\n</div>\n"), "E08", "empty line"),
        ((LOOK, f"{LOOK}\n<!-- never closed\n"), "E09", "-->"),
        (("```bash", "```"), "W10", "```bash"),
        ((LOOK, f"{LOOK}\n[x](gone.md)\n"), "E11", "Correct"),
        ((LOOK, f"{LOOK}\n[x](#gone)\n"), "E11", "Correct"),
        (("**Undo:** [Restore](#restore)", "**Undo:** [Restore](#gone)"), "E11", "#restore"),
        ((LOOK, f"{LOOK}\n**Continue in:** [x](gone.md)\n"), "E11", "is there"),
        ((LOOK, f"{LOOK}\n**Continue in:** the other\n"), "E11", "[Provider outage]"),
        ((LOOK, f"{LOOK}\n![](https://example.com/a.png)\n"), "W12", "brackets"),
        ((LOOK, f"{LOOK}\n```text\n{'x' * 2901}\n```\n"), "W12", "Shorten"),
        ((LOOK, f"{LOOK}\n<!--\n### Later\n-->\n"), "W12", "Delete"),
        (("mode: canned", 'mode: "{{ a.__class__ }}"'), "E13", "name"),
        (("mode: canned", 'mode: "{% x %}"'), "E26", "One of"),
        ((YES, "- Yes: go on\n"), "E17", "each answer"),
        ((YES, "- Yes: [a](#nowhere)\n"), "E17", "each answer"),
        ((YES + NO, "Text.\n"), "E17", "Write a list"),
        (("Do wrong words still reach users?", ""), "E17", "question"),
        (("```yaml kill", "```yaml kil"), "E26", "```yaml kill"),
        (("```yaml kill", "```kill"), "E26", "```yaml kill"),
        (("```yaml kill", "```YAML Kill"), "E26", "```yaml kill"),
        (('workflow: "{{ workflow }}"\nmode', "workflow: {{ workflow }}\nmode"), "E26", "quotes"),
        (("mode: canned", "mode: *x"), "E26", "Write it out"),
        (("mode: canned", "mode: canned\nmode: stop"), "E26", "Keep one"),
        (("  workflow: {type: workflow, required: true}\n", ""), "E13", "Declare"),
        (("mode: canned", "mode: live"), "E26", "canned"),
        (("[route, fleet]", "[route, flet]"), "E26", "`fleet`"),
        (("expect: live", "suite: groundednes\nmin: 0.9"), "E27", "`groundedness`?"),
        (('restore\nworkflow: "{{ workflow }}"', "restore\nof: stopp"), "E26", "`stop`?"),
        (('restore\nworkflow: "{{ workflow }}"', "restore\nof: tell-users"), "E26", "stop"),
        (('restore\nworkflow: "{{ workflow }}"', 'restore\nof: "{{ topic }}"'), "E26", "stop"),
        (("hallucination_harm", "halucination_harm"), "E27", "`hallucination_harm`?"),
        (('workflow: "{{ workflow }}"\nmode', "workflow: suport-copilot\nmode"), "E27", "copilot"),
        (("hold: 10m\n", ""), "E28", "hold"),
        ((LOOK, f"{LOOK}\nhttps://u:hunter2x@db.example.com\n"), "E29", "invalid"),
        (("**Time:** 10m", "**Time:** soon"), "E31", "10m"),
        ((LOOK, f"{LOOK}\n{LOOK}"), "E31", "Keep one"),
        ((LOOK, "**Expect:**\n"), "E31", "take"),
        ((LOOK, f"It is so. {LOOK}"), "E31", "Begin a paragraph"),
        ((LOOK, "**Expect**: it is so.\n"), "E31", "colon inside"),
    ],
)
def test_the_other_ways_to_break_a_rule_are_named_too(
    change: tuple[str, str], rule: str, fix: str, tmp_path: Path
) -> None:
    found = [one for one in findings(tmp_path, edited(change)) if one.rule == rule]

    assert any(fix in one.fix for one in found), found


@pytest.mark.parametrize(
    "change",
    [
        ('restore\nworkflow: "{{ workflow }}"', "restore\nof: stop"),
        ("expect: live", "expect: confirmed\nsuite: all"),
    ],
)
def test_a_kill_of_a_step_and_all_that_is_switched_may_be_named(
    change: tuple[str, str], tmp_path: Path
) -> None:
    assert findings(tmp_path, edited(change)) == ()


def test_a_role_that_nobody_has_is_named(tmp_path: Path) -> None:
    policy = known().policy
    assert policy is not None
    without = replace(policy, grants=tuple(one for one in policy.grants if one.role != "comms"))

    found = lint(library(tmp_path, GOOD), replace(known(), policy=without))

    assert [(one.rule, one.message) for one in found] == [("E30", "nobody has the role `comms`")]


def test_a_template_that_is_not_in_the_folder_is_an_error(tmp_path: Path) -> None:
    text = comms("frist-word", {})

    found = findings(tmp_path, text, {"comms/first-word.md.j2": "x"})

    assert [(one.rule, one.fix) for one in found] == [("E25", "Did you mean `first-word`?")]


def test_a_template_that_is_not_for_the_audience_is_an_error(tmp_path: Path) -> None:
    text = comms("users-words-resolved\naudience: support", {})

    found = findings(tmp_path, text, {"comms/users-words-resolved.md.j2": "x"})

    assert [(one.rule, one.message) for one in found] == [
        ("E25", "the template `users-words-resolved` is not for support")
    ]


def test_a_translation_is_no_template_of_its_own(tmp_path: Path) -> None:
    text = comms("first-word", {})

    found = findings(tmp_path, text, {"comms/first-word.de.md.j2": "x"})

    assert [one.rule for one in found] == ["E25"]


def test_names_of_broken_files_are_not_looked_up(tmp_path: Path) -> None:
    text = edited((KILL, "tool: gone\n"), ('"@support-ai"', "gone"))

    found = lint(library(tmp_path, text), replace(known(), whole=False))

    assert found == ()


def test_a_folder_without_a_runbook_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "imported").mkdir()
    (tmp_path / "imported" / "lag.md").write_text(FOREIGN)

    found = lint(load(tmp_path), known())

    assert [(one.rule, one.message) for one in found] == [("E30", "holds no runbook")]


def test_a_fence_that_the_next_one_closes_is_named_where_it_opens(tmp_path: Path) -> None:
    text = edited((LOOK, f"{LOOK}\n```text\na\n"))

    found = [one for one in findings(tmp_path, text) if one.rule == "E09"]

    assert [one.line for one in found] == [text[: text.index("```text")].count("\n") + 1]


def test_a_fence_within_a_longer_one_is_an_example_and_no_action(tmp_path: Path) -> None:
    text = edited((LOOK, f"{LOOK}\n````markdown\n```yaml kill\n```\n````\n"))

    read = library(tmp_path, text)

    assert lint(read, known()) == ()
    assert [len(one.actions) for one in read.runbooks[NAME].steps] == [1, 1, 0, 0, 2]
