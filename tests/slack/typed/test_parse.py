"""Words into requests: nothing is guessed, everything typed on a phone is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.requests import ApproveRequest, HoldRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import NeedsMoreWords, Refused, UnknownMode
from opsbot.domain.typed import command
from opsbot.slack.grammar import KILL_MODES, VERBS, help_said, verb
from opsbot.slack.typed.audit import parse_audit
from opsbot.slack.typed.parse import (
    kill_words,
    parse_approve,
    parse_hold,
    parse_kill,
    parse_one,
    parse_restore,
    wants_help,
)
from opsbot.slack.typed.tokens import shortened

COPILOT = Target("workflow", "support-copilot")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("support-copilot", KillRequest(COPILOT)),
        ("SUPPORT-Copilot", KillRequest(COPILOT)),
        ("`support-copilot`, wrong", KillRequest(COPILOT, reason="wrong")),
        ("support-copilot: wrong", KillRequest(COPILOT, reason="wrong")),
        ("support\u2011copilot wrong", KillRequest(COPILOT, reason="wrong")),
        (
            "support-copilot\u00a0wrong\u00a0answers",
            KillRequest(COPILOT, reason="wrong\u00a0answers"),
        ),
        ("support-copilot mode:stop", KillRequest(COPILOT, mode="stop")),
        ("support-copilot MODE:No-Tools", KillRequest(COPILOT, mode="no_tools")),
        ("support-copilot mode\uff1astop x", KillRequest(COPILOT, mode="stop", reason="x")),
        ("support-copilot --mode stop x", KillRequest(COPILOT, mode="stop", reason="x")),
        ("support-copilot --mode=stop x", KillRequest(COPILOT, mode="stop", reason="x")),
        ("mode:stop support-copilot x", KillRequest(COPILOT, mode="stop", reason="x")),
        (
            "support-copilot tenant:Acme tool:refund",
            KillRequest(COPILOT, tenant="Acme", tool="refund"),
        ),
        ("support-copilot for:2h", KillRequest(COPILOT, review_in_s=7_200)),
        ("support-copilot for:90m", KillRequest(COPILOT, review_in_s=5_400)),
        ("support-copilot for:1d", KillRequest(COPILOT, review_in_s=86_400)),
        ("support-copilot break-glass x", KillRequest(COPILOT, break_glass=True, reason="x")),
        ("support-copilot --break-glass x", KillRequest(COPILOT, break_glass=True, reason="x")),
        ("support-copilot \u2014break-glass x", KillRequest(COPILOT, break_glass=True, reason="x")),
        (
            "support-copilot \u2013break\u2013glass x",
            KillRequest(COPILOT, break_glass=True, reason="x"),
        ),
        ("support-copilot \u201cwrong answers\u201d", KillRequest(COPILOT, reason="wrong answers")),
        ("support-copilot \u2014 wrong", KillRequest(COPILOT, reason="wrong")),
        ("support-copilot note: see INC", KillRequest(COPILOT, reason="note: see INC")),
        ("support-copilot https://x.y/z broke", KillRequest(COPILOT, reason="https://x.y/z broke")),
        ("support-copilot 12:30 broke", KillRequest(COPILOT, reason="12:30 broke")),
        ("support-copilot reason: mode:x odd", KillRequest(COPILOT, reason="mode:x odd")),
        ("all", KillRequest(Target("all"))),
        ("provider:OpenAI", KillRequest(Target("provider", "openai"))),
        ("model:openai/gpt-5.2 x", KillRequest(Target("model", "openai/gpt-5.2"), reason="x")),
        ("model:Llama-4", KillRequest(Target("model", "Llama-4"))),
        ("k-012", KillRequest(Target("kill", "K-12"))),
        ("support-copilot <@U1|olga> saw it", KillRequest(COPILOT, reason="@olga saw it")),
        ("support-copilot <https://a.b/|a.b>", KillRequest(COPILOT, reason="a.b")),
        ("support-copilot &lt;b&gt; &amp;", KillRequest(COPILOT, reason="<b> &")),
    ],
)
def test_words_that_are_understood(text: str, expected: KillRequest) -> None:
    assert parse_kill(text) == expected


def test_a_reason_that_begins_with_a_mode_is_a_reason() -> None:
    request = parse_kill("support-copilot stop giving refunds")

    assert request.mode is None
    assert request.reason == "stop giving refunds"
    assert request.said_mode == "stop"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("", "/ai-kill support-copilot"),
        ("support-copilot mod:stop", "`mode:`"),
        ("support-copilot tenat:acme x", "`tenant:`"),
        ("support-copilot --brake-glass x", "`break-glass`"),
        ("support-copilot --force", "Options"),
        ("provder:openai", "`provider:`"),
        ("provider:", "For example"),
        ("support-copilot mode:stop mode:human", "Say it once"),
        ("support-copilot tenant:", "For example"),
        ("support-copilot tenant: x", "`tenant:T`, without a space"),
        ("support-copilot --tenant= x", "`tenant:T`, without a space"),
        ("support-copilot --tenant --mode stop", "`tenant:T`, without a space"),
        ("mode: support-copilot", "`mode:stop`, without a space"),
        ('support-copilot tool:"" x', "`tool:N`, without a space"),
        ("support-copilot for:soon", "`for:90m`"),
        ("support-copilot for:0h", "`for:90m`"),
        ("support-copilot for:99d", "`for:90m`"),
        ("support-copilot wrong answers tenant:acme", "before the reason"),
        ("support-copilot wrong answers --tenant acme", "before the reason"),
        ("x" * 5_000, "For example"),
    ],
)
def test_words_that_are_refused_with_the_next_step(text: str, offered: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_kill(text)

    assert offered in refused.value.hint
    assert "nothing was changed" in refused.value.message


@pytest.mark.parametrize("mode", ["stp", "live", "readonly", "off"])
def test_an_unknown_mode_is_refused(mode: str) -> None:
    with pytest.raises(UnknownMode) as refused:
        parse_kill(f"support-copilot mode:{mode}")

    assert "fallback, read_only" in refused.value.hint


def test_a_near_mode_is_offered() -> None:
    with pytest.raises(UnknownMode) as refused:
        parse_kill("support-copilot mode:stp")

    assert "Did you mean `mode:stop`?" in refused.value.hint


def test_a_reason_that_is_too_long_says_that_it_was_cut() -> None:
    reason = parse_kill("support-copilot " + "y" * 10_000).reason

    assert len(reason) == 2_000
    assert reason.endswith("[cut, 10000 characters were typed]")


@given(st.text(max_size=400))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    for read in (parse_kill, parse_restore, parse_approve, parse_audit):
        try:
            read(text)
        except Refused:
            continue


names = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True).filter(
    lambda name: name not in ("all", "break-glass", "breakglass") and not name.startswith("k-")
)
values = st.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True)
reasons = st.from_regex(r"[a-z]{1,8}( [a-z0-9:]{1,8}){0,5}", fullmatch=True)


@given(
    st.builds(
        KillRequest,
        target=st.one_of(
            st.builds(Target, st.just("workflow"), names),
            st.just(Target("all")),
            st.builds(Target, st.just("model"), values),
        ),
        mode=st.none() | st.sampled_from(KILL_MODES),
        tenant=st.none() | values,
        tool=st.none() | values,
        review_in_s=st.none() | st.integers(1, 40_000).map(lambda minutes: minutes * 60),
        break_glass=st.booleans(),
        reason=reasons,
    )
)
def test_what_is_written_is_read_back(request: KillRequest) -> None:
    read = parse_kill(kill_words(request))

    for field in ("target", "mode", "tenant", "tool", "review_in_s", "break_glass", "reason"):
        assert getattr(read, field) == getattr(request, field)


def test_a_restore_names_a_workflow_or_a_kill() -> None:
    assert parse_restore("Support-Copilot fixed it") == RestoreRequest(COPILOT, "fixed it")
    assert parse_restore("k\u201312") == RestoreRequest(Target("kill", "K-12"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("k\u20131 Hold", HoldRequest("K-1", True)),
        ("K-1 hold, wrong tone", HoldRequest("K-1", True, "wrong tone")),
        ("K-1 go-on", HoldRequest("K-1", False)),
        ("K-1 go_on looked at it", HoldRequest("K-1", False, "looked at it")),
        ("K-1 go on", HoldRequest("K-1", False)),
        ("K-1 Go on, looked at it", HoldRequest("K-1", False, "looked at it")),
        ("K-1 goon reason: no errors", HoldRequest("K-1", False, "no errors")),
        ("K-1 going on again", None),
        ("K-1 holding no more", None),
        ('K-1 "hold the line" is over', None),
        ("K-1", None),
        ("support-copilot hold the line", None),
        ("", None),
    ],
)
def test_a_restore_in_steps_is_held_by_its_kills_id(text: str, read: HoldRequest | None) -> None:
    assert parse_hold(text) == read


@pytest.mark.parametrize(
    "words",
    [
        "no",
        "no, wrong tone",
        "- no",
        "refuse",
        "refused",
        "cancel",
        "don\u2019t",
        "not yet",
        "stop",
        "hold",
        "hold the line",
        "hang on",
        "Wait, still broken",
        "later",
        "hodl",
        "cancle",
    ],
)
def test_words_that_say_no_restore_nothing(words: str) -> None:
    for target in ("coding-agent", "K-8"):
        with pytest.raises(NeedsMoreWords, match="Nothing was changed") as asked:
            parse_hold(f"{target} - {words}") or parse_restore(f"{target} - {words}")

        assert "write `reason:` first" in asked.value.hint


@pytest.mark.parametrize("words", ["ho-ld", "go-no", "hodl", "canel", "no"])
def test_a_slip_of_hold_or_go_on_restores_nothing(words: str) -> None:
    with pytest.raises(NeedsMoreWords):
        parse_restore(f"K-8 {words}")


@pytest.mark.parametrize("words", ["wait", "no, not yet"])
def test_words_that_say_no_let_nothing_go_on(words: str) -> None:
    with pytest.raises(NeedsMoreWords, match="begins like a no"):
        parse_hold(f"K-8 go-on {words}")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("stopped the loop", "stopped the loop"),
        ("cancelled the batch job", "cancelled the batch job"),
        ("holding steady at r4", "holding steady at r4"),
        ("going well", "going well"),
        ("now it holds", "now it holds"),
        ("normal again", "normal again"),
        ("reason: no errors since r4", "no errors since r4"),
        ('"hold the line" was the bug', '"hold the line" was the bug'),
        ("", ""),
    ],
)
def test_a_reason_to_restore_may_look_like_a_no(words: str, reason: str) -> None:
    assert parse_restore(f"coding-agent {words}").reason == reason
    assert parse_restore(f"K-8 {words}").reason == reason


@pytest.mark.parametrize("text", ["", "all", "provider:openai"])
def test_a_wide_restore_asks_for_the_kills_id(text: str) -> None:
    with pytest.raises(NeedsMoreWords):
        parse_restore(text)


def test_an_approval_is_granted_or_refused() -> None:
    assert parse_approve("a-1") == ApproveRequest("A-1")
    assert parse_approve("A-1 refuse too early") == ApproveRequest("A-1", False, "too early")
    with pytest.raises(NeedsMoreWords):
        parse_approve("K-1")


@pytest.mark.parametrize("text", ["refuse, too early", "--refuse too early", "REFUSE too early"])
def test_an_approval_is_refused_however_that_is_typed(text: str) -> None:
    assert parse_approve(f"A-1 {text}") == ApproveRequest("A-1", False, "too early")


@pytest.mark.parametrize(
    "text",
    [
        "no thanks",
        "No, not today",
        "no/never",
        "\u201cno thanks\u201d",
        "deny",
        "denied: too early",
        "reject",
        "rejected!",
        "refused",
        "decline",
        "never",
        "don\u2019t",
        "dont",
        "do not",
        "stop",
        "cancel",
        "not yet",
        "wait, hold off",
        "hold",
        "hodl",
        "later",
        "pause",
        "- no",
        "--no",
        "too early --refuse",
    ],
)
def test_words_that_say_no_approve_nothing(text: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_approve(f"A-4 {text}")

    assert refused.value.message == "Did you mean `refuse`? Nothing was changed."
    assert "`opsbot approve A-4 refuse`" in refused.value.hint


@pytest.mark.parametrize("text", ["-n", "--reason no", "\u2014force"])
def test_an_option_that_does_not_exist_approves_nothing(text: str) -> None:
    with pytest.raises(NeedsMoreWords, match="is not an option; nothing was changed"):
        parse_approve(f"A-4 {text}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("now it holds", "now it holds"),
        ("normal again", "normal again"),
        ("reason: no errors since r4", "no errors since r4"),
    ],
)
def test_a_reason_to_approve_may_look_like_a_no(text: str, reason: str) -> None:
    assert parse_approve(f"A-4 {text}") == ApproveRequest("A-4", reason=reason)


def test_a_look_takes_one_workflow_at_most() -> None:
    assert parse_one("", name="status", command="/ai-status") is None
    assert parse_one("Coding-Agent", name="status", command="/ai-status") == "coding-agent"
    with pytest.raises(NeedsMoreWords):
        parse_one("a b", name="status", command="/ai-status")


def test_the_tables_own_examples_are_understood() -> None:
    for example in verb("kill").examples:
        parse_kill(example)
    for example in verb("restore").examples:
        if parse_hold(example) is None:
            parse_restore(example)


def test_every_verb_is_there_once_and_helps() -> None:
    assert len({row.name for row in VERBS}) == len(VERBS)
    for row in VERBS:
        assert row.name in help_said(row, command=f"opsbot {row.name}").title
    assert wants_help(" Help ")
    with pytest.raises(KeyError):
        verb("no-such")


def test_what_is_typed_is_never_spelled_as_a_command() -> None:
    forged = command("kill all")

    assert parse_kill(f"support-copilot {forged} n").reason == "`kill all` n"
    assert parse_restore(f"K-1 fixed {forged}").reason == "fixed `kill all`"
    assert shortened(forged) == "`kill all`"
