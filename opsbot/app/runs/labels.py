"""What a button of an action says: its effect, on what; and what it will do, in a sentence. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from opsbot.app.incident.words import lasted
from opsbot.app.requests import Target
from opsbot.app.runs.arguments import AUDIENCES, BadArguments, arguments_of
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
from opsbot.domain.runbook import Action, Runbook
from opsbot.domain.said import inert

_EVEN: Final = re.compile(r"(?<=h) 0 min\b.*| 0 s\b")
LONGEST: Final = 75
"""Characters of a button in Slack."""


def meant(action: Action, workflow: str) -> Arguments | None:
    """Return what an action's arguments mean, None where they mean nothing in this run."""
    try:
        return arguments_of(action.verb, action.arguments, workflow=workflow)
    except BadArguments:
        return None


def label(given: Arguments | None, verb: str, book: Runbook | None = None) -> str:
    """Return what the button says; with the *book*, steps in it go by their titles."""
    if given is None:
        return inert(f"{verb.capitalize()} (cannot be done)", limit=LONGEST)
    if isinstance(given, RestoreArguments) and given.of and book is not None:
        step = book.step(given.of)
        given = given if step is None else replace(given, of=f"\u201c{step.title}\u201d")
    return inert(_LABEL[type(given)](given), limit=LONGEST)


def aim_words(target: Target) -> str:
    """Return what a kill aims at, in words."""
    if target.kind == "all":
        return "all AI"
    return target.name if target.kind == "workflow" else f"{target.kind} {target.name}"


def _kill(one: KillArguments) -> str:
    at = f"{aim_words(one.target)}{f', tool {one.tool}' if one.tool else ''}"
    more = f" for tenant {one.tenant}" if one.tenant else ""
    how = {None: f"Kill {at}", "stop": f"Stop {at}"}.get(one.mode, f"Set {at} to {one.mode}")
    return f"{how}{more}"


def _restore(one: RestoreArguments) -> str:
    return f"Lift the kill of {one.of}" if one.of else f"Restore {one.workflow}"


def _rollback(one: RollbackArguments) -> str:
    return f"Roll back {one.workflow}{f' to r{one.to}' if one.to else ''}"


def _route(one: RouteArguments) -> str:
    if one.to is not None:
        return f"Roll out r{one.to} of {one.workflow}"
    return f"Route {one.workflow} {f'to {one.model}' if one.model else f'by {one.strategy}'}"


def _page(one: PageArguments) -> str:
    return f"Page {one.who or f'on-call of {one.workflow}'}"


def _incident(one: IncidentArguments) -> str:
    if one.status is not None:
        return f"Incident: {one.status}"
    if one.title:
        return "Open an incident"
    if one.severity is not None:
        return f"Incident: {one.severity}"
    if one.update:
        return "Give an incident update"
    return f"Incident: type {one.type}" if one.type else "Open an incident"


def _comms(one: CommsArguments) -> str:
    named = one.template.partition("-")[0]
    return f"Write to {one.audience or (named if named in AUDIENCES else 'people')}"


def _approve(one: ApproveArguments) -> str:
    return "Ask for approval"


def _wait(one: WaitArguments) -> str:
    return (
        f"Wait {_EVEN.sub('', lasted(one.for_s * 1000))}"
        if one.for_s is not None
        else f"Wait until {one.until}"
    )


def _verify(one: VerifyArguments) -> str:
    return f"Verify {one.workflow}"


def _capture(one: CaptureArguments) -> str:
    return f"Capture evidence of {one.workflow}"


_LABEL: Final[Mapping[type, Callable[[Any], str]]] = {
    KillArguments: _kill,
    RestoreArguments: _restore,
    RollbackArguments: _rollback,
    RouteArguments: _route,
    PageArguments: _page,
    IncidentArguments: _incident,
    CommsArguments: _comms,
    ApproveArguments: _approve,
    WaitArguments: _wait,
    VerifyArguments: _verify,
    CaptureArguments: _capture,
}
