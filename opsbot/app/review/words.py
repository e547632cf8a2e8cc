"""A review in words: headings, sentences, tables; every form of it says exactly these. Pure."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from opsbot.app.fleet.words import counted
from opsbot.app.incident.note_words import CUT
from opsbot.app.incident.words import STATUS_WORD, lasted
from opsbot.app.review.comms_words import comms_part
from opsbot.app.review.part import Item, Part, Table
from opsbot.app.review.run_words import runs_part
from opsbot.app.review.served_words import served_in_all, served_lines
from opsbot.domain.durations import elapsed
from opsbot.domain.incident.times import ORDER, Moment
from opsbot.domain.review import Calls, Exposure, Frame, KillEvidence, Review
from opsbot.domain.said import inert
from opsbot.domain.timeline import Line
from opsbot.domain.typed import spelled, terminal

UNKNOWN: Final = "not known"
PEOPLE_S: Final = 4_000
"""Characters of a summary that are shown."""

SINCE_ONSET: Final = (
    " How many of these fall after the onset is not known, nor what instances had served that were"
    " gone by then."
)

_MOMENT: Final[dict[Moment, str]] = {
    "started": "Users first hit",
    "detected": "Noticed",
    "declared": "Declared",
    "acknowledged": "Taken on",
    "contained": "Contained",
    "told": "Users told",
    "resolved": "Resolved",
    "reviewed": "Reviewed",
}


def heading(review: Review) -> str:
    """Return the title of the whole."""
    drill = "Drill " if review.drill else ""
    private = ", private" if review.private else ""
    return f"{drill}{review.incident}: {inert(review.title)}{private}"


def made(review: Review) -> str:
    """Return when it was made and of what."""
    return (
        f"Review of {review.incident} in {review.env}, made by opsbot from its journal"
        f" at {at(review.made_ms)}."
    )


def parts(review: Review) -> tuple[Part, ...]:
    """Return every section, those without content with a word about it."""
    return (
        _summary(review),
        Part("People", table=_people(review)),
        _times(review),
        _exposure(review),
        _kills(review),
        _listed("Routes", review.routes, "No route was changed in it."),
        runs_part(review.runs),
        Part(
            "Decisions",
            lines=() if review.decided else ("The journal knows of no decision of a person.",),
            below=tuple(
                Part(inert(one.who, limit=80), items=_items(one.lines)) for one in review.decided
            ),
        ),
        comms_part(review),
        _todo(review),
        _timeline(review),
    )


def at(ms: int) -> str:
    """Return a moment with its day, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(text: str) -> str:
    """Return a sentence of ours without marks of emphasis, its commands as a terminal types them."""
    return spelled(text, terminal).replace("**", "")


def _summary(review: Review) -> Part:
    about = (
        ", ".join(f"`{inert(one, limit=80)}`" for one in review.workflows) or "no workflow named"
    )
    status = (
        f"a duplicate of {review.duplicate_of}"
        if review.duplicate_of
        else STATUS_WORD[review.status]
    )
    lines = [
        f"{review.severity}. {review.type}. {about}. Status: {status}.",
        inert(review.summary, limit=PEOPLE_S),
        inert(review.why, limit=PEOPLE_S),
        "It was a drill: it is in no figure." if review.drill else "",
        "It was put on record afterwards." if review.retroactive else "",
    ]
    return Part("Summary", tuple(one for one in lines if one), missing=review.blank)


def _people(review: Review) -> Table:
    rows = tuple((one.role, one.who) for one in review.people)
    return Table(("Part", "Who"), rows)


def _times(review: Review) -> Part:
    times, found = review.times, review.measures
    rows = tuple((_MOMENT[one], _at(times.of(one))) for one in ORDER)
    since = "detection" if times.detected is not None else "the declaration (no detection is noted)"
    took = (
        ("From the declaration to somebody taking it on", found.acknowledge),
        (f"From {since} to containment", found.contain),
        (f"From {since} to telling users", found.tell),
        (f"From {since} to resolution", found.resolve),
    )
    measured = Table(("Time to", "Took"), tuple((words, _took(ms)) for words, ms in took))
    return Part(
        "Times", table=Table(("Moment", "When"), rows), below=(Part("Measures", table=measured),)
    )


def _exposure(review: Review) -> Part:
    found = review.exposure
    begin = {
        "started": f"Users were first hit at {_at(found.onset_ms)}.",
        "detected": f"When users were first hit is not known; it was noticed at {_at(found.onset_ms)}.",
        "": "When users were first hit is not known, nor when it was noticed.",
    }[found.onset]
    end = (
        "When it was contained is not known."
        if found.contained_ms is None
        else f"It was contained at {_at(found.contained_ms)}."
    )
    long = "" if found.lasted_ms is None else f"That is {lasted(found.lasted_ms)}."
    served = [line for one in found.served for line in served_lines(one)]
    none = ["How many responses were served in that time is not known: no workflow is named."]
    told = {one.workflow for one in found.served if one.counted and one.counted.known}
    counters = [line for kill in review.kills for line in _counted(kill, told)]
    lines = (begin, end, long, *(served or none), *counters, _bad(found))
    return Part("Exposure", tuple(one for one in lines if one))


