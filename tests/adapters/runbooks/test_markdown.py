"""A runbook's text becomes phases, steps and actions with their lines, and nothing is swallowed."""

import hashlib

import pytest

from opsbot.adapters.runbooks.markdown import MAX_OPTIONS, MAX_STEPS, parse
from opsbot.domain.prose import Code, Paragraph, plain
from opsbot.domain.runbook import Param, Runbook, Step
from tests.support.runbook_texts import GOOD, NAME, edited

LOOK = "**Expect:** a first and a last time.\n"


def read(text: str | bytes) -> Runbook:
    parsed = parse(text, name=NAME, file="x.md")
    assert parsed.runbook is not None, parsed.findings
    return parsed.runbook


def step(name: str, text: str = GOOD) -> Step:
    found = read(text).step(name)
    assert found is not None
    return found


def line_of(words: str, text: str = GOOD) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_front_matter_says_whose_it_is_and_what_it_asks_for() -> None:
    book = read(GOOD)

    assert (book.name, book.title, book.owner) == (NAME, "Wrong words", "support-ai")
    assert (book.reviewed, book.review_days, book.severity) == ("2026-11-01", 90, "SEV2")
    assert book.incident_types == ("hallucination_harm",)
    assert book.params == (
        Param("workflow", "workflow", required=True, line=10),
        Param("topic", "text", line=11),
    )


def test_phases_and_steps_are_the_headings_of_the_second_and_third_level() -> None:
    book = read(GOOD)

    assert [phase.title for phase in book.phases] == ["Contain", "Tell", "Back"]
    assert [one.id for one in book.steps] == [
        *("keep-the-evidence", "stop", "look-at-the-traces"),
        *("tell-users", "restore"),
    ]
    assert [one.lane for one in book.steps] == ["ops", "ops", "ops", "comms", "ops"]


def test_a_step_knows_its_first_and_last_line() -> None:
    evidence = step("keep-the-evidence")

    assert evidence.line == line_of("### Keep the evidence")
    assert evidence.end == line_of("**Expect:** the exact words")


def test_several_labels_may_share_a_line() -> None:
    evidence = step("keep-the-evidence")

    assert (evidence.who, evidence.time_s) == ("responder", 120)
    assert plain(evidence.expect) == "the exact words are kept."
    assert plain(step("tell-users").skip_when) == "nobody outside read it."


def test_labels_may_follow_each_other_without_an_empty_line() -> None:
    text = edited(("**Who:** comms · **Time:** 15m\n\n", "**Who:** comms\n**Time:** 1h30m\n"))

    tell = step("tell-users", text)

    assert (tell.who, tell.time_s, tell.expect[0].text[:9]) == ("comms", 5400, "the banne")


def test_an_action_has_its_arguments_as_written_and_their_lines() -> None:
    kill = step("stop").actions[0]

    assert kill.verb == "kill"
    assert kill.arguments["reason"] == "wrong words, incident {{ incident.id }}"
    assert kill.line == line_of("```yaml kill")
    assert kill.lines == {"workflow": kill.line + 1, "mode": kill.line + 2, "reason": kill.line + 3}


def test_a_decision_leads_to_steps_by_their_headings_anchors() -> None:
    decide = step("stop").decide

    assert decide is not None
    assert plain(decide.question) == "Do wrong words still reach users?"
    assert [(one.label, one.step) for one in decide.options] == [
        ("Yes", "look-at-the-traces"),
        ("No", "restore"),
    ]
    assert decide.options[0].line == line_of("- Yes:")


def test_an_answer_may_lead_to_another_runbook() -> None:
    text = edited(("(#look-at-the-traces)", "(provider-outage.md#shed-load)"))

    decide = step("stop", text).decide

    assert decide is not None
    assert (decide.options[0].step, decide.options[0].runbook) == ("", "provider-outage")


def test_a_step_of_the_same_name_as_its_phase_is_what_a_link_means() -> None:
    book = read(edited(("## Back", "## Restore")))

    stop = book.step("stop")

    assert stop is not None
    assert (stop.undo, stop.decide and stop.decide.options[1].step) == ("restore", "restore")


def test_a_link_to_a_phase_leads_to_its_first_step() -> None:
    decide = step("stop", edited(("- No: [Restore](#restore)", "- No: [Tell](#tell)"))).decide

    assert decide is not None
    assert decide.options[1].step == "tell-users"


