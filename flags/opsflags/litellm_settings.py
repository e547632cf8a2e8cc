"""What a LiteLLM proxy's own configuration says: whose call is whose workflow, and which model is called what. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

FIELD = "opsbot_workflow"
"""The field of a virtual key's or a team's metadata that names its workflow."""

UNATTRIBUTED = "unattributed"
"""The workflow of calls that nothing is declared for and whose model is no model group's name."""

TENANTS = ("team", "key")
_SWITCHES = {"route": True, "hold_drafts": False}
_TEXTS = ("service", "probe", "tenant")
_WORKFLOWS = ("keys", "teams", "models")
_KNOWN = (*_SWITCHES, *_TEXTS, "workflows", "models")


class BadSettings(ValueError):
    """The proxy's configuration says something this plug-in does not understand; `hint` names it."""

    def __init__(self, hint: str) -> None:
        super().__init__(f"litellm_settings.opsflags: {hint}")
        self.hint = hint


class Settings:
    """
    What is declared under `litellm_settings: opsflags:` of the proxy's config.yaml.

    *keys*, *teams* and *groups* say which workflow a virtual key (by its alias), a team (by its
    alias) or a model group serves. *models* says under which model group LiteLLM serves a route's
    `provider/model`, where neither the group's name nor its deployments tell. *tenant* is whose
    alias counts as the tenant first, `team` or `key`. *route* makes calls follow their workflow's
    route; *hold_drafts* says that the services behind the proxy hold back what comes with
    `x-opsbot-mode: drafts_only`. *service* and *probe* are as in `FlagClient.from_env`.
    """

    __slots__ = (
        "groups",
        "hold_drafts",
        "keys",
        "models",
        "probe",
        "route",
        "service",
        "teams",
        "tenant",
    )

    def __init__(self, given: Mapping[str, object] | None = None) -> None:
        """
        Read what is *given*, the mapping of config.yaml.

        Raises:
            BadSettings: a field that is unknown or of another kind.
        """
        said = {} if given is None else given
        _only(said, _KNOWN, "")
        workflows = _mapping(said, "workflows")
        _only(workflows, _WORKFLOWS, "workflows.")
        self.keys = _names(workflows, "keys")
        self.teams = _names(workflows, "teams")
        self.groups = _names(workflows, "models")
        self.models = _names(said, "models")
        self.tenant = _text(said, "tenant") or TENANTS[0]
        if self.tenant not in TENANTS:
            raise BadSettings(f"tenant is {' or '.join(TENANTS)}, not {self.tenant}")
        self.service = _text(said, "service")
        self.probe = _text(said, "probe")
        self.route = _switch(said, "route")
        self.hold_drafts = _switch(said, "hold_drafts")

    def workflows(self) -> list[str]:
        """Return every workflow that is declared, each once."""
        return sorted({*self.keys.values(), *self.teams.values(), *self.groups.values()})


class Caller:
    """
    Whose call it is.

    *declared* is false where the model group's name stands for the workflow. *key* is the sticky
    key: the session's or the user's id, as the caller gave it.
    """

    __slots__ = ("declared", "key", "tenant", "workflow")

    def __init__(
        self, workflow: str, *, tenant: str | None, key: str | None, declared: bool
    ) -> None:
        self.workflow = workflow
        self.tenant = tenant
        self.key = key
        self.declared = declared


def caller_of(
    settings: Settings,
    auth: object,
    data: Mapping[str, object],
    is_group: Callable[[str], bool],
) -> Caller:
    """
    Return whose call this is, from what the proxy itself knows of the key; never from a header.

    *auth* is LiteLLM's record of the authenticated key, None where there was none.
    """
    key_alias, team_alias = _word(auth, "key_alias"), _word(auth, "team_alias")
    model = data.get("model")
    group = model if isinstance(model, str) else ""
    declared = (
        settings.keys.get(key_alias or "")
        or _word(_metadata(auth, "metadata"), FIELD)
        or settings.teams.get(team_alias or "")
        or _word(_metadata(auth, "team_metadata"), FIELD)
        or settings.groups.get(group)
    )
    aliases = (team_alias, key_alias) if settings.tenant == "team" else (key_alias, team_alias)
    return Caller(
        declared or (group if group and is_group(group) else UNATTRIBUTED),
        tenant=aliases[0] or aliases[1],
        key=_sticky(auth, data),
        declared=declared is not None,
    )


def metadata_of(data: Mapping[str, object]) -> Mapping[str, object]:
    """Return the metadata of a request: LiteLLM keeps it under another name on some paths."""
    own = _metadata(data, "metadata")
    return {**own, **_metadata(data, "litellm_metadata")}


def _sticky(auth: object, data: Mapping[str, object]) -> str | None:
    return (
        _word(data, "litellm_session_id")
        or _word(metadata_of(data), "session_id")
        or _word(data, "user")
        or _word(auth, "end_user_id")
    )


def _metadata(holder: object, name: str) -> Mapping[str, object]:
    value = _field(holder, name)
    return value if isinstance(value, Mapping) else {}


def _word(holder: object, name: str) -> str | None:
    value = _field(holder, name)
    return value if isinstance(value, str) and value else None


def _field(holder: object, name: str) -> object:
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def _only(said: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    for name in said:
        if name not in known:
            raise BadSettings(f"{where}{name} is not known; known are {', '.join(sorted(known))}")


def _mapping(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = said.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadSettings(f"{name} is a mapping, not {type(value).__name__}")
    return value


def _names(said: Mapping[str, object], name: str) -> dict[str, str]:
    read: dict[str, str] = {}
    for left, right in _mapping(said, name).items():
        if not (left and isinstance(right, str) and right):
            raise BadSettings(f"{name} maps names to names, not {left!r} to {right!r}")
        read[str(left)] = right  # YAML reads a bare 42 as a number
    return read


def _text(said: Mapping[str, object], name: str) -> str | None:
    value = said.get(name)
    if value is None or (isinstance(value, str) and value):
        return value
    raise BadSettings(f"{name} is a text, not {value!r}")


def _switch(said: Mapping[str, object], name: str) -> bool:
    value = said.get(name, _SWITCHES[name])
    if not isinstance(value, bool):
        raise BadSettings(f"{name} is true or false, not {value!r}")
    return value
