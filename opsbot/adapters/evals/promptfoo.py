"""What `promptfoo eval --output results.json` writes, version 3: pass rate, score, and named metrics."""

# ruff: noqa: RUF012  # pydantic copies defaults; ruff cannot see that the base is a model

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from opsbot.adapters.evals.report import Foreign, Report, Unreadable, checked, one_word, pass_rate
from opsbot.app.requests import EvalResult

VERSION = 3

_Count = Annotated[int, Field(ge=0)]


class _Stats(Foreign):
    successes: _Count
    failures: _Count
    errors: _Count = 0


class _Provider(Foreign):
    id: str | None = None
    label: str | None = None


class _Result(Foreign):
    success: bool
    score: float | None = None
    provider: _Provider | str | None = None


class _Metrics(Foreign):
    named_scores: Annotated[dict[str, float | None], Field(alias="namedScores")] = {}
    named_scores_count: Annotated[dict[str, float], Field(alias="namedScoresCount")] = {}
    named_score_weights: Annotated[dict[str, float], Field(alias="namedScoreWeights")] = {}


class _Prompt(Foreign):
    metrics: _Metrics | None = None


class _Summary(Foreign):
    version: int
    stats: _Stats
    results: list[_Result] = []
    prompts: list[_Prompt] = []


class _Config(Foreign):
    description: str | None = None


class _Document(Foreign):
    eval_id: Annotated[str | None, Field(alias="evalId")] = None
    results: _Summary
    config: _Config = _Config()


class _Versioned(Foreign):
    class Results(Foreign):
        """The part that says which version it is."""

        version: int

    results: Results


def read(data: object, suite: str) -> Report:
    """
    Return the pass rate over every case, the mean `score`, and each named metric.

    An error of a provider is a case that did not pass. The suite is *suite*, or the description of
    promptfoo's configuration.

    Raises:
        Unreadable: another version, counts that do not agree, or a suite that nobody named.
    """
    version = checked(_Versioned, data).results.version
    if version != VERSION:
        raise Unreadable(f"has version {version} of promptfoo's format; {VERSION} is read")
    file = checked(_Document, data)
    named = suite or one_word(file.config.description or "")
    stats, listed = file.results.stats, file.results.results
    cases = stats.successes + stats.failures + stats.errors
    first = pass_rate(named, stats.successes, cases)
    _must_agree(stats, listed, cases)
    results = (first, *_score(named, listed), *_named(named, file.results.prompts))
    notes = [f"promptfoo evaluation {file.eval_id}"] if file.eval_id else []
    notes += [f"errors of providers, counted as failures: {stats.errors}"] if stats.errors else []
    providers = sorted({_name(one) for one in listed} - {""})
    notes += [f"one rate over {', '.join(providers)}"] if len(providers) > 1 else []
    return Report("promptfoo", results, tuple(notes))


def _must_agree(stats: _Stats, listed: list[_Result], cases: int) -> None:
    """Refuse a file whose list is not what its figures say; one without a list has figures alone."""
    passed = sum(one.success for one in listed)
    if listed and (len(listed), passed) != (cases, stats.successes):
        raise Unreadable(
            f"says that {stats.successes} of {cases} cases passed and lists {passed} of "
            f"{len(listed)}"
        )


def _score(suite: str, listed: list[_Result]) -> Iterator[EvalResult]:
    if listed:
        mean = sum(one.score or 0.0 for one in listed) / len(listed)
        yield EvalResult(suite, "score", mean, len(listed))


def _named(suite: str, prompts: list[_Prompt]) -> Iterator[EvalResult]:
    """Yield each named metric as promptfoo shows it: its sum over the assertions behind it."""
    sums: dict[str, tuple[float, float, float]] = {}
    for metrics in (one.metrics for one in prompts if one.metrics is not None):
        for name, total in metrics.named_scores.items():
            if total is None:  # how JSON writes what promptfoo could not compute
                continue
            count = metrics.named_scores_count.get(name, 0)
            weight = metrics.named_score_weights.get(name, count)
            before = sums.get(name, (0.0, 0.0, 0.0))
            sums[name] = (before[0] + total, before[1] + weight, before[2] + count)
    for name, (total, weight, count) in sums.items():
        # What promptfoo derives from other metrics has no assertions of its own, and so no cases.
        if not math.isfinite(total + weight + count):
            raise Unreadable(f"sums `{name[:60]}` up to a number that is none")
        if weight > 0 and count >= 1 and one_word(name) not in ("pass_rate", "score"):
            yield EvalResult(suite, one_word(name), total / weight, int(count))


def _name(one: _Result) -> str:
    if isinstance(one.provider, _Provider):
        return one.provider.label or one.provider.id or ""
    return one.provider or ""
