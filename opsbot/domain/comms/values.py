"""What people fill into the fields of a template: checked, kept in one form, shown in the text's language. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from opsbot.domain.comms import moments
from opsbot.domain.comms.templates import Field, FieldType, Locale, Template
from opsbot.domain.said import inert

MOST: Final = 4_000
"""Characters that any one field may hold, whatever its template says."""

_LINK_MOST: Final = 500
_ENDS: Final = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_BLANKS: Final = re.compile(r"\n{3,}")
_NUMBER: Final = re.compile(
    r"(\d{1,3}(?:[ ,.']\d{3})+|\d{1,12})(?:\s*(?:/|of|von)\s*(\d{1,3}(?:[ ,.']\d{3})+|\d{1,12}))?",
    re.ASCII | re.IGNORECASE,
)
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)
_OF: Final = {"de": "von"}
_AND: Final = {"de": "und", "fr": "et", "es": "y", "it": "e", "pt": "e", "nl": "en"}
_COMMA: Final = {"de": "."}


class Unfit(ValueError):
    """A value that its field does not take; says what is allowed, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a text is written: the time zone of its times, and the time it is now."""

    zone: str = "UTC"
    now_ms: int = 0


def problems(template: Template, values: Mapping[str, str], here: Here) -> Mapping[str, str]:
    """Return what is wrong by field, each as a whole sentence with what is allowed; empty where all is well."""
    found: dict[str, str] = {}
    for name in values:
        if template.field(name) is None:
            known = ", ".join(f"`{one.name}`" for one in template.fields) or "none at all"
            found[name] = (
                f"There is no field `{inert(name, limit=60)}`; this template asks for {known}."
            )
    for field in template.fields:
        try:
            kept(field, values.get(field.name, ""), here)
        except Unfit as unfit:
            found[field.name] = f"`{field.name}` ({field.label}) {unfit}."
    return found


def kept(field: Field, said: str, here: Here) -> str:
    """
    Return a value in the one form in which it is kept; empty for an optional one that was left out.

    It is kept like this so that a draft says the same tomorrow: `14:05` becomes that instant of today.

    Raises:
        Unfit: it is missing, too long, or of another type.
    """
    limit = min(field.max_length, MOST)
    if len(said) > 4 * MOST:
        raise Unfit(f"is longer than {limit} characters ({len(said):,})")
    read = _KEPT[field.type](field, _clean(field, said), here)
    if not read and field.required:
        raise Unfit("is missing")
    if len(read) > limit:
        raise Unfit(f"is longer than {limit} characters ({len(read):,})")
    return read


def shown(kind: FieldType, value: str, here: Here, locale: Locale = "en") -> str:
    """Return a kept value as it stands in a text of that language; what is not of its type stays as it is."""
    language = locale.partition("-")[0]
    if kind == "time":
        at_ms = moments.instant(value, here.zone, here.now_ms)
        return value if at_ms is None else moments.spelled(at_ms, here.zone, locale)
    if kind == "number" and (found := _NUMBER.fullmatch(value.strip())):
        numbers = (_grouped(one, _COMMA.get(language, ",")) for one in found.groups() if one)
        return f" {_OF.get(language, 'of')} ".join(numbers)
    return value


def lasting(template: Template, values: Mapping[str, str], here: Here) -> dict[str, str]:
    """Return values in which `14:05` and `20 min ago` are the instants they are now: an edit reads them again."""
    times = {one.name for one in template.fields if one.type == "time"}
    read = {name: moments.instant(values.get(name, ""), here.zone, here.now_ms) for name in times}
    kept_ = {name: moments.canonical(at_ms) for name, at_ms in read.items() if at_ms is not None}
    return {**values, **kept_}


def offered(kind: FieldType, value: str, here: Here) -> str:
    """Return a kept value as somebody would type it: times with their zone and day, to the minute."""
    at_ms = moments.instant(value, here.zone, here.now_ms) if kind == "time" else None
    return value if at_ms is None else moments.typed(at_ms, here.zone, here.now_ms)


def together(names: Sequence[str], locale: Locale = "en") -> str:
    """Return names as a text of that language says them together: `a, b and c`."""
    last = f" {_AND.get(locale.partition('-')[0], 'and')} "
    return last.join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _clean(field: Field, said: str) -> str:
    """Take away what nobody sees; line ends are refused where one line is asked for."""
    lines = _ENDS.sub("\n", said).strip().split("\n")
    if len(lines) > 1 and field.type != "text":
        raise Unfit("is one line; write it without line ends")
    whole = max(len(said), 1)
    return _BLANKS.sub("\n\n", "\n".join(inert(line, limit=whole) for line in lines)).strip()


def _words(_field: Field, said: str, _here: Here) -> str:
    return said


def _time(_field: Field, said: str, here: Here) -> str:
    if not said:
        return ""
    try:
        return moments.canonical(moments.read(said, here.zone, here.now_ms))
    except moments.Unread as unread:
        raise Unfit(str(unread)) from None


def _number(_field: Field, said: str, _here: Here) -> str:
    found = _NUMBER.fullmatch(said)
    if not said:
        return ""
    if found is None:
        raise Unfit("is a number; write it as 212, or 212 of 4310")
    part, whole = (None if one is None else _plain(one) for one in found.groups())
    assert part is not None
    if whole is not None and part > whole:
        raise Unfit(f"is {part} of {whole}, which cannot be")
    return f"{part}" if whole is None else f"{part} of {whole}"


def _choice(field: Field, said: str, _here: Here) -> str:
    if not said:
        return ""
    for option in field.options:
        if option.casefold() == said.casefold():
            return option
    allowed = ", ".join(f"`{one}`" for one in field.options)
    raise Unfit(f"is one of {allowed}")


def _link(_field: Field, said: str, _here: Here) -> str:
    if not said:
        return ""
    try:
        parts = urlsplit(said)
        _ = parts.port
    except ValueError:
        raise Unfit("is a link; write it as https://help.example.com/page") from None
    if len(said) > _LINK_MOST or " " in said or not _public(parts):
        raise Unfit(
            "is a link that anybody can open: https:// and a public host, nothing secret in it"
        )
    return said


def _public(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or parts.username or parts.password or not _HOST.fullmatch(host):
        return False
    try:
        ip_address(host)
    except ValueError:
        return not host.rpartition(".")[2].isdigit()
    return False


def _plain(number: str) -> int:
    return int(re.sub(r"\D", "", number))


def _grouped(number: str, comma: str) -> str:
    return f"{_plain(number):,}".replace(",", comma)


_KEPT: Final[Mapping[FieldType, Callable[[Field, str, Here], str]]] = {
    "line": _words,
    "text": _words,
    "time": _time,
    "number": _number,
    "choice": _choice,
    "link": _link,
}
