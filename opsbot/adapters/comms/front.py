"""The front matter of a template: for whom it is, when, what it asks for, and who approved it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from opsbot.adapters.comms.rules import find
from opsbot.adapters.comms.sandbox import RESERVED
from opsbot.adapters.runbooks.yaml import BadYaml, mapping
from opsbot.domain.comms.facts import CORRECTION_SLOTS, FACTS, STAYS_OFF
from opsbot.domain.comms.templates import NAME, SLOTS, Audience, Field, FieldType, Stage
from opsbot.domain.comms.values import MOST
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest
from opsbot.domain.runbook import Value

KEYS: Final = (
    *("template", "title", "audience", "situation", "stage", "headline"),
    *("slots", "fields", "targets", "approvals", "approved"),
)
NEEDED: Final = ("template", "title", "audience", "situation", "stage", "headline")
OF_TRANSLATION: Final = ("headline",)
OF_FIELD: Final = ("label", "type", "required", "max_length", "options", "fact", "hint")
KNOWN_SLOTS: Final = (
    frozenset().union(*SLOTS.values())
    | CORRECTION_SLOTS
    | {
        "recognise",
        "workaround",
        "not_exposed",
        STAYS_OFF,
    }
)
APPROVALS_MOST: Final = 5
MOST_FIELDS: Final = 12
"""More do not fit into one form that somebody fills in on a phone."""

_RULE: Final = re.compile(r"---[ \t]*")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(slots=True)
class Front:
    """What the front matter says; *end* is its last line, 0 where there is none."""

    file: str
    end: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def line(self, key: str) -> int:
        """Return where a key stands, the first line where it is not."""
        return self.lines.get(key, 1)

    def wrong(self, key: str, message: str, fix: str, rule: str = "T01") -> None:
        """Note what is wrong at a key."""
        self.findings.append(find(rule, self.file, self.line(key), message, fix))

    def text(self, key: str) -> str:
        """Return a value that is one line of words; anything else is named."""
        value = self.values.get(key, "")
        if isinstance(value, str):
            return value.strip()
        self.wrong(key, f"`{key}` is a list or mapping", f"Write `{key}: \u2026` on one line.")
        return ""

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of words."""
        value = self.values.get(key, ())
        if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
            return tuple(str(one) for one in value)
        self.wrong(key, f"`{key}` is no list of words", f"Write `{key}: [one, other]`.")
        return ()

    def number(self, key: str, most: int) -> int:
        """Return a small whole number, 0 where none is said."""
        said = self.text(key) or "0"
        if said.isascii() and said.isdigit() and int(said) <= most:
            return int(said)
        self.wrong(key, f"`{key}` is `{said[:40]}`", f"Write a number from 0 to {most}.")
        return 0

    def approved(self) -> str:
        """Return the hash that was approved, empty where none was."""
        said = self.text("approved")
        if said and not _HASH.fullmatch(said):
            fix = "Write the hash that this check prints, 64 hex digits, or leave `approved:` out."
            self.wrong("approved", "`approved` is no hash", fix, "T09")
            return ""
        return said

    def names(self, stem: str) -> tuple[Audience, str, Stage] | None:
        """Return audience, situation and stage, if the file, its `template:` and the keys agree."""
        name = self.text("template")
        parts = NAME.fullmatch(name)
        if name != stem:
            self.wrong(
                "template",
                f"`{name[:80]}` is not the file's name",
                f"Write `template: {stem}`.",
                "T02",
            )
        if parts is None:
            fix = (
                "Call it `<audience>-<situation>-<stage>`, as in `users-feature-off-investigating`."
            )
            self.wrong("template", f"`{name[:80]}` says not for whom and when it is", fix, "T02")
            return None
        for key, part in zip(("audience", "situation", "stage"), parts.groups(), strict=True):
            if self.text(key) != part:
                message = f"`{key}` is `{self.text(key)[:40]}`, and the name says `{part}`"
                self.wrong(key, message, f"Write `{key}: {part}`, or rename the file.", "T02")
        return parts[1], parts[2], parts[3]  # type: ignore[return-value]  # what the pattern matches

    def slots(self) -> frozenset[str]:
        """Return what the words say that they answer."""
        said = self.words("slots")
        for slot in said:
            if slot not in KNOWN_SLOTS:
                fix = _instead(slot, KNOWN_SLOTS)
                self.wrong("slots", f"there is no slot `{slot[:40]}`", fix, "T06")
        return frozenset(said) & KNOWN_SLOTS

    def fields(self) -> tuple[Field, ...]:
        """Return what is asked for."""
        said = self.values.get("fields", {})
        if not isinstance(said, Mapping):
            fix = "Write `fields: {what: {label: What users see}}`, or leave it out."
            self.wrong("fields", "`fields` is not a mapping", fix, "T03")
            return ()
        if len(said) > MOST_FIELDS:
            fix = "Ask for less: nobody fills that in at night."
            self.wrong(
                "fields", f"there are {len(said)} fields, more than {MOST_FIELDS}", fix, "T03"
            )
        return tuple(self._field(name, value) for name, value in said.items())

    def _field(self, name: str, value: Value) -> Field:
        at = f"fields.{name}"
        if not _FIELD.fullmatch(name) or name in FACTS or name in RESERVED:
            fix = "Use a-z, 0-9 and `_`, and no name of a fact or word of templates."
            self.wrong(at, f"`{name[:40]}` is no name for a field", fix, "T03")
        if not isinstance(value, Mapping):
            self.wrong(
                at,
                f"the field `{name[:40]}` is not a mapping",
                f"Write `{name}: {{label: \u2026}}`.",
                "T03",
            )
            return Field(name, name)
        for key in value.keys() - set(OF_FIELD):
            self.wrong(
                f"{at}.{key}",
                f"unknown key `{key[:40]}` of a field",
                _instead(key, OF_FIELD),
                "T03",
            )
        part = {key: one for key, one in value.items() if isinstance(one, str)}
        if not part.get("label"):
            fix = f"Add `label:` to `{name}`: what stands above it in the form."
            self.wrong(at, f"the field `{name[:40]}` has no label", fix, "T03")
        kind = self._type(at, part.get("type", "line"))
        return Field(
            name=name,
            label=part.get("label", name)[:75],
            type=kind,
            required=self._flag(at, part.get("required", "true")),
            max_length=self._length(at, part.get("max_length", "200")),
            options=self._options(at, kind, value.get("options", ())),
            fact=self._fact(at, part.get("fact", "")),
            hint=part.get("hint", "")[:150],
        )

    def _type(self, at: str, said: str) -> FieldType:
        known: tuple[FieldType, ...] = get_args(FieldType)
        found = next((one for one in known if one == said), None)
        if found is None:
            self.wrong(
                f"{at}.type", f"`{said[:40]}` is no type", f"One of: {', '.join(known)}.", "T03"
            )
        return found or "line"

    def _flag(self, at: str, said: str) -> bool:
        if said not in ("true", "false"):
            self.wrong(
                f"{at}.required", f"`{said[:40]}` is not true or false", "Write `true`.", "T03"
            )
        return said == "true"

    def _length(self, at: str, said: str) -> int:
        if said.isascii() and said.isdigit() and 0 < int(said) <= MOST:
            return int(said)
        fix = f"Write a number from 1 to {MOST}."
        self.wrong(f"{at}.max_length", f"`max_length` is `{said[:40]}`", fix, "T03")
        return MOST

    def _options(self, at: str, kind: FieldType, said: Value) -> tuple[str, ...]:
        given = (
            tuple(one for one in said if isinstance(one, str)) if isinstance(said, tuple) else ()
        )
        if (kind == "choice") != bool(given) or len(set(given)) != len(given):
            fix = "Write `type: choice` and `options: [one, other]` together, each option once."
            self.wrong(f"{at}.options", "`options` and the type do not go together", fix, "T03")
        return given

    def _fact(self, at: str, said: str) -> str:
        if said and said not in FACTS:
            self.wrong(
                f"{at}.fact", f"there is no fact `{said[:40]}`", _instead(said, FACTS), "T04"
            )
            return ""
        return said


