"""The whole journaled state as one immutable value: what every decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from opsbot.domain import gates, route, routing
from opsbot.domain import kill as kills
from opsbot.domain import run as runs
from opsbot.domain import workflow as workflows
from opsbot.domain.approval import Approval
from opsbot.domain.approval import from_record as approval_from
from opsbot.domain.change import Position, Record
from opsbot.domain.comms import message as messages
from opsbot.domain.comms import told as incident_comms
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.told import IncidentComms
from opsbot.domain.errors import (
    UnknownApproval,
    UnknownIncident,
    UnknownKill,
    UnknownMessage,
    UnknownRevision,
    UnknownRun,
    UnknownWorkflow,
)
from opsbot.domain.gates import Measurement
from opsbot.domain.incident import incident as incidents
from opsbot.domain.incident import note as incident_note
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.note import Note
from opsbot.domain.kill import Kill
from opsbot.domain.remembered import Remembered, RememberedEach
from opsbot.domain.route import Number, Revision
from opsbot.domain.routing import Routing
from opsbot.domain.run import Run
from opsbot.domain.said import inert
from opsbot.domain.typed import command
from opsbot.domain.workflow import Workflow
from opsflags import keys

APPROVALS = "approvals"
SETTINGS = "settings"
"""Singletons for the bot alone: `policy`, `declarations`, `models`, `break_glass` uses, `ids` handed out."""

ROUTES = "routes"
"""Each workflow's pointers: the active revision, the last good one, the one that is tried."""

REVISIONS = "revisions"
"""Every route revision there ever was, by `<workflow>:r<n>`; never changed, never deleted."""

EVIDENCE = "evidence"
"""The newest measurement of each suite and metric for each revision or model."""

BUDGETS = "budgets"
"""Each workflow's bad outcomes by hour, as far back as its failure budget's window reaches."""

INCIDENTS = "incidents"
"""Every incident there ever was, by its id; never deleted."""

NOTES = "notes"
"""Lines that people put into the timelines of incidents, by `<incident>:n<number>`; retracted, never deleted."""

RUNS = "runs"
"""Every run of a runbook there ever was, by its id; never deleted."""

TEXTS = "runbook_texts"
"""The very text of every runbook version that was ever walked, by its digest, with its steps in short."""

MESSAGES = "messages"
"""Every message to people there ever was, by its id; never deleted."""

COMMS = "comms"
"""The words around each incident, by its id: what each audience was told and promised, what is known."""

USER_TEXTS = "user_texts"
"""What each workflow's users read while it is paused, where somebody changed it without its file; by workflow."""

