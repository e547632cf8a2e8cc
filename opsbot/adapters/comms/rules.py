"""The rules of templates by id, and what they may know of everything else that is declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.declaration import Finding, Level
from opsbot.domain.model_book import ModelBook
from opsbot.domain.workflow import Workflow

RULES: Final[Mapping[str, str]] = {
    "T01": "A template is at most 32 KiB of UTF-8 with front matter that is closed, is YAML, and has known keys only.",
    "T02": "The file is called as its `template:`, which is `<audience>-<situation>-<stage>` as the keys say.",
    "T03": "A field has a name of its own, a label, a known type, and what that type needs.",
    "T04": "Every `{{ name }}` is a field or a fact, and one that this audience may read.",
    "T05": "Every field is used.",
    "T06": "The words answer what their stage has to answer, and say so in `slots:`.",
    "T07": "Only names, `if` and the two filters: no loop, call, attribute, arithmetic or include.",
    "T08": "A translation has words only, in a declared language, and asks for what its original asks for.",
    "T09": "`approved:` is the hash of what is said, and only of words with nothing to fill in.",
    "T10": "No jargon.",
    "T11": "Users read no name of a model, a provider or anything internal.",
    "T12": "No promise of when it works again.",
    "T13": "Targets are declared.",
    "T14": "There are words for whatever can happen to a declared workflow.",
    "T15": "No invisible, bidirectional or control characters.",
    "T16": "What may be empty stands in an `if`.",
    "T17": "Filled in, the words pass the wording check that every message passes.",
    "T18": "Filled in with nothing and with everything, a text comes out.",
    "T19": "What users know has a name in every language that templates are written in.",
}
"""What each rule asks for."""

WARNINGS: Final = frozenset({"T05", "T16", "T19"})
"""Rules that are said and fail nothing. T10, T12 and T17 are as strict as the wording check is."""


@dataclass(frozen=True, slots=True)
class Known:
    """
    What rules compare with. *whole* is False where other files were broken: names are then not looked up.

    *kinds* are the types of incident that each workflow's runbook is for, by workflow.
    """

    settings: CommsSettings = field(default_factory=CommsSettings)
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    book: ModelBook = field(default_factory=ModelBook)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = True


def find(rule: str, file: str, line: int, message: str, fix: str) -> Finding:
    """Return a finding at the level of its rule."""
    level: Level = "warning" if rule in WARNINGS else "error"
    return Finding(file, max(line, 1), message, fix, level, rule)
