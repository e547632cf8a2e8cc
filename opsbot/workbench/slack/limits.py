"""Rate limits and things of short life: buckets, triggers, response URLs, socket tickets. Pure."""

import math
from dataclasses import dataclass, field

from opsbot.workbench.slack.catalog import METHODS
from opsbot.workbench.slack.workspace import Clock

TRIGGER_S = 3.0
RESPONSE_URL_S = 1800.0
RESPONSE_URL_USES = 5
SOCKET_TICKET_S = 30.0
POST_BURST = 3


@dataclass(slots=True)
class Bucket:
    """A token bucket; Slack tolerates a burst and then a steady rate."""

    capacity: float
    per_s: float
    left: float
    at: float

    def take(self, now: float) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        self.left = min(self.capacity, self.left + (now - self.at) * self.per_s)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.per_s


@dataclass(slots=True)
class Rates:
    """Count calls per method, and posts per channel at one a second with a burst of three."""

    now: Clock
    enforced: bool = True
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def wait_s(self, method: str, channel: str) -> int:
        """Return 0 where the call may pass, else the whole seconds of `Retry-After`."""
        if not self.enforced:
            return 0
        per_minute = METHODS[method].per_minute
        wait = self._take(method, per_minute, per_minute / 60)
        if not wait and method == "chat.postMessage":
            wait = self._take(f"{method} {channel}", POST_BURST, 1.0)
        return math.ceil(wait)

    def _take(self, key: str, capacity: float, per_s: float) -> float:
        bucket = self.buckets.get(key)
        if bucket is None:
            bucket = self.buckets[key] = Bucket(capacity, per_s, capacity, self.now())
        return bucket.take(self.now())


@dataclass(slots=True)
class Trigger:
    """The right to open one view within three seconds of what *user* did."""

    user: str
    until: float
    view_id: str | None = None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer five times within half an hour of what *user* did in *channel*."""

    user: str
    channel: str
    until: float
    message_ts: str | None = None
    thread_ts: str | None = None
    left: int = RESPONSE_URL_USES


@dataclass(slots=True)
class Tickets:
    """Everything that was handed out and is good for a while only."""

    now: Clock
    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponseUrl] = field(default_factory=dict)
    sockets: dict[str, float] = field(default_factory=dict)

    def trigger(self, key: str, user: str, view_id: str | None = None) -> str:
        """Hand out a trigger under *key*."""
        self.triggers[key] = Trigger(user, self.now() + TRIGGER_S, view_id)
        return key

    def spend_trigger(self, key: object) -> Trigger | str:
        """Use a trigger up; or the name of Slack's error."""
        trigger = self.triggers.get(str(key))
        if trigger is None:
            return "invalid_trigger_id"
        if trigger.used:
            return "exchanged_trigger_id"
        if self.now() > trigger.until:
            return "expired_trigger_id"
        trigger.used = True
        return trigger

    def response(self, key: str, url: ResponseUrl) -> None:
        """Hand out a response URL under *key*."""
        self.responses[key] = url

    def spend_response(self, key: str) -> ResponseUrl | str:
        """Use a response URL once; or the name of Slack's error."""
        url = self.responses.get(key)
        if url is None:
            return "invalid_url"
        if self.now() > url.until:
            return "expired_url"
        if url.left < 1:
            return "used_url"
        url.left -= 1
        return url

    def socket(self, key: str) -> str:
        """Hand out a ticket for one WebSocket."""
        self.sockets[key] = self.now() + SOCKET_TICKET_S
        return key

    def spend_socket(self, key: str) -> bool:
        """Whether that ticket was still good; it never is again."""
        return self.now() <= self.sockets.pop(key, float("-inf"))
