"""What a recovered store has lost of incidents: steps that were due, cards, pages, reminders, archiving. Pure."""

from opsbot.app.incident.effects import card, step, unresolved
from opsbot.app.incident.ending import archive_timer, ends
from opsbot.app.incident.reminders import reminders
from opsbot.domain.change import Effect, Timer
from opsbot.domain.incident.settings import from_record
from opsbot.domain.state import State


def taken_up(state: State, now_ms: int) -> tuple[tuple[Effect, ...], tuple[Timer, ...]]:
    """
    Return the work and the timers of every incident, made anew.

    Reminders begin again at their whole wait, but for a promised update, whose moment is in the
    record; so does the time after which a channel is archived.
    """
    settings = from_record(state.setting("incidents"))
    effects: list[Effect] = []
    timers: list[Timer] = []
    for incident in state.incidents():
        effects += [step(incident, n) for n, one in incident.steps.items() if one.state == "due"]
        effects += unresolved(incident)
        if incident.open:
            effects.append(card(incident))
            timers += reminders(None, incident, settings, now_ms)[0]
        elif ends(incident) and settings.archive_after_ms is not None:
            timers.append(archive_timer(incident, settings.archive_after_ms, now_ms))
    return tuple(effects), tuple(timers)
