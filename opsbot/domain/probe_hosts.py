"""Where the bot may send a probe: this machine, private networks, what a setting names; never metadata."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PRIVATE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7",
    )
)  # fmt: skip
"""Where services run; allowed without being named."""

NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
        "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128",
        "ff00::/8",
    )
)  # fmt: skip
"""Metadata services of clouds, whose answers are credentials, and what is no single host."""

_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class ProbeHosts:
    """What is allowed beside `PRIVATE`: host names (with a leading dot, all below) and networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def refusal(self, host: str, addresses: Sequence[str]) -> str:
        """Return why no probe is sent to *host*, which is at *addresses*; empty where it may be."""
        named = self.names_it(host)
        for text in addresses:
            address = unwrapped(ip_address(text.partition("%")[0]))
            if any(address in network for network in NEVER):
                return f"{address} is an address that is never probed"
            within = any(address in network for network in (*PRIVATE, *self.networks))
            if not named and not within:
                return f"{address} is not in a private network; OPSBOT_PROBE_HOSTS allows more"
        return "" if addresses else "it has no address"

    def names_it(self, host: str) -> bool:
        """Return whether a host is allowed by its name."""
        host = host.rstrip(".").lower()
        parts = host.split(".")
        below = {f".{'.'.join(parts[nth:])}" for nth in range(1, len(parts))}
        return not self.names.isdisjoint({host, *below})


def probe_hosts(words: Iterable[str]) -> ProbeHosts:
    """
    Read names and networks.

    Raises:
        ValueError: one of them is neither.
    """
    names, networks = set(), []
    for word in words:
        try:
            networks.append(ip_network(word))
        except ValueError:
            if not _is_name(word):
                raise ValueError(f"{word!r} is no host name, address or network") from None
            names.add(word.lower())
    return ProbeHosts(frozenset(names), tuple(networks))


def _is_name(word: str) -> bool:
    labels = word.removeprefix(".").split(".")
    numbers = labels[-1].isdigit()
    return not numbers and all(one and one.replace("-", "").isalnum() for one in labels)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps, so that no rule is passed by."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
