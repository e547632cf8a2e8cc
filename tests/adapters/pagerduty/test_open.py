"""An incident is opened once whatever happens on the way, and every answer is done, later or never."""

from dataclasses import replace

import httpx2
import pytest

from opsbot.app.paging.port import (
    Paged,
    PageOrder,
    PagingOff,
    PagingRefused,
    PagingUnauthorised,
    PagingUnreachable,
)
from opsbot.app.ports import GiveUp, RetryLater
from tests.support.paging import (
    ACCOUNT,
    KEY,
    ROUTING_KEY,
    Reply,
    Script,
    error,
    incident,
    paging,
    said,
)

ORDER = PageOrder(
    key="opsbot:test:INC-1",
    title="Wrong refund answers",
    details="Stopped by Mara.",
    service="PSUPPORT",
    escalation_policy="PESUPPORT",
)
FIND, OPEN = "GET /incidents", "POST /incidents"
NOTHING = said(200, {"incidents": []})
DUPLICATE = error(
    400,
    "Invalid Input Provided",
    "Open incident with matching dedup key already exists on this service",
    code=2001,
)


def found(*incidents: dict[str, object]) -> httpx2.Response:
    """Return the answer of a search."""
    return said(200, {"incidents": list(incidents)})


def opened(**more: object) -> httpx2.Response:
    """Return the answer to a creation."""
    return said(201, {"incident": incident(**more)})  # type: ignore[arg-type]  # fields of an answer


def answering(*opens: Reply, finds: tuple[Reply, ...] = (NOTHING,)) -> Script:
    """Return a script for one opening."""
    return Script().answer(FIND, *finds).answer(OPEN, *opens)


async def test_an_incident_is_opened_with_everything_that_was_asked_for() -> None:
    script = answering(opened())
    script.answer("GET /priorities", said(200, {"priorities": [{"id": "PPRI1", "name": "P1"}]}))
    order = replace(
        ORDER, priority="p1", sender="mara@example.com", bridge_url="https://acme.slack.com/x"
    )
    async with paging(script) as port:
        paged = await port.open(order)

    sent = script.calls(OPEN)[0]
    assert sent.sender == "mara@example.com"
    assert sent.said["incident"] == {
        "type": "incident",
        "title": "Wrong refund answers",
        "service": {"id": "PSUPPORT", "type": "service_reference"},
        "escalation_policy": {"id": "PESUPPORT", "type": "escalation_policy_reference"},
        "priority": {"id": "PPRI1", "type": "priority_reference"},
        "conference_bridge": {"conference_url": "https://acme.slack.com/x"},
        "body": {"type": "incident_body", "details": "Stopped by Mara."},
        "incident_key": "opsbot:test:INC-1",
        "urgency": "high",
    }
    assert paged == Paged(
        id="PINC1",
        number=1,
        url="https://acme.pagerduty.com/incidents/PINC1",
        status="triggered",
        key="opsbot:test:INC-1",
        assignees=("PMARA",),
    )


async def test_the_key_is_looked_for_among_all_incidents_of_all_times() -> None:
    script = answering(opened())
    async with paging(script) as port:
        await port.open(ORDER)

    query = script.calls(FIND)[0].query
    assert query["incident_key"] == ["opsbot:test:INC-1"]
    assert query["date_range"] == ["all"]
    assert "statuses[]" not in query


@pytest.mark.parametrize("status", ["triggered", "acknowledged", "resolved"])
async def test_what_is_there_is_adopted_and_nothing_is_opened(status: str) -> None:
    script = answering(opened(), finds=(found(incident(status=status)),))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert (paged.adopted, paged.status, paged.id) == (True, status, "PINC1")
    assert script.calls(OPEN) == []


@pytest.mark.parametrize(
    ("created_at", "made_ms"),
    [
        ("2026-11-21T03:14:07Z", 1_795_230_847_000),
        ("2026-11-21T03:14:07.000+00:00", 1_795_230_847_000),
        ("yesterday", None),
        (None, None),
    ],
)
async def test_when_a_page_was_opened_is_told_where_pagerduty_says_it(
    created_at: str | None, made_ms: int | None
) -> None:
    there = incident(key=ORDER.key, created_at=created_at)
    script = answering(opened(), finds=(found(there),))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert (paged.adopted, paged.made_ms) == (True, made_ms)


async def test_a_duplicate_that_pagerduty_refuses_is_adopted() -> None:
    script = answering(DUPLICATE, finds=(NOTHING, found(incident())))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert (paged.adopted, paged.id) == (True, "PINC1")


