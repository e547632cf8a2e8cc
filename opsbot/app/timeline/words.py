"""One journal entry as a sentence of a timeline: what happened, to what, by whom. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from opsbot.app.fleet.words import clock, counted
from opsbot.app.telling import Records, Telling, Written, commitments
from opsbot.app.timeline.comms_words import COMMS_VERBS
from opsbot.app.timeline.incident_words import incident_sentence, retry_sentence, step_sentence
from opsbot.app.timeline.run_words import RUN_VERBS
from opsbot.app.words import mode_word, named
from opsbot.domain.change import Json
from opsbot.domain.durations import elapsed
from opsbot.domain.journal import Entry
from opsbot.domain.policy.rules import Policy
from opsbot.domain.said import inert
from opsbot.domain.state import APPROVALS, INCIDENTS
from opsflags import keys
from opsflags.model import scope_from_json

__all__ = ["Records", "commitments", "sentence"]

MOST: Final = 3
"""Kills that one sentence names."""

Tell = Callable[[Telling], str]


def sentence(
    entry: Entry,
    before: Records,
    policy: Policy,
    words: Mapping[str, str],
    *,
    incident: str = "",
    unnamed: frozenset[str] = frozenset(),
) -> str:
    """
    Return what an entry says in the timeline of *incident*, empty where it is not worth a line.

    *before* are the records as they stood before the entry: those that it writes are enough.
    *words* holds the free text of each of its `commitments`; one that is missing is not quoted.
    Without *incident* the first one that the entry writes is told; *unnamed* ones are not named.
    """
    told = Telling(entry, before, policy, words, incident, unnamed)
    tell = _VERBS.get(entry.verb)
    first = tell(told) if tell is not None else ""
    if entry.verb in _OWN:
        return first
    second = incident_sentence(told)
    return " ".join(part for part in (first, second) if part)


def _kill(told: Telling) -> str:
    lines = [_struck(told, one) for one in _kills(told)]
    return _few([line for line in lines if line])


def _struck(told: Telling, one: Written) -> str:
    mode = mode_word(str(one.new("mode")))
    if one.before is None:
        glass = " and broke the glass for it" if one.new("break_glass") else ""
        scope = named(scope_from_json(one.new("scope")))
        return f"{told.who} killed {scope} (`{mode}`, {one.id}){glass}{told.why(one.new('reason'))}"
    if one.differs("mode"):
        return (
            f"{told.who} made {one.id} stricter:"
            f" `{mode_word(str(one.old('mode')))}` \u2192 `{mode}`."
        )
    if one.old("ramp") and not one.new("ramp"):
        return f"{told.who} made {one.id} hold for everybody again."
    return ""


def _join(told: Telling) -> str:
    return f"{told.who} killed the same: {_ids(told)}{_given(told)}"


def _reason(told: Telling) -> str:
    return f"{told.who} said why {_ids(told)} was killed{_given(told)}"


def _given(told: Telling) -> str:
    """Return the newest reason of the kill that is written, as the end of a sentence."""
    one = next(iter(_kills(told)), None)
    if one is None:
        return "."
    if one.differs("further"):
        further = one.new("further")
        last = further[-1] if isinstance(further, (list, tuple)) and further else None
        return told.why(last.get("reason") if isinstance(last, Mapping) else None)
    return told.why(one.new("reason")) if one.differs("reason") else "."


def _review(told: Telling) -> str:
    one = next(iter(_kills(told)), None)
    at = None if one is None else one.new("review_ms")
    until = f" to {clock(at)}" if isinstance(at, int) else ""
    return f"{told.who} moved the review of {_ids(told)}{until}."


def _closed(told: Telling) -> str:
    turned = [
        f"{one.id} `{mode_word(str(one.old('mode')))}` \u2192 `{mode_word(str(one.new('mode')))}`"
        for one in _kills(told)
    ]
    return f"The people's queue closed: {', '.join(turned)}."


def _confirmed(told: Telling) -> str:
    one = next(iter(_kills(told)), None)
    seen, took = told.fact("seen"), None if one is None else one.new("confirmed_ms")
    count = seen.get("confirmed") if isinstance(seen, Mapping) else None
    by = f" by {counted(count, 'instance')}" if isinstance(count, int) else ""
    after = f", {elapsed(took)} after the command" if isinstance(took, (int, float)) else ""
    return f"{_ids(told)} was confirmed{by}{after}."


def _proved(told: Telling) -> str:
    seen = told.fact("seen")
    found = seen if isinstance(seen, Mapping) else {}
    probes, passed = found.get("probes"), found.get("passed")
    if not isinstance(probes, int) or not probes:
        return f"{_ids(told)} could not be proved: there was no point to ask."
    if passed == probes:
        return (
            f"{_ids(told)} was proved: {passed} of {probes} probes were refused as they should be."
        )
    return (
        f"{_ids(told)} is not proved: {passed} of {probes} probes were refused as they should be."
    )


def _emergency(told: Telling) -> str:
    scopes = [named(scope_from_json(one.new("scope"))) for one in _kills(told)]
    record = inert(told.fact_text("emergency"), limit=40)
    return f"The emergency kill {record} of {', '.join(scopes)} was taken over as {_ids(told)}."


def _asked(told: Telling) -> str:
    one = next(iter(told.written(APPROVALS)), None)
    action = told.fact("action")
    what = _about(action) if isinstance(action, Mapping) else ""
    named_ = told.fact("approvers")
    wanted = [told.name(who) for who in named_] if isinstance(named_, (list, tuple)) else []
    waits = f"; {' or '.join(wanted[:MOST])} may approve" if wanted else ""
    return f"{told.who} asked to {what}{f' ({one.id})' if one else ''}{waits}."


def _about(action: Mapping[str, Json]) -> str:
    if "kills" in action:
        listed = action["kills"]
        ids = [str(one[0]) for one in listed] if isinstance(listed, (list, tuple)) else []
        to = str(action.get("to", "live"))
        return f"restore {', '.join(ids)}" if to == "live" else f"make {', '.join(ids)} `{to}`"
    return f"roll out {action.get('revision')} of `{inert(str(action.get('workflow')), limit=80)}`"


def _settled(told: Telling) -> str:
    over = [one for one in told.written(APPROVALS) if one.differs("standing")]
    what = ", ".join(f"{one.id} {one.new('standing')}" for one in over)
    head = "" if told.by_us else f"{told.who}: "
    return f"{head}{what}{told.why(told.fact('reason'))}" if what else ""


def _restored(told: Telling) -> str:
    by = f"{told.who} restored {_ids(told)}"
    if told.by_us:
        by = f"{_ids(told)} was restored: its last step stayed green"
    return f"{by}{_approved(told)}{told.why(told.fact('reason'))}"


def _softened(told: Telling) -> str:
    turned = [
        f"{one.id} `{mode_word(str(one.old('mode')))}` \u2192 `{mode_word(str(one.new('mode')))}`"
        for one in _kills(told)
    ]
    return f"{told.who} made milder: {', '.join(turned)}{_approved(told)}."


def _eased(told: Telling) -> str:
    alone = " alone" if told.entry.verb == "ease_alone" else ""
    return f"{told.who} began{alone} to restore {_ids(told)} in steps: {_percent(told)}{_approved(told)}."


def _ease_step(told: Telling) -> str:
    return f"The restore of {_ids(told)} went on: {_percent(told)}."


def _hold_restore(told: Telling) -> str:
    return f"{told.who} held the restore of {_ids(told)}{_because(told)}"


def _go_on_restore(told: Telling) -> str:
    return f"{told.who} let the restore of {_ids(told)} go on{_because(told)}"


def _taken_back(told: Telling) -> str:
    return (
        f"The restore of {_ids(told)} was taken back: it holds for everybody again{_because(told)}"
    )


def _because(told: Telling) -> str:
    """Return why, in a person's words or else in ours, as the end of a sentence."""
    text = told.word(told.fact("reason")) or inert(told.fact_text("why"))
    return f": {text}" if text else "."


