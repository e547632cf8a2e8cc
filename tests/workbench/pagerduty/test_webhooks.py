"""Webhooks v3: signed, at least once, retried, dropped, cut off; and subscriptions by the real client."""

import json
import re

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import (
    MARA,
    SAM,
    SUPPORT,
    Json,
    Receiver,
    Rest,
    genuine,
    pagerduty_stand_in,
)
from tests.support.slack import loopback
from tests.support.wait import eventually
from tests.workbench.pagerduty.conftest import call, opened, put, refused


async def settled(pd: PagerDutyStandIn) -> None:
    """Wait until no webhook waits."""
    await eventually(lambda: not pd.sender.waiting)


def subscription(url: str, **more: object) -> Json:
    """The body of a subscription."""
    return {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": url},
        "events": ["incident.triggered", "incident.acknowledged", "incident.resolved"],
        "filter": {"type": "account_reference"},
        "description": "opsbot demo",
        **more,
    }


async def test_the_whole_life_of_an_incident_is_told_in_order(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    secret = pd.subscribe(hooks.url)

    made = await opened(mara, incident_key="k-1")
    await call(mara.rpost, f"/incidents/{made['id']}/notes", json={"content": "Ungeprüft ✓"})
    await put(mara, made, status="acknowledged")
    await put(mara, made, priority="P1", escalation_level=2)
    await put(mara, made, status="resolved")
    await settled(pd)

    assert hooks.types == [
        "incident.triggered",
        "incident.annotated",
        "incident.acknowledged",
        "incident.priority_updated",
        "incident.escalated",
        "incident.resolved",
    ]
    assert len(set(hooks.ids)) == 6
    for headers, body in hooks.got:
        assert genuine(secret, headers["x-pagerduty-signature"], body)
        assert not genuine("other", headers["x-pagerduty-signature"], body)
        assert not genuine(secret, headers["x-pagerduty-signature"], body + b" ")
    first, note = hooks.events[0], hooks.events[1]
    told = [
        [one["id"] for one in event["data"]["assignees"]]
        for event in hooks.events
        if event["data"]["type"] == "incident"
    ]
    assert told == [[MARA], [MARA], [MARA], ["POLA"], []]
    assert first["resource_type"] == "incident"
    assert first["agent"]["id"] == MARA
    assert first["client"] is None
    assert (first["data"]["id"], first["data"]["incident_key"]) == (made["id"], "k-1")
    assert (first["data"]["number"], first["data"]["type"]) == (1, "incident")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["occurred_at"])
    assert note["data"]["type"] == "incident_note"
    assert note["data"]["content"] == "Ungeprüft ✓"
    assert note["data"]["incident"]["id"] == made["id"]


async def test_what_a_person_presses_is_told_with_that_person_as_agent(
    pd: PagerDutyStandIn, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)

    made = pd.open_by_hand(SAM, SUPPORT, "By hand")
    pd.press(MARA, made.id, "acknowledge")
    pd.press(MARA, made.id, "resolve")
    await settled(pd)

    assert [event["agent"]["id"] for event in hooks.events] == [SAM, MARA, MARA]
    assert hooks.events[1]["client"] == {"name": "PagerDuty"}


