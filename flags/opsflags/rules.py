"""A kill as it acts on one workflow in one instance: its mode there, its fallback, its ramp. Pure."""

from __future__ import annotations

from opsflags.model import FALLBACK_OR_SAFE, RANK, SAFE_STATE
from opsflags.records import TOO_OLD, Kill, Target, WorkflowRecord


class Rule:
    """
    A kill as it acts on one workflow in one instance.

    *otherwise* is used when no fallback is left, *eased* for the calls that the kill's ramp lets
    through; None where it lets none through here.
    """

    __slots__ = (
        "eased",
        "kill",
        "mode",
        "model",
        "otherwise",
        "provider",
        "reason",
        "tenant",
        "tool",
    )

    def __init__(self, kill: Kill, mode: str, reason: str, otherwise: tuple[str, str]) -> None:
        self.kill = kill
        self.mode = mode
        self.reason = reason
        self.otherwise = otherwise
        self.eased: Rule | None = None
        self.tenant = kill.scope.tenant
        self.provider = kill.scope.provider
        self.model = kill.scope.model
        self.tool = kill.scope.tool


def rule_of(kill: Kill, record: WorkflowRecord | None, implemented: frozenset[str]) -> Rule:
    """Return *kill* as it acts where *implemented* are the modes of the instance."""
    safe_state = record.safe_state if record is not None else "stop"
    rule = _plain_rule(kill, safe_state, implemented)
    # Where write tools cannot be withheld, or the mode is of tomorrow, nothing is let through.
    if kill.ramp is not None and "read_only" in implemented and rule.reason != TOO_OLD:
        rule.eased = Rule(kill, "read_only", "killed", ("stop", "no_fallback"))
    return rule


def _plain_rule(kill: Kill, safe_state: str, implemented: frozenset[str]) -> Rule:
    if kill.mode == SAFE_STATE:
        return Rule(kill, safe_state, "killed", (safe_state, "killed"))
    if kill.mode == FALLBACK_OR_SAFE:
        mode = "fallback" if "fallback" in implemented else safe_state
        return Rule(kill, mode, "killed", (safe_state, "killed"))
    if kill.mode not in RANK:
        return Rule(kill, "stop", TOO_OLD, ("stop", TOO_OLD))
    if kill.mode not in implemented:
        return Rule(kill, "stop", "mode_not_implemented", ("stop", "mode_not_implemented"))
    return Rule(kill, kill.mode, "killed", ("stop", "no_fallback"))


def for_key(rule: Rule, key: str) -> Rule:
    """Return the rule as it acts on calls of *key*."""
    ramp = rule.kill.ramp
    if rule.eased is None or ramp is None or not ramp.lets(rule.kill.uid, key):
        return rule
    return rule.eased


def acting(rule: Rule, fallback: Target | None) -> tuple[str, str]:
    """Return the mode and reason with which a rule acts, given the fallback that is left."""
    if rule.mode == "fallback" and fallback is None:
        return rule.otherwise
    return rule.mode, rule.reason


def hits_tool(rule: Rule, tool: str | None) -> bool:
    """Return whether a kill is one of the call of *tool*, or of every call."""
    return rule.tool is None or rule.tool == tool


def place(rule: Rule) -> tuple[int, int, str]:
    """Return where a rule stands among others."""
    return order(rule.kill)


def order(kill: Kill) -> tuple[int, int, str]:
    """Return where a kill stands among others: the earliest is named."""
    return (kill.epoch, kill.revision, kill.uid)
