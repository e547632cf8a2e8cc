"""Check the declarations: everything that reading them found, and the policy's own table of examples."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.policy.examples import missed

Format = Literal["text", "json", "github"]
Load = Callable[[], Loaded]


@dataclass(frozen=True, slots=True)
class Check:
    """The use case: read, ask the policy its examples, and return what may be used, or why not."""

    load: Load

    def __call__(self) -> Loaded:
        """Return the catalogue with warnings at most, or None with every finding."""
        return examined(self.load())


def examined(loaded: Loaded) -> Loaded:
    """Return what was read, refused if the policy does not answer its examples as its owner expects."""
    if loaded.catalogue is None:
        return loaded
    wrong = _wrong_examples(loaded.catalogue)
    findings = tuple(sorted((*loaded.findings, *wrong)))
    return Loaded(None if wrong else loaded.catalogue, findings)


def exit_code(loaded: Loaded) -> int:
    """Return 0 where the declarations can be used, warnings or not; else 1."""
    return 0 if loaded.catalogue is not None else 1


def render(loaded: Loaded, form: Format) -> str:
    """Return the findings as people, programs, or GitHub's annotations read them."""
    if form == "json":
        return _json(loaded)
    if form == "github":
        return "\n".join(_annotation(finding) for finding in loaded.findings)
    return "\n".join([*(line_of(finding) for finding in loaded.findings), summary(loaded)])


def line_of(finding: Finding) -> str:
    """Return `file:line: error E09: what.  fix` on one line; rules without an id have none."""
    fix = f"  {finding.fix}" if finding.fix else ""
    kind = f"{finding.level} {finding.rule}".rstrip()
    return f"{finding.file}:{finding.line}: {kind}: {finding.message}.{fix}"


def summary(loaded: Loaded) -> str:
    """Return the last line of the report."""
    errors = len(loaded.errors)
    warnings = len(loaded.findings) - errors
    if loaded.catalogue is None:
        return f"{_many(errors, 'error')}, {_many(warnings, 'warning')}: not usable."
    found = loaded.catalogue
    told = f", {_many(warnings, 'warning')}" if warnings else ""
    return (
        f"{_many(len(found.workflows), 'workflow')}, {_many(len(found.runbooks), 'runbook')}, "
        f"{_many(len(found.examples), 'policy example')}: all good{told}."
    )


def _wrong_examples(catalogue: Catalogue) -> list[Finding]:
    found = []
    for example in catalogue.examples:
        if why := missed(catalogue.policy, catalogue.workflows, example):
            asked = f"{example.actor} {example.verb} {example.workflow}"
            message = f"the policy does not answer its example `{asked}`: {why}"
            fix = "Change the policy, or the example if it is no longer what you want."
            found.append(Finding(catalogue.policy_file, example.line, message, fix))
    return found


def _json(loaded: Loaded) -> str:
    catalogue = loaded.catalogue
    return json.dumps(
        {
            "ok": catalogue is not None,
            "hash": None if catalogue is None else catalogue.hash,
            "workflows": [] if catalogue is None else sorted(catalogue.workflows),
            "examples": 0 if catalogue is None else len(catalogue.examples),
            "findings": [asdict(finding) for finding in loaded.findings],
        },
        ensure_ascii=False,
        indent=2,
    )


def _annotation(finding: Finding) -> str:
    text = _escaped(f"{finding.message}. {finding.fix}".strip())
    place = f"file={_property(finding.file)},line={finding.line}"
    title = f"opsbot check {finding.rule}".rstrip()
    return f"::{finding.level} {place},title={title}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
