"""What a question costs a service, beside the floors of the same run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns

from opsbot.bench import instructions
from opsbot.bench.machine import machine
from opsbot.bench.peers import missing, peers
from opsbot.bench.report import Cell, Promise, Report, Table
from opsbot.bench.rows import FLOORS, NEW_ROUTE, OURS, TRIED_ROUTE, loop, namespace
from opsbot.bench.server import Connection, private_server, url_of
from opsbot.bench.stats import Summary, quantile, summary
from opsbot.bench.stores import LARGE, SMALL, Size, fill
from opsflags import FlagClient

Loop = Callable[[int], None]

ROUNDS = 40
ROUND_NS = 8_000_000
SLOT, METHOD, DICT = (row.name for row in FLOORS[1:])
BOOT_MS = 10_000
SAME = 1.15
"""Within this factor two times are the same on a shared machine."""

FEWEST_TIMES_FASTER = 8
SCOPED_NS, WORDS_NS, ROUTE_NS = 250, 450, 1500
CHECK_COUNT, SCOPED_COUNT = 700, 2200
"""Instructions on one build of Python; another one differs, so they are told and are no gates."""


def report(
    tell: Callable[[str], None], *, rounds: int = ROUNDS, round_ns: int = ROUND_NS
) -> Report:
    """
    Time every row in interleaved rounds, count instructions where that is possible, compare.

    Raises:
        Misconfigured: no server here. NotCounted: valgrind is there and does not work.
    """
    where = machine()
    with _loops() as loops:
        tell(f"{rounds} rounds over {len(loops)} rows ...")
        series = timed(loops, rounds, round_ns)
    times = {name: summary(found) for name, found in series.items()}
    counts: dict[str, float] = {}
    if instructions.available():
        tell("counting instructions ...")
        counts = instructions.counted([row for row in (*FLOORS, *OURS) if row.counts])
    tables = (_times_table(times), *([_counts_table(counts)] if counts else []))
    return Report(
        "evaluate",
        where,
        tables,
        tuple(_promises(times, counts, _growth(series))),
        tuple(_notes(counts)),
    )


@contextmanager
def _loops() -> Iterator[dict[str, Loop]]:
    loops = {row.name: loop(row.statement, namespace(None)) for row in FLOORS}
    with private_server() as port, Connection(port) as connection:
        clients = [(size, _client(connection, port, size)) for size in (SMALL, LARGE)]
        for row in OURS:
            for size, flags in clients:
                handle = flags.workflow(row.of or "")
                loops[over(row.name, size)] = loop(row.statement, namespace(handle))
        loops.update(peers())
        try:
            yield loops
        finally:
            for _, flags in clients:
                flags.close()


def _client(connection: Connection, port: int, size: Size) -> FlagClient:
    fill(connection, size)
    return FlagClient.connect(url_of(port), service="bench", env=size.env, boot_wait_ms=BOOT_MS)


def over(name: str, size: Size) -> str:
    """Return the name of a row asked over one of the stores."""
    return f"{name}, {size.env}"


def timed(loops: dict[str, Loop], rounds: int, round_ns: int) -> dict[str, list[float]]:
    """Return nanoseconds a turn, by row, one figure a round; every round visits every row."""
    turns = {name: _turns(do, round_ns) for name, do in loops.items()}
    found: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, do in loops.items():
            began = perf_counter_ns()
            do(turns[name])
            found[name].append((perf_counter_ns() - began) / turns[name])
    return found


def _turns(do: Loop, round_ns: int) -> int:
    """Return how many turns fill a round."""
    turns = 1
    while True:
        began = perf_counter_ns()
        do(turns)
        took = perf_counter_ns() - began
        if took * 4 >= round_ns:
            return max(1, turns * round_ns // took)
        turns *= 2


def _times_table(times: dict[str, Summary]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, told in times.items():
        ratios = [told.best / times[floor].best for floor in (SLOT, METHOD, DICT)]
        rows.append((name, told.best, told.p50, *ratios))
    columns = ("row", "best ns", "median ns", "x slot read", "x method call", "x dict get")
    return Table(
        "Time of one turn, the loop included (ratios of best to best)", columns, tuple(rows)
    )


def _counts_table(counts: dict[str, float]) -> Table:
    rows = [
        (name, count, count / counts[SLOT], count / counts[METHOD])
        for name, count in counts.items()
    ]
    columns = ("row", "instructions", "x slot read", "x method call")
    return Table("Instructions of one turn (callgrind, the loop included)", columns, tuple(rows))


def _growth(series: dict[str, list[float]]) -> dict[str, float]:
    """Return the middle ratio of a row over the large store to itself over the small, round by round."""
    pairs = {
        row.name: zip(series[over(row.name, LARGE)], series[over(row.name, SMALL)], strict=True)
        for row in OURS
    }
    return {name: quantile([a / b for a, b in pair], 0.5) for name, pair in pairs.items()}


def _promises(
    times: dict[str, Summary], counts: dict[str, float], growth: dict[str, float]
) -> Iterator[Promise]:
    small = {row.name: times[over(row.name, SMALL)].best for row in OURS}
    floor = {name: told.best for name, told in times.items()}
    live, check, asked, words = "live", "check()", "decide(3 positional)", "decide(3 keywords)"
    yield Promise("live, time", 1.5, small[live] / floor[SLOT], "x slot read")
    yield Promise("check() not killed, time", 1.7, small[check] / floor[METHOD], "x method call")
    yield Promise("tenant, model, tool by position, best", SCOPED_NS, small[asked], "ns")
    yield Promise("tenant, model, tool by keyword, best", WORDS_NS, small[words], "ns")
    # A key that was asked before is remembered; the promise is for those that were not.
    yield Promise("decide with a route, a new key, best", ROUTE_NS, small[NEW_ROUTE], "ns")
    yield Promise("decide with a candidate, a new key, best", ROUTE_NS, small[TRIED_ROUTE], "ns")
    for name in (live, check, asked, words):
        yield Promise(
            f"{name}, {LARGE.kills} kills in {LARGE.workflows} workflows",
            SAME,
            growth[name],
            "x small store",
        )
    fastest = min((floor[name] for name, _ in _installed(times)), default=None)
    yield Promise(
        "decide(4 fields) beside the fastest peer",
        FEWEST_TIMES_FASTER,
        None if fastest is None else fastest / small["decide(4 positional)"],
        "x faster",
        at_least=True,
    )
    yield from _counted_promises(counts)


def _installed(times: dict[str, Summary]) -> list[tuple[str, Summary]]:
    ours = {row.name for row in FLOORS} | {over(r.name, s) for r in OURS for s in (SMALL, LARGE)}
    return [(name, told) for name, told in times.items() if name not in ours]


def _counted_promises(counts: dict[str, float]) -> Iterator[Promise]:
    def ratio(name: str, floor: str) -> float | None:
        return counts[name] / counts[floor] if counts else None

    yield Promise("live, instructions", 1.5, ratio("live", SLOT), "x slot read", gate=True)
    yield Promise(
        "check(), instructions", 1.7, ratio("check()", METHOD), "x method call", gate=True
    )
    for name, most in (("check()", CHECK_COUNT), ("decide(3 positional)", SCOPED_COUNT)):
        yield Promise(f"{name}, instruction count", most, counts.get(name), "instructions")


def _notes(counts: dict[str, float]) -> Iterator[str]:
    yield f"small: {SMALL.kills} kill, {SMALL.workflows} workflows in the store; large: {LARGE.kills} kills, {LARGE.workflows} workflows."
    if not counts:
        yield "skipped: instruction counts (valgrind is not installed)."
    for name in missing():
        yield f"skipped: {name} (not installed; it is no dependency)."
