"""Settings of the places outside to which messages to people are published; part of `opsbot.config.Settings`."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from opsbot.domain import mail
from opsbot.domain.addresses import unfit_for_secrets
from opsbot.domain.webhook_rules import WebhookHosts, webhook_hosts, webhook_secrets


class TargetSettings(BaseSettings):
    """What is a secret of a target, or belongs to this installation; the rest is in `flags/comms.yaml`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    statuspage_api_key: SecretStr = Field(
        SecretStr(""), description="API key of Atlassian Statuspage, for targets of that kind"
    )
    statuspage_url: str = Field(
        "https://api.statuspage.io/v1",
        description="Statuspage's API, or a stand-in on this machine",
    )
    incident_io_api_key: SecretStr = Field(
        SecretStr(""),
        description="API key of incident.io that may publish to status pages, for targets of that kind",
    )
    incident_io_url: str = Field(
        "https://api.incident.io", description="incident.io's API, or a stand-in on this machine"
    )
    comms_webhook_secrets: SecretStr = Field(
        SecretStr(""),
        description="What signs messages to webhooks, by target: `target=whsec_...`, separated by "
        "commas; the same target twice while its secret is changed",
    )
    comms_webhook_hosts: str = Field(
        "",
        description="Where webhooks may be beside the internet: host names, `.suffix` for all names "
        "below, addresses and networks, separated by commas. Metadata addresses of clouds never",
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Where mail is handed over: `smtps://user:password@host`, or `smtp://...` for "
        "STARTTLS (plain on this machine); needs `OPSBOT_SMTP_FROM`",
    )
    smtp_from: str = Field("", description="From whom mail comes: `Status <status@example.com>`")

    @field_validator("statuspage_url", "incident_io_url")
    @classmethod
    def _may_hold_a_targets_key(cls, value: str) -> str:
        if why := unfit_for_secrets(value):
            raise ValueError(why)
        return value.rstrip("/")

    @field_validator("statuspage_api_key", "incident_io_api_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("is not a key")
        return value

    @field_validator("comms_webhook_secrets")
    @classmethod
    def _are_secrets(cls, value: SecretStr) -> SecretStr:
        webhook_secrets(_listed(value.get_secret_value()))
        return value

    @field_validator("comms_webhook_hosts")
    @classmethod
    def _are_webhook_hosts(cls, value: str) -> str:
        webhook_hosts(_listed(value))
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            mail.mail_server(value.get_secret_value())
        return value

    @field_validator("smtp_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if value:
            mail.sender(value)
        return value

    @model_validator(mode="after")
    def _mail_agrees_with_itself(self) -> Self:
        if bool(self.smtp_url.get_secret_value()) != bool(self.smtp_from):
            has, needs = ("URL", "FROM") if not self.smtp_from else ("FROM", "URL")
            raise ValueError(f"OPSBOT_SMTP_{has} needs OPSBOT_SMTP_{needs}")
        return self

    @property
    def signs(self) -> Mapping[str, tuple[bytes, ...]]:
        """Return the secrets that sign messages to webhooks, by target."""
        return webhook_secrets(_listed(self.comms_webhook_secrets.get_secret_value()))

    @property
    def webhook_places(self) -> WebhookHosts:
        """Return where webhooks may be."""
        return webhook_hosts(_listed(self.comms_webhook_hosts))

    @property
    def mail_server(self) -> mail.MailServer | None:
        """Return where mail is handed over, None where nothing is set."""
        url = self.smtp_url.get_secret_value()
        return mail.mail_server(url) if url else None

    @property
    def mail_sender(self) -> tuple[str, str]:
        """Return from whom mail comes: name and address."""
        return mail.sender(self.smtp_from) if self.smtp_from else ("", "")


def _listed(value: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.split(",") if one.strip())
