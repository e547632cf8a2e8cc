"""The account against the declarations, through the real client: what is missing is named."""

from collections.abc import Mapping

import pytest

from opsbot.app.paging.check import Expected, examine, match
from opsbot.app.paging.port import Finding, PagerPerson
from opsbot.domain.pager_event import WANTED
from opsbot.domain.policy.model import Person
from tests.support.paging import Script, error, paging, said

HOOK = "https://opsbot.example/pagerduty/webhooks"
MARA = Person("mara", email=("Mara@example.com",))
SAM = Person("sam", pagerduty=("PSAM",))
EXPECTED = Expected(
    places={"copilot": ("PS", "PE")},
    people=(MARA, SAM),
    webhook_url=HOOK,
    policies=frozenset({"PE"}),
)
USERS = (
    {"id": "PBOT", "name": "Opsbot", "email": "bot@example.com"},
    {"id": "PMARA", "name": "Mara", "email": "mara@example.com"},
    {"id": "PSAM", "name": "Sam", "email": "other@example.com"},
)
SERVICE: Mapping[str, object] = {
    "id": "PS", "name": "Support", "status": "active", "escalation_policy": {"id": "PE"},
}  # fmt: skip
SUBSCRIPTION: Mapping[str, object] = {
    "id": "PW1", "active": True, "delivery_method": {"url": HOOK}, "events": list(WANTED),
}  # fmt: skip


def on_call(*people: str) -> dict[str, object]:
    """Return who is on call for the policy."""
    return {
        "oncalls": [
            {
                "user": {"id": one, "name": one},
                "escalation_policy": {"id": "PE"},
                "escalation_level": 1,
            }
            for one in people
        ]
    }


def well() -> Script:
    """Return an account that has everything that is expected."""
    return (
        Script()
        .answer("GET /abilities", said(200, {"abilities": []}))
        .answer("GET /users", said(200, {"users": USERS}))
        .answer("GET /priorities", said(200, {"priorities": []}))
        .answer("GET /services/PS", said(200, {"service": SERVICE}))
        .answer("GET /escalation_policies/PE", said(200, {"escalation_policy": {"id": "PE"}}))
        .answer("GET /oncalls", said(200, on_call("PMARA")))
        .answer("GET /webhook_subscriptions", said(200, {"webhook_subscriptions": [SUBSCRIPTION]}))
    )


async def looked(script: Script, wanted: Expected = EXPECTED) -> dict[str, Finding]:
    """Return the findings by name."""
    async with paging(script) as port:
        return {one.name: one for one in await examine(port, wanted)}


async def test_what_is_declared_and_there_is_well_and_nothing_was_written() -> None:
    script = well()

    found = await looked(script)

    assert [name for name, one in found.items() if one.ok is False] == []
    assert found["workflow copilot"].says == "service Support (PS), policy  (PE)"
    assert found["on call PE"].says == "PMARA (L1)"
    assert found["people"].says == "2 of 2 matched"
    assert found["webhooks"].says == f"PW1 delivers to {HOOK}"
    assert {one.method for one in script.heard} == {"GET"}


@pytest.mark.parametrize(
    ("route", "reply", "name", "words"),
    [
        ("GET /services/PS", error(404), "workflow copilot", "no service PS"),
        (
            "GET /services/PS",
            said(200, {"service": {**SERVICE, "status": "disabled"}}),
            "workflow copilot",
            "is disabled",
        ),
        ("GET /services/PS", error(403), "workflow copilot", "key may not"),
        ("GET /escalation_policies/PE", error(404), "workflow copilot", "no escalation policy PE"),
        ("GET /oncalls", said(200, on_call()), "on call PE", "nobody is on call now"),
        ("GET /oncalls", said(503), "on call", "503"),
        ("GET /users", said(200, {"users": USERS[:2]}), "people", "sam (PSAM)"),
        ("GET /users", said(503), "people", "503"),
        (
            "GET /webhook_subscriptions",
            said(200, {"webhook_subscriptions": []}),
            "webhooks",
            "no subscription delivers",
        ),
        (
            "GET /webhook_subscriptions",
            said(
                200,
                {
                    "webhook_subscriptions": [
                        {
                            **SUBSCRIPTION,
                            "delivery_method": {"url": HOOK, "temporarily_disabled": True},
                        }
                    ]
                },
            ),
            "webhooks",
            "switched off after refusals: PW1",
        ),
        ("GET /webhook_subscriptions", error(403), "webhooks", "key may not"),
    ],
)
async def test_what_is_missing_is_named(route: str, reply: object, name: str, words: str) -> None:
    script = well()
    script.replies[route] = [reply]  # type: ignore[list-item]  # an answer, as its table has it

    found = await looked(script)

    assert found[name].ok is False
    assert words in found[name].says


async def test_a_service_with_another_policy_is_mentioned() -> None:
    other = {**SERVICE, "escalation_policy": {"id": "PX"}}
    script = well().answer("GET /services/PS", said(200, {"service": other}))

    found = await looked(script)

    assert found["workflow copilot"].ok is True
    assert "the service itself has PX" in found["workflow copilot"].says


async def test_people_without_an_account_there_are_listed_and_no_fault() -> None:
    wanted = Expected(people=(MARA, Person("zoe", email=("zoe@example.com",))))

    found = await looked(well(), wanted)

    assert found["people"].ok is None
    assert "1 of 2 matched" in found["people"].says
    assert "zoe" in found["people"].says


async def test_deliveries_that_nobody_expects_are_no_fault() -> None:
    found = await looked(well(), Expected())

    assert found["webhooks"].ok is None


async def test_with_a_refused_key_nothing_else_is_asked() -> None:
    script = well().answer("GET /abilities", error(401))

    found = await looked(script)

    assert list(found) == ["key", "routing key"]
    assert len(script.heard) == 1


def test_somebody_is_known_by_the_id_they_name_first_and_never_by_their_name() -> None:
    known = (
        PagerPerson("P1", "sam", "mara@example.com"),
        PagerPerson("PSAM", "Sam", ""),
        PagerPerson("P3", "zoe", ""),
    )

    assert match(SAM, known) == known[1]
    assert match(MARA, known) == known[0]
    assert match(Person("zoe", title="zoe", email=("",)), known) is None
