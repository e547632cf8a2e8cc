"""Read-only answers: the switchboard, one workflow, the kills, the instances, who is on call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opsbot.app.approvals import pending_on
from opsbot.app.comms.shown.home import message_parts
from opsbot.app.environment import Environment, policy_of
from opsbot.app.fleet.sight import Sight, watched_kill
from opsbot.app.fleet.words import instance_line, is_alive, moment
from opsbot.app.incident.hidden import Hidden
from opsbot.app.incident.home import incident_parts, open_lines
from opsbot.app.incident.links import untied
from opsbot.app.incident.named import beside
from opsbot.app.kill.decision import undo_hint
from opsbot.app.kill.names import led
from opsbot.app.look import may_look
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.oncall_words import Known, oncall_said
from opsbot.app.ports import Outbox
from opsbot.app.ramp.words import except_words
from opsbot.app.reach import people_named
from opsbot.app.reason_words import further_lines, hold_lines
from opsbot.app.retry import EVERY, letter_line
from opsbot.app.routes.home import route_parts
from opsbot.app.runs.nightly import last_night
from opsbot.app.target import held_with, hits, nearest, struck_by
from opsbot.app.words import KillView, clock, counted, kill_said, mode_word, named
from opsbot.domain.actor import Actor
from opsbot.domain.change import Json
from opsbot.domain.containment import contain
from opsbot.domain.errors import StoreLost, UnknownWorkflow
from opsbot.domain.fleet import Fleet, Instance
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import shown
from opsbot.domain.said import Button, Said, inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow
from opsflags.model import FALLBACK_OR_SAFE, RANK, SAFE_STATE

MOST_LINES = 20
"""Lines of one kind in an answer; the machine's form has them all."""

MOST_LETTERS = 3
_AGAIN = "A card is tried again with the next change of its kill;"


