"""A pool that, once closed, leaves no connection open, whoever was using or making one."""

from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected


class FinalPool(ConnectionPool):
    """
    Closed for good by `aclose`; redis-py's own pool goes on lending after it.

    A client is dropped while other tasks are connecting through it. What they make comes back after
    the close, and nobody would close that again. And redis-py closes a pool in tasks of its own,
    which a cancellation stops before they began.
    """

    def __init__(self, **words: Any) -> None:
        """Take what redis-py's pool takes."""
        super().__init__(**words)
        self.closed = False

    async def get_connection(  # type: ignore[explicit-override]  # typing.override came with 3.12
        self, command_name: str | None = None, *keys: Any, **options: Any
    ) -> AbstractConnection:
        """
        Lend a connection.

        Raises:
            ConnectionError: the pool was closed, before or while this one was made.
        """
        self._refuse_if_closed()
        lent: AbstractConnection = await super().get_connection()  # type: ignore[no-untyped-call]  # redis-py's gap
        try:
            self._refuse_if_closed()
        except Disconnected:
            await self.release(lent)
            raise
        return lent

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise Disconnected("this client was dropped")

    async def release(self, connection: AbstractConnection) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Take a connection back; closed at once where the pool is."""
        if self.closed:
            await connection.disconnect(nowait=True)
        await super().release(connection)

    async def aclose(self) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Close every connection, also when this is cancelled; wait for the idle ones' end."""
        self.closed = True
        try:
            self._break_used()
            await self._on_close()
            await super().disconnect(inuse_connections=False)
        finally:
            self.drop()

    def drop(self) -> None:
        """Close every connection at once; nothing is waited for, so nothing can cancel it."""
        self.closed = True
        self._break_used()
        for connection in self._available_connections:
            connection._close()  # type: ignore[no-untyped-call]  # noqa: SLF001 - redis-py's own, for where nobody can wait

    def _break_used(self) -> None:
        # Broken below redis-py: its `disconnect` takes the stream away from under whoever is using
        # it, who then fails with an AttributeError. They get an error now and give it back to us.
        for connection in list(self._in_use_connections):
            writer = connection._writer  # noqa: SLF001 - the only way to its transport
            if writer is not None:
                writer.transport.abort()


class FinalClient(Redis):
    """
    A client that is closed once its block is left, whatever happens on the way out.

    redis-py waits for locks before it closes its pool, and a second cancellation ends it there.
    """

    async def __aexit__(self, *error: object) -> None:  # type: ignore[explicit-override]  # typing.override came with 3.12
        """Leave the block; the pool is closed even where this is cancelled."""
        try:
            await super().__aexit__(*error)  # type: ignore[no-untyped-call]  # redis-py's gap
        finally:
            self._drop()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # type: ignore[explicit-override]  # noqa: FBT001 - redis-py's own words
        """Close the client; its pool as well, even where this is cancelled."""
        try:
            await super().aclose(close_connection_pool)
        finally:
            self._drop()

    def _drop(self) -> None:
        if isinstance(self.connection_pool, FinalPool):
            self.connection_pool.drop()


def new_client(**words: Any) -> Redis:
    """
    Return a client with a `FinalPool` of its own that never repeats a question by itself.

    A retry without a request id does things twice. *words* are those of redis-py's pool.
    """
    # Clients and the kill-only credential write bytes of their own: what is no text must not raise here.
    text = {"decode_responses": True, "encoding_errors": "replace"}
    common = {**text, "retry": Retry(NoBackoff(), 0)}
    return FinalClient.from_pool(FinalPool(**common, **words))
