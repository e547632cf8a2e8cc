"""From the write to what clients know, with its floors: interleaved rounds over real processes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, monotonic_ns, sleep

from opsbot.app.fleet.sight import FIRST_PAUSE_S, LONGEST_PAUSE_S
from opsbot.bench import alike, subject
from opsbot.bench.fleet import LOOK_S, Fleet, Unheard, fleet
from opsbot.bench.machine import machine
from opsbot.bench.nursery import FLOOR, SERVICE, beside
from opsbot.bench.report import Promise, Report, Table
from opsbot.bench.server import Connection, private_server
from opsbot.bench.stamps import RAW_AT, RAW_COUNT, SEEN_AT, SEEN_COUNT
from opsbot.bench.stats import Summary, seen_after, summary
from opsbot.bench.subject import Switchboard
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.kill import Kill
from opsflags.keys import WORKFLOWS, Keys
from opsflags.model import Scope
from opsflags.resp import pack

RUN_S = 22.0
"""How long the rounds over one fleet go on; their number follows from it."""

MOST_ROUNDS = 400
REST_S = 0.003
ACK_LOOK_S = 0.0003
ACK_S = 5.0
GROWTH = 1.5
FIRST = pack("PING")
"""Goes before every commit, as the bot sends it."""

KINDS = ("floor", "alike", "bare", "commit", "visible", "acknowledged")

RATIO_ALONE, RATIO_MANY = 1.6, 2.0
ALL_ACKS_MS = {10: 2.5, 100: 15.0}

BUSY = 3.0
"""Where a sync usually took so many times its best, others used the disk: ratios would flatter."""


@dataclass(slots=True)
class Rounds:
    """Milliseconds by kind: of every client, of the last client, and until every acknowledgement."""

    each: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    last: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    acked: list[float] = field(default_factory=list)
    prepared: list[float] = field(default_factory=list)

    def note(self, kind: str, began: int, moments: list[int]) -> None:
        """Add what the stamps of one round say; all in nanoseconds."""
        took = [(moment - began) / 1e6 for moment in moments]
        self.each[kind] += took
        self.last[kind].append(max(took))


class Run:
    """One fleet's rounds over one server."""

    def __init__(
        self, connection: Connection, board: Switchboard, plain: Switchboard, watched: Fleet
    ) -> None:
        self._connection = connection
        self._board = board
        self._acked = board.keys.fleet_of(SERVICE).acks
        self._plain_board = plain
        self._fleet = watched
        self._number = 0
        self.rounds = Rounds()

    def round(self, kind: str) -> None:
        """Do one round and write down what it took."""
        if kind in ("floor", "alike", "bare"):
            self._floor(kind)
        elif kind == "commit":
            self._commit_beside()
        else:
            self._kill(kind)
        sleep(REST_S)

    def _floor(self, kind: str) -> None:
        """Send a kill's message to plain sockets: after one write, a commit's writes, or none."""
        words = self._plain_board.prepare(subject.killing(self._strike(self._plain_board)))
        delta = subject.delta_in(words)
        publish = pack("PUBLISH", FLOOR, delta)
        data, answers = publish, 1
        if kind == "floor":
            data = pack("MULTI") + pack("SET", "floor", delta) + publish + pack("EXEC")
            answers = 4
        elif kind == "alike":
            data, answers = alike.packed(words, FLOOR)
        before = self._fleet.counts(RAW_COUNT)
        began = monotonic_ns()
        self._connection.exchange(data, answers=answers)
        self.rounds.note(kind, began, self._fleet.moments(RAW_COUNT, RAW_AT, before=before))

    def _strike(self, board: Switchboard) -> Kill:
        self._number += 1
        return subject.kill(self._number, Scope(workflow=subject.WORKFLOW), board.next)

    def _commit_beside(self) -> None:
        """Commit a kill of which only the plain sockets hear: the store's share of a kill."""
        struck = self._strike(self._plain_board)
        for change in (
            subject.killing(struck),
            subject.restoring(struck, _after(self._plain_board.next)),
        ):
            before = self._fleet.counts(RAW_COUNT)
            words = self._plain_board.prepare(change)
            data = FIRST + pack(*words)
            began = monotonic_ns()
            answer = self._connection.exchange(data, answers=2)[1]
            moments = self._fleet.moments(RAW_COUNT, RAW_AT, before=before)
            self._plain_board.accept(words, answer)
            if change.verb == "kill":
                self.rounds.note("commit", began, moments)

    def _kill(self, kind: str) -> None:
        """Commit a kill and, after it was seen, its restore, so that every round begins alike."""
        struck = self._strike(self._board)
        self._commit(subject.killing(struck), kind)
        self._acks(looking_s=REST_S)
        self._commit(subject.restoring(struck, self._board.next), None)
        self._acks(looking_s=REST_S)

    def _commit(self, change: Change, kind: str | None) -> None:
        before = self._fleet.counts(SEEN_COUNT)
        begins = monotonic_ns()
        words = self._board.prepare(change)
        data = FIRST + pack(*words)
        began = monotonic_ns()
        answer = self._connection.exchange(data, answers=2)[1]
        looking_s = ACK_LOOK_S if kind == "acknowledged" else LOOK_S
        moments = self._fleet.moments(SEEN_COUNT, SEEN_AT, before=before, looking_s=looking_s)
        if kind == "acknowledged":
            self._acks(looking_s=ACK_LOOK_S, commits=1)
            self.rounds.acked.append((monotonic_ns() - began) / 1e6)
        self._board.accept(words, answer)
        if kind is not None:
            self.rounds.note(kind, began, moments)
            self.rounds.prepared.append((began - begins) / 1e6)

    def _acks(self, *, looking_s: float, commits: int = 0) -> None:
        """Wait until all acknowledgements say *enforced*, *commits* after what the board knows."""
        clients = self._fleet.stamps.clients
        wanted = b'"x":%d,' % (self._board.state.position.revision + commits)
        ends = monotonic() + ACK_S
        while True:
            if self._connection.count("HVALS", self._acked, wanted) >= clients:
                return
            if monotonic() > ends:
                raise Unheard("not every client acknowledged within 5 s")
            sleep(looking_s)


