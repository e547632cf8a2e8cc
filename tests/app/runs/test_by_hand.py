"""Actions as a person does them: what they would do, and what a shell or a chat is given."""

import shlex
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.runs.by_hand import by_hand, in_chat, on_terminal
from opsbot.domain.runbook import VERBS, Action, Value, Verb
from opsbot.slack.spelling import spelling
from opsbot.slack.typed import parse
from opsbot.slack.typed.incident import parse_incident

COPILOT = "support-copilot"


@pytest.mark.parametrize(
    ("verb", "arguments", "does", "typed"),
    [
        (
            "kill",
            {"workflow": COPILOT, "mode": "no_tools", "tenant": "acme", "tool": "mail", "for": "2h", "reason": "injected"},
            "Puts `support-copilot` into mode `no_tools`, tenant `acme` only, tool `mail` only.",
            ["kill support-copilot mode:no_tools tenant:acme tool:mail for:2h injected"],
        ),
        ("kill", {}, "Puts `{{ workflow }}` into its safe state.", ["kill {{ workflow }}"]),
        (
            "kill",
            {"provider": "openai", "mode": "fallback"},
            "Puts everything that uses the provider `openai` into mode `fallback`.",
            ["kill provider:openai mode:fallback"],
        ),
        (
            "kill",
            {"provider": "openai"},
            "Puts everything that uses the provider `openai` into its fallback, else its safe state.",
            ["kill provider:openai"],
        ),
        ("kill", {"tool": "mail"}, "Puts `{{ workflow }}` into mode `stop`, tool `mail` only.", ["kill {{ workflow }} tool:mail"]),
        (
            "restore",
            {"of": "stop-the-harm", "reason": "it is back"},
            "Lifts the kill that the step `stop-the-harm` made, under policy.",
            ["status", "restore K-\u2026 it is back"],
        ),
        (
            "verify",
            {"workflow": COPILOT, "expect": "confirmed", "suite": "all"},
            "Goes on only if every instance of `support-copilot` confirms what is switched now and every gate of `support-copilot` is green.",
            ["status support-copilot", "route support-copilot"],
        ),
        ("kill", {"all": "true", "mode": "stop"}, "Puts every workflow into mode `stop`.", ["kill all mode:stop"]),
        (
            "restore",
            {"workflow": COPILOT, "stages": ("5", "25", "100"), "hold": "10m", "reason": "fixed"},
            "Lifts the kills of `support-copilot` in steps of 5, 25 and 100 %, 10m at each, under policy.",
            ["restore support-copilot fixed"],
        ),
        (
            "rollback",
            {"workflow": COPILOT, "to": "r3"},
            "Serves everybody of `support-copilot` with `r3` again.",
            ["rollback support-copilot to r3"],
        ),
        (
            "rollback",
            {"workflow": COPILOT},
            "Serves everybody of `support-copilot` with its last good revision again.",
            ["rollback support-copilot"],
        ),
        ("route", {"workflow": COPILOT, "to": "r4"}, "Begins the ramp of `r4` of `support-copilot`.", ["route support-copilot stage r4"]),
        (
            "route",
            {"workflow": COPILOT, "strategy": "cheapest_passing_eval", "reason": "down"},
            "Makes a revision of `support-copilot` that serves by `cheapest_passing_eval`, and begins its ramp.",
            ["route support-copilot set strategy:cheapest_passing_eval down", "route support-copilot stage"],
        ),
        (
            "page",
            {"who": "@ines", "reason": "users are hit"},
            "Calls `@ines`: users are hit.",
            ["incident page @ines users are hit", "oncall {{ workflow }}"],
        ),
        (
            "page",
            {"workflow": COPILOT, "reason": "users are hit"},
            "Calls whoever is on call for `support-copilot`: users are hit.",
            ["incident page users are hit", "oncall support-copilot"],
        ),
        (
            "incident",
            {"severity": "sev1", "status": "contained", "update": "rolled back", "next": "20m"},
            "Makes it SEV1, moves it to contained and gives an update.",
            ["incident sev sev1", "incident contain", "incident update next:20m rolled back"],
        ),
        (
            "incident",
            {"title": "wrong answers", "workflow": COPILOT, "severity": "SEV2"},
            "Opens an incident: wrong answers, unless the run has one.",
            ["incident open support-copilot sev2 wrong answers"],
        ),
        (
            "comms",
            {"template": "users-wrong-answers", "audience": "users", "next": "30m"},
            "Prepares the words of the template `users-wrong-answers` for users; a person reads them before anybody else, unless they were approved in advance: the first word to users goes out at once. It promises the next word in 30m.",
            ["comms new users-wrong-answers next:30m"],
        ),
        (
            "approve",
            {"what": "restore early", "who": "commander", "ttl": "10m"},
            "Asks somebody with the role commander for a yes within 10m: restore early. By hand: write down who said yes, and when.",
            [],
        ),
        ("wait", {"for": "10m"}, "Waits for 10m.", []),
        ("wait", {"until": "09:00"}, "Waits until 09:00 UTC.", []),
        (
            "verify",
            {"workflow": COPILOT, "expect": "live", "suite": "grounded", "min": "0.95", "probe": "httpx", "for": "5m"},
            "Goes on only if every instance of `support-copilot` confirms `live`, the suite `grounded` is at 0.95 or better and a probe through `httpx` sees it, and stays so for 5m.",
            ["status support-copilot", "eval show support-copilot"],
        ),
        (
            "capture",
            {"workflow": COPILOT, "what": ("route", "signals", "evals", "journal", "traces", "cost")},
            "Keeps pointers to route, signals, evals, journal, traces and cost of `support-copilot`. By hand: copy the links of traces and cost.",
            ["route support-copilot", "eval show support-copilot", "audit tail 50"],
        ),
    ],
)  # fmt: skip
def test_an_action_says_what_it_does_and_what_to_type(
    verb: Verb, arguments: Mapping[str, Value], does: str, typed: list[str]
) -> None:
    found = by_hand(Action(verb, arguments))

    assert found.does == does
    assert [" ".join(one) for one in found.commands] == typed


