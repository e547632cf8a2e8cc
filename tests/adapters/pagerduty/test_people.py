"""Who is on call and who is there: hand-overs, several levels, nobody, people without an e-mail."""

from collections.abc import Mapping

import httpx2
import pytest

from opsbot.app.paging.port import PagerPerson, PagingRefused, PagingUnreachable
from tests.support.paging import Heard, Script, error, paging, said

ON_CALL, USERS = "GET /oncalls", "GET /users"


def entry(
    person: str, level: int, *, policy: str = "PEA", end: str | None = None, schedule: str = "PSCH"
) -> Mapping[str, object]:
    """Return one entry as PagerDuty says it; without an end it is permanent and has no schedule."""
    return {
        "user": {"id": person, "name": person.title(), "email": f"{person}@Example.com"},
        "escalation_policy": {"id": policy},
        "escalation_level": level,
        "schedule": {"id": schedule} if end else None,
        "start": "2026-11-21T08:00:00Z" if end else None,
        "end": end,
    }


def listing(*entries: Mapping[str, object], more: bool = False) -> Script:
    """Return a script with one page of who is on call."""
    return Script().answer(ON_CALL, said(200, {"oncalls": list(entries), "more": more}))


async def test_who_is_on_call_is_told_with_level_and_times() -> None:
    script = listing(entry("mara", 1, end="2026-11-21T19:00:00+01:00"))
    async with paging(script) as port:
        (duty,) = await port.on_call(["PEA"])

    assert duty.person == PagerPerson("mara", "Mara", "mara@example.com")
    assert (duty.level, duty.policy, duty.schedule) == (1, "PEA", "PSCH")
    assert duty.since_ms == 1_795_248_000_000
    assert duty.until_ms == 1_795_284_000_000
    assert script.heard[0].query == {
        "escalation_policy_ids[]": ["PEA"],
        "include[]": ["users"],
        "earliest": ["true"],
        "limit": ["100"],
        "offset": ["0"],
    }


async def test_a_policy_that_names_a_person_has_neither_schedule_nor_end() -> None:
    async with paging(listing(entry("mara", 2))) as port:
        (duty,) = await port.on_call(["PEA"])

    assert (duty.schedule, duty.since_ms, duty.until_ms) == (None, None, None)


async def test_somebody_on_several_levels_answers_on_the_lowest() -> None:
    entries = [entry("mara", 3), entry("sam", 2), entry("mara", 1, end="2026-11-21T18:00:00Z")]
    async with paging(listing(*entries)) as port:
        duties = await port.on_call(["PEA"])

    assert [(duty.person.id, duty.level) for duty in duties] == [("mara", 1), ("sam", 2)]


async def test_on_one_level_twice_the_entry_that_lasts_longest_counts() -> None:
    soon, late = "2026-11-21T18:00:00Z", "2026-11-22T18:00:00Z"
    async with paging(listing(entry("mara", 1, end=soon), entry("mara", 1, end=late))) as port:
        (longer,) = await port.on_call(["PEA"])
    async with paging(listing(entry("mara", 1), entry("mara", 1, end=late))) as port:
        (always,) = await port.on_call(["PEA"])

    assert longer.until_ms == 1_795_370_400_000
    assert always.until_ms is None


async def test_the_same_person_is_on_call_for_each_of_their_policies() -> None:
    entries = [entry("mara", 2, policy="PEB"), entry("mara", 1, policy="PEA")]
    async with paging(listing(*entries)) as port:
        duties = await port.on_call(["PEA", "PEB"])

    assert [(duty.policy, duty.level) for duty in duties] == [("PEA", 1), ("PEB", 2)]


async def test_nobody_on_call_is_an_answer() -> None:
    async with paging(listing()) as port:
        assert await port.on_call(["PEA"]) == ()


async def test_no_policies_are_nobody_and_not_everybody() -> None:
    script = listing(entry("mara", 1))
    async with paging(script) as port:
        assert await port.on_call([]) == ()

    assert script.heard == []


async def test_an_answer_about_another_policy_is_not_believed() -> None:
    async with paging(listing(entry("mara", 1, policy="PEX"))) as port:
        assert await port.on_call(["PEA"]) == ()


async def test_many_policies_are_asked_about_in_several_requests() -> None:
    script = listing()
    async with paging(script) as port:
        await port.on_call([f"PE{nth}" for nth in range(60)])

    asked = [len(one.query["escalation_policy_ids[]"]) for one in script.heard]
    assert asked == [25, 25, 10]


async def test_an_entry_without_a_person_is_passed_over() -> None:
    async with paging(listing({**entry("x", 1), "user": None}, entry("mara", 1))) as port:
        assert [duty.person.id for duty in await port.on_call(["PEA"])] == ["mara"]


async def test_a_person_who_is_a_mere_reference_has_a_name_and_no_e_mail() -> None:
    reference = {"id": "PMARA", "type": "user_reference", "summary": "Mara"}
    async with paging(listing({**entry("x", 1), "user": reference})) as port:
        (duty,) = await port.on_call(["PEA"])

    assert duty.person == PagerPerson("PMARA", "Mara", "")


@pytest.mark.parametrize("body", [[], {"oncalls": None}, {"oncalls": [{"escalation_level": "x"}]}])
async def test_an_answer_of_another_shape_is_not_guessed_at(body: object) -> None:
    async with paging(Script().answer(ON_CALL, said(200, body))) as port:
        with pytest.raises(PagingUnreachable, match="not understood"):
            await port.on_call(["PEA"])


@pytest.mark.parametrize("status", [400, 404])
async def test_one_wrong_policy_does_not_hide_who_answers_for_the_others(status: int) -> None:
    def answer(heard: Heard) -> httpx2.Response:
        asked = heard.query["escalation_policy_ids[]"]
        return error(status) if "PEX" in asked else said(200, {"oncalls": [entry("mara", 1)]})

    async with paging(Script().answer(ON_CALL, answer)) as port:
        duties = await port.on_call(["PEA", "PEX", "no id"])

    assert [(duty.policy, duty.person.id) for duty in duties] == [("PEA", "mara")]


async def test_a_key_that_may_not_ask_is_said() -> None:
    async with paging(Script().answer(ON_CALL, error(403))) as port:
        with pytest.raises(PagingRefused, match="key may not"):
            await port.on_call(["PEA", "PEB"])


async def test_everybody_is_listed_with_their_phones() -> None:
    methods = [
        {"type": "phone_contact_method", "address": "151-5550-123", "country_code": 49},
        {"type": "sms_contact_method", "address": "1515550123", "country_code": 49},
        {"type": "email_contact_method", "address": "mara@example.com"},
        {"type": "phone_contact_method_reference", "id": "PX"},
    ]
    mara = {
        "id": "PMARA",
        "name": "Mara\n\u202eOkafor",
        "email": "Mara@Example.com",
        "html_url": "https://acme.pagerduty.com/users/PMARA",
        "contact_methods": methods,
    }
    script = Script().answer(
        USERS,
        said(200, {"users": [mara], "more": True}),
        said(200, {"users": [{"id": "PSAM", "html_url": "javascript:x"}], "more": False}),
    )
    async with paging(script) as port:
        people = await port.people()

    assert people == (
        PagerPerson(
            "PMARA",
            "Mara Okafor",
            "mara@example.com",
            ("+491515550123",),
            "https://acme.pagerduty.com/users/PMARA",
        ),
        PagerPerson("PSAM", "", ""),
    )
    assert script.heard[0].query["include[]"] == ["contact_methods"]
