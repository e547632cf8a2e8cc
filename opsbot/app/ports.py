"""What the use cases need from outside, as meanings; `opsbot.adapters` and `opsbot.slack` give it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from opsbot.domain.change import Change, Committed, Effect, Lane, Position, Record, Sealed
from opsbot.domain.fleet import Fleet, Instance
from opsbot.domain.picture.evaluations import Chart
from opsbot.domain.picture.timeline import TimelineChart
from opsbot.domain.said import Said
from opsbot.domain.state import State

Render = Callable[[Said], tuple[Sequence[Record], str]]
"""Makes an answer into what the chat shows: its blocks, and the text of the notification."""

T = TypeVar("T")
Decide = Callable[[State, int], tuple[Change | None, T]]
"""
From the state and the server's milliseconds to a change and what its caller wants back.

Pure and repeatable: the store calls it again on a newer state when somebody else was first, and
when the epoch moves. The state's position carries the epoch that the commit will have, so the
commit's own position is that epoch and the state's revision plus one. No change means that there
is nothing to commit (the answer is already so).
"""


class Store(Protocol):
    """The switchboard and its journal."""

    @property
    def state(self) -> State:
        """Return the newest state this replica knows; may be behind by a message."""
        ...

    async def refresh(self) -> State:
        """
        Read up to the store's own position and return the state.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def commit(self, request_id: str, decide: Decide[T]) -> tuple[Committed | None, T]:
        """
        Decide on the newest state and commit, or do nothing at all.

        A *request_id* that was committed before is answered as then (`repeated`), whatever
        *decide* says now; its second value is decided on the state as it stands. Retries on
        conflict. None as the first value: *decide* asked for no change.

        Raises:
            Refused: raised by *decide*; nothing was changed.
            StoreLost: it is not known whether the change is stored; the same id may be retried.
        """
        ...

    async def wait_past(self, revision: int, *, timeout_s: float) -> State:
        """Return the state as soon as its revision is larger, or as it is after *timeout_s*."""
        ...

    async def journal(self, start: int = 0, stop: int = -1) -> Sequence[str]:
        """
        Return raw journal lines (`<hash> <canonical JSON>`), zero-based and inclusive.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def texts(self, commitments: Sequence[str]) -> Mapping[str, Sealed]:
        """Return the free texts that are still kept, by commitment; erased ones are missing."""
        ...

    async def erase(self, commitments: Sequence[str]) -> int:
        """Erase free texts; the chain still verifies. Return how many were there."""
        ...

    async def ready(self) -> float:
        """
        Ask the server for a sign of life; return the milliseconds it took.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...


class Fleets(Protocol):
    """Who is running and what they have acknowledged."""

    async def look(self) -> Fleet:
        """
        Return the fleet as of now, on the server's clock, and the store's head of the same moment.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def emergencies(self, start: int) -> Sequence[str]:
        """Return the raw emergency records from the zero-based *start* on."""
        ...

    async def low(self, *, now_ms: int) -> Mapping[str, int]:
        """
        Return the fewest instances of each workflow that were alive in the full hours of the last day.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def sample(
        self, alive: Mapping[str, int], *, now_ms: int, models: Collection[str] = ()
    ) -> None:
        """
        Note how many are alive now, and which *models* calls ask for. Raises as `low`.

        Of each hour the fewest alive are kept, of each model's name when it was last seen; both for
        a day.
        """
        ...

    async def models(self, *, now_ms: int) -> frozenset[str]:
        """Return the model names that were noted within the last 24 hours. Raises as `low`."""
        ...

    async def forget(self, instances: Sequence[Instance]) -> None:
        """Take instances off the list (long silent ones, by the sweep)."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One effect handed to a worker. *attempt* counts from 1."""

    item: str
    lane: Lane
    effect: Effect
    attempt: int