async def test_a_duplicate_in_words_that_nobody_foresaw_is_adopted_too() -> None:
    script = answering(error(400, "Nope"), finds=(NOTHING, found(incident())))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert paged.adopted


async def test_a_duplicate_that_is_not_shown_yet_is_asked_for_later() -> None:
    async with paging(answering(DUPLICATE)) as port:
        with pytest.raises(PagingUnreachable, match="does not show it"):
            await port.open(ORDER)


async def test_a_slow_answer_after_the_commit_makes_no_second_incident() -> None:
    script = answering(httpx2.ReadTimeout("slow"), opened(), finds=(NOTHING, found(incident())))
    async with paging(script) as port:
        with pytest.raises(PagingUnreachable, match="no answer in time"):
            await port.open(ORDER)

        paged = await port.open(ORDER)

    assert paged.adopted
    assert len(script.calls(OPEN)) == 1


async def test_of_several_with_one_key_the_oldest_that_is_open_counts() -> None:
    script = answering(
        opened(),
        finds=(
            found(incident(9), incident(7, status="acknowledged"), incident(3, status="resolved")),
        ),
    )
    async with paging(script) as port:
        one, every = await port.find(ORDER.key), await port.find_all(ORDER.key)

    assert one is not None
    assert one.id == "PINC7"
    assert [paged.id for paged in every] == ["PINC3", "PINC7", "PINC9"]


async def test_an_incident_that_an_alert_raised_is_known_by_the_alerts_key() -> None:
    script = answering(opened(), finds=(found(incident(key="")),))
    script.answer("GET /incidents/PINC1/alerts", said(200, {"alerts": [{"alert_key": ORDER.key}]}))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert (paged.adopted, paged.key) == (True, ORDER.key)


async def test_somebody_elses_incident_is_never_adopted() -> None:
    script = answering(opened(), finds=(found(incident(5, key="theirs")),))
    script.answer("GET /incidents/PINC5/alerts", said(200, {"alerts": [{"alert_key": "x"}]}))
    async with paging(script) as port:
        paged = await port.open(ORDER)

    assert (paged.adopted, paged.id) == (False, "PINC1")


async def test_a_search_that_ignores_the_key_finds_nothing() -> None:
    every = found(*[incident(n, key=f"theirs-{n}") for n in range(1, 12)])
    async with paging(answering(opened(), finds=(every,))) as port:
        assert await port.find(ORDER.key) is None


@pytest.mark.parametrize("key", ["", "  ", "x" * 256])
async def test_a_key_that_would_find_others_is_a_mistake(key: str) -> None:
    script = answering(opened())
    async with paging(script) as port:
        with pytest.raises(ValueError, match="a key"):
            await port.find(key)
        with pytest.raises(ValueError, match="a key"):
            await port.open(replace(ORDER, key=key))

    assert script.heard == []


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "Requester User Not Found", code=1008),
        error(400, "Invalid", "You must specify a user's email in the From header", code=2001),
        error(403, "Access Denied", code=2010),
    ],
)
async def test_a_sender_whom_pagerduty_does_not_know_pages_in_the_bots_name(
    refusal: httpx2.Response,
) -> None:
    script = answering(refusal, opened())
    async with paging(script) as port:
        paged = await port.open(replace(ORDER, sender="guest@example.com"))

    assert [one.sender for one in script.calls(OPEN)] == ["guest@example.com", "bot@example.com"]
    assert "guest@example.com" in paged.left_out[0]


@pytest.mark.parametrize("sender", ["not an address", "evil@x\r\nX-A: 1", "ümlaut@example.com"])
async def test_a_sender_that_is_no_address_is_not_sent(sender: str) -> None:
    script = answering(opened())
    async with paging(script) as port:
        await port.open(replace(ORDER, sender=sender))

    assert [one.sender for one in script.calls(OPEN)] == ["bot@example.com"]


@pytest.mark.parametrize(
    "priorities",
    [
        said(402, {"error": {"message": "Ability missing", "code": 2014}}),
        said(200, {"priorities": [{"id": "PPRI1", "name": "P1"}]}),
        said(503, {}),
        httpx2.ReadTimeout("slow"),
    ],
)
async def test_a_page_does_not_wait_for_a_priority_and_says_that_it_has_none(
    priorities: Reply,
) -> None:
    script = answering(opened()).answer("GET /priorities", priorities)
    async with paging(script) as port:
        paged = await port.open(replace(ORDER, priority="SEV1"))

    assert "priority" not in str(script.calls(OPEN)[0].said)
    assert paged.left_out[0].startswith("priority SEV1: ")