def front_of(source: str, file: str, *, translation: bool = False) -> Front:
    """Return the front matter of a text; what is wrong with it is among its findings."""
    lines = source.split("\n")
    if not _RULE.fullmatch(lines[0]):
        front = Front(file)
        if not translation:
            fix = (
                "Begin the file with `---`, `template: \u2026` and the other keys, and `---` again."
            )
            front.wrong("", "there is no front matter", fix)
        return front
    end = next((at for at, line in enumerate(lines[1:], 2) if _RULE.fullmatch(line)), 0)
    if not end:
        front = Front(file)
        front.wrong("", "the front matter is never closed", "Close it with a line `---`.")
        return front
    try:
        read = mapping("\n".join(lines[1 : end - 1]), line=2)
    except BadYaml as bad:
        return Front(
            file,
            end,
            findings=[find("T01", file, bad.line, f"the front matter {bad.message}", bad.fix)],
        )
    front = Front(file, end, read.values, read.lines)
    _known(front, OF_TRANSLATION if translation else KEYS, () if translation else NEEDED)
    return front


def _known(front: Front, keys: Collection[str], needed: Collection[str]) -> None:
    for key in front.values:
        if key not in keys:
            rule = "T01" if needed else "T08"
            front.wrong(key, f"unknown key `{key[:40]}`", _instead(key, keys), rule)
    for key in needed:
        if not front.values.get(key):
            front.wrong(key, f"`{key}` is missing", f"Add `{key}:`.")


def _instead(said: str, known: Collection[str]) -> str:
    guess = nearest(said, known)
    return f"Did you mean `{guess}`?" if guess else f"Known here: {', '.join(sorted(known))}."
