"""What happened in a run of a runbook, in a sentence of its incident's timeline. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from opsbot.app.telling import US, Telling, Written
from opsbot.domain.change import Json
from opsbot.domain.said import inert
from opsbot.domain.state import RUNS


def _begun(told: Telling) -> str:
    one = _run(told)
    if one is None:
        return ""
    mode = {"drill": " as a drill", "show": ", only shown"}.get(str(one.new("mode")), "")
    return f"{told.who} began {one.id}, `{inert(str(one.new('runbook')), limit=80)}`{mode}."


def _marked(told: Telling) -> str:
    one, act = _run(told), told.fact_text("act")
    if one is None:
        return ""
    if act in ("note", "evidence"):
        kept = _items(one.new("attached"))
        last = _mapped(kept[-1]) if kept else {}
        word = "noted" if act == "note" else "kept as evidence"
        return f"{told.who} {word} on {_step(told)}{told.why(last.get('text'))}"
    if act in _FOLLOWED:
        return f"{_FOLLOWED[act]} {_step(told)}{_said_now(told, one, act)}"
    mark = _mapped(_mapped(one.new("marks")).get(told.fact_text("step")))
    words = _MARKS.get(act, "")
    if not words:
        return ""
    to = told.name(mark.get("offered")) if mark.get("offered") else ""
    line = words.format(who=told.who, step=_step(told), to=to, run=one.id)
    return f"{line}{told.why(mark.get('why') or mark.get('on'))}"


_FOLLOWED: Final[Mapping[str, str]] = {
    "edited": "Its author changed the message of a note on",
    "gone": "The message was deleted of a note on",
}
"""What became of a message in Slack: no hand of the bot did it."""


def _said_now(told: Telling, one: Written, act: str) -> str:
    """Return the words that an edited message has now; a deleted one has none, and its note stays."""
    last = _mapped(next(reversed(_items(one.new("attached"))), None))
    return told.why(last.get("text")) if act == "edited" else "; the note stays."


_MARKS: Final[Mapping[str, str]] = {
    "take": "{who} took {step} of {run}",
    "assign": "{who} asked {to} to take {step} of {run}",
    "accept": "{who} took {step} of {run}",
    "decline": "{who} declined {step} of {run}",
    "done": "{who} did {step} of {run}",
    "decide": "{who} answered {step} of {run}",
    "failed": "{who}: {step} of {run} did not work",
    "skip": "{who} skipped {step} of {run}",
    "block": "{who}: {step} of {run} is blocked",
    "unblock": "{who}: {step} of {run} is blocked no more",
    "undo": "{who} took the tick off {step} of {run}",
}
"""Marks that are worth a line: a ticked box and a step back are not."""


def _acted(told: Telling) -> str:
    one, state = _run(told), told.fact_text("state")
    if one is None or state == "executing":
        return ""  # what it came to is told
    suffix = "~" if told.fact("back") else ""
    act = _mapped(
        _mapped(one.new("acts")).get(f"{told.fact_text('step')}#{told.fact_text('action')}{suffix}")
    )
    detail = inert(str(act.get("detail") or ""))
    result = f" ({inert(str(act['result']), limit=40)})" if act.get("result") else ""
    verb = f"`{told.fact_text('does')}`{' taken back' if suffix else ''}"
    words = _STATES.get(state, state)
    by = f", pressed by {told.name(act.get('by'))}" if told.by_us and act.get("by") else ""
    end = f": {detail}" if detail else ""
    head = "" if told.by_us else f"{told.who}: "
    return f"{head}{verb} on {_step(told)} of {one.id} {words}{result}{by}{end}."


_STATES: Final[Mapping[str, str]] = {
    "waiting": "waits",
    "done": "was done",
    "failed": "did not work",
    "unknown": "came to something that nobody knows",
}


def _led(told: Telling) -> str:
    one = _run(told)
    if one is None:
        return ""
    if one.differs("commander"):
        had = told.name(one.old("commander")) if one.old("commander") else "nobody"
        return f"{told.name(one.new('commander'))} leads {one.id}; it was {had}."
    if one.new("offer"):
        return f"{told.who} handed the lead of {one.id} to {told.name(one.new('offer'))}, not accepted yet."
    return f"{told.who} declined the lead of {one.id}."


def _ended(told: Telling) -> str:
    runs = list(told.written(RUNS))
    old = next((one for one in runs if one.before is not None), None)
    if old is None:
        return ""
    if old.differs("digest"):
        return f"{told.who} went on with the newer revision in {old.id}."
    new = next((one for one in runs if one.new("follows") == old.id), None)
    if new is not None:
        book = inert(str(new.new("runbook")), limit=80)
        return f"{told.who} went on from {old.id} to {new.id}, `{book}`{told.why(old.new('why'))}"
    return f"{told.who}: {old.id} {old.new('status')}{told.why(old.new('why'))}"


def _reminded(told: Telling) -> str:
    what = {
        "slow": f"{_step(told)} takes longer than planned",
        "offer": f"{_step(told)} was not accepted",
        "recheck": f"{_step(told)} is blocked",
        "lead": "the lead should be handed over",
    }.get(told.fact_text("what"), "something is due")
    return f"{US} reminded in {told.fact_text('run')}: {what}."


def _step(told: Telling) -> str:
    called = told.fact_text("called") or told.fact_text("step").replace("-", " ")
    one = _run(told)
    for name, said in _mapped(None if one is None else one.new("said")).items():
        # The journal has the name of what people said in its place; whoever reads this may read that.
        called = called.replace(f"({name})", told.word(_mapped(said).get("text")) or f"({name})")
    return f"\u201c{inert(called, limit=80)}\u201d"


def _run(told: Telling) -> Written | None:
    return next(told.written(RUNS), None)


def _mapped(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


RUN_VERBS: Final[Mapping[str, Callable[[Telling], str]]] = {
    "run_start": _begun,
    "run_mark": _marked,
    "run_act": _acted,
    "run_lead": _led,
    "run_end": _ended,
    "run_reminded": _reminded,
}
