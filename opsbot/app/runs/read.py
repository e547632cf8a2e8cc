"""Opens a run: the runbook it walks with its names looked up, and the free text of its marks and notes."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.environment import Environment, policy_of
from opsbot.app.ports import Document
from opsbot.app.runs.filled import filled
from opsbot.app.runs.params import names_of, workflow_of
from opsbot.app.runs.port import Procedures
from opsbot.app.runs.reach import reached
from opsbot.app.runs.said_params import opened_params
from opsbot.app.runs.sheet import sheet
from opsbot.app.runs.sight import incident_of
from opsbot.app.runs.view import RunView, Seen, run_view
from opsbot.domain.errors import UnknownKill, UnreadableRunbook
from opsbot.domain.kill import Kill
from opsbot.domain.run import Run
from opsbot.domain.runbook import Runbook
from opsbot.domain.state import TEXTS, State

TELLING: Final = ("incident.id", "incident.title", "run.id")
"""Names by which somebody knows of an incident, or of work on it."""


class NoProcedures:
    """No runbooks at all: a bot without a folder of them. Implements `Procedures`."""

    def known(self) -> Mapping[str, Runbook]:
        """Return none."""
        return {}

    async def pinned(self, name: str, source: str) -> Runbook:
        """Raise UnreadableRunbook: nobody reads runbooks here."""
        raise UnreadableRunbook(f"No runbooks are read here, so `{name}` cannot be.")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what a run is made of."""

    env: Environment
    procedures: Procedures

    async def book(self, run: Run, *, titled: bool = False) -> Runbook:
        """
        Return the very runbook that a run walks, with its names looked up.

        The incident's title is free text, and so is what the run was begun with: only what is shown,
        done, or sealed again, is *titled*; a decision writes into the journal.

        Raises:
            UnreadableRunbook: this version cannot read it any more. StoreLost.
        """
        source = self.env.store.state.runbook_text(run.digest)
        book = await self.procedures.pinned(run.runbook, source)
        return filled(book, await self._names(run, titled=titled))

    async def unnamed(self, run: Run) -> Runbook:
        """
        Return the runbook that a run walks with nothing in it that tells of its incident.

        What is said beside a change for users is read by everybody, and so names nothing private.
        Raises as `book`.
        """
        source = self.env.store.state.runbook_text(run.digest)
        names = await self._names(run, titled=False)
        return filled(
            await self.procedures.pinned(run.runbook, source),
            {**names, **dict.fromkeys((*run.said, *TELLING), "")},
        )

    async def known(self, run: Run) -> Runbook:
        """
        Return the runbook that a run walks, for what must not stop at a text that cannot be read.

        Of such a one no step is known. Raises StoreLost.
        """
        try:
            return await self.book(run, titled=True)
        except UnreadableRunbook:
            record = self.env.store.state.kind(TEXTS).get(run.digest, {})
            title = str(record.get("called", run.runbook))
            return Runbook(run.runbook, title, run.digest, str(record.get("source", "")))

    async def newer(self, run: Run, book: Runbook) -> Runbook:
        """Return another revision as the run would walk it, its names looked up as in `book`, *titled*."""
        return filled(book, await self._names(run))

    async def _names(self, run: Run, *, titled: bool = True) -> Mapping[str, str]:
        incident = incident_of(self.env.store.state, run)
        texts = await opened_params(self.env, run) if titled else None
        if incident is None or not titled:
            title = "" if incident is None else None
            return names_of(run, incident=incident, title=title, texts=texts)
        (title,) = await self.env.unsealed(incident.title)
        return names_of(run, incident=incident, title=title, texts=texts)

    async def view(self, run: Run, *, note: str = "", listed: bool = False) -> RunView:
        """
        Return everything that is shown of a run.

        One that is only *listed* has no steps where its text cannot be read. Raises as `book`.
        """
        state = self.env.store.state
        book = await (self.known(run) if listed else self.book(run, titled=True))
        wanted = tuple(dict.fromkeys(_commitments(run)))
        texts = await self.env.unsealed(*wanted)
        newest = self.procedures.known().get(run.runbook)
        if newest is not None and newest.digest != run.digest:
            newest = filled(newest, await self._names(run))
        seen = Seen(
            book=book,
            env=self.env.name,
            policy=policy_of(state),
            now_ms=self.env.clock.now_ms(),
            texts=dict(zip(wanted, texts, strict=True)),
            newest=newest,
            kills=_kills(state, run),
            note=note,
            given={**run.params, **await opened_params(self.env, run)},
            reached=reached(state, book, workflow_of(run, book)) if run.open else {},
        )
        return run_view(state, run, seen)

    async def document(self, run: Run) -> Document:
        """Return the pinned runbook as a file to print or to keep; its text where it cannot be read."""
        try:
            given = {**run.params, **await opened_params(self.env, run)}
            text = sheet(await self.book(run, titled=True), given)
        except UnreadableRunbook:
            text = self.env.store.state.runbook_text(run.digest)
        name = f"{run.id.lower()}-{run.runbook.replace('/', '-')}.txt"
        return Document(text.encode(), name, f"{run.id}: {run.runbook}", "text/plain")


def _kills(state: State, run: Run) -> Mapping[str, str]:
    """Return how far each kill is that an action made: stored is not confirmed, confirmed is not proved."""
    found = {}
    for act in run.acts.values():
        if act.result.startswith("K-"):
            with contextlib.suppress(UnknownKill):
                found[act.result] = _kill_words(state.kill(act.result))
    return found


def _kill_words(kill: Kill) -> str:
    if not kill.active:
        return "restored since"
    if kill.confirmed_ms is None:
        return "stored, not confirmed by every instance yet"
    if kill.probes and kill.passed == kill.probes:
        return f"confirmed and proved by {kill.passed} probes"
    asked = f", {kill.passed} of {kill.probes} probes as they should be" if kill.probes else ""
    return f"confirmed by every instance{asked}"


def _commitments(run: Run) -> Iterator[str]:
    yield run.why
    for mark in run.marks.values():
        yield from (mark.why, mark.on)
    yield from (one.text for one in run.attached)
