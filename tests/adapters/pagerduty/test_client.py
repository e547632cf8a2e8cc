"""The package's clients as the bot sets them: every answer at once, each trap of theirs closed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pagerduty
import pytest

from opsbot.adapters.pagerduty import client as pagerduty_client
from opsbot.adapters.pagerduty.answer import NoAnswer
from opsbot.adapters.pagerduty.client import BOUNDS, Bounds, Door
from tests.support.paging import KEY, ROUTING_KEY, Script, said
from tests.support.store import free_port

AT_ONCE_S = 5.0


def rest(script: Script, bounds: Bounds = BOUNDS) -> Door:
    """Return the REST client over a script."""
    transport = httpx2.MockTransport(script.handle)
    url = "https://api.pagerduty.com"
    return pagerduty_client.rest(
        KEY, sender="bot@example.com", url=url, transport=transport, bounds=bounds
    )


def events(script: Script) -> Door:
    """Return the Events client over a script."""
    transport = httpx2.MockTransport(script.handle)
    url = "https://events.pagerduty.com"
    return pagerduty_client.events(ROUTING_KEY, url=url, transport=transport)


@contextmanager
def listener(*pieces: bytes, pause_s: float = 0.0, after_s: float = 0.0) -> Iterator[str]:
    """Serve a socket that says *pieces* to whoever connects; give its address."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.recv(65_536)
            for piece in pieces:
                client.sendall(piece)
                if over.wait(pause_s):
                    return
            over.wait(after_s)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        over.set()
        server.close()
        thread.join(timeout=5)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("make", [rest, events])
def test_a_failure_comes_back_at_once_and_is_asked_for_once(make: object, status: int) -> None:
    script = Script().answer("POST /v2/enqueue", said(status, {}))
    assert callable(make)
    door = make(script)
    began = time.monotonic()

    answer = door.ask("POST", "/v2/enqueue", json={})

    assert time.monotonic() - began < AT_ONCE_S
    assert (answer.status, len(script.heard)) == (status, 1)


def test_a_storm_of_429_never_sleeps() -> None:
    script = Script().answer("GET /incidents", said(429, {}, ratelimit_reset="7"))
    door = rest(script)
    began = time.monotonic()

    answers = [door.ask("GET", "/incidents") for _ in range(20)]

    assert time.monotonic() - began < AT_ONCE_S
    assert {answer.reset for answer in answers} == {"7"}


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (httpx2.ReadTimeout("secret"), "no answer in time"),
        (httpx2.ConnectError("secret"), "no connection"),
        (httpx2.RemoteProtocolError("secret"), "cut off"),
        (httpx2.DecodingError("secret"), "no answer"),
    ],
)
def test_a_write_that_got_no_answer_is_not_sent_again(error: Exception, word: str) -> None:
    script = Script().answer("POST /incidents", error)

    with pytest.raises(NoAnswer, match=word) as raised:
        rest(script).ask("POST", "/incidents", json={})

    assert len(script.heard) == 1
    assert "secret" not in str(raised.value)


def test_a_redirect_is_not_followed() -> None:
    script = Script().answer("GET /users", said(302, None, location="https://evil.example/"))

    answer = rest(script).ask("GET", "/users")

    assert (answer.status, len(script.heard)) == (302, 1)


def test_a_refused_key_is_an_answer_like_any_other() -> None:
    script = Script().answer("GET /users", said(401, {"error": {"code": 2006}}))

    answer = rest(script).ask("GET", "/users")

    assert (answer.status, answer.code) == (401, 2006)


def test_requests_carry_what_pagerduty_asks_for() -> None:
    script = Script().answer("POST /incidents", said(201, {}))

    rest(script).ask("POST", "/incidents", json={}, headers={"From": "mara@example.com"})

    heard = script.heard[0]
    assert heard.sender == "mara@example.com"
    assert heard.headers["authorization"] == f"Token token={KEY}"
    assert heard.headers["accept"] == "application/vnd.pagerduty+json;version=2"
    assert heard.headers["content-type"] == "application/json"


