"""`Idempotency-Key`: one effect, and the same body for every repetition."""

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from opsbot.app.ports import Entropy, Outbox
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NeedsMoreWords, StoreLost
from opsbot.domain.said import Said
from opsbot.web.problems import ReusedKey
from opsbot.web.said_json import as_record, as_said

HEADER = "idempotency-key"
LONGEST_KEY = 255
KEPT_FOR_S = 86_400.0
"""As long as the store keeps the id of a request, in seconds."""

KEPT_UNDER = "answer:"
"""Prefix of the keys that answers are remembered under, beside what effects left outside."""

Act = Callable[[str], Awaitable[Said]]
"""An act that takes the request id to commit under."""


@dataclass(frozen=True, slots=True)
class Replay:
    """
    Answers repetitions from the first answer, in whichever replica they arrive.

    The store keeps the request id of a commit anyway: should the answer be lost (a crash between
    commit and answer), the act runs again under the same id and changes nothing twice.
    """

    outbox: Outbox
    entropy: Entropy

    async def once(self, request: Request, raw: bytes, actor: Actor, act: Act) -> Said:
        """
        Do *act*, or answer what it answered to this actor's same key before.

        Raises:
            ReusedKey: the key came with another path or body.
            NeedsMoreWords: the key is longer than 255 characters.
        """
        key = request.headers.get(HEADER, "").strip()
        if not key:
            return await act(f"http-{self.entropy.token()}")
        if len(key) > LONGEST_KEY:
            raise NeedsMoreWords(f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        request_id = f"http-{_hash(actor.kind, actor.id, key)}"
        asked = _hash(request.method, request.url.path, raw.decode("utf-8", "replace"))
        if (kept := await self._kept(request_id, asked)) is not None:
            return kept
        said = await act(request_id)
        with contextlib.suppress(
            StoreLost
        ):  # the answer is true; a repetition changes nothing twice
            kept_as = KEPT_UNDER + request_id
            record = {"asked": asked, "said": json.dumps(as_record(said))}
            await self.outbox.leave(kept_as, record, ttl_s=KEPT_FOR_S)
        return said

    async def _kept(self, request_id: str, asked: str) -> Said | None:
        kept = await self.outbox.left(KEPT_UNDER + request_id)
        if kept is None:
            return None
        if kept.get("asked") != asked:
            raise ReusedKey(
                "That Idempotency-Key came with a different request before; nothing was changed.",
                hint="Take a new key for every new intent.",
            )
        # As text: a store may order an object's keys anew, and the same body means the same bytes.
        return as_said(json.loads(str(kept["said"])))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