def _bad(found: Exposure) -> str:
    served = served_in_all(found.served)
    of = "" if served is None else f"; {_n(served)} responses were served in that time"
    if found.outcomes is None:
        return f"How many outcomes were bad is not known: nobody counted{of}."
    return f"People counted {_n(found.outcomes)} bad outcomes{of}."


def _counted(kill: KillEvidence, told: Collection[str]) -> Iterator[str]:
    """Yield what a kill's own counters say; of workflows that samples *told* of no more than that."""
    for frame in kill.frames:
        since = "" if frame.workflow in told else SINCE_ONSET
        yield f"{_frame(kill, frame)}{since}"
    for calls in kill.calls:
        yield _calls(kill, calls)
    if not kill.calls:
        yield f"What {kill.id} let through and refused is not known: no counters were noted."


def _frame(kill: KillEvidence, frame: Frame) -> str:
    return (
        f"Up to {kill.id}: {counted(frame.instances, 'instance')} of `{inert(frame.workflow, limit=80)}`"
        f" had served {_n(frame.let)} of {_n(frame.asked)} calls, each since it started."
    )


def _calls(kill: KillEvidence, calls: Calls) -> str:
    span = "until it was confirmed" if calls.until == "confirmed" else "until now"
    if not calls.of:
        return f"From {kill.id} {span}: no call came."
    return (
        f"From {kill.id} {span}: {_n(calls.let)} of {_n(calls.of)} calls let through,"
        f" {_n(calls.refused)} of {_n(calls.of)} refused."
    )


def _kills(review: Review) -> Part:
    if not review.kills:
        return Part("Kills", ("Nothing was switched off for it.",))
    head = ("Kill", "What", "Mode", "By", "When", "Confirmed", "Proved", "Ended")
    rows = tuple(_kill(one) for one in review.kills)
    why = tuple(
        Item(f"{one.id}: {inert(one.reason, limit=PEOPLE_S)}") for one in review.kills if one.reason
    )
    points = tuple(
        Item(f"{one.id} was not probed at {inert(name, limit=400)}")
        for one in review.kills
        for name in one.not_probed
    )
    return Part("Kills", table=Table(head, rows), items=(*why, *points))


def _kill(one: KillEvidence) -> tuple[str, ...]:
    by = "" if one.instances is None else f", by {counted(one.instances, 'instance')}"
    confirmed = (
        "not confirmed" if one.confirmed_ms is None else f"after {elapsed(one.confirmed_ms)}{by}"
    )
    proved = "not probed" if not one.probes else f"{one.passed} of {one.probes} probes passed"
    ended = "holds" if one.ended_ms is None else f"{at(one.ended_ms)}, {one.ended_by or 'opsbot'}"
    return one.id, one.what, one.mode, one.by, at(one.at_ms), confirmed, proved, ended


def _todo(review: Review) -> Part:
    if not review.todo:
        return Part("To do", missing=("Nothing was written down to be done after it.",))
    head = ("Item", "What", "Who", "By", "State")
    rows = tuple(
        (
            one.id,
            inert(one.text, limit=PEOPLE_S),
            one.owner or "nobody",
            one.due or "no date",
            "open" if one.done_ms is None and not one.late else "late" if one.late else "done",
        )
        for one in review.todo
    )
    return Part("To do", table=Table(head, rows))


def _timeline(review: Review) -> Part:
    lines = []
    if review.earlier:
        lines.append(f"{review.earlier} earlier lines have no room here; the journal has them.")
    if review.cut:
        lines.append(CUT)
    return Part("Timeline", tuple(lines), items=_items(review.lines))


def _listed(title: str, lines: Sequence[Line], otherwise: str) -> Part:
    return Part(title, () if lines else (otherwise,), items=_items(lines))


def _items(lines: Sequence[Line]) -> tuple[Item, ...]:
    return tuple(_item(one) for one in lines)


def _item(line: Line) -> Item:
    when = at(line.at_ms)
    if not line.note:
        return Item(line.text, when)
    by = f", put here by {line.noted_by}" if line.noted_by else ""
    edited = ", edited since" if line.edits else ""
    gone = ", retracted" if line.retracted else ""
    text = f"{line.who}: {inert(line.text, limit=PEOPLE_S)} ({line.note}{by}{edited}{gone})"
    return Item(text, when, line.permalink, line.retracted)


def _at(ms: int | None) -> str:
    return UNKNOWN if ms is None else at(ms)


def _took(ms: int | None) -> str:
    return UNKNOWN if ms is None else lasted(ms)


def _n(count: int) -> str:
    return f"{count:,}"
