"""A report says what was kept, what was not, and what was not measured; only gates fail it."""

import json

import pytest

from opsbot.bench.report import Promise, Report, Table, as_json, as_text

TABLE = Table("Times", ("row", "ns"), (("live", 5.25), ("check()", None), ("decide()", 1234.5)))


def report(*promises: Promise) -> Report:
    return Report("evaluate", {"python": "CPython"}, (TABLE,), promises, ("skipped: peers",))


@pytest.mark.parametrize(
    ("promise", "verdict"),
    [
        (Promise("at the limit", 1.5, 1.5, "x"), "kept"),
        (Promise("over it", 1.5, 1.51, "x"), "not kept"),
        (Promise("faster enough", 8, 8.0, "x", at_least=True), "kept"),
        (Promise("not fast enough", 8, 7.9, "x", at_least=True), "not kept"),
        (Promise("skipped", 8, None, "x", at_least=True), "not measured"),
    ],
)
def test_a_promise_is_kept_only_by_a_measured_figure_within_its_limit(
    promise: Promise, verdict: str
) -> None:
    assert promise.verdict == verdict


def test_only_a_broken_gate_fails_the_command() -> None:
    slow = Promise("time", 1, 2, "ms")
    broken = Promise("instructions", 1, 2, "x", gate=True)
    skipped = Promise("instructions", 1, None, "x", gate=True)

    assert report(slow, skipped).exit_code == 0
    assert report(slow, broken).exit_code == 1


def test_text_shows_tables_promises_and_what_was_skipped() -> None:
    text = "\n".join(as_text(report(Promise("time", 1, 2, "ms"))))

    assert "| live     | 5.25 |" in text
    assert "| check()  |    - |" in text
    assert "| time    | <= 1 ms | 2 ms     | not kept |" in text
    assert "- skipped: peers" in text


def test_json_carries_the_verdicts() -> None:
    told = json.loads(as_json(report(Promise("time", 1, 2, "ms"))))

    assert told["promises"][0]["verdict"] == "not kept"
    assert told["tables"][0]["rows"][0] == ["live", 5.25]
    assert told["machine"] == {"python": "CPython"}
