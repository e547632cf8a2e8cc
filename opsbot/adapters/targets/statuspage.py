"""
Atlassian Statuspage, REST API v1: one incident there for each of ours, one update for each message.

It knows no idempotency keys, so ours are kept in the incident's metadata. A message and its key are
written by one request: where the key is, the message is.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from opsbot.adapters.targets.http import Api, part, text
from opsbot.adapters.targets.markup import for_html_or_text, mark
from opsbot.adapters.targets.places import ID, Page, address, remarks
from opsbot.app.comms.port import Impact, Post, Posted
from opsbot.app.comms.targets.as_sent import AsSent, as_sent
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Record

PER_MINUTE: Final = 60
"""Requests that Statuspage takes from one key: one a second, counted over a minute."""

OURS: Final = "opsbot"
NEWEST: Final = 100
STATES: Final[Mapping[Impact, str]] = {
    "none": "operational",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}
_OPEN: Final = frozenset({"investigating", "identified", "monitoring", "resolved"})


class Statuspage:
    """One page."""

    def __init__(self, api: Api, page: Page) -> None:
        self._api = api
        self._page = page
        self._at = f"/pages/{page.id}/incidents"

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Publish one message once; see the port."""
        say = as_sent("statuspage", post.headline, post.texts)
        if say.refused:
            raise GiveUp(say.refused)
        incident = await self._incident(post, attempt)
        if incident is None:
            return await self._open(post, say)
        known = _marks(incident)
        if mark(post.key) in known:
            return self._posted(incident, post, say)
        return await self._update(incident, known, post, say)

    async def _incident(self, post: Post, attempt: int) -> Mapping[str, object] | None:
        """Return what Statuspage has of the incident, None where nothing is there yet."""
        if known := text(post.thread, "incident"):
            return await self._api.done("reading the incident", "GET", f"{self._at}/{_id(known)}")
        looked: list[tuple[str, dict[str, str | int]]] = [(f"{self._at}/unresolved", {})]
        if attempt > 1:
            # An earlier attempt without an answer may have opened and ended it at once.
            looked.append((self._at, {"limit": NEWEST}))
        wanted = mark(post.incident)
        for path, params in looked:
            for one in await self._api.listed("looking for the incident", path, params):
                if isinstance(one, Mapping) and part(one, "metadata", OURS, "incident") == wanted:
                    return one
        return None

    async def _open(self, post: Post, say: AsSent) -> Posted:
        if post.stage == "correction":
            raise GiveUp("Statuspage has nothing of this incident that could be corrected")
        body = {
            "name": say.title,
            "status": post.stage,
            "impact_override": post.impact,
            **self._said(post, say),
            "metadata": {OURS: {"incident": mark(post.incident), mark(post.key): str(post.at_ms)}},
        }
        doing = "opening the incident"
        made = await self._api.done(doing, "POST", self._at, body={"incident": body})
        return self._posted(made, post, say)

    async def _update(
        self,
        incident: Mapping[str, object],
        known: Mapping[str, str],
        post: Post,
        say: AsSent,
    ) -> Posted:
        status = _next_status(incident, known, post)
        others = part(incident, "metadata")
        kept = dict(others) if isinstance(others, Mapping) else {}
        marks = {**known, "incident": mark(post.incident), mark(post.key): str(post.at_ms)}
        severity: Record = {} if post.stage == "correction" else {"impact_override": post.impact}
        body: Record = {
            "status": status,
            **severity,
            **self._said(post, say),
            "metadata": {**kept, OURS: marks},
        }
        path = f"{self._at}/{_id(text(incident, 'id'))}"
        made = await self._api.done("writing the update", "PATCH", path, body={"incident": body})
        return self._posted(made, post, say)

    def _said(self, post: Post, say: AsSent) -> Record:
        states = {id_: STATES[one] for id_, one in self._page.states(post).items()}
        touched: Record = (
            {"component_ids": list(states), "components": dict(states)} if states else {}
        )
        notify = {"deliver_notifications": self._page.notify}
        return {"body": for_html_or_text(say.text), **notify, **touched}

    def _posted(self, incident: Mapping[str, object], post: Post, say: AsSent) -> Posted:
        id_ = _id(text(incident, "id"))
        updates = part(incident, "incident_updates")
        newest = updates[0] if isinstance(updates, Sequence) and updates else None
        left = post.stage == "resolved" and post.stays_off
        stays = "its components are left as they are, as the feature stays off" if left else ""
        return Posted(
            url=address(text(incident, "shortlink")),
            thread={"incident": id_},
            handle={"incident": id_, "update": text(newest, "id")},
            detail=remarks(self._page.touched(post)[1], cut=say.cut, most=stays),
        )


def _marks(incident: Mapping[str, object]) -> Mapping[str, str]:
    """Return our keys that stand at an incident, each with the moment of its message."""
    found = part(incident, "metadata", OURS)
    return {str(name): str(at) for name, at in found.items()} if isinstance(found, Mapping) else {}


def _next_status(incident: Mapping[str, object], known: Mapping[str, str], post: Post) -> str:
    """
    Return the status that the incident has after a message.

    Raises:
        GiveUp: its post-mortem is out, or something later than this message.
    """
    now = text(incident, "status")
    if now not in _OPEN:
        raise GiveUp(f"Statuspage's incident is in `{now[:20]}` by now: change it there by hand")
    if post.stage == "correction":
        return now
    later = [at for at in known.values() if at.isdecimal() and int(at) > post.at_ms]
    if later:
        raise GiveUp("Something later stands at Statuspage already: this would turn it back")
    return post.stage


def _id(given: str) -> str:
    """
    Return an id that may stand in a path.

    Raises:
        RetryLater: it is none; whether a write took place is not known.
    """
    if ID.fullmatch(given):
        return given
    raise RetryLater("Statuspage's answer is not understood (no id).")
