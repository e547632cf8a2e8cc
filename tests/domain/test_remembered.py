"""What was made of one source is handed out again for the very same source, and for no other."""

import pytest

from opsbot.domain.remembered import Remembered


def test_the_same_source_is_read_once() -> None:
    made: list[dict[str, int]] = []

    def make(source: dict[str, int]) -> list[str]:
        made.append(source)
        return list(source)

    read, source = Remembered(make), {"a": 1}

    first, second = read(source), read(source)

    assert first is second
    assert len(made) == 1


def test_an_equal_but_other_source_is_read_anew() -> None:
    read: Remembered[dict[str, int], list[str]] = Remembered(list)

    first, second = read({"a": 1}), read({"a": 1})

    assert first == second
    assert first is not second


def test_only_the_last_source_is_kept() -> None:
    made: list[int] = []

    def make(source: list[int]) -> None:
        made.append(len(source))

    read = Remembered(make)
    one, two = [1], [1, 2]

    for source in (one, two, one):
        read(source)

    assert made == [1, 2, 1]


def test_what_cannot_be_read_is_tried_again() -> None:
    empty: list[int] = []

    def make(source: list[int]) -> float:
        return 1 / len(source)

    read = Remembered(make)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            read(empty)
