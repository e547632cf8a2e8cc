"""The sentences about the fleet: who has not confirmed and why, and which point was not probed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from opsbot.domain.change import Position
from opsbot.domain.containment import Containment, Missing
from opsbot.domain.fleet import ALIVE_MS, Fleet, Instance
from opsbot.domain.kill import Kill
from opsbot.domain.said import inert
from opsbot.domain.state import ROUTES, State

SHOWN = 5
"""Names of one kind in a message; the machine's form has them all."""

MOST_LACKS = 3


def clock(at_ms: int) -> str:
    """Return a server time as people read it at night: to the second, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S UTC")


def moment(at_ms: int, now_ms: int) -> str:
    """Return a server time as `clock` does, with its day where that is not today."""
    at, now = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (at_ms, now_ms))
    day = "" if at.date() == now.date() else f"{at.date().isoformat()} "
    return f"{day}{clock(at_ms)}"


def counted(count: int, word: str) -> str:
    """Return a number with its word, in the plural where it is not one."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names as people list them, cut after *most*."""
    shown = ", ".join(f"`{_id(name)}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def instance_lines(seen: Containment, *, overdue: bool) -> list[str]:
    """Return a line for every instance that has not confirmed; *overdue* says that it should have."""
    free = [one for one in seen.silent if one.stops_by_ms is None]
    leased = [one for one in seen.silent if one.stops_by_ms is not None]
    lagging = (
        "alive, has not confirmed: **not contained**" if overdue else "alive, not confirmed yet"
    )
    return [
        *_few([f"`{_id(n)}` **not contained**: it could not read the kill" for n in seen.rejected]),
        *_few([f"`{_id(o.id)}` silent since {clock(o.seen_ms)}: **not contained**" for o in free]),
        *_few([f"`{_id(one.id)}` lagging: {lagging}" for one in seen.lagging]),
        *_few([_ahead_line(one, seen.head) for one in seen.ahead]),
        *_few(
            [f"`{_id(o.id)}` silent: stops itself by {clock(o.stops_by_ms or 0)}" for o in leased]
        ),
        *_few([_expired_line(one) for one in seen.expired]),
        *unread_lines(seen.unread),
    ]


def unable_lines(seen: Containment | None, mode: str) -> list[str]:
    """Return who stops instead of what was asked for."""
    if seen is None:
        return []
    lines = []
    if seen.unable:
        lines.append(f"{listed(seen.unable)} can't do {mode}: stopped there instead")
    if seen.no_tenant:
        lines.append(f"{listed(seen.no_tenant)} don't pass a tenant: stopped for all tenants there")
    return lines


def stopped_lines(kill: Kill) -> list[str]:
    """Return how many instances stop as their calls cannot be sent to the fallback."""
    if not (kill.probes and kill.stopped):
        return []
    they = "its calls" if kill.stopped == 1 else "their calls"
    stop = "stops" if kill.stopped == 1 else "stop"
    return [
        (
            f"{counted(kill.stopped, 'instance')} **{stop}** instead: {they} cannot be sent to the"
            " fallback (another provider)"
        )
    ]


def short_lines(seen: Containment | None) -> list[str]:
    """Return how many instances fewer than declared or learned are alive."""
    if seen is None or not seen.short:
        return []
    wanted = "in the last 24 h never fewer than" if seen.learned else "declared:"
    return [
        (
            f"{counted(seen.alive, 'instance')} alive, {wanted} {seen.wanted}:"
            f" {seen.short} may run where nobody sees them"
        )
    ]


def not_probed_lines(names: Sequence[str]) -> list[str]:
    """Return the points whose address the bot refuses to send a probe to, and why."""
    return [f"not probed: {inert(name, limit=400)}" for name in names]


def ahead_words(says: Position, head: Position) -> str:
    """Return what an acknowledgement beyond the store's head is."""
    return (
        f"ahead of the store (says {says.epoch}:{says.revision},"
        f" the store is at {head.epoch}:{head.revision})"
    )


def is_alive(one: Instance, fleet: Fleet) -> bool:
    """Return whether an instance checked in just now."""
    return fleet.now_ms - one.seen_ms <= ALIVE_MS


def instance_line(one: Instance, fleet: Fleet, state: State) -> str:
    """Return one instance: whether it lives, how far it is, and what that concerns it is missing."""
    age = max(fleet.now_ms - one.seen_ms, 0) / 1000
    word = "alive" if is_alive(one, fleet) else f"silent for {age:.0f} s"
    at = f"revision {one.ack.applied.revision}" if one.ack else "nothing acknowledged yet"
    file = ", holds a kill file" if one.ack and one.ack.kill_file else ""
    lacks = f", without {', '.join(found)}" if (found := _lacks(one, state)) else ""
    return f"`{_id(one.id)}` {word}, {at}{lacks}{_ahead(one, fleet)}{file}"


def _lacks(one: Instance, state: State) -> list[str]:
    """
    Return what concerns an instance and what it has not applied, as far as it has said.

    Most revisions concern no instance (that a kill is confirmed is one), and are told with the next
    heartbeat: an instance is not behind for them.
    """
    if one.ack is None:
        return []
    applied, served = one.ack.applied, frozenset(one.workflows)
    found = [k.id for k in state.active_kills() if k.at > applied and _meets(k, served)]
    found += [f"the end of {k.id}" for k in state.ended_after(applied) if _meets(k, served)]
    found += [
        f"the route of `{name}`"
        for name in sorted(served & state.kind(ROUTES).keys())
        if state.routing(name).at > applied
    ]
    return found if len(found) <= MOST_LACKS else [*found[:MOST_LACKS], "more"]


def _meets(kill: Kill, served: frozenset[str]) -> bool:
    return kill.scope.workflow is None or kill.scope.workflow in served


def _ahead(one: Instance, fleet: Fleet) -> str:
    if one.ack is not None and one.ack.applied > fleet.head:
        return f", {ahead_words(one.ack.applied, fleet.head)}"
    return ", ahead of the store" if one.ack is not None and one.ack.ahead else ""


def _ahead_line(one: Missing, head: Position) -> str:
    where = ahead_words(one.says, head) if one.says and one.says > head else "ahead of the store"
    return (
        f"`{_id(one.id)}` {where}: not confirmed."
        " opsbot puts back what the store lost; if this stays, look at that process"
    )


def unread_lines(unread: int) -> list[str]:
    """Return that services are listed whose instances were not read."""
    if not unread:
        return []
    what = f"{counted(unread, 'service')} more on the list than opsbot reads"
    return [f"{what}: nobody knows who runs there; look for names that are nobody's"]


def _expired_line(one: Missing) -> str:
    return (
        f"`{_id(one.id)}` expired: silent since {clock(one.seen_ms)}, its lease ended at"
        f" {clock(one.stops_by_ms or 0)}; not confirmed"
    )


def _id(name: str) -> str:
    return inert(name, limit=80)


def _few(lines: list[str]) -> list[str]:
    """Return the first lines, and what the others say in common as one."""
    if len(lines) <= SHOWN:
        return lines
    said = lines[SHOWN].partition("` ")[2]
    what = said.partition(":")[0].partition(" since")[0].partition(" (")[0]
    return [*lines[:SHOWN], f"and {len(lines) - SHOWN} more {what}"]
