"""`flags/incidents.yaml`: how incidents are run here, as pydantic checks it and as the store keeps it."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from opsbot.adapters.catalog.models import Strict
from opsbot.adapters.catalog.yaml import Document
from opsbot.domain.change import Record
from opsbot.domain.declaration import Finding
from opsbot.domain.hours import parse_hours
from opsbot.domain.incident.settings import DAY_MS, HOUR_MS, MINUTE_MS, ReminderName
from opsbot.domain.incident.types import Severity

INCIDENTS = "incidents.yaml"

PagerId = Annotated[str, Field(pattern=r"^([A-Z0-9]{1,40})?$")]
Minutes = Annotated[int, Field(ge=1, le=43_200)]


class ReminderFile(Strict):
    """One kind of reminder; what is missing is as usual."""

    after_min: Annotated[
        dict[Severity, Minutes] | None,
        Field(description="Minutes by severity; one that is missing is not reminded of."),
    ] = None
    repeat_min: Annotated[Minutes | None, Field(description="Minutes between two.")] = None
    most: Annotated[
        int | None, Field(ge=0, le=50, description="How often at most for one incident.")
    ] = None


class QuietFile(Strict):
    """When nobody is reminded of what can wait."""

    awake: Annotated[
        str, Field(max_length=60, description="As in `Mon-Fri 09:00-18:00 Europe/Berlin`.")
    ]
    severities: Annotated[list[Severity], Field(default_factory=lambda: ["SEV3", "SEV4"])]


class IncidentsFile(Strict):
    """How incidents are run: which parts are on, who is paged, who is reminded of what."""

    incidents: Annotated[int, Field(ge=1, le=1, description="The form of this file; always 1.")] = 1
    pages: Annotated[
        list[Severity],
        Field(
            default_factory=lambda: ["SEV1", "SEV2"], description="Severities that call somebody."
        ),
    ]
    rooms: Annotated[
        list[Severity],
        Field(
            default_factory=lambda: ["SEV1", "SEV2", "SEV3"],
            description="Severities with a Slack channel of their own.",
        ),
    ]
    paging: Annotated[bool, Field(description="False leaves paging to another tool.")] = True
    channels: Annotated[bool, Field(description="False leaves channels to another tool.")] = True
    service: Annotated[PagerId, Field(description="PagerDuty service where none is declared.")] = ""
    escalation_policy: PagerId = ""
    channel: Annotated[
        str,
        Field(
            pattern=r"^([CG][A-Z0-9]{2,})?$",
            description="Where incidents are announced that name no workflow.",
        ),
    ] = ""
    channel_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$")] = "inc"
    archive_after: Annotated[
        str,
        Field(
            pattern=r"^(never|[1-9][0-9]{0,3}[hd])$",
            description="How long after its end an incident's own channel is archived: `12h`, `7d`, `never`.",
        ),
    ] = "7d"
    reminders: Annotated[dict[ReminderName, ReminderFile], Field(default_factory=dict)]
    quiet: QuietFile | None = None


def incident_findings(file: IncidentsFile, document: Document) -> Iterator[Finding]:
    """Yield every rule that a well-formed file breaks."""
    if file.quiet is not None:
        try:
            parse_hours(file.quiet.awake)
        except ValueError as wrong:
            fix = "Write `Mon-Fri 09:00-18:00 Europe/Berlin`."
            yield document.find(("quiet", "awake"), str(wrong), fix)
    if not file.paging and file.pages and "pages" in file.model_fields_set:
        message = "paging is off, and `pages` says who would be paged"
        yield document.warn(("pages",), message, "Take `pages:` away, or switch paging on.")


def record_of(file: IncidentsFile) -> Record:
    """Return what the store keeps; times are milliseconds there."""
    reminders: dict[str, Record] = {}
    for name, one in file.reminders.items():
        given: dict[str, Record | int] = {}
        if one.after_min is not None:
            given["after_ms"] = {sev: value * MINUTE_MS for sev, value in one.after_min.items()}
        if one.repeat_min is not None:
            given["repeat_ms"] = one.repeat_min * MINUTE_MS
        if one.most is not None:
            given["most"] = one.most
        reminders[name] = given
    record: dict[str, object] = {
        "s": 1,
        **file.model_dump(mode="json", include=_PLAIN),
        "reminders": reminders,
        "archive_after_ms": _after_ms(file.archive_after),
    }
    if file.quiet is not None:
        record["quiet"] = file.quiet.model_dump(mode="json")
    return record  # type: ignore[return-value]  # JSON by construction


def _after_ms(word: str) -> int | None:
    if word == "never":
        return None
    return int(word[:-1]) * (HOUR_MS if word.endswith("h") else DAY_MS)


_PLAIN = {
    "pages",
    "rooms",
    "paging",
    "channels",
    "service",
    "escalation_policy",
    "channel",
    "channel_prefix",
}
