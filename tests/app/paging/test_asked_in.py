"""Asking others in, and calling the next level: what was said to be under way and failed is said too, with why."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import OpenIncident, PageAct, Which
from opsbot.app.paging.sync import PagerSync
from opsbot.app.ports import GiveUp
from opsbot.app.sentences import Sentences
from opsbot.domain.errors import IllegalMove, NeedsMoreWords
from opsbot.domain.policy.model import Person
from tests.support.paged_company import Company
from tests.support.world import MARA, NOOR, policy, slack

IT = Which("INC-1")
TESS = slack("U0TESSTESS")


@pytest.fixture
async def company() -> Company:
    made = await Company().begin()
    await made.open()
    await made.page()
    return made


async def page(company: Company, act: str, who: str = "", reason: str = "") -> str:
    request = PageAct(IT, act, who, reason)  # type: ignore[arg-type]  # an act by name
    key = f"p:{company.world.store.state.position.revision}"
    return (await company.verbs.page(request, MARA, request_id=key)).as_text()


async def lines(company: Company) -> list[str]:
    said = await company.verbs.timeline(IT, MARA)
    return [line.partition(" UTC ")[2] for line in said.lines]


async def test_why_somebody_is_called_is_kept_and_told_to_them(company: Company) -> None:
    await page(company, "add", "mara", "knows the tool")
    await company.sync()

    assert company.pages.did == [
        (
            "PT1",
            "add PMARA by mara@example.com: INC-1 SEV1 support-copilot: help is wanted: knows the tool",
        )
    ]
    assert "Mara asked Mara in through the page: knows the tool" in await lines(company)


async def test_of_a_private_incident_the_reason_does_not_leave(company: Company) -> None:
    request = OpenIncident("leak", workflow="coding-agent", severity="SEV1", private=True)
    private = replace(request, pager="PT2")
    company.pages.pages["PT2"] = replace(company.pages.pages["PT1"], id="PT2", key="theirs")
    await company.verbs.open(private, MARA, request_id="leak")
    add = PageAct(Which("INC-2"), "add", "mara", "212 customers")
    for name, item in list(company.world.server.items.items()):
        if item.effect.body.get("step") == "page" and item.effect.body["incident"] == "INC-1":
            await company.world.outbox.done(company.world.delivery(name))
    await company.page()
    await company.verbs.page(add, MARA, request_id="add")
    await company.sync()

    ((_, did),) = company.pages.did
    assert did.endswith("INC-2 SEV1: private incident")


async def test_a_reason_is_kept_for_every_act(company: Company) -> None:
    await page(company, "page", reason="nobody answers")
    await page(company, "escalate", reason="still nobody")
    await page(company, "acknowledge", reason="I have it")

    assert (await lines(company))[-3:] == [
        "Mara had the page escalated: nobody answers",
        "Mara had the page escalated: still nobody",
        "Mara acknowledged the page from here: I have it",
    ]


@pytest.mark.parametrize("name", ["sam", "Sam", " ines "])
async def test_a_name_in_place_of_a_reason_is_asked_back(company: Company, name: str) -> None:
    before = company.world.store.state.position

    with pytest.raises(NeedsMoreWords, match="nobody was called") as no:
        await page(company, "page", reason=name)

    assert f"incident page INC-1 @{name.strip().lower()}" in no.value.hint
    assert company.world.store.state.position == before


@pytest.mark.parametrize("who", ["sam", f"<@{NOOR.id}>", f"<@{TESS.id}>"])
async def test_whom_pagerduty_cannot_know_is_not_said_to_be_asked(
    company: Company, who: str
) -> None:
    with pytest.raises(IllegalMove, match="in PagerDuty; nobody was called"):
        await page(company, "add", who)


async def test_whom_the_policy_knows_by_an_id_is_asked(company: Company) -> None:
    people = {
        **policy().people,
        "kim": Person("kim", "Kim", slack=("U0KIMKIM",), pagerduty=("PKIM",)),
    }
    await company.world.declare(with_policy=replace(policy(), people=people))

    said = await page(company, "add", "kim")

    assert "Kim is being asked to join." in said


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("add", "Mara was not asked in through the page: a policy of one level."),
        ("escalate", "The page was not escalated: a policy of one level."),
        ("acknowledge", "The page was not acknowledged: a policy of one level."),
    ],
)
async def test_what_pagerduty_refuses_for_good_is_said_once(
    company: Company, act: str, words: str
) -> None:
    await page(company, act, "mara" if act == "add" else "")
    company.pages.always = GiveUp("a policy of one level")
    name = next(
        name for name, one in company.world.server.items.items() if one.effect.kind == "pager_sync"
    )
    handler = PagerSync(company.world.env, company.pages, Sentences(company.world.env).of_incident)

    for _ in range(2):
        with pytest.raises(GiveUp):
            await handler(company.world.delivery(name))

    assert (await lines(company)).count(words) == 1
    said = [
        int(str(one.effect.body["revision"]))
        for one in company.world.server.items.values()
        if one.effect.kind == "incident_said"
    ]
    told = await Sentences(company.world.env).of_incident(max(said), company.incident)
    assert told == words
