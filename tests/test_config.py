"""Settings: one clear line for what is wrong, and a page that is current."""

import base64
from pathlib import Path

import pytest

from opsbot import config
from opsbot.config import CommandLine, Settings, load, table, unknown
from opsbot.domain.errors import Misconfigured

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {config.variable(n) for n in (*Settings.model_fields, *CommandLine.model_fields)}:
        monkeypatch.delenv(name, raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = load()

    assert (settings.env, settings.slack_transport, settings.port) == ("dev", "off", 8320)
    assert settings.key_file == Path(".opsbot/keys/journal.ed25519")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"PORT": "70000"}, "OPSBOT_PORT"),
        ({"ENV": "Prod!"}, "OPSBOT_ENV"),
        ({"REDIS_URL": "http://x"}, "OPSBOT_REDIS_URL"),
        ({"PUBLIC_URL": "opsbot.example"}, "OPSBOT_PUBLIC_URL"),
        ({"PROBE_HOSTS": "a.b, http://x"}, "OPSBOT_PROBE_HOSTS"),
        ({"SLACK_TRANSPORT": "http"}, "needs OPSBOT_SLACK_BOT_TOKEN, OPSBOT_SLACK_SIGNING_SECRET"),
        ({"SLACK_TRANSPORT": "socket", "SLACK_BOT_TOKEN": "x"}, "needs OPSBOT_SLACK_APP_TOKEN"),
        ({"SLACK_API_URL": "https://evil.example/api"}, "loopback"),
        ({"MIN_REPLICAS": "1"}, "OPSBOT_MIN_REPLICAS needs OPSBOT_REDIS_URL"),
        ({"PROFILE": "managed"}, "OPSBOT_PROFILE=managed needs OPSBOT_REDIS_URL"),
        ({"PROFILE": "managed", "REDIS_URL": "redis://h"}, "OPSBOT_MIN_REPLICAS"),
        ({"PAGERDUTY_API_KEY": "k"}, "OPSBOT_PAGERDUTY_API_KEY needs OPSBOT_PAGERDUTY_FROM"),
        ({"PAGERDUTY_FROM": "a@b.c"}, "OPSBOT_PAGERDUTY_FROM needs OPSBOT_PAGERDUTY_API_KEY"),
        ({"PAGERDUTY_API_KEY": "k", "PAGERDUTY_FROM": "Mara"}, "is not an e-mail"),
        ({"PAGERDUTY_API_KEY": "k\u00fc", "PAGERDUTY_FROM": "a@b.c"}, "is not a key"),
        ({"PAGERDUTY_ROUTING_KEY": "a b"}, "is not a key"),
        ({"PAGERDUTY_WEBHOOK_SECRETS": "s"}, "OPSBOT_PAGERDUTY_WEBHOOK_SECRETS needs"),
        ({"STATUSPAGE_URL": "http://api.statuspage.io"}, "OPSBOT_STATUSPAGE_URL: must begin with"),
        ({"INCIDENT_IO_URL": "https://u:p@x"}, "OPSBOT_INCIDENT_IO_URL: may hold a host"),
        ({"STATUSPAGE_API_KEY": "a b"}, "OPSBOT_STATUSPAGE_API_KEY: is not a key"),
        ({"COMMS_WEBHOOK_SECRETS": "hush"}, "OPSBOT_COMMS_WEBHOOK_SECRETS: holds something"),
        ({"COMMS_WEBHOOK_SECRETS": "a=hush"}, "the secret of a must have 24 to 64 bytes"),
        ({"COMMS_WEBHOOK_HOSTS": "http://x"}, "OPSBOT_COMMS_WEBHOOK_HOSTS"),
        ({"SMTP_URL": "smtps://u:hush@h"}, "OPSBOT_SMTP_URL needs OPSBOT_SMTP_FROM"),
        ({"SMTP_FROM": "a@b.c"}, "OPSBOT_SMTP_FROM needs OPSBOT_SMTP_URL"),
        ({"SMTP_URL": "mail:hush@h", "SMTP_FROM": "a@b.c"}, "OPSBOT_SMTP_URL: begins with none"),
        ({"SMTP_URL": "smtps://h", "SMTP_FROM": "Mara"}, "OPSBOT_SMTP_FROM: is no e-mail"),
        (
            {"PAGERDUTY_URL": "http://api.pagerduty.com"},
            "OPSBOT_PAGERDUTY_URL: must begin with https",
        ),
        ({"PAGERDUTY_EVENTS_URL": "https://u:p@x"}, "OPSBOT_PAGERDUTY_EVENTS_URL"),
        (
            {
                "PAGERDUTY_API_KEY": "k",
                "PAGERDUTY_FROM": "a@b.c",
                "PAGERDUTY_ROUTING_KEY": "r",
                "PAGERDUTY_URL": "https://api.eu.pagerduty.com",
            },
            "not of one account",
        ),
        ({"SECRETS_DIR": "/does/not/exist"}, "OPSBOT_SECRETS_DIR"),
        (
            {
                "LOCAL_PEOPLE": "mara",
                "SLACK_TRANSPORT": "socket",
                "SLACK_BOT_TOKEN": "x",
                "SLACK_APP_TOKEN": "y",
            },
            "OPSBOT_LOCAL_PEOPLE",
        ),
    ],
)
def test_a_contradiction_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"OPSBOT_{name}", value)

    with pytest.raises(Misconfigured) as raised:
        load()

    assert line in raised.value.message
    assert "\n" not in raised.value.message


