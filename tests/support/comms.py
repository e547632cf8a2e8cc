"""A company that tells people: an incident, templates in memory, places that remember, and fail as they are told."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from opsbot.app.comms.port import Post, Posted, Publisher
from opsbot.app.comms.requests import EditMessage, HoldUsers, NewMessage, PublishMessage
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.requests import ApproveRequest
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Json, Record, Write
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.templates import SLOTS, Field, Rendered, Stage, Template
from opsbot.domain.errors import NeedsMoreWords
from opsbot.domain.incident.incident import Incident
from opsbot.domain.policy.rules import Grant, Person, Policy, Power
from opsbot.domain.said import Said
from opsbot.domain.state import SETTINGS, State
from tests.support.incident_life import COPILOT, settle
from tests.support.world import INES, MARA, World, slack, workflow
from tests.support.world import policy as usual_policy

PIA, LEA, SEC = slack("U0PM"), slack("U0LEGAL"), slack("U0SECURITY")
"""Who writes to people; who speaks for the law, and for security, where data was exposed."""

PIA_BY_MAIL = Actor(kind="email", id="pia@example.com", via="cli")
"""Another identity of the same person."""

EXPOSED: Final = "data_leak_pii"
FIRST, NEXT, LATER, OVER, WRONG, HOLDING, LEADS = (
    "users-feature-off-investigating",
    "users-feature-off-identified",
    "users-feature-off-monitoring",
    "users-feature-off-resolved",
    "users-feature-off-correction",
    "users-holding-investigating",
    "stakeholders-feature-off-investigating",
)
ANYWAY: Final = ("W-REPEAT", "W-LONG", "W-NEXT", "W-WHEN", "W-SINCE", "W-LEFT")
"""Warnings of the wording check that these short texts may earn."""

WHAT: Final[Mapping[str, str]] = {
    FIRST: "Answers about refunds may be wrong.",
    NEXT: "We found what leads to them, and look at every answer since noon ourselves.",
    LATER: "Since two a person reads each one first; write to us if yours still looks odd.",
    OVER: "All of this works as it should, and nothing you were told is left to check.",
    WRONG: "Orders were never part of it.",
    LEADS: "Support should point to the help page.",
}
"""What is said with each template; no two say the same."""

_SLOT: Final = re.compile(r"\{(\w+)\}", re.ASCII)


def template(name: str, body: str = "{what} More by {next_at}.", **changes: object) -> Template:
    """Return a template by its name; *changes* override."""
    audience, _, rest = name.partition("-")
    situation, _, stage = rest.rpartition("-")
    digest = sha256(f"{name}{body}{changes!r}".encode()).hexdigest()
    base = Template(
        name=name,
        title=rest.replace("-", " "),
        audience=audience,  # type: ignore[arg-type]  # by its name
        situation=situation,
        stage=stage,  # type: ignore[arg-type]  # by its name
        headline="The assistant is paused",
        bodies={"en": body},
        digest=digest,
        body_hash=sha256(body.encode()).hexdigest(),
        fields=(Field("what", "What users see", "text", max_length=400),),
        slots=SLOTS[stage] if audience == "users" else frozenset(),  # type: ignore[index]  # by its name
        source=f"runbooks/comms/{name}.md.j2",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # its own fields


def off(body: str = "We switched the assistant off while we look. More by {next_at}.") -> Template:
    """Return a holding message: approved in advance, without a field."""
    ready = sha256(body.encode()).hexdigest()
    slots = frozenset({"effect", "next_update"})
    return template(HOLDING, body, fields=(), approved=ready, slots=slots)


def templates() -> tuple[Template, ...]:
    """Return a small set: one for each stage, a holding message, one for stakeholders."""
    stays = Field("stays_off", "Does it stay off", "choice", required=False, options=("no", "yes"))
    what = Field("what", "What was so", "text", max_length=400)
    return (
        template(FIRST),
        template(NEXT),
        template(LATER),
        template(OVER, "{what} It is over.", fields=(what, stays)),
        template(WRONG, "{what} We said otherwise before."),
        template(LEADS),
        off(),
    )


@dataclass
class Templates:
    """Templates in memory; `{name}` is a value or a fact. Implements the port `Templates`."""

    every: dict[str, Template] = field(
        default_factory=lambda: {one.name: one for one in templates()}
    )

    def known(self) -> Mapping[str, Template]:
        """Return them."""
        return self.every

    def put(self, one: Template) -> None:
        """Add one, or change it."""
        self.every[one.name] = one

    def render(
        self, template: Template, values: Mapping[str, str], facts: Mapping[str, str]
    ) -> Rendered:
        """Fill a template, once."""
        for one in template.fields:
            if one.required and not values.get(one.name, "").strip():
                raise NeedsMoreWords(f"`{one.name}` ({one.label}) is missing.")
        for name in values:
            if template.field(name) is None:
                raise NeedsMoreWords(f"There is no field `{name}`.")
        known = {**facts, **values}

        def filled(text: str) -> str:
            return _SLOT.sub(lambda found: known.get(found[1], ""), text)

        texts = {locale: filled(body) for locale, body in template.bodies.items()}
        heads = {locale: filled(one) for locale, one in template.headlines.items()}
        return Rendered(filled(template.headline), texts, heads)


Fault = Callable[[Post], None]
"""What goes wrong when a place takes a message: before it is there, or after."""


def lost(_post: Post) -> None:
    """Fail before anything is there."""
    raise RetryLater("it did not answer")


def busy(_post: Post) -> None:
    """Ask for patience, as with 429."""
    raise RetryLater("it is busy", after_s=7.0)


def never(_post: Post) -> None:
    """Refuse for ever."""
    raise GiveUp("it answered 400: the page is not there")


@dataclass
class Place:
    """
    One target: it keeps what it took. Implements the port `Publisher`.

    *before* fails in front of taking a message, *after* behind it; each is used once, in its order.
    """

    name: str
    posts: list[Post] = field(default_factory=list)
    before: list[Fault] = field(default_factory=list)
    after: list[Fault] = field(default_factory=list)
    looks: int = 0

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Take it; from the second attempt on look for its key first."""
        if attempt > 1:
            self.looks += 1
            if any(one.key == post.key for one in self.posts):
                return self._posted(post)
        if self.before:
            self.before.pop(0)(post)
        self.posts.append(post)
        if self.after:
            self.after.pop(0)(post)
        return self._posted(post)

    def _posted(self, post: Post) -> Posted:
        return Posted(
            url=f"https://{self.name}.example.com/{post.key}",
            thread=post.thread or {"incident": f"{self.name}-{post.incident}"},
            handle={"id": f"{self.name}-{post.key}"},
        )

    @property
    def said(self) -> list[str]:
        """Return the ids of what it took, in that order."""
        return [one.message for one in self.posts]


