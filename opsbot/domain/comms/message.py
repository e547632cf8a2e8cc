"""A message to people: drafted, approved, published to each of its targets, never twice. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal

from opsbot.domain.change import Json, Position, Record
from opsbot.domain.comms.templates import Audience, Locale, Stage
from opsbot.domain.records import listed, mapped, plain, position

Standing = Literal["draft", "waiting", "published", "refused", "dropped"]
"""*waiting*: for people's approval. *published*: it was let go; each target says how far it came there."""

SentState = Literal["due", "done", "failed", "unsure", "skipped"]
"""*unsure*: the target may have taken it and did not say; it is looked for before it is sent again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """
    How far one target is. *detail* says in our words what failed or why it was skipped.

    *url* is where people read it; *handle* what the target calls it, so that a later message goes on
    there. *tries* counts [Retry] presses. *confirmed* of *expected* instances show it, for `in-app`.
    """

    state: SentState = "due"
    detail: str = ""
    at_ms: int = 0
    tries: int = 0
    url: str = ""
    handle: Record = field(default_factory=dict)
    confirmed: int | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message, `MSG-1`, `MSG-2` ...

    *headline*, each of *texts*, of *headlines* (where a language has its own) and *values* (the fields as
    JSON) are commitments to free text, never
    the text; *sha* is the SHA-256 of exactly what is published. *severity* is what it was written
    under. *approvals* are the ids of those it waits for or was given (`A-3`), *bound* the hash that they
    were asked for. *holding*: approved in advance. *corrects* is the message that it corrects,
    *corrected* the one that corrects it. *next_ms* is the next update that it promises, None for none.
    *stays_off*: it says that the feature stays off. *why* is a commitment to why it steps back a stage,
    was refused or dropped. *version* counts edits, *editors* made them. *order* is the commit that
    published it: targets take messages in it. *run* and *step* asked for it, where a runbook did.
    *claims* is how it says that things are for users (`off`, `limited`, `on` ...), empty where it does not.
    """

    id: str
    uid: str
    at: Position
    incident: str
    template: str
    digest: str
    audience: Audience
    situation: str
    stage: Stage
    severity: str
    author: str
    via: str
    made_ms: int
    headline: str
    texts: Mapping[Locale, str]
    values: str
    sha: str
    targets: tuple[str, ...]
    workflows: tuple[str, ...] = ()
    standing: Standing = "draft"
    version: int = 1
    approvals: tuple[str, ...] = ()
    bound: str = ""
    approved_by: tuple[str, ...] = ()
    holding: bool = False
    stays_off: bool = False
    corrects: str = ""
    corrected: str = ""
    why: str = ""
    next_ms: int | None = None
    published_ms: int | None = None
    published_by: str = ""
    sent: Mapping[str, Sent] = field(default_factory=dict)
    headlines: Mapping[Locale, str] = field(default_factory=dict)
    editors: tuple[str, ...] = ()
    order: int = 0
    run: str = ""
    step: str = ""
    claims: str = ""

    @property
    def writers(self) -> frozenset[str]:
        """Return everybody whose words are in it: none of them approves it."""
        return frozenset((self.author, *self.editors))

    @property
    def public(self) -> bool:
        """Return whether people outside the company read it."""
        return self.audience == "users"

    @property
    def settled(self) -> bool:
        """Return whether nothing is left to do for it outside."""
        return all(one.state not in ("due", "unsure") for one in self.sent.values())


def message_named(word: str) -> str | None:
    """Return the id that a word names (`msg-7`, `MSG-007`), None for anything else."""
    found = _ID.fullmatch(word.strip())
    return None if found is None else f"MSG-{int(found[1])}"


_ID: Final = re.compile(r"msg-0*([1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)


def as_record(message: Message) -> Record:
    """Return the record as it is stored."""
    return {"s": 1, **{one.name: plain(getattr(message, one.name)) for one in fields(Message)}}


def from_record(record: Record) -> Message:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError, ValueError: not written by this program.
    """
    known = {name: record[name] for name in _FIELDS if name in record}
    lists = {name: tuple(listed(known.get(name))) for name in _TUPLES}
    return Message(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **known,
            **lists,
            "at": position(record["at"]),
            "texts": dict(mapped(record.get("texts"))),
            "headlines": dict(mapped(record.get("headlines"))),
            "sent": {name: _sent(one) for name, one in mapped(record.get("sent")).items()},
        }
    )


_FIELDS: Final = tuple(one.name for one in fields(Message))
_SENT: Final = tuple(one.name for one in fields(Sent))
_TUPLES: Final = ("targets", "workflows", "approvals", "approved_by", "editors")


def _sent(value: Json) -> Sent:
    given = mapped(value)
    return Sent(**{name: given[name] for name in _SENT if name in given})  # type: ignore[arg-type]  # our own record
