"""Incidents in PagerDuty: each opened once whatever happens on the way, and changed without repeating."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from opsbot.adapters.pagerduty.answer import ALREADY, Answer
from opsbot.adapters.pagerduty.link import Link, Params
from opsbot.adapters.pagerduty.orders import (
    MESSAGE,
    NOTE,
    IncidentForm,
    NoteForm,
    PriorityForm,
    RespondersForm,
    TargetForm,
    UpdateForm,
    cut,
    id_of,
    incident_form,
    key_of,
)
from opsbot.adapters.pagerduty.roster import Roster
from opsbot.adapters.pagerduty.said import (
    AlertSaid,
    IncidentSaid,
    NoteSaid,
    many,
    one,
    paged,
    read,
)
from opsbot.app.paging.port import (
    Paged,
    PageOrder,
    PagingRefused,
    PagingUnreachable,
    Urgency,
)
from opsbot.domain.said import inert

MOST_ALIKE: Final = 10
"""More incidents than this for one key: the key was not looked at, and none of them is believed."""

_BAD_REQUEST = 400
_DUPLICATE = ("dedup key", "incident_key", "incident key", "already exists")


class Incidents:
    """The incidents of one account."""

    def __init__(self, link: Link, roster: Roster) -> None:
        self._link = link
        self._roster = roster

    async def open(self, order: PageOrder) -> Paged:
        """
        Open once; see the port.

        It is looked for first even before a first attempt: PagerDuty refuses a key only while its
        incident is open, so an incident that was resolved meanwhile would page a second time.
        """
        form = incident_form(order, priority_id="")
        found = await self.find(order.key)
        if found is not None:
            return replace(found, adopted=True)
        priority_id, without = await self._roster.priority(order.priority)
        if priority_id:
            form = incident_form(order, priority_id=priority_id)
        bridge = "the bridge: it is no address" if _lost_bridge(order, form) else ""
        return await self._open(order, form, tuple(one for one in (without, bridge) if one))

    async def _open(self, order: PageOrder, form: IncidentForm, left_out: tuple[str, ...]) -> Paged:
        doing = "opening the incident"
        body = {"incident": form.as_json()}
        answer, named = await self._link.write(
            doing, "POST", "/incidents", body, sender=order.sender
        )
        if answer.status == _BAD_REQUEST:
            return await self._refused(order, answer, doing)
        said = one(IncidentSaid, self._link.settled(answer, doing).said, "incident", doing=doing)
        if not named:
            sender = inert(order.sender, limit=80)
            left_out += (f"in the name of {sender}: PagerDuty does not let them open it",)
        return paged(said, left_out=left_out)

    async def _refused(self, order: PageOrder, answer: Answer, doing: str) -> Paged:
        """Adopt what is there, if that is why it was refused; its text alone is no proof."""
        found = await self.find(order.key)
        if found is not None:
            return replace(found, adopted=True)
        if any(word in answer.words.lower() for word in _DUPLICATE):
            raise PagingUnreachable(f"PagerDuty says it is there and does not show it ({doing}).")
        self._link.settled(answer, doing)
        raise AssertionError("a refusal settles nothing")

    async def find(self, key: str) -> Paged | None:
        """Return the incident of that key; see the port."""
        found = await self.find_all(key)
        still_open = [one for one in found if one.status != "resolved"]
        return next(iter((*still_open, *found)), None)

    async def find_all(self, key: str) -> Sequence[Paged]:
        """
        Return every incident of that key, the oldest first.

        What comes back is looked at: an incident that was raised as an alert has the key on its
        alert, and one that has it nowhere is somebody else's.
        """
        doing = "looking for the incident"
        given: Params = {"incident_key": key_of(key), "date_range": "all"}
        answer = await self._link.get(doing, "/incidents", {**given, "limit": MOST_ALIKE + 1})
        listed = many(answer.said, "incidents", doing=doing)
        said = [read(IncidentSaid, one, doing=doing) for one in listed]
        exact = [one for one in said if one.incident_key == key]
        if len(said) <= MOST_ALIKE:
            others = [one for one in said if one.incident_key != key]
            exact += [one for one in others if await self._alerts_have(one.id, key, doing)]
        oldest_first = sorted(exact, key=lambda one: one.incident_number)
        return [replace(paged(one), key=key) for one in oldest_first]

    async def _alerts_have(self, incident: str, key: str, doing: str) -> bool:
        path = f"/incidents/{id_of(incident, 'an incident')}/alerts"
        listed = await self._link.listed(doing, path, "alerts")
        return any(read(AlertSaid, one, doing=doing).alert_key == key for one in listed)

    async def get(self, id: str) -> Paged:  # noqa: A002  the port's own word
        """Return one incident."""
        return paged(await self._said(id, "reading the incident"))

    async def acknowledge(self, id: str, *, sender: str) -> Paged:  # noqa: A002  as above
        """Acknowledge; see the port."""
        form = UpdateForm(status="acknowledged")
        return await self._change(id, form, doing="acknowledging", sender=sender)

    async def resolve(self, id: str, *, sender: str, resolution: str = "") -> Paged:  # noqa: A002  as above
        """Resolve; see the port."""
        form = UpdateForm(status="resolved", resolution=cut(resolution, NOTE) or None)
        return await self._change(id, form, doing="resolving", sender=sender)

    async def escalate(self, id: str, level: int, *, sender: str) -> Paged:  # noqa: A002  as above
        """Escalate; see the port."""
        form = UpdateForm(escalation_level=level)
        return await self._change(id, form, doing="escalating", sender=sender)

    async def reprioritise(
        self,
        id: str,  # noqa: A002  as above
        priority: str,
        *,
        sender: str,
        urgency: Urgency | None = None,
    ) -> Paged:
        """Set a priority, and an urgency where one is given; see the port."""
        priority_id, without = await self._roster.priority(priority)
        doing = "setting the priority"
        left_out = () if priority_id else (without or "priority: none was named",)
        if not priority_id and urgency is None:
            return paged(await self._said(id, doing), left_out=left_out)
        form = UpdateForm(
            priority=PriorityForm(id=priority_id) if priority_id else None, urgency=urgency
        )
        changed = await self._change(id, form, doing=doing, sender=sender)
        return replace(changed, left_out=(*changed.left_out, *left_out))

    async def note(self, id: str, text: str, *, marker: str, sender: str) -> bool:  # noqa: A002  as above
        """Write a note once; see the port."""
        if not (marker.startswith("[") and marker.endswith("]") and len(marker) > 2):  # noqa: PLR2004  the brackets
            raise ValueError("a marker is a word in brackets: n-1 would be found in n-17")
        doing, path = "writing a note", f"/incidents/{id_of(id, 'an incident')}/notes"
        for said in await self._notes(path, doing):
            if marker in said.content:
                return False
        form = NoteForm(content=cut(f"{marker} {text}", NOTE))
        body = {"note": form.as_json()}
        answer, _ = await self._link.write(doing, "POST", path, body, sender=sender)
        self._link.settled(answer, doing)
        return True

    async def add_responders(
        self,
        id: str,  # noqa: A002  as above
        people: Sequence[str],
        message: str,
        *,
        sender: str,
    ) -> tuple[str, ...]:
        """Ask people to join; see the port."""
        doing = "asking people to join"
        wanted = [id_of(one, "a person") for one in dict.fromkeys(people)]
        said = await self._said(id, doing)
        asked = {one.user.id for one in said.incidents_responders if one.user}
        new = tuple(one for one in wanted if one not in asked)
        if not new:
            return ()
        requester = await self._requester(sender, doing)
        form = RespondersForm(
            requester_id=requester,
            message=cut(message, MESSAGE),
            responder_request_targets=[
                {"responder_request_target": TargetForm(id=one)} for one in new
            ],
        )
        path = f"/incidents/{said.id}/responder_requests"
        answer, _ = await self._link.write(doing, "POST", path, form.as_json(), sender=sender)
        self._link.settled(answer, doing)
        return new

    async def open_incidents(self, service_ids: Sequence[str]) -> Sequence[Paged]:
        """Return what is not resolved on those services; see the port."""
        if not service_ids:
            return ()
        doing = "listing open incidents"
        given: Params = {
            "service_ids[]": [id_of(one, "a service") for one in dict.fromkeys(service_ids)],
            "statuses[]": ["triggered", "acknowledged"],
            "date_range": "all",
        }
        listed = await self._link.listed(doing, "/incidents", "incidents", given)
        return [paged(read(IncidentSaid, one, doing=doing)) for one in listed]

    async def _change(self, incident: str, form: UpdateForm, *, doing: str, sender: str) -> Paged:
        path = f"/incidents/{id_of(incident, 'an incident')}"
        body = {"incident": form.as_json()}
        answer, _ = await self._link.write(doing, "PUT", path, body, sender=sender)
        if not answer.ok and answer.code in ALREADY:
            return await self.get(incident)
        said = self._link.settled(answer, doing).said
        return paged(one(IncidentSaid, said, "incident", doing=doing))

    async def _said(self, incident: str, doing: str) -> IncidentSaid:
        path = f"/incidents/{id_of(incident, 'an incident')}"
        answer = await self._link.get(doing, path)
        return one(IncidentSaid, answer.said, "incident", doing=doing)

    async def _notes(self, path: str, doing: str) -> list[NoteSaid]:
        answer = await self._link.get(doing, path)
        listed = many(answer.said, "notes", doing=doing)
        return [read(NoteSaid, one, doing=doing) for one in listed]

    async def _requester(self, sender: str, doing: str) -> str:
        """Return the id of who asks: theirs, else the bot's own."""
        for email in (sender, self._link.account.sender):
            if found := await self._roster.id_of_email(email):
                return found
        raise PagingRefused(
            f"Nobody in PagerDuty has the e-mail of OPSBOT_PAGERDUTY_FROM ({doing}).", status=400
        )


def _lost_bridge(order: PageOrder, form: IncidentForm) -> bool:
    return bool(order.bridge_url) and form.conference_bridge is None
