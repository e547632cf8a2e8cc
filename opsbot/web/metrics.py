"""Metrics of one replica, computed from what the store holds at the moment they are asked for."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from opsbot.domain import kill as kills
from opsbot.domain.change import Record
from opsbot.domain.errors import StoreLost
from opsbot.domain.fleet import ALIVE_MS, Fleet
from opsbot.domain.kill import Kill
from opsbot.domain.state import State
from opsbot.web.surroundings import SlackHealth, Surroundings
from opsflags import keys

STORE_S = 2.0
CONFIRM_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 2.5, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything that is measured; None where it could not be read."""

    state: State
    fleet: Fleet | None
    depth: Mapping[str, int] = field(default_factory=dict)
    dead: int | None = None
    slack: SlackHealth = field(default_factory=SlackHealth)
    store_age_s: float = 0.0
    sample_age_s: float | None = None


async def read(around: Surroundings) -> Reading:
    """Look at the store; a lost store leaves gaps, never old numbers."""
    fleet, dead, depth, sample_age_s = None, None, dict[str, int](), None
    try:
        async with asyncio.timeout(STORE_S):
            fleet = await around.fleets.look()
            dead = len(await around.outbox.dead_letters())
            depth = {str(lane): n for lane, n in (await around.outbox.depth()).items()}
            sample_age_s = await _sample_age_s(around)
    except (StoreLost, TimeoutError):
        pass  # what was not read stays absent from the page, and the store's age says why
    return Reading(
        around.store.state, fleet, depth, dead, around.slack(), around.store_age_s(), sample_age_s
    )


async def _sample_age_s(around: Surroundings) -> float | None:
    """Return the seconds since calls were last counted, None before the first time."""
    if around.served is None:
        return None
    head = await around.served.head()
    return None if head.at_ms is None else max(head.now_ms - head.at_ms, 0) / 1000


def page(reading: Reading) -> bytes:
    """Return the metrics as text, from a registry of their own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(reading))
    return generate_latest(registry)


class _Families(Collector):
    """One reading as metric families."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterable[Metric]:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Yield every family."""
        reading = self._reading
        known = _kills(reading.state)
        yield _by("opsbot_kills_active", "Kills that restrict now", "mode", _modes(known))
        yield _one("opsbot_kills", "Kills ever made, active and ended", len(known))
        yield _confirm(known)
        yield _one("opsbot_revision", "The switchboard's revision", reading.state.position.revision)
        yield _one("opsbot_store_age_seconds", "Since the store last answered", reading.store_age_s)
        if reading.fleet is not None:
            yield _by("opsbot_instances", "Running clients", "standing", _standing(reading.fleet))
        if reading.depth:
            yield _by("opsbot_outbox_depth", "Effects that wait", "lane", reading.depth)
        if reading.dead is not None:
            yield _one("opsbot_outbox_dead_letters", "Effects given up", reading.dead)
        if reading.sample_age_s is not None:
            about = "Since calls were last counted for reviews; a minute at most while all is well"
            yield _one("opsbot_served_sample_age_seconds", about, reading.sample_age_s)
        yield _one("opsbot_slack_sockets", "Open sockets to Slack", reading.slack.sockets)


def _kills(state: State) -> list[Kill]:
    records: list[Record] = [*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values()]
    return [kills.from_record(record) for record in records]


def _modes(known: list[Kill]) -> Mapping[str, int]:
    return Counter(kill.mode for kill in known if kill.active)


def _standing(fleet: Fleet) -> Mapping[str, int]:
    found = Counter(
        "alive" if fleet.now_ms - one.seen_ms <= ALIVE_MS else "silent" for one in fleet.instances
    )
    return {"alive": found["alive"], "silent": found["silent"]}


def _confirm(known: list[Kill]) -> HistogramMetricFamily:
    took = [kill.confirmed_ms / 1000 for kill in known if kill.confirmed_ms is not None]
    buckets = [(f"{le:g}", float(sum(s <= le for s in took))) for le in CONFIRM_BUCKETS_S]
    family = HistogramMetricFamily(
        "opsbot_confirm_seconds", "From the command to the last acknowledgement"
    )
    family.add_metric([], buckets=[*buckets, ("+Inf", float(len(took)))], sum_value=sum(took))
    return family


def _one(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


def _by(name: str, what: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
