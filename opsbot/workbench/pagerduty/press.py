"""What a PagerDuty user does by hand on its website or phone."""

from dataclasses import dataclass

from opsbot.workbench.pagerduty.desk import Desk
from opsbot.workbench.pagerduty.incidents import By, Opening
from opsbot.workbench.pagerduty.model import Incident, Ref, invalid

BUTTONS = ("acknowledge", "resolve", "reopen", "escalate", "take", "note", "join", "decline")


@dataclass(frozen=True, slots=True)
class Press:
    """Press buttons as *user*; each raises Refusal as the API would."""

    desk: Desk
    user: Ref

    @property
    def by(self) -> By:
        """The person, on the website."""
        return By(self.user, "website", "PagerDuty")

    def button(self, incident_id: str, name: str, text: str = "") -> Incident:
        """
        Press one of BUTTONS on an incident; *text* is the note.

        Raises:
            Refusal: it does not go, and why.
        """
        one = self.desk.account.incident(incident_id)
        if name in ("join", "decline"):
            self.desk.talk.reply(one, self.user, name == "join", self.by)
        elif name == "note":
            if not text.strip():
                raise invalid("A note cannot be empty.")
            self.desk.talk.note(one, text, self.by)
        elif name == "escalate":
            self.desk.incidents.escalate(one, one.level + 1, self.by)
        elif name == "take":
            self.desk.incidents.reassign(one, [self.user.id], self.by)
        else:
            self._turn(one, name)
        return one

    def open(self, service: str, title: str) -> Incident:
        """
        Open an incident by hand.

        Raises:
            Refusal: there is no such service, or nobody is on call.
        """
        self.desk.account.ref("service", service)
        if not title.strip():
            raise invalid("Title cannot be empty.")
        key = self.desk.account.new_id("key").lower()
        return self.desk.incidents.open(self.by, Opening(title, service, key, by_hand=True))

    def _turn(self, one: Incident, name: str) -> None:
        verbs = {
            "acknowledge": self.desk.incidents.acknowledge,
            "resolve": self.desk.incidents.resolve,
            "reopen": self.desk.incidents.reopen,
        }
        if name not in verbs:
            raise invalid(f"There is no button {name}; there are {', '.join(BUTTONS)}.")
        verbs[name](one, self.by)
