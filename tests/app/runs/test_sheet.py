"""A runbook as plain text, and with its names filled in."""

from dataclasses import replace

from opsbot.app.runs.filled import filled
from opsbot.app.runs.sheet import catalogue, sheet
from opsbot.domain.prose import Paragraph, Span, words
from opsbot.domain.runbook import Step
from tests.support.paper import runbook


def test_a_runbook_is_told_in_plain_text() -> None:
    values = {"workflow": "support-copilot"}

    shown = sheet(filled(runbook(), values), values)

    assert shown.startswith(
        "Wrong or harmful answers\n"
        "========================\n"
        "SEV2 \u00b7 owner support-ai \u00b7 for hallucination_harm \u00b7 reviewed 2026-11-01 \u00b7 next review\n"
        "2027-01-30\n"
        "wrong-answers, version 0123456789ab\n"
        "workflow: support-copilot\n"
        "share: 5\n"
    )
    assert (
        "[ ] 2. Stop the harm  (responder, 1 min)\n"
        "    A bare kill puts support-copilot into its safe state.\n"
        "    kill: Puts support-copilot into mode canned.\n"
        "        $ opsbot kill support-copilot mode:canned 'wrong, with \"harm\"'\n"
        "    Expect: Every instance has confirmed.\n"
        "    Decide: Do wrong answers still reach users?\n"
        "      [ ] Yes: step 3, Stop completely\n"
        "      [ ] No: step 4, Find the change\n"
        "      [ ] It is the provider: the runbook provider-outage\n"
        "    Undo: step 6, Restore\n"
    ) in shown
    assert "        $ opsbot kill support-copilot mode:stop\n" in shown
    assert "    [ ] Note the `trace_id`\n" in shown
    assert "    Continue in: the runbook learn\n" in shown
    assert all(one.isprintable() for one in shown.split("\n"))


def test_what_is_typed_is_typed_as_in_a_terminal() -> None:
    typed, plain = Span("code", "/ai-incident update all is well"), words("type /ai-kill x")
    book = runbook()
    steps = tuple(
        replace(
            one,
            body=(Paragraph((typed, *plain)),),
            expect=(typed,),
            skip_when=(typed,),
            undo_words=(typed,),
            boxes=tuple(replace(box, prose=(typed,)) for box in one.boxes),
        )
        for one in book.steps
    )
    phase = replace(book.phases[0], intro=(Paragraph((typed,)),), steps=steps)

    shown = sheet(replace(book, intro=(Paragraph((typed,)),), phases=(phase,)))

    assert shown.count("`opsbot incident update all is well`") > 10
    assert "/ai-incident" not in shown
    assert "type /ai-kill x" in shown


def test_what_is_not_known_stays_as_it_was_written() -> None:
    book = runbook()

    assert filled(book, {}) == book
    assert "workflow: ________________\n" in sheet(book)
    kept = filled(book, {"share": "7"})
    assert kept.steps[0].actions[0].arguments["workflow"] == "{{ workflow }}"
    assert [one.id for one in kept.steps] == [one.id for one in book.steps]
    assert kept.source == book.source


def test_a_title_cannot_turn_a_line_around() -> None:
    step = Step("x", "kill \u202ellik \x1b[2J", 1, 2)
    book = replace(runbook(), phases=(replace(runbook().phases[0], steps=(step,)),))

    shown = sheet(book)

    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_the_list_says_how_long_each_is() -> None:
    foreign = replace(runbook(), title="Kube", imported=True, phases=(), severity=None)

    assert catalogue({"a": foreign, "wrong-answers": runbook()}) == (
        "wrong-answers  Wrong or harmful answers  (6 steps, SEV2)",
        "a              Kube  (to read, imported)",
    )