def _percent(told: Telling) -> str:
    shares = []
    for one in _kills(told):
        ramp = one.new("ramp")
        if isinstance(ramp, Mapping):
            steps, at = ramp.get("steps"), ramp.get("step")
            if isinstance(steps, (list, tuple)) and isinstance(at, int):
                shares.append(str(steps[at]))
    return f"{shares[0]} % are let through" if shares else "some are let through"


def _approved(told: Telling) -> str:
    one = next((one for one in told.written(APPROVALS) if one.new("standing") == "approved"), None)
    if one is None:
        return ""
    return f" ({one.id}, asked for by {told.name(one.new('requester'))})"


def _back(told: Telling) -> str:
    name, to = _workflow(told), told.fact_text("back_to")
    why = _because(told)
    head = "" if told.by_us else f"{told.who} rolled "
    tail = f" was rolled back from {told.fact_text('from')} to {to}" if told.by_us else ""
    tail = tail or f" back from {told.fact_text('from')} to {to}"
    return f"{head}{name}{tail} (as {told.fact_text('revision')}){why}"


def _route(words: str) -> Tell:
    """Return what tells a change of a route; *words* has places for who, which revision, of what."""

    def tell(told: Telling) -> str:
        said = words.format(
            who=told.who,
            r=inert(told.fact_text("revision"), limit=20),
            of=_workflow(told),
            step=inert(told.fact_text("step"), limit=40),
        )
        return f"{said}{_because(told)}"

    return tell


def _route_paged(told: Telling) -> str:
    number = told.fact("page")
    how = f"PagerDuty #{number} is about it" if isinstance(number, int) else "an alert was raised"
    r = inert(told.fact_text("revision"), limit=20)
    return f"Who is on call for {_workflow(told)} was called because of {r}: {how}."


