"""The sentences of a route's history: a revision, its note, what its gates say, how it ended. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.app.fleet.words import counted
from opsbot.app.routes.ends import End
from opsbot.app.routes.lines import revision_line
from opsbot.app.routes.words import when
from opsbot.domain.change import Json, Record
from opsbot.domain.gates import Result
from opsbot.domain.route import Revision, route_record
from opsbot.domain.routing import Routing
from opsbot.domain.said import inert
from opsbot.domain.typed import command


@dataclass(frozen=True, slots=True)
class Told:
    """
    One revision and what is told of it; *routing* is None for an older one, of which only the note is.

    *gates* is what they say of it now. *why* it ended is a person's words or the bot's own, and
    *whole* says that the journal was read back to where it was made.
    """

    revision: Revision
    note: str
    routing: Routing | None = None
    by: str = ""
    gates: tuple[Result, ...] = ()
    end: End | None = None
    ended_by: str = ""
    why: str = ""
    whole: bool = False


def history_head(count: int, workflow: str, env: str) -> str:
    """Return the title of a history."""
    return f"{counted(count, 'revision')} of `{workflow}` in {env}, the newest first"


def told_lines(told: Told, now_ms: int) -> list[str]:
    """Return one revision: a line of its own, then its note, its gates and its end, as far as there are any."""
    assert told.routing is not None
    more = (
        f"\u201c{inert(told.note)}\u201d" if told.note else "",
        gates_words(told.gates),
        _stood(told, told.routing, now_ms),
    )
    head = revision_line(told.revision, told.routing, told.by, now_ms)
    return [head, *(f"\u2013 {line}" for line in more if line)]


def gates_words(results: Sequence[Result]) -> str:
    """Return what the gates say, those that are shut by name; empty where no gate asks for anything."""
    shut = [one for one in results if not one.green]
    if not results:
        return ""
    if not shut:
        return f"{counted(len(results), 'gate')} green"
    named = "; ".join(one.brief for one in shut)
    green = f"; {len(results) - len(shut)} green" if results[len(shut) :] else ""
    return f"not green: {named}{green}"


def _stood(told: Told, routing: Routing, now_ms: int) -> str:
    number, end = told.revision.number, told.end
    if end is not None:
        return ended_words(end, told.ended_by, told.why, now_ms)
    if number == routing.active or (routing.candidate and number == routing.candidate.number):
        return ""  # its line says so already
    if number in routing.served:
        return "it served everybody once"
    if told.whole:
        return "it never served anybody"
    return f"how it ended is further back than is read here: {command('audit export')}"


def ended_words(end: End, by: str, reason: str, now_ms: int) -> str:
    """Return how a revision ended; *by* is a person's name, *reason* their words or the bot's own."""
    at, why = when(end.at_ms, now_ms), f": {inert(reason)}" if reason else ""
    return {
        "taken_back": f"taken back by itself at {end.step}, {at}{why}",
        "given_up": f"given up at {end.step} by {by}, {at}{why}",
        "rolled_back": f"rolled back by {by}, {at}, {end.to} serves instead{why}",
        "followed": f"served everybody until {at}, then {end.to}",
    }[end.how]


def told_body(told: Told) -> Record:
    """Return one revision in the machine's form."""
    one, routing = told.revision, told.routing
    body: dict[str, Json] = {
        "revision": one.id,
        "hash": one.hash,
        "author": one.author,
        "at_ms": one.at_ms,
        "back_to": None if one.back_to is None else f"r{one.back_to}",
        "note": told.note,
        "route": route_record(one.route),
    }
    if routing is None:
        return body
    tried = routing.candidate is not None and routing.candidate.number == one.number
    body["serves"] = "everybody" if routing.active == one.number else "some" if tried else "nobody"
    body["served_everybody"] = one.number in routing.served
    body["last_good"] = one.number == routing.last_good
    body["gates"] = [each.as_json() for each in told.gates]
    body["ended"] = None if told.end is None else _end_body(told.end, told)
    return body


def _end_body(end: End, told: Told) -> Record:
    return {
        "how": end.how,
        "at_ms": end.at_ms,
        "by": told.ended_by,
        "to": end.to,
        "step": end.step or None,
        "why": told.why,
    }
