"""Every rule of templates has one that passes it and one that breaks it, on the line that is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from opsbot.adapters.comms.lint import lint
from opsbot.adapters.comms.rules import RULES, WARNINGS
from opsbot.domain.comms.settings import CommsSettings
from tests.support.template_texts import (
    GERMAN,
    GOOD,
    HOLDING,
    HOLDING_NAME,
    NAME,
    edited,
    findings,
    folder,
    known,
    template,
)

ROOT = Path(__file__).parents[3]
HOLDING_FILE = f"{HOLDING_NAME}.md.j2"
APPROVED = template(HOLDING, HOLDING_NAME).body_hash
SLOTS = "slots: [effect, next_update]"
CAUSE = "What happened: {{ cause }}"


def approved(hash_: str) -> str:
    return edited((SLOTS, f"{SLOTS}\napproved: {hash_}"), text=HOLDING)


@dataclass(frozen=True)
class Pair:
    """A text that passes, and one that breaks the rule where *at* stands (its first line otherwise)."""

    passes: str
    fails: str
    at: str = ""
    fix: str = ""
    others: Mapping[str, str] = field(default_factory=dict)
    others_failing: Mapping[str, str] | None = None


def other(name: str, passes: str, fails: str, at: str, fix: str) -> Pair:
    return Pair(GOOD, GOOD, at, fix, {name: passes}, {name: fails})


PAIRS: Mapping[str, Pair] = {
    "T01": Pair(
        GOOD.replace("\n", "\r\n"), edited(("targets:", "tragets:")), "tragets:", "`targets`?"
    ),
    "T02": Pair(GOOD, edited(("stage: identified", "stage: resolved")), "stage:", "identified"),
    "T03": Pair(GOOD, edited(("type: number", "type: nmber")), "type: nmber", "number"),
    "T04": Pair(GOOD, edited(("{{ cause }}", "{{ cuase }}")), "cuase", "`cause`?"),
    "T05": Pair(GOOD, edited((CAUSE, "What happened: we look.")), "cause:", "do not ask"),
    "T06": Pair(GOOD, edited(("cause, action,", "action,")), "slots:", "`cause`"),
    "T07": Pair(
        GOOD, edited(("{{ cause }}", "{{ cause.upper() }}")), "cause.upper", "`{{ name }}`"
    ),
    "T08": other(
        f"{NAME}.de.md.j2",
        GERMAN,
        GERMAN.replace("{{ cause }}", "Ein Teil."),
        "Nicht verf\u00fcgbar",
        "in both",
    ),
    "T09": other(HOLDING_FILE, approved(APPROVED), approved("0" * 64), "approved:", APPROVED),
    "T10": Pair(
        GOOD, edited((CAUSE, f"{CAUSE} The LLM did it.")), "What happened", "what users see"
    ),
    "T11": Pair(
        GOOD, edited((CAUSE, f"{CAUSE} We leave prod-alpha-7.")), "What happened", "as they do"
    ),
    "T12": Pair(
        GOOD, edited((CAUSE, f"{CAUSE} It will be back soon.")), "What happened", "next update"
    ),
    "T13": Pair(GOOD, edited(("[status-page]", "[statuspage]")), "targets:", "`status-page`?"),
    "T14": Pair(GOOD, GOOD),
    "T15": Pair(GOOD, edited(("not available", "not\u200b available")), "not\u200b", "Delete it"),
    "T16": Pair(
        GOOD,
        edited(("{% if how %}\n", ""), ("users.\n{% endif %}", "users.")),
        "This concerns",
        "if how",
    ),
    "T17": Pair(GOOD, edited((CAUSE, f"{CAUSE} @channel")), "What happened", "call everybody"),
    "T18": Pair(
        GOOD,
        edited(("This concerns {{ how }} users.", "This concerns {{ counts }} users.")).replace(
            "{% if how %}", "{% if next_at %}{{ how }}"
        ),
        "{{ feature | capital }} is not",
        "fact sheet",
    ),
    "T19": Pair(GOOD, GOOD),
}


def line_of(text: str, at: str) -> int:
    if not at:
        return 1
    return next(number for number, line in enumerate(text.split("\n"), 1) if at in line)


def test_every_rule_has_a_pair_and_every_pair_a_rule() -> None:
    assert sorted(PAIRS) == sorted(RULES)


def test_the_page_about_templates_lists_every_rule() -> None:
    text = (ROOT / "docs" / "comms-templates.md").read_text()

    assert [rule for rule in RULES if f"| {rule} |" not in text] == []


@pytest.mark.parametrize("rule", RULES)
def test_what_passes_a_rule_has_no_finding_at_all(rule: str, tmp_path: Path) -> None:
    pair = PAIRS[rule]

    assert findings(tmp_path, pair.passes, pair.others) == ()


@pytest.mark.parametrize("rule", [one for one in RULES if one not in ("T14", "T19")])
def test_what_breaks_a_rule_is_named_with_line_fix_and_level(rule: str, tmp_path: Path) -> None:
    pair = PAIRS[rule]
    others = pair.others if pair.others_failing is None else pair.others_failing
    (broken,) = others.values() if pair.others_failing else (pair.fails,)

    found = findings(tmp_path, pair.fails, others)

    named = [one for one in found if one.rule == rule]
    assert named, found
    assert named[0].line == line_of(broken, pair.at)
    assert pair.fix in named[0].fix
    assert named[0].level == ("warning" if rule in WARNINGS else "error")
    assert named[0].message[0] == named[0].message[0].lower() or named[0].message[0] == "W"


def test_a_situation_without_words_for_every_stage_is_named_with_its_workflow(
    tmp_path: Path,
) -> None:
    """T14."""
    library = folder(tmp_path, {f"{NAME}.md.j2": GOOD, HOLDING_FILE: HOLDING})
    people = replace(known().workflows["support-copilot"], modes=("human", "stop"))
    asked = replace(
        known(),
        kinds={"support-copilot": ("tool_misuse",)},
        workflows={"support-copilot": people},
    )

    found = [one for one in lint(library, asked) if one.rule == "T14"]

    assert len(found) == 13  # three of one situation, five of the two others
    assert found[0].message == (
        "there is no `users-agent-wrong-correction`, and it can happen to `support-copilot`"
    )
    assert not [one for one in lint(library, replace(asked, whole=False)) if one.rule == "T14"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({}, ["`support-copilot` has no name in `de`, and templates are written in it"]),
        ({"en": "the assistant"}, ["`support-copilot` has no name in `de`, and templates are written in it"]),
        ({"en": "Copilot", "de": "Copilot"}, []),
    ],
)  # fmt: skip
def test_a_language_in_which_users_would_read_a_name_of_another_one_is_named(
    names: dict[str, str], found: list[str], tmp_path: Path
) -> None:
    """T19."""
    library = folder(tmp_path, {f"{NAME}.md.j2": GOOD, f"{NAME}.de.md.j2": GERMAN})
    public = {"support-copilot": "the assistant"}
    settings = CommsSettings(locales=("en", "de", "fr"), public=public)
    settings = replace(settings, names={"support-copilot": names} if names else {})

    asked = replace(known(), settings=settings)

    said = [one for one in lint(library, asked) if one.rule == "T19"]
    assert [one.message for one in said] == found
    assert all("support-copilot: {en: the assistant, de: " in one.fix for one in said)
    assert all(one.level == "warning" for one in said)


def test_a_correction_for_users_says_how_it_is_and_when_more_follows(tmp_path: Path) -> None:
    """T06."""
    name = "users-feature-off-correction"
    text = edited(
        (NAME, name),
        ("stage: identified", "stage: correction"),
        ("slots: [effect, cause, action, next_update]", "slots: [corrected]"),
        ("Next update by {{ next_at }}.", "{% if corrected_at %}It corrects.{% endif %}"),
    )

    found = [
        one.message
        for one in lint(folder(tmp_path, {f"{name}.md.j2": text}), known())
        if one.rule == "T06"
    ]

    assert found == [
        "`next_update` is not answered, which correction for users needs",
        "`state` is not answered, which correction for users needs",
    ]


@pytest.mark.parametrize("stage", ["correction", "resolved"])
def test_after_a_last_word_the_next_one_stands_in_an_if(stage: str, tmp_path: Path) -> None:
    """T16."""
    name = f"users-feature-off-{stage}"
    text = edited((NAME, name), ("stage: identified", f"stage: {stage}"))

    found = [
        one.message
        for one in lint(folder(tmp_path, {f"{name}.md.j2": text}), known())
        if one.rule == "T16"
    ]

    assert "the fact `next_at` may be empty here" in found


@pytest.mark.parametrize(
    ("rule", "text", "says"),
    [
        ("T01", GOOD.replace("---\n", "", 1), "no front matter"),
        ("T01", GOOD.replace("\n---\n", "\n", 1), "never closed"),
        ("T01", edited(("title: What we know", "title: [a, b]")), "list or mapping"),
        ("T01", edited(("targets: [status-page]", "targets: status-page")), "no list"),
        ("T01", edited(("targets: [status-page]", "approvals: many")), "`approvals`"),
        ("T01", edited(("targets: [status-page]", "approvals: 99")), "`approvals`"),
        ("T01", edited(("title: What we know", "title: &a What")), "anchors"),
        ("T01", GOOD[: GOOD.index("\n{{ feature | capital }} is")] + "\n\n", "says nothing"),
        ("T01", "x" * 40_000, "larger than 32 KiB"),
        ("T02", edited(("template: users-", "template: people-")), "not the file's name"),
        ("T02", edited(("audience: users", "audience: support")), "`audience` is `support`"),
        ("T03", edited(("  action: {", "  Action: {")), "no name for a field"),
        ("T03", edited(("  action: {", "  since: {")), "no name for a field"),
        ("T03", edited(("  action: {", "  self: {")), "no name for a field"),
        ("T03", edited(("required: false", "required: maybe")), "`maybe`"),
        ("T03", edited(("max_length: 300", "max_length: 99999")), "`max_length`"),
        ("T03", edited((", options: [nothing, a person]", "")), "do not go together"),
        ("T03", edited(("type: text}", "type: text, options: [a]}")), "do not go together"),
        ("T03", edited(("label: How many, ", "")), "no label"),
        ("T03", edited(("type: text}", "typ: text}")), "unknown key `typ`"),
        ("T04", edited(("fact: counts", "fact: count")), "no fact `count`"),
        ("T04", edited((CAUSE, f"{CAUSE} {{{{ commander }}}}")), "people of the company"),
        ("T06", edited(("[effect,", "[efect,")), "no slot `efect`"),
        ("T06", edited(("by {{ next_at }}", "by 14:00 UTC")), "the words do not say it"),
        ("T07", edited((CAUSE, "{% for x in cause %}{{ x }}{% endfor %}")), "`{% for %}`"),
        ("T09", edited(("targets: [status-page]", "approved: yes")), "no hash"),
        ("T09", edited(("targets: [status-page]", f"approved: {'0' * 64}")), "to fill in"),
        ("T11", edited((CAUSE, f"{CAUSE} GPT-5.2 was replaced.")), "W-MODEL"),
        ("T12", edited((CAUSE, f"{CAUSE} We fix it ASAP.")), "W-PROMISE"),
        ("T15", edited(("not available", "not\u202e available")), "invisible"),
        ("T15", edited(("not available", "not\x07 available")), "control"),
        ("T17", edited((CAUSE, f"{CAUSE} <b>now</b>")), "W-MARKUP"),
    ],
)
def test_the_other_ways_to_break_a_rule_are_named_too(
    rule: str, text: str, says: str, tmp_path: Path
) -> None:
    found = findings(tmp_path, text)

    assert [one for one in found if one.rule == rule and says in one.message], found


@pytest.mark.parametrize(
    ("files", "rule", "says"),
    [
        ({"notes.txt": "x"}, "T01", "is no template"),
        ({"users-other-resolved.de.md.j2": GERMAN}, "T08", "no `users-other-resolved`"),
        ({f"{NAME}.german.md.j2": GERMAN}, "T08", "`german` is no language"),
        ({f"{NAME}.de.md.j2": f"---\ntitle: x\n---\n{GERMAN}"}, "T08", "unknown key `title`"),
        ({f"{NAME}.de.md.j2": GERMAN.replace("bis {{ next_at }}", "")}, "T08", "`next_at`"),
        ({f"{NAME}.de.md.j2": GERMAN.replace("{{ how }}", "{{ hwo }}")}, "T04", "`hwo`"),
        ({f"{NAME}.de.md.j2": GERMAN + "in K\u00fcrze"}, "T12", "K\u00fcrze"),
        ({f"{NAME}.de.md.j2": "{{ cause.x }}"}, "T07", "an attribute"),
    ],
)
def test_what_is_wrong_with_other_files_is_named_there(
    files: dict[str, str], rule: str, says: str, tmp_path: Path
) -> None:
    found = findings(tmp_path, GOOD, files)

    named = [one for one in found if one.rule == rule and says in one.message]
    assert named, found
    assert named[0].file == str(tmp_path / next(iter(files)))


def test_words_that_were_approved_may_carry_no_free_words_of_anybody(tmp_path: Path) -> None:
    text = edited(
        ("Next update", "{% if contact %}\nWrite to {{ contact }}.\n{% endif %}\n\nNext update"),
        text=HOLDING,
    )

    found = findings(
        tmp_path, GOOD, {HOLDING_FILE: edited((SLOTS, f"{SLOTS}\napproved: {'1' * 64}"), text=text)}
    )

    assert [one.message for one in found if "free words" in one.message] == [
        "`approved` stands over the free words of `contact`"
    ]


def test_a_hidden_file_and_a_missing_folder_are_nothing(tmp_path: Path) -> None:
    found = findings(tmp_path / "here", GOOD, {".gitkeep": "", ".swp": "x"})
    missing = lint(folder(tmp_path / "none", {}), known())

    assert found == ()
    assert missing == ()
