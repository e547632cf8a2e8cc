"""Incidents through the real client, after they are open: changed, noted and asked about, each once."""

import asyncio
import json

import httpx2
import pytest

from opsbot.app.paging.port import (
    Paging,
    PagingRefused,
    PagingUnreachable,
)
from tests.support.paging import (
    Heard,
    Script,
    error,
    incident,
    paging,
    said,
)

FIND, ONE, NOTES = "GET /incidents", "/incidents/PINC1", "/incidents/PINC1/notes"


def found(*incidents: dict[str, object]) -> httpx2.Response:
    """Return the answer of a search."""
    return said(200, {"incidents": list(incidents)})


@pytest.mark.parametrize("code", [1001, 1002])
async def test_a_change_that_was_made_already_is_made(code: int) -> None:
    script = Script().answer(f"PUT {ONE}", error(400, "Already", code=code))
    script.answer(f"GET {ONE}", said(200, {"incident": incident(status="resolved")}))
    async with paging(script) as port:
        acknowledged = await port.acknowledge("PINC1", sender="mara@example.com")
        resolved = await port.resolve("PINC1", sender="")

    assert (acknowledged.status, resolved.status) == ("resolved", "resolved")


async def test_changes_say_what_is_meant() -> None:
    script = Script().answer(f"PUT {ONE}", said(200, {"incident": incident()}))
    script.answer("GET /priorities", said(200, {"priorities": [{"id": "PPRI2", "name": "P2"}]}))
    async with paging(script) as port:
        await port.acknowledge("PINC1", sender="mara@example.com")
        await port.resolve("PINC1", sender="", resolution="Rolled back.")
        await port.escalate("PINC1", 2, sender="")
        await port.reprioritise("PINC1", "P2", sender="")
        await port.reprioritise("PINC1", "P2", sender="", urgency="high")

    kind = {"type": "incident_reference"}
    assert [one.said["incident"] for one in script.calls(f"PUT {ONE}")] == [
        {**kind, "status": "acknowledged"},
        {**kind, "status": "resolved", "resolution": "Rolled back."},
        {**kind, "escalation_level": 2},
        {**kind, "priority": {"id": "PPRI2", "type": "priority_reference"}},
        {**kind, "priority": {"id": "PPRI2", "type": "priority_reference"}, "urgency": "high"},
    ]


async def test_a_priority_that_is_not_there_changes_nothing_and_is_said() -> None:
    script = Script().answer(f"GET {ONE}", said(200, {"incident": incident()}))
    script.answer("GET /priorities", said(200, {"priorities": []}))
    async with paging(script) as port:
        paged = await port.reprioritise("PINC1", "P2", sender="")

    assert paged.left_out == ("priority P2: the account has none of that name",)


async def test_without_that_priority_the_urgency_is_raised_all_the_same() -> None:
    script = Script().answer(f"PUT {ONE}", said(200, {"incident": incident()}))
    script.answer("GET /priorities", said(200, {"priorities": []}))
    async with paging(script) as port:
        paged = await port.reprioritise("PINC1", "P2", sender="", urgency="high")

    (call,) = script.calls(f"PUT {ONE}")
    assert call.said["incident"] == {"type": "incident_reference", "urgency": "high"}
    assert paged.left_out == ("priority P2: the account has none of that name",)


async def test_a_note_is_written_once() -> None:
    written: list[dict[str, object]] = []

    def write(heard: Heard) -> httpx2.Response:
        note = heard.said["note"]
        assert isinstance(note, dict)
        written.append(note)
        raise httpx2.ReadTimeout("slow")

    script = Script().answer(f"POST {NOTES}", write)
    script.answer(f"GET {NOTES}", lambda _: said(200, {"notes": written}))
    async with paging(script) as port:
        with pytest.raises(PagingUnreachable):
            await port.note("PINC1", "Stopped.", marker="[opsbot n-17]", sender="")

        again = await port.note("PINC1", "Stopped.", marker="[opsbot n-17]", sender="")

    assert again is False
    assert written == [{"content": "[opsbot n-17] Stopped."}]