@dataclass(frozen=True, slots=True)
class Show:
    """The use cases of looking; policy is asked here too (guests and strangers see nothing)."""

    env: Environment
    outbox: Outbox | None = None
    rota: OnCall | None = None

    async def status(self, workflow: str | None, actor: Actor) -> Said:
        """
        Return the whole switchboard, or one workflow in detail.

        Raises:
            NotAllowed: not a member. UnknownWorkflow: no such name.
        """
        state, fleet = await self._look(actor)
        if workflow:
            said = await self._one(self._named(workflow, state), state, fleet)
            told = await open_lines(self.env, state, actor, workflow)
            return replace(said, lines=(*told, *said.lines)) if told else said
        return self._all(state, fleet, await self._undelivered(Hidden.of(state, actor)))

    async def home(self, actor: Actor) -> tuple[Said, ...]:
        """
        Return the switchboard in parts: a head, a line for each kill, incidents, messages, workflows, routes.

        And what the last nightly look at the runbooks found.

        Raises as `status`.
        """
        state, fleet = await self._look(actor)
        kills = [await self._short(kill, state, fleet) for kill in strictest_first(state)]
        rows = [self._row(one, state, fleet) for one in state.workflows().values()]
        now_ms = fleet.now_ms if fleet else self.env.clock.now_ms()
        routes = route_parts(state, self.env.name, now_ms)
        undelivered = await self._undelivered(Hidden.of(state, actor))
        head = self._all(state, fleet, undelivered, listed=False)
        incidents = await incident_parts(self.env, state, actor)
        told = await message_parts(self.env, state, actor)
        night = None if self.outbox is None else await last_night(self.outbox, self.env)
        return (
            head,
            *kills,
            *incidents,
            *told,
            *rows,
            *routes,
            *([] if night is None else [night]),
        )

    async def _short(self, kill: Kill, state: State, fleet: Fleet | None) -> Said:
        """Return one kill as a line, with what can be done about it."""
        whole = await self.card(kill, state, fleet)
        buttons = tuple(one for one in whole.buttons if one.act not in _ON_ITS_CARD)
        return Said("plain", self._kill_line(kill, state, fleet), (), buttons, body=whole.body)

    async def kills(self, actor: Actor) -> Said:
        """Return the active kills, a line each. Raises as `status`."""
        state, fleet = await self._look(actor)
        kills = state.active_kills()
        lines = tuple(self._kill_line(kill, state, fleet) for kill in strictest_first(state))
        title = self._count(kills) if kills else self._nothing()
        body: dict[str, Json] = {
            "env": self.env.name,
            "revision": state.position.revision,
            "kills": [(await self.card(kill, state, fleet)).body for kill in kills],
        }
        told = (*_first(lines), *self._silence(fleet))
        return Said("amber" if kills or fleet is None else "green", title, told, body=body)

    async def instances(self, actor: Actor) -> Said:
        """Return every instance with its position and age. Raises as `status`."""
        state, fleet = await self._look(actor)
        if fleet is None:
            return Said(
                "red", f"The fleet of {self.env.name} cannot be read: no answer", exit_code=1
            )
        silent_first = sorted(fleet.instances, key=lambda one: one.seen_ms)
        lines = _first([instance_line(one, fleet, state) for one in silent_first])
        alive = sum(1 for one in fleet.instances if is_alive(one, fleet))
        body: dict[str, Json] = {
            "env": self.env.name,
            "revision": state.position.revision,
            "instances": [_instance_json(one, fleet) for one in fleet.instances],
        }
        title = f"{alive} of {len(fleet.instances)} instances alive in {self.env.name}"
        return Said("plain", title, lines, body=body)

    async def oncall(self, workflow: str | None, actor: Actor) -> Said:
        """Return who is called first and who answers for what. Raises as `status`."""
        state, _ = await self._look(actor)
        declared = state.workflows()
        chosen = [self._named(workflow, state)] if workflow else list(declared.values())
        rota = self.rota
        known = Known(
            roster=None if rota is None else rota.roster,
            now_ms=self.env.clock.now_ms(),
            connected=rota is not None and rota.paging is not None,
            trouble="" if rota is None else rota.trouble,
        )
        said = oncall_said(state, self.env.name, chosen, known)
        return replace(said, lines=_first(said.lines))

    async def card(self, kill: Kill, state: State, fleet: Fleet | None) -> Said:
        """Return one kill in full, as its own answer said it."""
        declared = state.workflows()
        (reason,) = await self.env.unsealed(kill.reason)
        now_ms = fleet.now_ms if fleet else self.env.clock.now_ms()
        hit, with_it = struck_by(kill.scope, declared), led(state, kill)
        return kill_said(
            KillView(
                kill=kill,
                env=self.env.name,
                containment=contain(watched_kill(kill, with_it), fleet, declared)
                if fleet
                else None,
                workflows=declared,
                by=await self.env.named(kill),
                reason=reason,
                pending=pending_on(state, kill.id, now_ms),
                undo=undo_hint(hit, kill.mode),
                held=held_with(state, kill),
                led=with_it,
                further=await further_lines(self.env, kill),
                untied=untied(state, kill.id),
                beside=beside(state, kill.id),
            )
        )

    async def _look(self, actor: Actor) -> tuple[State, Fleet | None]:
        state = self.env.store.state
        may_look(policy_of(state), actor)
        return state, await Sight(self.env.fleets, self.env.clock).fleet()

    def _named(self, name: str, state: State) -> Workflow:
        declared = state.workflows()
        if name not in declared:
            raise UnknownWorkflow(name, nearest=nearest(name, declared))
        return declared[name]

    async def _undelivered(self, hidden: Hidden) -> list[str]:
        """Return what could not be said outside; the kills themselves never depend on it."""
        if self.outbox is None:
            return []
        try:
            dead = await self.outbox.dead_letters()
        except StoreLost:
            return ["Whether messages are left undelivered cannot be read: no answer."]
        if not dead:
            return []
        lines = [letter_line(letter, hidden) for letter in dead[-MOST_LETTERS:]]
        head = f"Not delivered: {counted(len(dead), 'message')}; the newest:"
        return [head, *lines, f"{_AGAIN} `opsbot retry all` or the button tries it now."]

    def _silence(self, fleet: Fleet | None) -> list[str]:
        """Return that this is from memory, as no fleet could be read, and where to read on."""
        if fleet is not None:
            return []
        kept = "The fleet cannot be read: the store did not answer. This is what was known last."
        return [" ".join(one for one in (kept, self.env.paper.words) if one)]

    def _count(self, kills: Sequence[Kill]) -> str:
        return f"{counted(len(kills), 'active kill')} in {self.env.name}"

    def _nothing(self) -> str:
        return f"Nothing is killed in {self.env.name}"

    def _all(
        self, state: State, fleet: Fleet | None, undelivered: list[str], *, listed: bool = True
    ) -> Said:
        """Return the switchboard; *listed* is false where kills and workflows follow one by one."""
        kills = state.active_kills()
        lines = self._listed(state, fleet) if listed else []
        lines += undelivered
        lines += _typos(state, fleet)
        lines += self._silence(fleet)
        title = self._count(kills) if kills else self._nothing()
        body: dict[str, Json] = {
            "env": self.env.name,
            "revision": state.position.revision,
            "kills": [kill.id for kill in kills],
            "workflows": {
                name: self._row(one, state, fleet).body for name, one in state.workflows().items()
            },
        }
        amber = kills or fleet is None or undelivered
        again = (Button("retry", "Deliver again", EVERY),) if undelivered[1:] else ()
        return Said("amber" if amber else "green", title, tuple(lines), again, body=body)

    def _listed(self, state: State, fleet: Fleet | None) -> list[str]:
        kills = _first([self._kill_line(kill, state, fleet) for kill in strictest_first(state)])
        rows = [self._row(one, state, fleet) for one in state.workflows().values()]
        return [*kills, *_first([row.title for row in sorted(rows, key=lambda row: row.tone)])]

    async def _one(self, workflow: Workflow, state: State, fleet: Fleet | None) -> Said:
        hits = _hitting(workflow, state)
        lines = [
            (
                f"DRI {_dri(workflow, state)} · team {workflow.team} · tier {workflow.tier}"
                f" · safe state `{workflow.safe_state}` · runbook `{workflow.runbook or 'none'}`"
            ),
            f"Model: {_route(workflow)}",
            *([f"Last resort: {inert(workflow.last_resort)}"] if workflow.last_resort else []),
            *_first([self._kill_line(kill, state, fleet) for kill in hits]),
            *_first(list(await hold_lines(self.env, hits))),
        ]
        row = self._row(workflow, state, fleet)
        if fleet is not None:
            serving = sorted(_serving(workflow, fleet), key=lambda one: one.seen_ms)
            lines += _first([instance_line(one, fleet, state) for one in serving])
        title = f"{row.title} in {self.env.name}"
        return Said(row.tone, title, tuple(lines), row.buttons, body=row.body)

    def _row(self, workflow: Workflow, state: State, fleet: Fleet | None) -> Said:
        hits = _hitting(workflow, state)
        serving = _serving(workflow, fleet) if fleet else []
        alive = sum(1 for one in serving if fleet and is_alive(one, fleet))
        held = ", ".join(f"{kill.id} {mode_word(kill.mode)}" for kill in hits) or "live"
        body: dict[str, Json] = {
            "workflow": workflow.name,
            "tier": workflow.tier,
            "kills": [kill.id for kill in hits],
            "instances": len(serving) if fleet else None,
            "alive": alive if fleet else None,
        }
        running = f"{alive}/{len(serving)} instances alive" if fleet else "instances: unknown"
        if fleet and not serving:
            running = "no instance runs it"
        return Said(
            tone="amber" if hits else "green" if alive else "plain",
            title=f"`{workflow.name}`: {held} · {running}",
            buttons=(Button("status", "Status", workflow.name),),
            body=body,
        )

    def _kill_line(self, kill: Kill, state: State, fleet: Fleet | None) -> str:
        seen = contain(watched_kill(kill), fleet, state.workflows()) if fleet else None
        count = f"{len(seen.confirmed)}/{seen.expected} confirmed" if seen else "confirmed: unknown"
        by = shown(policy_of(state), kill.actor)
        with_it = f" (with {kill.under})" if kill.under else ""
        now_ms = fleet.now_ms if fleet else self.env.clock.now_ms()
        asked = pending_on(state, kill.id, now_ms)
        waits = f" · restore {asked.id} waits until {clock(asked.expires_ms)}" if asked else ""
        mode = f"{mode_word(kill.mode)}{except_words(kill)}"
        return (
            f"{kill.id}{with_it} {named(kill.scope)} · {mode}"
            f" · since {moment(kill.since_ms, now_ms)} by {by} · {count}{waits}"
        )


