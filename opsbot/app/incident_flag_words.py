"""What an opening says first where the word before its title was read as a flag, and how that is undone. Pure."""

from dataclasses import replace
from typing import Final

from opsbot.app.incident.requests import OpenIncident
from opsbot.domain.said import Said, inert
from opsbot.domain.typed import command

_WHOLE: Final = 80
"""Characters of a title that is spelled whole in a command to type."""


def opened_as(said: Said, request: OpenIncident) -> Said:
    """
    Return the answer to an opening with what it was opened as before everything else.

    A title may begin with `private`, `public` or `drill` as well: read as the flag, it is announced
    or not, and pages or not, by a word that was meant for people. Nothing is added where no word
    was in doubt.
    """
    incident = str(said.body.get("incident", ""))
    if not request.flag or not incident:
        return said
    marks = [
        *(["as a drill"] if request.drill else []),
        *({True: ["private"], False: ["public"], None: []}[request.private]),
    ]
    title = f"Opened {', '.join(marks)}, titled \u201c{inert(request.title, limit=_WHOLE)}\u201d"
    undo = f"If `{request.flag}` is the first word of the title: {_undo(incident, request)}."
    return replace(said, title=title, lines=(said.title, undo, *said.lines))


def _undo(incident: str, request: OpenIncident) -> str:
    whole = inert(f"{request.flag} {request.title}", limit=_WHOLE)
    if request.flag == "drill":
        anew = command(f'incident open "{whole}"')
        return f"{command(f'incident cancel {incident} no drill')}, then {anew}, in quotes"
    other = "public" if request.flag == "private" else "private"
    anew = command(f'incident title {incident} "{whole}"')
    return f"{command(f'incident {other} {incident}')}, then {anew}"