def test_boxes_are_numbered_within_their_step_and_what_is_below_them_is_kept() -> None:
    nested = (
        "- [ ] Link three bad answers.\n\n  ```text\n  a\n  ```\n\n  - [x] Each with its id.\n- b\n"
    )

    evidence = step("keep-the-evidence", edited(("- [ ] Link three bad answers.\n", nested)))

    assert [(box.id, plain(box.prose)) for box in evidence.boxes] == [
        ("b1", "Link three bad answers."),
        ("b2", "Each with its id."),
        ("b3", "Note the time."),
    ]
    assert [type(one).__name__ for one in evidence.body] == ["Code", "Listing"]


def test_shell_code_is_to_be_read_and_never_an_action() -> None:
    look = step("look-at-the-traces")

    assert look.actions == ()
    assert isinstance(look.body[0], Code)
    assert look.body[0].language == "bash"


@pytest.mark.parametrize("info", ["yaml", "yml", "json", "text", "sh", "bash kill"])
def test_other_fences_are_code_to_be_read(info: str) -> None:
    look = step("look-at-the-traces", edited(("```bash", f"```{info}")))

    assert (look.actions, type(look.body[0])) == ((), Code)


def test_words_that_yaml_takes_for_more_stay_words() -> None:
    text = edited(("mode: canned", "mode: canned\ntenant: off\ntool: 12:30"))

    arguments = step("stop", text).actions[0].arguments

    assert (arguments["tenant"], arguments["tool"]) == ("off", "12:30")


def test_line_ends_and_the_byte_order_mark_change_neither_digest_nor_lines() -> None:
    windows = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()

    plainly, found = read(GOOD), read(windows)

    assert found.digest == plainly.digest == hashlib.sha256(GOOD.encode()).hexdigest()
    assert (found.source, found.steps) == (plainly.source, plainly.steps)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (b"a\nb\xff", "is not UTF-8", 2),
        ("a\nb\x00", "control character U+0000", 2),
        ("a\n\ud800", "half of a character", 2),
        ("a\n" * 9000, "more than 8000 lines", 1),
        (b"x" * 262_145, "larger than 256 KiB", 1),
        (">" * 100 + " a", "nested more than 16 deep", 1),
    ],
)
def test_a_text_beyond_the_limits_is_refused_with_one_finding(
    text: str | bytes, message: str, line: int
) -> None:
    parsed = parse(text, name=NAME, file="x.md")

    assert parsed.draft is None
    assert [(message in one.message, one.line) for one in parsed.findings] == [(True, line)]


def test_more_steps_or_answers_than_anybody_walks_are_refused() -> None:
    steps = "".join(f"### S{n}\n\n**Expect:** x\n\n" for n in range(MAX_STEPS - 4))
    answers = "- Yes: [a](#restore)\n" * (MAX_OPTIONS - 1)

    many = parse(edited(("## Tell\n", f"## Tell\n\n{steps}")), name=NAME, file="x.md")
    long = parse(edited(("- Yes:", f"{answers}- Yes:")), name=NAME, file="x.md")

    assert [one.message for one in many.findings] == ["has more than 60 steps"]
    assert [one.message for one in long.findings] == ["has more than 200 answers to decisions"]


def test_a_leading_rule_is_named_with_its_line_and_swallows_nothing() -> None:
    parsed = parse("---\n# Title\n\nwords\n\n---\n\n## P\n\n### S\n", name=NAME, file="x.md")

    assert parsed.draft is not None
    assert [one.id for one in parsed.draft.steps] == ["s"]
    assert any(one.rule == "E02" and "a rule" in one.fix for one in parsed.findings)


def test_a_runbook_with_an_error_is_none_but_its_draft_is_kept_for_the_rules() -> None:
    parsed = parse(edited((LOOK, LOOK * 2)), name=NAME, file="x.md")

    assert parsed.runbook is None
    assert parsed.draft is not None
    assert len(parsed.draft.steps) == 5


def test_markup_of_a_title_is_left_out_and_an_id_may_stand_in_the_heading() -> None:
    text = edited(("### Tell users", "### **Tell** `users` <!-- id: tell -->"))

    assert step("tell", text).title == "Tell users"


def test_what_stands_between_the_labels_is_the_body_in_its_order() -> None:
    body = "First.\n\n1. one\n2. two\n\n> quoted\n\n| a | b |\n|---|---|\n| c |\n\n***\n\n"

    found = step("look-at-the-traces", edited((LOOK, body + LOOK))).body

    assert [type(one).__name__ for one in found] == [
        *("Code", "Paragraph", "Listing", "Quote", "Table", "Rule"),
    ]
    assert isinstance(found[1], Paragraph)
    assert found[1].line == line_of("First.", edited((LOOK, body + LOOK)))
