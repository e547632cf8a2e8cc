"""Every setting with its unit and default; only `bootstrap` and `cli` read it, nothing else the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from opsbot.domain.addresses import on_loopback, unfit_for_secrets
from opsbot.domain.errors import Misconfigured
from opsbot.domain.probe_hosts import ProbeHosts, probe_hosts
from opsbot.settings_targets import TargetSettings
from opsflags.keys import ENVIRONMENT_PATTERN

PREFIX = "OPSBOT_"
_E_MAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")
STORE_SCHEMES = ("redis", "rediss", "unix", "sentinel", "cluster")


class Settings(TargetSettings):
    """How one replica of the bot runs. Raises `Misconfigured` through `load`, never a validation error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    env: str = Field(
        "dev",
        pattern=f"^{ENVIRONMENT_PATTERN}$",
        description="Name of the environment; every key in the store carries it",
    )
    state_dir: Path = Field(
        Path(".opsbot"),
        description="Where the embedded store, `bot.json` and the signing key live",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="The store: `redis://`, `rediss://`, `unix://`, `sentinel://h1,h2,h3/master`, "
        "`cluster://h1,h2`; empty starts a private Valkey in the state directory",
    )
    profile: Literal["strict", "managed"] = Field(
        "strict",
        description="`strict` refuses a server that evicts, has no AOF or does not fsync always; "
        "`managed` is for cloud services that hide this and needs a replica",
    )
    min_replicas: int = Field(
        0, ge=0, le=9, description="Replicas that must hold a change before it counts as durable"
    )
    slack_transport: Literal["off", "http", "socket", "workbench"] = Field(
        "off",
        description="`http` (signed requests), `socket` (Socket Mode), `workbench` (both, against "
        "a local stand-in), or `off`: terminal and HTTP only",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), description="Bot token (`xoxb-`)")
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), description="Signing secret of the Slack app; `http` needs it"
    )
    slack_app_token: SecretStr = Field(
        SecretStr(""), description="App-level token (`xapp-`); `socket` needs it"
    )
    slack_team_id: str = Field("", description="The home workspace; others are refused")
    slack_api_url: str = Field(
        "", description="Web API of a stand-in for Slack; on loopback only, empty is Slack itself"
    )
    slack_capture: bool = Field(
        False,
        description="Follow :pushpin: reactions and changed messages in incidents' channels; the "
        "app is then installed from the `capture` manifest",
    )
    slack_channel: str = Field(
        "", description="Channel id for cards of kills that name no single workflow; empty for none"
    )
    slack_audit_channel: str = Field(
        "", description="Channel id where the journal's head is anchored; empty for the file alone"
    )
    command_prefix: str = Field(
        "ai",
        pattern="^[a-z][a-z0-9-]{0,15}$",
        description="First part of the slash commands; two instances may share a workspace",
    )
    pagerduty_api_key: SecretStr = Field(
        SecretStr(""),
        description="REST key of PagerDuty, with which people are paged; needs `OPSBOT_PAGERDUTY_FROM`",
    )
    pagerduty_from: str = Field(
        "",
        description="E-mail of the PagerDuty user in whose name the bot opens incidents where "
        "PagerDuty does not know who asked",
    )
    pagerduty_routing_key: SecretStr = Field(
        SecretStr(""),
        description="Integration key (Events API v2) for alerts of machines and for change events",
    )
    pagerduty_webhook_secrets: SecretStr = Field(
        SecretStr(""),
        description="Secrets of the webhook subscriptions, separated by commas; two while one is "
        "changed. Empty: no delivery is believed",
    )
    pagerduty_url: str = Field(
        "https://api.pagerduty.com",
        description="REST API; `https://api.eu.pagerduty.com` for accounts in the EU, or a stand-in "
        "on this machine",
    )
    pagerduty_events_url: str = Field(
        "https://events.pagerduty.com",
        description="Events API; `https://events.eu.pagerduty.com` for accounts in the EU, or a "
        "stand-in on this machine",
    )
    host: str = Field("127.0.0.1", description="Address that HTTP listens on")
    port: int = Field(
        8320, ge=0, le=65535, description="Port that HTTP listens on; 0 takes a free one"
    )
    public_url: str = Field("", description="Where people and Slack reach this bot from outside")
    local_people: str = Field(
        "",
        description="Names of people in the policy, separated by commas, for whom `bot.json` keeps "
        "a token: whoever can read the state directory may speak as them, the first by default. "
        "For a demo; refused beside a real Slack workspace",
    )
    fallback_killers: str = Field(
        "",
        description="Slack ids or e-mails, separated by commas, who may kill (and nothing else) "
        "while no good policy was ever read",
    )
    flags_dir: Path = Field(Path("flags"), description="Declarations and policy")
    probe_hosts: str = Field(
        "",
        description="Where probes may go beside this machine and private networks: host names, "
        "`.suffix` for all names below, addresses and networks (`100.64.0.0/10`), separated by "
        "commas. Metadata addresses of clouds are never asked",
    )
    runbooks_dir: Path = Field(Path("runbooks"), description="Runbooks and templates of messages")
    status_dir: Path | None = Field(
        None,
        description="Where the files of the public status page are written, for a web server of its "
        "own; empty is `status` in the state directory",
    )
    status_url: str = Field(
        "",
        description="Where people read the public status page, if another host serves it; empty is "
        "`/status` at `OPSBOT_PUBLIC_URL`",
    )
    signing_key: Path | None = Field(
        None,
        description="File of the Ed25519 key that signs journal exports; "
        "empty is `keys/journal.ed25519` in the state directory",
    )
    keep_days: int = Field(
        90,
        ge=7,
        le=3650,
        description="Days that approvals which ended, and measurements that no gate can use any "
        "more, stay in the store; the journal keeps them for good",
    )
    exposure_hours: int = Field(
        336,
        ge=24,
        le=1440,
        description="Hours for which it is kept how many responses each workflow served, the last 72 "
        "of them minute by minute: what reviews of incidents count exposure from",
    )
    drain_s: float = Field(
        10.0, ge=0, le=300, description="Seconds that work in hand may take after SIGTERM"
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="`console` is for people's eyes"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log record that is written"
    )

    @field_validator("redis_url")
    @classmethod
    def _is_a_store(cls, value: SecretStr) -> SecretStr:
        scheme = urlsplit(value.get_secret_value()).scheme
        if value.get_secret_value() and scheme not in STORE_SCHEMES:
            raise ValueError(f"begins with none of {', '.join(f'{s}://' for s in STORE_SCHEMES)}")
        return value

    @field_validator("public_url", "slack_api_url", "status_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("is not an http:// or https:// URL")
        return value.rstrip("/")

    @field_validator("pagerduty_url", "pagerduty_events_url")
    @classmethod
    def _may_hold_a_key(cls, value: str) -> str:
        if why := unfit_for_secrets(value):
            raise ValueError(why)
        return value.rstrip("/")

    @field_validator("probe_hosts")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        probe_hosts(_listed(value))
        return value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for problem in (
            self._slack_problem(),
            self._pagerduty_problem(),
            self._people_problem(),
            self._store_problem(),
        ):
            if problem:
                raise ValueError(problem)
        return self

    def _slack_problem(self) -> str:
        needed = _NEEDED[self.slack_transport]
        missing = [name for name in needed if not _plain(getattr(self, name))]
        if missing:
            names = ", ".join(variable(name) for name in missing)
            return f"OPSBOT_SLACK_TRANSPORT={self.slack_transport} needs {names}"
        if self.slack_transport == "workbench" and not on_loopback(self.slack_api_url):
            return "OPSBOT_SLACK_TRANSPORT=workbench needs OPSBOT_SLACK_API_URL on loopback"
        if self.slack_api_url and not on_loopback(self.slack_api_url):
            return "OPSBOT_SLACK_API_URL may only name a stand-in on loopback"
        return ""

    def _pagerduty_problem(self) -> str:
        key, sender = _plain(self.pagerduty_api_key), self.pagerduty_from
        if bool(key) != bool(sender):
            has, needs = ("API_KEY", "FROM") if key else ("FROM", "API_KEY")
            return f"OPSBOT_PAGERDUTY_{has} needs OPSBOT_PAGERDUTY_{needs}"
        if sender and not _E_MAIL.fullmatch(sender):
            return "OPSBOT_PAGERDUTY_FROM is not an e-mail"
        if self.webhook_secrets and not (key or _plain(self.pagerduty_routing_key)):
            return (
                "OPSBOT_PAGERDUTY_WEBHOOK_SECRETS needs OPSBOT_PAGERDUTY_API_KEY "
                "or OPSBOT_PAGERDUTY_ROUTING_KEY"
            )
        if not _header(key) or not _header(_plain(self.pagerduty_routing_key)):
            return "OPSBOT_PAGERDUTY_API_KEY or OPSBOT_PAGERDUTY_ROUTING_KEY is not a key"
        both = bool(key and _plain(self.pagerduty_routing_key))
        if both and _region(self.pagerduty_url) != _region(self.pagerduty_events_url):
            return "OPSBOT_PAGERDUTY_URL and OPSBOT_PAGERDUTY_EVENTS_URL are not of one account"
        return ""

    def _people_problem(self) -> str:
        if (
            self.local_people
            and self.slack_transport in ("http", "socket")
            and not self.slack_api_url
        ):
            return "OPSBOT_LOCAL_PEOPLE is not for a bot on a real Slack workspace"
        return ""

    def _store_problem(self) -> str:
        embedded = not self.redis_url.get_secret_value()
        if embedded and self.min_replicas:
            return "OPSBOT_MIN_REPLICAS needs OPSBOT_REDIS_URL: the embedded store has no replicas"
        if embedded and self.profile == "managed":
            return "OPSBOT_PROFILE=managed needs OPSBOT_REDIS_URL"
        if self.profile == "managed" and self.min_replicas < 1:
            return "OPSBOT_PROFILE=managed needs OPSBOT_MIN_REPLICAS of at least 1"
        return ""

    @property
    def local_names(self) -> tuple[str, ...]:
        """Return the people whom a terminal on this machine may speak as."""
        return _listed(self.local_people)

    @property
    def killers(self) -> tuple[str, ...]:
        """Return who may kill while no policy was ever read."""
        return _listed(self.fallback_killers)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the secrets that a delivery of PagerDuty's may be signed with."""
        return _listed(_plain(self.pagerduty_webhook_secrets))

    @property
    def probed(self) -> ProbeHosts:
        """Return where probes may go."""
        return probe_hosts(_listed(self.probe_hosts))

    @property
    def key_file(self) -> Path:
        """Return where the signing key lies: never beside an export unless somebody says so."""
        return self.signing_key or self.state_dir / "keys" / "journal.ed25519"


class CommandLine(BaseSettings):
    """
    What the command line reads: where the bot is, and as whom to speak.

    Here for the documentation; `opsbot.cli.api` reads these four by itself, because importing this
    module costs a terminal a third of a second.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    env: str = Field("dev", pattern=f"^{ENVIRONMENT_PATTERN}$", description="As above")
    url: str = Field("", description="The bot's HTTP address; empty finds the local bot")
    token: SecretStr = Field(
        SecretStr(""), description="Bearer token of a person or service account"
    )
    state_dir: Path = Field(Path(".opsbot"), description="As above; where the local bot is found")


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "off": (),
    "http": ("slack_bot_token", "slack_signing_secret"),
    "socket": ("slack_bot_token", "slack_app_token"),
    "workbench": ("slack_bot_token", "slack_signing_secret", "slack_app_token", "slack_api_url"),
}


_INHERITED = TargetSettings.model_fields


def load() -> Settings:
    """
    Read the environment, and files of secrets where `OPSBOT_SECRETS_DIR` names a directory.

    Raises:
        Misconfigured: one line that names the setting and what is wrong.
    """
    secrets_dir = os.environ.get(f"{PREFIX}SECRETS_DIR") or None
    if secrets_dir is not None and not Path(secrets_dir).is_dir():
        raise Misconfigured(f"{PREFIX}SECRETS_DIR={secrets_dir} is not a directory")
    try:
        return Settings(_secrets_dir=secrets_dir)
    except ValidationError as error:
        raise _misconfigured(error) from None


def unknown(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return names that look like settings of ours and are none: probably typos."""
    known = {variable(name) for one in (Settings, CommandLine) for name in one.model_fields}
    known |= {f"{PREFIX}{name}" for name in ("SECRETS_DIR", "SERVICE")}
    return tuple(sorted(n for n in environment if n.startswith(PREFIX) and n not in known))


def variable(field: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{field.upper()}"


def table(settings: type[BaseSettings]) -> str:
    """Return the settings as a markdown table."""
    rows = ["| variable | default | what |", "|---|---|---|"]
    # Its own come first; those that it inherits are of a part of the bot.
    fields = sorted(settings.model_fields.items(), key=lambda one: one[0] in _INHERITED)
    for name, field in fields:
        default = _plain(field.default) or "(empty)"
        choices = get_args(field.annotation) if _is_choice(field.annotation) else ()
        offered = f" One of {', '.join(f'`{c}`' for c in choices)}." if choices else ""
        secret = " Secret." if field.annotation is SecretStr else ""
        rows.append(f"| `{variable(name)}` | `{default}` | {field.description}.{offered}{secret} |")
    return "\n".join(rows) + "\n"


def _listed(value: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.split(",") if one.strip())


def _region(url: str) -> str:
    """Return where PagerDuty's accounts of an address are: alerts must not go where no page can."""
    return "here" if on_loopback(url) else "eu" if ".eu.pagerduty.com" in url else "elsewhere"


def _header(key: str) -> bool:
    """Return whether a key can travel in a header: one with a line end or an umlaut was pasted wrong."""
    return key.isascii() and (not key or key.isprintable()) and " " not in key


def _is_choice(annotation: object) -> bool:
    return getattr(annotation, "__origin__", None) is Literal


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


def _misconfigured(error: ValidationError) -> Misconfigured:
    first, *others = error.errors(include_url=False, include_input=False)
    where = variable(str(first["loc"][0])) + ": " if first["loc"] else ""
    what = str(first["msg"]).removeprefix("Value error, ")
    more = f" (and {len(others)} more)" if others else ""
    return Misconfigured(f"{where}{what}{more}", hint="docs/configuration.md lists every setting.")