async def test_priorities_are_asked_for_once() -> None:
    script = answering(opened())
    script.answer("GET /priorities", said(200, {"priorities": [{"id": "PPRI1", "name": "P1"}]}))
    async with paging(script) as port:
        for nth in range(3):
            await port.open(replace(ORDER, key=f"k-{nth}", priority="P1"))

    assert len(script.calls("GET /priorities")) == 1


async def test_a_bridge_that_is_no_address_is_left_out_and_said() -> None:
    script = answering(opened())
    async with paging(script) as port:
        paged = await port.open(replace(ORDER, bridge_url="slack://x"))

    assert "conference_bridge" not in str(script.calls(OPEN)[0].said)
    assert "bridge" in paged.left_out[0]


@pytest.mark.parametrize("service", ["", "../users", "P 1", "x" * 65])
async def test_an_id_that_is_none_never_leaves(service: str) -> None:
    script = answering(opened())
    async with paging(script) as port:
        with pytest.raises(PagingRefused, match="not an id of a service"):
            await port.open(replace(ORDER, service=service))

    assert script.heard == []


async def test_texts_are_cut_to_what_pagerduty_takes() -> None:
    script = answering(opened())
    async with paging(script) as port:
        await port.open(replace(ORDER, title="a\n" * 5_000, details="\ud800" + "d" * 99_999))

    sent = script.calls(OPEN)[0].said["incident"]
    assert isinstance(sent, dict)
    assert len(sent["title"]) == 1024
    assert "\n" not in sent["title"]
    assert len(sent["body"]["details"]) == 25_000


@pytest.mark.parametrize(
    ("answer", "raised", "words"),
    [
        (error(400, "Bad", "Title is rude", code=2001), GiveUp, "Title is rude"),
        (error(400, "x", code=1015), GiveUp, "nobody on call"),
        (error(402, "x", code=2014), GiveUp, "plan"),
        (error(403, "x", code=2010), GiveUp, "key may not"),
        (error(404, "Not Found", code=2100), GiveUp, "not there"),
        (error(409, "x", code=1005), RetryLater, "just now"),
        (error(503), PagingUnreachable, "503"),
        (said(302), PagingUnreachable, "302"),
        (error(401, "x", code=2006), PagingUnauthorised, "refuses the key"),
        (said(201, {"incident": {"id": "P1"}}), PagingUnreachable, "not understood"),
        (said(201, []), PagingUnreachable, "not understood"),
    ],
)
async def test_each_answer_is_done_later_or_never(
    answer: httpx2.Response, raised: type[Exception], words: str
) -> None:
    async with paging(answering(answer)) as port:
        with pytest.raises(raised, match=words):
            await port.open(ORDER)


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"ratelimit_reset": "17"}, 17.0),
        ({"retry_after": "4"}, 4.0),
        ({}, 5.0),
        ({"ratelimit_reset": "soon"}, 5.0),
        ({"ratelimit_reset": "nan"}, 5.0),
        ({"ratelimit_reset": "0"}, 0.5),
        ({"ratelimit_reset": "999999"}, 300.0),
    ],
)
async def test_a_limit_is_waited_out_by_its_own_time(
    headers: dict[str, str], after_s: float
) -> None:
    async with paging(answering(said(429, {"error": {"code": 2020}}, **headers))) as port:
        with pytest.raises(RetryLater) as raised:
            await port.open(ORDER)

    assert raised.value.after_s == after_s


async def test_a_refused_key_rests_and_never_becomes_a_dead_letter() -> None:
    async with paging(answering(error(401))) as port:
        with pytest.raises(PagingUnauthorised) as raised:
            await port.open(ORDER)

    assert raised.value.after_s == 60.0


async def test_no_reason_holds_a_key_or_an_address() -> None:
    told = f"Bad {KEY} and {ROUTING_KEY} at https://api.pagerduty.com/incidents/PINC1\nline"
    async with paging(answering(error(400, told))) as port:
        with pytest.raises(GiveUp) as raised:
            await port.open(ORDER)

    reason = str(raised.value)
    assert KEY not in reason
    assert ROUTING_KEY not in reason
    assert "PINC1" not in reason
    assert "\n" not in reason
    assert KEY not in repr(ACCOUNT)


async def test_without_a_key_it_is_named_and_nothing_is_sent() -> None:
    script = answering(opened())
    async with paging(script, replace(ACCOUNT, key="")) as port:
        assert (port.can_page, port.can_alert) == (False, True)
        with pytest.raises(PagingOff, match="OPSBOT_PAGERDUTY_API_KEY"):
            await port.open(ORDER)

    assert script.heard == []
