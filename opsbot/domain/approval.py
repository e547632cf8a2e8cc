"""A request that waits for a second person; bound to the hash of exactly what was asked."""

from dataclasses import dataclass, fields, replace
from typing import Literal

from opsbot.domain.change import Record
from opsbot.domain.records import listed

Standing = Literal["pending", "approved", "refused", "expired", "void"]


@dataclass(frozen=True, slots=True)
class Approval:
    """
    One pending or settled approval, `A-1`, `A-2` ...

    *action* is what will be done (`{"verb": "restore", "kills": [...], "workflow": ...}`) and
    *action_hash* the SHA-256 of its canonical JSON: any difference at execution makes it void.
    *requester* and *approver* are persons (joined identities), not surface ids. *cause* is in our words
    why it is void, where more is known than that what it asked for was changed. *groups* are the user
    groups of who gave it, as they were then.
    """

    id: str
    action: Record
    action_hash: str
    requester: str
    requested_ms: int
    expires_ms: int
    standing: Standing = "pending"
    approver: str = ""
    settled_ms: int | None = None
    cause: str = ""
    groups: tuple[str, ...] = ()

    @property
    def kills(self) -> tuple[str, ...]:
        """Return the ids of the kills that the action names."""
        listed = self.action.get("kills", [])
        if not isinstance(listed, (list, tuple)):
            return ()
        return tuple(str(one[0]) for one in listed if isinstance(one, (list, tuple)))

    def settle(self, standing: Standing, *, by: str, at_ms: int, cause: str = "") -> "Approval":
        """Return it settled."""
        return replace(self, standing=standing, approver=by, settled_ms=at_ms, cause=cause)


def as_record(approval: Approval) -> Record:
    """Return the record as it is stored."""
    return {
        "s": 1,
        "id": approval.id,
        "action": approval.action,
        "action_hash": approval.action_hash,
        "requester": approval.requester,
        "requested_ms": approval.requested_ms,
        "expires_ms": approval.expires_ms,
        "standing": approval.standing,
        "approver": approval.approver,
        "settled_ms": approval.settled_ms,
        **({"cause": approval.cause} if approval.cause else {}),
        **({"groups": list(approval.groups)} if approval.groups else {}),
    }


def from_record(record: Record) -> Approval:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    known = {one.name: record[one.name] for one in fields(Approval) if one.name in record}
    known["groups"] = tuple(str(one) for one in listed(record.get("groups")))
    return Approval(**known)  # type: ignore[arg-type]  # our own record
