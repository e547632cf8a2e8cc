"""Which steps outside are due when an incident opens, and why the others are not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.app.incident_change import Amend
from opsbot.domain.errors import StaleButton
from opsbot.domain.incident import STEPS, Incident, Step, StepName
from opsbot.domain.incident_settings import IncidentSettings
from opsbot.domain.workflow import Workflow

_IN_SLACK: tuple[StepName, ...] = ("channel", "topic", "bookmarks", "invite", "announce", "card")
_IN_ROOM: tuple[StepName, ...] = ("channel", "topic", "bookmarks", "invite")


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What is connected, and what was asked for.

    *page* None leaves it to the settings; true pages whatever the severity, false nobody.
    """

    chat: bool = True
    paging: bool = True
    page: bool | None = None


def with_steps(
    incident: Incident,
    settings: IncidentSettings,
    workflows: tuple[Workflow, ...],
    wish: Wish,
) -> Incident:
    """Return an incident with every step due, or skipped with its reason."""
    reasons = _skipped(incident, settings, workflows, wish)
    for name in STEPS:
        why = reasons.get(name, "")
        incident = incident.stepped(name, Step("skipped", why) if why else Step())
    return incident


def retried(name: StepName, now_ms: int) -> Amend:
    """
    Return the change that makes a failed step due again.

    Raises (when it is made):
        StaleButton: it did not fail.
    """

    def amend(incident: Incident) -> Incident:
        step = incident.steps.get(name)
        if step is None or step.state != "failed":
            so = "was never due" if step is None else f"is {step.state}"
            raise StaleButton(f"That step of {incident.id} {so}; nothing was changed.")
        return incident.stepped(name, Step("due", at_ms=now_ms, tries=step.tries + 1))

    return amend


def _skipped(
    incident: Incident,
    settings: IncidentSettings,
    workflows: tuple[Workflow, ...],
    wish: Wish,
) -> Mapping[StepName, str]:
    if incident.retroactive:
        return dict.fromkeys(STEPS, "it is a record made afterwards")
    found: dict[StepName, str] = {}
    if incident.private:
        found["announce"] = "it is private"
    if not wish.chat:
        found |= dict.fromkeys(_IN_SLACK, "Slack is not connected")
    elif why := _no_room(incident, settings):
        found |= dict.fromkeys(_IN_ROOM, why)
    if why := no_page(incident, settings, workflows, wish):
        found["page"] = why
    return found


def _no_room(incident: Incident, settings: IncidentSettings) -> str:
    if not settings.channels:
        return "channels are left to another tool here"
    if incident.severity not in settings.rooms and not incident.room.adopted:
        return f"{incident.severity} has no channel of its own here"
    return ""


def no_page(
    incident: Incident,
    settings: IncidentSettings,
    workflows: tuple[Workflow, ...],
    wish: Wish,
) -> str:
    """Return why nobody is paged, empty where somebody is."""
    adopted = incident.pager is not None and incident.pager.adopted
    unless_asked = wish.page is None
    reasons = (
        (not wish.paging, "PagerDuty is not connected"),
        (not settings.paging, "paging is left to another tool here"),
        (wish.page is False, "nobody was to be paged"),
        (incident.drill and unless_asked, "it is a drill"),
        (
            incident.severity not in settings.pages and unless_asked and not adopted,
            f"{incident.severity} pages nobody here",
        ),
        (
            not service_of(incident, settings, workflows) and not adopted,
            "no `pagerduty.service` is declared for it",
        ),
    )
    return next((why for so, why in reasons if so), "")


def service_of(
    incident: Incident, settings: IncidentSettings, workflows: tuple[Workflow, ...]
) -> str:
    """Return the PagerDuty service that is paged: one page, however many workflows are hit."""
    return declared(workflows, "service", wide=len(incident.workflows) != 1) or settings.service


def declared(workflows: tuple[Workflow, ...], word: str, *, wide: bool = False) -> str:
    """Return what `pagerduty:` of the workflow that is meant says; of several, the riskiest one's."""
    ordered = sorted(workflows, key=lambda one: one.tier) if wide else workflows
    for workflow in ordered:
        pager = workflow.extra.get("pagerduty")
        found = pager.get(word) if isinstance(pager, Mapping) else None
        if found:
            return str(found)
    return ""