def test_a_chat_types_slash_commands_and_knows_what_only_a_terminal_has() -> None:
    chat = in_chat(spelling("ai"))

    assert chat(("kill", COPILOT, "wrong answers")) == "/ai-kill support-copilot wrong answers"
    assert chat(("eval", "show", COPILOT)) == "opsbot eval show support-copilot"


def test_what_a_shell_would_act_on_is_quoted() -> None:
    hostile = "x; rm -rf ~ $(id) `id` > f"

    typed = on_terminal(("kill", hostile, "don't"))

    assert shlex.split(typed) == ["opsbot", "kill", hostile, "don't"]
    assert on_terminal(("kill", "{{ workflow }}", "wrong answers")) == (
        "opsbot kill {{ workflow }} wrong answers"
    )


@given(st.text(max_size=40))
def test_a_shell_sees_only_words_whatever_is_filled_in(value: str) -> None:
    found = by_hand(Action("kill", {"workflow": value or "x", "reason": value}))

    for words in found.commands:
        line = on_terminal(words)
        assert "\n" not in line
        assert " ".join(shlex.split(line)[2:]).split() == " ".join(words[1:]).split()


@given(st.sampled_from(VERBS), st.dictionaries(st.sampled_from(("workflow", "what", "to", "for", "stages", "reason")), st.text(max_size=9) | st.tuples(st.text(max_size=4))))  # fmt: skip
def test_no_arguments_make_it_fail(verb: Verb, arguments: Mapping[str, Value]) -> None:
    assert by_hand(Action(verb, arguments)).does


def test_the_commands_are_ones_that_the_grammar_reads() -> None:
    kill = by_hand(Action("kill", {"workflow": COPILOT, "mode": "stop", "reason": "wrong answers"}))
    moved = by_hand(Action("incident", {"status": "contained"}))

    request = parse.parse_kill(" ".join(kill.commands[0][1:]))
    words = parse_incident(" ".join(moved.commands[0][1:]), now_ms=0)

    assert (request.target.name, request.mode, request.reason) == (COPILOT, "stop", "wrong answers")
    assert getattr(words, "to", "") == "contained"
