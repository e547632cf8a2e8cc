"""What the proxy's configuration may say, and whose call is whose."""

from types import SimpleNamespace
from typing import Any

import pytest

from opsflags.litellm_settings import UNATTRIBUTED, BadSettings, Settings, caller_of

DECLARED = {
    "workflows": {
        "keys": {"support": "by-key"},
        "teams": {"legal": "by-team"},
        "models": {"smart": "by-model"},
    }
}


def caller(settings: Any = None, model: str = "smart", **auth: Any) -> Any:
    """Return whose call it is, in a proxy with the groups `smart` and `plain`."""
    groups = {"smart", "plain"}
    read = Settings(DECLARED if settings is None else settings)
    return caller_of(read, SimpleNamespace(**auth), {"model": model}, groups.__contains__)


@pytest.mark.parametrize(
    ("auth", "model", "workflow"),
    [
        ({"key_alias": "support", "team_alias": "legal"}, "smart", "by-key"),
        ({"key_alias": "x", "metadata": {"opsbot_workflow": "own"}}, "smart", "own"),
        ({"team_alias": "legal", "metadata": {}}, "smart", "by-team"),
        ({"team_alias": "x", "team_metadata": {"opsbot_workflow": "teams"}}, "smart", "teams"),
        ({}, "smart", "by-model"),
        ({}, "plain", "plain"),
        ({}, "made-up", UNATTRIBUTED),
        ({"key_alias": "support", "metadata": {"opsbot_workflow": "own"}}, "plain", "by-key"),
    ],
)
def test_the_most_trusted_word_names_the_workflow(
    auth: dict[str, Any], model: str, workflow: str
) -> None:
    found = caller(model=model, **auth)

    assert found.workflow == workflow
    assert found.declared is (workflow not in ("plain", UNATTRIBUTED))


def test_the_tenant_is_the_teams_alias_or_the_keys() -> None:
    both: dict[str, Any] = {"key_alias": "k", "team_alias": "t"}

    assert caller(**both).tenant == "t"
    assert caller({"tenant": "key"}, **both).tenant == "k"
    assert caller(key_alias="k").tenant == "k"
    assert caller().tenant is None


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"litellm_session_id": "s", "user": "u"}, "s"),
        ({"metadata": {"session_id": "m"}, "user": "u"}, "m"),
        ({"litellm_metadata": {"session_id": "m"}}, "m"),
        ({"user": "u"}, "u"),
        ({"user": 7}, "end"),
    ],
)
def test_the_sticky_key_is_the_session_or_the_user(data: dict[str, Any], key: str) -> None:
    auth = SimpleNamespace(end_user_id="end")

    assert caller_of(Settings(), auth, data, lambda name: False).key == key


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"workflow": {}}, "workflow is not known"),
        ({"workflows": {"key": {}}}, "workflows.key is not known"),
        ({"workflows": ["a"]}, "workflows is a mapping"),
        ({"workflows": {"keys": {"a": 1}}}, "keys maps names to names"),
        ({"models": {"a": ""}}, "models maps names to names"),
        ({"route": "no"}, "route is true or false"),
        ({"tenant": "user"}, "tenant is team or key"),
        ({"service": 7}, "service is a text"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(given: dict[str, Any], hint: str) -> None:
    with pytest.raises(BadSettings, match=hint):
        Settings(given)


def test_nothing_declared_is_a_setting_too() -> None:
    settings = Settings()

    assert (settings.route, settings.hold_drafts, settings.tenant) == (True, False, "team")
    assert Settings(DECLARED).workflows() == ["by-key", "by-model", "by-team"]
