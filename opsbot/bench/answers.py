"""From a command or a click to its answer: the whole bot, one after the other and many at once."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from opsbot.bench import clicks, commands, household, propagation
from opsbot.bench.clicks import Clicks, Walks
from opsbot.bench.commands import Told
from opsbot.bench.ear import Ear
from opsbot.bench.line import Line, at_once, watched
from opsbot.bench.machine import machine
from opsbot.bench.replica import TOKENS, Replica, replica, services, slack
from opsbot.bench.report import Cell, Promise, Report, Table
from opsbot.bench.server import private_server
from opsbot.bench.stats import quantile, summary

CLIENTS = 10
ALONE = 200
ROUNDS = 10
DEAD_ROUNDS = 5
CLICKS = 100
CLICK_ROUNDS = 10
FLEET_S = 8.0
REST_S = 0.02
ROUND_REST_S = 0.5
CONFIRMED_MS, ACK_MS = 250, 1000
FAULTS = ("silent", "cut")

ONE_BY_ONE, AT_ONCE = "one after the other", f"{clicks.RUNS} at once"

Way = Literal["HTTP", "Slack"]
WAYS: tuple[Way, ...] = ("HTTP", "Slack")


class NotRestored(RuntimeError):
    """A kill could not be taken back, so the next round would not begin like the first."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: commands and clicks one after the other, and rounds of many at once."""

    alone: int = ALONE
    rounds: int = ROUNDS
    dead_rounds: int = DEAD_ROUNDS
    faults: tuple[str, ...] = FAULTS
    fleet_s: float = FLEET_S
    clicks: int = CLICKS
    click_rounds: int = CLICK_ROUNDS


@dataclass(slots=True)
class Alone:
    """Commands one after the other, of one way in: milliseconds from before the request."""

    floor: list[Told] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    confirmed: list[float] = field(default_factory=list)
    answered: list[Told] = field(default_factory=list)
    restored: list[Told] = field(default_factory=list)


@dataclass(slots=True)
class Crowd:
    """Fifty commands at once, by what was asked; *first* is the first round, when nobody is known."""

    floor: list[Told] = field(default_factory=list)
    kill: list[Told] = field(default_factory=list)
    status: list[Told] = field(default_factory=list)
    first: list[Told] = field(default_factory=list)

    @property
    def all(self) -> list[Told]:
        """Return every acknowledgement."""
        return [*self.kill, *self.status]


class Run:
    """Everything that is asked of one bot, over connections that are kept."""

    def __init__(self, bot: Replica, store_port: int, stack: ExitStack) -> None:
        self._bot = bot
        self._ear = stack.enter_context(Ear(store_port, household.ENV))
        self._lines = [stack.enter_context(Line(bot.port)) for _ in household.PEOPLE]

    def alone(self, way: Way, times: int) -> Alone:
        """Kill and restore *times*, one after the other, a question to `/healthz` before each."""
        found, line = Alone(), self._lines[0]
        for number in range(times + 1):
            person, workflow = _nth(number)
            token = self._bot.tokens[person]
            data = self._killing(way, person, workflow)
            floor = commands.judge_floor(line.ask(commands.floor(data, token)))
            (answer,) = watched((line,), (data,), self._ear.hear, (self._ear.socket,))
            if way == "HTTP":
                told = commands.judge_kill(answer, workflow, CLIENTS)
            else:
                told = commands.judge_slash(answer, "kill", workflow)
            stored, confirmed = self._ear.moments(told.kill) if told.kill else (0, 0)
            restored = self._restore([number])
            if number == 0:
                continue  # warm-up: the first of everything imports and connects
            found.floor.append(floor)
            found.answered.append(told)
            found.restored += restored
            if told.kill:
                found.stored.append((stored - answer.began_ns) / 1e6)
                found.confirmed.append((confirmed - answer.began_ns) / 1e6)
            time.sleep(REST_S)
        return found

    def crowd(self, rounds: int) -> Crowd:
        """Ask fifty things at once, *rounds* times: half kill, half look, in turns."""
        found = Crowd()
        everybody = range(household.CROWD)
        for number in range(rounds):
            killers = [one for one in everybody if (one + number) % 2 == 0]
            looks = [self._asking(one, kills=one in killers) for one in everybody]
            floors = [
                commands.floor(data, self._bot.tokens[household.PEOPLE[one]])
                for one, data in enumerate(looks)
            ]
            found.floor += map(commands.judge_floor, at_once(self._lines, floors))
            answers = at_once(self._lines, looks)
            told = [
                commands.judge_slash(
                    answer, "kill" if one in killers else "status", household.WORKFLOWS[one]
                )
                for one, answer in enumerate(answers)
            ]
            found.kill += [told[one] for one in killers]
            found.status += [told[one] for one in everybody if one not in killers]
            found.first = found.first or told
            self._restore(killers)
            time.sleep(ROUND_REST_S)
        return found

    def _killing(self, way: Way, person: str, workflow: str) -> bytes:
        if way == "HTTP":
            return commands.kill(workflow, self._bot.tokens[person])
        return self._slash("/ai-kill", f"{workflow} wrong refund answers", person)

    def _asking(self, one: int, *, kills: bool) -> bytes:
        person, workflow = _nth(one)
        if kills:
            return self._killing("Slack", person, workflow)
        return self._slash("/ai-status", workflow, person)

    def _slash(self, command: str, text: str, person: str) -> bytes:
        now_s = int(time.time())  # noqa: TID251  # a signature carries Unix time
        secret = TOKENS["signing_secret"]
        return commands.slash(command, text, person, secret=secret, now_s=now_s)

    def _restore(self, numbers: list[int]) -> list[Told]:
        """Take back what these people killed, each their own: policy lets them, within minutes."""
        pairs = [_nth(number) for number in numbers]
        data = [commands.restore(name, self._bot.tokens[person]) for person, name in pairs]
        answers = at_once(self._lines[: len(data)], data)
        told = [commands.judge_restore(answer, CLIENTS) for answer in answers]
        if wrong := [one for one in told if one.kind == "wrong"]:
            raise NotRestored(f"{len(wrong)} restores failed; the first: {wrong[0].words}")
        return told


