"""Words about routes into requests: shares, references, parameters and revisions are never guessed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.requests import RollbackRequest, RouteEdit, StageRequest
from opsbot.domain.errors import NeedsMoreWords, Refused
from opsbot.domain.route import Number, Target
from opsbot.slack.grammar import help_said, verb
from opsbot.slack.typed.route import (
    RouteDiff,
    RouteLook,
    RouteWords,
    parse_rollback,
    parse_route,
)

W = "support-copilot"
GPT, MINI = Target("openai", "gpt-5.2"), Target("openai", "gpt-5-mini")
SHARED = (Target("openai", "gpt-5.2", 70), Target("anthropic", "claude-sonnet-5", 30))


def edit(**changes: object) -> RouteEdit:
    """Return an edit of the copilot's route."""
    return RouteEdit(W, **changes)  # type: ignore[arg-type]  # its own fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", RouteLook(W)),
        ("show", RouteLook(W)),
        ("Show.", RouteLook(W)),
        ("history", RouteLook(W, "history")),
        ("set", RouteLook(W, "set")),
        ("set \u2014", RouteLook(W, "set")),
        ("diff r3 r5", RouteDiff(W, Number(3), Number(5))),
        ("diff R03, `r5`", RouteDiff(W, Number(3), Number(5))),
        ("diff 3 5", RouteDiff(W, Number(3), Number(5))),
        ("stage", StageRequest(W, "begin")),
        ("stage r4", StageRequest(W, "begin", Number(4))),
        ("stage r4 half the price", StageRequest(W, "begin", Number(4), "half the price")),
        ("stage r4 reason: no errors", StageRequest(W, "begin", Number(4), "no errors")),
        ("stage r4 stopped the loop", StageRequest(W, "begin", Number(4), "stopped the loop")),
        ("stage reason: cheaper", StageRequest(W, "begin", reason="cheaper")),
        ("stage hold wrong tone", StageRequest(W, "hold", reason="wrong tone")),
        ("stage hold r4 wrong tone", StageRequest(W, "hold", Number(4), "wrong tone")),
        ("stage go-on", StageRequest(W, "go_on")),
        ("stage go\u2011on fine again", StageRequest(W, "go_on", reason="fine again")),
        ("stage go on fine", StageRequest(W, "go_on", reason="fine")),
        ("stage GO_ON", StageRequest(W, "go_on")),
        ("stage cancel", StageRequest(W, "cancel")),
    ],
)
def test_words_on_a_route_that_are_understood(text: str, expected: RouteWords) -> None:
    assert parse_route(f"{W} {text}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model:openai/gpt-5-mini", edit(targets=(MINI,))),
        ("Model:OpenAI/gpt-5-mini", edit(targets=(MINI,))),
        ("model\uff1aopenai/gpt\u20115\u2011mini", edit(targets=(MINI,))),
        ("\u2014model openai/gpt-5-mini", edit(targets=(MINI,))),
        ("--model=openai/gpt-5-mini", edit(targets=(MINI,))),
        ("model:\u201copenai/gpt-5-mini\u201d", edit(targets=(MINI,))),
        ("model:openai/gpt-5.2=70,anthropic/claude-sonnet-5=30", edit(targets=SHARED)),
        ("model:openai/gpt-5.2=70%, anthropic/claude-sonnet-5=30%", edit(targets=SHARED)),
        (
            "model:a/b,c/d strategy:cheapest_passing_eval",
            edit(targets=(Target("a", "b"), Target("c", "d")), strategy="cheapest_passing_eval"),
        ),
        ("model:bedrock/x.y/z-1", edit(targets=(Target("bedrock", "x.y/z-1"),))),
        ("fallback:a/b,c/d", edit(fallbacks=(Target("a", "b"), Target("c", "d")))),
        ("fallback:none", edit(fallbacks=())),
        ("fallback:None no way back", edit(fallbacks=(), note="no way back")),
        ("prompt:support-copilot@42", edit(prompt="support-copilot@42")),
        ("prompt:none tools:none", edit(prompt="", tools="")),
        ("tools:support-tools@7", edit(tools="support-tools@7")),
        ("strategy:Weighted", edit(strategy="weighted")),
        ("from:r3", edit(base=Number(3))),
        ("from:r3 what worked", edit(base=Number(3), note="what worked")),
        ("param:temperature=0.1", edit(params={"temperature": 0.1})),
        ("param:n=3 param:n=3", edit(params={"n": 3})),
        ("param:stream=TRUE param:x=false", edit(params={"stream": True, "x": False})),
        ("param:t=\u22120.5", edit(params={"t": -0.5})),
        ("param:t=1e3", edit(params={"t": 1000.0})),
        ("param:style=formal", edit(params={"style": "formal"})),
        ('param:version="5"', edit(params={"version": "5"})),
        ("param:version=\u201c5\u201d", edit(params={"version": "5"})),
        ("param:version=007", edit(params={"version": "007"})),
        ("param:temperature=", edit(params={"temperature": None})),
        ("param:a=b=c", edit(params={"a": "b=c"})),
        ("prompt:p@1 note: model:x is better", edit(prompt="p@1", note="model:x is better")),
        ("prompt:p@1 \u2014 shorter answers", edit(prompt="p@1", note="shorter answers")),
        ("prompt:p@1 \u201cshorter, better\u201d", edit(prompt="p@1", note="shorter, better")),
        ("prompt:p@1 see https://x.y/z", edit(prompt="p@1", note="see https://x.y/z")),
        ("prompt:p@1 12:30 deploy", edit(prompt="p@1", note="12:30 deploy")),
        ("prompt:<https://p.x|p.x> &lt;b&gt;", edit(prompt="p.x", note="<b>")),
    ],
)
def test_what_can_be_set(text: str, expected: RouteEdit) -> None:
    assert parse_route(f"{W} set {text}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", RollbackRequest(W)),
        ("wrong answers", RollbackRequest(W, reason="wrong answers")),
        ("to r3", RollbackRequest(W, Number(3))),
        ("TO R3 wrong", RollbackRequest(W, Number(3), reason="wrong")),
        ("to:r3 wrong", RollbackRequest(W, Number(3), reason="wrong")),
        ("--to r3 wrong", RollbackRequest(W, Number(3), reason="wrong")),
        ("--to=r3", RollbackRequest(W, Number(3))),
        ("to r3 break-glass", RollbackRequest(W, Number(3), break_glass=True)),
        ("\u2014break\u2013glass to r3", RollbackRequest(W, Number(3), break_glass=True)),
        ("reason: to be safe", RollbackRequest(W, reason="to be safe")),
        ("it went down to zero", RollbackRequest(W, reason="it went down to zero")),
        ("\u201cback to r3 please\u201d", None),
        ("reason: back to r3 please", RollbackRequest(W, reason="back to r3 please")),
    ],
)
def test_words_of_a_rollback(text: str, expected: RollbackRequest | None) -> None:
    if expected is None:
        with pytest.raises(NeedsMoreWords, match="`to` stands after"):
            parse_rollback(f"{W} {text}")
    else:
        assert parse_rollback(f"{W} {text}") == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Name a workflow"),
        ("x" * 10_000, "not a workflow"),
        ("history support-copilot", "workflow comes first"),
        (f"{W} histroy", "Did you mean `history`?"),
        (f"{W} picture", "written by a terminal"),
        (f"{W} r3", "not understood"),
        (f"{W} show me", "one word too many"),
        (f"{W} diff r3", "two revisions"),
        (f"{W} diff r3 r4 r5", "one word too many"),
        (f"{W} diff r3 r-1", "is not a revision"),
        (f"{W} diff r0 r1", "is not a revision"),
        (f"{W} diff now then", "is not a revision"),
        (f"{W} stage hodl", "Did you mean `hold`?"),
        (f"{W} hold", "Did you mean `stage hold`?"),
        (f"{W} goon", "Did you mean `stage go-on`?"),
        (f"{W} cancel r4", "Did you mean `stage cancel`?"),
        (f"{W} stage r2 no", "begins like a no"),
        (f"{W} stage r2 refuse", "begins like a no"),
        (f"{W} stage r2 not yet", "begins like a no"),
        (f"{W} stage r2 wait, wrong tone", "begins like a no"),
        (f"{W} stage r2 hold", "begins like a no"),
        (f"{W} stage r2 hodl", "Did you mean `hold`?"),
        (f"{W} stage r2 go-no", "Did you mean `go-on`?"),
        (f"{W} stage go-on wait", "begins like a no"),
        (f"{W} stage no", "not understood"),
        (f"{W} stage r0", "is not a revision"),
        (f"{W} stage r-1", "is not a revision"),
        (f"{W} stage -1", "is not a revision"),
        (f"{W} stage r4x", "is not a revision"),
        (f"{W} stage r{'9' * 5_000}", "is not a revision"),
        (f"{W} stage because it is cheaper", "not understood"),
        (f"{W} set half the price", "Say what changes"),
        (f"{W} set model openai/gpt-5-mini", "Did you mean `model:`?"),
        (f"{W} set prompt:p@1 model openai/gpt-5-mini", "Did you mean `model:`?"),
        (f"{W} set modle:openai/gpt-5-mini", "Did you mean `model:`?"),
        (f"{W} set temperature:0.1", "`param:name=value`"),
        (f"{W} set temperature=0.3", "Did you mean `param:temperature=0.3`?"),
        (f"{W} set tempreature=0.3", "Did you mean `param:temperature=0.3`?"),
        (f"{W} set --temperature 0.3", "Did you mean `param:temperature=\u2026`?"),
        (f"{W} set model:gpt-5-mini", "is not `provider/model`"),
        (f"{W} set model:/gpt", "is not `provider/model`"),
        (f"{W} set model:openai/", "is not `provider/model`"),
        (f"{W} set model:{'a' * 200}/b", "is not `provider/model`"),
        (f"{W} set model:{'a/b,' * 1_000}", "at most"),
        (f"{W} set model:a/b=seventy,c/d=30", "is not a share"),
        (f"{W} set model:a/b=101", "is not a share"),
        (f"{W} set model:a/b=-1", "is not a share"),
        (f"{W} set model:a/b=33.3,c/d=66.7", "is not a share"),
        (f"{W} set model:a/b=\u0667\u0660,c/d=30", "is not a share"),
        (f"{W} set model:a/b=70,c/d", "Some models have a share"),
        (f"{W} set model:a/b model:c/d", "there twice"),
        (f"{W} set fallback:a/b=70", "has no share"),
        (f"{W} set model:", "needs a value"),
        (f"{W} set prompt: tools:t@1", "needs a value"),
        (f"{W} set prompt: x", "`prompt:` needs a value right behind it"),
        (f"{W} set model: openai/gpt-5-mini", "`model:` needs a value right behind it"),
        (f"{W} set param: x=1", "`param:` needs a value right behind it"),
        (f'{W} set prompt:"" x', "`prompt:` needs a value right behind it"),
        (f"{W} set --prompt --model a/b", "`prompt:` needs a value right behind it"),
        (f"{W} set prompt:{'x' * 101}", "at most"),
        (f"{W} set strategy:wieghted", "Did you mean `strategy:weighted`?"),
        (f"{W} set strategy:\u202edetgiew", "There is no strategy"),
        (f"{W} set from:r0", "is not a revision"),
        (f"{W} set param:temperature", "is not `name=value`"),
        (f"{W} set param:=3", "is not `name=value`"),
        (f"{W} set param:a\u0430b=3", "is not `name=value`"),
        (f"{W} set param:x=1 param:x=2", "there twice"),
        (f"{W} set param:x=1 param:x=true", "there twice"),
        (f"{W} set param:x=null", "cannot be null"),
        (f"{W} set param:x={'9' * 16}", "more digits"),
        (f"{W} set param:x={'y' * 400}", "at most"),
        (f"{W} set prompt:p@1 cheaper model:a/b", "after the note has begun"),
        (f"{W} set prompt:p@1 cheaper --model a/b", "after the note has begun"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_the_nearest(text: str, word: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_route(text)

    said = f"{refused.value.message} {refused.value.hint}"
    assert word in said
    assert len(said) < 900


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Name a workflow"),
        (f"{W} r3 wrong", "Did you mean `to r3`?"),
        (f"{W} to", "is not a revision"),
        (f"{W} to avoid harm", "`to` begins the reason"),
        (f"{W} to r0", "is not a revision"),
        (f"{W} to r-1", "is not a revision"),
        (f"{W} to r3 to r4", "`to` is there twice"),
        (f"{W} wrong answers, to r3", "after the reason has begun"),
        (f"{W} wrong to:r3", "after the reason has begun"),
        (f"{W} mode:stop wrong", "is not an option"),
        (f"{W} --force", "is not an option"),
    ],
)
def test_a_rollback_never_goes_where_it_was_not_sent(text: str, word: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_rollback(text)

    assert word in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "words",
    ["wait", "no", "not yet", "no, not yet", "later", "hold", "hodl", "cancel", "never mind",
     "don\u2019t", "stop", "denied", "break-glass wait", "to r3 wait for Ines", "\u2014 wait"],
)  # fmt: skip
def test_a_rollback_of_which_somebody_says_not_yet_is_asked_back(words: str) -> None:
    with pytest.raises(NeedsMoreWords) as asked:
        parse_rollback(f"{W} {words}", command="/ai-stg-rollback")

    said = f"{asked.value.message} {asked.value.hint}"
    assert "Nothing was changed" in said
    assert f"`/ai-stg-route {W}`" in said
    assert "write `reason:` first" in said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("reason: no groundedness since r5", "no groundedness since r5"),
        ('"wait times are wrong"', "wait times are wrong"),
        ("stopped answering in German", "stopped answering in German"),
        ("nobody can order", "nobody can order"),
        ("to r3 wrong answers, do not wait", "wrong answers, do not wait"),
    ],
)
def test_a_reason_of_a_rollback_may_speak_of_no(words: str, reason: str) -> None:
    assert parse_rollback(f"{W} {words}").reason == reason


def test_every_example_of_the_help_is_understood() -> None:
    for row, parse in (("route", parse_route), ("rollback", parse_rollback)):
        for example in verb(row).examples:
            parse(example)
        assert f"`/x {verb(row).examples[-1]}`" in help_said(verb(row), command="/x").lines


@given(st.text(max_size=300))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for words in (text, f"{W} {text}", f"{W} set {text}", f"{W} stage {text}"):
        for parse in (parse_route, parse_rollback):
            with contextlib.suppress(Refused):
                parse(words)
