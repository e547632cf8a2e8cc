"""A local receiver of signed webhooks: believes what is signed, and takes each message once."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.targets.play import Call, Json, Play, Refused

SECRET: Final = "whsec_" + base64.b64encode(b"workbench-secret-of-32-bytes-aaa").decode()
TOLERANCE_S: Final = 300.0


@dataclass(slots=True)
class Receiver:
    """*taken* is what it made of messages, by their id; *again* counts those that came once more."""

    secret: str = SECRET
    clock: Clock = field(default_factory=Clock)
    taken: dict[str, Json] = field(default_factory=dict)
    again: int = 0
    app: Play = field(init=False)

    def __post_init__(self) -> None:
        self.app = Play({"POST /hook": self._take}, authorization="", unauthorised={})

    def _take(self, call: Call) -> tuple[int, Json]:
        if not self.genuine(call):
            raise Refused(401, {"error": "the signature is not good"})
        id_ = call.headers["webhook-id"]
        if id_ in self.taken:
            self.again += 1
        else:
            self.taken[id_] = call.body
        return 202, {}

    def genuine(self, call: Call) -> bool:
        """Check a delivery as Standard Webhooks says it."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        id_, at, signatures = (call.headers.get(one, "") for one in names)
        if not at.isdecimal() or abs(self.clock() - int(at)) > TOLERANCE_S:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = b".".join((id_.encode(), at.encode(), call.raw))
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        given = [one.partition(",")[2] for one in signatures.split() if one.startswith("v1,")]
        return any(hmac.compare_digest(one, wanted) for one in given)
