"""What the HTTP side is given to work with; `bootstrap` fills it in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from opsbot.app.exposure_port import ServedHistory
from opsbot.app.ports import Entropy, Fleets, Outbox, Store
from opsbot.app.runs.by_hand import Typing, on_terminal
from opsbot.app.runs.port import Procedures
from opsbot.app.runs.read import NoProcedures
from opsbot.app.status_page.site import Site
from opsbot.app.verbs import Verbs
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said
from opsbot.web.auth import Identify
from opsbot.web.bodies import DurationS


@dataclass(frozen=True, slots=True)
class SlackHealth:
    """How the way to Slack is: *sockets* open of *wanted*; *ok* is None where Slack is switched off."""

    ok: bool | None = None
    transport: str = "off"
    sockets: int = 0
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class FilesHealth:
    """What the last look at the declarations came to; *ok* is None before the first one."""

    ok: bool | None = None
    errors: int = 0


def not_looked() -> FilesHealth:
    """Return the health of declarations that nobody has read yet."""
    return FilesHealth()


def slack_off() -> SlackHealth:
    """Return the health of a Slack that was never asked for."""
    return SlackHealth()


@dataclass(frozen=True, slots=True)
class StatusShown:
    """
    The public status page of this replica.

    *lost_ms* says since when it may be behind, None while the store is there. Both are asked at every
    reading, so neither waits for anything.
    """

    site: Callable[[], Site | None]
    lost_ms: Callable[[], int | None]


Preflighted = Callable[[Actor], Awaitable[Said]]
"""Says to somebody what would stop whoever walks a runbook now."""


def typed() -> Mapping[str, Typing]:
    """Return how commands are typed where no chat is."""
    return {"terminal": on_terminal}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    Everything the routes need.

    *store_age_s* says how many seconds ago the store last gave a sign of life. *served* is the
    history of served calls, None where none is kept. *procedures* are the runbooks as they were last
    read, *preflight* asks whether today's people could walk them; *typing* says how each surface types a command.
    *status* is the public status page, None where there is none.
    """

    env: str
    verbs: Verbs
    store: Store
    fleets: Fleets
    outbox: Outbox
    entropy: Entropy
    identify: Identify
    duration_s: DurationS
    store_age_s: Callable[[], float]
    version: str = "0"
    slack: Callable[[], SlackHealth] = field(default=slack_off)
    declarations: Callable[[], FilesHealth] = field(default=not_looked)
    served: ServedHistory | None = None
    preflight: Preflighted | None = None
    procedures: Procedures = field(default_factory=NoProcedures)
    typing: Mapping[str, Typing] = field(default_factory=typed)
    status: StatusShown | None = None
