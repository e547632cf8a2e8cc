"""One delivery at a time works on what a key names, also where both are this replica's."""

import asyncio
from collections.abc import Awaitable
from typing import cast

import pytest

from opsbot.app.one_at_a_time import OneAtATime
from opsbot.app.ports import Outbox, RetryLater
from tests.support.wait import eventually


class Claims:
    """A store that answers late, and gives one replica the same claim twice."""

    def __init__(self, *, given: bool = True) -> None:
        self.given = given
        self.asked = 0
        self.answer = asyncio.Event()

    async def claim(self, what: str, *, ttl_s: float) -> bool:
        """Answer once the test lets it."""
        self.asked += 1
        await self.answer.wait()
        return self.given


def _alone(claims: Claims) -> OneAtATime:
    return OneAtATime(cast(Outbox, claims))  # claims are all that it asks for


async def test_two_deliveries_that_ask_for_a_claim_at_once_do_not_both_work() -> None:
    claims = Claims()
    alone, worked = _alone(claims), list[str]()

    async def work(name: str) -> None:
        async with alone.on("key"):
            worked.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(work("first"))
        second = group.create_task(_refused(work("second")))
        await eventually(lambda: claims.asked == 2 or second.done())
        claims.answer.set()

    assert second.result()
    assert worked == ["first"]


async def test_what_another_replica_holds_is_free_again_here_once_it_is_given_back() -> None:
    claims = Claims(given=False)
    claims.answer.set()
    alone = _alone(claims)
    with pytest.raises(RetryLater, match="it is being done"):
        async with alone.on("key"):
            pass
    claims.given = True

    async with alone.on("key"):
        worked = True

    assert worked


async def _refused(work: Awaitable[None]) -> bool:
    try:
        await work
    except RetryLater:
        return True
    return False
