"""The manifest says exactly what the app listens to and calls."""

import ast
import re
from pathlib import Path

import pytest

import opsbot.slack
from opsbot.domain.errors import Misconfigured
from opsbot.slack.ids import Modal, Press, Shortcut
from opsbot.slack.manifest import PROFILES, SCOPE_OF, Profile, manifest, scopes
from opsbot.workbench.slack.catalog import METHODS
from tests.slack.conftest import House

SOURCE = Path(opsbot.slack.__path__[0])
CALL = re.compile(
    r"client\.((?:auth|bookmarks|chat|conversations|files|pins|reactions|users|views|apps)_\w+)"
)
UPLOAD = {"files.getUploadURLExternal", "files.completeUploadExternal"}
"""What `files_upload_v2` calls."""


def test_http_and_socket_differ_only_in_how_slack_reaches_us() -> None:
    by_socket, by_http = manifest("ai"), manifest("ai", http_url="https://bot.example")

    assert by_socket["settings"]["socket_mode_enabled"] is True
    assert by_http["settings"]["socket_mode_enabled"] is False
    url = "https://bot.example/slack/events"
    assert by_http["settings"]["event_subscriptions"]["request_url"] == url
    assert by_http["settings"]["interactivity"]["request_url"] == url
    assert {one["url"] for one in by_http["features"]["slash_commands"]} == {url}
    assert by_socket["oauth_config"] == by_http["oauth_config"]


@pytest.mark.parametrize("url", ["http://bot.example", "bot.example", ""])
def test_an_address_that_slack_cannot_call_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        manifest("ai", http_url=url)


def test_the_prefix_names_the_commands() -> None:
    made = manifest("ai-stg")["features"]["slash_commands"]

    assert [one["command"] for one in made] == [
        f"/ai-stg-{name}"
        for name in (
            "kill",
            "restore",
            "route",
            "rollback",
            "incident",
            "runbook",
            "comms",
            "status",
            "audit",
            "oncall",
        )
    ]
    assert all(len(one["command"]) <= 32 for one in made)


async def test_what_is_registered_is_in_the_manifest_and_the_other_way_round(
    http_house: House,
) -> None:
    made, registered = manifest("ai"), http_house.app.registered

    def names(kind: str) -> set[str]:
        return {name for one, name in registered if one == kind}

    assert names("command") == {one["command"] for one in made["features"]["slash_commands"]}
    assert names("shortcut") == {one["callback_id"] for one in made["features"]["shortcuts"]}
    assert names("shortcut") == set(Shortcut)
    assert names("event") == set(made["settings"]["event_subscriptions"]["bot_events"])
    assert names("action") == set(Press)
    assert names("view") == set(Modal) - {Modal.ANSWER}


def test_every_method_that_is_called_has_its_scopes() -> None:
    called: set[str] = set()
    for file in SOURCE.glob("*.py"):
        text = ast.unparse(ast.parse(file.read_text()))
        called |= {name.replace("_", ".", 1) for name in CALL.findall(text)}
    called -= {"apps.connections_open"}
    called = (called - {"files.upload_v2"}) | UPLOAD

    assert called <= set(SCOPE_OF)
    for method, granted in SCOPE_OF.items():
        needed = METHODS[method].scopes
        assert not needed or set(needed) & set(granted), method


def test_no_scope_is_asked_for_without_a_use() -> None:
    used = {scope for granted in SCOPE_OF.values() for scope in granted}

    assert set(scopes("capture")) == used | {"commands"}


def test_the_smallest_profile_asks_for_what_kills_need_and_no_more() -> None:
    assert scopes("kill-only") == [
        "channels:history",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "users:read",
        "users:read.email",
    ]
    assert manifest("ai") == manifest("ai", profile="kill-only")


def test_each_profile_asks_for_more_only_for_what_it_does_more() -> None:
    small, usual, large = (set(scopes(one)) for one in PROFILES)

    assert usual - small == {
        "bookmarks:read",
        "bookmarks:write",
        "channels:join",
        "channels:manage",
        "groups:write",
        "pins:write",
    }
    assert large - usual == {"reactions:read", "reactions:write"}
    assert small < usual < large


def test_only_capture_reads_messages_and_reactions() -> None:
    def events(profile: Profile) -> list[str]:
        made = manifest("ai", profile=profile)
        return list(made["settings"]["event_subscriptions"]["bot_events"])

    assert events("kill-only") == events("incident") == ["app_home_opened"]
    assert {"message.channels", "reaction_added", "reaction_removed"} < set(events("capture"))