class RetryLater(Exception):
    """An effect could not be done now; *after_s* is in seconds, None for the usual back-off."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class GiveUp(Exception):
    """An effect can never be done; it becomes a dead letter with this reason."""


class Outbox(Protocol):
    """Effects that were committed and wait to be done."""

    def deliveries(self, lane: Lane) -> AsyncIterator[Delivery]:
        """Yield effects for this replica: new ones, due retries, and those of dead replicas."""
        ...

    async def done(self, delivery: Delivery) -> None:
        """Take the item off; it will not be delivered again."""
        ...

    async def later(self, delivery: Delivery, *, reason: str, after_s: float) -> None:
        """Put the item back, due after *after_s* seconds."""
        ...

    async def dead(self, delivery: Delivery, *, reason: str) -> None:
        """Move the item to the dead letters, visible and retriable."""
        ...

    async def owned(self, delivery: Delivery) -> bool:
        """Return whether this replica still holds the item; asked right before an outside effect."""
        ...

    async def dead_letters(self) -> Sequence[tuple[str, Effect, str]]:
        """Return id, effect and reason of each dead letter."""
        ...

    async def retry(self, item: str) -> bool:
        """Put one dead letter back into its lane; false if it is not there."""
        ...

    async def left(self, key: str) -> Record | None:
        """Return what the effect of that key left outside (a message's ts, say)."""
        ...

    async def leave(self, key: str, record: Record, *, ttl_s: float | None = None) -> None:
        """
        Remember what the effect of that key left outside, or for *ttl_s* seconds an answer.

        A key is left either for good or for a time, never both.
        """
        ...

    async def claim(self, what: str, *, ttl_s: float) -> bool:
        """Take or renew this replica's claim on *what*; false while another replica holds it."""
        ...

    async def once(self, what: str, *, ttl_s: float) -> bool:
        """Return true to the first caller within *ttl_s* seconds, false to every later one."""
        ...

    async def depth(self) -> Mapping[Lane, int]:
        """
        Return how many effects are not done yet in each lane, those in hand included.

        Raises:
            StoreLost: no answer within the deadline.
        """
        ...

    async def fire_timers(self) -> int:
        """Move every due timer into the outbox in one atomic step; return how many."""
        ...


class Clock(Protocol):
    """Time for people's eyes and for measuring; order and expiry use the server's."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Entropy(Protocol):
    """Ids and salts that nobody can guess."""

    def token(self, size: int = 16) -> str:
        """Return *size* random bytes in hex."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """
    What an enforcement point said; *error* is set where it could not be asked.

    *instance* is who answered and *at* the position it decided at, None where it does not say.
    *refused* is why no probe may be sent to that address at all: it was not asked.
    """

    mode: str = ""
    allowed: bool | None = None
    answered: bool = False
    target: str = ""
    tools_only: tuple[str, ...] | None = None
    kill: str | None = None
    status: int = 0
    error: str = ""
    instance: str | None = None
    at: Position | None = None
    refused: str = ""


class Prober(Protocol):
    """Asks enforcement points for their current decision, never the bot itself."""

    async def ask(
        self, url: str, *, kind: str, workflow: str, tenant: str | None, tool: str | None
    ) -> ProbeAnswer:
        """Send one tagged request; a deadline of 1 s; errors are in the answer, never raised."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with its title, and the words that say the same to whoever does not see it."""

    png: bytes
    title: str
    alt: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file of text with its *name* and *title*; *media* is its type."""

    data: bytes
    name: str
    title: str
    media: str


class Pictures(Protocol):
    """Draws what is easier to see than to read."""

    async def evaluations(self, chart: Chart) -> bytes:
        """Return evaluation results over revisions as a PNG of 1200 x 675."""
        ...

    async def timeline(self, chart: TimelineChart) -> bytes:
        """Return an incident's timeline as a PNG of 1200 x 675."""
        ...


class Chat(Protocol):
    """Messages into Slack. Only effect handlers call it."""

    async def post(self, channel: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """
        Post one message; look for *key* in the channel before posting a second time.

        Return {"channel", "ts"}.

        Raises:
            RetryLater: with Slack's own Retry-After where given.
            GiveUp: it can never be posted (channel gone, not allowed).
        """
        ...

    async def update(self, handle: Record, blocks: Sequence[Record], text: str) -> None:
        """Replace a message of ours. Raises as `post`; `errors.Gone` where somebody deleted it."""
        ...

    async def tell(self, person: str, blocks: Sequence[Record], text: str, *, key: str) -> Record:
        """Send a direct message to a Slack user id or e-mail. Raises as `post`."""
        ...

    async def upload(self, thread: Record, picture: Picture, *, key: str) -> Record | None:
        """
        Share a picture in the thread of a message of ours; look for *key* there before a second time.

        Return what it left there; None where it was taken and is not to be seen yet: ask again.
        Raises as `post`.
        """
        ...

    async def share(self, thread: Record, document: Document, *, key: str) -> Record | None:
        """Share a file of text in the thread of a message of ours; as `upload` in every other way."""
        ...


Handler = Callable[[Delivery], Awaitable[None]]
