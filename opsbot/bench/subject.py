"""What is measured on: realistic workflows, kills and commits, spelled by the bot's own domain."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from opsbot.bench.routed import ROUTE
from opsbot.bench.server import Connection, NotTaken
from opsbot.domain import journal
from opsbot.domain import kill as kills
from opsbot.domain import workflow as workflows
from opsbot.domain.actor import Actor
from opsbot.domain.change import LANES, Change, Effect, Json, Position, Record, Timer, Write
from opsbot.domain.delta import delta_of
from opsbot.domain.kill import Kill
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import OnStoreLoss, Workflow
from opsflags import keys
from opsflags.keys import Keys
from opsflags.model import Scope
from opsflags.resp import pack

KEEP_REQUEST_MS = 86_400_000
REVIEW_MS = 4 * 3_600_000
ON_CALL = Actor(kind="slack", id="U0ONCALL", via="slack")
WORKFLOW = "support-copilot"

Words = tuple[str | int, ...]


def workflow(
    name: str, *, on_store_loss: OnStoreLoss = "last_known", route: Mapping[str, Json] = ROUTE
) -> Record:
    """Return the record of a declared workflow as the store holds it."""
    return workflows.as_record(
        Workflow(
            name=name,
            title=name.replace("-", " ").capitalize(),
            description="Drafts first replies to inbound tickets, with citations.",
            dri="U0SUPPORT",
            team="support-ai",
            tier=1,
            safe_state="canned",
            modes=("fallback", "read_only", "drafts_only", "canned", "stop"),
            on_store_loss=on_store_loss,
            stale_after_s=6,
            kill_slo_ms=1000,
            canned="Our assistant is paused. A colleague will answer by e-mail.",
            tools={"search_kb": "read", "issue_refund": "write"},
            route=dict(route),
        )
    )


def kill(number: int, scope: Scope, at: Position, *, now_ms: int = 0) -> Kill:
    """Return the kill `K-<number>` with everything that the bot writes into one."""
    return Kill(
        id=f"K-{number}",
        uid=uuid4().hex,
        scope=scope,
        mode="stop",
        at=at,
        actor="U0ONCALL",
        via="slack",
        since_ms=now_ms,
        review_ms=now_ms + REVIEW_MS,
        changed_ms=now_ms,
        reason=uuid4().hex * 2,
        actor_name=uuid4().hex * 2,
    )


def killing(struck: Kill) -> Change:
    """Return the change that the bot commits for a fresh kill: record, number, work, review."""
    review = Effect("review", f"review:{struck.uid}:1", {"kill": struck.id, "nth": 1})
    return Change(
        verb="kill",
        actor=ON_CALL,
        writes=(
            Write(keys.KILLS, struck.id, kills.as_record(struck)),
            Write(SETTINGS, "ids", {"s": 1, "kill": int(struck.id.removeprefix("K-"))}),
        ),
        rule="anyone on call kills",
        facts={"declarations": "0" * 64, "routes": {WORKFLOW: {}}, "fleet": {}, "signals": []},
        effects=(
            Effect("follow", f"follow:{struck.uid}:stop", {"kill": struck.id}, lane="kill"),
            Effect("card", f"card:{struck.uid}", {"kill": struck.id}),
        ),
        timers=(Timer(f"review:{struck.uid}", REVIEW_MS, review),),
    )


def restoring(struck: Kill, at: Position) -> Change:
    """Return the change that ends a kill."""
    ended = replace(struck, ended=at, ended_by="U0LEAD", ended_ms=struck.since_ms)
    return Change(
        verb="restore",
        actor=ON_CALL,
        writes=(
            Write(keys.KILLS, struck.id, None),
            Write(keys.ENDED, struck.id, kills.as_record(ended)),
        ),
        cancels=(f"review:{struck.uid}",),
    )


@dataclass(slots=True)
class Switchboard:
    """Writes one environment's commits over one connection, as the bot does."""

    connection: Connection
    keys: Keys
    state: State = field(default_factory=State)

    @property
    def next(self) -> Position:
        """Return where the next commit will stand."""
        return Position(self.state.position.epoch, self.state.position.revision + 1)

    def open(self, change: Change) -> None:
        """
        Make the first commit, which learns the store's epoch.

        Raises:
            NotTaken: the store did not take it.
        """
        answer = self.connection.ask(*self.prepare(change))
        what, wanted = _said(answer)[:2]
        if what != "epoch":
            raise NotTaken(f"the first commit was answered {what!r}")
        self.state = replace(self.state, position=Position(int(wanted), 0))
        self.commit(change)

    def prepare(self, change: Change) -> Words:
        """Return the words of the FCALL that commits *change*: the part before the write."""
        line = journal.write_entry(
            self.state, change, request=uuid4().hex, at_ms=time.time_ns() // 1_000_000
        )
        return commit_words(self.keys, change, line)

    def commit(self, change: Change) -> None:
        """
        Commit *change*.

        Raises:
            NotTaken: the store did not take it.
        """
        words = self.prepare(change)
        self.accept(words, self.connection.exchange(pack(*words), answers=1)[0])

    def accept(self, words: Words, answer: object) -> None:
        """
        Go on from the commit of *words*, to which the store said *answer*.

        Raises:
            NotTaken: the store did not take it.
        """
        if (what := _said(answer)[0]) != "ok":
            raise NotTaken(f"a commit was answered {what!r}")
        self.state = journal.follow(self.state, journal.read_entry(line_in(words)))


