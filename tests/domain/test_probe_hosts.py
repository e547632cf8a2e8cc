"""Where a probe may go: private by default, more by name or network, metadata never."""

import pytest

from opsbot.domain.probe_hosts import ProbeHosts, probe_hosts

METADATA = [
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",  # noqa: S104  refused
    "::",
    "224.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "172.31.0.1", "192.168.1.1", "::1", "fd12::7"]
)
def test_this_machine_and_private_networks_are_probed(address: str) -> None:
    assert ProbeHosts().refusal("pod", [address]) == ""


@pytest.mark.parametrize("address", METADATA)
def test_a_metadata_address_is_never_probed_whatever_is_allowed(address: str) -> None:
    everything = probe_hosts(["pod", "0.0.0.0/0", "::/0"])

    for hosts in (ProbeHosts(), everything):
        assert "never probed" in hosts.refusal("pod", ["10.0.0.7", address])


def test_one_public_address_among_private_ones_is_refused() -> None:
    why = ProbeHosts().refusal("pod", ["10.0.0.7", "93.184.216.34"])

    assert why == "93.184.216.34 is not in a private network; OPSBOT_PROBE_HOSTS allows more"
    assert ProbeHosts().refusal("nobody", []) == "it has no address"


@pytest.mark.parametrize(
    ("allowed", "host", "fine"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com", "API.example.com.", True),
        ("api.example.com", "evil.api.example.com", False),
        (".example.com", "a.b.example.com", True),
        (".example.com", "example.com", False),
        (".example.com", "notexample.com", False),
        ("93.184.216.0/24", "anything", True),
        ("93.184.216.34", "anything", True),
        ("100.64.0.0/10", "anything", False),
    ],
)
def test_a_setting_allows_names_and_networks(allowed: str, host: str, *, fine: bool) -> None:
    why = probe_hosts([allowed]).refusal(host, ["93.184.216.34"])

    assert (why == "") is fine


@pytest.mark.parametrize("word", ["http://x", "10.0.0.0/99", "a b", "..", "10.0.0.256", "*"])
def test_what_is_neither_name_nor_network_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no host name, address or network"):
        probe_hosts([word])
