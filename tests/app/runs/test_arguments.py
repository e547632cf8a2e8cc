"""Arguments of a runbook's actions become values with a meaning, or say what is wrong and how to mend it."""

from collections.abc import Mapping

import pytest

from opsbot.app.requests import Target
from opsbot.app.runs.arguments import BadArguments, arguments_of, known_arguments
from opsbot.app.runs.meant import (
    ApproveArguments,
    Arguments,
    CaptureArguments,
    CommsArguments,
    IncidentArguments,
    KillArguments,
    PageArguments,
    RestoreArguments,
    RollbackArguments,
    RouteArguments,
    VerifyArguments,
    WaitArguments,
)
from opsbot.domain.route import Number
from opsbot.domain.runbook import VERBS, Value, Verb

W = "support-copilot"


@pytest.mark.parametrize(
    ("verb", "values", "meaning"),
    [
        ("kill", {}, KillArguments(Target("workflow", W))),
        ("kill", {"workflow": "x", "mode": "stop"}, KillArguments(Target("workflow", "x"), "stop")),
        ("kill", {"all": "true"}, KillArguments(Target("all"))),
        ("kill", {"provider": "openai"}, KillArguments(Target("provider", "openai"))),
        (
            "kill",
            {"tenant": "acme", "tool": "mail", "for": "2h", "reason": " a\n b "},
            KillArguments(Target("workflow", W), None, "acme", "mail", 7200, "a b"),
        ),
        ("restore", {}, RestoreArguments(W)),
        ("restore", {"of": "stop-it"}, RestoreArguments("", of="stop-it")),
        (
            "restore",
            {"stages": ("5", "25"), "hold": "10m"},
            RestoreArguments(W, (5, 25), 600),
        ),
        ("rollback", {"to": "r3"}, RollbackArguments(W, Number(3))),
        ("route", {"model": "a/b"}, RouteArguments(W, model="a/b")),
        ("route", {"strategy": "pinned"}, RouteArguments(W, strategy="pinned")),
        ("page", {"reason": "x"}, PageArguments("", W, "x")),
        ("page", {"who": "legal", "reason": "x"}, PageArguments("legal", W, "x")),
        ("incident", {"severity": "sev1"}, IncidentArguments(workflow=W, severity="SEV1")),
        (
            "incident",
            {"update": "so", "next": "20m"},
            IncidentArguments(workflow=W, update="so", next_update_s=1200),
        ),
        ("comms", {"template": "t", "audience": "users"}, CommsArguments("t", "users")),
        ("approve", {"what": "x"}, ApproveArguments("x", "approver", 1800)),
        (
            "approve",
            {"what": "x", "who": "admin", "ttl": "1h"},
            ApproveArguments("x", "admin", 3600),
        ),
        ("wait", {"for": "90s"}, WaitArguments(90)),
        ("wait", {"until": "9:00"}, WaitArguments(None, "09:00")),
        ("verify", {"expect": "live"}, VerifyArguments(W, "live")),
        (
            "verify",
            {"suite": "s", "metric": "m", "min": "95 %", "samples": "20", "max_age": "1d"},
            VerifyArguments(W, "", "s", "m", 0.95, 20, 86_400),
        ),
        ("verify", {"probe": "httpx", "for": "5m"}, VerifyArguments(W, probe="httpx", for_s=300)),
        ("capture", {"what": ("route", "fleet", "route")}, CaptureArguments(W, ("route", "fleet"))),
    ],
)
def test_arguments_mean_what_their_verb_takes(
    verb: Verb, values: Mapping[str, Value], meaning: Arguments
) -> None:
    assert arguments_of(verb, values, workflow=W) == meaning


