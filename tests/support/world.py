"""A small company on the memory twin: four workflows, eight people, a fleet that tests move by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from opsbot.adapters.memory.server import MemoryServer
from opsbot.adapters.memory.store import open_memory
from opsbot.app.bot import Bot
from opsbot.app.declare import decide
from opsbot.app.deliver import Deliver
from opsbot.app.environment import Environment
from opsbot.app.journal.anchor import Anchor
from opsbot.app.journal.audit import Audit
from opsbot.app.ports import Delivery, Document, Picture, ProbeAnswer
from opsbot.domain.actor import Actor
from opsbot.domain.change import Position, Record
from opsbot.domain.declaration import Catalogue
from opsbot.domain.picture.evaluations import Chart
from opsbot.domain.picture.timeline import TimelineChart
from opsbot.domain.policy.rules import BreakGlass, Grant, Person, Policy, Power
from opsbot.domain.said import Said
from opsbot.domain.workflow import HumanQueue, Workflow
from tests.support.rooms import Rooms

SATURDAY_NIGHT_MS = 1_795_230_847_000
"""2026-11-21 03:14:07 UTC, a Saturday: outside every queue's hours."""

ROUTE = {
    "revision": "r1",
    "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
    "fallbacks": [{"provider": "anthropic", "model": "claude-sonnet-5"}],
    "prompt": "p@1",
    "params": {},
}
APPROVED = ("openai/gpt-5.2", "openai/gpt-5-mini", "anthropic/claude-sonnet-5")
ALL_MODES = ("fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop")


def workflow(name: str, **changes: object) -> Workflow:
    """Return a declared workflow; *changes* override."""
    base = Workflow(
        name=name,
        title=name.replace("-", " ").capitalize(),
        description="For tests.",
        dri="U0SUPPORT",
        team="support-ai",
        tier=2,
        safe_state="stop",
        modes=ALL_MODES,
        on_store_loss="stop",
        stale_after_s=6,
        kill_slo_ms=1000,
        canned="A person will answer you.",
        human_queue=HumanQueue("Mon-Fri 08:00-20:00 UTC", "A person is taking over."),
        last_resort="Revoke key kms/x.",
        tools={"search_kb": "read", "issue_refund": "write"},
        route=ROUTE,
        slack_channel="C0SUPPORTAI",
        runbook="wrong-answers",
    )
    if "route" not in changes:
        changes = {"extra": {}, **changes}
        changes["extra"] = {"approved": list(APPROVED), **changes["extra"]}  # type: ignore[dict-item]  # a mapping, by its field
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


def slack(user: str, **changes: object) -> Actor:
    """Return a Slack user of the home workspace."""
    base = Actor(kind="slack", id=user, via="slack", name=user.title(), team="T0HOME")
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


MARA, SAM, INES, OLA = (slack(f"U0{who}") for who in ("ONCALL", "SUPPORT", "LEAD", "ADMIN"))
NOOR = slack("U0NEW")
GUS = slack("U0GUEST", guest=True)
FAY = slack("U9OUT", team="T9OTHER")


def policy() -> Policy:
    """Return the company's policy."""

    def everywhere(*roles: str) -> dict[int, frozenset[str]]:
        return dict.fromkeys((1, 2, 3), frozenset(roles))

    people = {
        "mara": Person("mara", "Mara", slack=("U0ONCALL",), email=("mara@example.com",)),
        "sam": Person("sam", "Sam", slack=("U0SUPPORT",)),
        "ines": Person("ines", "Ines", slack=("U0LEAD",)),
        "ola": Person("ola", "Ola", slack=("U0ADMIN",)),
    }
    return Policy(
        teams=frozenset({"T0HOME"}),
        people=people,
        grants=(
            Grant("responder", people=frozenset({"mara", "sam"})),
            Grant("commander", people=frozenset({"ines"})),
            Grant("approver", people=frozenset({"sam", "ines"})),
            Grant("admin", people=frozenset({"ola"})),
        ),
        powers={
            "kill": Power(everywhere("responder", "commander", "admin")),
            "restore": Power(everywhere("responder", "commander", "admin")),
            "approve": Power(everywhere("approver")),
            "route": Power(everywhere("commander", "approver"), frozenset({1})),
            "rollback": Power(everywhere("responder", "commander")),
            "incident": Power(everywhere("responder", "commander", "approver", "admin")),
        },
        secondary=("ola",),
        break_glass=BreakGlass(pages=("ola",)),
    )