def _after(at: Position) -> Position:
    return Position(at.epoch, at.revision + 1)


def opened(connection: Connection, env: str) -> Switchboard:
    """
    Return a fresh environment with one declared workflow.

    Raises:
        NotTaken: the store refused.
    """
    board = Switchboard(connection, Keys(env))
    declared = Write(WORKFLOWS, subject.WORKFLOW, subject.workflow(subject.WORKFLOW))
    board.open(Change("declare", subject.ON_CALL, writes=(declared,)))
    return board


def measure(clients: int, *, most_s: float = RUN_S, most_rounds: int = MOST_ROUNDS) -> Rounds:
    """
    Measure over a fresh fleet of *clients* processes, for at most *most_s* seconds of rounds.

    Raises:
        Misconfigured: no server here. Unheard: a client did not hear of a message.
    """
    with private_server() as port, Connection(port) as connection:
        env = f"bench-{clients}"
        board = opened(connection, env)
        with fleet(clients, port=port, env=env, workflow=subject.WORKFLOW) as watched:
            run = Run(connection, board, opened(connection, beside(env)), watched)
            for kind in KINDS:  # warm-up, thrown away
                run.round(kind)
            run.rounds = Rounds()
            ends = monotonic() + most_s
            for number in range(most_rounds):
                if number and monotonic() > ends:
                    break
                turn = number % len(KINDS)
                for kind in (*KINDS[turn:], *KINDS[:turn]):
                    run.round(kind)
            return run.rounds


