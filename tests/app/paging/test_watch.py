"""The look every five minutes: sleeping webhooks are woken before the pages are read."""

from dataclasses import dataclass, field

from opsbot.app.paging.events import PagerEvents
from opsbot.app.paging.port import PagingUnreachable, WebhookHealth
from opsbot.app.paging.watch import WATCH_S, PagerWatch
from tests.support.pages import Pages
from tests.support.world import World

URL = "https://opsbot.example/pagerduty/webhooks"


@dataclass
class Asleep(Pages):
    """A PagerDuty of which one subscription fell asleep."""

    looked: list[str] = field(default_factory=list)

    async def webhooks_health(self, url: str) -> WebhookHealth:
        self._maybe()
        self.looked.append(url)
        return WebhookHealth(("S1", "S2"), asleep=("S2",))


def watch(world: World, pages: Pages, found: list[WebhookHealth], url: str = URL) -> PagerWatch:
    events = PagerEvents(world.env, world.outbox, pages)
    return PagerWatch(world.outbox, pages, events, url, found.append)


async def test_a_sleeping_subscription_is_woken_and_said() -> None:
    world, pages, found = World(), Asleep(), list[WebhookHealth]()

    await watch(world, pages, found)()

    assert pages.did == [("S2", "enable")]
    assert pages.looked == [URL]
    assert [one.asleep for one in found] == [("S2",)]


async def test_what_cannot_be_asked_is_asked_the_next_time() -> None:
    world, pages = World(), Asleep(fails=[PagingUnreachable("silent")])

    await watch(world, pages, [])()
    assert pages.did == []
    world.clock.later(WATCH_S)
    await watch(world, pages, [])()

    assert pages.did == [("S2", "enable")]


async def test_without_an_address_of_our_own_nothing_is_woken() -> None:
    world, pages = World(), Asleep()

    await watch(world, pages, [], url="")()

    assert pages.looked == []


async def test_one_look_in_five_minutes_serves_all_replicas() -> None:
    world, pages, found = World(), Asleep(), list[WebhookHealth]()

    await watch(world, pages, found)()
    world.clock.later(WATCH_S - 1)
    await watch(world, pages, found)()
    assert len(found) == 1
    world.clock.later(2)
    await watch(world, pages, found)()

    assert len(found) == 2
