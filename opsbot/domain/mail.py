"""How mail is handed over: the server that a URL names, and addresses that are nothing else. Pure."""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from opsbot.domain.addresses import on_loopback

ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}",
    re.ASCII,
)
_PORTS: Final = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, slots=True)
class MailServer:
    """
    Where mail is handed over.

    *security*: `tls` from the first byte, `starttls` before anything is said, `plain` on this machine
    only.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    user: str = ""
    password: str = field(default="", repr=False)


def mail_server(url: str) -> MailServer:
    """
    Read `smtps://user:password@host:465`, or `smtp://` for STARTTLS (on this machine: plain).

    Raises:
        ValueError: what is wrong, without the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("begins with none of smtps://, smtp://")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("is not smtps://user:password@host:port")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("has a user without a password, or the other way round")
    here = on_loopback(url)
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        security="tls" if parts.scheme == "smtps" else "plain" if here else "starttls",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def sender(text: str) -> tuple[str, str]:
    """
    Return name and address of `opsbot <opsbot@example.com>` or of an address alone.

    Raises:
        ValueError: it is neither.
    """
    name, address = parseaddr(text)
    if not ADDRESS.fullmatch(address) or not text.isprintable():
        raise ValueError("is no e-mail address")
    return name, address
