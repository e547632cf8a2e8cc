"""The text of a paused workflow changes without a file, for whoever may, and is counted as shown by nobody too many."""

import contextlib
from dataclasses import replace

import pytest

from opsbot.app.comms.canned import LONGEST, Canned
from opsbot.app.comms.requests import SetCanned
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, UnknownWorkflow, Unpublishable
from opsbot.domain.policy.model import Power
from opsbot.domain.said import Said
from tests.app.comms.targets.test_in_app import killed, read
from tests.support.incident_life import COPILOT, OPEN, company, opened
from tests.support.world import INES, MARA, World, policy

TEXT = "We are looking into it. A person answers you today."


@pytest.fixture(name="world")
async def _world() -> World:
    world = await company()
    every = dict.fromkeys((1, 2, 3), frozenset({"approver"}))
    own = policy()
    may = {**own.powers, "comms": Power(every)}
    await world.declare(with_policy=replace(own, powers=may))
    return world


async def say(world: World, text: str = TEXT, locale: str = "en", *, name: str = COPILOT) -> Said:
    """Change the text of `canned`."""
    texts = {locale: text} if text else {}
    request = SetCanned(name, texts)
    return await Canned(world.env)(request, INES, request_id=f"say-{text[:9]}-{locale}-{name}")


async def test_users_read_the_new_text_and_who_shows_it_is_counted(world: World) -> None:
    world.instance("pod-1").follow()
    await killed(world)

    said = await say(world)

    assert read(world) == TEXT
    assert said.title.startswith(
        "The text for users of `support-copilot` in prod while it is `canned` was changed, by"
    )
    assert said.lines[1] == "0/1 instances show it; not `pod-1`."
    assert (said.tone, said.exit_code) == ("amber", 3)


async def test_no_text_brings_the_declared_one_back(world: World) -> None:
    await killed(world)
    await say(world)

    said = await say(world, "")

    assert read(world) == world.store.state.workflows()[COPILOT].canned
    assert "is as declared again" in said.title


async def test_the_same_text_again_changes_nothing(world: World) -> None:
    await say(world)
    before = world.store.state.position

    said = await Canned(world.env)(SetCanned(COPILOT, {"en": TEXT}), INES, request_id="again")

    assert world.store.state.position == before
    assert "nothing was changed" in said.title


async def test_only_who_may_speak_to_users_changes_it(world: World) -> None:
    with pytest.raises(NotAllowed, match="comms"):
        await Canned(world.env)(SetCanned(COPILOT, {"en": TEXT}), MARA, request_id="mara")

    assert read(world) is None


@pytest.mark.parametrize(
    ("text", "locale", "name", "wrong"),
    [
        (TEXT, "en", "support-copilo", UnknownWorkflow),
        (TEXT, "xx", COPILOT, NeedsMoreWords),
        ("x" * (LONGEST + 1), "en", COPILOT, Unpublishable),
    ],
)
async def test_what_cannot_be_shown_changes_nothing(
    world: World, text: str, locale: str, name: str, wrong: type[Exception]
) -> None:
    before = world.store.state.position

    with pytest.raises(wrong):
        await say(world, text, locale, name=name)

    assert world.store.state.position == before


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<b>Sorry</b>, wait.", "W-MARKUP"),
        ("<!channel> wait.", "W-MARKUP"),
        ("Ask gpt-5.2 again.", "W-MODEL"),
        ("No users were affected.", "W-NOBODY"),
        ("It should be fixed in 10 minutes.", "W-PROMISE"),
        ("Your r\u0435fund waits.", "W-SCRIPT"),
    ],
)
async def test_what_no_message_may_say_no_paused_workflow_says(
    world: World, text: str, rule: str
) -> None:
    with pytest.raises(Unpublishable, match=rule):
        await say(world, text)

    assert read(world) != text


async def test_nothing_that_hides_or_turns_a_line_reaches_a_client(world: World) -> None:
    await killed(world)

    await say(world, "We look\x00 into\u202e it.\nA person\U000e0141 answers.\u2066")

    assert read(world) == "We look into it.\nA person answers."


@pytest.mark.parametrize(("severity", "goes"), [("SEV2", False), ("SEV3", True)])
async def test_one_person_alone_gives_no_words_where_a_message_would_take_two(
    world: World, severity: str, *, goes: bool
) -> None:
    await opened(world, replace(OPEN, severity=severity))  # type: ignore[arg-type]  # a severity
    refusal = pytest.raises(NotAllowed, match="read nothing now that one person alone let go")

    with contextlib.nullcontext() if goes else refusal:
        await say(world)
    await say(world, "")

    assert read(world) != TEXT
