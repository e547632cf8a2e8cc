"""
incident.io status pages, API v2: one incident there for each of ours, one update for each message.

Opening is idempotent by a key of ours. Updates are not, so from the second attempt on they are looked
for by their very words, among what came after the newest update that is known to be another message's.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from opsbot.adapters.targets.http import Api, part, text
from opsbot.adapters.targets.markup import for_markdown, mark
from opsbot.adapters.targets.places import ID, Page, remarks
from opsbot.app.comms.port import Impact, Post, Posted
from opsbot.app.comms.targets.as_sent import AsSent, as_sent
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Record

MOST_UPDATES: Final = 100
SKEW_MS: Final = 60_000
"""How much earlier than by our clock an update of ours may have been published by theirs."""

INCIDENTS: Final = "/v2/status_page_incidents"
UPDATES: Final = "/v2/status_page_incident_updates"
STATES: Final[Mapping[Impact, str]] = {
    "none": "operational",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "full_outage",
}
Said = Mapping[str, object]


class IncidentIo:
    """One page."""

    def __init__(self, api: Api, page: Page) -> None:
        self._api = api
        self._page = page

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Publish one message once; see the port."""
        say = as_sent("incident-io", post.headline, post.texts)
        words = for_markdown(say.text)
        if say.refused:
            raise GiveUp(say.refused)
        incident, opened = await self._incident(post, say, words)
        look = opened or attempt > 1
        found = _ours(incident, post, words, opened=opened) if look else None
        if found is None:
            found = await self._update(incident, post, words)
        return self._posted(incident, found, post, say)

    async def _incident(self, post: Post, say: AsSent, words: str) -> tuple[Said, bool]:
        """Return the incident, and whether this request may have opened it."""
        if known := text(post.thread, "incident"):
            return await self._read(known), False
        if post.stage == "correction":
            raise GiveUp("incident.io has nothing of this incident that could be corrected")
        body: Record = {
            "idempotency_key": mark(post.incident, self._page.id),
            "status_page_id": self._page.id,
            "name": say.title,
            "message": words,
            "incident_status": post.stage,
            "notify_subscribers": self._page.notify,
            **self._components(post),
        }
        made = await self._api.done("opening the incident", "POST", INCIDENTS, body=body)
        # The answer to a key that was used before is the one of that time.
        return await self._read(text(made, "status_page_incident", "id")), True

    async def _read(self, id_: str) -> Said:
        if not ID.fullmatch(id_):
            raise RetryLater("incident.io's answer is not understood (no id).")
        said = await self._api.done("reading the incident", "GET", f"{INCIDENTS}/{id_}")
        found = part(said, "status_page_incident")
        if isinstance(found, Mapping):
            return found
        raise RetryLater("incident.io's answer is not understood (reading the incident).")

    async def _update(self, incident: Said, post: Post, words: str) -> Said:
        if len(_updates(incident)) >= MOST_UPDATES:
            raise GiveUp(
                f"incident.io takes {MOST_UPDATES} updates for one incident, and this one has them: "
                "go on by hand there"
            )
        stage: Record = {} if post.stage == "correction" else {"incident_status": post.stage}
        body: Record = {
            "status_page_incident_id": text(incident, "id"),
            "message": words,
            "notify_subscribers": self._page.notify,
            **stage,
            **self._components(post),
        }
        made = await self._api.done("writing the update", "POST", UPDATES, body=body)
        found = part(made, "status_page_incident_update")
        return found if isinstance(found, Mapping) else {}

    def _components(self, post: Post) -> Record:
        """Return the states of components; an end must not carry any: all work again by itself."""
        states = self._page.states(post)
        if post.stage == "resolved" or not states:
            return {}
        listed = [{"component_id": i, "component_status": STATES[s]} for i, s in states.items()]
        return {"component_statuses": listed}

    def _posted(self, incident: Said, update: Said, post: Post, say: AsSent) -> Posted:
        id_ = text(incident, "id")
        wrong = post.stage == "resolved" and post.stays_off
        most = "incident.io shows every component as working once it is resolved" if wrong else ""
        return Posted(
            url=self._page.url,
            thread={"incident": id_},
            handle={"incident": id_, "update": text(update, "id")},
            detail=remarks(self._page.touched(post)[1], cut=say.cut, most=most),
        )


def _updates(incident: Said) -> Sequence[Said]:
    """
    Return every update of an incident.

    Raises:
        RetryLater: it does not say; that a message is not there cannot be seen from that.
    """
    found = part(incident, "updates")
    if not isinstance(found, list):
        raise RetryLater("incident.io's answer is not understood (reading the updates).")
    return [one for one in found if isinstance(one, Mapping)]


def _ours(incident: Said, post: Post, words: str, *, opened: bool) -> Said | None:
    """Return the update that says exactly this message and cannot be another one, None where none does."""
    updates = _updates(incident)
    others = frozenset(str(one.get("update") or "") for one in post.others)
    since_ms = _since_ms(updates, others, post, opened=opened)
    for one in updates:
        if text(one, "id") in others or text(one, "message").split() != words.split():
            continue
        stage = post.stage in ("correction", text(one, "incident_status"))
        if stage and _ms(text(one, "published_at")) >= since_ms:
            return one
    return None


def _since_ms(
    updates: Sequence[Said], others: frozenset[str], post: Post, *, opened: bool
) -> float:
    """
    Return from when on an update may be this message.

    Messages come in order, so it stands behind those that are known to be others: that is told by their
    clock alone, however far it is from ours.
    """
    known = [_ms(text(one, "published_at")) for one in updates if text(one, "id") in others]
    if known:
        return max(known)
    # What it was opened with is this message or another one of ours, whenever that was.
    return float("-inf") if opened else post.at_ms - SKEW_MS


def _ms(moment: str) -> float:
    """Return a moment in milliseconds; for what is none, one that lies before every other."""
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return float("-inf")
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000
