"""The rules of runbooks by id, and what they may know of everything else that is declared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

from opsbot.adapters.runbooks.files import Page
from opsbot.domain.declaration import Finding, Level
from opsbot.domain.model_book import ModelBook
from opsbot.domain.policy.model import Policy
from opsbot.domain.runbook import Runbook
from opsbot.domain.workflow import Workflow

RULES: Final[Mapping[str, str]] = {
    "E01": "A runbook is at most 256 KiB of UTF-8, 8,000 lines, 60 steps and 200 answers.",
    "E02": "The front matter is closed, is YAML, and has only known keys.",
    "E03": "`runbook:` is the file's name.",
    "E04": "`owner:` is a team of a workflow or a group of the policy, and `Who:` is a role.",
    "W05": "`reviewed:` is not older than `review_every:`.",
    "E06": "One title, steps within phases, no level of headings left out, nothing outside of a step.",
    "E07": "No two steps have the same id.",
    "E08": "Headings, actions and labels stand at the beginning of a line, never in a list, quote or HTML.",
    "E09": "Every fence and every comment is closed.",
    "W10": "A fence names its language, and a command has no `<placeholder>`.",
    "E11": "Links within the runbooks lead somewhere.",
    "W12": "No raw HTML, no image without words, no code too long for one message.",
    "E13": "Every `{{ name }}` is a parameter or built in.",
    "W13": "Every parameter is used.",
    "E14": "No invisible, bidirectional or control characters.",
    "E15": "A step has an outcome: `Expect:` or `Decide:`.",
    "W16": "At most 9 steps in a phase, and 60 characters in a title.",
    "E17": "A decision asks something and has two answers or more, each leading to a step or runbook.",
    "E18": "At most one answer of a decision leads back, and never all of them.",
    "W19": "Every step can be reached.",
    "E20": "A kill, rollback or route says how it is taken back: `Undo:`.",
    "E21": "A step changes one thing at most.",
    "E22": "A rollback or restore is verified in the same step.",
    "E23": "What kills also restores.",
    "W24": "Evidence is captured before the first kill.",
    "E25": "A runbook for sev1 or sev2 has a step for comms, and names templates that are there.",
    "W25": "A template of comms that cannot be checked, because there is no folder of templates.",
    "E26": "An action has a known verb, and arguments that the verb takes.",
    "E27": "Workflows, providers, models, tools, suites, people and kinds of incident are declared.",
    "E28": "The stages of a restore rise, and have a `hold:`.",
    "E29": "No secrets.",
    "E30": "Somebody has the roles that are needed, no wait is over 4 h, and there are runbooks at all.",
    "E31": "A label is known, stands at the beginning of a paragraph, once, and says something.",
    "W32": "A foreign page has up to 30 steps; with more, or none, it is only read.",
}
"""What each rule asks for; ids with W are warnings and never keep a catalogue from being used."""


@dataclass(frozen=True, slots=True)
class Known:
    """
    What rules compare with. *whole* is False where other files were broken: names are then not looked up.

    *names* are all runbooks, *templates* those of comms (None where there is no folder). *today*
    None looks at no dates.
    """

    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    policy: Policy | None = None
    book: ModelBook = field(default_factory=ModelBook)
    names: frozenset[str] = frozenset()
    templates: frozenset[str] | None = None
    anchors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    today: date | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """One page under its rules."""

    page: Page
    runbook: Runbook
    known: Known

    @property
    def folder(self) -> Path:
        """Return where it lies."""
        return self.page.path.parent

    def find(self, rule: str, line: int, message: str, fix: str) -> Finding:
        """Return a finding of a rule, at the level that the rule's id says."""
        level: Level = "warning" if rule.startswith("W") or self.page.imported else "error"
        return Finding(self.runbook.file, max(line, 1), message, fix, level, rule)


Rule: TypeAlias = Callable[[Look], Iterator[Finding]]
