"""What a workflow's users read while it is paused, where somebody changed or published that. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from opsbot.domain.change import Record
from opsbot.domain.comms import Locale
from opsbot.domain.records import listed, mapped, plain


@dataclass(frozen=True, slots=True)
class UserTexts:
    """
    The texts of one workflow by language. They are public words, and stand in clear.

    *notice* was published by the message *message* and is shown for the kills of *kills* (uids), which
    are those of *incident*. *canned* and *human* stand for the declared texts of these modes. *locale* is
    the language of who asks for none. *by* changed them last, at *at_ms*.
    """

    workflow: str
    locale: Locale = "en"
    notice: Mapping[Locale, str] = field(default_factory=dict)
    message: str = ""
    incident: str = ""
    kills: tuple[str, ...] = ()
    canned: Mapping[Locale, str] = field(default_factory=dict)
    human: Mapping[Locale, str] = field(default_factory=dict)
    by: str = ""
    at_ms: int = 0

    @property
    def empty(self) -> bool:
        """Return whether the declared texts count."""
        return not (self.notice or self.canned or self.human)


def as_record(texts: UserTexts) -> Record:
    """Return the record as it is stored."""
    return {"s": 1, **{one.name: plain(getattr(texts, one.name)) for one in fields(UserTexts)}}


def from_record(record: Record) -> UserTexts:
    """
    Read a stored record; fields of later versions are ignored.

    Raises:
        KeyError, TypeError: not written by this program.
    """
    known = {name: record[name] for name in _FIELDS if name in record}
    return UserTexts(
        **{  # type: ignore[arg-type]  # our own record, checked by the journal's hash
            **known,
            **{name: dict(mapped(known.get(name))) for name in ("notice", "canned", "human")},
            "kills": tuple(listed(known.get("kills"))),
        }
    )


_FIELDS: Final = tuple(one.name for one in fields(UserTexts))


def for_clients(base: Record, texts: UserTexts | None) -> Record:
    """Return a workflow's record as clients read it, with these texts (docs/client-protocol.md, section 2)."""
    declared = {name: value for name, value in base.items() if name != "texts"}
    if texts is None or texts.empty:
        return declared
    by = {"notice": texts.notice, "canned": texts.canned, "human": texts.human}
    said = {kind: dict(one) for kind, one in by.items() if one}
    about = {"kills": list(texts.kills)} if texts.notice else {}
    return {**declared, "texts": {"locale": texts.locale, **said, **about}}
