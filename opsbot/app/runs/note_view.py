"""What is kept with a step as it is shown: its words opened, and what became of the message behind it. Pure."""

from dataclasses import dataclass

from opsbot.domain.run import Attached


@dataclass(frozen=True, slots=True)
class NoteView:
    """
    A note or a piece of evidence, its words opened.

    *edited*: these are not its message's first words. *gone*: that message was deleted since.
    """

    id: str
    kind: str
    text: str
    by: str
    at_ms: int
    url: str = ""
    place: str = ""
    edited: bool = False
    gone: bool = False

    @property
    def so(self) -> str:
        """Return what became of its message, in brackets; empty where nothing did."""
        edited, gone = ("edited" * self.edited, "its message was deleted" * self.gone)
        said = "; ".join(one for one in (edited, gone) if one)
        return f" ({said})" if said else ""


def opened(one: Attached, text: str, by: str) -> NoteView:
    """Return what is kept as it is shown; *text* are its words, *by* is how people call who keeps it."""
    return NoteView(
        id=one.id,
        kind=one.kind,
        text=text,
        by=by,
        at_ms=one.at_ms,
        url=one.url,
        place=one.place,
        edited=bool(one.supersedes),
        gone=one.gone_ms is not None,
    )
