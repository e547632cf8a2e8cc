"""What is measured is what the bot sends: the same words, taken by the same commit function."""

from collections.abc import Iterator

import pytest

from opsbot.adapters.redis.functions import commit_call
from opsbot.bench import subject
from opsbot.bench.propagation import opened
from opsbot.bench.server import Connection, NotTaken, private_server
from opsbot.bench.subject import Switchboard
from opsbot.domain import journal
from opsbot.domain.kill import Kill
from opsflags import keys
from opsflags.model import Scope


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with private_server() as found:
        yield found


@pytest.fixture
def connection(port: int) -> Iterator[Connection]:
    with Connection(port) as found:
        found.ask("FLUSHALL")
        yield found


@pytest.fixture
def board(connection: Connection) -> Switchboard:
    return opened(connection, "bench")


def struck(board: Switchboard) -> Kill:
    return subject.kill(1, Scope(workflow=subject.WORKFLOW), board.next)


def test_a_commit_has_the_words_that_the_bot_sends(board: Switchboard) -> None:
    kill = struck(board)

    for change in (subject.killing(kill), subject.restoring(kill, board.next)):
        words = board.prepare(change)
        assert words == commit_call(board.keys, change, subject.line_in(words))


def test_a_kill_and_its_restore_go_through_the_real_commit(board: Switchboard) -> None:
    kill = struck(board)

    board.commit(subject.killing(kill))
    killed = board.connection.ask("HGETALL", board.keys.state_of(keys.KILLS))
    board.commit(subject.restoring(kill, board.next))

    lines = board.connection.ask("LRANGE", board.keys.journal, 0, -1)
    assert isinstance(lines, list)
    assert isinstance(killed, dict)
    assert list(killed) == [b"K-1"]
    assert board.connection.ask("HGETALL", board.keys.state_of(keys.KILLS)) == {}
    assert journal.verify(line.decode() for line in lines).head == board.state.head


def test_the_delta_is_found_among_the_words(board: Switchboard) -> None:
    words = board.prepare(subject.killing(struck(board)))

    assert subject.delta_in(words).startswith('{"e":')
    assert '"kills":{"K-1"' in subject.delta_in(words)


def test_a_commit_past_another_is_not_taken(board: Switchboard) -> None:
    change = subject.killing(struck(board))
    late = board.prepare(change)
    board.commit(change)

    with pytest.raises(NotTaken, match="conflict"):
        board.accept(late, board.connection.ask(*late))


def test_an_error_of_the_server_is_raised(connection: Connection) -> None:
    with pytest.raises(NotTaken, match="unknown command"):
        connection.ask("NONSENSE")


def test_the_private_server_is_as_durable_as_the_bot_demands(connection: Connection) -> None:
    told = connection.ask("CONFIG", "GET", "append*")

    assert isinstance(told, dict)
    assert (told[b"appendonly"], told[b"appendfsync"]) == (b"yes", b"always")