async def test_another_notes_marker_is_not_this_ones() -> None:
    script = Script().answer(f"GET {NOTES}", said(200, {"notes": [{"content": "[opsbot n-17] x"}]}))
    script.answer(f"POST {NOTES}", said(200, {"note": {"id": "N"}}))
    async with paging(script) as port:
        assert await port.note("PINC1", "y" * 99_999, marker="[opsbot n-1]", sender="") is True

    note = script.calls(f"POST {NOTES}")[0].said["note"]
    assert isinstance(note, dict)
    assert note["content"].startswith("[opsbot n-1] ")
    assert len(note["content"]) == 25_000


@pytest.mark.parametrize("marker", ["", "n-1", "[]", "[n-1"])
async def test_a_marker_that_others_begin_with_is_a_mistake(marker: str) -> None:
    async with paging(Script()) as port:
        with pytest.raises(ValueError, match="marker"):
            await port.note("PINC1", "x", marker=marker, sender="")


async def test_responders_are_asked_once_by_who_asks() -> None:
    script = Script().answer(
        f"GET {ONE}",
        said(200, {"incident": incident(incidents_responders=[{"user": {"id": "PSAM"}}])}),
    )
    users = [
        {"id": "PMARA", "email": "Mara@Example.com"},
        {"id": "PBOT", "email": "bot@example.com"},
    ]
    script.answer("GET /users", said(200, {"users": users}))
    script.answer(f"POST {ONE}/responder_requests", said(200, {"responder_request": {}}))
    async with paging(script) as port:
        asked = await port.add_responders(
            "PINC1", ["PSAM", "POLA", "POLA"], "Please join", sender="mara@example.com"
        )
        await port.add_responders("PINC1", ["PINES"], "", sender="guest@example.com")

    first, second = script.calls(f"POST {ONE}/responder_requests")
    assert asked == ("POLA",)
    assert first.said == {
        "requester_id": "PMARA",
        "message": "Please join",
        "responder_request_targets": [
            {"responder_request_target": {"id": "POLA", "type": "user_reference"}}
        ],
    }
    assert second.said["requester_id"] == "PBOT"


async def test_nobody_new_is_not_asked() -> None:
    there = incident(incidents_responders=[{"user": {"id": "PSAM"}}])
    script = Script().answer(f"GET {ONE}", said(200, {"incident": there}))
    async with paging(script) as port:
        assert await port.add_responders("PINC1", ["PSAM"], "", sender="") == ()


async def test_open_incidents_are_of_the_services_asked_for_and_never_of_all() -> None:
    script = Script().answer(
        FIND, said(200, {"incidents": [incident(1)], "more": True}), found(incident(2))
    )
    async with paging(script) as port:
        none, some = await port.open_incidents([]), await port.open_incidents(["PSUPPORT", "PX"])

    assert none == ()
    assert [one.id for one in some] == ["PINC1", "PINC2"]
    assert [one.query["offset"] for one in script.heard] == [["0"], ["1"]]
    assert script.heard[0].query["service_ids[]"] == ["PSUPPORT", "PX"]
    assert script.heard[0].query["statuses[]"] == ["triggered", "acknowledged"]


async def test_a_listing_that_promises_more_and_has_none_ends() -> None:
    script = Script().answer(FIND, said(200, {"incidents": [], "more": True}))
    async with paging(script) as port:
        assert await port.open_incidents(["P1"]) == []

    assert len(script.heard) == 1


async def test_an_id_from_outside_never_becomes_another_path() -> None:
    script = Script()
    async with paging(script) as port:
        with pytest.raises(PagingRefused, match="not an id of an incident"):
            await port.get("../users/PMARA")

    assert script.heard == []


async def test_many_at_once_share_one_client() -> None:
    script = Script().answer(f"GET {ONE}", said(200, {"incident": incident()}))
    async with paging(script) as port:
        found_all = await asyncio.gather(*[port.get("PINC1") for _ in range(50)])

    assert {one.id for one in found_all} == {"PINC1"}


async def test_it_is_the_port() -> None:
    async with paging(Script()) as port:
        typed: Paging = port

    assert json.dumps([typed.can_page, typed.can_alert]) == "[true, true]"
