"""Two hundred messages to five places that fail all the time, by a replica that is killed again and again."""

import base64
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from opsbot.adapters.clock import SystemClock, SystemEntropy
from opsbot.adapters.redis.store import open_store
from opsbot.app.comms.effects import publish
from opsbot.app.comms.exact import exact
from opsbot.app.comms_rules import SETTING
from opsbot.app.environment import Environment
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change, Position, Record, Write
from opsbot.domain.comms.message import Message, Sent, as_record
from opsbot.domain.comms.templates import Rendered, Stage
from opsbot.domain.incident import incident as incidents
from opsbot.domain.state import INCIDENTS, MESSAGES, SETTINGS, State
from opsbot.workbench.targets import incident_io, receiver, statuspage
from opsbot.workbench.targets.play import Kind
from tests.adapters.targets.test_email import Mailroom, mailroom
from tests.support.incidents import incident
from tests.support.pagerduty import pagerduty_stand_in
from tests.support.replica import ROOT
from tests.support.store import Server, own_server
from tests.support.targets import served
from tests.support.wait import eventually

__all__ = ["own_server"]

INCIDENTS_, EACH = 100, 2
STAGES: tuple[Stage, ...] = ("investigating", "resolved")
TARGETS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "page": ("statuspage", {"page": statuspage.PAGE, "components": {"refunds": "cmprefunds01"}}),
    "other": ("incident-io", {"page": incident_io.PAGE}),
    "third": ("pagerduty", {"page": "PSTATUS1"}),
    "partner": ("webhook", {}),
    "people": ("email", {"to": ["a@example.com", "b@example.com"]}),
}
FAULTS: Mapping[Kind, float] = {
    "500": 0.03, "429": 0.01, "cut": 0.02, "timeout": 0.005,
    "500_after": 0.04, "cut_after": 0.04, "timeout_after": 0.01,
}  # fmt: skip
KILLS = ((0.2, 0.6), (0.4,))
"""After which shares of the first words, and of the second, the replica dies."""


@dataclass
class Town:
    """The five places and the store."""

    places: dict[str, str]
    statuspage: statuspage.StatuspageStandIn
    incident_io: incident_io.IncidentIoStandIn
    pagerduty: Any
    receiver: receiver.Receiver
    mail: Mailroom


@asynccontextmanager
async def town(server: Server) -> AsyncIterator[Town]:
    """Give five places with faults of every kind."""
    async with AsyncExitStack() as stack:
        page = statuspage.StatuspageStandIn("https://status.example.com", per_minute=10**6)
        other, hook = incident_io.IncidentIoStandIn(), receiver.Receiver()
        for nth, one in enumerate((page.app, other.app, hook.app)):
            one.faults.chaos(FAULTS, seed=nth)
        third = await stack.enter_async_context(pagerduty_stand_in())
        third.api.limit.enforced = False
        third.faults.chaos({"503": 0.03, "429": 0.01, "cut": 0.02, "cut_after_commit": 0.06})
        mail = stack.enter_context(mailroom())
        mail.trouble = ("451 trouble", "cut", *["250 taken"] * 8)
        hook_url = await stack.enter_async_context(served(hook.app))
        places = {
            "redis": server.url,
            "env": "chaos",
            "statuspage": await stack.enter_async_context(served(page.app)),
            "incident_io": await stack.enter_async_context(served(other.app)),
            "pagerduty": third.base_url,
            "pagerduty_key": third.api_key,
            "hook": f"{hook_url}/hook",
            "smtp": f"smtp://127.0.0.1:{mail.port}",
        }
        yield Town(places, page, other, third, hook, mail)


def targets(hook: str) -> Change:
    """Return the declaration of the five."""
    declared: dict[str, Record] = {
        name: {"kind": kind, "where": {**where, "url": hook} if kind == "webhook" else dict(where)}
        for name, (kind, where) in TARGETS.items()
    }
    return Change("declare", OUTBOX, (Write(SETTINGS, SETTING, {"targets": declared}),))


def message(env: Environment, of: int, nth: int, order: int) -> Change:
    """Return the commit that publishes one message."""
    said = Rendered(f"Wrong answers {of}", {"en": f"Incident {of}, word {nth}."})
    headline, sealed_headline = env.sealed(said.headline)
    text, sealed_text = env.sealed(said.texts["en"])
    name = f"MSG-{order}"
    base = Message(
        id=name, uid=f"u{order}", at=Position(1, order), incident=f"INC-{of}", template="t",
        digest="d", audience="users", situation="feature-off", stage=STAGES[nth], severity="SEV2",
        author="mara", via="slack", made_ms=order, headline=headline, texts={"en": text}, values="",
        sha="", targets=tuple(TARGETS), standing="published", order=order,
        published_ms=env.clock.now_ms() + order, sent={target: Sent() for target in TARGETS},
    )  # fmt: skip
    made = replace(base, sha=exact(base, said))
    effects = tuple(publish(made, target) for target in TARGETS)
    writes = (Write(MESSAGES, name, as_record(made)),)
    sealed = (*sealed_headline, *sealed_text)
    return Change("comms_publish", OUTBOX, writes, sealed=sealed, effects=effects)


