"""Delivering again what could not be said: who may, what is noted, what moves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from opsbot.app.deliver import GIVE_UP_AFTER, UNEXPECTED, Deliver
from opsbot.app.ports import Delivery, Outbox
from opsbot.app.requests import KillRequest, Target
from opsbot.app.retry import letter_line
from opsbot.domain.change import Effect
from opsbot.domain.errors import NotAllowed, StoreLost, UnknownLetter
from tests.support.changes import put
from tests.support.world import GUS, MARA, NOOR, World


@dataclass
class Kept:
    """Keeps what the log would be told."""

    why: list[str] = field(default_factory=list)

    def failed(self, delivery: Delivery, reason: str, *, unexpected: bool) -> None:
        """Keep a reason."""
        self.why.append(reason)


@dataclass
class Crashing:
    """An outbox whose process is gone before the first letter moves."""

    real: Outbox

    async def dead_letters(self) -> Sequence[tuple[str, Effect, str]]:
        """Return what is there."""
        return await self.real.dead_letters()

    async def retry(self, item: str) -> bool:
        """Be gone."""
        raise StoreLost("gone")


def noted(world: World) -> list[str]:
    """Return the letters that the journal says were asked for again."""
    entries = [json.loads(line.partition(" ")[2]) for line in world.server.lines]
    return [one["item"] for e in entries if e["verb"] == "retry" for one in e["facts"]["letters"]]


COPILOT = Target("workflow", "support-copilot")
SUMMARISER = Target("workflow", "contract-summariser")


@pytest.fixture(name="letters")
async def _letters(world: World) -> list[str]:
    """Two kills whose cards could not be posted."""
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    await world.bot.kill(KillRequest(SUMMARISER), MARA, request_id="2")
    for name in list(world.server.items):
        delivery = world.delivery(name)
        if delivery.effect.kind == "card":
            await world.outbox.dead(delivery, reason="channel_not_found")
    return list(world.server.dead)


async def test_one_letter_goes_back_to_work_and_the_journal_says_who(
    world: World, letters: list[str]
) -> None:
    said = await world.bot.retry(letters[0], MARA, request_id="3")

    assert said.title == "Being delivered again in prod: 1 message"
    assert said.body == {"retried": [letters[0]]}
    assert list(world.server.dead) == letters[1:]
    entry = json.loads(world.server.lines[-1].partition(" ")[2])
    assert (entry["verb"], entry["rule"], entry["actor"]["id"]) == (
        "retry",
        "one-person-kills",
        MARA.id,
    )
    assert [one["item"] for one in entry["facts"]["letters"]] == [letters[0]]


async def test_all_letters_are_delivered_then(world: World, letters: list[str]) -> None:
    await world.bot.retry("all", MARA, request_id="3")
    await world.work("card")

    assert len(letters) == len(world.slack.posted) == 2
    assert not world.server.dead


async def test_the_same_request_again_moves_nothing_and_notes_nothing(
    world: World, letters: list[str]
) -> None:
    await world.bot.retry("all", MARA, request_id="3")
    entries = len(world.server.lines)

    said = await world.bot.retry("all", MARA, request_id="3")

    assert said.title == "Nothing is undelivered in prod"
    assert len(world.server.lines) == entries


async def test_the_same_request_again_moves_no_letter_that_its_entry_does_not_name(
    world: World, letters: list[str]
) -> None:
    await world.bot.retry("all", MARA, request_id="3")
    await world.store.commit("odd", put(effects=(Effect("odd", "odd:1"),)))
    await world.work("odd")
    later = list(world.server.dead)

    again = await world.bot.retry("all", MARA, request_id="3")
    fresh = await world.bot.retry("all", MARA, request_id="4")

    assert again.title == "This request was done before in prod; nothing was moved now"
    assert (again.body, fresh.body) == ({"retried": []}, {"retried": later})
    assert noted(world) == [*letters, *later]


async def test_what_a_crash_left_where_it_was_is_moved_by_the_same_request(
    world: World, letters: list[str]
) -> None:
    crashing = Crashing(world.outbox)
    world.bot = replace(world.bot, outbox=crashing)  # type: ignore[arg-type]  # asked for no more
    with pytest.raises(StoreLost):
        await world.bot.retry("all", MARA, request_id="3")
    world.bot = replace(world.bot, outbox=world.outbox)
    left = list(world.server.dead)

    said = await world.bot.retry("all", MARA, request_id="3")

    assert left == letters
    assert said.body == {"retried": letters}
    assert noted(world) == letters


async def test_an_exceptions_own_name_reaches_nobody(world: World) -> None:
    async def broken(delivery: Delivery) -> None:
        raise KeyError("ServerDisconnected")

    reports = Kept()
    await world.store.commit("odd", put(effects=(Effect("card", "c:1", {"kill": "K-1"}),)))
    (name,) = world.server.items
    worker = Deliver(world.outbox, {"card": broken}, reports, "rest")

    await worker.once(replace(world.delivery(name), attempt=GIVE_UP_AFTER))

    said = await world.bot.status(None, MARA)
    assert any("KeyError" in why for why in reports.why)
    assert "KeyError" not in said.as_text()
    assert f"`{name}` the Slack card of K-1 failed: {UNEXPECTED}" in said.lines


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (
            "no answer from Slack: ServerDisconnectedError('Server disconnected')",
            "no answer from Slack",
        ),
        ("ClientConnectorError(1, OSError(2, 'x'))", UNEXPECTED),
        (
            "Slack knows no such person (users_not_found)",
            "Slack knows no such person (users_not_found)",
        ),
    ],
)
def test_letters_of_earlier_versions_are_read_in_words_too(kept: str, read: str) -> None:
    line = letter_line(("1-0", Effect("tell", "t:1", {"approval": "A-2"}), kept))

    assert line == f"`1-0` the Slack message about A-2 failed: {read}"


async def test_an_id_that_nothing_has_is_refused(world: World, letters: list[str]) -> None:
    with pytest.raises(UnknownLetter) as refused:
        await world.bot.retry("99-9\u202e", MARA, request_id="3")

    assert "\u202e" not in refused.value.message
    assert list(world.server.dead) == letters


@pytest.mark.parametrize("actor", [NOOR, GUS], ids=["outside the role", "a guest"])
async def test_who_may_not_kill_may_not_deliver_again(
    world: World, letters: list[str], actor: object
) -> None:
    entries = len(world.server.lines)

    with pytest.raises(NotAllowed):
        await world.bot.retry("all", actor, request_id="3")  # type: ignore[arg-type]  # a parameter

    assert list(world.server.dead) == letters
    assert len(world.server.lines) == entries


async def test_a_letter_about_nothing_known_needs_whoever_may_kill_everything(
    world: World,
) -> None:
    await world.store.commit("odd", put(effects=(Effect("odd", "odd:1"),)))
    await world.work("odd")

    said = await world.bot.retry("all", MARA, request_id="3")

    assert "odd odd:1" in said.lines[0]


async def test_status_offers_the_button_only_where_something_is_undelivered(
    world: World, letters: list[str]
) -> None:
    before = await world.bot.status(None, MARA)
    await world.bot.retry("all", MARA, request_id="3")
    after = await world.bot.status(None, MARA)

    assert [(one.act, one.value) for one in before.buttons] == [("retry", "all")]
    assert f"`{letters[0]}` the Slack card of K-1 failed: channel_not_found" in before.lines
    assert after.buttons == ()
