"""The floor beside a commit writes what the commit writes: the same commands, as many bytes."""

from collections.abc import Iterator
from select import POLLIN, poll

import pytest

from opsbot.bench import alike, subject
from opsbot.bench.propagation import FIRST, opened
from opsbot.bench.server import Connection, private_server
from opsbot.bench.subject import Switchboard, Words
from opsbot.domain.change import Change
from opsflags.model import Scope
from opsflags.resp import pack

WRITES = ("hset", "hdel", "rpush", "xadd", "zadd", "zrem", "set", "publish")
LISTENERS = 300


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with private_server() as port, Connection(port) as found:
        yield found


@pytest.fixture
def board(connection: Connection) -> Switchboard:
    connection.ask("FLUSHALL")
    return opened(connection, "bench")


def changes(board: Switchboard) -> Iterator[Change]:
    struck = subject.kill(1, Scope(workflow=subject.WORKFLOW), board.next)
    yield subject.killing(struck)
    yield subject.restoring(struck, board.next)


def logged_bytes(connection: Connection) -> int:
    told = connection.ask("INFO", "persistence")
    assert isinstance(told, bytes)
    fields = dict(line.split(b":", 1) for line in told.splitlines() if b":" in line)
    return int(fields[b"aof_current_size"])


def calls(connection: Connection) -> dict[str, int]:
    told = connection.ask("INFO", "commandstats")
    assert isinstance(told, bytes)
    lines = [line.removeprefix("cmdstat_") for line in told.decode().splitlines() if ":" in line]
    return {
        name: int(said.split(",")[0].removeprefix("calls="))
        for name, _, said in (line.partition(":") for line in lines)
        if name in WRITES
    }


def written_alike(connection: Connection, words: Words) -> None:
    data, answers = alike.packed(words, "floor")
    connection.exchange(data, answers=answers)


def test_it_makes_the_writes_of_the_commit_and_as_many_bytes(board: Switchboard) -> None:
    connection = board.connection
    for change in changes(board):
        words = board.prepare(change)
        before = logged_bytes(connection)
        connection.ask("CONFIG", "RESETSTAT")
        board.accept(words, connection.ask(*words))
        committed, of_commit = calls(connection), logged_bytes(connection) - before

        connection.ask("CONFIG", "RESETSTAT")
        written_alike(connection, words)
        of_floor = logged_bytes(connection) - before - of_commit

        assert calls(connection) == committed
        assert abs(of_floor - of_commit) < 0.05 * of_commit


def test_it_leaves_the_environment_as_it_was(board: Switchboard) -> None:
    words = board.prepare(next(changes(board)))
    journal = board.connection.ask("LRANGE", board.keys.journal, 0, -1)

    written_alike(board.connection, words)

    assert board.connection.ask("LRANGE", board.keys.journal, 0, -1) == journal
    board.accept(words, board.connection.ask(*words))


def test_every_client_is_told_of_a_commit_before_the_bot_is_answered(board: Switchboard) -> None:
    listeners = [Connection(board.connection.port) for _ in range(LISTENERS)]
    heard = poll()
    for listener in listeners:
        listener.ask("SUBSCRIBE", board.keys.channel)
        heard.register(listener, POLLIN)
    words = board.prepare(next(changes(board)))

    _, answer = board.connection.exchange(FIRST + pack(*words), answers=2)

    assert len(heard.poll(0)) == LISTENERS
    board.accept(words, answer)
    for listener in listeners:
        listener.close()


def test_texts_in_a_list_are_counted_without_reading_them(connection: Connection) -> None:
    connection.ask("FLUSHALL")
    assert connection.count("HVALS", "acks", b'"x":7,') == 0
    for number in range(200):
        connection.ask("HSET", "acks", f"i-{number}", f'{{"x":{number % 10},"more":"{"." * 900}"}}')

    assert connection.count("HVALS", "acks", b'"x":7,') == 20
