"""Where answers may go: to Slack's own hooks, or to the stand-in that the Web API is spoken to."""

import pytest

from opsbot.slack.outlet import pinned
from tests.slack.conftest import House

SLACK = "https://slack.com/api/"
LOCAL = "http://127.0.0.1:8400/api/"


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://hooks.slack.com/commands/T1/2/x", SLACK),
        ("https://hooks.slack.com:443/actions/T1/2/x", SLACK),
        ("https://hooks.slack-gov.com/actions/T1/2/x", "https://slack-gov.com/api/"),
        ("http://127.0.0.1:8400/response/x", LOCAL),
    ],
)
def test_slacks_own_addresses_are_taken(url: str, api: str) -> None:
    assert pinned(url, api)


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("http://hooks.slack.com/commands/x", SLACK),
        ("https://hooks.slack.com.evil.example/x", SLACK),
        ("https://evil.example/hooks.slack.com", SLACK),
        ("https://hooks.slack.com@evil.example/x", SLACK),
        ("https://somebody:else@hooks.slack.com/x", SLACK),
        ("https://hooks.slack.com:8443/x", SLACK),
        ("http://169.254.169.254/latest/meta-data", SLACK),
        ("http://127.0.0.1:8400/response/x", SLACK),
        ("https://notslack.com/x", "https://notslack.com.evil/api/"),
        ("http://127.0.0.1:8401/response/x", LOCAL),
        ("https://hooks.slack.com/commands/x", LOCAL),
        ("http://[::1", SLACK),
        ("http://127.0.0.1:99999/x", LOCAL),
        ("", SLACK),
    ],
)
def test_no_other_address_is_posted_to(url: str, api: str) -> None:
    assert not pinned(url, api)


async def test_a_forged_response_url_is_not_asked(http_house: House) -> None:
    deps = http_house.app.deps

    assert pinned(f"{http_house.slack.desk.base_url}/response/x", deps.client.base_url)
    assert not pinned("http://127.0.0.1:9/response/x", deps.client.base_url)
