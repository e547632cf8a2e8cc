"""Which entries of the journal an incident's timeline is made from, and what each is about. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from opsbot.app.incident.note_change import VERBS as NOTE_VERBS
from opsbot.app.telling import Records
from opsbot.domain.approval import from_record as approval_from
from opsbot.domain.change import Json, Record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.journal import Entry
from opsbot.domain.state import APPROVALS, INCIDENTS, ROUTES
from opsbot.domain.timeline import Kind
from opsflags import keys

_RESTORES: Final = frozenset(
    {
        "restore",
        "soften",
        "ease",
        "ease_alone",
        "ease_step",
        "hold_restore",
        "go_on_restore",
        "take_back_restore",
        "ask_restore",
    }
)
_PROOFS: Final = frozenset({"confirmed", "proved", "route_confirmed"})
_REMINDERS: Final = frozenset(
    {
        "incident_reminded",
        "incident_snooze",
        "run_reminded",
        "comms_reminded",
        "comms_overdue",
        "comms_clock_due",
    }
)


@dataclass(frozen=True, slots=True)
class About:
    """What makes an entry one of an incident's: its own record, its kills, routes of its workflows."""

    incident: str
    kills: frozenset[str]
    workflows: frozenset[str]

    @classmethod
    def of(cls, incident: Incident) -> "About":
        """Return what an incident's entries touch."""
        return cls(incident.id, frozenset(incident.kills), frozenset(incident.workflows))

    def marks(self) -> tuple[str, ...]:
        """Return the pieces of canonical JSON of which every entry in question has one."""
        kills = sorted(self.kills)
        return (
            f'["{INCIDENTS}","{self.incident}",',
            f'"incident":"{self.incident}"',
            *(f'["{kind}","{one}",' for kind in (keys.KILLS, keys.ENDED) for one in kills),
            *(f'"kill":"{one}"' for one in kills),
            *(f'["{ROUTES}","{one}",' for one in sorted(self.workflows)),
            f'["{APPROVALS}","',
        )

    def touches(self, entry: Entry) -> bool:
        """Return whether an entry is about the incident; lines of people are told by themselves."""
        if entry.verb in NOTE_VERBS or entry.verb == "pager_annotated":
            return False
        facts = entry.body.get("facts")
        named = facts if isinstance(facts, dict) else {}
        if named.get("incident") == self.incident or named.get("kill") in self.kills:
            return True
        return any(self._written(*write) for write in entry.writes)

    def only_routes(self, entry: Entry) -> bool:
        """Return whether only a workflow makes an entry one of the incident's: it may be older than it."""
        return not any(
            (kind == INCIDENTS and id_ == self.incident) or id_ in self.kills
            for kind, id_, _ in entry.writes
        )

    def _written(self, kind: str, id_: str, record: Record | None) -> bool:
        if kind == INCIDENTS:
            return id_ == self.incident
        if kind in (keys.KILLS, keys.ENDED):
            return id_ in self.kills
        if kind == ROUTES:
            return id_ in self.workflows
        return kind == APPROVALS and record is not None and self._asks(record)

    def _asks(self, record: Record) -> bool:
        approval = approval_from(record)
        if approval.kills:
            return not self.kills.isdisjoint(approval.kills)
        return approval.action.get("workflow") in self.workflows and bool(self.workflows)


def kind_of(entry: Entry, before: Records) -> Kind:
    """Return what an entry is about; *before* are the records that it writes as they stood."""
    verb = entry.verb
    if verb == "comms_sent":
        return "comms" if _fact(entry, "state") == "done" else "incident"
    if verb in _KIND:
        return _KIND[verb]
    if verb.startswith(("pager_", "incident_page")) or _paged(entry, before):
        return "page"
    if _writes(entry, (ROUTES,)):
        return "route"
    if _writes(entry, (keys.KILLS, keys.ENDED)):
        return "kill"
    return "incident"


def name_of(entry: Entry) -> str:
    """Return what an entry is about in short: the one kill that it writes, the revision that it serves."""
    kills = {
        id_ for kind, id_, record in entry.writes if kind in (keys.KILLS, keys.ENDED) and record
    }
    if kills:
        return next(iter(kills)) if len(kills) == 1 else f"{len(kills)} kills"
    if entry.verb == "comms_sent":
        return str(_fact(entry, "message") or "")
    revision = _fact(entry, "revision")
    return str(revision) if revision and _writes(entry, (ROUTES,)) else ""


_KIND: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(_RESTORES, "restore"),
    **dict.fromkeys(_PROOFS, "proof"),
    **dict.fromkeys(_REMINDERS, "reminder"),
    "ask_ramp": "route",
}


def _fact(entry: Entry, name: str) -> Json:
    facts = entry.body.get("facts")
    return facts.get(name) if isinstance(facts, Mapping) else None


def _paged(entry: Entry, before: Records) -> bool:
    """Return whether a step of an incident is noted that is its page."""
    if entry.verb not in ("incident_step", "incident_retry"):
        return False
    for kind, id_, record in entry.writes:
        if kind == INCIDENTS and record is not None:
            return _page(record) != _page(before.get(kind, {}).get(id_))
    return False


def _page(record: Record | None) -> Json:
    steps = None if record is None else record.get("steps")
    return steps.get("page") if isinstance(steps, Mapping) else None


def _writes(entry: Entry, kinds: Collection[str]) -> bool:
    return any(kind in kinds for kind, _, record in entry.writes if record is not None)
