"""What becomes of the message behind a note: an edit is one more note in its place, a deletion is marked."""

from dataclasses import dataclass, replace

from opsbot.app.environment import ALTERED, ERASED, Environment
from opsbot.app.incident.note_change import SLACK
from opsbot.app.runs.attach import latest, room
from opsbot.app.runs.change import changed
from opsbot.app.runs.commit import committed
from opsbot.app.runs.outline import called
from opsbot.app.runs.read import Reader
from opsbot.domain.change import Change, Json, Sealed
from opsbot.domain.run import Attached, Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import State

RULE = "follows-message"


@dataclass(frozen=True, slots=True)
class Now:
    """
    What a message is now: *gone*, or in the words of *text*, a commitment; *was* is what they were compared with.

    *place* is `channel:ts`.
    """

    place: str
    was: str
    text: str = ""
    gone: bool = False
    sealed: tuple[Sealed, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """The use case."""

    env: Environment
    reader: Reader

    def kept(self, place: str) -> bool:
        """Return whether a message is a note of any run, and not known to be gone."""
        return bool(_standing(self.env.store.state, place))

    async def __call__(self, place: str, text: str | None, *, request_id: str) -> None:
        """
        Bring what is kept of a message to what it is now; *text* None: it was deleted.

        Nobody is asked for a power: that a message was changed or deleted is so already. Words that
        were erased on request are not written down again by an edit.

        Raises:
            StoreLost: it is told again, and comes to the same.
        """
        state = await self.env.store.refresh()
        for run, note in _standing(state, place):
            now = await self._now(note, place, text)
            if now is None:
                continue
            book = await self.reader.known(run)
            await committed(
                self.env.store,
                f"{request_id}:{run.id}",
                lambda state, now_ms, name=run.id, now=now, book=book: decide_follow(  # type: ignore[misc]  # bound now
                    state, now_ms, name, now, book
                ),
            )

    async def _now(self, note: Attached, place: str, text: str | None) -> Now | None:
        """Return what differs from what is kept, None where nothing does."""
        if text is None:
            return Now(place, note.text, gone=True)
        (kept,) = await self.env.unsealed(note.text)
        words = text.strip()
        if not words or words == kept or kept in (ERASED, ALTERED):
            return None
        commitment, sealed = self.env.sealed(words)
        return Now(place, note.text, commitment, sealed=sealed)


def decide_follow(
    state: State, now_ms: int, name: str, now: Now, book: Runbook
) -> tuple[Change | None, bool]:
    """Append what a message says now in the place of what it said, or mark that it is gone; never both twice."""
    run = state.run(name)
    note = latest(run, now.place)
    if note is None or note.gone_ms is not None or note.text != now.was:
        return None, False
    if now.gone:
        marked = replace(note, gone_ms=now_ms)
        kept = tuple(marked if one is note else one for one in run.attached)
    elif not room(run, note.kind):
        return None, False
    else:
        anew = replace(
            note,
            id=f"a{len(run.attached) + 1}",
            text=now.text,
            at_ms=now_ms,
            supersedes=note.id,
        )
        kept = (*run.attached, anew)
    facts: dict[str, Json] = {
        "step": note.step,
        "called": called(state, run, note.step),
        "act": "gone" if now.gone else "edited",
        "kept": note.id,
    }
    change, _ = changed(
        state, now_ms, run, replace(run, attached=kept), book, SLACK,
        verb="run_mark", rule=RULE, facts=facts, sealed=now.sealed,
    )  # fmt: skip
    return change, True


def _standing(state: State, place: str) -> tuple[tuple[Run, Attached], ...]:
    found = ((run, latest(run, place)) for run in state.runs()) if place else ()
    return tuple((run, one) for run, one in found if one is not None and one.gone_ms is None)
