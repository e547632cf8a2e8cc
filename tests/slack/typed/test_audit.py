"""Three words are understood after `/ai-audit`; for every other one the nearest is offered."""

import pytest

from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.audit import MOST, USUAL, AuditRequest, parse_audit


def test_the_journal_is_looked_at_verified_or_taken_along() -> None:
    assert parse_audit("TAIL 20") == AuditRequest("tail", 20)
    assert parse_audit("tail") == AuditRequest("tail", USUAL)
    assert parse_audit("verify").what == "verify"
    assert parse_audit("Export").what == "export"


@pytest.mark.parametrize(("typed", "count"), [("9999", MOST), ("9" * 30, MOST), ("0", 1)])
def test_no_look_is_longer_than_a_message_or_empty(typed: str, count: int) -> None:
    assert parse_audit(f"tail {typed}").count == count


@pytest.mark.parametrize("text", ["", "tial", "tail -1", "tail x", "tail 1 2", "verify now"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(NeedsMoreWords, match="journal"):
        parse_audit(text)


def test_the_nearest_word_is_offered() -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse_audit("tial 5", command="/ai-stg-audit")

    assert "Did you mean `/ai-stg-audit tail`?" in refused.value.hint
