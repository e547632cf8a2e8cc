"""The front matter of a runbook: who owns it, when it was reviewed, what it asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, get_args

from opsbot.adapters.runbooks.yaml import BadYaml, Mapped, mapping
from opsbot.domain.declaration import Finding
from opsbot.domain.durations import duration_s
from opsbot.domain.incident.types import Severity, severity
from opsbot.domain.nearest import nearest
from opsbot.domain.placeholders import BUILT_IN
from opsbot.domain.runbook import Param, ParamType, Value

RULE: Final = re.compile(r"---[ \t]*")
KEYS: Final = (
    *("runbook", "title", "owner", "reviewed", "review_every"),
    *("incident_types", "severity", "params"),
)
NEEDED: Final = {
    "runbook": "Add `runbook:` with the file's name without `.md`.",
    "owner": "Add `owner:` with a team or group that answers for it.",
    "reviewed": "Add `reviewed:` with the day of the last review, as in 2026-11-01.",
    "review_every": "Add `review_every: 90d`.",
}
_RULES: Final = {"runbook": "E03", "owner": "E04"}
_DAY_S: Final = 86_400
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(slots=True)
class Front:
    """What the front matter says; *end* is its last line, 0 where there is none."""

    file: str
    end: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def text(self, key: str) -> str:
        """Return a value that is one line of words; anything else is named."""
        value = self.values.get(key, "")
        if isinstance(value, str):
            return value.strip()
        self.wrong(key, f"`{key}` is a list or mapping", f"Write `{key}: …` on one line.")
        return ""

    def wrong(self, key: str, message: str, fix: str, rule: str = "E02") -> None:
        """Note what is wrong at a key."""
        line = self.lines.get(key, 1)
        self.findings.append(Finding(self.file, line, message, fix, "error", rule))

    def owner(self) -> str:
        """Return the team or group, without a leading `@`."""
        return self.text("owner").removeprefix("@")

    def severity(self) -> Severity | None:
        """Return the severity it is written for, None where none is said."""
        said = self.text("severity")
        found = severity(said) if said else None
        if said and found is None:
            self.wrong("severity", f"`{said}` is no severity", "One of sev1, sev2, sev3, sev4.")
        return found

    def reviewed(self) -> str:
        """Return the day of the last review, empty where it is none."""
        said = self.text("reviewed")
        try:
            return date.fromisoformat(said).isoformat() if said else ""
        except ValueError:
            self.wrong("reviewed", f"`{said}` is no date", "Write it as in 2026-11-01.")
            return ""

    def review_days(self) -> int | None:
        """Return how many days a review holds."""
        said = self.text("review_every")
        seconds = duration_s(said) if said else None
        if said and (seconds is None or seconds < _DAY_S):
            self.wrong("review_every", f"`{said}` is no number of days", "Write `90d`.")
            return None
        return None if seconds is None else seconds // _DAY_S

    def incident_types(self) -> tuple[str, ...]:
        """Return the kinds of incident it is for."""
        said = self.values.get("incident_types", ())
        words = (
            tuple(one for one in said if isinstance(one, str)) if isinstance(said, tuple) else ()
        )
        if said and (not words or len(words) != len(said)):
            self.wrong("incident_types", "is not a list of words", "Write `[prompt_injection]`.")
        return words

    def params(self) -> tuple[Param, ...]:
        """Return what is asked for when a run begins."""
        said = self.values.get("params", {})
        if not isinstance(said, Mapping):
            fix = "Write `params: {workflow: {type: workflow, required: true}}`."
            self.wrong("params", "`params` is not a mapping", fix)
            return ()
        return tuple(self._param(name, value) for name, value in said.items())

    def _param(self, name: str, value: Value) -> Param:
        where = f"params.{name}"
        if not _NAME.fullmatch(name) or name in BUILT_IN:
            fix = "Use a-z, 0-9 and `_`, beginning with a letter."
            self.wrong(where, f"`{name}` is no name for a parameter", fix)
        parts = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            fix = f"Write `{name}: {{type: text}}`."
            self.wrong(where, f"the parameter `{name}` is not a mapping", fix)
        for key in sorted(parts.keys() - {"type", "required", "default"}):
            fix = "Known here: type, required, default."
            self.wrong(f"{where}.{key}", f"unknown key `{key}` of a parameter", fix)
        return Param(
            name=name,
            type=self._type(where, parts.get("type", "text")),
            required=self._flag(where, parts.get("required", "false")),
            default=str(parts.get("default", "")),
            line=self.lines.get(where, 1),
        )

    def _type(self, where: str, said: Value) -> ParamType:
        known: tuple[ParamType, ...] = get_args(ParamType)
        found = next((one for one in known if one == said), None)
        if found is None:
            self.wrong(f"{where}.type", f"`{said}` is no type", f"One of: {', '.join(known)}.")
        return found or "text"

    def _flag(self, where: str, said: Value) -> bool:
        if said not in ("true", "false"):
            self.wrong(f"{where}.required", f"`{said}` is not true or false", "Write `true`.")
        return said == "true"


def front_of(source: str, file: str) -> Front:
    """Return the front matter of a text; what is wrong with it is among its findings."""
    lines = source.split("\n")
    if not RULE.fullmatch(lines[0]):
        fix = "Begin the file with `---`, `runbook: …` and the other keys, and `---` again."
        found = Finding(file, 1, "there is no front matter", fix, "error", "E02")
        return Front(file, findings=[found])
    end = next((at for at, line in enumerate(lines[1:], 2) if RULE.fullmatch(line)), 0)
    if not end:
        fix = "Close it with a line `---`."
        found = Finding(file, 1, "the front matter is never closed", fix, "error", "E02")
        return Front(file, findings=[found])
    try:
        read = mapping("\n".join(lines[1 : end - 1]), line=2)
    except BadYaml as bad:
        rule = "not a mapping" in bad.message
        return Front(file, 0 if rule else end, findings=[_not_front(file, bad)])
    return _known(Front(file, end, read.values, read.lines), read)


def _not_front(file: str, bad: BadYaml) -> Finding:
    fix = f"{bad.fix} If the `---` is meant as a rule, write `***`."
    message = f"the front matter that begins in line 1 {bad.message}"
    return Finding(file, bad.line, message, fix, "error", "E02")


def _known(front: Front, read: Mapped) -> Front:
    for key in read.values:
        if key not in KEYS:
            guess = nearest(key, KEYS)
            fix = f"Did you mean `{guess}`?" if guess else f"Known here: {', '.join(KEYS)}."
            front.wrong(key, f"unknown key `{key}`", fix)
    for key, fix in NEEDED.items():
        if key not in read.values:
            front.wrong(key, f"`{key}` is missing", fix, _RULES.get(key, "E02"))
    return front
