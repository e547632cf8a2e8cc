"""One incident with as little in it as an incident can have."""

from dataclasses import replace

from opsbot.domain.change import Position
from opsbot.domain.incident.incident import Incident, as_record
from opsbot.domain.incident.times import Times
from opsbot.domain.state import INCIDENTS, State

AT_MS = 1_795_230_847_000


def incident(name: str = "INC-1", **changes: object) -> Incident:
    """Return an incident; *changes* override."""
    base = Incident(
        id=name,
        uid=f"u{name}",
        at=Position(1, 1),
        declared_at=Position(1, 1),
        title="",
        severity="SEV2",
        times=Times(declared=AT_MS),
        declared_by="mara",
        via="slack",
        workflows=("support-copilot",),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name, as each test words them


def state_with(*incidents: Incident, state: State | None = None) -> State:
    """Return a state that holds these incidents as well."""
    records = {} if state is None else dict(state.records)
    return State(records={**records, INCIDENTS: {one.id: as_record(one) for one in incidents}})
