"""What a person asks for, whatever the surface; parsers build these and use cases take them."""

from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["workflow", "all", "provider", "model", "kill"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the first word names; *name* is empty for `all`, `K-1` for a kill."""

    kind: TargetKind
    name: str = ""

    def __post_init__(self) -> None:
        if (self.kind == "all") != (self.name == ""):
            raise ValueError("`all` has no name and everything else has one")


@dataclass(frozen=True, slots=True)
class KillRequest:
    """
    `/ai-kill <target> [mode:] [tenant:] [tool:] [for:] [break-glass] [reason]`.

    *mode* None means the safe state. *review_in_s* (seconds, from `for:2h`) is when opsbot asks
    whether the kill should stay; it never ends by itself. *confirmed* answers the question that
    `all`, a provider and a model raise. *said_mode* is a mode's name that the reason begins with
    and that is asked about after stopping.
    """

    target: Target
    mode: str | None = None
    tenant: str | None = None
    tool: str | None = None
    review_in_s: int | None = None
    break_glass: bool = False
    reason: str = ""
    confirmed: bool = False
    said_mode: str | None = None


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """`/ai-restore <workflow|K-12> [reason]`."""

    target: Target
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApproveRequest:
    """A press of [Approve] or [Refuse], or the same from a terminal."""

    approval: str
    grant: bool = True
    reason: str = ""
