"""Messages at incident.io: each once, an end without components, and no more updates than it takes."""

from datetime import datetime, timedelta
from typing import cast

import pytest

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.workbench.targets.play import Kind
from tests.support.targets import at_incident_io, post

OPEN = "POST /v2/status_page_incidents"
READ = "GET /v2/status_page_incidents/{id}"
WRITE = "POST /v2/status_page_incident_updates"
KINDS: tuple[Kind, ...] = (
    *("500_after", "timeout_after", "cut_after"),
    *("500", "429", "cut", "timeout"),
)
REFUNDS, SUPPORT = "01WORKBENCHREFUNDS00000001", "01WORKBENCHSUPPORT00000001"


async def test_an_incident_is_told_from_its_beginning_to_its_end() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1, impact="critical"), attempt=1)
        hit = at.there.states[REFUNDS]
        over = post(2, stage="resolved", thread=first.thread)
        last = await at.publisher.publish(over, attempt=1)

        assert [status for status, _ in at.told] == ["investigating", "resolved"]
        assert hit == "full_outage"
        assert set(at.there.states.values()) == {"operational"}
        assert "component_statuses" not in at.there.app.calls[-1].body
        assert (first.thread, last.url) == (last.thread, "https://status.example.com")
        assert last.handle["update"] == at.only["updates"][-1]["id"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", [OPEN, READ])
async def test_the_first_message_is_there_once_whatever_happened_to_its_first_attempt(
    route: str, kind: Kind
) -> None:
    async with at_incident_io() as at:
        at.there.app.faults.fail(route, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(1), attempt=2)

        assert len(at.told) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_later_message_is_there_once_whatever_happened_to_its_first_attempt(
    kind: Kind,
) -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread)
        at.there.app.faults.fail(WRITE, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert [status for status, _ in at.told] == ["investigating", "identified"]


async def test_a_second_message_joins_the_first_ones_incident_without_being_told_where_it_is() -> (
    None
):
    async with at_incident_io() as at:
        await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(2, stage="identified"), attempt=1)

        assert [status for status, _ in at.told] == ["investigating", "identified"]


async def test_the_same_words_again_are_another_message() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        again = post(2, texts=post(1).texts, thread=first.thread)

        await at.publisher.publish(again, attempt=1)

        assert len(at.told) == 2


async def test_the_same_words_within_a_minute_are_another_message_where_the_first_is_known() -> (
    None
):
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = await at.publisher.publish(post(2, thread=first.thread), attempt=1)
        others = (first.handle, second.handle)
        again = post(3, texts=post(1).texts, thread=first.thread, others=others)
        at.there.app.faults.fail(WRITE, "cut")
        with pytest.raises(RetryLater):
            await at.publisher.publish(again, attempt=1)

        done = await at.publisher.publish(again, attempt=2)

        assert len(at.told) == 3
        assert done.handle not in others


@pytest.mark.parametrize("off_s", [-3_600, 3_600])
async def test_a_clock_that_goes_wrong_there_makes_no_second_update(off_s: int) -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread, others=(first.handle,))
        at.there.app.faults.fail(WRITE, "cut_after")
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)
        for one in at.only["updates"]:
            moved = datetime.fromisoformat(one["published_at"]) + timedelta(seconds=off_s)
            one["published_at"] = moved.isoformat()

        await at.publisher.publish(second, attempt=2)

        assert len(at.told) == 2


async def test_an_older_message_that_nobody_saw_arrive_is_not_taken_for_a_later_one() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        unseen = post(2, stage="identified", thread=first.thread)
        at.there.app.faults.fail(WRITE, "cut_after")
        with pytest.raises(RetryLater):
            await at.publisher.publish(unseen, attempt=1)
        between = post(3, stage="identified", thread=first.thread)
        third = await at.publisher.publish(between, attempt=1)
        others = (first.handle, third.handle)
        again = post(4, stage="identified", texts=unseen.texts, thread=first.thread, others=others)

        await at.publisher.publish(again, attempt=2)

        assert len(at.told) == 4


async def test_an_answer_without_updates_is_no_word_that_a_message_is_not_there() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread)
        await at.publisher.publish(second, attempt=1)
        cast("dict[str, object]", at.only).pop("updates")

        with pytest.raises(RetryLater, match="not understood"):
            await at.publisher.publish(second, attempt=2)

        assert at.there.app.calls[-1].route == READ


async def test_a_correction_moves_neither_stage_nor_components() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        right = post(2, stage="correction", thread=first.thread)
        at.there.app.faults.fail(WRITE, "cut_after")
        with pytest.raises(RetryLater):
            await at.publisher.publish(right, attempt=1)

        await at.publisher.publish(right, attempt=2)

        assert [status for status, _ in at.told] == ["investigating", "investigating"]
        assert at.only["updates"][-1]["component_statuses"] == []


async def test_there_is_nothing_to_correct_where_nothing_was_said() -> None:
    async with at_incident_io() as at:
        with pytest.raises(GiveUp, match="could be corrected"):
            await at.publisher.publish(post(1, stage="correction"), attempt=1)


async def test_an_end_at_which_the_feature_stays_off_says_what_the_page_shows() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)

        over = post(2, stage="resolved", stays_off=True, thread=first.thread)
        done = await at.publisher.publish(over, attempt=1)

        assert done.detail == ("incident.io shows every component as working once it is resolved")


async def test_the_hundred_and_first_update_is_refused_before_it_is_sent() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        at.only["updates"].extend(at.only["updates"] * 99)

        with pytest.raises(GiveUp, match="takes 100 updates for one incident"):
            await at.publisher.publish(post(2, thread=first.thread), attempt=1)

        assert at.there.app.calls[-1].route == READ


async def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    async with at_incident_io() as at:
        with pytest.raises(GiveUp, match="takes 4,096 characters"):
            await at.publisher.publish(post(1, texts={"en": "x" * 4_097}), attempt=1)


async def test_words_of_fields_are_no_markup_there() -> None:
    async with at_incident_io() as at:
        words = "# Not a title\n[here](https://evil.example/a_b) *now* see https://a.example/b_c"
        await at.publisher.publish(post(1, texts={"en": words}), attempt=1)

        assert at.told[0][1] == (
            "\\# Not a title\n\\[here\\](https://evil.example/a_b) \\*now\\* "
            "see https://a.example/b_c"
        )


async def test_a_wrong_key_names_its_setting() -> None:
    async with at_incident_io(key="wrong-key") as at:
        with pytest.raises(GiveUp, match="see OPSBOT_INCIDENT_IO_API_KEY"):
            await at.publisher.publish(post(1), attempt=1)


async def test_what_it_says_of_a_mistake_is_passed_on_harmlessly() -> None:
    async with at_incident_io() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        at.there.incidents.clear()

        with pytest.raises(GiveUp, match="it is not there"):
            await at.publisher.publish(post(2, thread=first.thread), attempt=1)
