"""Words about runs: read as they are meant, refused where they may mean two things."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.runs.requests import (
    EndRun,
    LeadRun,
    MarkStep,
    RunAction,
    RunLook,
    RunWords,
    StartRun,
    WhichRun,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.runbook import ACTS, HARMLESS, parse_runbook, starts_bare

HERE = WhichRun("", "C1")
SEVEN = WhichRun("RUN-7", "C1")

READ: tuple[tuple[str, RunWords], ...] = (
    ("start wrong-answers", StartRun("wrong-answers", channel="C1")),
    (
        "start wrong-answers inc-7 workflow=support-copilot",
        StartRun("wrong-answers", "INC-7", "C1", "live", {"workflow": "support-copilot"}),
    ),
    ("INC-7 start wrong-answers drill", StartRun("wrong-answers", "INC-7", "C1", "drill")),
    (
        'start imported/page show where="eu west" n:3',
        StartRun("imported/page", "", "C1", "show", {"where": "eu west", "n": "3"}),
    ),
    ("show", RunLook("show", HERE)),
    ("RUN-7", RunLook("show", SEVEN)),
    ("steps run-007", RunLook("steps", SEVEN)),
    ("catchup INC-7", RunLook("catchup", WhichRun("INC-7", "C1"))),
    ("list", RunLook("list", HERE)),
    ("list all", RunLook("list", HERE, every=True)),
    ("catalogue", RunLook("catalogue", HERE)),
    ("read wrong-answers", RunLook("read", HERE, runbook="wrong-answers")),
    ("done", MarkStep(HERE, "done")),
    ("RUN-7 done", MarkStep(SEVEN, "done")),
    ("done RUN-7 stop-the-harm", MarkStep(SEVEN, "done", "stop-the-harm")),
    ("done stop-the-harm RUN-7", MarkStep(SEVEN, "done", "stop-the-harm")),
    ("failed", MarkStep(HERE, "failed")),
    ("failed two pods silent", MarkStep(HERE, "failed", words="two pods silent")),
    ("skip done outside opsbot", MarkStep(HERE, "skip", words="done outside opsbot")),
    ("skip step:restore later", MarkStep(HERE, "skip", "restore", words="later")),
    (
        "block for:30m on the legal team",
        MarkStep(HERE, "block", words="the legal team", for_s=1800),
    ),
    ("block legal", MarkStep(HERE, "block", words="legal")),
    ("unblock", MarkStep(HERE, "unblock")),
    ("note the *cache* was <cold>", MarkStep(HERE, "note", words="the *cache* was <cold>")),
    (
        "evidence https://x.example/t/1 the first bad answer",
        MarkStep(HERE, "evidence", words="the first bad answer", url="https://x.example/t/1"),
    ),
    ("tick 2", MarkStep(HERE, "box", box="b2")),
    ("tick b02 restore", MarkStep(HERE, "box", "restore", box="b2")),
    ("answer 1", MarkStep(HERE, "decide", option=1)),
    ("do", RunAction(HERE)),
    ("do 2 yes", RunAction(HERE, number=2, confirmed=True)),
    ("do step:restore 2", RunAction(HERE, "restore", 2)),
    ("do 2 step:restore", RunAction(HERE, "restore", 2)),
    ("do 2 RUN-7 step:restore yes", RunAction(SEVEN, "restore", 2, confirmed=True)),
    ("read-back", RunAction(HERE, act="read_back")),
    ("undo", MarkStep(HERE, "undo")),
    ("undo action 2", RunAction(HERE, "", 2, "undo")),
    ("take", MarkStep(HERE, "take")),
    ("assign <@U0SAM|sam> restore", MarkStep(HERE, "assign", "restore", who="U0SAM")),
    ("assign @sam", MarkStep(HERE, "assign", who="sam")),
    ("accept", MarkStep(HERE, "accept")),
    ("handover <@U0SAM|sam>", LeadRun(HERE, "offer", "U0SAM")),
    ("handover RUN-7 accept", LeadRun(SEVEN, "accept")),
    ("handover decline", LeadRun(HERE, "decline")),
    ("lead", LeadRun(HERE, "take")),
    ("finish RUN-7", EndRun(SEVEN, "finish")),
    ("finish two steps are for monday", EndRun(HERE, "finish", words="two steps are for monday")),
    ("renew", EndRun(HERE, "renew")),
    ("abandon it was a test of ours", EndRun(HERE, "abandon", words="it was a test of ours")),
    (
        "switch provider-outage provider=openai they are down",
        EndRun(HERE, "switch", "provider-outage", "they are down", {"provider": "openai"}),
    ),
)


@pytest.mark.parametrize(("text", "words"), READ, ids=[text for text, _ in READ])
def test_words_are_read_as_they_are_meant(text: str, words: RunWords) -> None:
    assert parse_runbook(text, channel="C1") == words


REFUSED = (
    ("", "Say what to do"),
    ("start", "Name the runbook"),
    ("start wrong-answers please", "`please` is no `name=value`"),
    ("start wrong-answers RUN-7", "RUN-7 is a run"),
    ("start wrong-answers workflow=", "needs a value"),
    ('start wrong-answers where="eu west', "not closed"),
    ("skip", "Say why it is skipped"),
    ("block", "Say whom or what"),
    ("block for:soon legal", "`soon` is no time"),
    ("block for:30d legal", "`30d` is no time"),
    ("note", "Say what to note"),
    ("tick", "Say which box"),
    ("tick the second", "Say which box"),
    ("answer yes", "Say which answer"),
    ("do restore 2 more", "`more` is one word too many"),
    ("do step:restore step:stop", "`step:stop` is one word too many"),
    ("done and dusted", "`dusted` is one word too many"),
    ("RUN-7 done RUN-8", "RUN-7 and RUN-8 are two"),
    ("assign", "Name who should do it"),
    ("handover", "Name who takes over"),
    ("renew it", "`it` is one word too many"),
    ("abandon", "Say why it ends"),
    ("switch", "Name the runbook to go on with"),
    ("read", "Name the runbook"),
)


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_may_mean_two_things_is_refused_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_runbook(text)

    assert why in refused.value.message
    assert "nothing was changed" in refused.value.message
    assert (
        "/ai-runbook" in refused.value.hint or "As in" in refused.value.hint or refused.value.hint
    )


def test_a_word_that_is_nearly_an_act_proposes_nothing_that_changes_a_run() -> None:
    for act in ACTS:
        with pytest.raises(NeedsMoreWords) as refused:
            parse_runbook(f"{act}zq")
        guess = refused.value.hint.partition("Did you mean `/ai-runbook ")[2].partition("`")[0]
        assert guess in (*HARMLESS, "")


def test_a_word_as_near_to_an_act_that_changes_something_proposes_nothing() -> None:
    for word, guess in (("dnoe", ""), ("shwo", "Did you mean `/ai-runbook show`?")):
        with pytest.raises(NeedsMoreWords) as refused:
            parse_runbook(word)
        assert refused.value.hint.partition("Did you mean")[1] == guess[:12]


def test_a_start_without_a_name_asks_for_the_form() -> None:
    assert starts_bare(" Start ")
    assert not starts_bare("start wrong-answers")


@given(st.text(max_size=80) | st.lists(st.sampled_from([*ACTS, "RUN-7", "step:x", "for:1m", "@sam", "b1", "a=b", '"']), max_size=6).map(" ".join))  # fmt: skip
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NeedsMoreWords):
        parse_runbook(text, channel="C1")