def test_events_carry_the_routing_key_in_their_body() -> None:
    script = Script().answer("POST /v2/enqueue", said(202, {}))

    events(script).ask("POST", "/v2/enqueue", json={"event_action": "trigger"})

    assert script.heard[0].said == {"event_action": "trigger", "routing_key": ROUTING_KEY}


def test_lists_travel_with_brackets() -> None:
    script = Script().answer("GET /oncalls", said(200, {}))

    rest(script).ask("GET", "/oncalls", params={"escalation_policy_ids[]": ["P1", "P2"]})

    assert script.heard[0].query == {"escalation_policy_ids[]": ["P1", "P2"]}


def test_an_answer_that_is_no_json_holds_nothing() -> None:
    script = Script().answer("GET /users", httpx2.Response(200, text="<html>"))

    assert rest(script).ask("GET", "/users").said is None


def test_nothing_is_counted_for_ever() -> None:
    script = Script().answer("GET /incidents/P1", said(200, {}))
    door = rest(script)

    door.ask("GET", "/incidents/P1")

    assert isinstance(door.client, pagerduty.RestApiV2Client)
    assert door.client.api_call_counts == {}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "https://api.eu.pagerduty.com/"],
)
def test_a_safe_address_is_taken(url: str) -> None:
    door = pagerduty_client.rest(KEY, sender="", url=url)

    assert door.client.url == url.rstrip("/")

    door.close()


@pytest.mark.parametrize(
    "url",
    ["http://api.pagerduty.com", "http://10.0.0.1", "ftp://x", "", "https://u:p@h", "https://h/?a"],
)
def test_a_key_is_never_sent_in_the_clear(url: str) -> None:
    with pytest.raises(pagerduty.UrlError):
        pagerduty_client.rest(KEY, sender="", url=url)

    with pytest.raises(pagerduty.UrlError):
        pagerduty_client.events(ROUTING_KEY, url=url)


def test_nobody_listens_is_known_at_once() -> None:
    door = pagerduty_client.rest(KEY, sender="", url=f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()

    with pytest.raises(NoAnswer, match="no connection"):
        door.ask("GET", "/users")

    assert time.monotonic() - began < AT_ONCE_S
    door.close()


def test_a_server_that_hangs_is_left_after_its_timeout() -> None:
    with listener(after_s=30) as url:
        door = pagerduty_client.rest(KEY, sender="", url=url)
        door.client.timeout = httpx2.Timeout(0.2)  # type: ignore[assignment]  # as the module does

        with pytest.raises(NoAnswer, match="no answer in time"):
            door.ask("POST", "/incidents", json={})

        door.close()


def test_an_answer_that_never_ends_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
    with listener(head, *[b"x"] * 900, pause_s=0.02) as url:
        bounds = Bounds(whole_s=0.2)
        door = pagerduty_client.rest(KEY, sender="", url=url, bounds=bounds)

        with pytest.raises(NoAnswer, match="no answer in time"):
            door.ask("GET", "/users")

        door.close()


def test_an_answer_too_large_to_read_is_given_up() -> None:
    script = Script().answer(
        "GET /users", lambda _: httpx2.Response(200, content=iter([b"x" * 11]))
    )

    with pytest.raises(NoAnswer, match="cut off"):
        rest(script, Bounds(largest=10)).ask("GET", "/users")


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    with listener(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{") as url:
        door = pagerduty_client.rest(KEY, sender="", url=url)

        with pytest.raises(NoAnswer, match="cut off"):
            door.ask("POST", "/incidents", json={})

        door.close()


def test_the_settings_are_those_that_were_thought_of() -> None:
    for door in (rest(Script()), events(Script())):
        client = door.client

        assert client.retry == {429: 1}
        assert (client.max_network_attempts, client.max_http_attempts) == (0, -1)
        assert repr(client.timeout) == "Timeout(connect=2.0, read=5.0, write=5.0, pool=5.0)"