@pytest.mark.parametrize(
    ("verb", "values", "argument", "message", "fix"),
    [
        ("kill", {"mod": "stop"}, "mod", "unknown argument `mod`", "`mode`?"),
        ("kill", {"zzz": "x"}, "zzz", "unknown argument", "Known here: workflow"),
        ("kill", {"mode": "live"}, "mode", "unknown", "One of: fallback"),
        ("kill", {"mode": "stopp"}, "mode", "unknown", "Did you mean `stop`?"),
        ("kill", {"mode": ("a",)}, "mode", "is a list or mapping", "one line"),
        ("kill", {"mode": " "}, "mode", "is empty", "leave it out"),
        ("kill", {"tenant": "a b"}, "tenant", "not a single word", "without blanks"),
        ("kill", {"reason": "x" * 501}, "reason", "longer than 500", "Shorten"),
        ("kill", {"for": "100d"}, "for", "no duration", "`10m`"),
        ("kill", {"provider": "a", "model": "b"}, "model", "both named", "Keep one"),
        ("kill", {"all": "false"}, "all", "said and denied", "Leave it out"),
        ("kill", {"all": "yes"}, "all", "unknown", "true, false"),
        ("kill", {"reason": "{{ x }}"}, "reason", "has no value", "Begin the run"),
        ("kill", {"reason": "{{ x.__y__ }}"}, "reason", "has no value", "Begin the run"),
        ("restore", {"stages": ("25", "5"), "hold": "1m"}, "stages", "do not rise", "[5, 25"),
        ("restore", {"stages": ("5",)}, "stages", "`hold` is missing", "hold: 10m"),
        ("restore", {"stages": "5", "hold": "1m"}, "stages", "not a list", "[one, two]"),
        ("restore", {"stages": ("0",), "hold": "1m"}, "stages", "from 1 to 100", "[5, 25"),
        ("rollback", {"to": "x"}, "to", "no revision", "r4"),
        ("route", {}, "to", "where to is missing", "to: r4"),
        ("route", {"to": "r1", "model": "a/b"}, "model", "both there", "to: r4"),
        ("route", {"model": "gpt"}, "model", "with its provider", "openai/"),
        ("page", {}, "reason", "`reason` is missing", "Add `reason:`"),
        ("incident", {}, "", "nothing is said", "`severity`"),
        ("incident", {"severity": "9"}, "severity", "no severity", "sev1"),
        ("incident", {"status": "done"}, "status", "unknown", "resolved"),
        ("comms", {}, "template", "is missing", "template"),
        ("comms", {"template": "t", "audience": "all"}, "audience", "unknown", "users"),
        ("approve", {}, "what", "is missing", "what"),
        ("wait", {}, "", "not one of", "for: 10m"),
        ("wait", {"for": "1m", "until": "09:00"}, "until", "not one of", "for: 10m"),
        ("wait", {"until": "25:00"}, "until", "no time of day", "09:00"),
        ("verify", {}, "", "nothing is verified", "expect"),
        ("verify", {"suite": "s"}, "suite", "`min` is missing", "min: 0.95"),
        ("verify", {"suite": "all", "min": "0.9"}, "min", "beside `suite: all`", "Leave it out"),
        ("verify", {"expect": "confirmd"}, "expect", "is unknown", "Did you mean `confirmed`?"),
        ("restore", {"of": "a", "workflow": "b"}, "workflow", "both named", "Keep one"),
        ("restore", {"provider": "a"}, "provider", "unknown argument", "of"),
        ("verify", {"suite": "s", "min": "much"}, "min", "no number", "95%"),
        ("verify", {"expect": "live", "samples": "0"}, "samples", "whole number", "20"),
        ("capture", {}, "what", "is missing", "what"),
        ("capture", {"what": ()}, "what", "not a list", "[one, two]"),
        ("capture", {"what": ("prompts",)}, "what", "unknown", "route"),
    ],
)
def test_what_does_not_fit_is_named_with_its_fix(
    verb: Verb, values: Mapping[str, Value], argument: str, message: str, fix: str
) -> None:
    with pytest.raises(BadArguments) as caught:
        arguments_of(verb, values, workflow=W)

    found = [one for one in caught.value.problems if one.argument == argument]
    assert any(message in one.message and fix in one.fix for one in found), caught.value.problems


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(BadArguments) as caught:
        arguments_of("kill", {"mode": "x", "tenant": "a b", "for": "soon"}, workflow=W)

    assert {one.argument for one in caught.value.problems} == {"mode", "tenant", "for"}


def test_a_run_without_a_workflow_has_to_be_told_one() -> None:
    with pytest.raises(BadArguments) as caught:
        arguments_of("capture", {"what": ("route",)})

    assert caught.value.problems[0].argument == "workflow"


@pytest.mark.parametrize("verb", VERBS)
def test_names_that_are_filled_in_later_pass_as_anything(verb: Verb) -> None:
    given: dict[str, Value] = dict.fromkeys(known_arguments(verb), "{{ later }}")
    alone = {"of", "all", "provider", "model", "strategy", "until", "stages", "what"}
    values = {name: one for name, one in given.items() if name not in alone}
    if verb == "capture":
        values["what"] = ("{{ later }}",)
    if verb == "approve":
        values["what"] = "{{ later }}"

    assert arguments_of(verb, values, of_run=False) is not None