async def test_both_secrets_sign_while_one_replaces_the_other(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    old = pd.subscribe(hooks.url)
    [id_] = pd.subscriptions.rows
    new = pd.subscriptions.rotate(id_)

    made = await opened(mara)
    await settled(pd)
    pd.subscriptions.retire(id_)
    await put(mara, made, status="resolved")
    await settled(pd)

    (during, body), (after, last) = hooks.got
    assert during["x-pagerduty-signature"].count("v1=") == 2
    assert genuine(old, during["x-pagerduty-signature"], body)
    assert genuine(new, during["x-pagerduty-signature"], body)
    assert not genuine(old, after["x-pagerduty-signature"], last)


async def test_a_receiver_in_trouble_is_tried_again_with_the_same_id_and_order_is_kept(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    answers = iter([503, 500, 429, 202])
    hooks.answer = lambda: next(answers, 202)

    made = await opened(mara)
    await put(mara, made, status="acknowledged")
    await settled(pd)

    assert hooks.types == ["incident.triggered"] * 4 + ["incident.acknowledged"]
    assert len(set(hooks.ids)) == 2
    assert [one.attempts for one in pd.webhooks] == [["503", "500", "429", "202"], ["202"]]
    assert len({body for _, body in hooks.got[:4]}) == 1


async def test_a_receiver_that_says_nothing_is_tried_again() -> None:
    silent, url = loopback()
    with silent:
        silent.listen(16)
        async with pagerduty_stand_in(answer_s=0.02) as pd:
            pd.subscribe(url)

            pd.open_by_hand(MARA, SUPPORT, "Silence")

            await eventually(lambda: len(pd.webhooks[0].attempts) > 1)
            assert set(pd.webhooks[0].attempts) == {"timeout"}


async def test_nobody_listening_is_tried_again(pd: PagerDutyStandIn, mara: Rest) -> None:
    pd.subscribe("http://127.0.0.1:9/hooks")

    await opened(mara)
    await eventually(lambda: len(pd.webhooks[0].attempts) > 2)

    assert set(pd.webhooks[0].attempts) == {"no connection"}
    assert pd.webhooks[0].state == "waiting"


async def test_the_third_refusal_in_a_row_cuts_the_receiver_off_until_it_is_enabled(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver, clock: Clock
) -> None:
    pd.subscribe(hooks.url)
    [id_] = pd.subscriptions.rows
    hooks.answer = lambda: 400
    for number in range(3):
        await opened(mara, f"n{number}")
    await settled(pd)
    await opened(mara, "lost")
    shown = await call(mara.rget, f"/webhook_subscriptions/{id_}")

    hooks.answer = lambda: 202
    enabled = await call(mara.rpost, f"/webhook_subscriptions/{id_}/enable")
    await opened(mara, "told")
    await settled(pd)

    assert [one.state for one in pd.webhooks] == ["dropped"] * 3 + ["lost", "delivered"]
    assert shown["delivery_method"]["temporarily_disabled"] is True
    assert enabled["delivery_method"]["temporarily_disabled"] is False
    assert hooks.events[-1]["data"]["title"] == "told"
    pd.subscriptions.rows[id_].disabled_until = clock() + 86_400
    clock.push(86_400)
    assert not pd.subscriptions.disabled(pd.subscriptions.rows[id_])


async def test_a_delivery_between_refusals_counts_from_the_start(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    answers = iter([404, 404, 202, 404, 404])
    hooks.answer = lambda: next(answers)

    for number in range(5):
        await opened(mara, f"n{number}")
        await settled(pd)

    assert pd.webhooks[-1].state == "dropped"
    assert not pd.subscriptions.disabled(pd.webhooks[-1].subscription)


async def test_after_two_days_a_webhook_is_given_up(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock, hooks: Receiver
) -> None:
    hooks.answer = lambda: 503
    pd.subscribe(hooks.url)

    await opened(mara)
    await eventually(lambda: hooks.got)
    clock.push(48 * 3600)
    await settled(pd)

    assert pd.webhooks[0].state == "expired"


async def test_webhooks_can_come_before_the_answer(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    pd.faults.webhook_first = True

    made = await opened(mara)

    assert hooks.events[0]["data"]["id"] == made["id"]
    assert pd.webhooks[0].attempts == ["202"]


async def test_webhooks_can_come_twice_late_and_in_another_order(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    pd.faults.held, pd.faults.order, pd.faults.duplicates = True, "reversed", 2
    made = await opened(mara)
    await put(mara, made, status="acknowledged")
    await put(mara, made, status="resolved")
    none_yet = list(hooks.got)

    pd.faults.held = False
    await settled(pd)

    assert none_yet == []
    assert hooks.types == [
        "incident.resolved", "incident.resolved",
        "incident.acknowledged", "incident.acknowledged",
        "incident.triggered", "incident.triggered",
    ]  # fmt: skip
    assert len(set(hooks.ids)) == 3


async def test_shuffled_webhooks_all_come_and_lost_ones_never(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    pd.faults.order = "shuffled"
    made = await opened(mara)
    await put(mara, made, status="acknowledged")
    await settled(pd)
    pd.faults.lost = True
    await put(mara, made, status="resolved")

    assert sorted(hooks.types) == ["incident.acknowledged", "incident.triggered"]
    assert pd.webhooks[-1].state == "lost"


async def test_what_waits_survives_a_stop_of_the_sender(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    pd.subscribe(hooks.url)
    await pd.close()
    await opened(mara)
    before = list(hooks.got)

    pd.start()
    await settled(pd)

    assert before == []
    assert hooks.types == ["incident.triggered"]


async def test_a_receiver_that_moves_gets_what_waited_under_the_secret_it_was_given(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    assert pd.subscribe("http://127.0.0.1:9/hooks", secret="chosen before") == "chosen before"
    await opened(mara)
    await eventually(lambda: pd.webhooks[0].attempts)

    pd.subscribe(hooks.url, secret="chosen before")
    await settled(pd)

    assert hooks.types == ["incident.triggered"]
    assert genuine("chosen before", hooks.got[0][0]["x-pagerduty-signature"], hooks.got[0][1])
    assert len(pd.subscriptions.rows) == 1


async def test_a_subscription_tells_its_secret_once(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    headers = [{"name": "x-own", "value": "told"}]
    method = {"type": "http_delivery_method", "url": hooks.url, "custom_headers": headers}

    made = await call(
        mara.rpost, "/webhook_subscriptions", json=subscription(hooks.url, delivery_method=method)
    )
    [listed] = await call(mara.list_all, "/webhook_subscriptions")
    found = await call(
        mara.find, "webhook_subscriptions", "opsbot demo", attribute="description"
    )  # fmt: skip
    pinged = await call(mara.post, f"/webhook_subscriptions/{made['id']}/ping")
    await settled(pd)

    secret = made["delivery_method"]["secret"]
    assert len(secret) == 64
    assert listed["delivery_method"]["secret"] is None
    assert listed["delivery_method"]["custom_headers"][0]["value"] == "-- redacted --"
    assert found is not None
    assert found["id"] == made["id"]
    assert pinged.status_code == 202
    [(headers_got, body)] = hooks.got
    assert headers_got["x-own"] == "told"
    assert json.loads(body)["event"]["event_type"] == "pagey.ping"
    assert genuine(secret, headers_got["x-pagerduty-signature"], body)


async def test_a_subscription_hears_only_what_it_asked_for(
    pd: PagerDutyStandIn, mara: Rest, hooks: Receiver
) -> None:
    legal = subscription(hooks.url, filter={"type": "service_reference", "id": "PLEGAL"})
    team = subscription(
        hooks.url,
        filter={"type": "team_reference", "id": "PTEAMAI"},
        events=["incident.resolved"],
    )
    made = [await call(mara.rpost, "/webhook_subscriptions", json=one) for one in (legal, team)]

    incident = await opened(mara)
    await put(mara, incident, status="resolved")
    path = f"/webhook_subscriptions/{made[1]['id']}"
    changed = await call(mara.rput, path, json={"active": False})
    await put(mara, incident, status="triggered")
    await put(mara, incident, status="resolved")
    await call(mara.rdelete, path)
    await settled(pd)

    assert changed["active"] is False
    assert changed["events"] == ["incident.resolved"]
    assert hooks.types == ["incident.resolved"]
    assert len(await call(mara.list_all, "/webhook_subscriptions")) == 1


async def test_a_subscription_that_is_wrong_makes_none(pd: PagerDutyStandIn, mara: Rest) -> None:
    here = "http://127.0.0.1:9/hooks"
    for wrong, sentence in [
        (subscription("https://opsbot.example/hooks"), "loopback"),
        (subscription("not a url"), "url is invalid"),
        (subscription(here, events=["incident.shouted"]), "is no event type"),
        (subscription(here, events=["incident.resolved"] * 2), "unique"),
        (subscription(here, filter={"type": "service_reference"}), "Filter id is required."),
        (subscription(here, surprise=1), "is not a field"),
    ]:
        status, error = await refused(mara.rpost, "/webhook_subscriptions", json=wrong)

        assert status == 400
        assert sentence in str(error["errors"])
    assert pd.subscriptions.rows == {}


async def test_an_account_has_room_for_ten(pd: PagerDutyStandIn, mara: Rest) -> None:
    for number in range(10):
        pd.subscribe(f"http://127.0.0.1:9/{number}")

    status, error = await refused(
        mara.rpost, "/webhook_subscriptions", json=subscription("http://127.0.0.1:9/11")
    )

    assert (status, error["code"]) == (400, 2019)
