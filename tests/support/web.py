"""The HTTP side on the small company of `world`: its tokens, its clock of the store, a client."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn

import httpx

from opsbot.adapters.memory.store import MemoryStore
from opsbot.app.status_page.site import Site
from opsbot.bootstrap.identity import duration_s
from opsbot.domain.actor import Actor
from opsbot.domain.errors import StoreLost
from opsbot.web import app as web
from opsbot.web.auth import Surface, digest
from opsbot.web.surroundings import (
    FilesHealth,
    Preflighted,
    SlackHealth,
    StatusShown,
    Surroundings,
)
from tests.support.awake import Awake
from tests.support.world import INES, MARA, SAM, World, slack, workflow

TOKENS = {
    "mara-token": MARA,
    "ines-token": INES,
    "sam-token": SAM,
    "pia-token": slack("U0PM"),
    "ci-token": Actor(kind="service", id="ci-evals", via="http", name="ci-evals"),
}

ANSWER_WITHIN_S = 0.05
"""How long an answer waits for a fleet: most tests have none, and each of their acts waits it out."""


class LostStore(MemoryStore):
    """The company's store after its server was lost: nobody knows what arrives."""

    async def commit(self, request_id: str, decide: object) -> NoReturn:
        """Know nothing."""
        raise StoreLost("The store did not answer.", hint="Ask `opsbot status`.")

    async def ready(self) -> float:
        """Know nothing."""
        raise StoreLost("The store did not answer.")


@dataclass
class Door:
    """What a test may turn: how old the store's knowledge is, how Slack is, and the public page."""

    world: World
    store_age_s: float = 0.0
    slack: SlackHealth = field(default_factory=SlackHealth)
    files: FilesHealth = field(default_factory=FilesHealth)
    surfaces: list[Surface] = field(default_factory=list)
    preflight: Preflighted | None = None
    page: Site | None = None
    page_lost_ms: int | None = None

    def identify(self, token_sha256: str, surface: Surface) -> Actor | None:
        """Return whom one of the company's tokens belongs to."""
        self.surfaces.append(surface)
        found = {digest(token): actor for token, actor in TOKENS.items()}.get(token_sha256)
        return None if found is None else replace(found, via=surface)

    def lose_the_store(self) -> None:
        """Let the store be gone from now on."""
        lost = LostStore(self.world.server)
        self.world.store = lost
        self.world.bot = replace(self.world.bot, env=replace(self.world.env, store=lost))

    def around(self) -> Surroundings:
        """Return what the routes are given."""
        return Surroundings(
            env="prod",
            verbs=self.world.bot,
            store=self.world.store,
            fleets=self.world.fleets,
            outbox=self.world.outbox,
            entropy=self.world.env.entropy,
            identify=self.identify,
            duration_s=duration_s,
            store_age_s=lambda: self.store_age_s,
            version="test",
            slack=lambda: self.slack,
            declarations=lambda: self.files,
            procedures=self.world.bot.procedures,
            preflight=self.preflight,
            served=self.world.served,
            status=StatusShown(lambda: self.page, lambda: self.page_lost_ms),
        )

    @asynccontextmanager
    async def client(
        self,
        token: str | None = "mara-token",  # noqa: S107  a token of the tests
    ) -> AsyncGenerator[httpx.AsyncClient]:
        """Give a client that speaks as the token's owner."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(web.create(self.around()))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://opsbot", headers=headers
        ) as client:
            yield client


async def opened() -> Door:
    """Return the door of a company with a tier 1 copilot and a tier 2 summariser."""
    world = World()
    # It really waits: an answer waits for what another task commits, which a moved one never sees end.
    world.env = replace(world.env, clock=Awake(world.clock.now_ms), answer_within_s=ANSWER_WITHIN_S)
    world.bot = replace(world.bot, env=world.env)
    await world.declare(workflow("support-copilot", tier=1), workflow("summariser"))
    return Door(world)
