"""Results as the tools write them: what is read, what counts as bad, and what is refused."""

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.adapters.evals import formats
from opsbot.adapters.evals.formats import Form, read
from opsbot.adapters.evals.report import Report
from opsbot.domain.errors import BadEvidence

FILES = Path(__file__).parent
PROMPTFOO: dict[str, Any] = json.loads((FILES / "promptfoo.json").read_text())
PYTEST: dict[str, Any] = json.loads((FILES / "pytest.json").read_text())
JUNIT = (FILES / "junit.xml").read_bytes()
OWN: dict[str, Any] = {
    "s": 1,
    "commit": "abc",
    "results": [{"suite": "s", "metric": "pass_rate", "value": 0.9, "n": 10}],
}


def of(data: object, *, form: Form = "auto", suite: str = "") -> Report:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read(raw, name="results", form=form, suite=suite)


def rows(report: Report) -> list[tuple[str, str, float, int]]:
    return [(one.suite, one.metric, one.value, one.n) for one in report.results]


def changed(base: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    copy = deepcopy(base)
    change(copy)
    return copy


def test_promptfoo_gives_pass_rate_score_and_named_metrics() -> None:
    report = of(PROMPTFOO)

    assert report.form == "promptfoo"
    assert rows(report) == [
        ("support-groundedness", "pass_rate", 0.6, 5),
        ("support-groundedness", "score", 0.65, 5),
        ("support-groundedness", "Tone", 0.875, 4),
        ("support-groundedness", "Groundedness", 0.75, 4),
    ]
    assert "promptfoo evaluation eval-7Qk-2026-11-20T09:15:02" in report.notes
    assert "errors of providers, counted as failures: 1" in report.notes


def test_promptfoos_weights_are_what_its_page_divides_by() -> None:
    metrics = {"namedScores": {"Tone": 3}, "namedScoresCount": {"Tone": 2}, "namedScoreWeights": {"Tone": 4}}  # fmt: skip

    def weigh(file: dict[str, Any]) -> None:
        file["results"]["prompts"][0]["metrics"] = metrics

    assert ("support-groundedness", "Tone", 0.75, 2) in rows(of(changed(PROMPTFOO, weigh)))


def test_promptfoo_without_its_list_has_its_figures_alone() -> None:
    def cut(file: dict[str, Any]) -> None:
        file["results"]["results"] = []
        file["results"]["prompts"] = []

    assert rows(of(changed(PROMPTFOO, cut), suite="mine")) == [("mine", "pass_rate", 0.6, 5)]


def test_one_rate_over_several_providers_is_said() -> None:
    def mix(file: dict[str, Any]) -> None:
        file["results"]["results"][0]["provider"] = {"id": "x:y", "label": "other"}

    assert "one rate over openai:chat:gpt-5.2, other" in of(changed(PROMPTFOO, mix)).notes


def test_pytest_counts_expected_failures_as_failures_and_skips_not_at_all() -> None:
    report = of(PYTEST, suite="support-groundedness")

    assert report.form == "pytest"
    assert rows(report) == [("support-groundedness", "pass_rate", 4 / 7, 7)]
    assert "expected failures, counted as failures: 1" in report.notes
    assert "skipped tests, no cases: 2" in report.notes


def test_a_test_that_only_passed_when_run_again_is_no_good_case() -> None:
    def flaky(file: dict[str, Any]) -> None:
        file["summary"] |= {"passed": 2, "rerun": 1}
        file["tests"][0]["outcome"] = "rerun"

    report = of(changed(PYTEST, flaky), suite="s")

    assert rows(report) == [("s", "pass_rate", 3 / 7, 7)]
    assert "tests that passed only when run again, counted as failures: 1" in report.notes


def test_a_summary_alone_is_enough() -> None:
    def cut(file: dict[str, Any]) -> None:
        del file["tests"], file["collectors"]

    assert rows(of(changed(PYTEST, cut), suite="s")) == [("s", "pass_rate", 4 / 7, 7)]


def test_junit_gives_a_rate_for_each_suite_or_one_under_a_name() -> None:
    each, together = of(JUNIT), of(JUNIT, suite="all")

    assert rows(each) == [
        ("support-groundedness", "pass_rate", 0.25, 4),
        ("support-safety", "pass_rate", 1.0, 2),
    ]
    assert rows(together) == [("all", "pass_rate", 0.5, 6)]
    assert "expected failures, counted as failures: 1" in each.notes


def test_what_pytest_itself_writes_is_read(tmp_path: Path) -> None:
    tests = tmp_path / "test_cases.py"
    tests.write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_case(n): assert n < 6\n"
        "@pytest.mark.xfail\n"
        "def test_known(): assert False\n"
        "def test_skipped(): pytest.skip('no')\n"
    )
    written = tmp_path / "junit.xml"
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={written}"]
    subprocess.run(
        [sys.executable, *command, "-o", "addopts=", "-c", "/dev/null", str(tests)],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )

    report = of(written.read_bytes())

    assert rows(report) == [("pytest", "pass_rate", 6 / 9, 9)]


