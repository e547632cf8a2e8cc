"""The history of a workflow's route: what each revision is, its note, its gates, and how it ended."""

from dataclasses import dataclass

from opsbot.app import route_state
from opsbot.app.environment import Environment, policy_of
from opsbot.app.routes.ends import Ends, about, ends_of, makes
from opsbot.app.routes.history_words import Told, history_head, told_body, told_lines
from opsbot.domain.change import Record
from opsbot.domain.policy.rules import shown
from opsbot.domain.route import Revision
from opsbot.domain.said import Said
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

HISTORY = 15
"""Revisions that are shown, and whose gates and end are told; the machine's form lists them all."""

PAGE, PAGES = 500, 12
"""How far back the journal is read for how they ended: an answer must not wait for years of it."""


@dataclass(frozen=True, slots=True)
class History:
    """
    The look at one workflow's revisions, as of one state and one moment of the store's clock.

    *pages* is how much of the journal is read at most, PAGE entries each.
    """

    env: Environment
    state: State
    workflow: Workflow
    now_ms: int
    pages: int = PAGES

    async def said(self) -> Said:
        """Return the revisions, the newest first."""
        name, found = self.workflow.name, self.state.revisions(self.workflow.name)
        listed, older = found[:HISTORY], found[HISTORY:]
        notes = await self.env.unsealed(*(one.note for one in found))
        ends = await ends_back_to(self.env, self.state, listed[-1], pages=self.pages)
        told = [await self._told(*each, ends) for each in zip(listed, notes, strict=False)]
        lines = [line for one in told for line in told_lines(one, self.now_ms)]
        lines += [f"and {len(older)} older"] if older else []
        rest = (Told(*each) for each in zip(older, notes[HISTORY:], strict=True))
        body: Record = {
            "workflow": name,
            "revisions": [told_body(one) for one in (*told, *rest)],
        }
        title = history_head(len(found), name, self.env.name)
        return Said("plain", title, tuple(lines), body=body)

    async def _told(self, one: Revision, note: str, ends: Ends) -> Told:
        end = ends.known.get(one.number)
        (why,) = await self.env.unsealed("" if end is None else end.note)
        return Told(
            revision=one,
            note=note,
            routing=self.state.routing(self.workflow.name),
            by=shown(policy_of(self.state), one.author),
            gates=route_state.evidence(self.state, self.workflow, one.id, self.now_ms),
            end=end,
            ended_by="" if end is None else shown(policy_of(self.state), end.by),
            why=why or ("" if end is None else end.why),
            whole=ends.whole,
        )


async def ends_back_to(
    env: Environment, state: State, revision: Revision, *, pages: int = PAGES
) -> Ends:
    """
    Return how revisions ended, from the journal back to where *revision* was made, or *pages* far.

    Raises:
        StoreLost: no answer.
    """
    name, lines, whole = revision.workflow, list[str](), False
    stop = state.position.revision - 1
    for _ in range(pages):
        if stop < 0 or whole:
            break
        page = await env.store.journal(max(stop - PAGE + 1, 0), stop)
        lines = [*about(page, name), *lines]
        whole = makes(page, name, revision.number)
        stop -= PAGE
    return Ends(ends_of(lines, name), whole)
