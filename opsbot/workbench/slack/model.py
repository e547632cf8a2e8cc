"""People, channels, messages, views and what a person sees: the nouns of the Slack stand-in. Pure."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Blocks = list[Json]
ShownKind = Literal["nothing", "message", "modal", "errors", "failed"]


@dataclass(slots=True)
class Person:
    """
    A member as Slack lists one; another *team_id* than the workspace's makes a foreigner.

    *deleted*: deactivated. *is_ultra_restricted*: a guest of a single channel, who is restricted too.
    """

    id: str
    name: str
    real_name: str
    email: str
    is_bot: bool = False
    is_restricted: bool = False
    team_id: str = "T0HOME"
    avatar: str = ""
    deleted: bool = False
    is_ultra_restricted: bool = False

    @property
    def guest(self) -> bool:
        """Whether it is a guest, of whatever kind."""
        return self.is_restricted or self.is_ultra_restricted


@dataclass(slots=True)
class Bookmark:
    """A link at the top of a channel."""

    id: str
    title: str
    link: str
    emoji: str = ""


@dataclass(slots=True)
class Channel:
    """A conversation with its members; *is_im* marks the two-person one with the bot."""

    id: str
    name: str
    members: set[str]
    is_ext_shared: bool = False
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    bookmarks: list["Bookmark"] = field(default_factory=list)

    @property
    def kind(self) -> Literal["channels", "groups", "im"]:
        """The first half of the scope names that govern this conversation."""
        if self.is_im:
            return "im"
        return "groups" if self.is_private else "channels"


@dataclass(slots=True)
class UserGroup:
    """A user group, mentioned as `<!subteam^ID>`."""

    id: str
    handle: str
    name: str
    users: list[str]


@dataclass(slots=True)
class File:
    """A file that was uploaded; *alt* are the words for whoever does not see it, *size* its bytes."""

    id: str
    name: str
    title: str
    size: int
    alt: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Message:
    """A message in a channel; *ephemeral_for* names the only person who sees it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: Blocks = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    ephemeral_for: str | None = None
    edited_ts: str | None = None
    metadata: Json | None = None
    broadcast: bool = False
    pinned: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


@dataclass(slots=True)
class View:
    """An open modal or a Home tab of one person; *hash* changes with every update."""

    id: str
    user: str
    hash: str
    body: Json
    root_id: str
    previous_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> Blocks:
        blocks: Blocks = self.body.get("blocks", [])
        return blocks

    @property
    def callback_id(self) -> str:
        return str(self.body.get("callback_id", ""))


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person sees as the direct answer to what they did; nothing more is promised."""

    kind: ShownKind
    text: str = ""
    blocks: Blocks = field(default_factory=list)
    ephemeral: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None
    message: Message | None = None
    elapsed_ms: float = 0.0

    @property
    def timed_out(self) -> bool:
        """Whether Slack gave up after three seconds and said so."""
        return self.kind == "failed" and "operation_timeout" in self.text


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of the Web API as it arrived (without its token) and what was answered."""

    method: str
    args: Json
    status: int
    answer: Json
    at: float

    @property
    def ok(self) -> bool:
        return bool(self.answer.get("ok"))

    @property
    def error(self) -> str:
        return str(self.answer.get("error", ""))


class ApiRefusal(Exception):
    """A Web API answer with `ok: false`."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


class CannotDo(Exception):
    """Somebody tried what their Slack client would not let them do."""

    def __init__(self, code: str, hint: str) -> None:
        super().__init__(f"{code}: {hint}")
        self.code = code
        self.hint = hint
