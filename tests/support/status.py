"""A status page of a small company: messages put into its store as they are after they were published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from opsbot.app.comms_rules import settings_of
from opsbot.app.environment import Environment
from opsbot.app.ports import Store
from opsbot.app.status_page.board import StatusBoard
from opsbot.app.status_page.page import Page
from opsbot.app.status_page.read import Source, commitments, published, read
from opsbot.app.status_page.site import Site
from opsbot.domain.change import Position, Record, Sealed
from opsbot.domain.comms import message as messages
from opsbot.domain.comms.message import Message, Sent
from opsbot.domain.comms.templates import Stage
from opsbot.domain.incident import incident as incidents
from opsbot.domain.state import INCIDENTS, MESSAGES, SETTINGS
from tests.support.changes import put
from tests.support.incidents import AT_MS, incident
from tests.support.world import World

MINUTE = 60_000
NOW_MS = AT_MS + 90 * MINUTE
"""2026-11-21 04:44:07 UTC, as the page is looked at."""

URL = "https://status.example.com"
SETTINGS_RECORD: Record = {
    "page_title": "Acme Assist",
    "contact": "https://help.example.com",
    "locales": ["en", "de"],
    "zone": "Europe/Berlin",
    "public": {
        "support-copilot": "Support assistant",
        "contract-summariser": "summaries",
        "internal-search": "Search answers",
        "coding-agent": "Mail drafts",
    },
}


@dataclass
class MemoryShelf:
    """Keeps what was put; *broken* is why it cannot."""

    kept: Site | None = None
    puts: int = 0
    broken: str = ""

    async def put(self, site: Site) -> bool:
        """Keep it."""
        if self.broken:
            raise OSError(28, self.broken)
        self.kept, self.puts = site, self.puts + 1
        return True

    async def last(self) -> Site | None:
        """Return it."""
        return self.kept


@dataclass
class Told:
    """Tells users things, one commit each; *at_ms* is when the next is published."""

    world: World = field(default_factory=World)
    at_ms: int = AT_MS
    count: int = 0
    elsewhere: Environment | None = None

    @property
    def env(self) -> Environment:
        """Return the environment that it tells things in: the company's, or one that a test gave."""
        return self.elsewhere or self.world.env

    @property
    def store(self) -> Store:
        """Return its store."""
        return self.env.store

    async def declare(self, record: Record = SETTINGS_RECORD) -> None:
        """Declare how people are told."""
        await self._put((SETTINGS, "comms", record))

    async def incident(self, name: str, **changes: object) -> None:
        """Put an incident into the state."""
        changes = {"uid": f"uid-{name}", **changes}
        await self._put((INCIDENTS, name, incidents.as_record(incident(name, **changes))))

    async def say(
        self,
        incident: str,
        stage: Stage,
        headline: str,
        texts: Mapping[str, str],
        *,
        headlines: Mapping[str, str] | None = None,
        **changes: object,
    ) -> Message:
        """Publish one message to users; *changes* override what a record has."""
        self.count += 1
        own = headlines or {}
        words, sealed = self._sealed((headline, *texts.values(), *own.values()))
        first = len(texts) + 1
        base = Message(
            id=f"MSG-{self.count}",
            uid=f"uid-{self.count}",
            at=Position(1, 1),
            incident=incident,
            template=f"users-wrong-answers-{stage}",
            digest="0" * 64,
            audience="users",
            situation="wrong-answers",
            stage=stage,
            severity="SEV2",
            author="mara-secret-name",
            via="slack",
            made_ms=self.at_ms - MINUTE,
            headline=words[0],
            texts=dict(zip(texts, words[1:first], strict=True)),
            headlines=dict(zip(own, words[first:], strict=True)),
            values="",
            sha="0" * 64,
            targets=("status-page",),
            workflows=("support-copilot",),
            standing="published",
            published_ms=self.at_ms,
            published_by="ines-secret-name",
            sent={"status-page": Sent("due")},
        )
        message = replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
        await self._put((MESSAGES, message.id, messages.as_record(message)), sealed=sealed)
        self.at_ms += 10 * MINUTE
        return message

    async def again(self, message: Message, **changes: object) -> Message:
        """Put a message again, changed."""
        changed = replace(message, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them
        await self._put((MESSAGES, message.id, messages.as_record(changed)))
        return changed

    def page(self, now_ms: int = NOW_MS, url: str = URL) -> Page:
        """Return the page of the state as it is."""
        state = self.store.state
        found = published(state)
        kept = self.world.server.texts
        texts = {one: kept[one].text for one in commitments(found) if one in kept}
        return read(Source(settings_of(state), found, "prod", url, texts, now_ms))

    def board(self, shelf: MemoryShelf | None = None, said: list[str] | None = None) -> StatusBoard:
        """Return a board on the company's store."""
        unwritten = (said if said is not None else []).append
        return StatusBoard(self.env, shelf or MemoryShelf(), unwritten, url=URL)

    def _sealed(self, texts: Sequence[str]) -> tuple[list[str], tuple[Sealed, ...]]:
        """Return a commitment to each text, and what is stored beside the chain."""
        pairs = [self.env.sealed(text) for text in texts]
        return [name for name, _ in pairs], tuple(one for _, some in pairs for one in some)

    async def _put(
        self, *writes: tuple[str, str, Record | None], sealed: tuple[Sealed, ...] = ()
    ) -> None:
        token = self.env.entropy.token()
        await self.store.commit(f"told-{token}", put(*writes, sealed=sealed))


async def told() -> Told:
    """Return a company that has told nobody anything yet."""
    found = Told()
    await found.declare()
    return found


async def three_incidents() -> Told:
    """Return a company in a bad night."""
    found = await told()
    await bad_night(found)
    return found


async def bad_night(found: Told) -> None:
    """Tell of three incidents: one identified, one watched, one over and corrected."""
    for name in ("INC-1", "INC-2", "INC-3"):
        await found.incident(name)
    found.at_ms = AT_MS - 26 * 60 * MINUTE
    first = await found.say(
        "INC-1",
        "investigating",
        "Summaries arrive late",
        {
            "en": "Since 01:05 UTC summaries take up to ten minutes.\n\nEverything else works.",
            "de": "Seit 01:05 UTC dauern Zusammenfassungen bis zu zehn Minuten.\n\nAlles andere funktioniert.",
        },
        workflows=("contract-summariser",),
        severity="SEV3",
        next_ms=found.at_ms + 120 * MINUTE,
    )
    await found.say(
        "INC-1",
        "correction",
        "Summaries arrive late",
        {
            "en": "We said up to ten minutes. It was up to **twenty-five minutes** for long documents. "
            "We are sorry for the wrong number."
        },
        workflows=("contract-summariser",),
        severity="SEV3",
        corrects=first.id,
    )
    found.at_ms += 40 * MINUTE
    await found.say(
        "INC-1",
        "resolved",
        "Summaries arrive late",
        {"en": "Summaries are as fast as before since 02:10 UTC. None was lost."},
        workflows=("contract-summariser",),
        severity="SEV3",
    )
    found.at_ms = AT_MS
    await found.say(
        "INC-2",
        "investigating",
        "Search answers may be out of date",
        {
            "en": "Since 02:50 UTC some answers in search may be older than the pages that they quote."
        },
        workflows=("internal-search",),
        severity="SEV2",
    )
    found.at_ms += 15 * MINUTE
    await found.say(
        "INC-2",
        "monitoring",
        "Search answers may be out of date",
        {
            "en": "We returned to the previous version at 03:31 UTC. If an answer still looks old, "
            "open the page that it quotes: [how to check an answer](https://help.example.com/check)."
        },
        workflows=("internal-search",),
        severity="SEV2",
        next_ms=NOW_MS + 25 * MINUTE,
    )
    found.at_ms += 5 * MINUTE
    await found.say(
        "INC-3",
        "investigating",
        "The support assistant gave wrong answers about refunds",
        {"en": "We are looking into wrong answers of the support assistant. Our team answers you."},
        severity="SEV1",
    )
    await found.say(
        "INC-3",
        "identified",
        "The support assistant gave wrong answers about refunds",
        {
            "en": "Between 03:02 and 03:58 UTC the support assistant may have given wrong answers about "
            "refunds. We have switched it off.\n\n"
            "If you used an answer from that time:\n"
            "- check it with our team before you act on it\n"
            "- write to [support](mailto:help@example.com) or call us\n\n"
            "Everything else works. Next update by 05:10 UTC.",
            "de": "Zwischen 03:02 und 03:58 UTC hat der Support-Assistent m\u00f6glicherweise falsche "
            "Antworten zu Erstattungen gegeben. Wir haben ihn abgeschaltet.",
        },
        severity="SEV1",
        stays_off=True,
        next_ms=NOW_MS + 26 * MINUTE,
    )
