"""What a URL says by itself: whether its host is this machine, and whether secrets may be sent there."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def on_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def unfit_for_secrets(url: str) -> str:
    """Return why a key may not be sent to *url*, empty where it may: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "may hold a host and a path only"
    if not parts.hostname or parts.scheme not in ("https", "http"):
        return "is not an https:// URL"
    if parts.scheme == "http" and not on_loopback(url):
        return "must begin with https:// (plain http reaches this machine only)"
    return ""
