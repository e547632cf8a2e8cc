"""Messages at Statuspage: each once, whatever happens on the way, and refused in words that help."""

import asyncio

import pytest

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.workbench.targets.play import Kind
from tests.support.targets import at_statuspage, post

OPEN = "POST /v1/pages/{page}/incidents"
WRITE = "PATCH /v1/pages/{page}/incidents/{id}"
AFTER: tuple[Kind, ...] = ("500_after", "timeout_after", "cut_after")
BEFORE: tuple[Kind, ...] = ("500", "429", "cut", "timeout")


async def test_an_incident_is_told_from_its_beginning_to_its_end() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        hit = at.there.states["cmprefunds01"]
        for nth, stage in enumerate(("identified", "monitoring"), 2):
            said = post(nth, stage=stage, thread=first.thread)
            await at.publisher.publish(said, attempt=1)
        over = post(4, stage="resolved", thread=first.thread)
        last = await at.publisher.publish(over, attempt=1)

        assert [status for status, _ in at.told] == [
            "investigating",
            "identified",
            "monitoring",
            "resolved",
        ]
        assert at.only["name"] == "Wrong answers about refunds"
        assert at.only["impact_override"] == "major"
        assert (hit, at.there.states["cmprefunds01"]) == ("partial_outage", "operational")
        assert at.there.states["cmpsupport01"] == "operational"
        assert first.url == last.url == f"https://status.example.com/i/{at.only['id']}"
        assert last.thread == first.thread == {"incident": at.only["id"]}
        assert last.handle != first.handle


@pytest.mark.parametrize("kind", [*AFTER, *BEFORE])
async def test_the_first_message_is_there_once_whatever_happened_to_its_first_attempt(
    kind: Kind,
) -> None:
    async with at_statuspage() as at:
        at.there.app.faults.fail(OPEN, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)

        done = await at.publisher.publish(post(1), attempt=2)

        assert len(at.told) == 1
        assert done.thread == {"incident": at.only["id"]}
        assert at.there.written == 1


@pytest.mark.parametrize("kind", [*AFTER, *BEFORE])
async def test_a_later_message_is_there_once_whatever_happened_to_its_first_attempt(
    kind: Kind,
) -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread)
        at.there.app.faults.fail(WRITE, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert [status for status, _ in at.told] == ["investigating", "identified"]
        assert at.there.written == 2


async def test_an_incident_that_was_over_with_its_first_message_is_found_again() -> None:
    async with at_statuspage() as at:
        over = post(1, stage="resolved")
        at.there.app.faults.fail(OPEN, "cut_after")
        with pytest.raises(RetryLater):
            await at.publisher.publish(over, attempt=1)

        await at.publisher.publish(over, attempt=2)

        assert at.told == [("resolved", over.texts["en"])]


async def test_a_second_message_joins_the_first_ones_incident_without_being_told_where_it_is() -> (
    None
):
    async with at_statuspage() as at:
        await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(2, stage="identified"), attempt=1)

        assert [status for status, _ in at.told] == ["investigating", "identified"]


async def test_what_others_keep_in_the_metadata_stays() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        at.there.incidents[str(first.thread["incident"])]["metadata"]["jira"] = {"id": "X-1"}

        await at.publisher.publish(post(2, stage="identified", thread=first.thread), attempt=1)

        assert at.only["metadata"]["jira"] == {"id": "X-1"}
        assert "comms:u-1" not in str(at.only)
        assert "inc-1" not in str(at.only["metadata"])


async def test_a_correction_is_an_update_that_moves_neither_stage_nor_components() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        states = dict(at.there.states)

        right = post(2, stage="correction", impact="minor", thread=first.thread)
        await at.publisher.publish(right, attempt=1)

        assert [status for status, _ in at.told] == ["investigating", "investigating"]
        assert at.only["impact_override"] == "major"
        assert at.there.states == states


async def test_there_is_nothing_to_correct_where_nothing_was_said() -> None:
    async with at_statuspage() as at:
        with pytest.raises(GiveUp, match="nothing of this incident that could be corrected"):
            await at.publisher.publish(post(1, stage="correction"), attempt=1)

        assert at.there.incidents == {}


async def test_an_end_at_which_the_feature_stays_off_makes_no_component_work() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)

        over = post(2, stage="resolved", stays_off=True, thread=first.thread)
        done = await at.publisher.publish(over, attempt=1)

        assert at.there.states["cmprefunds01"] == "partial_outage"
        assert "left as they are" in done.detail


