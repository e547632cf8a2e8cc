"""The whole journaled state as one immutable value: what every decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsbot.domain import kill as kills
from opsbot.domain import workflow as workflows
from opsbot.domain.approval import Approval
from opsbot.domain.approval import from_record as approval_from
from opsbot.domain.change import Position, Record
from opsbot.domain.errors import UnknownApproval, UnknownKill
from opsbot.domain.kill import Kill
from opsbot.domain.said import inert
from opsbot.domain.workflow import Workflow
from opsflags import keys

APPROVALS = "approvals"
SETTINGS = "settings"
"""Singletons for the bot alone: `policy`, `declarations`, `break_glass` uses, `ids` handed out."""

KINDS = (keys.KILLS, keys.ENDED, keys.WORKFLOWS, keys.SWITCHBOARD, APPROVALS, SETTINGS)
"""Every kind of journaled record; `audit verify` replays exactly these."""

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class State:
    """All records at one position. *head* is the hash of the last journal entry."""

    position: Position = field(default_factory=lambda: Position(0, 0))
    head: str = GENESIS
    records: Mapping[str, Mapping[str, Record]] = field(default_factory=dict)

    def kind(self, kind: str) -> Mapping[str, Record]:
        """Return the records of one kind by id."""
        return self.records.get(kind, {})

    def setting(self, name: str) -> Record:
        """Return one of the bot's singletons, empty where it was never written."""
        return self.kind(SETTINGS).get(name, {})

    def active_kills(self) -> tuple[Kill, ...]:
        """Return the kills that restrict now, oldest first."""
        found = (kills.from_record(record) for record in self.kind(keys.KILLS).values())
        return tuple(sorted(found, key=lambda kill: int(kill.id.removeprefix("K-"))))

    def kill(self, kill_id: str) -> Kill:
        """
        Return one kill, active or ended.

        Raises:
            UnknownKill: no kill has that id.
        """
        for kind in (keys.KILLS, keys.ENDED):
            if (record := self.kind(kind).get(kill_id.upper())) is not None:
                return kills.from_record(record)
        raise UnknownKill(
            f"There is no kill `{inert(kill_id, limit=40)}`.", hint="`/ai-status` lists the kills."
        )

    def workflows(self) -> Mapping[str, Workflow]:
        """Return every declared workflow by name."""
        found = self.kind(keys.WORKFLOWS)
        return {name: workflows.from_record(record) for name, record in sorted(found.items())}

    def approval(self, approval_id: str) -> Approval:
        """
        Return one approval.

        Raises:
            UnknownApproval: no approval has that id.
        """
        record = self.kind(APPROVALS).get(approval_id.upper())
        if record is None:
            raise UnknownApproval(f"There is no approval `{inert(approval_id, limit=40)}`.")
        return approval_from(record)