def report(clients: tuple[int, ...], tell: Callable[[str], None], *, most_s: float) -> Report:
    """Measure over fleets of each size and compare with the promises."""
    where = machine()
    rows: list[tuple[str | float | None, ...]] = []
    promises: list[Promise] = []
    notes = list(_NOTES)
    for number in clients:
        tell(f"{number} client processes ...")
        rounds = measure(number, most_s=most_s)
        rows += _rows(number, rounds)
        promises += _promises(number, rounds)
        if disk_was_busy(rounds):
            notes.append(
                f"At {number} clients others used the disk: ratios flatter, and keep nothing."
            )
    columns = ("clients", "what", "n", "best ms", "p50 ms", "p99 ms", "x floor", "x PUBLISH")
    table = Table(
        "From the write to the clients (p50 beside the floors' p50)", columns, tuple(rows)
    )
    return Report("propagation", where, (table,), tuple(promises), tuple(notes))


def _rows(clients: int, rounds: Rounds) -> list[tuple[str | float | None, ...]]:
    found: list[tuple[str | float | None, ...]] = []
    for scope, series in (("each", rounds.each), ("last", rounds.last)):
        floor, bare = summary(series["floor"]), summary(series["bare"])
        found += [
            _row(clients, f"{name}, {scope} client", summary(series[kind]), floor, bare)
            for kind, name in _NAMES.items()
        ]
    last, bare = summary(rounds.last["floor"]), summary(rounds.last["bare"])
    acked = [
        ("all acknowledgements in the store", rounds.acked),
        ("the same, as the bot looks", _looks(rounds)),
    ]
    found += [_row(clients, name, summary(series), last, bare) for name, series in acked]
    told = summary(rounds.prepared)
    found.append(
        (
            float(clients),
            "before the write: entry, hash, words",
            told.count,
            told.best,
            told.p50,
            told.p99,
            None,
            None,
        )
    )
    return found


def _row(
    clients: int, name: str, told: Summary, floor: Summary, bare: Summary
) -> tuple[str | float | None, ...]:
    ratios = (told.p50 / floor.p50, told.p50 / bare.p50)
    return (float(clients), name, told.count, told.best, told.p50, told.p99, *ratios)


def _looks(rounds: Rounds) -> list[float]:
    first, longest = FIRST_PAUSE_S * 1000, LONGEST_PAUSE_S * 1000
    return [seen_after(took, first=first, longest=longest, growth=GROWTH) for took in rounds.acked]


def _promises(clients: int, rounds: Rounds) -> list[Promise]:
    visible, floor = summary(rounds.each["visible"]), summary(rounds.each["floor"])
    limit = RATIO_ALONE if clients == 1 else RATIO_MANY
    ratio = None if disk_was_busy(rounds) else visible.p50 / floor.p50
    found = [Promise(f"write to visible, p50, {clients} clients", limit, ratio, "x floor")]
    if clients in ALL_ACKS_MS:
        acked, most = summary(rounds.acked), ALL_ACKS_MS[clients]
        found.append(
            Promise(f"all acknowledgements, p50, {clients} clients", most, acked.p50, "ms")
        )
    return found


def disk_was_busy(rounds: Rounds) -> bool:
    """
    Return whether syncs usually took so long that everything else looks quick beside them.

    Then a ratio to the floor says something of the neighbours, not of a kill.
    """
    floor, bare = summary(rounds.each["floor"]), summary(rounds.each["bare"])
    return floor.p50 - bare.p50 > BUSY * max(floor.best - bare.best, 0.0)


_NAMES = {
    "bare": "bare PUBLISH",
    "floor": "floor: MULTI SET PUBLISH",
    "alike": "floor: MULTI of a commit's writes",
    "commit": "kill to a plain socket",
    "visible": "kill visible",
}
_NOTES = (
    "Visible: CLOCK_MONOTONIC right after the client's snapshot swap, minus that before the write.",
    "The commit's writes: as many commands and bytes, nothing read, compared or computed by the store.",
    "Kill to a plain socket: the same commit, heard by sockets that parse nothing: the store's share.",
    "Every process holds a plain subscriber beside its client; kinds of rounds are interleaved.",
    "As the bot looks: the same moments, seen by a reader with the bot's own pauses (computed).",
    "From the command to confirmed: `opsbot bench answers`, which asks the whole bot.",
)
