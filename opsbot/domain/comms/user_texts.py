"""What a workflow's users read while it is paused, where somebody changed or published that. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from opsbot.domain.change import Json, Record
from opsbot.domain.comms.templates import Locale
from opsbot.domain.records import listed, mapped, plain


@dataclass(frozen=True, slots=True)
class UserTexts:
    """
    The texts of one workflow by language. They are public words, and stand in clear.

    *notice* was published by the message *message* and is shown for the kills of *kills* (uids), which
    are those of *incident*. *others* has by incident what was published for the same workflow beside it:
    clients show one notice, and it comes back when this one goes. *canned* and *human* stand for the declared texts of these modes. *locale* is
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
    others: Mapping[str, Record] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Return whether the declared texts count."""
        return not (self.notice or self.canned or self.human or self.others)

    @property
    def beside(self) -> tuple[str, ...]:
        """Return the messages whose words are kept beside the notice in front."""
        return tuple(str(one["message"]) for one in self.others.values())

    def without_notice(self) -> "UserTexts":
        """Return it with no notice in front; those of other incidents stay kept."""
        return replace(self, notice={}, message="", incident="", kills=())

    def aside(self) -> "UserTexts":
        """Return it with its notice kept beside, and none in front."""
        if not self.notice:
            return self
        kept: Record = {
            "locale": self.locale,
            "notice": dict(self.notice),
            "message": self.message,
            "kills": list[Json](self.kills),
        }
        return replace(self, others={**self.others, self.incident: kept}).without_notice()

    def brought(self, incident: str) -> "UserTexts":
        """Return it with the notice of an incident in front, which was kept beside until now."""
        kept = self.aside()
        mine = kept.others[incident]
        return replace(
            kept,
            locale=str(mine["locale"]),
            notice={name: str(text) for name, text in mapped(mine["notice"]).items()},
            message=str(mine["message"]),
            incident=incident,
            kills=tuple(str(one) for one in listed(mine["kills"])),
            others={name: one for name, one in kept.others.items() if name != incident},
        )

    def forgotten(self, incident: str) -> "UserTexts":
        """Return it without anything of an incident."""
        others = {name: one for name, one in self.others.items() if name != incident}
        left = replace(self, others=others)
        return left.without_notice() if self.incident == incident else left


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
            **{name: dict(mapped(known.get(name))) for name in _MAPS},
            "kills": tuple(listed(known.get("kills"))),
        }
    )


_FIELDS: Final = tuple(one.name for one in fields(UserTexts))
_MAPS: Final = ("notice", "canned", "human", "others")


def for_clients(base: Record, texts: UserTexts | None) -> Record:
    """Return a workflow's record as clients read it, with these texts (docs/client-protocol.md, section 2)."""
    declared = {name: value for name, value in base.items() if name != "texts"}
    if texts is None or texts.empty:
        return declared
    by = {"notice": texts.notice, "canned": texts.canned, "human": texts.human}
    said = {kind: dict(one) for kind, one in by.items() if one}
    about = {"kills": list(texts.kills)} if texts.notice else {}
    return {**declared, "texts": {"locale": texts.locale, **said, **about}}
