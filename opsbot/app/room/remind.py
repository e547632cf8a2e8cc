"""Reminders of incidents: said to who holds the role, with a way to put them off, and never too often."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.words import clock
from opsbot.app.incident.open import settings_of
from opsbot.app.incident.reminders import timer, wanted
from opsbot.app.incident.words import lasted
from opsbot.app.ports import Chat, Delivery, Render
from opsbot.app.reach import holders, slack_ids, tell_each
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change
from opsbot.domain.errors import UnknownIncident
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.settings import REMINDERS, ReminderName
from opsbot.domain.kill import Kill
from opsbot.domain.said import Button, Said
from opsbot.domain.state import State
from opsbot.domain.typed import command

SNOOZE_S: Final = 15 * 60
"""What [Snooze] puts a reminder off by, in seconds."""


@dataclass(frozen=True, slots=True)
class Remind:
    """The effect handler `incident_remind`."""

    env: Environment
    chat: Chat
    render: Render

    async def __call__(self, delivery: Delivery) -> None:
        """
        Say one reminder where it is still true, and set its next time.

        Raises:
            RetryLater, GiveUp: from the port; people already told are found by their key.
        """
        body = delivery.effect.body
        name = next((one for one in REMINDERS if one == body["what"]), None)
        if name is None:
            return
        nth = int(str(body["nth"]))

        def decide(state: State, now_ms: int) -> tuple[Change | None, Incident | None]:
            try:
                incident = state.incident(str(body["incident"]))
            except UnknownIncident:
                return None, None
            return _again(state, now_ms, incident, name, nth)

        _, incident = await self.env.store.commit(f"remind:{delivery.effect.key}", decide)
        if incident is not None:
            await self._say(incident, name, key=delivery.effect.key)

    async def _say(self, incident: Incident, name: ReminderName, *, key: str) -> None:
        state = self.env.store.state
        people = slack_ids(policy_of(state), tuple(dict.fromkeys(_whom(state, incident, name))))
        if people:
            said = reminder_said(state, incident, name, self.env.name, self.env.clock.now_ms())
            await tell_each(self.chat, people, self.render(said), key=key)


def reminder_said(
    state: State, incident: Incident, name: ReminderName, env: str, now_ms: int
) -> Said:
    """Return one reminder: what is missing, since when, and what to do about it."""
    what, line = _words(state, incident, name, now_ms)
    private = " \u00b7 private" if incident.private else ""
    about = f" \u00b7 `{incident.workflow}`" if incident.workflow else ""
    value = f"{incident.id}:{name}"
    return Said(
        "amber",
        f"{incident.id} {incident.severity}{about}{private}: {what} in {env}",
        (line,),
        (
            *_act(incident, name),
            Button("incident_snooze", "Snooze 15 min", value),
            Button("incident_hush", "Stop for this incident", value),
        ),
    )


def _again(
    state: State, now_ms: int, incident: Incident, name: ReminderName, nth: int
) -> tuple[Change | None, Incident | None]:
    settings = settings_of(state)
    every = settings.reminders[name]
    if not wanted(name, incident) or (name == "kill_on" and not list(_holding(state, incident))):
        return None, None
    if nth > every.most:
        return None, None
    later = timer(name, incident, settings, now_ms + every.repeat_ms, now_ms, nth=nth + 1)
    change = Change(
        verb="incident_reminded",
        actor=SCHEDULER,
        rule="system",
        facts={"incident": incident.id, "reminder": name, "nth": nth},
        timers=(later,) if nth < every.most else (),
    )
    return change, incident


def _holding(state: State, incident: Incident) -> Iterator[Kill]:
    for kill in state.active_kills():
        if kill.id in incident.kills:
            yield kill


def _whom(state: State, incident: Incident, name: ReminderName) -> Iterator[str]:
    """Yield who is asked: who holds the role, else who opened it; for a commander also those who may be."""
    lead = incident.roles.get("commander")
    if name == "no_commander":
        yield incident.declared_by
        yield from () if incident.private else holders(policy_of(state), "commander")
    elif name == "update_due":
        yield incident.roles.get("comms") or lead or incident.declared_by
    else:
        yield lead or incident.declared_by
    if name == "kill_on" and not incident.private:
        yield from (kill.actor for kill in _holding(state, incident))


def _words(state: State, incident: Incident, name: ReminderName, now_ms: int) -> tuple[str, str]:
    age = lasted(max(now_ms - incident.times.declared, 0))
    if name == "no_commander":
        take = command(f"incident role commander {incident.id}")
        return "nobody commands it", f"Declared {age} ago. Take it: {take}."
    if name == "update_due":
        due = incident.update_due_ms or now_ms
        late = f"overdue by {lasted(now_ms - due)}" if due <= now_ms else f"due {clock(due)}"
        say = command(f"incident update {incident.id} what is so now")
        return f"an update is {late}", f"Give it: {say}."
    if name == "kill_on":
        kills = ", ".join(kill.id for kill in _holding(state, incident))
        return f"{kills} still on", "It ends only when somebody restores it. Should it stay?"
    quiet = "Nothing was noted for a while."
    return "nothing has moved", f"{quiet} Open for {age}: update it, or resolve it."


def _act(incident: Incident, name: ReminderName) -> tuple[Button, ...]:
    if name == "no_commander":
        return (Button("incident_command", "Take command", incident.id, "primary"),)
    if name == "kill_on":
        return (Button("status", "Status", incident.workflow),)
    return (Button("incident_update", "Update\u2026", incident.id, "primary"),)
