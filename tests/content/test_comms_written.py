"""The shipped templates go out through the very use cases: the first word in one tap, and the next with fields."""

from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.adapters.comms.templates import FileTemplates
from opsbot.app.comms.requests import HoldUsers
from opsbot.app.comms.settings import settings_of
from opsbot.app.incident.requests import Which
from opsbot.domain.comms.facts import SITUATIONS
from opsbot.domain.errors import Refused
from tests.support.comms import Telling, telling
from tests.support.world import MARA

ROOT = Path(__file__).parents[2]


async def shipped() -> Telling:
    company = await telling(settings={"zone": "Europe/Berlin"})
    world = company.world
    templates = FileTemplates(lambda: settings_of(world.store.state), world.env.clock)
    templates.load(ROOT / "runbooks")
    world.bot = replace(world.bot, templates=templates)
    return company


async def test_the_first_word_goes_out_in_one_tap_in_both_languages() -> None:
    company = await shipped()

    request = HoldUsers(Which("INC-1"), "users-feature-off-investigating")
    await company.world.bot.comms.hold(request, MARA, request_id="hold")
    await company.settle()

    (post,) = company.places["status-page"].posts
    assert list(post.texts) == ["en", "de"]
    assert "Next update by " in post.texts["en"]
    assert "(Europe/Berlin)" in post.texts["en"]
    assert "N\u00e4chste Meldung bis " in post.texts["de"]
    message = company.state.message("MSG-1")
    headline, german = await company.world.env.unsealed(message.headline, message.headlines["de"])
    assert german
    assert german != headline


async def test_what_people_type_goes_out_as_they_typed_it() -> None:
    company = await shipped()
    values = {"cause": "A part failed: {{7*7}}.", "action": "We replace the part."}

    said = await company.new("users-feature-off-identified", values=values)

    assert "A part failed: {{7*7}}." in said.as_text()
    assert "49" not in said.as_text().replace(":49", "")


async def test_a_field_that_is_missing_is_named_and_nothing_is_written() -> None:
    company = await shipped()

    with pytest.raises(Refused, match=r"`action` .* is missing"):
        await company.new("users-feature-off-identified", values={"cause": "A part failed."})

    assert [*company.state.messages()] == []


@pytest.mark.parametrize("situation", sorted(SITUATIONS))
async def test_a_correction_says_that_it_is_still_off_as_long_as_it_is(situation: str) -> None:
    templates = (await shipped()).world.bot.templates
    template = templates.known()[f"users-{situation}-correction"]
    values = {"wrong": "Refunds are hit.", "right": "Orders are hit.", "do": "Check your orders."}
    feature = {"feature": "the support assistant"}
    off = {**feature, "state_now": "off", "off_at": "2026-11-21T13:05Z"}

    while_off = templates.render(template, values, off)
    after = templates.render(template, values, {**feature, "back_at": "2026-11-21T14:05Z"})
    never = templates.render(template, values, feature)
    less = templates.render(template, values, {**feature, "state_now": "limited"})

    assert "The support assistant is still switched off." in while_off.texts["en"]
    assert "The support assistant has been back since 15:05" in after.texts["en"]
    assert "For now the support assistant works with limits." in less.texts["en"]
    rest = "".join(one.headline + one.texts["en"] for one in (after, never, less))
    assert "switched off" not in rest
