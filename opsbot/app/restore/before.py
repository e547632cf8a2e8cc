"""What a request did the first time, read from its own journal entry: a repetition hears that again."""

from collections.abc import Mapping

from opsbot.app.environment import Environment
from opsbot.app.restore.decision import Lifted, Outcome
from opsbot.domain.approval import Approval
from opsbot.domain.approval import from_record as approval_from
from opsbot.domain.change import Change, Committed
from opsbot.domain.journal import Broken, Entry, read_entry
from opsbot.domain.kill import Kill, from_record
from opsbot.domain.policy.rules import Verdict
from opsbot.domain.state import APPROVALS, State
from opsflags import keys


async def lifted_before(env: Environment, request_id: str) -> tuple[Committed, Lifted] | None:
    """
    Return the commit of this request and what it lifted, softened, refused or asked for.

    Asked where deciding anew was refused: what the request wanted may be so because it was done.
    None where the request never committed anything of the kind.

    Raises:
        StoreLost: no answer.
    """

    def nothing(state: State, now_ms: int) -> tuple[Change | None, None]:
        return None, None

    first, _ = await env.store.commit(request_id, nothing)
    if first is None:
        return None
    at = first.position.revision - 1
    lines = await env.store.journal(at, at)
    try:
        entry = read_entry(lines[0]) if lines else None
    except Broken:
        entry = None
    if entry is None or entry.request != request_id:
        return None
    found = _lifted(entry)
    return None if found is None else (first, found)


_OUTCOMES: Mapping[str, Outcome] = {
    "restore": "lifted",
    "soften": "softened",
    "ease": "eased",
    "ease_alone": "eased_alone",
}


def _lifted(entry: Entry) -> Lifted | None:
    verdict = Verdict("alone", str(entry.body.get("rule", "")), "")
    kills, approval = _kills(entry), _approval(entry)
    if entry.verb in _OUTCOMES and kills:
        return Lifted(_OUTCOMES[entry.verb], kills, verdict, approval)
    if entry.verb == "approval_refused":
        return Lifted("refused", kills, verdict, approval)
    if entry.verb == "approval_void":
        return Lifted("void", kills, verdict, approval)
    if entry.verb == "ask_restore" and approval is not None:
        return Lifted("pending", (), verdict, approval)
    return None


def _kills(entry: Entry) -> tuple[Kill, ...]:
    return tuple(
        from_record(record)
        for kind, _, record in entry.writes
        if kind in (keys.KILLS, keys.ENDED) and record is not None
    )


def _approval(entry: Entry) -> Approval | None:
    """Return the approval that the entry is about; those it overtook are void or expired."""
    found = [
        approval_from(record)
        for kind, _, record in entry.writes
        if kind == APPROVALS and record is not None
    ]
    about = [one for one in found if one.standing == _ABOUT.get(entry.verb, one.standing)]
    return about[-1] if about else None


_ABOUT = {"restore": "approved", "soften": "approved", "ease": "approved", "ease_alone": "pending"}
"""How the approval stands that an entry is about, where it may hold others."""