def _said(answer: object) -> list[str]:
    assert isinstance(answer, list)
    return [word.decode() for word in answer]


_LINE = 6
"""Where the journal line stands among the arguments of `opsbot_commit`."""


def line_in(words: Words) -> str:
    """Return the journal line among the words of a commit."""
    return str(words[3 + int(words[2]) + _LINE])


def delta_in(words: Words) -> str:
    """Return the message that a commit of these words publishes."""
    return str(words[3 + int(words[2]) + _LINE + 2])


def commit_words(names: Keys, change: Change, line: str) -> Words:
    """Return the words of the FCALL that commits *line* and all that belongs to it."""
    digest, _, body = line.partition(" ")
    entry = journal.Entry(digest, json.loads(body))  # just made: not verified once more
    kinds = list(dict.fromkeys(write.kind for write in change.writes))
    named: Words = (
        *(names.head, names.journal, names.request_of(entry.request)),
        *(names.texts, names.due, names.timers),
        *(names.state_of(kind) for kind in kinds),
        *(names.lane(lane) for lane in LANES),
    )
    place = {kind: 7 + number for number, kind in enumerate(kinds)}
    lanes = {lane: 7 + len(kinds) + number for number, lane in enumerate(LANES)}
    return (
        *("FCALL", "opsbot_commit", len(named), *named),
        *(KEEP_REQUEST_MS, entry.position.revision - 1, entry.prev, entry.position.epoch),
        *(entry.at_ms, entry.hash, line, names.channel, delta_of(entry)),
        *_counted([(place[w.kind], w.id, _text(w.record)) for w in change.writes]),
        *_counted([]),  # no free text
        *_counted([(lanes[effect.lane], _effect(effect)) for effect in change.effects]),
        *_counted([(timer,) for timer in change.cancels]),
        *_counted(
            [(t.id, t.in_ms, f"{t.effect.lane} 0 {_effect(t.effect)}") for t in change.timers]
        ),
    )


def _counted(items: list[Words]) -> Words:
    return (len(items), *(word for item in items for word in item))


def _text(record: Record | None) -> str:
    return "" if record is None else journal.canonical(record).decode()


def _effect(effect: Effect) -> str:
    told: Record = {
        "kind": effect.kind,
        "key": effect.key,
        "body": effect.body,
        "lane": effect.lane,
    }
    return _text(told)
