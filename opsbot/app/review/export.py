"""A review as it leaves opsbot: as a file in one of three forms, as an answer, or put into the incident's thread."""

import json
from dataclasses import dataclass
from typing import Final, Literal, get_args

from opsbot.app.environment import Environment
from opsbot.app.fleet.words import counted
from opsbot.app.incident.power import may_work
from opsbot.app.incident.requests import Which
from opsbot.app.incident.sight import found
from opsbot.app.ports import Document
from opsbot.app.review.html import as_html
from opsbot.app.review.markdown import as_markdown
from opsbot.app.review.read import Reviews
from opsbot.app.review.words import heading
from opsbot.app.timeline.svg import as_svg
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Effect
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.incident.flow import OPEN
from opsbot.domain.incident.incident import Incident
from opsbot.domain.picture.timeline import TimelineChart, charted
from opsbot.domain.review import Review
from opsbot.domain.said import Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command

EXPORT: Final = "incident_export"
"""The kind of effect: review and picture go into the thread of the card."""

ReviewForm = Literal["md", "html", "json", "svg"]
FORMS: Final[tuple[ReviewForm, ...]] = get_args(ReviewForm)
MEDIA: Final[dict[ReviewForm, str]] = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Export:
    """The use cases; who may not see an incident gets nothing of it in any form."""

    env: Environment
    chat: bool = False

    async def review(self, which: Which, actor: Actor) -> tuple[Incident, Review]:
        """
        Return an incident with its review.

        Raises:
            UnknownIncident, NeedsMoreWords, NotAllowed: as `show`. StoreLost: no answer in time.
        """
        state = await self.env.store.refresh()
        incident = found(state, actor, which)
        return incident, await Reviews(self.env).of(incident)

    async def document(self, which: Which, form: ReviewForm, actor: Actor) -> Document:
        """Return the review as a file. Raises as `review`."""
        incident, review = await self.review(which, actor)
        return document(incident, review, form)

    async def said(self, which: Which, actor: Actor) -> Said:
        """Return the review as an answer: what is missing, and all of it for machines. Raises as `review`."""
        _, review = await self.review(which, actor)
        how = command(f"incident export {review.incident} --format html --out review.html")
        return Said(
            "amber" if review.blank else "green",
            _title(review),
            (*review.blank, f"As a file: {how}."),
            body=review.as_json(),
        )

    async def share(self, which: Which, actor: Actor, *, request_id: str) -> Said:
        """
        Put the review and its picture into the thread of the incident's card.

        Raises:
            IllegalMove: there is no Slack. NotAllowed: not somebody who works on it. And as `review`.
        """
        await self.env.store.refresh()

        def decide(state: State, now_ms: int) -> tuple[Change | None, Incident]:
            return decide_share(state, now_ms, which, actor, chat=self.chat)

        _, incident = await self.env.store.commit(request_id, decide)
        review = await Reviews(self.env).of(incident)
        return Said(
            "amber" if review.blank else "green",
            _title(review),
            ("The file and the picture follow in the thread of its card.", *review.blank),
            body={"incident": incident.id, "blank": list(review.blank)},
            channel=incident.room.channel if incident.room.own else "",
        )


def decide_share(
    state: State, now_ms: int, which: Which, actor: Actor, *, chat: bool
) -> tuple[Change | None, Incident]:
    """Return the change that puts a review into the thread, and its incident. Raises as `Export.share`."""
    incident = found(state, actor, which)
    rule = may_work(state, incident, actor, now_ms)
    if not chat:
        raise IllegalMove(
            "No Slack is connected; nothing was put there.",
            hint=f"{command(f'incident export {incident.id}')} gives it as a file.",
        )
    revision = state.position.revision + 1
    effect = Effect(EXPORT, f"{EXPORT}:{incident.uid}:{revision}", {"incident": incident.id})
    change = Change(
        verb=EXPORT,
        actor=actor,
        rule=rule,
        facts={"incident": incident.id},
        effects=(effect,),
    )
    return change, incident


def document(incident: Incident, review: Review, form: ReviewForm) -> Document:
    """Return a review as a file."""
    chart = chart_of(incident, review)
    text = {
        "md": lambda: as_markdown(review),
        "html": lambda: as_html(review, as_svg(chart)),
        "json": lambda: json.dumps(review.as_json(), ensure_ascii=False, indent=2) + "\n",
        "svg": lambda: as_svg(chart),
    }[form]()
    return Document(
        data=text.encode("utf-8", "replace"),
        name=f"{review.incident}-review.{form}",
        title=inert(heading(review), limit=200),
        media=MEDIA[form],
    )


def chart_of(incident: Incident, review: Review) -> TimelineChart:
    """Return what the picture of a review shows."""
    about = f"{review.severity}, {inert(review.title, limit=120)}"
    return charted(
        review.incident,
        about,
        review.env,
        review.times,
        review.lines,
        now_ms=review.made_ms,
        over=incident.status not in OPEN,
    )


def form_of(word: str) -> ReviewForm:
    """
    Return the form that a word names.

    Raises:
        NeedsMoreWords: none.
    """
    bare = {"markdown": "md", "htm": "html"}.get(word.lower(), word.lower())
    known = next((one for one in FORMS if one == bare), None)
    if known is None:
        raise NeedsMoreWords(
            f"`{inert(word, limit=40)}` is no form of a review.",
            hint="Forms are md, html and json.",
        )
    return known


def _title(review: Review) -> str:
    count = len(review.blank)
    missing = (
        f": {counted(count, 'thing')} {'is' if count == 1 else 'are'} missing" if count else ""
    )
    return f"Review of {review.incident} in {review.env}{missing}"