@dataclass
class Places:
    """Every target, made when it is first asked for. Implements the port `Publishers`."""

    every: dict[str, Place] = field(default_factory=dict)

    def to(self, target: str) -> Publisher:
        """Return a target."""
        return self[target]

    def __getitem__(self, target: str) -> Place:
        """Return a target as the test looks at it."""
        return self.every.setdefault(target, Place(target))


def comms_policy() -> Policy:
    """Return the company's policy with the power `comms`, and who speaks for the law and for security."""
    base = usual_policy()
    roles = dict.fromkeys((1, 2, 3), frozenset({"comms", "commander", "admin"}))
    people = {
        **base.people,
        "pia": Person("pia", "Pia", slack=("U0PM",), email=("pia@example.com",)),
        "lea": Person("lea", "Lea", slack=("U0LEGAL",)),
        "sec": Person("sec", "Sec", slack=("U0SECURITY",)),
    }
    powers = {**base.powers, "comms": Power(roles)}
    return replace(
        base,
        people=people,
        grants=(*base.grants, Grant("comms", people=frozenset({"pia"}))),
        powers=powers,
    )


SETTINGS_RECORD: Final[Record] = {
    "public": {COPILOT: "the assistant"},
    "targets": {
        "statuspage": {"kind": "statuspage", "where": {"page": "p1"}},
        "mail": {"kind": "email", "where": {"to": ["press@example.com"]}},
    },
    "exposure_approvers": {"security": ["sec"], "legal": ["lea"]},
}
"""As `flags/comms.yaml` would declare it."""


