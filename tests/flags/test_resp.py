"""The RESP3 reader: whatever the bytes and however they are cut, it answers or refuses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsflags.resp import MORE, ProtocolError, Push, Reader, Reply, ReplyError, pack

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=40)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.binary(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def encoded(value: object) -> bytes:
    match value:
        case None:
            return b"_\r\n"
        case bool():
            return b"#t\r\n" if value else b"#f\r\n"
        case int():
            return b":%d\r\n" % value
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(value), value)
        case list():
            return b"*%d\r\n" % len(value) + b"".join(map(encoded, value))
        case dict():
            pairs = b"".join(encoded(k) + encoded(v) for k, v in value.items())
            return b"%%%d\r\n" % len(value) + pairs
    raise AssertionError(value)


def read_all(chunks: list[bytes]) -> list[Reply]:
    reader, replies = Reader(), []
    for chunk in chunks:
        reader.feed(chunk)
        while (reply := reader.take()) is not MORE:
            replies.append(reply)
    return replies


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@given(st.lists(VALUES, max_size=4), st.lists(st.integers(0, 10**6), max_size=12))
def test_replies_come_out_as_they_went_in_however_they_are_cut(
    values: list[object], places: list[int]
) -> None:
    data = b"".join(map(encoded, values))

    assert read_all(cut(data, places)) == values


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_byte_by_byte_gives_the_same(values: list[object]) -> None:
    data = b"".join(map(encoded, values))

    assert read_all([data[i : i + 1] for i in range(len(data))]) == values


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
@example(b"*1000000\r\n" * 20, [])
@example(b"|1\r\n+a\r\n+b\r\n", [])
@example(b"%1\r\n*1\r\n:1\r\n:1\r\n", [])
@example(b":" + b"9" * 5000 + b"\r\n", [])
@example(b"$-2\r\n", [])
@example(b"*0\r\n%0\r\n~0\r\n>0\r\n|0\r\n:1\r\n", [])
def test_no_bytes_make_it_fail_otherwise_than_by_protocol_error(
    data: bytes, places: list[int]
) -> None:
    try:
        read_all(cut(data, places))
    except ProtocolError:
        return


@given(
    st.lists(
        st.sampled_from(
            [
                b"*2\r\n",
                b"%1\r\n",
                b">1\r\n",
                b"|1\r\n",
                b"$3\r\nabc\r\n",
                b":1\r\n",
                b"$-1\r\n",
                b"-ERR x\r\n",
                b"~1\r\n",
                b"=5\r\ntxt:a\r\n",
            ]
        ),
        max_size=30,
    )
)
def test_no_sequence_of_well_formed_pieces_makes_it_fail_otherwise(pieces: list[bytes]) -> None:
    try:
        read_all(pieces)
    except ProtocolError:
        return


def test_errors_and_pushes_are_told_from_data() -> None:
    error, push, text, number, blob = read_all(
        [b"-MOVED 1 h:1\r\n>2\r\n+message\r\n:1\r\n+OK\r\n,1.5\r\n!5\r\nERR x\r\n"]
    )

    assert isinstance(error, ReplyError)
    assert error.code == "MOVED"
    assert isinstance(push, Push)
    assert push == [b"message", 1]
    assert (text, number) == (b"OK", 1.5)
    assert isinstance(blob, ReplyError)


def test_an_attribute_is_no_part_of_the_reply() -> None:
    assert read_all([b"*2\r\n|1\r\n+ttl\r\n:3\r\n+a\r\n+b\r\n"]) == [[b"a", b"b"]]


@pytest.mark.parametrize(
    "data",
    [
        b"+" + b"x" * 70_000,
        b"$99999999\r\n",
        b"*99999999\r\n",
        b"*1\r\n" * 9,
        b"?x\r\n",
        b"\r\n",
        b"$3\r\nabcXX",
        b"#x\r\n",
        b",x\r\n",
        b":1x\r\n",
    ],
)
def test_what_is_too_large_too_deep_or_no_resp_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_all([data])


@given(st.lists(st.one_of(st.binary(max_size=20), st.text(max_size=20), st.integers()), min_size=1))
def test_commands_are_arrays_of_bulk_strings(words: list[str | bytes | int]) -> None:
    expected = [w if isinstance(w, bytes) else str(w).encode() for w in words]

    assert read_all([pack(*words)]) == [expected]


def _message(channel: bytes, payload: bytes) -> bytes:
    head = b">3\r\n$7\r\nmessage\r\n"
    return b"%b$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        *(head, len(channel), channel),
        *(len(payload), payload),
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"c", b"", b"a\r\nb", b"delta"]),
            st.sampled_from([b"{}", b"", b"a\r\nb", b"\r\n", b"$1\r\n", b"x" * 100_000]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.integers(0, 300), max_size=5),
)
@example([(b"a\r\nb", b"{}")], [])
@example([(b"delta", b"{}"), (b"delta", b"{}")], [])
def test_messages_come_out_as_they_were_published(
    messages: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    data = b"".join(_message(channel, payload) for channel, payload in messages)

    read = read_all(cut(data, places))

    assert all(isinstance(push, Push) for push in read)
    assert read == [[b"message", channel, payload] for channel, payload in messages]


@pytest.mark.parametrize(
    "data",
    [
        b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$x\r\n{}\r\n",
        b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n{}xx",
        b">3\r\n$7\r\nmessage\r\n$9x\r\nc\r\n$2\r\n{}\r\n",
    ],
)
def test_a_message_that_is_no_resp_is_refused_as_any_reply(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_all([data])
