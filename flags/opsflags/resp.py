"""Read and write RESP3, incrementally and with caps; knows bytes, no sockets and no commands."""

MAX_LINE = 64 * 1024
MAX_BULK = 32 * 1024 * 1024
MAX_ITEMS = 4 * 1024 * 1024
MAX_DEPTH = 8
MAX_NUMBER = 4300  # digits; beyond it int() itself refuses

Reply = object
"""
What a server says: None, bool, int, float, bytes, `ReplyError`, list, dict (with `bytes`, `int`
or `str` keys), or `Push`.
"""


class ProtocolError(ValueError):
    """The bytes are not RESP3 or exceed a cap; the connection cannot be used any more."""


class ReplyError:
    """An error that the server answered; `code` is its first word (`NOAUTH`, `MOVED` …)."""

    __slots__ = ("code", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.code = text.split(" ", 1)[0]

    def __repr__(self) -> str:
        return f"ReplyError({self.code!r})"


class Push(list[Reply]):
    """A message the server sent unasked."""

    __slots__ = ()


class More:
    """The type of `MORE`: the buffer ends before the value does."""

    __slots__ = ()


MORE = More()


class _Frame:
    """A collection that is being filled."""

    __slots__ = ("items", "kind", "left")

    def __init__(self, kind: int, left: int) -> None:
        self.kind = kind
        self.left = left
        self.items: list[Reply] = []


_STRING, _ERROR, _NUMBER, _BULK, _ARRAY = b"+-:$*"
_NULL, _BOOL, _DOUBLE, _BIG, _BULK_ERROR = b"_#,(!"
_VERBATIM, _MAP, _SET, _ATTRIBUTE, _PUSH = b"=%~|>"
_BULKS = frozenset((_BULK, _BULK_ERROR, _VERBATIM))
_DOUBLED = frozenset((_MAP, _ATTRIBUTE))
_COLLECTIONS = frozenset((_ARRAY, _SET, _PUSH, _MAP, _ATTRIBUTE))
_MESSAGE = b">3\r\n$7\r\nmessage\r\n$"
_MESSAGE_PARTS = 7
_ZERO = b":0\r\n"
_SMALL = 16384
_SIZE_DIGITS = 6


class Reader:
    """Turns bytes as they come into replies. Each byte is looked at once, however they are cut."""

    __slots__ = ("_buffer", "_bulk", "_bulk_kind", "_position", "_searched", "_stack")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0
        self._searched = 0
        self._bulk = -1
        self._bulk_kind = 0
        self._stack: list[_Frame] = []

    @property
    def empty(self) -> bool:
        """True between two replies: nothing was taken of one that did not come whole."""
        return self._position == len(self._buffer) and not self._stack and self._bulk < 0

    def feed(self, data: bytes) -> None:
        """Add what came from the socket."""
        if self._position:
            del self._buffer[: self._position]
            self._searched -= self._position
            self._position = 0
        self._buffer += data

    def take(self) -> Reply | More:
        """
        Return the next whole reply, or `MORE`.

        Raises:
            ProtocolError: not RESP3, or larger than a cap.
        """
        if self._position == len(self._buffer):
            return MORE
        if (reply := self._usual()) is not None:
            return reply
        while True:
            value = self._scalar()
            if value is MORE:
                return MORE
            if isinstance(value, _Frame):
                if value.left:
                    self._push(value)
                    continue
                value = _whole(value)
            done, value = self._place(value)
            if done:
                return value

    def _usual(self) -> Reply | None:
        """
        Take in few steps what a kill waits for: its message, and the answer to the last ack.

        None where it is anything else, or did not come whole; nothing was taken then.
        """
        start = self._position
        if self._searched > start or self._stack or self._bulk >= 0:
            return None
        if self._buffer.startswith(_MESSAGE, start):
            return self._message(start)
        if self._buffer.startswith(_ZERO, start):
            self._position = self._searched = start + len(_ZERO)
            return 0
        return None

    def _message(self, start: int) -> Push | None:
        if len(self._buffer) - start > _SMALL:
            return None
        parts = bytes(self._buffer[start:]).split(b"\r\n", _MESSAGE_PARTS - 1)
        if len(parts) < _MESSAGE_PARTS:
            return None
        channel, digits, rest = parts[4], parts[5][1:], parts[6]
        if not digits.isdigit() or len(digits) > _SIZE_DIGITS or parts[5][:1] != b"$":
            return None
        size = int(digits)
        if parts[3] != b"$%d" % len(channel) or rest[size : size + 2] != b"\r\n":
            return None
        self._position = self._searched = len(self._buffer) - len(rest) + size + 2
        return Push((parts[2], channel, rest[:size]))

    def _push(self, frame: _Frame) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise ProtocolError("nested too deeply")
        self._stack.append(frame)

    def _place(self, value: Reply) -> tuple[bool, Reply]:
        """Put a whole value into the innermost open collection; say whether a reply is whole."""
        stack = self._stack
        while not isinstance(value, _Dropped):
            if not stack:
                return True, value
            top = stack[-1]
            top.items.append(value)
            top.left -= 1
            if top.left:
                return False, None
            stack.pop()
            value = _whole(top)
        return False, None

    def _scalar(self) -> Reply | More | _Frame:
        if self._bulk >= 0:
            return self._take_bulk()
        line = self._line()
        if line is None:
            return MORE
        if not line:
            raise ProtocolError("empty line")
        kind = line[0]
        if kind in _BULKS:
            return self._begin_bulk(kind, line)
        if kind in _COLLECTIONS:
            return _begin_collection(kind, line)
        return _simple(kind, line)

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", max(self._searched, self._position))
        if end < 0:
            if len(self._buffer) - self._position > MAX_LINE:
                raise ProtocolError("line too long")
            self._searched = max(len(self._buffer) - 1, self._position)
            return None
        if end - self._position > MAX_LINE:
            raise ProtocolError("line too long")
        line = bytes(self._buffer[self._position : end])
        self._position = self._searched = end + 2
        return line

    def _begin_bulk(self, kind: int, line: bytes) -> Reply | More:
        size = _size(line, MAX_BULK)
        if size < 0:
            return None
        self._bulk = size
        self._bulk_kind = kind
        return self._take_bulk()

    def _take_bulk(self) -> Reply | More:
        end = self._position + self._bulk
        if len(self._buffer) < end + 2:
            return MORE
        data = bytes(self._buffer[self._position : end])
        if self._buffer[end : end + 2] != b"\r\n":
            raise ProtocolError("a bulk does not end where it says")
        self._position = self._searched = end + 2
        self._bulk = -1
        if self._bulk_kind == _BULK:
            return data
        if self._bulk_kind == _VERBATIM:
            return data[4:]
        return ReplyError(data.decode("utf-8", "replace"))


class _Dropped:
    """An attribute: it stands before a reply and is no part of it."""

    __slots__ = ()


def _begin_collection(kind: int, line: bytes) -> Reply | _Frame:
    size = _size(line, MAX_ITEMS)
    if size < 0:
        return None
    return _Frame(kind, size * 2 if kind in _DOUBLED else size)


def _whole(frame: _Frame) -> Reply:
    if frame.kind == _PUSH:
        return Push(frame.items)
    if frame.kind == _MAP:
        return {_hashable(k): v for k, v in zip(frame.items[::2], frame.items[1::2], strict=True)}
    if frame.kind == _ATTRIBUTE:
        return _Dropped()
    return frame.items


def _hashable(key: Reply) -> Reply:
    if isinstance(key, (bytes, int, float, bool)) or key is None:
        return key
    raise ProtocolError("a key of a map is not a simple value")


def _size(line: bytes, cap: int) -> int:
    if line[1:] == b"-1":
        return -1
    digits = line[1:]
    if not digits.isdigit():
        raise ProtocolError("not a length")
    if len(digits) > len(str(cap)) or int(digits) > cap:
        raise ProtocolError("larger than the cap")
    return int(digits)


def _simple(kind: int, line: bytes) -> Reply:
    text = line[1:]
    if kind == _STRING:
        return text
    if kind == _ERROR:
        return ReplyError(text.decode("utf-8", "replace"))
    if kind in (_NUMBER, _BIG):
        return _integer(text)
    if kind == _DOUBLE:
        return _double(text)
    if kind == _BOOL and text in (b"t", b"f"):
        return text == b"t"
    if kind == _NULL and not text:
        return None
    raise ProtocolError("unknown type byte")


def _integer(text: bytes) -> int:
    sign = text[:1] in (b"-", b"+")
    if not text[sign:].isdigit() or len(text) > MAX_NUMBER:
        raise ProtocolError("not a number")
    return int(text)


def _double(text: bytes) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ProtocolError("not a double") from error


def pack(*words: str | bytes | int) -> bytes:
    """Return one command as it goes over the wire."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)
