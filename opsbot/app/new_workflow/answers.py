"""What the answers about a new workflow must be; each rule says what is wrong and how to put it right."""

import re
from typing import TypeAlias

from opsbot.domain.hours import parse_hours

Problem: TypeAlias = tuple[str, str] | None

MODES = ("fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop")
PROBES = ("httpx", "litellm", "ofrep", "ext_authz", "http")
MAX_TEXT = 2000

_DRI = re.compile(r"[UW][A-Z0-9]{2,}|[^@\s]+@[^@\s]+\.[^@\s]+")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_MODEL = re.compile(r"[^\s/,]+/[^\s,]+")
_TOOL = re.compile(r"[\w.-]{1,200}:(read|write)")
_LINK = re.compile(r"https?://\S+")


def likely_modes(models: tuple[str, ...]) -> str:
    """Return what most services can do: what every client does, and a fallback if there is one."""
    return "fallback, stop" if len(models) > 1 else "stop"


def text(said: str) -> Problem:
    """Check a text that people read."""
    if len(said) > MAX_TEXT:
        return f"longer than {MAX_TEXT} characters", "Shorten it."
    if not said.isprintable():
        return "it has an invisible character", "Type it again."
    return None


def word(said: str) -> Problem:
    """Check a single word."""
    return ("not one word", "Write it without spaces.") if " " in said else text(said)


def dri(said: str) -> Problem:
    """Check who answers for it."""
    if _DRI.fullmatch(said):
        return text(said)
    return f"`{said}` is nobody's id", "Write a Slack user id (U0SUPPORT) or an e-mail."


def channel(said: str) -> Problem:
    """Check a Slack channel."""
    if _CHANNEL.fullmatch(said):
        return None
    return f"`{said}` is not a channel's id", "Write C0SUPPORTAI; Slack shows it under About."


def models(said: str) -> Problem:
    """Check the approved models."""
    names = _words(said)
    wrong = next((name for name in names if not _MODEL.fullmatch(name)), "")
    if wrong:
        return (
            f"`{wrong}` is not provider/model",
            "Write openai/gpt-5.2, anthropic/claude-sonnet-5.",
        )
    if not names or len(set(names)) < len(names):
        return "name each model once, and one at least", "Write openai/gpt-5.2."
    return text(said)


def tools(said: str) -> Problem:
    """Check the tools and what each may do."""
    names = _words(said)
    wrong = next((name for name in names if not _TOOL.fullmatch(name)), "")
    if wrong:
        return f"`{wrong}` is not a tool", "Write search_kb:read, issue_refund:write."
    if len({name.partition(":")[0] for name in names}) < len(names):
        return "a tool is there twice", "Name each tool once."
    return None


def modes(said: str, *, has_fallback: bool) -> Problem:
    """Check the modes."""
    names = _words(said)
    wrong = next((name for name in names if name not in MODES), "")
    if wrong:
        return f"`{wrong}` is not a mode", f"Some of: {', '.join(MODES)}."
    if not names or len(set(names)) < len(names):
        return "name each mode once, and one at least", "Write canned, stop."
    if "fallback" in names and not has_fallback:
        return "there is no second model to fall back to", "Take `fallback` away."
    return None


def hours(said: str) -> Problem:
    """Check opening hours."""
    try:
        parse_hours(said)
    except ValueError as error:
        return str(error), "Write Mon-Fri 08:00-20:00 Europe/Berlin, or always."
    return None


def probes(said: str) -> Problem:
    """Check the enforcement points."""
    for point in _words(said):
        kind, _, address = point.partition(" ")
        if kind not in PROBES:
            return f"`{kind}` is not a kind", f"One of: {', '.join(PROBES)}."
        if address and not _LINK.fullmatch(address):
            return f"`{address}` is not an address", "Write http://gateway:4000."
        if not address and kind != "httpx":
            return f"`{kind}` needs an address", f"Write {kind} http://gateway:4000."
    return None


def link(said: str) -> Problem:
    """Check a link."""
    if _LINK.fullmatch(said):
        return text(said)
    return f"`{said}` is not a link", "Write https://…, or leave it empty."


def _words(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]