def test_pagerduty_is_off_until_a_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().webhook_secrets == ()

    monkeypatch.setenv("OPSBOT_PAGERDUTY_API_KEY", "k")
    monkeypatch.setenv("OPSBOT_PAGERDUTY_FROM", "bot@example.com")
    monkeypatch.setenv("OPSBOT_PAGERDUTY_WEBHOOK_SECRETS", "new, old,")
    monkeypatch.setenv("OPSBOT_PAGERDUTY_URL", "http://127.0.0.1:8323/")
    settings = load()

    assert settings.webhook_secrets == ("new", "old")
    assert settings.pagerduty_url == "http://127.0.0.1:8323"
    assert "new" not in repr(settings)


def test_what_targets_need_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = base64.b64encode(b"hush" * 8).decode()
    monkeypatch.setenv("OPSBOT_COMMS_WEBHOOK_SECRETS", f"partner=whsec_{secret}, crm={secret}")
    monkeypatch.setenv("OPSBOT_COMMS_WEBHOOK_HOSTS", "10.1.0.0/16")
    monkeypatch.setenv("OPSBOT_SMTP_URL", "smtps://status:hush@mail.example.com")
    monkeypatch.setenv("OPSBOT_SMTP_FROM", "Status <status@example.com>")

    settings = load()

    assert settings.signs == {"partner": (b"hush" * 8,), "crm": (b"hush" * 8,)}
    assert settings.webhook_places.refusal("x", ["10.1.2.3"]) == ""
    assert settings.mail_server is not None
    assert settings.mail_server.password == "hush"
    assert settings.mail_sender == ("Status", "status@example.com")
    assert "hush" not in repr(settings)
    assert secret not in repr(settings)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_REDIS_URL", "redis://user:hush@host")
    monkeypatch.setenv("OPSBOT_SLACK_BOT_TOKEN", "xoxb-hush")

    assert "hush" not in repr(load())


def test_a_file_of_a_secret_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "OPSBOT_SLACK_BOT_TOKEN").write_text("xoxb-from-file")
    monkeypatch.setenv("OPSBOT_SECRETS_DIR", str(tmp_path))

    assert load().slack_bot_token.get_secret_value() == "xoxb-from-file"


def test_a_typo_in_a_name_is_found() -> None:
    assert unknown({"OPSBOT_REDIS_ULR": "x", "OPSBOT_PORT": "1", "PATH": "y"}) == (
        "OPSBOT_REDIS_ULR",
    )


def test_the_page_lists_every_setting_as_it_is() -> None:
    page = PAGE.read_text()

    assert table(Settings) in page
    assert table(CommandLine) in page
