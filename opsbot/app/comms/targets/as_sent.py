"""What a target shows of a message: its title and its words, so that a preview and a publisher agree. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from opsbot.domain.comms.settings import TargetKind
from opsbot.domain.comms.templates import Locale
from opsbot.domain.said import inert

BETWEEN: Final = "\n\n\u2014\n\n"
"""Stands between two languages where a target shows one text only."""

_TITLES: Final[Mapping[TargetKind, int]] = {
    "statuspage": 255,
    "incident-io": 200,
    "pagerduty": 128,
}
_TEXTS: Final[Mapping[TargetKind, int]] = {
    "statuspage": 25_000,
    "incident-io": 4_096,
    "slack": 8_500,
}
_NAMES: Final[Mapping[TargetKind, str]] = {
    "statuspage": "Statuspage",
    "incident-io": "incident.io",
    "slack": "Slack",
}
_LONGEST_TITLE: Final = 300


@dataclass(frozen=True, slots=True)
class AsSent:
    """
    A message as people read it at one target.

    *cut*: its title had to be made shorter. *refused* is why the target will not take it, empty where
    it will; nobody's approved words are ever cut.
    """

    title: str
    text: str
    cut: bool = False
    refused: str = ""


def as_sent(kind: TargetKind, headline: str, texts: Mapping[Locale, str]) -> AsSent:
    """Return what a target of that kind shows; what it makes safe for its own markup reads the same."""
    most = _TITLES.get(kind, _LONGEST_TITLE)
    title = inert(headline, limit=most)
    text = BETWEEN.join(one.strip() for one in texts.values())
    return AsSent(title, text, len(inert(headline, limit=most + 1)) > most, _refused(kind, text))


def _refused(kind: TargetKind, text: str) -> str:
    most = _TEXTS.get(kind)
    # Every kind of markup writes these three longer than they read.
    size = len(escape(text, quote=False))
    if most is None or size <= most:
        return ""
    return (
        f"{_NAMES[kind]} takes {most:,} characters and this text has {size:,}: "
        "publish a shorter one there"
    )
