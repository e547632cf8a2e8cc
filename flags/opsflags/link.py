"""The one thread of a client: connect, subscribe, read, apply, check in; never dies in silence."""

import os
import threading
from time import monotonic

from opsflags import lastknown, log, replies
from opsflags.address import Address
from opsflags.board import APPLIED, GAP, IGNORED, Position
from opsflags.core import Core
from opsflags.keys import ENDED, KILLS, SWITCHBOARD, WORKFLOWS
from opsflags.killfile import LOOK_S
from opsflags.locate import Locator
from opsflags.probe_server import ProbeServer
from opsflags.resp import ProtocolError, Push, Reply, ReplyError, pack
from opsflags.snapshot import snapshot, with_others
from opsflags.talk import ANSWER_S, Lost, Moved, Talk

CHECKIN_S = 0.9
"""Less than a second, so that a lost message is repaired within one."""

SOON_S = 0.02
FIRST_REST_S = 0.05
LONGEST_REST_S = 2.0
GOODBYE_S = 0.15
STAYS = frozenset({"ERR", "NOPERM", "OOM", "MISCONF", "BUSY"})
"""Errors to a check-in that another connection would not cure."""


class Link(Talk):
    """
    Keep one client's board true, from one daemon thread.

    `wake()` may be called from anywhere, also from signal handlers. Everything else runs in the
    thread. Durations are seconds of the monotonic clock.
    """

    def __init__(
        self, core: Core, address: Address, *, file: str | None, probe: ProbeServer | None
    ) -> None:
        super().__init__(Locator(address), probe)
        self.core = core
        self.closing = False
        self.connected = False
        self._address = address
        self._file = file
        self._read_due = self._list_due = False
        self._checked_at: float | None = None
        self._next_checkin = self._next_look = self._soonest = 0.0
        self._failures = 0
        self._emergency_channel = core.keys.emergency_channel.encode()
        self._ack_head = b""
        self.thread = threading.Thread(target=self._run, name="opsflags", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self.thread.start()

    def release(self) -> None:
        """Close what is open, in the thread's absence: after its end, or inherited over a fork."""
        if self._released:
            return
        self._released = True
        if self._wire is not None:
            self._wire.abandon()
            self._wire = None
        if self.probe is not None:
            self.probe.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _run(self) -> None:
        while not self.closing:
            try:
                self._connect_and_serve()
            except Moved:
                continue
            except (OSError, ProtocolError) as error:
                self._note_lost(error)
            except Exception:  # noqa: BLE001  the supervised loop: log, drop the connection, go on
                self.core.problem = "unexpected"
                self.core.board.touch_everyone()
                self._failures += 1
                log.exception("the link failed unexpectedly and starts again")
            self._drop()
            if not self.closing:
                self._rest()

    def _connect_and_serve(self) -> None:
        self._drop()
        self._greet()
        self._read_all()
        self._check_in()
        while not self.closing:
            self._wait(self._idle_s())
            if self._pushed and not self._read_due:
                self._take_pushes()  # before any duty: a kill may be among them
            self._duties()
            self._work()
        self._say_goodbye()

    def _drop(self) -> None:
        """Forget the connection and everything that was awaited from it."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        self.connected = False
        self._takers.clear()
        self._pushed.clear()
        self._checked_at = None

    def _note_lost(self, error: Exception) -> None:
        code = getattr(error, "code", None) or type(error).__name__
        if self.core.problem != code:
            log.warning("no connection to %r: %s", self._address, code)
        self.core.problem = code
        self._locator.forget()
        self._failures += 1

    def _rest(self) -> None:
        """Wait with full jitter, still doing what needs no store."""
        most = min(LONGEST_REST_S, FIRST_REST_S * 2 ** min(self._failures, 10))
        until = monotonic() + max(FIRST_REST_S, most * int.from_bytes(os.urandom(2)) / 65536)
        while not self.closing and (left := until - monotonic()) > 0:
            self._turn(left)

    def _greet(self) -> None:
        """Connect and say HELLO; subscribing and reading follow in this order."""
        problem: OSError = Lost("no_host")
        for endpoint in self._locator.endpoints(self._ask_elsewhere):
            try:
                self._wire = self._locator.dial(endpoint)
                hello = self._ask(*self._hello())[0]
            except Lost:
                raise
            except OSError as error:
                problem = error
                self._drop()
                continue
            self._check_hello(hello)
            self._ack_head = b"*4" + pack("HSET", self.core.fleet.acks, self.core.instance)[2:]
            self.core.numbers["connects"] += 1
            return
        raise problem

    def _hello(self) -> list[bytes]:
        words = ["HELLO", "3"]
        if self._address.password is not None:
            words += ["AUTH", self._address.username or "default", self._address.password]
        hello = pack(*words, "SETNAME", self.core.instance)
        return [hello, pack("SELECT", self._address.db)] if self._address.db else [hello]

    def _check_hello(self, hello: Reply) -> None:
        if not isinstance(hello, dict):
            raise Lost("not_a_server")
        if self._locator.wants_primary and hello.get(b"role") != b"master":
            raise Lost("replica")

    def _read_all(self) -> None:
        """Subscribe if this connection does not yet, read everything served, apply it."""
        keys, names = self.core.keys, sorted(self.core.handles)
        commands = [
            pack("PING", "subscribed"),
            pack("HMGET", keys.head, "epoch", "revision"),
            pack("HGETALL", keys.state_of(KILLS)),
            pack("HMGET", keys.state_of(SWITCHBOARD), "emergency"),
            pack("LRANGE", keys.emergency, 0, -1),
            pack("HMGET", keys.state_of(WORKFLOWS), *(names or ["-"])),
        ]
        first = b"" if self.connected else pack("SUBSCRIBE", keys.channel, keys.emergency_channel)
        _, head, kills, emergency, listed, workflows = self._ask(*commands, first=first)
        self.connected, self._read_due, self._list_due = True, False, False
        with self.core.lock:
            board = self.core.board
            missing = board.read(
                replies.head(head), replies.records(kills), replies.named(names, workflows)
            )
            board.take_emergencies(replies.parsed(listed), replies.adopted(emergency))
            self.core.read.update(names)
            self._after_change()
        if missing:
            self._read_ended(missing)
        self._locator.arrived()
        self.core.numbers["reads"] += 1

    def _read_ended(self, ids: list[str]) -> None:
        answer = self._ask(pack("HMGET", self.core.keys.state_of(ENDED), *ids))[0]
        with self.core.lock:
            self.core.board.take_ended(
                {k: v for k, v in replies.named(ids, answer).items() if v is not None}
            )
            self._after_change()

    def _read_emergencies(self) -> None:
        keys = self.core.keys
        emergency, listed = self._ask(
            pack("HMGET", keys.state_of(SWITCHBOARD), "emergency"),
            pack("LRANGE", keys.emergency, 0, -1),
        )
        self._list_due = False
        with self.core.lock:
            before = self.core.board.listed
            self.core.board.take_emergencies(replies.parsed(listed), replies.adopted(emergency))
            self._after_change(also=before != self.core.board.listed)

    def _read_workflows(self, names: list[str]) -> None:
        key = self.core.keys.state_of(WORKFLOWS)
        answer = self._ask(pack("HMGET", key, *names))[0]
        with self.core.lock:
            for name, record in replies.named(names, answer).items():
                self.core.board.take_workflow(name, record)
            self.core.read.update(names)
            self._after_change()
        self._check_in()

    def _work(self) -> None:
        """Do what the last turn left to do; may ask the server and so take further turns."""
        if self._pushed and not self._read_due:
            self._take_pushes()
        if self._read_due:
            self._read_all()
            self._check_in()
        if self._list_due:
            self._read_emergencies()
        if not self.core.read.issuperset(self.core.handles):
            names = list(self.core.handles)
            self._read_workflows([name for name in names if name not in self.core.read])
        if monotonic() >= self._due():
            self._check_in()
        if self._file is not None:
            self._save(self._file)

    def _take_pushes(self) -> None:
        while self._pushed and not self._read_due:
            self._take_push(self._pushed.popleft())

    def _take_push(self, push: Push) -> None:
        if len(push) != 3 or push[0] != b"message":  # noqa: PLR2004  kind, channel, payload
            return
        if push[1] == self._emergency_channel:
            self._list_due = True
            return
        with self.core.lock:
            rejected = self.core.board.rejected
            outcome = self.core.board.apply(replies.parse(push[2]))
            if outcome == APPLIED:
                self._after_change(also=rejected != self.core.board.rejected)
        self.core.numbers["deltas"] += outcome != IGNORED
        if outcome == GAP:
            self.core.numbers["gaps"] += 1
            self._read_due = True

    def _after_change(self, *, also: bool = False) -> None:
        """Swap what was touched and, where a served workflow was, acknowledge at once."""
        if (self.core.publish() or also) and self._wire is not None and self.connected:
            ack = self.core.ack().encode()
            send = self._wire.send if self._takers else self._wire.send_aside
            self._takers.append(self._note_error)
            send(b"%b$%d\r\n%b\r\n" % (self._ack_head, len(ack), ack))

    def _note_error(self, reply: Reply) -> None:
        if isinstance(reply, ReplyError):
            self.core.problem = reply.code

    def _check_in(self) -> None:
        """Say that we live and where we are; at most one check-in is under way."""
        if self._checked_at is not None or self._wire is None:
            return
        core, keys = self.core, self.core.keys
        registration = ""
        if not core.registered:
            core.registered = True
            registration = core.registration(self.probe.urls() if self.probe else {})
        names = (keys.head, *core.fleet.all(), keys.emergency, keys.services)
        said = (core.instance, registration, core.ack(), core.service_word)
        call = pack("FCALL", "opsbot_checkin", 6, *names, *said)
        self._checked_at = monotonic()
        self._next_checkin = self._checked_at + CHECKIN_S
        self._soonest = self._checked_at + SOON_S
        self._takers.append(self._take_checkin)
        self._wire.send(call)

    def _take_checkin(self, reply: Reply) -> None:
        sent_at, self._checked_at = self._checked_at, None
        if isinstance(reply, ReplyError):
            if reply.code not in STAYS:
                self._raise_for(reply)
            self._note_error(reply)
            self.core.registered = False
            self._soonest = self._next_checkin
            return
        answer = replies.integers(reply)
        if answer is None or sent_at is None:
            raise Lost("bad_checkin")
        epoch, revision, _, listed, known = answer
        self._take_news((epoch, revision), listed, known=bool(known))
        with self.core.lock:
            self.core.answered(sent_at)
        self.core.numbers["checkins"] += 1
        self.core.problem = None
        self._failures = 0
        with self.core.settled:
            self.core.settled.notify_all()

    def _take_news(self, head: Position, listed: int, *, known: bool) -> None:
        board = self.core.board
        if not self._pushed and board.note_store(head):
            self._read_due = True
        if listed != len(board.listed):
            self._list_due = True
        if not known:
            self.core.registered = False

    def _duties(self) -> None:
        now = monotonic()
        if now < self._next_look and not self.core.due(now):
            self._raise_if_silent(now)
            return
        with self.core.lock:
            self.core.tick(now)
            if now >= self._next_look:
                self._next_look = now + LOOK_S
                if self.core.look_at_kill_file():
                    self._after_change(also=True)
        self._raise_if_silent(now)

    def _raise_if_silent(self, now: float) -> None:
        if self._checked_at is not None and now - self._checked_at > ANSWER_S:
            raise Lost("silent")

    def _idle_s(self) -> float:
        if self._pushed or self._read_due or self._list_due:
            return 0.0
        return self._due() - monotonic()

    def _due(self) -> float:
        """When the next check-in goes out: once a second, or soon where a registration waits."""
        waits = not self.core.registered and self._checked_at is None
        return self._soonest if waits else self._next_checkin

    def _save(self, file: str) -> None:
        """Keep what is known in the file, when nothing more urgent waits."""
        if not self.core.dirty or self._pushed:
            return
        self.core.dirty = False
        with self.core.lock:
            known = snapshot(self.core.board, self.core.env)
        try:
            lastknown.save(file, with_others(known, file))
        except OSError as error:
            log.warning("the last known state could not be written: %s", error.strerror)

    def _say_goodbye(self) -> None:
        names = self.core.fleet.all()
        goodbye = pack("FCALL", "opsbot_goodbye", 3, *names, self.core.instance)
        self._ask(goodbye, within_s=GOODBYE_S)
