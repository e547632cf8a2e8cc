"""Targets by their names: as they are declared now, with what this bot has, or a clear word on what is missing."""

import base64

import pytest
from pydantic import SecretStr

from opsbot.adapters.targets.email import Email
from opsbot.adapters.targets.incident_io import IncidentIo
from opsbot.adapters.targets.pagerduty_page import PagerDutyPage
from opsbot.adapters.targets.registry import Make, SlackWay
from opsbot.adapters.targets.statuspage import Statuspage
from opsbot.adapters.targets.webhook import Webhook
from opsbot.app.comms.port import Post, Posted
from opsbot.app.comms.targets.slack import SlackTarget
from opsbot.app.comms_rules import SETTING
from opsbot.app.ports import GiveUp
from opsbot.bootstrap.publishing_way import problems, publishing_way
from opsbot.config import Settings
from opsbot.domain.actor import OUTBOX
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.comms.settings import CommsSettings, Target, TargetKind
from opsbot.domain.state import SETTINGS
from opsbot.slack.blocks import render
from tests.support.rooms import Rooms
from tests.support.world import Slack, World

SECRET = base64.b64encode(b"s" * 32).decode()
WHERE: dict[TargetKind, Record] = {
    "statuspage": {"page": "pg1"},
    "incident-io": {"page": "01PG"},
    "pagerduty": {"page": "PPG"},
    "webhook": {"url": "https://example.com/hook"},
    "email": {"to": ["a@example.com"]},
    "slack": {"channel": "C0STATUS"},
}
KINDS = {
    "statuspage": Statuspage,
    "incident-io": IncidentIo,
    "pagerduty": PagerDutyPage,
    "webhook": Webhook,
    "email": Email,
    "slack": SlackTarget,
}
NEEDS = {
    "statuspage": "OPSBOT_STATUSPAGE_API_KEY is not set",
    "incident-io": "OPSBOT_INCIDENT_IO_API_KEY is not set",
    "pagerduty": "OPSBOT_PAGERDUTY_API_KEY is not set",
    "webhook": "OPSBOT_COMMS_WEBHOOK_SECRETS has no secret of webhook (`webhook=whsec_...`)",
    "email": "OPSBOT_SMTP_URL is not set",
    "slack": "OPSBOT_SLACK_TRANSPORT is not set",
}
FULL = Settings(
    statuspage_api_key=SecretStr("k"),
    incident_io_api_key=SecretStr("k"),
    pagerduty_api_key=SecretStr("k"),
    pagerduty_from="opsbot@example.com",
    comms_webhook_secrets=SecretStr(f"webhook=whsec_{SECRET}"),
    smtp_url=SecretStr("smtps://mail.example.com"),
    smtp_from="status@example.com",
)
BARE = Settings()
DECLARED = CommsSettings(targets={name: Target(name, name, at) for name, at in WHERE.items()})
"""A target of each kind, by the kind's own name."""


def way() -> SlackWay:
    """Return a chat."""
    return SlackWay(Slack(), Rooms(), render)


async def test_each_kind_has_its_publisher() -> None:
    world = World()
    async with publishing_way(FULL, world.env, way()) as targets:
        await declare(world, DECLARED)

        made = {name: type(targets.to(name)) for name in WHERE}

    assert made == KINDS


async def test_a_changed_file_counts_at_once() -> None:
    world = World()
    async with publishing_way(FULL, world.env, way()) as targets:
        with pytest.raises(GiveUp, match=r"No target is called statuspage: flags/comms\.yaml"):
            targets.to("statuspage")
        await declare(world, DECLARED)

        assert isinstance(targets.to("statuspage"), Statuspage)


async def test_what_is_missing_is_named_before_anything_is_sent() -> None:
    world = World()
    async with publishing_way(BARE, world.env, None) as targets:
        await declare(world, DECLARED)

        for name, why in NEEDS.items():
            with pytest.raises(GiveUp) as no:
                targets.to(name)
            assert str(no.value) == why
        assert targets.problems() == NEEDS


async def test_kinds_that_are_no_place_outside_are_put_beside() -> None:
    class Page:
        async def publish(self, post: Post, *, attempt: int) -> Posted:
            return Posted(url="https://status.example.com")

    page = Page()
    more: dict[TargetKind, Make] = {"status-page": lambda _: page}
    async with publishing_way(BARE, World().env, None, more) as targets:
        assert targets.to("status-page") is page
        with pytest.raises(GiveUp, match="publishes nothing to targets of the kind in-app"):
            targets.to("in-app")


@pytest.mark.parametrize(
    ("kind", "where", "why"),
    [
        ("statuspage", {}, "The target statuspage in flags/comms.yaml needs `page`"),
        ("statuspage", {"page": "../x"}, "`../x` is no id of a page or component"),
        ("incident-io", {"page": "p", "components": {"a": "b/c"}}, "`b/c` is no id"),
        ("webhook", {"url": "http://example.com"}, "must begin with https"),
        ("email", {"to": []}, "needs `to`"),
        ("email", {"to": ["nobody"]}, "has no e-mail in: nobody"),
        ("slack", {"channel": " "}, "needs `channel`"),
    ],
)
async def test_a_target_that_cannot_work_says_so(kind: TargetKind, where: Record, why: str) -> None:
    world = World()
    async with publishing_way(FULL, world.env, way()) as targets:
        await declare(world, CommsSettings(targets={kind: Target(kind, kind, where)}))

        with pytest.raises(GiveUp) as no:
            targets.to(kind)

    assert why in str(no.value).replace("`statuspage`", "statuspage")


def test_the_doctor_knows_without_a_bot() -> None:
    assert problems(FULL, DECLARED) == {"slack": NEEDS["slack"]}
    assert problems(BARE, DECLARED) == NEEDS


def test_a_bot_on_slack_has_its_channels() -> None:
    on = Settings(
        slack_transport="http", slack_bot_token=SecretStr("x"), slack_signing_secret=SecretStr("y")
    )

    assert "slack" not in problems(on, DECLARED)


async def declare(world: World, settings: CommsSettings) -> None:
    """Commit how people are told."""
    targets = {
        name: {"kind": one.kind, "where": dict(one.where)} for name, one in settings.targets.items()
    }
    change = Change("declare", OUTBOX, (Write(SETTINGS, SETTING, {"targets": targets}),))
    await world.store.commit("declare-comms", lambda state, now_ms: (change, None))