def test_a_case_that_was_not_run_is_no_case() -> None:
    not_run = JUNIT.replace(b'name="test_b"', b'name="test_b" status="notrun"')

    assert rows(of(not_run))[1] == ("support-safety", "pass_rate", 1.0, 1)


def test_what_promptfoo_could_not_compute_is_left_out() -> None:
    def blank(file: dict[str, Any]) -> None:
        file["results"]["prompts"][0]["metrics"]["namedScores"]["Tone"] = None
        file["results"]["results"][4]["score"] = None

    names = [metric for _, metric, _, _ in rows(of(changed(PROMPTFOO, blank)))]
    assert names == ["pass_rate", "score", "Groundedness"]


def test_our_own_form_is_taken_word_for_word() -> None:
    report = of(OWN)

    assert (report.form, report.commit) == ("opsbot", "abc")
    assert rows(report) == [("s", "pass_rate", 0.9, 10)]
    assert rows(of(OWN, suite="other"))[0][0] == "other"


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;">]><testsuites><testsuite name="&lol3;" tests="1">
<testcase name="a"/></testsuite></testsuites>"""
OUTSIDE = b"""<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuites><testsuite name="a" tests="1">
<testcase name="a"/></testsuite></testsuites>"""


ENDLESS = [{"metrics": {"namedScores": {"a": 1e308}, "namedScoresCount": {"a": 1e308}}}] * 2


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "not JSON, or cut off"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"results": [{"metric": "m", "value": NaN, "n": 1}]}', "holds NaN"),
        (
            b'{"results": [{"suite": "s", "metric": "m", "value": 1e999, "n": 1}]}',
            "results.0.value",
        ),
        (b'{"hello": 1}', "none of the formats"),
        (b"[]", "none of the formats"),
        (b'"text"', "none of the formats"),
        (LAUGHS, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        (JUNIT[:-40], "cut off"),
        (JUNIT.replace(b"utf-8", b"shift_jis", 1), "is not XML, or cut off (multi-byte"),
        (JUNIT.replace(b"utf-8", b"rot13", 1), "is not XML, or cut off ('rot13'"),
        (JUNIT.replace(b"utf-8", b"no-such", 1), "is not XML, or cut off (unknown encoding"),
        (JUNIT.replace(b'tests="2"', b'tests="20"'), "says 20 tests in `support-safety`"),
        (JUNIT.replace(b'failures="1"', b'failures="3"'), "says 4 failures in `support-g"),
        (JUNIT.replace(b"</testsuite></", b"<error/></testsuite></"), "of no case"),
        (b"<html><body/></html>", "root `html`"),
        (b"<testsuites/>", "no case that was run"),
        (b"<testsuite><testcase/></testsuite>", "does not name its suite"),
        (b"<testsuites>" * 200, "nested too deeply"),
        (changed(PROMPTFOO, lambda f: f["results"].update(version=4)), "version 4"),
        (changed(PROMPTFOO, lambda f: f["results"].update(version=2)), "version 2"),
        (changed(PROMPTFOO, lambda f: f["results"]["stats"].update(successes=4)), "lists 3 of 5"),
        (changed(PROMPTFOO, lambda f: f["results"]["results"].pop()), "lists 3 of 4"),
        (changed(PROMPTFOO, lambda f: f["results"]["stats"].update(successes=-1)), "successes"),
        (changed(PROMPTFOO, lambda f: f["results"]["stats"].update(failures="1")), "failures"),
        (changed(PROMPTFOO, lambda f: f["config"].clear()), "does not name its suite"),
        (
            changed(
                PROMPTFOO,
                lambda f: f["results"].update(
                    results=[], stats={"successes": 0, "failures": 0, "errors": 0}
                ),
            ),
            "nothing was evaluated",
        ),
        (changed(PROMPTFOO, lambda f: f["results"].update(prompts=ENDLESS)), "number that is none"),
        (PYTEST, "does not name its suite"),
        (changed(PYTEST, lambda f: f.update(exitcode=2)), "was interrupted"),
        (changed(PYTEST, lambda f: f.update(exitcode=5)), "collected no test"),
        (changed(PYTEST, lambda f: f.update(exitcode=77)), "ended with 77"),
        (
            changed(PYTEST, lambda f: f["collectors"][0].update(outcome="failed", nodeid="x.py")),
            "could not collect x.py",
        ),
        (changed(PYTEST, lambda f: f["tests"].pop(0)), "4 passed and lists 3"),
        (changed(PYTEST, lambda f: f["summary"].update(total=3)), "says 3 tests"),
        (changed(PYTEST, lambda f: f["summary"].update(total=12)), "says 12 tests"),
        (changed(PYTEST, lambda f: f["summary"].update(collected=90)), "stopped after 9"),
        (changed(OWN, lambda f: f.update(s=2)), "version 2 of the format; this opsbot reads 1"),
        (changed(OWN, lambda f: f.update(results=[])), "results"),
        (changed(OWN, lambda f: f["results"][0].update(n=True)), "results.0.n"),
        (changed(OWN, lambda f: f["results"][0].update(valeu=1)), "results.0.valeu"),
        (changed(OWN, lambda f: f["results"][0].pop("suite")), "does not name the suite"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_file(data: object, word: str) -> None:
    with pytest.raises(BadEvidence) as refused:
        of(data)

    assert refused.value.message.startswith("results ")
    assert word in refused.value.message
    assert refused.value.message.endswith("nothing was recorded.")


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadEvidence, match="larger than 20 MB"):
        of(b" " * (formats.LARGEST_FILE + 1))


@pytest.mark.parametrize(
    ("data", "form"), [(OWN, "promptfoo"), (OWN, "junit"), (PROMPTFOO, "pytest"), (JUNIT, "opsbot")]
)
def test_a_chosen_format_is_not_guessed_around(data: object, form: Form) -> None:
    with pytest.raises(BadEvidence, match="nothing was recorded"):
        of(data, form=form, suite="s")


def test_a_byte_order_mark_is_no_content() -> None:
    assert of(b"\xef\xbb\xbf" + json.dumps(OWN).encode()).form == "opsbot"
    assert of(b"\xef\xbb\xbf" + JUNIT).form == "junit"


def answered(raw: bytes, form: Form) -> bool:
    """Return whether a file was read as results, or refused by its name."""
    try:
        return bool(read(raw, name="results", form=form, suite="s").results)
    except BadEvidence as refused:
        return refused.message.startswith("results ")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    assert answered(raw, "auto")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["results", "stats", "summary", "exitcode", "version", "tests", "n"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(formats.FORMS))
def test_any_document_is_read_or_refused_whatever_it_is_said_to_be(
    data: object, form: Form
) -> None:
    assert answered(json.dumps(data).encode(), form)