_ON_ITS_CARD = frozenset({"give_reason", "question", "incident_open", "status"})
"""What the Home tab does not offer beside a kill's line."""


def strictest_first(state: State) -> tuple[Kill, ...]:
    """Return the active kills: what restricts most first, what is being restored after its like."""
    return tuple(
        sorted(state.active_kills(), key=lambda kill: (-_rank(kill), kill.ramp is not None))
    )


def _rank(kill: Kill) -> int:
    """Return how much a mode restricts at least; a word that is not known is a stop."""
    mode = {FALLBACK_OR_SAFE: "fallback", SAFE_STATE: "human"}.get(kill.mode, kill.mode)
    return RANK.get(mode, RANK["stop"])


def _dri(workflow: Workflow, state: State) -> str:
    """Return who answers for it, by the name they go by where the policy knows them."""
    (name,) = people_named(policy_of(state), (workflow.dri,))
    return inert(name)


def _hitting(workflow: Workflow, state: State) -> list[Kill]:
    return [k for k in state.active_kills() if hits(k.scope, workflow)]


def _first(lines: Sequence[str]) -> tuple[str, ...]:
    more = (f"and {len(lines) - MOST_LINES} more",) if lines[MOST_LINES:] else ()
    return (*lines[:MOST_LINES], *more)