def _nth(number: int) -> tuple[str, str]:
    at = number % household.CROWD
    return household.PEOPLE[at], household.WORKFLOWS[at]


@dataclass(slots=True)
class Found:
    """All that one run says. *fleet* are the milliseconds of a fleet's acknowledgements alone."""

    alone: dict[Way, Alone] = field(default_factory=dict)
    crowd: dict[str, Crowd] = field(default_factory=dict)
    fleet: list[float] = field(default_factory=list)
    clicks: dict[str, Clicks] = field(default_factory=dict)


def measure(tell: Callable[[str], None], size: Size) -> Found:
    """
    Measure a bot with a healthy Slack, one that starts and works while Slack is dead, one with runs.

    Raises:
        Misconfigured: no server here. NotUp, NoAnswer, NotRestored, Unconfirmed, NotWalked: it went wrong.
    """
    found = Found()
    tell(f"{CLIENTS} client processes alone ...")
    fleet = propagation.measure(CLIENTS, most_s=size.fleet_s)
    found.fleet = fleet.acked
    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as directory, _world() as world:
        folder = Path(directory)
        with _running(folder, world) as run:
            # First the crowd: its first round finds a bot that knows nobody yet.
            tell(f"{household.CROWD} slash commands at once, {size.rounds} rounds ...")
            found.crowd["Slack is well"] = run.crowd(size.rounds)
            for way in WAYS:
                tell(f"{size.alone} kills over {way}, one after the other ...")
                found.alone[way] = run.alone(way, size.alone)
        for fault in size.faults:
            tell(f"{household.CROWD} at once while Slack is {fault}, {size.dead_rounds} rounds ...")
            world.wish(fault)
            with _running(folder, world) as run:
                found.crowd[f"Slack is {fault}"] = run.crowd(size.dead_rounds)
    tell(f"{size.clicks} clicks and {size.click_rounds} rounds with {clicks.RUNS} runs open ...")
    found.clicks = _clicked(size)
    return found


def _clicked(size: Size) -> dict[str, Clicks]:
    """Measure clicks in a world of their own: nothing that was left over is worked off beside them."""
    with (
        tempfile.TemporaryDirectory(prefix="opsbot-bench-") as directory,
        _world() as world,
        _bot(Path(directory), world) as bot,
        ExitStack() as stack,
    ):
        walks = Walks(bot, world.slack_url, stack)
        alone = walks.alone(size.clicks)
        return {ONE_BY_ONE: alone, AT_ONCE: walks.at_once(size.click_rounds)}


@dataclass(frozen=True, slots=True)
class World:
    """What stands around the bots of one run: the store's port, Slack's address and its faults."""

    port: int
    slack_url: str
    wish: Callable[[str], None]


@contextmanager
def _world() -> Iterator[World]:
    with private_server() as port, slack() as standin:
        yield World(port, standin.url, standin.wish)


@contextmanager
def _running(folder: Path, world: World) -> Iterator[Run]:
    """Give a run over a fresh bot and fresh services."""
    with _bot(folder, world) as bot, ExitStack() as stack:
        yield Run(bot, world.port, stack)


@contextmanager
def _bot(folder: Path, world: World) -> Iterator[Replica]:
    """Give a fresh bot with fresh services."""
    with (
        replica(folder, port=world.port, slack_url=world.slack_url) as bot,
        services(CLIENTS, port=world.port, bot=bot),
    ):
        yield bot


