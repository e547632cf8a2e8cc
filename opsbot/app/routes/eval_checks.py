"""What a result of an evaluation must be like to be believed; one bad one refuses its whole batch. Pure."""

import math
from collections.abc import Sequence

from opsbot.app.requests import EvalRequest, EvalResult
from opsbot.app.target import nearest
from opsbot.domain.errors import BadEvidence, UnknownRevision
from opsbot.domain.failure_budget import is_rate
from opsbot.domain.route import number_of
from opsbot.domain.said import inert
from opsbot.domain.state import State
from opsbot.domain.workflow import Workflow

MOST_RESULTS = 200
"""In one batch."""

LONGEST_WORD = 100
LARGEST = 1_000_000_000
"""Of a value and of a number of cases; beyond it something else was sent than was meant."""


def must_be_sound(request: EvalRequest) -> None:
    """
    Check everything about a batch that can be known without the state.

    Raises:
        BadEvidence: with the index of the first bad result, zero-based as in the JSON that was sent.
    """
    if not request.results:
        raise BadEvidence(
            "There are no results; nothing was recorded.",
            hint="Send at least one of suite, metric, value and n.",
        )
    if len(request.results) > MOST_RESULTS:
        raise BadEvidence(
            f"{len(request.results)} results are more than the {MOST_RESULTS} of one batch; "
            "nothing was recorded.",
            hint="Send several batches.",
        )
    for name, word in (("commit", request.commit), ("at", request.at)):
        if word and (problem := word_problem(word)):
            raise BadEvidence(f"`{name}` {problem}; nothing was recorded.")
    for index, one in enumerate(request.results):
        if problem := problem_of(one) or _twice(request.results, index):
            raise BadEvidence(
                f"`results[{index}]` (`{inert(str(one.suite), limit=60)} "
                f"{inert(str(one.metric), limit=60)}`): {problem}; nothing was recorded.",
                hint="One bad result refuses its batch: mend it and send the batch again.",
            )


def problem_of(one: EvalResult) -> str:
    """Return what is wrong with one result, empty where nothing is."""
    for name, word in (("suite", one.suite), ("metric", one.metric)):
        if problem := word_problem(word):
            return f"`{name}` {problem}"
    return _value_problem(one) or _cases_problem(one.n)


def word_problem(word: str) -> str:
    """Return why a word cannot be a name, empty where it can."""
    if not word:
        return "is empty"
    if len(word) > LONGEST_WORD:
        return f"is longer than {LONGEST_WORD} characters"
    if inert(word, limit=LONGEST_WORD) != word or " " in word:
        return "holds a blank, a backtick, or a character that cannot be seen"
    return ""


def _value_problem(one: EvalResult) -> str:
    value = one.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "`value` is no number"
    if not math.isfinite(value) or abs(value) > LARGEST:
        return "`value` is not a number that can be compared"
    if is_rate(one.metric) and not 0 <= value <= 1:
        return f"`value` is {value:g}, and a rate is a share from 0 to 1"
    return ""


def _cases_problem(n: int) -> str:
    if isinstance(n, bool) or not isinstance(n, int):
        return "`n` is no whole number"
    return "" if 1 <= n <= LARGEST else f"`n` is {n}, and cases are counted from 1 to {LARGEST}"


def _twice(results: Sequence[EvalResult], index: int) -> str:
    one = results[index]
    for earlier, other in enumerate(results[:index]):
        if (one.suite, one.metric) == (other.suite, other.metric):
            return f"`results[{earlier}]` says something about the same metric"
    return ""


def subject_named(state: State, workflow: Workflow, word: str) -> str:
    """
    Return what was evaluated as it is stored: `r4`, or an approved `provider/model`.

    Raises:
        UnknownRevision: neither a revision that was made nor a model that the workflow approves.
    """
    if "/" not in word and (number := number_of(word)) is not None:
        return state.revision(workflow.name, number).id
    listed = workflow.extra.get("approved", ())
    approved = [str(one) for one in listed] if isinstance(listed, (list, tuple)) else []
    if word in approved:
        return word
    offered = " or ".join(f"`{one}`" for one in nearest(word, approved))
    raise UnknownRevision(
        f"`{inert(word, limit=80)}` is neither a revision of `{workflow.name}` nor a model that it "
        "approves; nothing was recorded.",
        hint=f"Did you mean {offered}?"
        if offered
        else f"Name one as `r3`, or approve the model in flags/workflows/{workflow.name}.yaml.",
    )
