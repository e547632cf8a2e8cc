"""How an account stands: what is well, what is not, and what could not be asked, each in words."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx2
import pytest

from opsbot.app.paging.port import Finding, PagingUnauthorised, Place, WebhookHealth
from opsbot.domain.pager_event import WANTED
from tests.support.paging import ACCOUNT, KEY, Script, error, paging, said

ABILITIES, HOOKS = "GET /abilities", "GET /webhook_subscriptions"
URL = "https://opsbot.example/pagerduty/webhooks"


def well(*, apart_s: float = 0.0) -> Script:
    """Return an account in which everything is well; its clock is *apart_s* behind."""
    now = datetime.fromtimestamp(datetime.now(UTC).timestamp() - apart_s, UTC)
    date = format_datetime(now, usegmt=True)
    abilities = {"abilities": ["teams", "urgencies", "coordinated_responding"]}
    users = [{"id": "PBOT", "name": "Opsbot", "email": "Bot@example.com"}]
    return (
        Script()
        .answer(ABILITIES, said(200, abilities, date=date))
        .answer("GET /users", said(200, {"users": users}))
        .answer("GET /priorities", said(200, {"priorities": [{"id": "P1", "name": "P1"}]}))
    )


async def looked(script: Script, **account: str) -> dict[str, Finding]:
    """Return the findings by name."""
    async with paging(script, replace(ACCOUNT, **account)) as port:
        return {one.name: one for one in await port.check()}


async def test_a_good_account_is_well_and_nothing_was_written() -> None:
    script = well()

    found = await looked(script)

    assert {name: one.ok for name, one in found.items()} == dict.fromkeys(
        ("key", "clock", "sender", "priorities", "abilities", "routing key"), True
    )
    assert found["sender"].says == "Opsbot (PBOT)"
    assert {one.method for one in script.heard} == {"GET"}


async def test_a_refused_key_is_the_one_thing_to_say() -> None:
    found = await looked(Script().answer(ABILITIES, error(401)))

    assert list(found) == ["key", "routing key"]
    assert found["key"].ok is False
    assert "refuses the key" in found["key"].says
    assert KEY[-4:] not in found["key"].says


async def test_a_pagerduty_that_does_not_answer_is_said() -> None:
    found = await looked(Script().answer(ABILITIES, httpx2.ConnectError("x")))

    assert found["key"].ok is False
    assert "no connection" in found["key"].says


async def test_a_sender_who_is_nobody_is_named() -> None:
    found = await looked(well(), sender="nobody@example.com")

    assert found["sender"].ok is False
    assert "OPSBOT_PAGERDUTY_FROM" in found["sender"].says


async def test_an_account_without_priorities_is_no_fault() -> None:
    found = await looked(well().answer("GET /priorities", error(402, code=2014)))

    assert found["priorities"].ok is None


async def test_what_could_not_be_asked_is_a_finding() -> None:
    script = well().answer("GET /users", said(503)).answer("GET /priorities", said(503))

    found = await looked(script)

    assert (found["sender"].ok, found["priorities"].ok) == (False, False)


@pytest.mark.parametrize(("apart_s", "ok"), [(5, True), (-5, True), (120, False), (-120, False)])
async def test_clocks_that_differ_are_named(apart_s: float, *, ok: bool) -> None:
    found = await looked(well(apart_s=apart_s))

    assert found["clock"].ok is ok
    assert ("ahead of" if apart_s > 0 else "behind") in found["clock"].says


async def test_an_account_that_does_not_tell_its_time_is_no_fault() -> None:
    script = well().answer(ABILITIES, said(200, {"abilities": []}))

    found = await looked(script)

    assert (found["clock"].ok, found["abilities"].ok) == (None, None)
    assert "coordinated_responding" in found["abilities"].says


@pytest.mark.parametrize(("key", "ok"), [("", None), ("short", False), ("A" * 32, True)])
async def test_a_routing_key_is_judged_by_its_form(key: str, *, ok: bool | None) -> None:
    found = await looked(well(), routing_key=key)

    assert found["routing key"].ok is ok


async def test_without_a_key_nothing_is_asked() -> None:
    script = well()

    found = await looked(script, key="")

    assert found["key"].ok is None
    assert script.heard == []


async def test_services_and_policies_are_found_or_not() -> None:
    service = {
        "id": "PS",
        "name": "Support",
        "status": "disabled",
        "escalation_policy": {"id": "PE"},
    }
    script = Script().answer("GET /services/PS", said(200, {"service": service}))
    script.answer("GET /services/PX", error(404)).answer("GET /escalation_policies/PX", error(404))
    policy = {"escalation_policy": {"id": "PE", "summary": "Primary"}}
    script.answer("GET /escalation_policies/PE", said(200, policy))
    async with paging(script) as port:
        found = [await port.service("PS"), await port.policy("PE")]
        missing = [await port.service("PX"), await port.policy("PX")]

    assert found == [Place("PS", "Support", active=False, policy="PE"), Place("PE", "Primary")]
    assert missing == [None, None]


def subscription(
    nth: int,
    *,
    url: str = URL,
    asleep: bool | None = None,
    active: bool = True,
    events: object = None,
) -> dict[str, object]:
    """Return a subscription as PagerDuty says it."""
    return {
        "id": f"PW{nth}",
        "active": active,
        "delivery_method": {"url": url, "temporarily_disabled": asleep, "secret": None},
        "events": list(WANTED) if events is None else events,
    }


@pytest.mark.parametrize(
    ("subscriptions", "health"),
    [
        ([], WebhookHealth()),
        ([subscription(1, url="https://else.example/x")], WebhookHealth()),
        ([subscription(1)], WebhookHealth(ids=("PW1",))),
        ([subscription(1, url=URL + "/")], WebhookHealth(ids=("PW1",))),
        ([subscription(1, asleep=True)], WebhookHealth(ids=("PW1",), asleep=("PW1",))),
        (
            [subscription(1, events=["incident.triggered"]), subscription(2, events=WANTED[1:])],
            WebhookHealth(ids=("PW1", "PW2")),
        ),
        (
            [subscription(1, active=False)],
            WebhookHealth(ids=("PW1",), inactive=("PW1",), missing=WANTED),
        ),
    ],
)
async def test_deliveries_are_judged_by_their_subscriptions(
    subscriptions: list[dict[str, object]], health: WebhookHealth
) -> None:
    script = Script().answer(HOOKS, said(200, {"webhook_subscriptions": subscriptions}))
    async with paging(script) as port:
        found = await port.webhooks_health(URL)

    assert found == health
    assert found.well is (bool(health.ids) and not (health.asleep or health.missing))


async def test_a_subscription_is_woken() -> None:
    wake = "POST /webhook_subscriptions/PW1/enable"
    script = Script().answer(wake, said(200, {"webhook_subscription": subscription(1)}), error(401))
    async with paging(script) as port:
        await port.enable_webhook("PW1")
        with pytest.raises(PagingUnauthorised):
            await port.enable_webhook("PW1")

    assert len(script.calls(wake)) == 2
