"""What is said around an incident: notes, status updates, calls for help; merging and snoozing."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.workbench.pagerduty.incidents import By, Incidents
from opsbot.workbench.pagerduty.model import (
    Incident,
    Json,
    Note,
    Ref,
    Refusal,
    Responder,
    StatusUpdate,
    invalid,
)
from opsbot.workbench.pagerduty.oncall import first_level, people

MAX_NOTES = 2000
MAX_ALERTS = 1000
TRIMMED_AT = 10_000


@dataclass(slots=True)
class Talk:
    """Do these things by way of *incidents*, which logs and tells them."""

    incidents: Incidents

    def note(self, one: Incident, content: str, by: By) -> Note:
        """
        Write a note; the same words twice are two notes.

        Raises:
            Refusal: there are 2,000 already.
        """
        if len(one.notes) >= MAX_NOTES:
            raise Refusal(400, 2019, "Product Limit Reached", "An incident holds 2000 notes")
        account = self.incidents.account
        note = Note(account.new_id("not"), by.agent, content, account.clock())
        one.notes.append(note)
        self.incidents.log(
            one, "annotate", by, f"Annotated by {by.agent.summary}",
            channel={"type": "note", "summary": content},
        )  # fmt: skip
        self._said(one, "annotated", by, {"id": note.id, "content": content})
        return note

    def update(
        self, one: Incident, message: str, by: By, subject: str | None, html: str | None
    ) -> StatusUpdate:
        """Tell the subscribers."""
        account = self.incidents.account
        update = StatusUpdate(
            account.new_id("upd"), by.agent, message, subject, html, account.clock()
        )
        one.updates.append(update)
        self._said(one, "status_update_published", by, {"id": update.id, "message": message})
        return update

    def call(
        self, one: Incident, requester: Ref, message: str, targets: Sequence[Ref]
    ) -> list[Responder]:
        """
        Ask people, or whoever is on call by a policy, for help.

        Raises:
            Refusal: nobody is on call by a policy that is asked.
        """
        account, by = self.incidents.account, By(requester)
        called: list[Responder] = []
        for target in targets:
            for user in self._whom(target):
                asked = Responder(user, target, requester.id, message, account.clock())
                one.responders.append(asked)
                called.append(asked)
                self.incidents.page(one, user)
                self._responder(one, "responder.added", asked, by)
        return called

    def reply(self, one: Incident, user: Ref, joins: bool, by: By) -> None:  # noqa: FBT001 - yes or no
        """
        Answer a call for help.

        Raises:
            Refusal: that person was not asked, or has answered.
        """
        for asked in one.responders:
            if asked.user == user.id and asked.state == "pending":
                asked.state = "joined" if joins else "declined"
                self._responder(one, "responder.replied", asked, by)
                return
        raise invalid(f"{user.summary} is not being asked")

    def snooze(self, one: Incident, seconds: int, by: By) -> None:
        """
        Acknowledge it until *seconds* have passed.

        Raises:
            Refusal: it is resolved.
        """
        if one.status != "acknowledged":
            self.incidents.acknowledge(one, by)
        one.snoozed_until = self.incidents.account.clock() + seconds
        self.incidents.log(
            one, "snooze", by, f"Snoozed by {by.agent.summary}", channel={"duration": seconds}
        )

    def merge(self, one: Incident, sources: Sequence[Incident], by: By) -> None:
        """
        Take over the alerts of *sources* and resolve them.

        Raises:
            Refusal: it is resolved, or a source cannot be merged.
        """
        account = self.incidents.account
        if not one.is_open:
            raise Refusal(400, 1001, "Incident Already Resolved")
        moved = [alert for source in sources for alert in account.alerts_of(source)]
        for source in sources:
            if source is one or not (account.alerts_of(source) or source.by_hand):
                raise invalid(f"Incident {source.id} cannot be merged")
        if len(account.alerts_of(one)) + len(moved) > MAX_ALERTS:
            raise invalid(f"An incident cannot have more than {MAX_ALERTS} alerts")
        for alert in moved:
            alert.incident = one.id
        for source in sources:
            source.merged_into = one.id
            if source.is_open:
                self.incidents.resolve(source, by)

    def _whom(self, target: Ref) -> list[str]:
        account = self.incidents.account
        if target.kind == "user":
            return [target.id]
        policy = account.policies[target.id]
        level = first_level(account, policy)
        if level is None:
            raise Refusal(400, 1015, "Nobody On Call", f"Nobody is on call by {policy.name}")
        return people(account, policy, level)

    def _said(self, one: Incident, event: str, by: By, words: Json) -> None:
        key = "content" if "content" in words else "message"
        kind = "incident_note" if key == "content" else "incident_status_update"
        data = {
            "incident": self.incidents.shapes.shapes.ref(one.ref),
            **words,
            key: words[key][:TRIMMED_AT],
            "trimmed": len(words[key]) > TRIMMED_AT,
            "type": kind,
        }
        self.incidents.happened(one, event, by, data)

    def _responder(self, one: Incident, event: str, asked: Responder, by: By) -> None:
        shapes = self.incidents.shapes.shapes
        policy = asked.target if asked.target.kind == "escalation_policy" else None
        data = {
            "incident": shapes.ref(one.ref),
            "user": shapes.ref(self.incidents.account.ref("user", asked.user)),
            "escalation_policy": shapes.ref(policy) if policy else None,
            "message": asked.message,
            "state": asked.state,
            "type": "incident_responder",
        }
        self.incidents.happened(one, event, by, data)
