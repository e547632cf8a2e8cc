"""Where webhooks may be, and what signs them."""

import base64

import pytest

from opsbot.domain.webhook_rules import webhook_hosts, webhook_secrets, webhook_url

GOOD = base64.b64encode(b"a" * 24).decode()


@pytest.mark.parametrize(
    ("allowed", "host", "address", "fine"),
    [
        ((), "example.com", "93.184.216.34", True),
        ((), "example.com", "2606:2800:220:1::1", True),
        ((), "intern.example.com", "10.0.0.1", False),
        ((), "example.com", "127.0.0.1", False),
        ((), "example.com", "100.64.0.1", False),
        ((), "example.com", "fc00::1", False),
        (("10.0.0.0/8",), "intern.example.com", "10.0.0.1", True),
        ((".example.com",), "intern.example.com", "10.0.0.1", True),
        ((".example.com",), "example.com", "10.0.0.1", False),
        ((".example.com",), "intern.example.com", "169.254.169.254", False),
        (("fd00::/8",), "x", "fd00:ec2::254", False),
        (("0.0.0.0/0",), "x", "100.100.100.200", False),
        (("::/0",), "x", "64:ff9b::a9fe:a9fe", False),
        ((), "x", "2002:0a00:0001::", False),
        ((), "x", "64:ff9b:1::a00:1", False),
        ((), "x", "::10.0.0.1", False),
        ((), "x", "fec0::1", False),
        (("fec0::/10",), "x", "fec0::1", True),
    ],
)
def test_the_internet_is_allowed_and_what_is_named_and_metadata_never(
    allowed: tuple[str, ...], host: str, address: str, *, fine: bool
) -> None:
    assert (webhook_hosts(allowed).refusal(host, [address]) == "") is fine


def test_one_bad_number_among_good_ones_is_enough() -> None:
    assert "10.0.0.1" in webhook_hosts([]).refusal("x", ["93.184.216.34", "10.0.0.1"])


def test_a_host_without_an_address_is_no_place() -> None:
    assert webhook_hosts([]).refusal("x", []) == "it has no address"


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "http://127.0.0.1:1/", "http://[::1]/"]
)
def test_an_address_that_will_do(url: str) -> None:
    assert webhook_url(url) == ""


def test_a_target_has_two_secrets_while_one_is_changed() -> None:
    read = webhook_secrets([f"a=whsec_{GOOD}", f"b={GOOD}", f"a={GOOD}"])

    assert {name: len(keys) for name, keys in read.items()} == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("whsec_abc", "not `target=whsec_"),
        ("=whsec_abc", "not `target=whsec_"),
        ("a=whsec_\u00fc\u00fc", "is not `whsec_` and base64"),
        ("a=whsec_YWFh", "must have 24 to 64 bytes"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_shown(word: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as no:
        webhook_secrets([word])

    assert "YWFh" not in str(no.value)
