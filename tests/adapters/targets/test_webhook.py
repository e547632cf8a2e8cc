"""Signed webhooks: believed by the standard's own library, sent only where they may go, the same for every attempt."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from standardwebhooks import Webhook as Standard

from opsbot.adapters.targets.webhook import signed
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.workbench.targets.play import Kind
from opsbot.workbench.targets.receiver import SECRET
from tests.support.targets import at_receiver, client, hook, post, saying

KINDS: tuple[Kind, ...] = (
    *("500_after", "timeout_after", "cut_after"),
    *("500", "429", "cut", "timeout"),
)
OTHER = "whsec_" + base64.b64encode(b"another-secret-of-32-bytes-bbbbb").decode()


@asynccontextmanager
async def answering(status: int, *headers: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Give the address of a server that answers everything alike, and what it heard."""
    lines = [f"HTTP/1.1 {status} x", "content-length: 0", "connection: close", *headers, "", ""]
    async with saying(["\r\n".join(lines).encode()]) as there:
        yield f"{there.url}/hook", there.requests


async def test_the_standards_own_library_believes_it() -> None:
    async with at_receiver() as at:
        await at.publisher.publish(post(1), attempt=1)

        (call,) = at.there.app.calls
        read = Standard(SECRET).verify(call.raw, dict(call.headers))
        assert read["type"] == "comms.message.published"
        assert read["data"]["texts"] == dict(post(1).texts)


async def test_a_receiver_reads_all_that_it_needs_and_nothing_of_ours() -> None:
    async with at_receiver() as at:
        first = await at.publisher.publish(post(1, next_ms=1_800_000_000_000), attempt=1)
        right = post(2, stage="correction", corrects=first.handle)
        await at.publisher.publish(right, attempt=1)

        begun, corrected = at.there.taken.values()
        assert begun["data"]["components"] == ["Refund helper"]
        assert begun["data"]["next_update_at"] == "2027-01-15T08:00:00Z"
        assert (begun["data"]["corrects"], begun["data"]["message"]) == (None, "MSG-1")
        assert corrected["type"] == "comms.message.corrected"
        assert corrected["data"]["corrects"] == first.handle["id"]
        assert begun["data"]["incident"] == corrected["data"]["incident"]
        assert "inc-1" not in json.dumps(begun)
        assert "comms:u-" not in json.dumps(begun)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_second_attempt_has_the_same_id_and_body_so_that_it_is_taken_once(
    kind: Kind,
) -> None:
    async with at_receiver() as at:
        at.there.app.faults.fail("*", kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(1), attempt=2)

        assert len(at.there.taken) == 1
        assert len({call.headers["webhook-id"] for call in at.there.app.calls}) == 1
        assert len({call.raw for call in at.there.app.calls}) == 1


async def test_while_a_secret_is_changed_either_one_is_good() -> None:
    async with at_receiver(OTHER, SECRET) as at:
        await at.publisher.publish(post(1), attempt=1)

        (call,) = at.there.app.calls
        assert call.headers["webhook-signature"].count("v1,") == 2
        for secret in (SECRET, OTHER):
            Standard(secret).verify(call.raw, dict(call.headers))


async def test_a_wrong_secret_names_its_setting() -> None:
    async with at_receiver(OTHER) as at:
        with pytest.raises(GiveUp, match="see OPSBOT_COMMS_WEBHOOK_SECRETS"):
            await at.publisher.publish(post(1), attempt=1)

        assert at.there.taken == {}


def test_the_signature_is_the_standards_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    made = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [key])

    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://169.254.169.254/latest", "nothing is ever sent"),
        ("https://[::ffff:169.254.169.254]/", "nothing is ever sent"),
        ("https://2852039166/", "nothing is ever sent"),
        ("https://[64:ff9b::a9fe:a9fe]/", "nothing is ever sent"),
        ("https://10.0.0.1/hook", "is not on the internet"),
        ("https://[::ffff:10.0.0.1]/hook", "is not on the internet"),
        ("https://0x7f000001/hook", "is not on the internet"),
        ("https://localhost/hook", "is not on the internet"),
    ],
)
async def test_nothing_is_sent_inside(url: str, why: str) -> None:
    async with client() as made:
        inside = hook(url, made, allowed="metadata.example")

        with pytest.raises(GiveUp, match=why):
            await inside.publish(post(1), attempt=1)


async def test_a_metadata_address_is_never_sent_to_even_where_somebody_allows_it() -> None:
    async with client() as made:
        inside = hook("https://169.254.169.254/", made, allowed="169.254.0.0/16")

        with pytest.raises(GiveUp, match="nothing is ever sent"):
            await inside.publish(post(1), attempt=1)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/hook", "must begin with https"),
        ("http://10.0.0.1/hook", "must begin with https"),
        ("ftp://example.com/hook", "is no https:// URL"),
        ("https://user:word@example.com/hook", "may hold no password"),
        ("https://[::1/hook", "is no URL"),
        ("/hook", "is no https:// URL"),
        ("https://example.com/\r\nX-Evil: 1", "holds a blank, or a sign that nobody sees"),
        ("https://example.com/a b", "holds a blank"),
        ("https://exa\u200bmple.com/", "a sign that nobody sees"),
        ("https://xn--\u00df-.example/hook", "is no URL"),
    ],
)
async def test_an_address_that_is_none_for_a_webhook_is_refused(url: str, why: str) -> None:
    async with client() as made:
        with pytest.raises(GiveUp, match=why):
            hook(url, made)


async def test_a_name_is_looked_up_once_and_its_checked_number_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def rebinding(host: str, port: int, **given: int) -> object:
        asked.append(host)
        number = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return await real(number, port, **given)

    async with answering(200) as (url, heard), client() as made:
        named = hook(url.replace("127.0.0.1", "localhost"), made)
        monkeypatch.setattr(loop, "getaddrinfo", rebinding)

        await named.publish(post(1), attempt=1)

        assert asked == ["localhost"]
        assert b"host: localhost:" in heard[0].lower()


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (301, "leads elsewhere"),
        (302, "leads elsewhere"),
        (400, "refuses the message: it answered 400"),
        (403, "refuses the signature"),
        (410, "wants no more messages"),
    ],
)
async def test_a_no_is_said_in_words_and_a_redirect_is_not_followed(status: int, why: str) -> None:
    headers = ("location: http://169.254.169.254/",)
    async with answering(status, *headers) as (url, heard), client() as made:
        with pytest.raises(GiveUp, match=why):
            await hook(url, made).publish(post(1), attempt=1)

        assert len(heard) == 1


@pytest.mark.parametrize(("said", "after_s"), [("7", 7), ("99999", 300), ("soon", None)])
async def test_a_server_that_asks_to_wait_is_waited_for(said: str, after_s: float | None) -> None:
    async with answering(503, f"retry-after: {said}") as (url, _), client() as made:
        with pytest.raises(RetryLater) as later:
            await hook(url, made).publish(post(1), attempt=1)

        assert later.value.after_s == after_s


async def test_a_name_that_is_not_known_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with client() as made:
        with pytest.raises(RetryLater, match="no connection"):
            await hook(f"http://127.0.0.1:{port}/", made).publish(post(1), attempt=1)
        with pytest.raises(RetryLater, match="has no address now"):
            await hook("https://nothing.invalid/", made).publish(post(1), attempt=1)