def _pager_called(told: Telling) -> str:
    named_ = told.fact("called")
    called = [told.name(who) for who in named_] if isinstance(named_, (list, tuple)) else []
    about = inert(told.fact_text("approval"), limit=20)
    number = told.fact("page")
    how = f" (PagerDuty #{number})" if isinstance(number, int) else ""
    was = "were" if called[1:] else "was"
    return f"{' and '.join(called) or 'Nobody'} {was} called as approver of {about}{how}."


def _pager_over(told: Telling) -> str:
    what = inert(told.fact_text("approval"), limit=20)
    if not what:
        what = f"{inert(told.fact_text('revision'), limit=20)} of {_workflow(told)}"
    return f"The page about {what} was resolved{_because(told)}"


def _workflow(told: Telling) -> str:
    return f"`{inert(told.fact_text('workflow'), limit=80)}`"


def _plainly(words: str) -> Tell:
    """Return what tells something of the kills that an entry writes."""

    def tell(told: Telling) -> str:
        return words.format(who=told.who, kills=_ids(told))

    return tell


def _kills(told: Telling) -> Iterable[Written]:
    return tuple(told.written(keys.KILLS, keys.ENDED))


def _ids(told: Telling) -> str:
    ids = list(dict.fromkeys(one.id for one in _kills(told)))
    if not ids:
        return inert(told.fact_text("kill"), limit=40) or "it"
    more = f" and {len(ids) - MOST} more" if len(ids) > MOST else ""
    return f"{', '.join(ids[:MOST])}{more}"


def _few(lines: list[str]) -> str:
    more = [f"And {len(lines) - MOST} more."] if len(lines) > MOST else []
    return " ".join([*lines[:MOST], *more])


def _pager_held(told: Telling) -> str:
    pager = next((one.new("pager") for one in told.written(INCIDENTS)), None)
    until = pager.get("held_ms") if isinstance(pager, Mapping) else None
    again = f" before {clock(until)}" if isinstance(until, int) else ""
    return (
        "PagerDuty changes the status of the page again and again; it is not followed here"
        f"{again}, but read every five minutes."
    )


def _pager_refused(told: Telling) -> str:
    what = told.fact_text("what")
    who = told.name(told.fact("who")) if told.fact("who") else "somebody"
    done = _UNDONE.get(what, "PagerDuty was not told what changed").format(who=who)
    return f"{done}: {inert(told.fact_text('refusal')).rstrip('.')}."


_UNDONE: Final = {
    "add": "{who} was not asked in through the page",
    "escalate": "The page was not escalated",
    "acknowledge": "The page was not acknowledged",
    "resolve": "The page was not resolved",
    "severity": "The priority of the page was not changed",
    "accepted": "The page calls nobody loudly yet",
}
"""What PagerDuty refused for good, by what it was told."""


_VERBS: Final[Mapping[str, Tell]] = {
    "kill": _kill,
    "join": _join,
    "give_reason": _reason,
    "move_review": _review,
    "review_due": _plainly("{kills} came up for review; it holds on."),
    "queue_closed": _closed,
    "confirmed": _confirmed,
    "proved": _proved,
    "adopt": _plainly("{who} stands by {kills}, for which the glass was broken."),
    "question": _plainly("{who} questions {kills}, for which the glass was broken; it holds."),
    "adopt_emergency": _emergency,
    "ask_restore": _asked,
    "ask_ramp": _asked,
    "approval_refused": _settled,
    "approval_void": _settled,
    "approval_expired": _settled,
    "restore": _restored,
    "soften": _softened,
    "ease": _eased,
    "ease_alone": _eased,
    "ease_step": _ease_step,
    "hold_restore": _hold_restore,
    "go_on_restore": _go_on_restore,
    "take_back_restore": _taken_back,
    "set_route": _route("{who} stored {r} of {of}; it serves nobody yet"),
    "begin_ramp": _route("{who} began to roll out {r} of {of}, at {step}"),
    "hold_ramp": _route("{who} held the ramp of {of}"),
    "go_on_ramp": _route("{who} let {r} of {of} go on"),
    "cancel_ramp": _route("{who} gave up {r} of {of}"),
    "advance_ramp": _route("{r} of {of} went on to {step}"),
    "take_back_ramp": _route("{r} of {of} was taken back"),
    "good_route": _route("{r} of {of} is the last good revision"),
    "stuck_route": _route("{of} could not go back"),
    "route_paged": _route_paged,
    "route_confirmed": _route("Every instance confirmed the route of {of}"),
    "rollback": _back,
    "rechoose": _route("{r} of {of} was chosen as the cheapest that passes"),
    "incident_step": step_sentence,
    "incident_retry": retry_sentence,
    "pager_held": _pager_held,
    "pager_refused": _pager_refused,
    "pager_called": _pager_called,
    "pager_over": _pager_over,
    **RUN_VERBS,
    **COMMS_VERBS,
}
"""Every verb that has a sentence of its own; one that is missing tells what it changed of the incident."""

_OWN: Final = frozenset(
    {
        "incident_step", "incident_retry", "pager_held", "pager_refused",
        "pager_called", "pager_over",
    }
)  # fmt: skip
"""Verbs whose sentence says all of it."""
