"""What people were told, in words: when each message became public beside the technical moments, and its promises. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from opsbot.app.incident.promise_words import AUDIENCE_WORD
from opsbot.app.incident.words import lasted
from opsbot.app.review.part import Item, Part, Table
from opsbot.domain.comms.settings import STATUS_PAGE
from opsbot.domain.review import Review
from opsbot.domain.review_comms import Communication, ToldMessage, ToldPlace
from opsbot.domain.said import inert

WHOLE: Final = 4_000
_STATE: Final = {
    "due": "on its way",
    "done": "there",
    "failed": "did not come there",
    "unsure": "not known",
    "skipped": "left out",
}


def comms_part(review: Review) -> Part:
    """Return the section: how long it took to tell users, what they read where, and which promises were kept."""
    found = review.comms
    if not found.messages:
        return Part(
            "Communication",
            tuple(_times(review)),
            missing=tuple(_unsaid(review)),
        )
    below = [
        Part("Beside what was done", table=Table(("When", "What"), tuple(_beside(review)))),
        Part("Messages", table=_messages(review)),
        Part("Where each came", table=_places(found)),
        Part("What they said", items=tuple(item for one in found.messages for item in _words(one))),
        Part("Promises", lines=tuple(_promises(found)), items=tuple(_moved(found))),
    ]
    lines = tuple(_times(review))
    return Part("Communication", lines, missing=tuple(_unsaid(review)), below=tuple(below))


def blank_comms(review_told_ms: int | None, found: Communication) -> Iterator[str]:
    """Yield what nothing says about telling people, for the list of what is missing."""
    users = [one for one in found.messages if one.audience == "users"]
    if review_told_ms is None and not users:
        yield "When users were told is not known; nothing of what they were told is recorded."
    elif not users:
        yield "What users were told is not recorded."
    told = next((one for one in found.audiences if one.audience == "users"), None)
    if users and told is not None and told.stage not in (None, "resolved"):
        yield f"Users read last that it is `{told.stage}`; nobody told them that it is over."
    yield from (
        _missed(one.id, place)
        for one in found.messages
        for place in one.places
        if place.state in ("failed", "unsure")
    )
    for name in found.waiting:
        yield f"{name} was written and never published."


def _missed(message: str, place: ToldPlace) -> str:
    target = f"`{inert(place.target, limit=80)}`"
    if place.state == "unsure":
        return f"Whether {message} came to {target} is not known."
    return f"{message} did not come to {target}."


def _times(review: Review) -> Iterator[str]:
    told = _told_ms(review)
    if told is None:
        yield "Time to tell users: not known."
    else:
        took = _took(review, told)
        yield f"Users were told at {_at(told)}{'' if took is None else f', {lasted(took)} after {_since(review)}'}."
    found = review.comms
    if found.promised:
        share = round(100 * found.kept / found.promised)
        of = f"{found.kept} of {found.promised}"
        yield f"Promises kept: {of} ({share} %). Each is a word that was due, or promised, by a time."
    elif found.messages:
        yield "No word was due or promised that anybody waited for."


def _told_ms(review: Review) -> int | None:
    """Return when users were told: what is on record, else when the first message stood somewhere."""
    return review.times.told if review.times.told is not None else review.comms.first_users_ms


def _took(review: Review, told_ms: int) -> int | None:
    """Return how long it took from noticing it to telling users."""
    if review.times.told is not None:
        return review.measures.tell
    times = review.times
    return max(told_ms - (times.declared if times.detected is None else times.detected), 0)


def _since(review: Review) -> str:
    return "it was declared" if review.times.detected is None else "it was noticed"


def _unsaid(review: Review) -> Iterator[str]:
    if not review.comms.messages:
        yield (
            "Nothing is recorded of what users were told."
            if review.times.told is None
            else "What they were told is not recorded."
        )


def _beside(review: Review) -> Iterator[tuple[str, str]]:
    """Yield the technical moments and those at which people could read something, by time."""
    times = review.times
    rows = [(times.declared, "declared")]
    known = (("users first hit", times.started), ("contained", times.contained))
    rows += [(at, words) for words, at in (*known, ("resolved", times.resolved)) if at is not None]
    for kill in review.kills:
        rows.append((kill.at_ms, f"{kill.id} killed {kill.what} (`{kill.mode}`)"))
        if kill.confirmed_ms is not None:
            rows.append((kill.at_ms + round(kill.confirmed_ms), f"{kill.id} confirmed"))
    for one in review.comms.messages:
        rows += [
            (
                place.at_ms,
                f"{one.id} (`{one.stage}`) could be read at {inert(place.target, limit=80)}",
            )
            for place in one.places
            if place.state == "done"
        ]
    for at, words in sorted(rows):
        yield _at(at), words


def _messages(review: Review) -> Table:
    after = "Public after declaring"
    head = ("Message", "Stage", "To", "Written by", "Approved by", "Let go", after)
    return Table(head, tuple(_message(review, one) for one in review.comms.messages))


def _message(review: Review, one: ToldMessage) -> tuple[str, ...]:
    approved = ", ".join(one.approved_by) or (
        f"in advance; let go by {one.by}" if one.holding else f"nobody else; let go by {one.by}"
    )
    since = review.times.declared
    public = "never" if one.public_ms is None else lasted(max(one.public_ms - since, 0))
    link = f", corrects {one.corrects}" if one.corrects else ""
    link += f", corrected by {one.corrected}" if one.corrected else ""
    who = AUDIENCE_WORD[one.audience]
    return f"{one.id}{link}", one.stage, who, one.author, approved, _at(one.let_ms), public


def _places(found: Communication) -> Table:
    rows = tuple(_place(one, place) for one in found.messages for place in one.places)
    return Table(("Message", "Target", "State", "When", "Shown by"), rows)


def _place(one: ToldMessage, place: ToldPlace) -> tuple[str, ...]:
    shown = "" if place.confirmed is None else f"{place.confirmed} of {place.expected} instances"
    detail = f": {inert(place.detail, limit=200)}" if place.detail else ""
    when = _at(place.at_ms) if place.at_ms else ""
    return one.id, inert(place.target, limit=80), f"{_STATE[place.state]}{detail}", when, shown


def _words(one: ToldMessage) -> Iterator[Item]:
    own = sorted(one.places, key=lambda place: place.target != STATUS_PAGE)
    url = next((place.url for place in own if place.url), "")
    wrong = f", corrected by {one.corrected} since" if one.corrected else ""
    for locale, text in one.texts.items():
        head = inert(one.headlines.get(locale, one.headline), limit=300)
        tongue = f" ({locale})" if len(one.texts) > 1 else ""
        said = f"{one.id}{tongue}{wrong}: \u201c{head}\u201d {inert(text, limit=WHOLE)}"
        yield Item(said, _at(one.let_ms), url)


def _promises(found: Communication) -> Iterator[str]:
    for one in found.audiences:
        came = one.kept + one.broken
        if came:
            yield f"To {AUDIENCE_WORD[one.audience]}: {one.kept} of {came} in time."
    if not any(one.kept + one.broken for one in found.audiences):
        yield "No time came by which somebody was to hear."


def _moved(found: Communication) -> Iterator[Item]:
    for one in found.audiences:
        for moved in one.moved:
            who = AUDIENCE_WORD[one.audience]
            text = f"{moved.by} moved the next word to {who} to {_at(moved.until_ms)}"
            yield Item(f"{text}: {inert(moved.why, limit=WHOLE)}", _at(moved.at_ms))


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
