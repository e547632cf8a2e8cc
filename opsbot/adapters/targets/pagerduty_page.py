"""
PagerDuty status pages: one post there for each incident of ours, one post update for each message.

They take no key, so from the second attempt on a message is looked for by its very words, among what is
not known to be another message: by the moment at which it was let go, where PagerDuty keeps that as we
said it, else behind the newest of the others.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Final

from opsbot.adapters.pagerduty.link import Link
from opsbot.adapters.targets.http import part, text
from opsbot.adapters.targets.markup import for_html
from opsbot.adapters.targets.places import ID, Page, remarks
from opsbot.app.comms.port import Impact, Post, Posted
from opsbot.app.comms.targets.as_sent import AsSent, as_sent
from opsbot.app.paging.port import PagingRefused, PagingUnauthorised
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Record
from opsbot.domain.said import inert

WHOLE_S: Final = 18.0
"""How long one message may take, in seconds: it is one replica's for 20."""

KEEP_S: Final = 600.0
"""How long a page's own words for states and severities are believed."""

SETTING: Final = "OPSBOT_PAGERDUTY_API_KEY"
FORBIDDEN: Final = 403
SAME_MS: Final = 1_000
MOST_POSTS: Final = 20
"""Posts with our title that are looked into for a message."""

SEVERITIES: Final[Mapping[Impact, tuple[str, ...]]] = {
    "none": ("none", "all good", "operational"),
    "minor": ("minor",),
    "major": ("major",),
    "critical": ("critical", "major"),
}
IMPACTS: Final[Mapping[Impact, tuple[str, ...]]] = {
    "none": ("operational", "none"),
    "minor": ("degraded performance", "degraded", "minor", "partial outage"),
    "major": ("partial outage", "major", "major outage"),
    "critical": ("major outage", "critical", "outage", "partial outage"),
}
_TAG: Final = re.compile(r"<[^>]*>")
Said = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one page calls things: the id of each by its description in lower case."""

    statuses: Mapping[str, str]
    severities: Mapping[str, str]
    impacts: Mapping[str, str]


class Lexicons:
    """The words of every page, asked for once in a while and shared by all publishers of a process."""

    def __init__(self, link: Link, now: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self._now = now
        self._known: dict[str, tuple[Lexicon, float]] = {}

    async def of(self, page: str) -> Lexicon:
        """Return a page's words. Raises as the link does."""
        known, until = self._known.get(page, (None, 0.0))
        if known is not None and self._now() < until:
            return known
        found = Lexicon(
            statuses=await self._words(page, "statuses"),
            severities=await self._words(page, "severities"),
            impacts=await self._words(page, "impacts"),
        )
        self._known[page] = (found, self._now() + KEEP_S)
        return found

    async def _words(self, page: str, what: str) -> Mapping[str, str]:
        doing = f"reading the page's {what}"
        params = {"post_type": "incident"}
        listed = await self.link.listed(doing, f"/status_pages/{page}/{what}", what, params)
        return {text(one, "description").strip().lower(): text(one, "id") for one in listed}


