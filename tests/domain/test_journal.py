"""The journal: any entry that is changed, dropped, swapped, forged or cut is found and named."""

import json

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsbot.domain import journal
from opsbot.domain.change import Change, Json, Position, Record, Sealed, Write
from opsbot.domain.journal import Broken
from opsbot.domain.state import State
from tests.support.changes import ANN

START = State(position=Position(1_800_000_000, 0))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text()
    | st.floats(-1e6, 1e6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.text(), VALUES, max_size=3)


def chain(length: int, *, epoch: int = 1_800_000_000) -> list[str]:
    """Return a journal of *length* entries."""
    state, lines = State(position=Position(epoch, 0)), []
    for number in range(length):
        change = Change(
            verb="put", actor=ANN, writes=(Write("settings", f"s{number % 3}", {"n": number}),)
        )
        line = journal.write_entry(state, change, request=f"r{number}", at_ms=number)
        state = journal.replay([line], state)
        lines.append(line)
    return lines


LINES = chain(9)
HEAD = LINES[-1].partition(" ")[0]


@given(VALUES)
@example({"\ue000": 1, "\U0001f600": 2, "b": 3, "a": 4, "\u00e9": 5})
@example(['\x00\x1f\x7f\u2028"\\/\b\f\n\r\t', "\u00fc\U0001f600"])
@example([0.0, -0.0, 1e21, 1e-7, 1.0, 100000.0, True, 1, -(2**53) + 1, {}, [], ""])
def test_every_value_is_spelled_as_the_standard_says(value: Json) -> None:
    assert journal.canonical(value) == rfc8785.dumps(value)


def test_a_whole_journal_verifies_and_gives_its_state() -> None:
    state = journal.verify(LINES, count=9, head=HEAD)

    assert state.position == Position(1_800_000_000, 9)
    assert state.kind("settings") == {"s0": {"n": 6}, "s1": {"n": 7}, "s2": {"n": 8}}


def test_an_entry_holds_who_what_and_why() -> None:
    entry = journal.read_entry(LINES[4])

    assert set(entry.body) == {
        "v",
        "seq",
        "epoch",
        "prev",
        "at_ms",
        "request",
        "verb",
        "actor",
        "rule",
        "writes",
        "facts",
    }
    assert entry.body["actor"] == {"kind": "slack", "id": "U1", "via": "slack"}
    assert entry.prev == LINES[3].partition(" ")[0]
    assert (entry.request, entry.at_ms, entry.verb) == ("r4", 4, "put")
    assert entry.writes == (("settings", "s1", {"n": 4}),)


@settings(deadline=None)
@given(at=st.integers(0, 8), place=st.integers(0), flip=st.integers(1, 127))
def test_one_flipped_byte_is_found_and_named(at: int, place: int, flip: int) -> None:
    raw = bytearray(LINES[at].encode())
    raw[place % len(raw)] ^= flip
    lines = [*LINES[:at], raw.decode("utf-8", "replace"), *LINES[at + 1 :]]

    with pytest.raises(Broken) as caught:
        journal.verify(lines, count=9, head=HEAD)

    assert caught.value.seq == at + 1


@settings(deadline=None)
@given(at=st.integers(0, 8))
def test_a_dropped_entry_is_found_and_named(at: int) -> None:
    with pytest.raises(Broken) as caught:
        journal.verify([*LINES[:at], *LINES[at + 1 :]], count=9, head=HEAD)

    assert caught.value.seq == at + 1


@settings(deadline=None)
@given(pair=st.lists(st.integers(0, 8), min_size=2, max_size=2, unique=True))
def test_two_swapped_entries_are_found_and_the_first_is_named(pair: list[int]) -> None:
    lines = list(LINES)
    lines[pair[0]], lines[pair[1]] = lines[pair[1]], lines[pair[0]]

    with pytest.raises(Broken) as caught:
        journal.verify(lines, count=9, head=HEAD)

    assert caught.value.seq == min(pair) + 1


@settings(deadline=None)
@given(left=st.integers(0, 8))
def test_a_cut_tail_is_found_by_the_count(left: int) -> None:
    with pytest.raises(Broken) as caught:
        journal.verify(LINES[:left], count=9)

    assert caught.value.seq == left + 1


def test_a_cut_tail_is_not_seen_without_knowing_the_end() -> None:
    assert journal.verify(LINES[:5]).position.revision == 5


def test_a_rewritten_chain_is_found_by_its_head_only() -> None:
    forged = chain(9, epoch=1_800_000_001)

    journal.verify(forged, count=9)
    with pytest.raises(Broken, match="not the head"):
        journal.verify(forged, count=9, head=HEAD)


