"""A status page of the account: the words that it has for things, and what was posted there."""

from dataclasses import dataclass, field

from opsbot.workbench.pagerduty.model import Json

STATUSES = ("investigating", "identified", "monitoring", "resolved")
SEVERITIES = ("all good", "minor", "major")
IMPACTS = ("operational", "partial outage", "major outage")
SERVICES = ("Support assistant", "Refund helper")


@dataclass(slots=True)
class StatusPage:
    """One page: the words that it has for things, by their ids, and what was posted there."""

    id: str
    statuses: dict[str, str]
    severities: dict[str, str]
    impacts: dict[str, str]
    services: dict[str, str]
    posts: dict[str, Json] = field(default_factory=dict)
    updates: dict[str, list[Json]] = field(default_factory=dict)


def status_page(id_: str = "PSTATUS1") -> StatusPage:
    """Return a fresh page."""

    def named(kind: str, words: tuple[str, ...]) -> dict[str, str]:
        return {f"P{kind}{nth}": word for nth, word in enumerate(words, 1)}

    return StatusPage(
        id_,
        named("STAT", STATUSES),
        named("SEVR", SEVERITIES),
        named("IMPA", IMPACTS),
        named("SERV", SERVICES),
    )