async def declare_comms(world: World, **changes: Json) -> None:
    """Commit how people are told here; *changes* override."""
    record: Record = {"s": 1, **SETTINGS_RECORD, **changes}

    def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
        writes = (Write(SETTINGS, "comms", record),)
        return Change("declare", Actor("system", "tests", "declarations"), writes), None

    await world.store.commit(f"comms-declared:{len(world.server.lines)}", decide)


@dataclass
class Telling:
    """The world: its bot writes from *shelf* and publishes to *places*."""

    world: World
    shelf: Templates
    places: Places
    asked: int = 0

    def request(self) -> str:
        """Return a request id of its own."""
        self.asked += 1
        return f"r{self.asked}"

    @property
    def state(self) -> State:
        """Return the state as it is now."""
        return self.world.store.state

    def message(self, name: str = "MSG-1") -> Message:
        """Return a message as it is now."""
        return self.state.message(name)

    @property
    def incident(self) -> Incident:
        """Return the incident."""
        return self.state.incident("INC-1")

    async def new(
        self,
        name: str = FIRST,
        by: Actor = PIA,
        *,
        values: Mapping[str, str] | None = None,
        **changes: object,
    ) -> Said:
        """Write a draft."""
        given = {"what": WHAT[name]} if values is None else values
        request = replace(NewMessage(name, Which("INC-1"), given), **changes)  # type: ignore[arg-type]  # its own fields
        return await self.world.bot.comms.new(request, by, request_id=self.request())

    async def edit(self, text: str, by: Actor = PIA, message: str = "MSG-1") -> Said:
        """Change what it says."""
        request = EditMessage(message, {"what": text})
        return await self.world.bot.comms.edit(request, by, request_id=self.request())

    async def publish(
        self, message: str = "MSG-1", by: Actor = PIA, *, anyway: Sequence[str] = ANYWAY
    ) -> Said:
        """Publish it, or ask; warnings of the wording check are read, and kept."""
        request = PublishMessage(message, anyway=tuple(anyway))
        return await self.world.bot.comms.publish(request, by, request_id=self.request())

    async def approve(self, approval: str = "A-1", by: Actor = INES, *, grant: bool = True) -> Said:
        """Say yes, or no."""
        request = ApproveRequest(approval, grant=grant)
        return await self.world.bot.approve(request, by, request_id=self.request())

    async def hold(self, by: Actor = MARA) -> Said:
        """Give the first word."""
        request = HoldUsers(Which("INC-1"))
        return await self.world.bot.comms.hold(request, by, request_id=self.request())

    async def told(self, name: str, **changes: object) -> str:
        """Write, publish and approve a message, and bring it everywhere; return its id."""
        said = await self.new(name, **changes)  # type: ignore[arg-type]  # as `new` takes them
        message = str(said.body["message"])
        asked = await self.publish(message)
        for approval in _listed(asked.body["approvals"]):
            await self.approve(str(approval))
        await self.settle()
        return message

    async def settle(self, *, rounds: int = 4) -> None:
        """Do all the work that waits, letting seconds pass."""
        await settle(self.world, rounds=rounds)


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, (list, tuple)) else ()


async def telling(
    request: OpenIncident | None = None, *, settings: Mapping[str, Json] | None = None
) -> Telling:
    """Return a company in which an incident is open, and people want to know."""
    world = World()
    one = workflow(COPILOT, tier=1, extra={"comms": {"users": ["status-page", "in-app"]}})
    await world.declare(one, workflow("coding-agent"), with_policy=comms_policy())
    await declare_comms(world, **(settings or {}))
    shelf, places = Templates(), Places()
    world.bot = replace(world.bot, templates=shelf, publishers=places)
    begun = request or OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
    await world.bot.incidents.open(begun, MARA, request_id="open")
    await settle(world)
    return Telling(world, shelf, places)


def stages(telling: Telling, audience: str = "users") -> Stage | None:
    """Return what an audience was told last."""
    return telling.state.comms("INC-1").rhythms[audience].stage  # type: ignore[index]  # an audience, by name
