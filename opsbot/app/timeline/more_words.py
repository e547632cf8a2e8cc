"""What an entry says that changed no record: reminders, and what people did about a page. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from opsbot.app.incident.words import lasted
from opsbot.app.telling import US, Telling

_REMINDER: Final = {
    "no_commander": "nobody commands it",
    "update_due": "an update is due",
    "kill_on": "a kill is still on",
    "stale": "nothing has moved",
    "approval_expiring": "an approval is about to expire",
}


def more_sentence(told: Telling) -> str:
    """Return what an entry says beside its records, empty for nothing."""
    tell = _VERBS.get(told.entry.verb)
    return "" if tell is None else tell(told)


def _reminded(told: Telling) -> str:
    about = _REMINDER.get(told.fact_text("reminder"), "something is due")
    nth = told.fact("nth")
    again = f" ({nth} times by now)" if isinstance(nth, int) and nth > 1 else ""
    return f"{US} reminded: {about}{again}."


def _snoozed(told: Telling) -> str:
    for_s = told.fact("for_s")
    late = f" for {lasted(for_s * 1000)}" if isinstance(for_s, int) else ""
    about = _REMINDER.get(told.fact_text("reminder"), "something is due")
    return f"{told.who} put a reminder off{late}: {about}."


def _acknowledged(told: Telling) -> str:
    return f"{told.who} acknowledged the page from here{told.why(told.fact('reason'))}"


def _escalated(told: Telling) -> str:
    return f"{told.who} had the page escalated{told.why(told.fact('reason'))}"


def _added(told: Telling) -> str:
    who = told.name(told.fact("who"))
    return f"{told.who} asked {who} in through the page{told.why(told.fact('reason'))}"


def _called(told: Telling) -> str:
    return f"{told.who} had somebody called{told.why(told.fact('reason'))}"


def _exported(told: Telling) -> str:
    return f"{told.who} had the review put into the thread."


_VERBS: Final[Mapping[str, Callable[[Telling], str]]] = {
    "incident_reminded": _reminded,
    "incident_snooze": _snoozed,
    "incident_page_acknowledge": _acknowledged,
    "incident_page_escalate": _escalated,
    "incident_page_add": _added,
    "incident_page": _called,
    "incident_export": _exported,
}
