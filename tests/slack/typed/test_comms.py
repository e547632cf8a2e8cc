"""Words about messages to people: read as they are meant, refused where they may mean two things."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.comms.requests import (
    CommsLook,
    CommsWords,
    DropMessage,
    EditMessage,
    HoldEvidence,
    HoldUsers,
    NewMessage,
    PublishMessage,
    RetryTarget,
    RunClock,
    SetCanned,
    SnoozeUpdate,
    StateFact,
)
from opsbot.app.incident.requests import Which
from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.comms import ACTS, HARMLESS, Bare, bare, parse_comms

NOW_MS = 1_795_230_847_000
HERE, SEVEN = Which("", "C1"), Which("INC-7", "C1")
IDENTIFIED = "users-wrong-answers-identified"

READ: tuple[tuple[str, CommsWords], ...] = (
    ("now", HoldUsers(HERE)),
    ("INC-7 now", HoldUsers(SEVEN)),
    ("now inc-7", HoldUsers(SEVEN)),
    (
        "now users-feature-off-investigating INC-7",
        HoldUsers(SEVEN, "users-feature-off-investigating"),
    ),
    (f"new {IDENTIFIED}", NewMessage(IDENTIFIED, HERE)),
    (
        f"new {IDENTIFIED} INC-7 topic=refunds next:30m to:status-page,in-app",
        NewMessage(IDENTIFIED, SEVEN, {"topic": "refunds"}, ("status-page", "in-app"), next_s=1800),
    ),
    (
        f'new INC-7 {IDENTIFIED} topic="refunds over 100 EUR" count=212',
        NewMessage(IDENTIFIED, SEVEN, {"topic": "refunds over 100 EUR", "count": "212"}),
    ),
    (
        f"new {IDENTIFIED} back:it was not the cause",
        NewMessage(IDENTIFIED, HERE, back="it was not the cause"),
    ),
    ("list", CommsLook("list", HERE)),
    ("list all", CommsLook("list", HERE, every=True)),
    ("list INC-7", CommsLook("list", SEVEN)),
    ("templates", CommsLook("templates", HERE)),
    ("facts INC-7", CommsLook("facts", SEVEN)),
    ("preview msg-003", CommsLook("preview", HERE, "MSG-3")),
    ("show MSG-3", CommsLook("preview", HERE, "MSG-3")),
    ("edit MSG-3 topic=orders", EditMessage("MSG-3", {"topic": "orders"})),
    ("edit MSG-3 to:in-app", EditMessage("MSG-3", None, ("in-app",))),
    ("publish MSG-3", PublishMessage("MSG-3")),
    ("publish MSG-3 anyway", PublishMessage("MSG-3", anyway=("*",))),
    (
        "publish MSG-3 anyway:w-jargon,W-TIME",
        PublishMessage("MSG-3", anyway=("W-JARGON", "W-TIME")),
    ),
    ("drop MSG-3 it was a false alarm", DropMessage("MSG-3", "it was a false alarm")),
    ("drop MSG-3", DropMessage("MSG-3")),
    ("correct MSG-3", NewMessage("", HERE, corrects="MSG-3")),
    (
        "correct MSG-3 what=\u201cit was 212\u201d",
        NewMessage("", HERE, {"what": "it was 212"}, corrects="MSG-3"),
    ),
    ("retry MSG-3 status-page", RetryTarget("MSG-3", "status-page")),
    ("retry MSG-3 #support-leads", RetryTarget("MSG-3", "#support-leads")),
    ("fact topic refunds over 100 EUR", StateFact(HERE, "topic", "refunds over 100 EUR")),
    ("fact INC-7 topic confirmed refunds", StateFact(SEVEN, "topic", "refunds", "confirmed")),
    ("fact exposed-from: unknown", StateFact(HERE, "exposed_from", "", "unknown")),
    ("snooze users 15m legal reads it", SnoozeUpdate(HERE, "users", 900, "legal reads it")),
    ("clock gdpr", RunClock(HERE, "gdpr")),
    ("clock INC-7 gdpr from:10m", RunClock(SEVEN, "gdpr", began="10m")),
    ("clock gdpr from:03:10", RunClock(HERE, "gdpr", began="03:10")),
    ("clock gdpr from:03:10 CET INC-7", RunClock(SEVEN, "gdpr", began="03:10 CET")),
    ("clock gdpr --from 03:10", RunClock(HERE, "gdpr", began="03:10")),
    ("clock gdpr answered INC-7", RunClock(SEVEN, "gdpr", "answered")),
    ("evidence INC-7 s3://held/7", HoldEvidence(SEVEN, "s3://held/7")),
    ("text support-copilot Back soon.", SetCanned("support-copilot", {"": "Back soon."})),
    (
        "text support-copilot in:de mode:human Gleich da.",
        SetCanned("support-copilot", {"de": "Gleich da."}, "human"),
    ),
    ("text support-copilot declared", SetCanned("support-copilot", {})),
    ('text support-copilot "declared"', SetCanned("support-copilot", {"": "declared"})),
)


@pytest.mark.parametrize(("text", "meant"), READ, ids=[text for text, _ in READ])
def test_words_are_read_as_they_are_meant(text: str, meant: CommsWords) -> None:
    assert parse_comms(text, now_ms=NOW_MS, channel="C1") == meant


def test_every_act_is_shown_above() -> None:
    said = " ".join(text for text, _ in READ).split()

    assert set(ACTS) <= set(said)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Say what to do"),
        ("new", "Name the template"),
        (f"new {IDENTIFIED} refunds", "`refunds` is no `name=value`"),
        (f"new {IDENTIFIED} INC-7 INC-8", "INC-7 and INC-8 are two incidents"),
        (f"new {IDENTIFIED} next:soon", "`soon` is no time until then"),
        (f"new {IDENTIFIED} to:,", "`to:` needs a"),
        ("edit MSG-3", "Say what to change"),
        ("edit topic=x", "is no message"),
        ("publish", "Name the message"),
        ("publish MSG-3 please", "`please` is one word too many"),
        ("publish 3", "`3` is no message"),
        ("retry MSG-3", "Name the target"),
        ("snooze 15m why", "`15m` is nobody who is told"),
        ("snooze users 15m", "Say why"),
        ("snooze users later why", "`later` is no time until then"),
        ("clock", "Name the clock"),
        ("clock gdpr from:", "`from:` needs a value"),
        ("clock INC-7 gdpr from:03:10 INC-8", "INC-7 and INC-8 are two incidents"),
        ("evidence", "Say where it was put"),
        ("fact", "Name the fact"),
        ("text support-copilot", "Say what users read"),
        ("text support-copilot mode:stop Off.", "`stop` has no text of its own"),
        ("preview MSG-3 MSG-4", "one word too many"),
    ],
)
def test_what_is_not_understood_is_refused_and_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_comms(text, now_ms=NOW_MS)

    assert says in refused.value.message
    assert "nothing was changed" in refused.value.message
    assert "/ai-comms" in refused.value.hint or "As in" in refused.value.hint or refused.value.hint


def test_words_behind_a_value_say_that_it_takes_quotes() -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_comms("edit MSG-3 cause=our own change", now_ms=NOW_MS)

    assert "`own` is no `name=value`" in refused.value.message
    assert "stands in quotes" in refused.value.hint
    read = parse_comms('edit MSG-3 cause="our own change"', now_ms=NOW_MS)
    assert read == EditMessage("MSG-3", {"cause": "our own change"})


def test_a_typo_proposes_nothing_that_publishes() -> None:
    for typo in ("publsh MSG-3", "nw", "drp MSG-3", "prevew MSG-3", "lst"):
        with pytest.raises(NeedsMoreWords) as refused:
            parse_comms(typo, now_ms=NOW_MS)
        proposed = refused.value.hint.partition("Did you mean `/ai-comms ")[2].partition("`")[0]
        assert proposed in HARMLESS | {""}


def test_a_bare_beginning_opens_the_form() -> None:
    assert bare(" New ") == Bare("new")
    assert bare("new INC-007") == bare("inc-7 new") == Bare("new", "INC-7")
    assert bare("edit msg-3") == Bare("edit", "MSG-3")
    assert bare("drop MSG-03") == Bare("drop", "MSG-3")
    assert bare(f"new {IDENTIFIED}") is None
    assert bare("edit MSG-3 topic=orders") is None


@given(st.text(max_size=200), st.sampled_from(ACTS))
def test_any_words_are_read_or_refused(text: str, act: str) -> None:
    with contextlib.suppress(NeedsMoreWords):
        parse_comms(f"{act} {text}", now_ms=NOW_MS)