async def test_what_comes_late_never_turns_the_page_back() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        await at.publisher.publish(post(3, stage="resolved", thread=first.thread), attempt=1)

        with pytest.raises(GiveUp, match="Something later stands"):
            await at.publisher.publish(post(2, stage="identified", thread=first.thread), attempt=1)

        assert [status for status, _ in at.told] == ["investigating", "resolved"]


async def test_a_post_mortem_is_left_alone() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        at.there.incidents[str(first.thread["incident"])]["status"] = "postmortem"

        with pytest.raises(GiveUp, match=r"`postmortem` by now: change it there by hand"):
            await at.publisher.publish(post(2, stage="correction", thread=first.thread), attempt=1)


async def test_a_workflow_without_a_component_is_said_and_a_title_that_was_cut() -> None:
    async with at_statuspage() as at:
        said = post(1, headline="x" * 300, components={"billing": "Billing"})

        done = await at.publisher.publish(said, attempt=1)

        assert len(at.only["name"]) == 255
        assert done.detail == (
            "the page has no component for Billing; its title was too long there and is cut"
        )


async def test_words_of_fields_are_no_markup_there() -> None:
    async with at_statuspage() as at:
        words = "<script>alert(1)</script> <!channel> &lt; a < b, Q&A \u202eevil"
        await at.publisher.publish(post(1, texts={"en": words}), attempt=1)

        (_, body) = at.told[0]
        assert body == "&lt;script>alert(1)&lt;/script> &lt;!channel> &amp;lt; a < b, Q&A evil"


async def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    async with at_statuspage() as at:
        with pytest.raises(GiveUp, match=r"takes 25,000 characters and this text has 25,001"):
            await at.publisher.publish(post(1, texts={"en": "x" * 25_001}), attempt=1)

        assert at.there.app.calls == []


async def test_every_language_is_there() -> None:
    async with at_statuspage() as at:
        await at.publisher.publish(post(1, texts={"en": "Off.", "de": "Aus."}), attempt=1)

        assert at.told == [("investigating", "Off.\n\n\u2014\n\nAus.")]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"key": "wrong-key"}, "it does not take the key: see OPSBOT_STATUSPAGE_API_KEY"),
        ({"page": "pgother"}, "it is not there: see the target's `page` in flags/comms.yaml"),
    ],
)
async def test_a_no_names_what_to_change(given: dict[str, str], why: str) -> None:
    async with at_statuspage(**given) as at:  # type: ignore[arg-type]  # two of its texts
        with pytest.raises(GiveUp) as no:
            await at.publisher.publish(post(1), attempt=1)

        assert why in str(no.value)
        assert "wrong-key" not in str(no.value)


async def test_its_limit_is_waited_for() -> None:
    async with at_statuspage(per_minute=1) as at:
        with pytest.raises(RetryLater, match="asks to wait") as later:
            await at.publisher.publish(post(1), attempt=1)

        assert later.value.after_s == 10
        assert at.there.incidents == {}


async def test_no_more_is_asked_than_it_takes() -> None:
    async with at_statuspage(most=2) as at:
        await at.publisher.publish(post(1), attempt=1)

        with pytest.raises(RetryLater, match="takes no more requests for now") as later:
            await at.publisher.publish(post(2), attempt=1)

        assert later.value.after_s is not None
        assert 50 < later.value.after_s <= 60
        assert len(at.there.app.calls) == 2


async def test_a_429_says_how_long_to_wait() -> None:
    async with at_statuspage() as at:
        at.there.app.faults.fail("*", "429")

        with pytest.raises(RetryLater) as later:
            await at.publisher.publish(post(1), attempt=1)

        assert later.value.after_s == 1


async def test_two_incidents_do_not_meet() -> None:
    async with at_statuspage() as at:
        posts = [post(nth, incident=f"inc-{nth}") for nth in range(1, 6)]

        await asyncio.gather(*(at.publisher.publish(one, attempt=1) for one in posts))
        for one in posts:
            await at.publisher.publish(one, attempt=2)

        assert len(at.there.incidents) == 5


async def test_nobody_is_written_to_where_the_target_says_so() -> None:
    async with at_statuspage(notify=False) as at:
        await at.publisher.publish(post(1), attempt=1)

        assert at.there.written == 0
        assert len(at.told) == 1
