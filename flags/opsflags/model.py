"""The words that the client and the bot share: modes, scopes, kills, routes, decisions. Pure."""

MODES = ("live", "fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop")
"""From the least to the most restrictive; of several kills on one call the last of them wins."""

RANK = {mode: rank for rank, mode in enumerate(MODES)}

NO_MODEL = frozenset({"human", "canned", "stop"})
"""Modes in which the model is not called; only these end a stream in flight."""

SAFE_STATE = "safe_state"
"""On the wire only: each workflow's own declared safe state (a bare kill of everything)."""

FALLBACK_OR_SAFE = "fallback_or_safe_state"
"""On the wire only: the declared fallback where one is left, else the safe state."""

BASE_MODES = frozenset({"human", "canned", "stop"})
"""What every service implements without saying so."""

PAUSED = "This assistant is paused for now."
"""What a user reads under `stop`, where no other approved text fits."""


class Scope:
    """What a kill hits: the AND of the fields that are set; none set means everything."""

    __slots__ = ("model", "provider", "tenant", "tool", "workflow")

    def __init__(
        self,
        workflow: str | None = None,
        tenant: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        tool: str | None = None,
    ) -> None:
        self.workflow = workflow
        self.tenant = tenant
        self.provider = provider
        self.model = model
        self.tool = tool

    def as_json(self) -> dict[str, str]:
        """Return the set fields only, as they travel."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) is not None}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and self.as_json() == other.as_json()

    def __hash__(self) -> int:
        return hash(tuple(self.as_json().items()))

    def __repr__(self) -> str:
        return f"Scope({', '.join(f'{k}={v!r}' for k, v in self.as_json().items())})"


FIELDS = ("workflow", "tenant", "provider", "model", "tool")


class Rejected(ValueError):
    """A record that came over the wire cannot be used; the previous one stays."""


def scope_from_json(value: object) -> Scope:
    """
    Read a scope.

    Raises:
        Rejected: not an object, or a field that is not a non-empty string or is not known (an
            unknown field would narrow the scope unseen, so it is refused, not skipped).
    """
    if not isinstance(value, dict):
        raise Rejected("scope is not an object")
    for name, text in value.items():
        if name not in FIELDS:
            raise Rejected(f"scope has an unknown field {name!r}")
        if not isinstance(text, str) or not text:
            raise Rejected(f"scope field {name!r} is not a non-empty string")
    return Scope(**value)