async def commit(env: Environment, key: str, change: Change) -> None:
    """Store one change."""

    def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
        return change, None

    await env.store.commit(key, decide)


async def so_far(
    env: Environment, worker: "Worker", wanted: Callable[[Counter[str]], bool]
) -> None:
    """Wait until so many are done; a replica that died by itself does nothing any more."""

    async def look() -> Counter[str]:
        worker.look_alive()
        return await done(env)

    await eventually(look, timeout_s=180, until=wanted)


async def open_all(env: Environment, hook: str) -> None:
    """Declare where messages go, and open the incidents."""
    await commit(env, "declare", targets(hook))
    for of in range(1, INCIDENTS_ + 1):
        one = incident(f"INC-{of}")
        begun = Change("open", OUTBOX, (Write(INCIDENTS, one.id, incidents.as_record(one)),))
        await commit(env, f"open:{of}", begun)


async def publish_each(env: Environment, nth: int) -> None:
    """Let the *nth* message of every incident go: its words, its record and its work in one commit."""
    for of in range(1, INCIDENTS_ + 1):
        change = message(env, of, nth, nth * INCIDENTS_ + of)
        await commit(env, f"publish:{of}:{nth}", change)


class Worker:
    """The replica that dies."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._given = base64.b64encode(json.dumps(places).encode()).decode()
        self._process: subprocess.Popen[bytes] | None = None
        self.deaths = 0

    def start(self) -> None:
        """Begin, or begin again."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.target_worker", self._given], cwd=ROOT
        )

    def look_alive(self) -> None:
        """Fail where it ended by itself; why stands on the test's standard error."""
        assert self._process is not None
        assert self._process.poll() is None

    def kill_nine(self) -> None:
        """End it without a goodbye."""
        self.look_alive()
        self.leave()
        self.deaths += 1

    def leave(self) -> None:
        """See that it outlives no test, however that went."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


async def done(env: Environment) -> Counter[str]:
    """Count how far every message is at every target."""
    state = await env.store.refresh()
    return Counter(sent.state for one in state.messages() for sent in one.sent.values())


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.timeout(600)
async def test_every_message_is_everywhere_once_whatever_fails(own_server: Server) -> None:
    began = time.monotonic()
    async with (
        town(own_server) as at,
        open_store(own_server.url, env="chaos", state_dir=None) as bundle,
    ):
        env = Environment(
            "chaos", bundle.store, bundle.fleets, SystemClock(), SystemEntropy(), bundle.promise
        )
        await open_all(env, at.places["hook"])
        wave, worker = INCIDENTS_ * len(TARGETS), Worker(at.places)
        worker.start()
        try:
            for nth in range(EACH):
                await publish_each(env, nth)
                for share in KILLS[nth]:
                    await so_far(env, worker, partial(_reached, (nth + share) * wave))
                    worker.kill_nine()
                    worker.start()
                await so_far(env, worker, partial(_reached, (nth + 1) * wave))
            worker.kill_nine()
        finally:
            worker.leave()

        assert await done(env) == {"done": EACH * wave}
        assert worker.deaths == sum(map(len, KILLS)) + 1
        words = [
            [f"Incident {of}, word {nth}." for nth in range(EACH)]
            for of in range(1, INCIDENTS_ + 1)
        ]
        assert sorted(_statuspage(at)) == sorted(words)
        assert sorted(_incident_io(at)) == sorted(words)
        assert sorted(_pagerduty(at)) == sorted(words)
        # Neither can be asked what it has: a receiver knows a message by its id, and so does a mailbox.
        assert len(at.receiver.taken) == INCIDENTS_ * EACH
        assert len({str(one["Message-ID"]) for one in at.mail.read}) == INCIDENTS_ * EACH
        told = f"{EACH * wave} in {time.monotonic() - began:.0f} s; again: webhook {at.receiver.again},"
        sys.stdout.write(f"{told} mail {len(at.mail.got) - INCIDENTS_ * EACH}\n")


def _reached(many: float, seen: Counter[str]) -> bool:
    return seen["done"] + seen["failed"] >= many


def _statuspage(at: Town) -> list[list[str]]:
    return [
        [update["body"] for update in reversed(one["incident_updates"])]
        for one in at.statuspage.incidents.values()
    ]


def _incident_io(at: Town) -> list[list[str]]:
    return [
        [update["message"] for update in one["updates"]]
        for one in at.incident_io.incidents.values()
    ]


def _pagerduty(at: Town) -> list[list[str]]:
    page = at.pagerduty.account.status_pages["PSTATUS1"]
    return [
        [update["message"].removeprefix("<p>").removesuffix("</p>") for update in updates]
        for updates in page.updates.values()
    ]
