"""Channels in Slack: made once whatever happens to the answer, filled, pinned, linked; with no scope too many."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from opsbot.adapters.clock import SystemClock
from opsbot.app.incident.accounts import Account
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.room.port import NameTaken, NotInvited, NotPermitted, NotSeen
from opsbot.domain.errors import Gone
from opsbot.domain.said import Said
from opsbot.slack.app import open_client, open_session
from opsbot.slack.blocks import render
from opsbot.slack.chat import SlackChat
from opsbot.slack.manifest import Profile, scopes
from opsbot.slack.people import SURE_S
from opsbot.slack.rooms import SlackRooms
from opsbot.workbench.slack import Channel as Made
from opsbot.workbench.slack import SlackStandIn
from tests.support.slack import BOT_TOKEN, slack_stand_in
from tests.support.verbs import PlainMemory

NAME, PURPOSE = "inc-7-support-copilot", "Incident INC-7 in prod, kept by opsbot. Mark 0123."
HERE = "C0SUPPORTAI"


@dataclass
class Place:
    """The real client on a workspace that granted one profile's scopes."""

    slack: SlackStandIn
    chat: SlackChat
    rooms: SlackRooms

    def channels(self, begins: str = "inc-") -> list[Made]:
        """Return the channels whose name begins so."""
        return [c for c in self.slack.workspace.channels.values() if c.name.startswith(begins)]

    def seen(self, channel: str = HERE) -> list[str]:
        """Return what stands in a channel."""
        return [message.text for message in self.slack.seen_by("U0ONCALL", channel)]


@asynccontextmanager
async def workspace(profile: Profile) -> AsyncGenerator[Place]:
    """Give a workspace that granted what a profile asks for, and nothing else."""
    async with (
        slack_stand_in(scopes=frozenset(scopes(profile))) as slack,
        open_session() as session,
    ):
        client = open_client(BOT_TOKEN, session, api_url=slack.api_url)
        chat = SlackChat(client, PlainMemory(), SystemClock())
        yield Place(slack, chat, SlackRooms(client, chat))


@pytest.fixture(name="place")
async def _place() -> AsyncGenerator[Place]:
    async with workspace("incident") as made:
        yield made


