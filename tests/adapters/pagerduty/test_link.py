"""The way to PagerDuty: late import, threads of its own, a deadline, and nothing left behind."""

import asyncio
import subprocess
import sys
import threading
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from opsbot.adapters.pagerduty.answer import Answer, settled
from opsbot.adapters.pagerduty.link import THREADS, Account, Door, Kind, Link, open_link
from opsbot.adapters.pagerduty.orders import alert_form, incident_form
from opsbot.app.paging.port import AlertEvent, PageOrder, PagingUnreachable
from opsbot.app.paging.port import Link as Address
from opsbot.app.ports import GiveUp, RetryLater
from tests.support.wait import eventually

ACCOUNT = Account(key="k-secret", sender="bot@example.com", routing_key="r-secret")
TEXT = st.text(max_size=40) | st.text(min_size=900, max_size=1200)


@dataclass
class Slow:
    """A client that answers when it is let."""

    go: threading.Event = field(default_factory=threading.Event)
    names: list[str] = field(default_factory=list)
    closed: int = 0

    def ask(self, method: str, path: str, **given: object) -> Answer:
        """Wait, then say yes."""
        self.names.append(threading.current_thread().name)
        self.go.wait(10)
        return Answer(200, {})

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    def make(self, account: Account, kind: Kind) -> Door:
        """Return this very client."""
        return self


def test_the_package_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, opsbot.adapters.pagerduty.paging, opsbot.adapters.pagerduty.webhook;"
        "print([m for m in ('pagerduty', 'httpx2') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


async def test_what_hangs_takes_its_own_threads_and_no_others() -> None:
    slow = Slow()
    async with open_link(ACCOUNT, make=slow.make) as link, asyncio.TaskGroup() as group:
        asked = [group.create_task(link.get("reading", "/users")) for _ in range(3 * THREADS)]
        await eventually(lambda: len(slow.names) == THREADS)
        other = await asyncio.to_thread(lambda: "free")
        slow.go.set()

    assert other == "free"
    assert len([one.result() for one in asked]) == 3 * THREADS
    assert {name.partition("_")[0] for name in slow.names} == {"pagerduty"}
    assert len(set(slow.names)) == THREADS


async def test_a_call_that_finds_no_thread_is_over_in_time_and_is_never_sent() -> None:
    slow = Slow()
    async with open_link(ACCOUNT, make=slow.make, call_s=0.2) as link:
        found = await asyncio.gather(
            *[link.get("reading", "/users") for _ in range(2 * THREADS)], return_exceptions=True
        )
        slow.go.set()

    assert {type(one) for one in found} == {PagingUnreachable}
    assert len(slow.names) == THREADS


async def test_one_client_of_each_kind_serves_and_is_closed() -> None:
    slow, made = Slow(), list[Kind]()
    slow.go.set()

    def make(account: Account, kind: Kind) -> Door:
        made.append(kind)
        return slow

    async with open_link(ACCOUNT, make=make) as link:
        await asyncio.gather(*[link.get("reading", "/users") for _ in range(20)])
        await asyncio.gather(*[link.event("telling", "/v2/enqueue", {}) for _ in range(20)])

    assert sorted(made) == ["events", "rest"]
    assert slow.closed == 2


async def test_a_link_that_was_never_used_closes() -> None:
    async with open_link(ACCOUNT) as link:
        assert isinstance(link, Link)


def test_an_account_shows_no_secret() -> None:
    assert "secret" not in repr(ACCOUNT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("k-secret"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["error", "code", "message", "errors", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.integers(100, 599), JSON, st.text(max_size=9), st.text(max_size=9))
def test_every_answer_is_yes_later_or_never_and_tells_no_secret(
    status: int, said: object, reset: str, retry_after: str
) -> None:
    answer = Answer(status, said, reset=reset, retry_after=retry_after)

    why = refused(answer)

    assert bool(why) is not answer.ok
    assert "k-secret" not in why
    assert "\n" not in why


def refused(answer: Answer) -> str:
    """Return why an answer does not mean yes, empty where it does."""
    try:
        settled(answer, "opening the incident", secrets=("k-secret",))
    except (RetryLater, GiveUp) as why:
        return str(why)
    return ""


@given(TEXT, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=40))
def test_no_text_makes_a_request_that_pagerduty_would_not_take(
    title: str, details: str, url: str, values: dict[str, str]
) -> None:
    order = PageOrder("k", title, details, "PS", bridge_url=url)
    event = AlertEvent("k", title, details, details=values, links=(Address(url, title),))

    opened = incident_form(order, priority_id="").as_json()
    raised = alert_form(event).as_json()

    assert isinstance(opened["title"], str)
    assert 1 <= len(opened["title"]) <= 1024
    assert str(opened).encode()
    assert str(raised).encode()
