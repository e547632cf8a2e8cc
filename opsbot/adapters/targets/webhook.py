"""
A signed webhook: one POST for each message, with the headers of Standard Webhooks.

A receiver cannot be asked what it has. So `webhook-id` and the body stay the same for every attempt,
and a receiver that keeps the ids it has seen takes each message once.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from opsbot.adapters.targets.http import Client, kind_of
from opsbot.adapters.targets.markup import mark, shown
from opsbot.app.comms.port import Post, Posted
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.change import Json
from opsbot.domain.said import inert
from opsbot.domain.webhook_rules import WebhookHosts, webhook_url

DEADLINE_S: Final = 15.0
MOST_ADDRESSES: Final = 4
LONGEST_REST_S: Final = 300.0
PORTS: Final = {"http": 80, "https": 443}
GONE, REFUSED_KEY = 410, frozenset({401, 403})
_AGAIN: Final = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Hook:
    """Where messages go, by the target's name, and the secrets that sign them: two while one is changed."""

    target: str
    url: str
    secrets: tuple[bytes, ...]
    hosts: WebhookHosts


class Webhook:
    """One receiver."""

    def __init__(
        self,
        hook: Hook,
        client: Client,
        now_ms: Callable[[], int],
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        if why := webhook_url(hook.url):
            raise GiveUp(f"The address of {inert(hook.target, limit=60)} {why}")
        try:
            self._place = httpx.URL(hook.url)
        except httpx.InvalidURL:
            # Its own words would hold the address, which may be secret.
            raise GiveUp(f"The address of {inert(hook.target, limit=60)} is no URL") from None
        self._hook = hook
        self._client = client
        self._now_ms = now_ms
        self._deadline_s = deadline_s

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Send one message; the receiver takes it once by its id. See the port."""
        id_ = f"msg_{mark(post.key)}"
        raw = json.dumps(body(post), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(self._deadline_s):
                place = self._place
                status, rest_s = await self._send(place, await self._addresses(place), id_, raw)
        except (TimeoutError, httpx.HTTPError) as error:
            raise RetryLater(f"The webhook was not reached: {kind_of(error)}.") from error
        _settle(status, rest_s, self._hook)
        return Posted(thread={"incident": mark(post.incident)}, handle={"id": id_})

    async def _addresses(self, place: httpx.URL) -> Sequence[str]:
        """
        Return the numbers of the receiver's host, each of them allowed.

        Raises:
            GiveUp: one is not. RetryLater: the name cannot be looked up now.
        """
        port = place.port or PORTS[place.scheme]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                place.host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise RetryLater("The webhook's host has no address now.") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if why := self._hook.hosts.refusal(place.host, addresses):
            raise GiveUp(f"Nothing is sent to {inert(place.host, limit=100)}: {why}")
        return addresses[:MOST_ADDRESSES]

    async def _send(
        self, place: httpx.URL, addresses: Sequence[str], id_: str, raw: bytes
    ) -> tuple[int, float | None]:
        """Send to the first address that takes a connection: to the very number that was checked."""
        headers = {
            "host": place.netloc.decode("ascii"),
            "content-type": "application/json",
            "user-agent": "opsbot",
            **signed(id_, self._now_ms() // 1000, raw, self._hook.secrets),
        }
        unreached: httpx.ConnectError | None = None
        for address in addresses:
            try:
                async with self._client().stream(
                    "POST",
                    place.copy_with(host=address),
                    content=raw,
                    headers=headers,
                    extensions={"sni_hostname": place.host},
                ) as response:
                    # What it says is never read: an answer that somebody is shown is a way to look inside.
                    return response.status_code, _rest_s(response.headers)
            except httpx.ConnectError as error:
                unreached = error
        raise unreached or httpx.ConnectError("the name has no address")


def body(post: Post) -> dict[str, Json]:
    """Return what a receiver reads; `docs/comms-targets.md` describes it."""
    kind = "corrected" if post.stage == "correction" else "published"
    return {
        "type": f"comms.message.{kind}",
        "timestamp": _stamp(post.at_ms),
        "data": {
            "message": post.message,
            "incident": mark(post.incident),
            "audience": post.audience,
            "stage": post.stage,
            "impact": post.impact,
            "headline": shown(post.headline),
            "texts": {locale: shown(text) for locale, text in post.texts.items()},
            "published_at": _stamp(post.at_ms),
            "next_update_at": None if post.next_ms is None else _stamp(post.next_ms),
            "components": sorted(post.components.values()),
            "stays_off": post.stays_off,
            "corrects": str(post.corrects.get("id") or "") or None,
        },
    }


def signed(id_: str, at_s: int, raw: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers of Standard Webhooks; one signature for each secret."""
    content = b".".join((id_.encode(), str(at_s).encode(), raw))
    made = (hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets)
    signatures = " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)
    return {"webhook-id": id_, "webhook-timestamp": str(at_s), "webhook-signature": signatures}


def _settle(status: int, rest_s: float | None, hook: Hook) -> None:
    if 200 <= status < 300:  # noqa: PLR2004  the class of answers that mean yes
        return
    name = inert(hook.target, limit=60)
    if status in _AGAIN or status >= 500:  # noqa: PLR2004  its own failure
        raise RetryLater(f"The webhook {name} answered {status}.", after_s=rest_s)
    if status < 400:  # noqa: PLR2004  a redirect
        raise GiveUp(f"The webhook {name} leads elsewhere ({status}): name the address itself")
    if status == GONE:
        raise GiveUp(f"The webhook {name} wants no more messages (410): take the target out")
    if status in REFUSED_KEY:
        raise GiveUp(
            f"The webhook {name} refuses the signature ({status}): see OPSBOT_COMMS_WEBHOOK_SECRETS"
        )
    raise GiveUp(f"The webhook {name} refuses the message: it answered {status}")


def _rest_s(headers: httpx.Headers) -> float | None:
    said = headers.get("retry-after", "")
    return min(max(float(said), 0.5), LONGEST_REST_S) if said.isdecimal() else None


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
