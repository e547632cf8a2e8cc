"""The exposure window in words: how many responses were served in it, and what that figure leaves open. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from opsbot.app.fleet.words import counted as so_many
from opsbot.app.review.served import minute
from opsbot.domain.review import ServedIn
from opsbot.domain.said import inert
from opsbot.domain.served.count import Counted, Window

TAIL_MS: Final = 150_000
"""What came so lately is not missing: it is not counted yet."""


def served_lines(found: ServedIn) -> Iterator[str]:
    """Yield what one workflow served, the figure first."""
    name, seen = f"`{inert(found.workflow, limit=80)}`", found.counted
    if not _known(found) or seen is None:
        yield f"How many responses {name} served in that time is not known: {found.why}."
        return
    yield f"{name}: {_figure(seen)}{_after(found)}."
    yield from _open(seen)


def blank_served(found: Sequence[ServedIn]) -> Iterator[str]:
    """Yield what nothing says about responses, for the list of what is missing."""
    for one in found:
        name = f"`{inert(one.workflow, limit=80)}`"
        if not _known(one) or one.counted is None:
            yield f"How many responses {name} served in that time is not known: {one.why}."
            continue
        yield from (
            f"What {name} served {_span(part)} is not known: nothing was sampled."
            for part in _holes(one.counted)
        )


def served_in_all(found: Sequence[ServedIn]) -> int | None:
    """Return how many responses all workflows served; None where one of them is not known whole."""
    known = [one.counted for one in found if _known(one) and one.counted is not None]
    whole = known and len(known) == len(found) and not any(one.missing for one in known)
    return sum(one.served for one in known) if whole else None


def _known(found: ServedIn) -> bool:
    return found.counted is not None and found.counted.known


def _figure(seen: Counted) -> str:
    most, least = seen.instances
    by = so_many(most, "instance") if least == most else f"{least} to {most} instances"
    rest = [f"{_n(seen.refused)} refused"] if seen.refused else []
    rest += [f"{_n(seen.cut)} cut short"] if seen.cut else []
    word = "response" if seen.served == 1 else "responses"
    apart = f" ({', '.join(rest)})" if rest else ""
    return f"{_n(seen.served)} {word} served {_span(_bounds(seen))} by {by}, of {_calls(seen.asked)}{apart}"


def _after(found: ServedIn) -> str:
    if not found.until:
        return ""
    if found.after is None:
        return "; nothing is counted after that"
    after = found.after
    of = f"{_n(after.served)} of {_calls(after.asked)}" if after.asked else "no call came"
    if not _holes(after) or after.to_ms is None:
        return f"; after that {of}, until {found.until}"
    return f"; after that {of}, as far as was sampled to {minute(after.to_ms, after.to_ms)} UTC"


def _open(seen: Counted) -> Iterator[str]:
    """Yield what the figure leaves open."""
    if seen.edge:
        yield f"{_n(seen.edge)} of them may lie outside of that time: it begins or ends within a sample."
    if seen.fresh:
        yield f"{_n(seen.fresh)} of them are of instances that were new, counted since each started."
    if seen.eased:
        yield f"{_n(seen.eased)} of them were let through by a restore in steps."
    if seen.unplaced:
        yield (
            f"{_n(seen.unplaced)} more are of instances that had fallen silent and came back;"
            " whether of that time is not known."
        )
    if lost := _lost(seen):
        yield lost
    yield from (f"Nothing was sampled {_span(part)}." for part in _holes(seen))
    if seen.missing and _tail(seen, seen.missing[-1]):
        last_ms = seen.missing[-1][0]
        yield f"What came after {minute(last_ms, last_ms)} UTC is not counted yet."
    for part in seen.gaps:
        yield f"There is one sample {_span(part)}: the bot or its store was away."


def _lost(seen: Counted) -> str:
    """Return who may have served more than is counted."""
    who = []
    if seen.silent:
        who.append(f"up to {so_many(seen.silent, 'instance')} had fallen silent")
    if seen.ended:
        who.append(f"{so_many(seen.ended, 'instance')} ended")
    if not who:
        return ""
    words = " and ".join(who)
    return f"{words[0].upper()}{words[1:]}: what they served after their last word is not in it."


def _holes(seen: Counted) -> tuple[Window, ...]:
    return tuple(one for one in seen.missing if not _tail(seen, one))


def _tail(seen: Counted, part: Window) -> bool:
    """Return whether a part is the end that the next sample counts."""
    return part[0] == seen.to_ms and part[1] - part[0] <= TAIL_MS


def _bounds(seen: Counted) -> Window:
    return seen.from_ms or 0, seen.to_ms or 0


def _span(part: Window) -> str:
    return f"between {minute(part[0], part[0])} and {minute(part[1], part[0])} UTC"


def _calls(count: int) -> str:
    return f"{_n(count)} call{'' if count == 1 else 's'}"


def _n(count: int) -> str:
    return f"{count:,}"
