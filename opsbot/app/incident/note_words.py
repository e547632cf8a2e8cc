"""The sentences about timelines: a line that was put there or taken out, and all of it as a list."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.fleet.words import clock, moment
from opsbot.domain.change import Record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.note import Note
from opsbot.domain.policy.rules import Policy, shown
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.timeline import Line

SHOWN: Final = 40
"""Lines of a timeline in one answer, the newest; the export and the machine's form have all."""

LONGEST: Final = 240


@dataclass(frozen=True, slots=True)
class Told:
    """
    A timeline with how far it was read.

    *earlier* counts lines that are left out because there are too many. *cut* says that the journal
    goes further back than was read.
    """

    lines: tuple[Line, ...]
    earlier: int = 0
    cut: bool = False


def author_of(policy: Policy, identity: str) -> str:
    """Return how people call whose words a line is; a program's message is a program's."""
    kind, _, account = identity.partition(":")
    if kind == "slack" and account.startswith("B"):
        return f"an app ({inert(account, limit=20)})"
    return inert(shown(policy, identity), limit=80)


def noted_said(told: tuple[Note, str, str], env: str, *, fresh: bool) -> Said:
    """Return the answer to a line that was put into a timeline."""
    note, text, author = told
    did = "noted" if fresh else "it stands there already:"
    if not fresh and not note.stands:
        did = "it was retracted by somebody, and stays so:"
    return Said(
        "green" if note.stands else "amber",
        f"{note.incident}: {did} {clock(note.at_ms)} in {env}",
        (f"{author}: {inert(text)}",),
        (Button("incident_timeline", "Timeline", note.incident),),
        _body(note, text, author),
    )


def retracted_said(told: tuple[Note, str, str], env: str, *, fresh: bool) -> Said:
    """Return the answer to a line that was taken out."""
    note, text, author = told
    title = f"{note.incident}: {note.id} is retracted in {env}"
    if not fresh:
        title = f"{note.incident}: {note.id} was retracted already in {env}"
    lines = (f"It stays in the record, marked: {author}: {inert(text)}",)
    return Said("green", title, lines, body=_body(note, text, author))


def timeline_said(incident: Incident, told: Told, env: str, now_ms: int) -> Said:
    """Return a timeline as an answer: the newest lines, oldest of them first."""
    lines = told.lines[-SHOWN:]
    left = told.earlier + len(told.lines) - len(lines)
    head = [f"{left} earlier lines are in its export."] if left else []
    head += [CUT] if told.cut else []
    return Said(
        "plain",
        f"Timeline of {incident.id} in {env}",
        (*head, *(line_words(one, now_ms) for one in lines)),
        body={
            "incident": incident.id,
            "lines": [one.as_json() for one in told.lines],
            "earlier": told.earlier,
            "cut": told.cut,
        },
    )


CUT: Final = "The journal goes further back than was read for this."


def line_words(line: Line, now_ms: int) -> str:
    """Return one line as a sentence with its moment."""
    when = moment(line.at_ms, now_ms)
    text = inert(line.text, limit=LONGEST) if line.note else line.text
    if not line.note:
        return f"{when} {text}"
    marks = [
        line.note,
        *(["edited"] if line.edits else []),
        *(["retracted"] if line.retracted else []),
    ]
    return f"{when} {line.who}: {text} ({', '.join(marks)})"


def _body(note: Note, text: str, author: str) -> Record:
    return {
        "incident": note.incident,
        "line": note.id,
        "at_ms": note.at_ms,
        "text": text,
        "author": author,
        "source": note.source,
        "permalink": note.permalink,
        "stands": note.stands,
        "edits": note.edits,
    }
