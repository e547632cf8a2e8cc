"""Who reads the chat alone learns from the shipped words whether it is on, what to do, and when more follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from opsbot.adapters.comms.templates import FileTemplates
from opsbot.app.comms.port import Publisher
from opsbot.app.comms.requests import EditMessage
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.targets.in_app import InApp
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.change import Json
from opsbot.domain.comms.moments import spelled
from opsbot.domain.comms.settings import IN_APP
from opsbot.domain.errors import Unpublishable
from opsbot.domain.state import APPROVALS
from opsbot.domain.workflow import HumanQueue
from tests.app.comms.targets.test_in_app import read
from tests.support.comms import PIA, Places, Telling, comms_policy, declare_comms, telling
from tests.support.incident_life import COPILOT, settle
from tests.support.world import INES, MARA, World, workflow

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
ZONE = "Europe/Berlin"
WRONG = {
    "wrong": "Refunds are hit.",
    "right": "Orders are hit.",
    "do": "Look at your orders of today.",
}
NAMED: Mapping[str, Json] = {
    "zone": ZONE,
    "locales": ["en", "de"],
    "names": {COPILOT: {"en": "the assistant", "de": "Assistent"}},
}
SITUATIONS = ("feature-off", "wrong-answers", "human-review", "agent-wrong")


@dataclass(frozen=True)
class WithClients:
    """The clients for real, every other place as it is."""

    world: World
    places: Places

    def to(self, target: str) -> Publisher:
        """Return what brings a message there."""
        return InApp(self.world.env) if target == IN_APP else self.places.to(target)


@pytest.fixture(name="one")
async def _one() -> Telling:
    found = await telling(settings=NAMED)
    world = found.world
    templates = FileTemplates(lambda: settings_of(world.store.state), world.env.clock)
    templates.load(RUNBOOKS)
    world.bot = replace(world.bot, templates=templates, publishers=WithClients(world, found.places))
    return found


async def killed(one: Telling, mode: str = "canned", *, confirmed: bool = True) -> None:
    hand = one.world.instance("a")
    always = HumanQueue("Mon-Sun 00:00-23:59 UTC", "A person is taking over.")
    comms: Mapping[str, Json] = {"comms": {"users": ["status-page", "in-app"]}}
    declared = workflow(COPILOT, tier=1, human_queue=always, extra=comms)
    await one.world.declare(declared, with_policy=comms_policy())
    await declare_comms(one.world, **NAMED)
    request = KillRequest(Target("workflow", COPILOT), mode, reason="wrong refunds")
    await one.world.bot.kill(request, MARA, request_id=f"kill-{mode}")
    if confirmed:
        hand.follow()
    await settle(one.world)


async def restored(one: Telling) -> None:
    restore = RestoreRequest(Target("kill", "K-1"), reason="green")
    await one.world.bot.restore(restore, MARA, request_id="restore")
    await one.approve(by=INES, approval=f"A-{len(one.state.kind(APPROVALS))}")
    await settle(one.world)


async def corrected(one: Telling, message: str = "MSG-1") -> str:
    return await one.told("", corrects=message, values=WRONG)


def due(one: Telling) -> int:
    found = one.state.comms("INC-1").rhythm("users").due_ms
    assert found is not None
    return found


def chat(one: Telling, locale: str | None = None) -> str:
    said = read(one.world, locale)
    assert said is not None
    return said


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    ("mode", "says"),
    [("canned", "still switched off"), ("stop", "still switched off"), ("human", "on our team")],
)
async def test_a_correction_in_the_chat_says_how_it_is_what_to_do_and_when_more_follows(
    one: Telling, situation: str, mode: str, says: str
) -> None:
    await killed(one, mode)
    await one.told(f"users-{situation}-investigating", values={})

    await corrected(one)

    said = chat(one)
    assert "Orders are hit." in said
    assert WRONG["do"] in said
    assert says in said
    assert said.endswith(f"Next update by {spelled(due(one), ZONE)}.")
    assert ("switched off" in said) == (mode != "human")


async def test_what_is_not_confirmed_is_being_switched_off_and_no_more(one: Telling) -> None:
    await killed(one, confirmed=False)
    await one.told("users-feature-off-investigating", values={})
    first = chat(one)

    await corrected(one)

    assert "We are switching the assistant off" in first
    assert "We are switching the assistant off." in chat(one)
    assert "still switched off" not in chat(one)


async def test_each_language_has_the_name_that_its_readers_know(one: Telling) -> None:
    await killed(one)

    await one.told("users-feature-off-investigating", values={})

    assert chat(one, "en").startswith("The assistant is not available. We switched it off at ")
    assert chat(one, "de").startswith("Nicht verf\u00fcgbar: Assistent. Abgeschaltet haben wir um ")
    head = one.message().headlines["de"]
    assert await one.world.env.unsealed(head) == ("Nicht verf\u00fcgbar: Assistent",)


async def test_a_correction_keeps_no_promise_and_makes_none_while_one_stands(one: Telling) -> None:
    await killed(one)
    await one.told("users-feature-off-investigating", values={})
    before = one.state.comms("INC-1").rhythm("users")

    await corrected(one)

    after = one.state.comms("INC-1").rhythm("users")
    assert one.message("MSG-2").next_ms == before.due_ms
    assert (after.due_ms, after.kept, after.broken) == (before.due_ms, before.kept, before.broken)


async def test_where_the_promise_has_passed_a_correction_makes_a_new_one(one: Telling) -> None:
    await killed(one)
    await one.told("users-feature-off-investigating", values={})
    broken = due(one)
    one.world.clock.later(3_000)
    await settle(one.world)

    await corrected(one)

    assert due(one) > one.world.clock.now_ms() > broken
    assert chat(one).endswith(f"Next update by {spelled(due(one), ZONE)}.")


async def test_after_the_last_word_a_correction_says_nothing_of_a_next_one(one: Telling) -> None:
    await killed(one)
    await one.told("users-feature-off-investigating", values={})
    over = {
        "since_when": "2026-11-21T03:00Z",
        "stays_off": "yes",
        "leftovers": "Nothing was lost.",
        "follow_up": "This was our last message about it.",
    }
    await one.told("users-feature-off-resolved", values=over)

    await corrected(one, "MSG-2")

    assert "Next update" not in chat(one)
    assert "The assistant is still switched off." in chat(one)
    assert one.message("MSG-3").next_ms is None


async def test_words_that_say_it_is_off_are_held_back_once_it_is_not(one: Telling) -> None:
    await killed(one)
    await one.told("users-feature-off-investigating", values={})
    await one.new("", corrects="MSG-1", values=WRONG)
    await restored(one)

    with pytest.raises(Unpublishable, match="It says that it is switched off, and by now it is so"):
        await one.publish("MSG-2")
    await one.world.bot.comms.edit(EditMessage("MSG-2"), PIA, request_id=one.request())
    asked = await one.publish("MSG-2")

    assert asked.body["pending"]
    assert "still switched off" not in asked.as_text()


async def test_words_of_no_switch_go_out_though_a_kill_came_meanwhile(one: Telling) -> None:
    values = {"cause": "A part failed.", "action": "We replace the part."}
    await one.new("users-feature-off-identified", values=values)

    await killed(one)
    asked = await one.publish("MSG-1")

    assert one.message().claims == ""
    assert asked.body["pending"]


async def test_words_that_say_it_is_back_are_held_back_once_it_is_killed_again(
    one: Telling,
) -> None:
    await killed(one)
    await one.told("users-feature-off-investigating", values={})
    await restored(one)
    await one.new("", corrects="MSG-1", values=WRONG)

    await killed(one, "stop")

    with pytest.raises(Unpublishable, match="It says that nothing is switched off"):
        await one.publish("MSG-2")