def test_an_entry_too_many_is_found() -> None:
    with pytest.raises(Broken) as caught:
        journal.verify(LINES, count=7)

    assert caught.value.seq == 8


@settings(deadline=None)
@given(at=st.integers(0, 9), rogue=st.text(max_size=200))
def test_a_line_pushed_in_between_is_found(at: int, rogue: str) -> None:
    with pytest.raises(Broken) as caught:
        journal.verify([*LINES[:at], rogue, *LINES[at:]])

    assert caught.value.seq == at + 1


def test_an_entry_with_other_spacing_is_refused_though_its_hash_is_right() -> None:
    body = json.dumps(json.loads(LINES[0].partition(" ")[2])).encode()

    with pytest.raises(Broken, match="canonical"):
        journal.read_entry(f"{journal.entry_hash(body)} {body.decode()}")


def test_an_epoch_never_goes_back() -> None:
    later = journal.replay(LINES[:3])
    earlier = State(position=Position(1_799_999_999, 3), head=later.head)
    line = journal.write_entry(earlier, Change(verb="put", actor=ANN), request="r", at_ms=0)

    with pytest.raises(Broken, match="earlier epoch"):
        journal.replay([line], later)


@settings(deadline=None)
@given(record=RECORDS)
def test_any_record_comes_back_from_the_journal(record: dict[str, Json]) -> None:
    change = Change(verb="put", actor=ANN, writes=(Write("settings", "x", record),))

    line = journal.write_entry(START, change, request="r", at_ms=1)

    assert journal.replay([line]).kind("settings")["x"] == record


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800"])
def test_what_json_cannot_carry_exactly_is_refused(value: Json) -> None:
    change = Change(verb="put", actor=ANN, writes=(Write("settings", "x", {"n": value}),))

    with pytest.raises(ValueError, match=r".+"):
        journal.write_entry(START, change, request="r", at_ms=1)


def test_replaying_in_two_parts_is_replaying_at_once() -> None:
    assert journal.replay(LINES[4:], journal.replay(LINES[:4])) == journal.replay(LINES)


def test_a_state_written_behind_the_journal_is_listed() -> None:
    said = journal.replay(LINES)
    settings: dict[str, Record] = {**said.kind("settings"), "s1": {"n": 0}}
    kills: dict[str, Record] = {"K-1": {"s": 1}}
    live = State(said.position, said.head, {"settings": settings, "kills": kills})

    found = journal.differences(said, live)

    assert [(d.kind, d.id) for d in found] == [("kills", "K-1"), ("settings", "s1")]
    assert found[0].journal is None
    assert found[1].live == {"n": 0}


@settings(deadline=None)
@given(text=st.text(), salt=st.binary(min_size=16, max_size=16))
def test_a_sealed_text_opens_only_as_it_was(text: str, salt: bytes) -> None:
    sealed = journal.seal(text, salt=salt.hex())

    assert journal.opens(sealed)
    assert not journal.opens(Sealed(sealed.commitment, sealed.salt, text + "!"))


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        journal.seal("x", salt="00" * 8)


def test_a_kind_that_nobody_replays_is_refused() -> None:
    change = Change(verb="put", actor=ANN, writes=(Write("elsewhere", "x", {}),))

    with pytest.raises(ValueError, match="elsewhere"):
        journal.write_entry(START, change, request="r", at_ms=1)


def _forged(text: str) -> str:
    return f"{journal.entry_hash(text.encode())} {text}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"facts":{}', '"facts":NaN'),
        ('"facts":{}', '"facts":1152921504606846976'),
        ('"facts":{}', '"facts":' + "[" * 5000 + "]" * 5000),
        ('"epoch":1800000000', '"epoch":"z"'),
        ('"at_ms":4', '"at_ms":"x"'),
        ('"at_ms":4', '"at_ms":true'),
        ('"verb":"put"', '"verb":7'),
        ('[["settings","s1",{"n":4}]]', "[[1,2,3]]"),
        ('[["settings","s1",{"n":4}]]', '[["settings","s1",[]]]'),
    ],
)
def test_a_line_with_a_right_hash_and_wrong_content_is_broken_and_no_crash(
    old: str, new: str
) -> None:
    text = LINES[4].partition(" ")[2]
    assert old in text

    with pytest.raises(Broken) as caught:
        journal.verify([*LINES[:4], _forged(text.replace(old, new))])

    assert caught.value.seq == 5
