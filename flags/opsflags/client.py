"""What a service holds: `FlagClient` connects, hands out workflows, and says goodbye."""

import atexit
import os
from collections.abc import Iterable
from time import monotonic
from weakref import WeakSet

from opsflags import fork, lastknown
from opsflags.address import Address, parse
from opsflags.core import Core
from opsflags.link import Link
from opsflags.model import BASE_MODES
from opsflags.probe_server import Points, ProbeServer
from opsflags.snapshot import restore
from opsflags.workflow import Workflow

BOOT_WAIT_MS = 250
CLOSE_S = 0.2
MODES = tuple(sorted(BASE_MODES))

_open_clients: "WeakSet[FlagClient]" = WeakSet()


class NotConfigured(ValueError):
    """A setting that a client can't do without is missing; `hint` names it."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


class FlagClient(fork.Forks):
    """
    One connection to the switchboard for a whole process, with one daemon thread.

    Made by `connect()` or `from_env()`; usable from any thread and any event loop, and over forks
    (a child gets a thread and an instance id of its own). Use it as a context manager or call
    `close()`, so that the instance leaves the registry instead of being missed there.
    """

    __slots__ = (
        "__weakref__",
        "_address",
        "_core",
        "_enforcement",
        "_file",
        "_link",
        "_most_patience_s",
        "_patience_s",
        "_probe_bind",
    )

    def __init__(  # noqa: PLR0913  the settings of one client, by keyword
        self,
        address: Address,
        *,
        service: str,
        env: str,
        state_dir: str | None,
        kill_file: str | None,
        probe: str | None,
        boot_wait_ms: float,
        instance: str | None,
    ) -> None:
        self._address = address
        self._core = Core(service, env, kill_file, instance)
        self._file = _state_file(state_dir, env, service)
        self._probe_bind = probe
        self._patience_s = self._most_patience_s = boot_wait_ms / 1000
        self._enforcement = Points(self._register_again)
        self._load()
        self._core.look_at_kill_file()
        self._link = self._new_link()

    @classmethod
    def connect(  # noqa: PLR0913  as above
        cls,
        url: str,
        *,
        service: str,
        env: str = "dev",
        state_dir: str | None = None,
        kill_file: str | None = None,
        probe: str | None = None,
        boot_wait_ms: float = BOOT_WAIT_MS,
        instance: str | None = None,
    ) -> "FlagClient":
        """
        Start a client and return at once; `workflow()` waits, and no longer than *boot_wait_ms*.

        *url* is `redis://`, `rediss://`, `unix:///path`, `sentinel://h1,h2,h3/primary` or
        `cluster://h1,h2`. *service* names the program in the registry. With *state_dir* the last
        known state survives a restart without a store. *kill_file* is a mounted file that can only
        restrict. *instance* is this process's own name where it has a good one (a pod's), unique in
        the environment; a forked child adds to it. *probe* (`host:port`, port 0 for any) lets the bot probe enforcement points here.

        Raises:
            BadAddress: *url* is none of these.
            OSError: *probe* can't be listened on.
        """
        client = cls(
            parse(url),
            service=service,
            env=env,
            state_dir=state_dir,
            kill_file=kill_file,
            probe=probe,
            boot_wait_ms=boot_wait_ms,
            instance=instance,
        )
        client._begin()
        return client

    @classmethod
    def from_env(cls, *, service: str | None = None, probe: str | None = None) -> "FlagClient":
        """
        Start a client from `OPSBOT_REDIS_URL`, `OPSBOT_ENV`, `OPSBOT_SERVICE`, `OPSBOT_STATE_DIR`,
        `OPSBOT_INSTANCE` and `OPSFLAGS_KILL_FILE`.

        Raises:
            NotConfigured: no address, or no name of the service.
        """
        url = os.environ.get("OPSBOT_REDIS_URL")
        if not url:
            raise NotConfigured("set OPSBOT_REDIS_URL to the address of the store")
        service = service or os.environ.get("OPSBOT_SERVICE")
        if not service:
            raise NotConfigured("set OPSBOT_SERVICE to the name of this service")
        return cls.connect(
            url,
            service=service,
            env=os.environ.get("OPSBOT_ENV") or "dev",
            state_dir=os.environ.get("OPSBOT_STATE_DIR") or None,
            kill_file=os.environ.get("OPSFLAGS_KILL_FILE") or None,
            probe=probe,
            instance=os.environ.get("OPSBOT_INSTANCE") or None,
        )

    def workflow(
        self, name: str, modes: Iterable[str] = MODES, on_unknown: str = "run"
    ) -> Workflow:
        """
        Return the handle of workflow *name*; one name has one handle in a process.

        *modes* are those that this service implements beside `human`, `canned` and `stop`; another
        mode becomes `stop` here. *on_unknown* says what holds while nothing is known at all. Waits
        until the store has been asked, within what is left of the boot wait.

        Raises:
            ValueError: an unknown mode; or *on_unknown* differs from an earlier call's.
        """
        core = self._core
        with core.lock:
            handle = core.handles.get(name)
            if handle is None:
                handle = core.handles[name] = Workflow(name, modes, on_unknown, self)
                core.recompile({name})
                core.registered = False
            elif handle.on_unknown != on_unknown:
                raise ValueError(
                    f"{name} is already asked for with on_unknown={handle.on_unknown!r}"
                )
            else:
                handle.implement(modes)
        self._link.wake()
        self._wait_for(name)
        return handle

    @property
    def ready(self) -> bool:
        """True when the store has answered for every workflow asked for; for readiness probes."""
        core = self._core
        return core.answered_at is not None and core.read.issuperset(core.handles)

    @property
    def instance(self) -> str:
        """The id of this process in the registry; another one after a fork."""
        return self._core.instance

    @property
    def probe_port(self) -> int | None:
        """The port on which probes are answered, None where they are not."""
        probe = self._link.probe
        return None if probe is None else probe.port

    def age_ms(self) -> float:
        """Return how old the knowledge is in milliseconds; infinite before the first answer."""
        return self._core.age_s() * 1000

    def statistics(self) -> dict[str, object]:
        """Return numbers and machine words for a service's own metrics; no free text."""
        core = self._core
        with core.lock:
            return {
                "instance": core.instance,
                "connected": self._link.connected,
                "problem": core.problem,
                "position": core.board.position,
                "ahead": core.board.ahead,
                "rejected": core.board.rejected,
                "kill_file": None if core.kill_file is None else core.kill_file.problem or "ok",
                "age_ms": self.age_ms(),
                **core.numbers,
            }

    def close(self) -> None:
        """Leave the registry and stop the thread, within 200 ms. The last decisions stay."""
        fork.forget(self)
        _open_clients.discard(self)
        link = self._link
        if link.closing:
            return
        link.closing = True
        link.wake()
        link.thread.join(CLOSE_S)
        if not link.thread.is_alive():
            link.release()

    def __enter__(self) -> "FlagClient":  # noqa: PYI034  typing costs 8 ms at import
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._link.start()
        fork.watch(self)
        _open_clients.add(self)

    def _new_link(self) -> Link:
        bind, core = self._probe_bind, self._core
        probe = None
        if bind is not None:
            probe = ProbeServer(bind, self._enforcement, lambda: core.instance)
        return Link(self._core, self._address, file=self._file, probe=probe)

    def _load(self) -> None:
        if self._file is None:
            return
        try:
            known = lastknown.load(self._file)
        except lastknown.Broken:
            self._core.problem = "last_known_broken"
            return
        if known is not None and not restore(self._core.board, known, self._core.env):
            self._core.problem = "last_known_broken"

    def _wait_for(self, name: str) -> None:
        core, began = self._core, monotonic()
        with core.settled:
            if core.settled.wait_for(lambda: self._knows(name), self._patience_s):
                self._patience_s = self._most_patience_s
            else:
                self._patience_s = max(0.0, self._patience_s - (monotonic() - began))

    def _knows(self, name: str) -> bool:
        return self._core.answered_at is not None and name in self._core.read

    def _register_again(self) -> None:
        self._core.registered = False
        self._link.wake()

    def _names_changed(self) -> None:
        self._core.registered = False  # with the next check-in; a name is worth no hurry

    def _modes_changed(self, handle: Workflow) -> None:
        with self._core.lock:
            self._core.recompile({handle.name})
        self._register_again()

    def _self_check(self) -> None:
        """Catch a thread that died, or that a fork past Python's hooks left behind."""
        if self._link.closing:
            return
        if os.getpid() != self._core.pid:
            self._after_fork_in_child()
        elif not self._link.thread.is_alive():
            self._restart()

    def _restart(self) -> None:
        with self._core.lock:
            if self._link.thread.is_alive():
                return
            self._link.release()
            try:
                self._link = self._new_link()
                self._link.start()
            except (OSError, RuntimeError):
                # The interpreter is ending, or the probe's port is taken; a decision never raises.
                self._core.problem = "no_thread"

    def _before_fork(self) -> None:
        self._core.lock.acquire()

    def _after_fork_in_parent(self) -> None:
        self._core.lock.release()

    def _after_fork_in_child(self) -> None:
        inherited = self._link
        self._core.after_fork()
        if inherited.closing:
            return
        inherited.release()
        try:
            self._link = self._new_link()
        except OSError:
            # A fixed probe port belongs to the parent; the child is honest that it has none.
            self._probe_bind = None
            self._link = self._new_link()
        self._link.start()


def _state_file(state_dir: str | None, env: str, service: str) -> str | None:
    if state_dir is None:
        return None
    try:
        os.makedirs(state_dir, mode=0o700, exist_ok=True)  # noqa: PTH103  pathlib costs 10 ms at import
    except OSError:
        return None  # a read-only disk must not keep a service from starting
    return lastknown.path_for(state_dir, env, service)


def _close_all() -> None:
    for client in list(_open_clients):
        client.close()


atexit.register(_close_all)
