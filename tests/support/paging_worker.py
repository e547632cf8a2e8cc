"""A worker for tests to kill: opens incidents and writes notes until all are there, again from the start."""

import asyncio
import sys

from opsbot.adapters.clock import SystemClock
from opsbot.adapters.pagerduty.link import Account
from opsbot.adapters.pagerduty.paging import PagerDuty, open_pagerduty
from opsbot.app.paging.port import PageOrder
from opsbot.app.ports import RetryLater


async def one(port: PagerDuty, nth: int, service: str) -> None:
    """Open one incident and write two notes, however often that takes."""
    order = PageOrder(f"opsbot:test:INC-{nth}", f"Incident {nth}", "Killed on purpose.", service)
    left = ["open", "a", "b"]
    page = ""
    while left:
        try:
            if left[0] == "open":
                page = (await port.open(order)).id
            else:
                await port.note(page, "Noted.", marker=f"[opsbot n-{nth}{left[0]}]", sender="")
        except RetryLater:
            continue
        del left[0]


async def work(account: Account, service: str, count: int) -> None:
    """Do all of them, several at a time."""
    async with open_pagerduty(account, SystemClock()) as port, asyncio.TaskGroup() as group:
        for nth in range(count):
            group.create_task(one(port, nth, service))


if __name__ == "__main__":
    url, key, sender, service, count = sys.argv[1:]
    asyncio.run(work(Account(key, sender, "", url, url), service, int(count)))
    sys.stdout.write("done\n")
