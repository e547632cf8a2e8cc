"""Run the model stub on a loopback port, in a thread of its own, for synchronous and asynchronous tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from opsbot.workbench.model_stub import ModelStub, create_app
from tests.support.wait import eventually_sync


@dataclass(frozen=True, slots=True)
class RunningStub:
    """A stub that listens: *url* is the base URL that SDKs take, without `/v1`."""

    stub: ModelStub
    url: str


@contextmanager
def running_stub() -> Iterator[RunningStub]:
    """Serve a new stub until the block ends; answers in progress are then cut."""
    stub = ModelStub()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        create_app(stub), log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        eventually_sync(lambda: server.started)
        yield RunningStub(stub, f"http://127.0.0.1:{port}")
    finally:
        stub.hold = False
        stub.silent_after = None
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
