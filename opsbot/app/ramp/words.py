"""The sentences about a restore in steps: how much is let through, for how long it is watched, what next."""

from collections.abc import Sequence
from dataclasses import replace

from opsbot.app.fleet.words import SHOWN, clock, instance_lines, listed
from opsbot.app.ramp.steps import watched_until_ms
from opsbot.domain.change import Position, Record
from opsbot.domain.containment import Containment, Missing
from opsbot.domain.fleet import Counts
from opsbot.domain.kill import Kill
from opsbot.domain.said import Button, inert, visible
from opsbot.domain.typed import command


def share(kill: Kill) -> str:
    """Return what is let through, and how."""
    assert kill.ramp is not None
    return f"{kill.ramp.percent} % of sticky keys, read-only tools"


def except_words(kill: Kill) -> str:
    """Return what a title adds to the effect while a part is lifted; empty where none is."""
    return "" if kill.ramp is None else f", except {kill.ramp.percent} % of sticky keys"


def hold_line(kill: Kill, note: str) -> str:
    """Return who holds a restore in steps, why, and how it goes on; empty where no person holds it."""
    if kill.ramp is None or not kill.ramp.held_by_person:
        return ""
    why = f": {inert(note)}" if note else ""
    on = command(f"restore {kill.id} go-on")
    return f"H{inert(kill.ramp.held)[1:]}{why}. Somebody else lets it go on: {on}."


def step_lines(kill: Kill, *, now: bool = False) -> list[str]:
    """Return where a restore in steps is, or how the last one ended; *now*: its next step is due."""
    ramp = kill.ramp
    if ramp is None:
        what = f"A restore of {kill.id} was taken back: {inert(kill.taken_back)}."
        return [f"{what} Another one needs a new approval."] if kill.taken_back else []
    then = "everybody" if ramp.following is None else f"{ramp.following} %"
    until = clock(watched_until_ms(kill))
    if ramp.lone:
        return [f"{share(kill)}, watched until {until}; no more without a second person."]
    if ramp.held_by_person:
        return [f"{share(kill)}. H{inert(ramp.held)[1:]}; then {then}."]
    if ramp.held:
        return [f"{share(kill)}. Held: {visible(ramp.held)}; then {then}."]
    if now:
        return [f"{share(kill)}; its watch is over: {then} now, if nothing holds it."]
    least = " at the earliest" if kill.confirmed_ms is None else ""
    return [f"{share(kill)}, watched until {until}{least}; then {then}."]


def let_words(kill: Kill, since: Counts) -> str:
    """Return how many calls were let through: by a restore's leave, and against the kill."""
    if kill.ramp is None and not since.eased:
        return f"{since.let} let through"
    by_leave = f"{since.eased} let through by the restore"
    return f"{by_leave}, {since.let} against it" if since.let else by_leave


def let_against(since: Counts | None) -> int:
    """Return how many calls were let through that speak against a kill that all have confirmed."""
    return 0 if since is None else since.let


def step_missing_lines(kill: Kill, seen: Containment, *, overdue: bool) -> list[str]:
    """
    Return who has not confirmed a step: whoever confirmed the kill before still holds all of it.

    Only the others are not contained.
    """
    open_ = uncontained(kill, seen)
    held = [one.id for one in _missing(seen) if one not in _missing(open_)]
    lines = (
        [f"{listed(held, SHOWN)} not at this step yet: the whole kill holds there"] if held else []
    )
    return [*lines, *instance_lines(open_, overdue=overdue)]


def uncontained(kill: Kill, seen: Containment) -> Containment:
    """Return the fleet without those that acknowledged the kill while it held for everybody."""
    if kill.ramp is None:
        return seen
    at = Position(*kill.ramp.whole_at)

    def behind(missing: Sequence[Missing]) -> tuple[Missing, ...]:
        return tuple(one for one in missing if one.says is None or one.says < at)

    return replace(
        seen,
        lagging=behind(seen.lagging),
        silent=behind(seen.silent),
        expired=behind(seen.expired),
    )


def _missing(seen: Containment) -> tuple[Missing, ...]:
    return (*seen.lagging, *seen.ahead, *seen.silent, *seen.expired)


def uneased_lines(seen: Containment | None) -> list[str]:
    """Return where nothing is let through, because write tools cannot be withheld there."""
    if seen is None or not seen.uneased:
        return []
    return [f"{listed(seen.uneased)} can't do read_only: nothing is let through there"]


def step_buttons(kill: Kill) -> tuple[Button, ...]:
    """Return what may be done with the steps that are still to come."""
    if kill.ramp is None or kill.ramp.lone:
        return ()
    if kill.ramp.held_by_person:
        return (Button("restore_go_on", "Go on", kill.id),)
    return (Button("restore_hold", "Hold", kill.id),)


def ramp_body(kill: Kill) -> Record:
    """Return the machine's form of a restore in steps; nothing where there is none."""
    ramp = kill.ramp
    if ramp is None:
        return {}
    body: Record = {
        "percent": ramp.percent,
        "then": None if ramp.lone else ramp.following or "everybody",
        "watched_until_ms": watched_until_ms(kill),
        "held": ramp.held or None,
        "lone": ramp.lone,
    }
    return {"ramp": body}
