"""What was typed after `/ai-audit`: look at the journal, verify it, or take it along. Pure."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed import tokens
from opsbot.slack.typed.words import example

MOST: Final = 50
USUAL: Final = 10


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """`/ai-audit tail 20`."""

    what: Literal["tail", "verify", "export"]
    count: int = USUAL


def parse_audit(text: str, *, command: str = "/ai-audit") -> AuditRequest:
    """
    Read the words after `/ai-audit`.

    Raises:
        NeedsMoreWords: neither `tail [N]` nor `verify` nor `export`.
    """
    words = [tokens.bare(word).lower() for word in tokens.folded(text[:200]).split()]
    if words in (["verify"], ["export"]):
        return AuditRequest("verify" if words == ["verify"] else "export")
    if words[:1] == ["tail"] and len(words) == 1:
        return AuditRequest("tail")
    if words[:1] == ["tail"] and len(words) == 2 and words[1].isascii() and words[1].isdigit():  # noqa: PLR2004 - a verb and a number
        return AuditRequest("tail", max(1, min(MOST, int(words[1][:9]))))
    nearest = get_close_matches(words[0] if words else "", ("tail", "verify", "export"), n=1)
    offered = f"Did you mean `{command} {nearest[0]}`? " if nearest else ""
    raise NeedsMoreWords(
        "Say what to do with the journal.", hint=offered + example("audit", command)
    )
