"""What the files of `flags/` and `runbooks/` come to once they are read: a catalogue, or findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opsbot.domain.change import Record
from opsbot.domain.model_book import ModelBook
from opsbot.domain.policy.examples import Example
from opsbot.domain.policy.model import Policy
from opsbot.domain.runbook import Runbook
from opsbot.domain.workflow import Workflow

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    One thing that is wrong: where (*line* is one-based), what, and how to put it right.

    *rule* is the id of the rule of runbooks that found it (`E09`), empty where rules have no ids.
    """

    file: str
    line: int
    message: str
    fix: str = ""
    level: Level = "error"
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """
    A whole set of declarations that belong together.

    *hash* is the SHA-256 over every file that was read; *runbooks* has one for each runbook.
    *examples* stand in *policy_file*. *book* has the models' other names and prices,
    *incidents* how incidents are run (`incident_settings.from_record`; empty is as usual).
    *comms* is how people are told (`comms_settings.from_record`; empty is as usual).
    *procedures* are the runbooks themselves, foreign ones as `imported/<name>`.
    """

    workflows: Mapping[str, Workflow]
    policy: Policy
    hash: str
    runbooks: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    policy_file: str = "flags/policy.yaml"
    book: ModelBook = field(default_factory=ModelBook)
    incidents: Record = field(default_factory=dict)
    comms: Record = field(default_factory=dict)
    procedures: Mapping[str, Runbook] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    What reading came to: *catalogue* is None when a single finding is an error.

    Errors of templates of messages alone leave it usable for a bot that runs: no kill waits for words.
    """

    catalogue: Catalogue | None
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that keep the files from being used."""
        return tuple(f for f in self.findings if f.level == "error")