class PagerDutyPage:
    """One status page."""

    def __init__(self, lexicons: Lexicons, page: Page) -> None:
        self._lexicons = lexicons
        self._link = lexicons.link
        self._page = page
        self._at = f"/status_pages/{page.id}/posts"

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Publish one message once; see the port."""
        try:
            async with asyncio.timeout(WHOLE_S):
                return await self._publish(post, attempt)
        except TimeoutError as slow:
            raise RetryLater("PagerDuty was too slow with the status page.") from slow
        except PagingUnauthorised as no:
            raise GiveUp(f"{no} See {SETTING}.") from no
        except PagingRefused as no:
            if no.status != FORBIDDEN:
                raise
            raise GiveUp(f"{no}: see what {SETTING} may") from no

    async def _publish(self, post: Post, attempt: int) -> Posted:
        say = as_sent("pagerduty", post.headline, post.texts)
        thread = text(post.thread, "post")
        known = thread or await self._begun(post)
        if not known and post.stage == "correction":
            raise GiveUp("PagerDuty has nothing of this incident that could be corrected")
        if attempt > 1:
            # Without a thread it may have opened a post of its own before the one that was begun was seen.
            for place in dict.fromkeys((thread, known)):
                if found := await self._found(place, post, say):
                    return self._posted(*found, post, say)
        update = await self._update(post, say, known)
        if known:
            path = f"{self._at}/{_id(known)}/post_updates"
            made = await self._write("writing the update", path, {"post_update": update})
            return self._posted(known, text(made, "post_update", "id"), post, say)
        body: Record = {
            "post": {
                "type": "status_page_post",
                "title": say.title,
                "post_type": "incident",
                "starts_at": None,
                "ends_at": None,
                "status_page": {"id": self._page.id, "type": "status_page"},
                "updates": [update],
            }
        }
        made = await self._write("opening the post", self._at, body)
        updates = part(made, "post", "updates")
        first = updates[0] if isinstance(updates, list) and updates else None
        return self._posted(_id(text(made, "post", "id")), text(first, "id"), post, say)

    async def _begun(self, post: Post) -> str:
        """Return the post that an earlier message of the incident opened unseen, empty where none did."""
        for one in post.unseen:
            say = as_sent("pagerduty", one.headline, one.texts)
            if found := await self._found("", one, say):
                return found[0]
        return ""

    async def _found(self, known: str, post: Post, say: AsSent) -> tuple[str, str] | None:
        """Return the ids of the post and of the update in which this message stands."""
        taken = {str(one.get("post") or "") for one in post.others}
        titled = () if known else await self._titled(say.title)
        for one in [known] if known else [one for one in titled if one not in taken]:
            path = f"{self._at}/{_id(one)}/post_updates"
            listed = await self._link.listed("looking for the message", path, "post_updates")
            if update := _ours(listed, post, say):
                return one, update
        return None

    async def _titled(self, title: str) -> Sequence[str]:
        params = {"post_type": "incident"}
        listed = await self._link.listed("looking for the post", self._at, "posts", params)
        named = [text(one, "id") for one in listed if text(one, "title").split() == title.split()]
        # Nobody says in which order they are listed: the newest stand at one of the ends.
        half = MOST_POSTS // 2
        return named if len(named) <= MOST_POSTS else [*named[:half], *named[-half:]]

    async def _update(self, post: Post, say: AsSent, known: str) -> Record:
        words = await self._lexicons.of(self._page.id)
        states = self._page.states(post)
        touched = [_touched(id_, self._impact(words, one)) for id_, one in states.items()]
        works = post.stage == "resolved" and not post.stays_off
        severity: Impact = "none" if works else post.impact
        stage = await self._stage_now(known, words) if post.stage == "correction" else None
        return {
            "type": "status_page_post_update",
            "post": {"id": known, "type": "status_page_post"},
            "message": for_html(say.text),
            "status": {
                "id": stage or self._word("status", words.statuses, post.stage, (post.stage,)),
                "type": "status_page_status",
            },
            "severity": {
                "id": self._word("severity", words.severities, severity, SEVERITIES[severity]),
                "type": "status_page_severity",
            },
            "impacted_services": touched,
            "update_frequency_ms": None,
            "notify_subscribers": self._page.notify,
            "reported_at": _stamp(post.at_ms),
        }

    async def _stage_now(self, known: str, words: Lexicon) -> str:
        """Return the status that a post has now: a correction moves no stage."""
        path = f"{self._at}/{_id(known)}/post_updates"
        listed = await self._link.listed("reading the post", path, "post_updates")
        newest = max(listed, key=lambda one: text(one, "reported_at"), default=None)
        found = text(newest, "status", "id")
        return found if found in words.statuses.values() else ""

    def _impact(self, words: Lexicon, state: Impact) -> str:
        return self._word("impact", words.impacts, f"impact_{state}", IMPACTS[state])

    def _word(self, what: str, known: Mapping[str, str], ours: str, usual: Sequence[str]) -> str:
        """
        Return the id of the page's word for one of ours.

        Raises:
            GiveUp: it has none; says what it has, and where the word is named.
        """
        named = self._page.names.get(ours, "").strip().lower()
        for word in (named, *usual):
            if word and word in known:
                return known[word]
        has = ", ".join(inert(one, limit=40) for one in known) or "none at all"
        raise GiveUp(
            f"PagerDuty's page has no {what} for {ours} (it has: {has}): "
            f"name it under `names` of the target {inert(self._page.target, limit=60)}"
        )

    async def _write(self, doing: str, path: str, body: Record) -> object:
        answer, _ = await self._link.write(doing, "POST", path, body, sender="")
        return self._link.settled(answer, doing).said

    def _posted(self, post_id: str, update_id: str, post: Post, say: AsSent) -> Posted:
        return Posted(
            url=self._page.url,
            thread={"post": post_id},
            handle={"post": post_id, "update": update_id},
            detail=remarks(self._page.touched(post)[1], cut=say.cut),
        )


def _touched(service: str, impact: str) -> Record:
    return {
        "service": {"id": service, "type": "status_page_service"},
        "impact": {"id": impact, "type": "status_page_impact"},
    }


def _ours(updates: Sequence[object], post: Post, say: AsSent) -> str:
    """Return the id of the update that is this message, empty where none is."""
    others = frozenset(str(one.get("update") or "") for one in post.others)
    known = [_at_ms(one) for one in updates if text(one, "id") in others]
    since_ms = max(known, default=float("inf"))
    words = _plain(for_html(say.text))
    for one in updates:
        if text(one, "id") in others or _plain(text(one, "message")) != words:
            continue
        at_ms = _at_ms(one)
        if abs(at_ms - post.at_ms) <= SAME_MS or at_ms > since_ms:
            return text(one, "id")
    return ""


def _at_ms(update: object) -> float:
    """Return when an update was reported, in milliseconds; for what is no moment, one before every other."""
    try:
        at = datetime.fromisoformat(text(update, "reported_at"))
    except ValueError:
        return float("-inf")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000


def _plain(html: str) -> list[str]:
    """Return the words of a message whatever became of its markup."""
    return unescape(_TAG.sub(" ", html)).split()


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(given: str) -> str:
    if ID.fullmatch(given):
        return given
    raise RetryLater("PagerDuty's answer is not understood (no id).")