KINDS = (
    keys.KILLS,
    keys.ENDED,
    keys.WORKFLOWS,
    keys.SWITCHBOARD,
    APPROVALS,
    SETTINGS,
    ROUTES,
    REVISIONS,
    EVIDENCE,
    BUDGETS,
    INCIDENTS,
    NOTES,
    RUNS,
    TEXTS,
    MESSAGES,
    COMMS,
    USER_TEXTS,
)
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
        return _active(self.kind(keys.KILLS))

    def ended_after(self, at: Position) -> tuple[Kill, ...]:
        """Return the kills that ended later than *at*, the latest first."""
        known = _ended(self.kind(keys.ENDED))
        return tuple(takewhile(lambda kill: kill.ended is not None and kill.ended > at, known))

    def kill(self, kill_id: str) -> Kill:
        """
        Return one kill, active or ended.

        Raises:
            UnknownKill: no kill has that id.
        """
        for kind in (keys.KILLS, keys.ENDED):
            if (record := self.kind(kind).get(kill_id.upper())) is not None:
                return _kill(record)
        raise UnknownKill(
            f"There is no kill `{inert(kill_id, limit=40)}`.",
            hint=f"{command('status')} lists the kills.",
        )

    def workflows(self) -> Mapping[str, Workflow]:
        """Return every declared workflow by name."""
        return _workflows(self.kind(keys.WORKFLOWS))

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

    def routing(self, workflow: str) -> Routing:
        """
        Return the pointers of one workflow.

        Raises:
            UnknownWorkflow: no workflow of that name has a route.
        """
        found = _routings(self.kind(ROUTES)).get(workflow)
        if found is None:
            raise UnknownWorkflow(workflow)
        return found

    def revision(self, workflow: str, number: Number) -> Revision:
        """
        Return one revision of a workflow's route.

        Raises:
            UnknownRevision: it was never made.
        """
        record = self.kind(REVISIONS).get(route.revision_key(workflow, number))
        if record is None:
            newest = self.kind(ROUTES).get(workflow, {}).get("newest", 0)
            raise UnknownRevision(
                f"`{workflow}` has no revision r{number}; nothing was changed.",
                hint=f"Its newest is r{newest}: {command(f'route {workflow} history')}.",
            )
        return route.from_record(record)

    def revisions(self, workflow: str) -> tuple[Revision, ...]:
        """Return every revision of a workflow's route, the newest first."""
        found = (
            route.from_record(r) for r in self.kind(REVISIONS).values() if r["workflow"] == workflow
        )
        return tuple(sorted(found, key=lambda one: -one.number))

    def measurements(self, workflow: str) -> tuple[Measurement, ...]:
        """Return what is known from evaluations of a workflow, the newest of each kind."""
        found = self.kind(EVIDENCE).values()
        return tuple(gates.from_record(one) for one in found if one["workflow"] == workflow)

    def incident(self, incident_id: str) -> Incident:
        """
        Return one incident, open or over; whether somebody may see it is not asked here.

        Raises:
            UnknownIncident: none has that id.
        """
        record = self.kind(INCIDENTS).get(incident_id.upper())
        if record is None:
            raise UnknownIncident(
                f"There is no incident `{inert(incident_id, limit=40)}`; nothing was changed.",
                hint=f"{command('incident list')} lists them.",
            )
        return _incident(record)

    def incidents(self) -> tuple[Incident, ...]:
        """Return every incident, the newest first."""
        return _incidents(self.kind(INCIDENTS))

    def open_incidents(self) -> tuple[Incident, ...]:
        """Return the incidents that somebody is at work on, the newest first; they are few."""
        return _open_incidents(self.incidents())

    def notes(self, incident_id: str) -> tuple[Note, ...]:
        """Return what people put into the timeline of one incident, by when it happened."""
        mine = (note for note in _notes(self.kind(NOTES)) if note.incident == incident_id)
        return tuple(sorted(mine, key=lambda note: (note.at_ms, note.noted_ms)))

    def run(self, run_id: str) -> Run:
        """
        Return one run, open or over; whether somebody may see it is not asked here.

        Raises:
            UnknownRun: none has that id.
        """
        record = self.kind(RUNS).get(run_id.upper())
        if record is None:
            raise UnknownRun(
                f"There is no run `{inert(run_id, limit=40)}`; nothing was changed.",
                hint=f"{command('runbook list')} lists them.",
            )
        return _run(record)

    def runs(self) -> tuple[Run, ...]:
        """Return every run, the newest first."""
        return _runs(self.kind(RUNS))

    def open_runs(self) -> tuple[Run, ...]:
        """Return the runs that somebody walks, the newest first; they are few."""
        return _open_runs(self.runs())

    def message(self, message_id: str) -> Message:
        """
        Return one message to people; whether somebody may see it is not asked here.

        Raises:
            UnknownMessage: none has that id.
        """
        record = self.kind(MESSAGES).get(message_id.upper())
        if record is None:
            raise UnknownMessage(
                f"There is no message `{inert(message_id, limit=40)}`; nothing was changed.",
                hint=f"{command('comms list')} lists them.",
            )
        return _message(record)

    def messages(self) -> tuple[Message, ...]:
        """Return every message to people, the newest first."""
        return _messages(self.kind(MESSAGES))

    def comms(self, incident_id: str) -> IncidentComms:
        """Return the words around one incident; nothing yet where none was ever said."""
        record = self.kind(COMMS).get(incident_id)
        return IncidentComms(incident_id) if record is None else incident_comms.from_record(record)

    def runbook_text(self, digest: str) -> str:
        """Return the very text that runs with that digest walk, empty where none ever did."""
        return str(self.kind(TEXTS).get(digest, {}).get("source", ""))


# The one that is at work asks for its own again and again.
_kill = Remembered(kills.from_record)
_incident = Remembered(incidents.from_record)
_run = Remembered(runs.from_record)
_message = Remembered(messages.from_record)


def _read_workflows(records: Mapping[str, Record]) -> Mapping[str, Workflow]:
    return {name: workflows.from_record(record) for name, record in sorted(records.items())}


_workflows = Remembered(_read_workflows)


def _read_kills(records: Mapping[str, Record]) -> tuple[Kill, ...]:
    found = (kills.from_record(record) for record in records.values())
    return tuple(sorted(found, key=lambda kill: int(kill.id.removeprefix("K-"))))


_active = Remembered(_read_kills)
_each_ended = RememberedEach(kills.from_record)


def _read_ended(records: Mapping[str, Record]) -> tuple[Kill, ...]:
    return tuple(sorted(_each_ended(records), key=lambda kill: kill.ended or kill.at, reverse=True))


_ended = Remembered(_read_ended)
_each_routing = RememberedEach(routing.from_record)


def _read_routings(records: Mapping[str, Record]) -> Mapping[str, Routing]:
    return dict(zip(records, _each_routing(records), strict=True))


_routings = Remembered(_read_routings)
_notes = Remembered(RememberedEach(incident_note.from_record))
_each_incident = RememberedEach(incidents.from_record)


def _read_incidents(records: Mapping[str, Record]) -> tuple[Incident, ...]:
    return tuple(sorted(_each_incident(records), key=lambda one: -int(one.id[len("INC-") :])))


_incidents = Remembered(_read_incidents)


def _read_open(known: tuple[Incident, ...]) -> tuple[Incident, ...]:
    return tuple(one for one in known if one.open)


_open_incidents = Remembered(_read_open)
_each_run = RememberedEach(runs.from_record)


def _read_runs(records: Mapping[str, Record]) -> tuple[Run, ...]:
    return tuple(sorted(_each_run(records), key=lambda one: -int(one.id[len("RUN-") :])))


_runs = Remembered(_read_runs)


def _read_open_runs(known: tuple[Run, ...]) -> tuple[Run, ...]:
    return tuple(one for one in known if one.open)


_open_runs = Remembered(_read_open_runs)
_each_message = RememberedEach(messages.from_record)


def _read_messages(records: Mapping[str, Record]) -> tuple[Message, ...]:
    return tuple(sorted(_each_message(records), key=lambda one: -int(one.id[len("MSG-") :])))


_messages = Remembered(_read_messages)
