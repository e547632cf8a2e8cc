"""Where messages to webhooks may go, and what signs them. Pure."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from opsbot.domain.probe_hosts import NEVER, ProbeHosts, probe_hosts, unwrapped

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as Standard Webhooks has them."""

_INSIDE = tuple(ip_network(one) for one in ("64:ff9b:1::/48", "fec0::/10", "::/96"))
"""What counts as the internet and leads into a network of one's own: by a translator, or in old ways."""


@dataclass(frozen=True, slots=True)
class WebhookHosts:
    """
    The whole internet save private networks, this machine, and metadata services.

    *named* are those of the former two that are allowed; of the last none ever is.
    """

    named: ProbeHosts = field(default_factory=ProbeHosts)

    def refusal(self, host: str, addresses: Sequence[str]) -> str:
        """Return why nothing is sent to *host*, which is at *addresses*; empty where it may be."""
        by_name = self.named.names_it(host)
        for text in addresses:
            address = unwrapped(ip_address(text.partition("%")[0]))
            if any(address in network for network in NEVER):
                return f"{address} is an address to which nothing is ever sent"
            within = any(address in network for network in self.named.networks)
            outside = address.is_global and not any(address in network for network in _INSIDE)
            if not (outside or by_name or within):
                return f"{address} is not on the internet; OPSBOT_COMMS_WEBHOOK_HOSTS allows more"
        return "" if addresses else "it has no address"


def webhook_hosts(words: Iterable[str]) -> WebhookHosts:
    """
    Read names and networks.

    Raises:
        ValueError: one of them is neither.
    """
    return WebhookHosts(probe_hosts(words))


def webhook_url(url: str) -> str:
    """Return why nothing can be sent to *url*, empty where it can: https, or http on this machine."""
    if not url.isprintable() or " " in url:
        return "holds a blank, or a sign that nobody sees"
    try:
        parts = urlsplit(url)
        _, host = parts.port, parts.hostname or ""
    except ValueError:
        return "is no URL"
    if parts.username or parts.password:
        return "may hold no password: the signature is what the receiver checks"
    if not host or parts.scheme not in ("https", "http"):
        return "is no https:// URL"
    if parts.scheme == "http" and not _here(host):
        return "must begin with https:// (plain http reaches this machine only)"
    return ""


def webhook_secrets(words: Iterable[str]) -> Mapping[str, tuple[bytes, ...]]:
    """
    Read `target=whsec_...`; a target that comes twice has two secrets, while one is changed.

    Raises:
        ValueError: what is wrong, without the secret.
    """
    found: dict[str, tuple[bytes, ...]] = {}
    for word in words:
        name, sign, secret = word.partition("=")
        if not sign or not name.strip():
            raise ValueError("holds something that is not `target=whsec_...`")
        found[name.strip()] = (*found.get(name.strip(), ()), _key(name.strip(), secret.strip()))
    return found


def _key(name: str, secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the secret of {name} is not `{PREFIX}` and base64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"the secret of {name} must have {SHORTEST} to {LONGEST} bytes")
    return key


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
