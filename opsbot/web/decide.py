"""`POST /v1/decide`: the client's own decision, for callers that cannot hold a client."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from opsbot.domain.actor import Actor
from opsbot.domain.state import State
from opsbot.web.auth import Access
from opsbot.web.bodies import DecideBody, read
from opsbot.web.routing import Entry
from opsbot.web.surroundings import Surroundings
from opsbot.web.waiting import Waiting
from opsflags import keys
from opsflags.evaluate import View, compile_view
from opsflags.model import Rejected
from opsflags.records import Kill, kill_from_json, workflow_from_json

KNOWN_FOR_S = 2.5
"""How long ago the store may have spoken for its state to count as current, in seconds."""

VIEWS = 512
"""Compiled views kept at most: one for each workflow and set of modes that is asked for."""


@dataclass(slots=True)
class Decider:
    """Answers from the newest state that this replica holds; compiles once per state."""

    _position: object = None
    _views: dict[tuple[str, frozenset[str], str, str], View] = field(default_factory=dict)

    def view(
        self,
        state: State,
        workflow: str,
        modes: Iterable[str],
        *,
        on_unknown: str = "run",
        age_s: float,
        waiting: Sequence[Kill] = (),
    ) -> View:
        """
        Return what is known of *workflow*.

        *age_s* (seconds) is the age of that knowledge, *waiting* the emergencies not yet adopted.
        """
        position = (state.position, tuple(kill.id for kill in waiting))
        if self._position != position or len(self._views) > VIEWS:
            self._position = position
            self._views.clear()
        implemented = frozenset(modes)
        raw = state.kind(keys.WORKFLOWS).get(workflow)
        record = None if raw is None else workflow_from_json(workflow, dict(raw))
        stale_after_s = KNOWN_FOR_S if record is None else record.stale_after_s
        knowledge = _knowledge(age_s, stale_after_s)
        at = (workflow, implemented, knowledge, on_unknown)
        if at not in self._views:
            self._views[at] = compile_view(
                workflow,
                record,
                [*_kills(state), *waiting],
                modes=implemented,
                knowledge=knowledge,
                on_unknown=on_unknown,
                position=(state.position.epoch, state.position.revision),
            )
        return self._views[at]


def _knowledge(age_s: float, stale_after_s: float) -> str:
    if age_s > stale_after_s:
        return "lost"
    return "live" if age_s <= KNOWN_FOR_S else "stale"


def _kills(state: State) -> list[Kill]:
    """Return the active kills; one that cannot be read stops everything, as at any client."""
    kills = []
    for kill_id, record in state.kind(keys.KILLS).items():
        try:
            kills.append(kill_from_json(dict(record)))
        except Rejected:
            position = {"epoch": state.position.epoch, "revision": state.position.revision}
            stop = {"s": 1, "id": kill_id, "uid": kill_id, "scope": {}, "mode": "stop"}
            kills.append(kill_from_json({**stop, "at": position}))
    return kills


@dataclass(frozen=True, slots=True)
class Decide:
    """The handler."""

    around: Surroundings
    decider: Decider
    waiting: Waiting

    async def decide(self, request: Request, _: Actor) -> Response:
        """Answer one question from memory; a few times a second one of them looks for emergencies."""
        body, _raw = await read(request, DecideBody)
        state = self.around.store.state
        view = self.decider.view(
            state,
            body.workflow,
            body.modes or (),
            on_unknown=body.on_unknown,
            age_s=self.around.store_age_s(),
            waiting=await self.waiting.kills(state),
        )
        decision = view.decide(body.tenant, body.model, body.tool, body.provider, body.key)
        return Response(
            json.dumps(
                {**decision.as_json(), "message": decision.message_for(body.locale)},
                ensure_ascii=False,
            ),
            media_type="application/json",
            headers={"cache-control": "no-store"},
        )


def entries(around: Surroundings) -> list[Entry]:
    """Return the route."""
    on = Decide(around, Decider(), Waiting(around.fleets))
    return [
        Entry(
            "POST",
            "/v1/decide",
            Access.BEARER,
            "May I, with what model, in which mode?",
            known=on.decide,
            takes="DecideBody",
        )
    ]
