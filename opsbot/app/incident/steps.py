"""Which steps outside are due when an incident opens or changes, and why the others are not. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.incident.change import Amend
from opsbot.domain.errors import StaleButton
from opsbot.domain.incident.flow import OPEN, STATUSES
from opsbot.domain.incident.incident import AT_FIRST, Incident, Pager, Step, StepName
from opsbot.domain.incident.settings import IncidentSettings, from_record
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow

NOT_WANTED: Final = "nobody was to be paged"
"""Why nobody is paged where whoever opened it said so."""

NOT_RUNG: Final = "it rang nobody, as who opened it is on call"
"""What is said of a page whose first on call has just declared the incident, and is awake."""

PRIVATE: Final = "it is private"
"""Why nothing of it is announced."""

PRIVATE_NOWHERE: Final = f"{PRIVATE} and has no channel of its own"
"""Why its card stands nowhere."""

REOPENED: Final = "it was reopened before"
"""Why its channel is not archived."""

PUBLIC: Final = "its channel is public, and it is private now: a retry makes a private one"
"""Why it left its channel."""

_PAGES_NOBODY = "pages nobody here"
_NO_CHANNEL = "has no channel of its own here"
_NO_SERVICE = "no `pagerduty.service` is declared for it"
_OVER = "it was over before it called for this"
_ENDED: Final = (_OVER, *(f"it was {one} before" for one in STATUSES if one not in OPEN))
_KEY: Final = re.compile(r"(.+:INC-\d+)(?::(\d+))?")

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
    for name in AT_FIRST:
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
            skipped = name == "page" and step is not None and step.state == "skipped"
            raise StaleButton(
                f"That step of {incident.id} {so}; nothing was changed.",
                hint=f"{command(f'incident page {incident.id}')} calls somebody."
                if skipped
                else "",
            )
        return incident.stepped(name, Step("due", at_ms=now_ms, tries=step.tries + 1))

    return amend


def again_due(state: State, now_ms: int, before: Incident, after: Incident, wish: Wish) -> Incident:
    """
    Return an incident after a change, with every step due that what changed of it calls for.

    What counts is its severity, its workflows, its reopening, its acceptance, and its being made public.
    Only what was skipped for its severity, for want of a declaration, because it was private, or
    because it was over is looked at again: a drill, or one that nobody was to be paged for, stays as
    it was asked. What stays skipped has a reason that is true of what it is now. *wish* says what is
    connected.
    """
    reopened = after.open and not before.open
    accepted = before.status == "triage" and after.status in OPEN - {"triage"}
    same = _called_for(before) == _called_for(after)
    if same and not (reopened or accepted):
        return after
    settings, workflows = from_record(state.setting("incidents")), workflows_of(state, after)
    into_pages = before.severity not in settings.pages and after.severity in settings.pages
    if after.open and (reopened or accepted or into_pages) and page_over(after):
        anew = paged_anew(after, now_ms)
        after = after if no_page(anew, settings, workflows, wish) else anew
    if reopened:
        after = unarchived(after, now_ms)
    reasons = _skipped(after, settings, workflows, wish)
    for name, step in after.steps.items():
        if not _looked_at_again(step, after):
            continue
        why = reasons.get(name, "")
        if why:
            now = replace(step, state="skipped", detail=why)
        elif after.open:
            now = Step("due", at_ms=now_ms, tries=step.tries + 1)
        else:
            now = replace(step, detail=step.detail if step.detail.startswith(_ENDED) else _OVER)
        after = after.stepped(name, now)
    return after


def unarchived(incident: Incident, now_ms: int) -> Incident:
    """Return an incident that was brought back, with its channel due to be opened again."""
    step = incident.steps.get("archive")
    under_way = step is not None and step.state == "due"
    if incident.room.archived or under_way:
        tries = 0 if step is None else step.tries
        return incident.stepped("archive", Step("due", at_ms=now_ms, tries=tries + 1))
    if step is None or step.state == "done":
        return incident
    return incident.stepped("archive", replace(step, state="skipped", detail=REOPENED))


def page_over(incident: Incident) -> bool:
    """Return whether its page was opened and is resolved at PagerDuty: it calls nobody any more."""
    pager, step = incident.pager, incident.steps.get("page")
    under_way = step is not None and step.state == "due"
    return pager is not None and bool(pager.id) and pager.status == "resolved" and not under_way


def paged_anew(incident: Incident, now_ms: int) -> Incident:
    """Return an incident whose page is due under a new key: PagerDuty never opens a resolved one again."""
    assert incident.pager is not None
    step = incident.steps.get("page", Step("skipped"))
    due = Step("due", at_ms=now_ms, tries=step.tries + 1)
    return replace(incident, pager=Pager(_next_key(incident.pager.key))).stepped("page", due)


def _next_key(key: str) -> str:
    """Return the key of the page after: `opsbot:prod:INC-7`, then `opsbot:prod:INC-7:2`, `:3` ..."""
    found = _KEY.fullmatch(key)
    if found is None:
        return f"{key}:2"
    return f"{found[1]}:{int(found[2] or 1) + 1}"


def _called_for(incident: Incident) -> tuple[object, ...]:
    """Return what decides on the steps that are wanted of an open incident."""
    return (incident.severity, incident.workflows, incident.private)


def _looked_at_again(step: Step, after: Incident) -> bool:
    """Return whether what was not done may be called for now; a card without a place failed with its channel."""
    if step.state == "failed":
        return step.detail in (PRIVATE_NOWHERE, PUBLIC) and after.open and not after.private
    if step.state != "skipped" or (step.detail == PRIVATE_NOWHERE and after.private):
        return False
    return _passing(step.detail)


def _passing(why: str) -> bool:
    """Return whether a reason may end with a change of the incident."""
    return (
        why == _NO_SERVICE
        or why.endswith((_PAGES_NOBODY, _NO_CHANNEL))
        or why.startswith((PRIVATE, *_ENDED))
    )


def _skipped(
    incident: Incident,
    settings: IncidentSettings,
    workflows: tuple[Workflow, ...],
    wish: Wish,
) -> Mapping[StepName, str]:
    if incident.retroactive:
        return dict.fromkeys(AT_FIRST, "it is a record made afterwards")
    found: dict[StepName, str] = {}
    if incident.private:
        found["announce"] = PRIVATE
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
        return f"{incident.severity} {_NO_CHANNEL}"
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
        (wish.page is False, NOT_WANTED),
        (incident.drill and unless_asked, "it is a drill"),
        (
            incident.severity not in settings.pages and unless_asked and not adopted,
            f"{incident.severity} {_PAGES_NOBODY}",
        ),
        (
            not service_of(incident, settings, workflows) and not adopted,
            _NO_SERVICE,
        ),
    )
    return next((why for so, why in reasons if so), "")


def workflows_of(state: State, incident: Incident) -> tuple[Workflow, ...]:
    """Return the declared workflows that an incident names."""
    declared_now = state.workflows()
    return tuple(declared_now[name] for name in incident.workflows if name in declared_now)


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