def report(tell: Callable[[str], None], *, size: Size | None = None) -> Report:
    """Measure and compare with the promises. Raises as `measure`."""
    where = machine()
    found = measure(tell, size or Size())
    columns = ("way in", "what", "n", "best ms", "p50 ms", "p99 ms", "worst ms", "x floor")
    alone = Table("One command after the other", columns, tuple(_alone_rows(found)))
    crowd = Table(
        f"{household.CROWD} signed slash commands at once, to the answer in the acknowledgement",
        ("Slack", *columns[1:]),
        tuple(_crowd_rows(found)),
    )
    clicked = Table(
        f"Signed clicks in Slack with {clicks.RUNS} runs of a runbook open",
        ("clicks", *columns[1:]),
        tuple(_click_rows(found)),
    )
    kinds = ("where", "asked", "confirmed by all", "so far", "not yet", "wrong")
    judged = Table("What the answers were", kinds, tuple(_kind_rows(found)))
    return Report(
        "answers", where, (alone, crowd, clicked, judged), tuple(_promises(found)), _NOTES
    )


Row = tuple[Cell, ...]


def _alone_rows(found: Found) -> Iterator[Row]:
    told = summary(found.fleet)
    what = "the fleet's acknowledgements alone"
    yield ("-", what, told.count, told.best, told.p50, told.p99, max(found.fleet), None)
    for way, one in found.alone.items():
        floor = _counted(one.floor)
        yield _row(way, "floor: /healthz", floor, floor)
        yield _row(way, "kill, to stored", one.stored, floor)
        yield _row(way, "kill, to confirmed", one.confirmed, floor)
        yield _row(way, "kill, to its answer", _counted(one.answered), floor)
        yield _row(way, "restore over HTTP, to its answer", _counted(one.restored), floor)


def _crowd_rows(found: Found) -> Iterator[Row]:
    for name, one in found.crowd.items():
        floor = _counted(one.floor)
        yield _row(name, "floor: /healthz", floor, floor)
        yield _row(name, "status", _counted(one.status), floor)
        yield _row(name, "kill", _counted(one.kill), floor)
        yield _row(name, "both", _counted(one.all), floor)
        yield _row(name, "both, first round alone", _counted(one.first), floor)


def _click_rows(found: Found) -> Iterator[Row]:
    for name, one in found.clicks.items():
        floor = _counted(one.floor)
        yield _row(name, "floor: /healthz", floor, floor)
        yield _row(name, "click, to its acknowledgement", _counted(one.acked), floor)
        if one.seen:
            yield _row(name, "to the last tick, as seen over HTTP", one.seen, floor)


def _kind_rows(found: Found) -> Iterator[Row]:
    for way, alone in found.alone.items():
        yield _kinds(f"one by one, {way}", alone.answered)
    for name, crowd in found.crowd.items():
        yield _kinds(f"at once, kills, {name}", crowd.kill)
        yield _kinds(f"at once, looks, {name}", crowd.status)
    for name, one in found.clicks.items():
        yield _kinds(f"clicks, {name}", one.acked)


def _row(where: str, what: str, values: list[float], floor: list[float]) -> Row:
    told = summary(values)
    ratio = told.p50 / quantile(floor, 0.5)
    return (where, what, told.count, told.best, told.p50, told.p99, max(values), ratio)


def _kinds(where: str, told: list[Told]) -> Row:
    kinds = [one.kind for one in told]
    counts = [kinds.count(kind) for kind in ("whole", "so far", "not yet", "wrong")]
    return (where, len(told), *counts)


def _counted(told: list[Told]) -> list[float]:
    return [one.counted_ms for one in told]


def _promises(found: Found) -> Iterator[Promise]:
    for way, one in found.alone.items():
        confirmed, answered = quantile(one.confirmed, 0.99), quantile(_counted(one.answered), 0.99)
        yield Promise(f"command to confirmed, p99, {way}", CONFIRMED_MS, confirmed, "ms")
        yield Promise(f"command to its answer, p99, {way}", CONFIRMED_MS, answered, "ms")
    for name, crowd in found.crowd.items():
        slowest = quantile(_counted(crowd.all), 0.99)
        yield Promise(f"{household.CROWD} at once, p99, {name}", ACK_MS, slowest, "ms")
    for name, click in found.clicks.items():
        slowest = quantile(_counted(click.acked), 0.99)
        what = "click to its acknowledgement" if name == ONE_BY_ONE else f"{name}, clicks"
        yield Promise(f"{what}, p99, {clicks.RUNS} runs open", ACK_MS, slowest, "ms")
    everything = [told for one in found.alone.values() for told in (*one.floor, *one.answered)]
    everything += [told for crowd in found.crowd.values() for told in (*crowd.floor, *crowd.all)]
    everything += [told for one in found.clicks.values() for told in (*one.floor, *one.acked)]
    wrong = sum(one.kind == "wrong" for one in everything)
    yield Promise("answers that were wrong", 0, wrong, "answers", gate=True)


_NOTES = (
    f"One bot (`opsbot serve`), {CLIENTS} service processes that serve {household.CROWD} workflows each, a stand-in for Slack.",
    "Confirmed: CLOCK_MONOTONIC when the journal's `confirmed` was heard, minus that before the request.",
    "Floor: a request of the same size to /healthz of the same bot, between the others.",
    "So far: a right answer, sent before every instance had acknowledged. Not yet and wrong count as 3 s.",
    "Click: a press of a step's button; right only where its tick stands in the run afterwards.",
    "Silent: Slack's Web API never answers; cut: it drops the connection. The bot was started so.",
)
