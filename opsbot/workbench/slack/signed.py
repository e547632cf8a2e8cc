"""Signed HTTP deliveries to the app's request URL, as Slack's servers make them."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from opsbot.workbench.slack.faults import Faults
from opsbot.workbench.slack.model import Json
from opsbot.workbench.slack.workspace import Clock
from opsbot.workbench.trust import trusted

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class SignedPost:
    """Post payloads to *request_url*; *wall* is Unix time, which the receiver compares with its own."""

    request_url: str
    signing_secret: str
    wall: Clock
    faults: Faults
    client: httpx.AsyncClient | None = None

    async def send(self, kind: str, payload: Json, retry: Json) -> httpx.Response:
        """
        Deliver one payload and return the answer, whatever it is.

        Raises:
            httpx.TransportError: nobody answered.
        """
        body, content_type = encoded(kind, payload)
        headers = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **self.signature(body),
        }
        if retry.get("retry_attempt"):
            headers["x-slack-retry-num"] = str(retry["retry_attempt"])
            headers["x-slack-retry-reason"] = str(retry["retry_reason"])
        if self.client is None:
            self.client = httpx.AsyncClient(timeout=None, trust_env=False, verify=trusted())  # noqa: S113 - the caller's clock ends it
        return await self.client.post(self.request_url, content=body, headers=headers)

    def signature(self, body: bytes) -> dict[str, str]:
        """Sign *body* as version v0."""
        timestamp = str(int(self.wall() + self.faults.clock_skew_s))
        secret = secrets.token_hex(16) if self.faults.forged else self.signing_secret
        base = b":".join((b"v0", timestamp.encode(), body))
        digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}

    async def close(self) -> None:
        """Give the connections back."""
        if self.client is not None:
            await self.client.aclose()


def encoded(kind: str, payload: Json) -> tuple[bytes, str]:
    """Encode a payload as Slack does for its kind: JSON, a form, or JSON in a form."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), FORM