@dataclass
class Probes:
    """
    A prober whose points say what the test wants; by default what the table says.

    Each is the instance that the address names, and has long applied everything.
    """

    says: dict[str, ProbeAnswer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    anonymous: bool = False

    async def ask(
        self, url: str, *, kind: str, workflow: str, tenant: str | None, tool: str | None
    ) -> ProbeAnswer:
        """Answer as set."""
        self.asked.append(url)
        said = self.says.get(url, ProbeAnswer(mode="stop", allowed=False, status=503))
        if self.anonymous:
            return said
        who = said.instance or urlsplit(url).hostname
        return replace(said, instance=who, at=said.at or Position(2**50, 0))


@dataclass
class Slack:
    """A chat that keeps what was posted and told."""

    posted: list[tuple[str, str]] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    shown: list[tuple[Record, Picture, str]] = field(default_factory=list)
    shared: list[tuple[Record, Document, str]] = field(default_factory=list)
    slow_pictures: int = 0
    """So many more uploads are taken and not to be seen yet."""

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Keep a message."""
        self.posted.append((channel, text))
        return {"channel": channel, "ts": f"{len(self.posted)}.0"}

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Keep an edit."""
        self.updated.append(text)

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Keep a direct message."""
        self.told.append((person, text))
        return {"channel": f"D{person}", "ts": "1.0"}

    async def upload(self, thread: Record, picture: Picture, *, key: str) -> Record | None:
        """Keep a picture."""
        self.shown.append((thread, picture, key))
        if self.slow_pictures > 0:
            self.slow_pictures -= 1
            return None
        return {"channel": thread["channel"], "file": f"F{len(self.shown)}"}

    async def share(self, thread: Record, document: Document, *, key: str) -> Record | None:
        """Keep a file."""
        self.shared.append((thread, document, key))
        return {"channel": thread["channel"], "file": f"F{len(self.shared)}"}


@dataclass
class Charts:
    """A drawer that keeps what it was asked to draw."""

    charts: list[Chart] = field(default_factory=list)
    timelines: list[TimelineChart] = field(default_factory=list)

    async def evaluations(self, chart: Chart) -> bytes:
        """Keep the chart."""
        self.charts.append(chart)
        return b"\x89PNG\r\n\x1a\n"

    async def timeline(self, chart: TimelineChart) -> bytes:
        """Keep the chart of a timeline."""
        self.timelines.append(chart)
        return b"\x89PNG\r\n\x1a\n"


@dataclass
class MovedClock:
    """Time that only moves when somebody sleeps or a test says so."""

    ms: float = SATURDAY_NIGHT_MS

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return int(self.ms)

    def monotonic(self) -> float:
        """Return seconds."""
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.ms += seconds * 1000

    def later(self, seconds: float) -> None:
        """Move on."""
        self.ms += seconds * 1000


class Counter:
    """Chance that counts, so that a test can read it."""

    def __init__(self) -> None:
        self.count = 0

    def token(self, size: int = 16) -> str:
        """Return the next number in hex."""
        self.count += 1
        return f"{self.count:0{size * 2}x}"


class Keyless:
    """Signs nothing and keeps anchors in a list."""

    public = "00"

    def __init__(self) -> None:
        self.anchors: list[tuple[int, str]] = []

    def sign(self, data: bytes) -> str:
        """Return the data's length."""
        return f"{len(data):02x}"

    async def kept(self) -> Sequence[tuple[int, str]]:
        """Return the anchors."""
        return self.anchors

    async def keep(self, *, count: int, head: str, at_ms: int) -> None:
        """Keep an anchor."""
        self.anchors.append((count, head))


def plain(said: Said) -> tuple[Sequence[Record], str]:
    """Render for `Slack` above: no blocks, the text."""
    return [], said.as_text()


class World:
    """The company, its bot, and hands to move its fleet."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.declared: dict[str, Workflow] = {}
        self.server = MemoryServer(now_ms=self.clock.now_ms)
        bundle = open_memory(self.server)
        self.store, self.outbox, self.fleets = bundle.store, bundle.outbox, bundle.fleets
        self.served = bundle.served
        self.env = Environment(
            "prod", self.store, self.fleets, self.clock, Counter(), served=self.served
        )
        self.probes, self.slack, self.keeper = Probes(), Slack(), Keyless()
        self.charts, self.rooms = Charts(), Rooms()
        self.bot = Bot(
            env=self.env,
            outbox=self.outbox,
            prober=self.probes,
            audit=Audit(self.env, self.store, self.keeper, self.keeper),
            anchor=Anchor(self.env, self.keeper),
            render=plain,
            pictures=self.charts,
            chat=self.slack,
            rooms=self.rooms,
        )

    async def declare(self, *workflows: Workflow, with_policy: Policy | None = None) -> None:
        """Commit declarations, beside those of before, and policy."""
        self.declared |= {one.name: one for one in workflows}
        catalogue = Catalogue(dict(self.declared), with_policy or policy(), "abc")
        await self.store.commit(
            f"declare:{len(self.server.lines)}",
            lambda state, now_ms: decide(state, now_ms, catalogue),
        )

    def instance(
        self, name: str, *, serves: Sequence[str] = ("support-copilot",), probe: str | None = None
    ) -> "HandMoved":
        """Start an instance that checks in and acknowledges only when told to."""
        modes = [*ALL_MODES]
        registration = {
            "s": 1,
            "instance": name,
            "service": "support-api",
            "host": "pod",
            "pid": 1,
            "client": "test",
            "workflows": {one: {"modes": modes, "probe": probe} for one in serves},
        }
        hand = HandMoved(self.server, name, json.dumps(registration))
        hand.check_in()
        return hand

    def delivery(self, name: str) -> Delivery:
        """Hand one waiting effect to this replica."""
        item = self.server.items[name]
        item.owner, item.attempts = "me", item.attempts + 1
        return Delivery(name, item.lane, item.effect, item.attempts)

    async def work(self, *kinds: str) -> list[str]:
        """Do every waiting effect once (of *kinds*, or all); return what was done."""
        done, handlers = [], self.bot.handlers()
        for name, item in list(self.server.items.items()):
            if kinds and item.effect.kind not in kinds:
                continue
            item.owner, item.attempts = "me", item.attempts + 1
            lane = item.lane
            worker = Deliver(self.outbox, handlers, Loud(), lane)
            await worker.once(Delivery(name, lane, item.effect, item.attempts))
            done.append(item.effect.kind)
        return done


class Loud:
    """Fails the test at an unexpected error."""

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Raise what nobody expected."""
        if unexpected:
            raise AssertionError(f"{delivery.effect.kind}: {reason}")


@dataclass
class HandMoved:
    """One instance under the test's hand."""

    server: MemoryServer
    name: str
    registration: str
    position: tuple[int, int] = (0, 0)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)

    def check_in(self) -> None:
        """Check in at the position it has."""
        self.server.checkin(self.name, self.registration, self._ack(), "support-api")

    def follow(self, **counts: dict[str, int]) -> None:
        """Apply and enforce what the store has now."""
        at = self.server.state.position
        self.position = (at.epoch, at.revision)
        self.counts.update(counts)
        self.check_in()

    def _ack(self) -> str:
        epoch, revision = self.position
        said = {"s": 1, "e": epoch, "r": revision, "x": revision, "kills": self.counts}
        said |= {"rejected": self.rejected} if self.rejected else {}
        return json.dumps(said)
