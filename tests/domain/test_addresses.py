"""Addresses: what is this machine, and where a secret may be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.addresses import on_loopback, unfit_for_secrets


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9/x", "http://[::1]:80"]
)
def test_this_machine_is_known(url: str) -> None:
    assert on_loopback(url)
    assert unfit_for_secrets(url) == ""


@pytest.mark.parametrize(
    "url",
    ["http://localhost.evil.example", "http://10.0.0.1", "http://[::2]", "http://[x", "http://0"],
)
def test_another_machine_gets_no_secret_in_the_clear(url: str) -> None:
    assert not on_loopback(url)
    assert unfit_for_secrets(url)


@pytest.mark.parametrize("url", ["https://api.pagerduty.com", "https://10.0.0.1:8443/path"])
def test_an_encrypted_way_is_fit(url: str) -> None:
    assert unfit_for_secrets(url) == ""


@pytest.mark.parametrize(
    "url", ["", "https://", "x://h", "https://u@h", "https://h?q", "https://h#f", "https://h:99999"]
)
def test_what_is_no_base_address_is_unfit(url: str) -> None:
    assert unfit_for_secrets(url)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    assert on_loopback(text) in (True, False)
    assert isinstance(unfit_for_secrets(text), str)
