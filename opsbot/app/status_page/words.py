"""What the status page says around the messages, in the languages that it speaks itself. Pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsbot.app.status_page.languages import ENGLISH, SPOKEN, Words
from opsbot.app.status_page.page import Component, Page
from opsbot.domain.comms.templates import Locale


def words_in(locale: Locale) -> Words:
    """Return the words of a language, or of the one it is a kind of; English where neither is spoken."""
    return SPOKEN.get(locale) or SPOKEN.get(locale.partition("-")[0]) or ENGLISH


def name_of(locale: Locale) -> str:
    """Return how a language calls itself; one that is not spoken here goes by its tag."""
    return SPOKEN[locale].name if locale in SPOKEN else locale


def state_of(page: Page, words: Words) -> str:
    """Return how everything is, in one sentence."""
    return words.states["notice" if page.impact == "none" and page.open else page.impact]


def health_words(component: Component, words: Words) -> str:
    """Return how a component is."""
    return words.healths["off" if component.off else component.health]


def moment(at_ms: int, zone: str, words: Words) -> str:
    """Return an absolute time with its zone (`21 Nov 2026, 03:14 UTC`)."""
    local = _local(at_ms, zone)
    name = local.tzname() or "UTC"
    name = name if name[:1].isalpha() else f"UTC{name}"
    date = words.date.format(day=local.day, month=words.months[local.month - 1], year=local.year)
    return f"{date}, {local:%H:%M} {name}"


def iso(at_ms: int) -> str:
    """Return a time as machines read it, in UTC."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(at_ms: int, zone: str) -> datetime:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return at
