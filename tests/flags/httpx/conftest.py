"""Give the guard's tests a model server, a declared workflow, and every way to call through it."""

from collections.abc import Iterator

import pytest

from opsflags.testing import FakeFlags
from opsflags.workflow import Workflow
from tests.flags.httpx.callers import CALLERS, Caller
from tests.support.model_stub import RunningStub, running_stub

RECORD = {
    "safe_state": "canned",
    "canned": "Our assistant is paused. A person will answer you.",
    "human_queue": {"text": "A person is taking over."},
    "tools": {"search_kb": "read", "issue_refund": "write"},
    "route": {
        "revision": "r1",
        "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
        "fallbacks": [{"provider": "openai", "model": "gpt-5-mini"}],
        "prompt": None,
        "params": {},
    },
}


@pytest.fixture(scope="session")
def _server() -> Iterator[RunningStub]:
    with running_stub() as running:
        yield running


@pytest.fixture
def model(_server: RunningStub) -> RunningStub:
    """Return the model server, with what it did for the test before forgotten."""
    fresh = type(_server.stub)()
    for name in fresh.__slots__:
        if name not in ("open", "hung_up"):
            setattr(_server.stub, name, getattr(fresh, name))
    return _server


@pytest.fixture
def flags() -> FakeFlags:
    """Return a switchboard that declares `support-copilot`."""
    fake = FakeFlags()
    fake.declare("support-copilot", RECORD)
    return fake


@pytest.fixture
def copilot(flags: FakeFlags) -> Workflow:
    """Return the handle of `support-copilot`."""
    return flags.workflow("support-copilot")


@pytest.fixture(params=CALLERS, ids=lambda made: made.name)
def caller(
    request: pytest.FixtureRequest, copilot: Workflow, model: RunningStub
) -> Iterator[Caller]:
    """Return each way to call a model: colour x library x client."""
    made: Caller = request.param(copilot, model.url)
    yield made
    made.close()