async def test_a_channel_is_made_and_says_what_it_is_for(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    (there,) = place.channels()
    assert (made.id, made.name, made.private) == (there.id, NAME, False)
    assert there.purpose == PURPOSE
    assert there.members == {"U0BOT"}


async def test_a_private_channel_is_private(place: Place) -> None:
    made = await place.rooms.create("inc-7", private=True, purpose=PURPOSE)

    assert made.private
    assert place.channels()[0].is_private


@pytest.mark.parametrize("call", ["conversations.create", "conversations.setPurpose"])
@pytest.mark.parametrize("private", [False, True])
async def test_a_lost_answer_makes_no_second_channel(
    place: Place, call: str, *, private: bool
) -> None:
    place.slack.faults.fail(call, "drop_after_effect")
    with pytest.raises(RetryLater):
        await place.rooms.create(NAME, private=private, purpose=PURPOSE)

    made = await place.rooms.create(NAME, private=private, purpose=PURPOSE)

    (there,) = place.channels()
    assert (made.id, there.purpose) == (there.id, PURPOSE)


async def test_a_cut_between_making_and_marking_is_caught_up_with(place: Place) -> None:
    place.slack.faults.fail("conversations.setPurpose", "drop")
    with pytest.raises(RetryLater):
        await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    assert place.channels()[0].purpose == ""

    await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    (there,) = place.channels()
    assert there.purpose == PURPOSE


async def test_a_name_that_is_taken_gets_a_number(place: Place) -> None:
    place.slack.workspace.channels["C0THEIRS"] = Made("C0THEIRS", NAME, {"U0ONCALL", "U0BOT"})

    first = await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    other = await place.rooms.create(NAME, private=False, purpose="Incident INC-7 in dev.")
    again = await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    assert (first.name, other.name) == (f"{NAME}-2", f"{NAME}-3")
    assert again.id == first.id
    assert place.slack.workspace.channels["C0THEIRS"].purpose == ""


async def test_names_end_and_are_cut(place: Place) -> None:
    long = "inc-7-" + "x" * 100
    for number in range(1, 10):
        name = long[:80] if number == 1 else f"{long[:78]}-{number}"
        place.slack.workspace.channels[f"C{number}"] = Made(f"C{number}", name, set())

    with pytest.raises(NameTaken):
        await place.rooms.create(long, private=False, purpose=PURPOSE)


async def test_a_workspace_may_keep_the_making_of_channels_to_itself(place: Place) -> None:
    place.slack.workspace.creation_restricted = True

    with pytest.raises(NotPermitted) as no:
        await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    assert str(no.value) == "this workspace does not let the bot make channels"


async def test_an_app_of_the_smallest_profile_is_told_that_it_lacks_a_permission() -> None:
    async with workspace("kill-only") as place:
        with pytest.raises(GiveUp) as no:
            await place.rooms.create(NAME, private=False, purpose=PURPOSE)

        assert str(no.value) == "the Slack app lacks a permission (missing_scope)"
        assert not isinstance(no.value, NotPermitted)


async def test_slacks_own_wait_is_kept(place: Place) -> None:
    place.slack.faults.fail("conversations.create", "429", seconds=7)

    with pytest.raises(RetryLater) as later:
        await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    assert (later.value.after_s, str(later.value)) == (7, "Slack asks the bot to wait")


async def test_whoever_can_come_comes_and_the_others_are_named(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    people = ["U0ONCALL", "adam@example.com", "U0NOBODY", "nobody@example.com"]

    missing = await place.rooms.invite(made.id, people)

    assert place.channels()[0].members == {"U0BOT", "U0ONCALL", "U0APPROVER"}
    assert set(missing) == {
        NotInvited("U0NOBODY", "Slack knows no such person"),
        NotInvited("nobody@example.com", "Slack knows no person of that address"),
    }


async def test_who_is_inside_already_is_no_failure(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    await place.rooms.invite(made.id, ["U0ONCALL"])

    assert await place.rooms.invite(made.id, ["U0ONCALL"]) == ()
    assert await place.rooms.invite(made.id, ["U0ONCALL", "U0BOT"]) == ()
    assert await place.rooms.invite(made.id, ["U0ONCALL", "U0NOBODY"]) == (
        NotInvited("U0NOBODY", "Slack knows no such person"),
    )
    assert await place.rooms.invite(made.id, []) == ()


async def test_a_topic_is_cut_and_mentions_nobody(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    await place.rooms.topic(made.id, "[SEV1] <!channel> " + "x" * 300)

    topic = place.channels()[0].topic
    assert topic.startswith("[SEV1] &lt;!channel&gt; xxx")
    assert len(topic) <= 250


async def test_a_message_is_pinned_once(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    handle = await place.chat.post(made.id, *render(Said("red", "INC-7")), key="card")
    place.slack.faults.fail("pins.add", "drop_after_effect")
    with pytest.raises(RetryLater):
        await place.rooms.pin(handle)

    await place.rooms.pin(handle)

    (message,) = place.slack.workspace.messages[made.id]
    assert message.pinned


async def test_a_link_stands_at_the_top_once(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)
    place.slack.faults.fail("bookmarks.add", "drop_after_effect")
    with pytest.raises(RetryLater):
        await place.rooms.bookmark(made.id, "Dashboards", "https://traces.example.com/?a=1&b=2")

    await place.rooms.bookmark(made.id, "Dashboards", "https://traces.example.com/?a=1&b=2")
    await place.rooms.bookmark(made.id, "Cost", "https://spend.example.com")

    (there,) = place.channels()
    assert [one.title for one in there.bookmarks] == ["Dashboards", "Cost"]


async def test_a_message_has_an_address(place: Place) -> None:
    handle = await place.chat.post(HERE, *render(Said("red", "INC-7")), key="card")

    link = await place.rooms.permalink(handle)

    assert link.endswith(f"/archives/{HERE}/p{str(handle['ts']).replace('.', '')}")
    with pytest.raises(Gone):
        await place.rooms.permalink({**handle, "ts": "1.0"})


async def test_a_public_channel_is_entered_and_a_private_one_needs_an_invitation(
    place: Place,
) -> None:
    joined = await place.rooms.join("C0NOBOT")

    assert joined.member
    assert "U0BOT" in place.slack.workspace.channels["C0NOBOT"].members
    assert (await place.rooms.join("C0NOBOT")).member, "again is no failure"
    assert (await place.rooms.join("G0SECRET")).private, "it is in there already"
    with pytest.raises(GiveUp, match="invite it there"):
        await place.rooms.join("G0CLOSED")


async def test_a_channel_is_looked_at(place: Place) -> None:
    shared, public = await place.rooms.look("C0SHARED"), await place.rooms.look("C0NOBOT")

    assert (shared.shared, shared.member, shared.private) == (True, True, False)
    assert (public.shared, public.member) == (False, False)
    with pytest.raises(GiveUp, match="no such channel"):
        await place.rooms.look("G0CLOSED")


async def test_a_channel_is_found_among_many_renamed_and_closed(place: Place) -> None:
    space = place.slack.workspace
    for number in range(450):
        space.channels[f"C{number}"] = Made(f"C{number}", f"team-{number}", {"U0BOT"})
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    assert await place.rooms.find(NAME) == await place.rooms.look(made.id)
    assert await place.rooms.find("no-bot") is None, "others' channels are not read through"
    renamed = await place.rooms.rename(made.id, "inc-7-over")
    again = await place.rooms.rename(made.id, "inc-7-over")
    assert renamed.name == again.name == "inc-7-over"
    with pytest.raises(NameTaken):
        await place.rooms.rename(made.id, "team-1")
    await place.rooms.archive(made.id)
    await place.rooms.archive(made.id)
    assert space.channels[made.id].is_archived


async def test_an_answer_stands_in_the_thread_once(place: Place) -> None:
    card = await place.chat.post(HERE, *render(Said("red", "INC-7")), key="card")
    place.slack.faults.fail("chat.postMessage", "drop_after_effect")
    with pytest.raises(RetryLater):
        await place.rooms.reply(card, *render(Said("plain", "Ines leads")), key="said:1")

    first = await place.rooms.reply(card, *render(Said("plain", "Ines leads")), key="said:1")
    other = await place.rooms.reply(card, *render(Said("plain", "Contained")), key="said:2")

    message = place.slack.workspace.find(HERE, str(card["ts"]))
    assert message is not None
    replies = place.slack.workspace.replies(message)
    assert [reply.text for reply in replies] == ["Ines leads", "Contained"]
    assert [first["ts"], other["ts"]] == [reply.ts for reply in replies]
    assert not any(reply.broadcast for reply in replies)


async def test_an_answer_to_a_deleted_message_says_that_it_is_gone(place: Place) -> None:
    with pytest.raises(Gone):
        await place.rooms.reply({"channel": HERE, "ts": "1.0"}, [], "x", key="k")


async def test_nothing_is_answered_where_outsiders_read(place: Place) -> None:
    with pytest.raises(GiveUp, match="shared"):
        await place.rooms.reply({"channel": "C0SHARED", "ts": "1.0"}, [], "x", key="k")


@pytest.mark.parametrize("private", [False, True])
async def test_an_archived_channel_is_seen_as_one_or_not_at_all(
    place: Place, *, private: bool
) -> None:
    made = await place.rooms.create(NAME, private=private, purpose=PURPOSE)

    await place.rooms.archive(made.id)

    if private:
        for call in (place.rooms.look, place.rooms.archive, place.rooms.unarchive):
            with pytest.raises(NotSeen, match="may not see it"):
                await call(made.id)
    else:
        assert (await place.rooms.look(made.id)).archived
        with pytest.raises(GiveUp, match="Slack lets no bot open a channel again"):
            await place.rooms.unarchive(made.id)


async def test_what_is_open_is_open(place: Place) -> None:
    made = await place.rooms.create(NAME, private=False, purpose=PURPOSE)

    await place.rooms.unarchive(made.id)

    assert not (await place.rooms.look(made.id)).archived


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, Account("U0ONE", "mara", "T0HOME")),
        ({"is_restricted": True}, Account("U0ONE", "mara", "T0HOME", guest=True)),
        ({"is_ultra_restricted": True}, Account("U0ONE", "mara", "T0HOME", guest=True)),
        ({"is_bot": True}, Account("U0ONE", "mara", "T0HOME", bot=True)),
        ({"deleted": True}, Account("U0ONE", "mara", "T0HOME", gone=True)),
        ({"team_id": "T9OUT"}, Account("U0ONE", "mara", "T9OUT", stranger=True)),
    ],
)
async def test_an_account_is_what_slack_says_of_it(
    place: Place, changes: dict[str, Any], found: Account
) -> None:
    people = place.slack.workspace.people
    people["U0ONE"] = replace(people["U0ONCALL"], id="U0ONE", name="mara", **changes)

    assert await place.rooms.account("U0ONE") == found


async def test_an_account_that_slack_does_not_know_or_say_is_told_apart(place: Place) -> None:
    with pytest.raises(GiveUp, match="Slack knows no such person"):
        await place.rooms.account("U0NOBODY")

    place.slack.faults.fail("users.info", "latency", seconds=SURE_S + 1)
    with pytest.raises(RetryLater):
        await place.rooms.account("U0ONCALL")


CALLS = {
    "look": "conversations.info",
    "join": "conversations.join",
    "archive": "conversations.archive",
    "permalink": "chat.getPermalink",
}


@pytest.mark.parametrize("kind", ["429", "500", "drop"])
@pytest.mark.parametrize("call", CALLS)
async def test_trouble_is_tried_again_later(place: Place, call: str, kind: str) -> None:
    times = 2 if kind == "drop" else 1  # a read is asked again once by the HTTP client itself
    place.slack.faults.fail(CALLS[call], kind, times=times)  # type: ignore[arg-type]  # a parameter
    argument = {"channel": HERE, "ts": "1.0"} if call == "permalink" else HERE

    with pytest.raises(RetryLater) as later:
        await getattr(place.rooms, call)(argument)

    assert "rror" not in str(later.value).replace("internal_error", "")


async def test_a_channels_link_is_the_only_thing_that_is_live_in_a_message(place: Place) -> None:
    said = Said("red", "INC-7 <#C0EVIL>", channel="C0GOOD")

    blocks, _ = render(said)
    await place.chat.post(HERE, blocks, "x", key="k")

    assert "&lt;#C0EVIL&gt;" in str(blocks[0])
    assert "<#C0GOOD>" in str(blocks[-1])
    assert len(render(Said("red", "INC-7", channel="C0 <!channel>"))[0]) == 1