def _serving(workflow: Workflow, fleet: Fleet) -> list[Instance]:
    return [one for one in fleet.instances if workflow.name in one.workflows]


def _route(workflow: Workflow) -> str:
    targets = workflow.route.get("targets", [])
    listed = targets if isinstance(targets, (list, tuple)) else []
    names = [f"{t['provider']}/{t['model']}" for t in listed if isinstance(t, Mapping)]
    backup = [f"{t['provider']}/{t['model']}" for t in workflow.fallbacks]
    return f"{', '.join(names)} · fallback {', '.join(backup) or 'none'}"


def _typos(state: State, fleet: Fleet | None) -> list[str]:
    declared = state.workflows()
    served = {name for one in (fleet.instances if fleet else ()) for name in one.workflows}
    return [
        f"`{inert(name, limit=60)}` is asked for by a service but not declared"
        f"{f': did you mean `{near[0]}`?' if (near := nearest(name, declared)) else ''}"
        for name in sorted(served - set(declared))
    ]


def _instance_json(one: Instance, fleet: Fleet) -> dict[str, Json]:
    return {
        "instance": one.id,
        "service": one.service,
        "host": one.host,
        "pid": one.pid,
        "client": one.client,
        "workflows": sorted(one.workflows),
        "alive": is_alive(one, fleet),
        "seen_ms_ago": max(fleet.now_ms - one.seen_ms, 0),
        "applied": one.ack.applied.as_json() if one.ack else None,
        "enforced": one.ack.enforced.as_json() if one.ack else None,
        "ahead": one.ack.ahead or one.ack.enforced > fleet.head if one.ack else None,
        "kill_file": one.ack.kill_file if one.ack else None,
        "rejected": list(one.ack.rejected) if one.ack else [],
    }
