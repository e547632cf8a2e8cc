"""How a route knows its caller; a route that does not say so cannot be mounted."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from enum import Enum
from typing import Literal

from starlette.requests import Request

from opsbot.domain.actor import Actor
from opsbot.web.problems import Unauthenticated

Surface = Literal["cli", "http"]
Identify = Callable[[str, Surface], Actor | None]
"""From the SHA-256 (hex) of a token and the surface it came through to whom it belongs, or nobody."""

LONGEST_TOKEN = 512
VIA = "x-opsbot-via"


class Access(Enum):
    """
    How a route authenticates.

    PUBLIC answers anybody and tells nothing secret; BEARER needs a token of a person or a service
    account; SIGNED verifies the sender's signature over the body itself (Slack).
    """

    PUBLIC = "public"
    BEARER = "bearer"
    SIGNED = "signed"


def digest(token: str) -> str:
    """Return what the policy keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def caller(request: Request, identify: Identify, *, browser: bool = False) -> Actor:
    """
    Return whom the bearer token of *request* belongs to.

    *browser*: the token may also be the password that a browser asked for, of any user name.

    Only digests are compared: how long that takes tells a guesser nothing about a token, because
    no prefix of a digest can be aimed at.

    Raises:
        Unauthenticated: no token, or nobody's.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if browser and scheme.lower() == "basic":
        scheme, token = "bearer", _password(token)
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "This needs a token; nothing was changed.",
            hint="Send `Authorization: Bearer …`; the policy lists who has one.",
        )
    surface: Surface = "cli" if request.headers.get(VIA) == "cli" else "http"
    actor = identify(digest(token), surface) if len(token) <= LONGEST_TOKEN else None
    if actor is None:
        raise Unauthenticated(
            "That token belongs to nobody; nothing was changed.",
            hint="It may be mistyped, revoked, or of another environment.",
        )
    return actor


def _password(sent: str) -> str:
    """Return the password of what a browser sends, empty for anything else."""
    try:
        _, _, password = base64.b64decode(sent, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password.strip()
