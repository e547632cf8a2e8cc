"""Answers of vendors: bounded, believed only where they are what was asked for, and never shown with a key in them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from opsbot.adapters.targets.http import Api, Pace, Vendor
from opsbot.app.ports import GiveUp, RetryLater
from tests.support.store import free_port
from tests.support.targets import client, saying

KEY = "k-0123456789"


@asynccontextmanager
async def vendor(raw: bytes, *, drip: bool = False, deadline_s: float = 5.0) -> AsyncIterator[Api]:
    """Give the way to a server that answers everything with these bytes, at once or one by one."""

    pieces = [raw[at : at + 1] for at in range(len(raw))] if drip else [raw]
    async with saying(pieces, 0.02 if drip else 0.0) as there, client() as made:
        yield api(there.url, made, deadline_s)


def api(url: str, made: httpx.AsyncClient, deadline_s: float = 5.0) -> Api:
    """Return the way to a vendor."""
    known = Vendor("Vendor", url, f"Bearer {KEY}", KEY, "OPSBOT_KEY", "OPSBOT_URL")
    return Api(known, lambda: made, deadline_s=deadline_s)


def said(status: int, body: bytes, *headers: str) -> bytes:
    """Return an answer as it travels."""
    lines = [f"HTTP/1.1 {status} x", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'"x"', b"[" * 100_000])
async def test_an_answer_that_is_no_object_may_have_been_done(body: bytes) -> None:
    async with vendor(said(200, body)) as there:
        with pytest.raises(RetryLater, match="answer is not understood"):
            await there.done("writing", "POST", "/x", body={})


async def test_an_answer_without_end_is_cut() -> None:
    async with vendor(said(200, b"x" * 1_000_001)) as there:
        with pytest.raises(RetryLater, match="the answer was cut off"):
            await there.done("writing", "POST", "/x", body={})


async def test_an_answer_that_comes_byte_by_byte_is_not_waited_for() -> None:
    async with vendor(said(200, b"{" + b" " * 500), drip=True, deadline_s=0.3) as there:
        with pytest.raises(RetryLater, match="no answer in time"):
            await there.done("writing", "POST", "/x", body={})


async def test_nobody_there_is_said() -> None:
    async with client() as made:
        with pytest.raises(RetryLater, match=r"was not reached \(writing\): no connection"):
            await api(f"http://127.0.0.1:{free_port()}", made).done("writing", "POST", "/x")


async def test_a_redirect_gets_no_key_and_names_the_setting() -> None:
    async with vendor(said(301, b"", "location: https://evil.example/")) as there:
        with pytest.raises(GiveUp, match="no key is sent: see OPSBOT_URL"):
            await there.done("writing", "POST", "/x", body={})


@pytest.mark.parametrize(
    "body",
    [
        {"error": [f"bad {KEY}", "at https://x.example/secret"]},
        {"message": f"bad {KEY}: at https://x.example/secret"},
        {"errors": [{"message": f"bad {KEY}"}, {"message": "at https://x.example/secret\n\u202e"}]},
    ],
)
async def test_what_it_says_is_shown_as_one_harmless_line(body: object) -> None:
    async with vendor(said(422, json.dumps(body).encode())) as there:
        with pytest.raises(GiveUp) as no:
            await there.done("writing", "POST", "/x", body={})

    assert str(no.value) == "Vendor refuses (writing): bad (key): at \u2026"


@pytest.mark.parametrize(
    ("status", "rest", "after_s"),
    [
        (420, "", 10),
        (429, "7", 7),
        (429, "0", 0.5),
        (429, "9999", 300),
        (503, "3", 3),
        (500, "", None),
    ],
)
async def test_it_is_waited_for_as_long_as_it_says(
    status: int, rest: str, after_s: float | None
) -> None:
    async with vendor(said(status, b"", f"retry-after: {rest}")) as there:
        with pytest.raises(RetryLater) as later:
            await there.done("writing", "POST", "/x", body={})

    assert later.value.after_s == after_s


def test_a_pace_counts_what_was_sent_within_its_window() -> None:
    now = 0.0
    pace = Pace(lambda: now, most=2, window_s=60)

    first = [pace.take(), pace.take(), pace.take()]
    now = 59.0
    held = pace.take()
    now = 60.0
    again = pace.take()

    assert (first, held, again) == ([0.0, 0.0, 60.0], 1.0, 0.0)


def test_a_key_is_not_shown() -> None:
    assert KEY not in repr(Vendor("V", "u", f"Bearer {KEY}", KEY, "S", "U"))
