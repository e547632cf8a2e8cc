"""A refused key: said at once on the card, and to the administrators once."""

from collections.abc import Sequence

import pytest

from opsbot.app.incident.requests import (
    RoleOrder,
    Which,
)
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.port import PagingUnauthorised
from opsbot.app.ports import RetryLater
from opsbot.domain.change import Record
from tests.support.paged_company import Company
from tests.support.world import INES as COMMANDER
from tests.support.world import MARA, Slack, plain


@pytest.fixture
async def company() -> Company:
    return await Company().begin()


async def test_a_refused_key_is_said_at_once_and_to_the_administrators_once(
    company: Company,
) -> None:
    await company.open()
    company.pages.always = PagingUnauthorised("PagerDuty refuses the key.")

    for _ in range(3):
        with pytest.raises(RetryLater):
            await company.page()
        company.world.clock.later(60)

    ((person, words),) = company.world.slack.told
    assert person == "U0ADMIN"
    assert words.startswith("PagerDuty refuses opsbot's key: nobody is paged")
    said = await company.bot.incidents.show(Which("INC-1"), MARA)
    assert (
        "Nobody was called yet: PagerDuty refuses the key. Call Ines +49 30 1, then Ola +49 30 2"
        " (level 2) (on call as of 0 s ago)." in said.lines
    )
    assert {alert.key for alert in company.pages.alerts} == {"opsbot:prod:INC-1"}


async def test_a_key_that_worked_in_between_and_is_refused_again_is_said_again(
    company: Company,
) -> None:
    refused = PagingUnauthorised("PagerDuty refuses the key.")
    await company.open()
    company.pages.fails = [refused]
    with pytest.raises(RetryLater):
        await company.page()
    await company.page()
    await company.bot.incidents.role(
        RoleOrder(Which(), "commander", "take"), COMMANDER, request_id="r"
    )
    company.world.clock.later(1)
    company.pages.fails = [refused]

    with pytest.raises(RetryLater):
        await company.sync()

    assert len(company.world.slack.told) == 2


async def test_an_administrator_who_cannot_be_told_now_is_told_at_the_next_attempt(
    company: Company,
) -> None:
    class Silent(Slack):
        async def tell(
            self, person: str, blocks: Sequence[Record], text: str, *, key: str
        ) -> Record:
            raise RetryLater("Slack says later")

    company.alarm = PagerAlarm(company.world.env, company.world.outbox, Silent(), plain)
    await company.alarm.refused()
    company.alarm = PagerAlarm(company.world.env, company.world.outbox, company.world.slack, plain)

    await company.alarm.refused()

    assert len(company.world.slack.told) == 1
