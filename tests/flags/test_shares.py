"""Shares of the calls: in proportion, sticky, alike in every process, and none of them tells of another."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from opsflags.records import workflow_from_json
from opsflags.routes import Routes
from opsflags.shares import Ramp, begin, plain_point, point

pytestmark = pytest.mark.no_cover  # twenty thousand times the same
NAME = "support-copilot"
COUNT = 20_000
KEYS = {
    "one length": [f"user-{number:05d}" for number in range(COUNT)],
    "any length": [f"user-{number}" for number in range(COUNT)],
    "uuids": [f"{number * 2654435761 % 2**64:016x}-{number:04x}" for number in range(COUNT)],
}
WEIGHTS = {"a": 70, "b": 20, "c": 10}
CRITICAL = {1: 10.828, 2: 13.816, 4: 18.467, 9: 27.877}
"""Chi-square at p = 0.001, by degrees of freedom."""


def _targets(**weights: int) -> list[dict[str, Any]]:
    return [{"provider": "p", "model": name, "weight": share} for name, share in weights.items()]


def _routes(percent: float = 0, *, salt: str = "", revision: str = "r2") -> Routes:
    candidate = {"revision": revision, "targets": _targets(x=70, y=20, z=10), "percent": percent}
    route = {"targets": _targets(**WEIGHTS), "salt": salt, "candidate": candidate}
    return Routes(NAME, workflow_from_json(NAME, {"s": 1, "route": route}))


def _model(routes: Routes, key: str) -> str:
    target = routes.of(None, key).target(None, None, key)
    assert target is not None
    return target.model


def _tried(routes: Routes, keys: Sequence[str]) -> set[str]:
    return {key for key in keys if _model(routes, key) in "xyz"}


def _chi_square(found: dict[Any, int], expected: dict[Any, float]) -> float:
    return sum((found.get(name, 0) - share) ** 2 / share for name, share in expected.items())


def _dependence(
    keys: Sequence[str], one: Callable[[str], Hashable], other: Callable[[str], Hashable]
) -> tuple[float, int]:
    """Return the chi-square of two choices being independent, and its degrees of freedom."""
    pairs = Counter((one(key), other(key)) for key in keys)
    rows, columns = Counter(map(one, keys)), Counter(map(other, keys))
    expected = {(r, c): rows[r] * columns[c] / len(keys) for r in rows for c in columns}
    return _chi_square(pairs, expected), (len(rows) - 1) * (len(columns) - 1)


def test_a_point_is_the_mixed_crc_as_the_protocol_says() -> None:
    # CRC-32 of "123456789" is 0xCBF43926 by definition.
    assert plain_point(begin("1234"), "56789") == 0xCBF43926 / 2**32
    assert point(begin("1234"), "56789") == 0x0D262ACB / 2**32
    assert 0 <= point(begin("\ud800"), "\udfff") < 1


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("salt", ["", "1"])
def test_weights_are_kept_in_proportion(keys: list[str], salt: str) -> None:
    routes = _routes(salt=salt)

    found = Counter(_model(routes, key) for key in keys)

    assert _chi_square(found, {m: COUNT * w / 100 for m, w in WEIGHTS.items()}) < CRITICAL[2]


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("percent", [1, 5, 25, 50])
def test_a_candidates_share_is_kept_in_proportion(keys: list[str], percent: int) -> None:
    tried = len(_tried(_routes(percent), keys))

    expected = {True: COUNT * percent / 100, False: COUNT * (100 - percent) / 100}
    assert _chi_square({True: tried, False: COUNT - tried}, expected) < CRITICAL[1]


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("percent", [5, 25])
def test_a_ramps_share_is_kept_in_proportion(keys: list[str], percent: int) -> None:
    ramp = Ramp(percent, "s")

    let = sum(ramp.lets("uid", key) for key in keys)

    expected = {True: COUNT * percent / 100, False: COUNT * (100 - percent) / 100}
    assert _chi_square({True: let, False: COUNT - let}, expected) < CRITICAL[1]


def test_a_key_that_is_in_stays_in_when_the_share_grows() -> None:
    keys = KEYS["one length"]
    steps = [_tried(_routes(percent), keys) for percent in (0, 1, 5, 25, 50, 100)]
    ramps = [{key for key in keys if Ramp(p).lets("uid", key)} for p in (0, 1, 5, 25, 50)]

    for grown in (steps, ramps):
        assert all(less < more for less, more in pairwise(grown))
    assert (steps[0], len(steps[-1])) == (set(), COUNT)


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("percent", [5, 25])
@pytest.mark.parametrize("revision", ["r2", "r7", "r8"])
def test_who_is_tried_says_nothing_of_a_weighted_choice(
    keys: list[str], percent: int, revision: str
) -> None:
    calm, tried = _routes(), _routes(percent, revision=revision)

    found, freedom = _dependence(
        keys, lambda key: _model(calm, key), lambda key: _model(tried, key) in "xyz"
    )

    assert found < CRITICAL[freedom]


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_whom_a_kill_lets_through_says_nothing_of_another_share(keys: list[str]) -> None:
    tried, ramp = _routes(25), Ramp(25, "s")

    for other in (
        lambda key: _model(tried, key) in "xyz",
        lambda key: ramp.lets("another", key),
        lambda key: Ramp(25, "t").lets("uid", key),
        lambda key: _model(_CALM, key),
    ):
        found, freedom = _dependence(keys, lambda key: ramp.lets("uid", key), other)
        assert found < CRITICAL[freedom]


_CALM = _routes()


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(("before", "after"), [("", "1"), ("1", "2"), ("9", "10")])
def test_another_salt_deals_everything_anew(keys: list[str], before: str, after: str) -> None:
    weights = [_routes(salt=salt) for salt in (before, after)]
    tried = [_tried(_routes(25, salt=salt), keys) for salt in (before, after)]

    chosen, freedom = _dependence(
        keys, lambda key: _model(weights[0], key), lambda key: _model(weights[1], key)
    )
    shares, one = _dependence(keys, tried[0].__contains__, tried[1].__contains__)

    assert (chosen < CRITICAL[freedom], shares < CRITICAL[one]) == (True, True)


def test_another_revision_is_tried_on_other_keys() -> None:
    keys = KEYS["one length"]
    one, other = (_tried(_routes(25, revision=name), keys) for name in ("r2", "r3"))

    found, freedom = _dependence(keys, one.__contains__, other.__contains__)

    assert found < CRITICAL[freedom]


def test_every_process_chooses_alike() -> None:
    code = (
        "from tests.flags.test_shares import _model, _routes;"
        "print(*[_model(_routes(25, salt=s), f'user-{n}') for n in range(300) for s in ('', '1')])"
    )

    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f".:{':'.join(sys.path)}"},
        ).stdout
        for seed in ("1", "2")
    }

    here = " ".join(
        _model(_routes(25, salt=salt), f"user-{n}") for n in range(300) for salt in ("", "1")
    )
    assert said == {here + "\n"}
