"""Messages at a status page of PagerDuty's: each once, in the page's own words."""

import pytest

from opsbot.app.ports import GiveUp, RetryLater
from opsbot.workbench.pagerduty.faults import Kind
from tests.support.targets import at_pagerduty, post

OPEN = "POST /status_pages/{id}/posts"
WRITE = "POST /status_pages/{id}/posts/{post}/post_updates"
KINDS: tuple[Kind, ...] = ("cut_after_commit", "503", "429", "cut")


async def test_an_incident_is_told_from_its_beginning_to_its_end() -> None:
    async with at_pagerduty() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        over = post(2, stage="resolved", thread=first.thread)
        last = await at.publisher.publish(over, attempt=1)

        page = at.there.account.status_pages["PSTATUS1"]
        begun, ended = page.updates[str(first.thread["post"])]
        assert [status for status, _ in at.told] == ["investigating", "resolved"]
        assert at.posts[0]["title"] == "Wrong answers about refunds"
        assert page.severities[begun["severity"]["id"]] == "major"
        assert page.severities[ended["severity"]["id"]] == "all good"
        assert page.impacts[begun["impacted_services"][0]["impact"]["id"]] == "partial outage"
        assert page.impacts[ended["impacted_services"][0]["impact"]["id"]] == "operational"
        assert last.handle == {"post": first.thread["post"], "update": ended["id"]}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_first_message_is_there_once_whatever_happened_to_its_first_attempt(
    kind: Kind,
) -> None:
    async with at_pagerduty() as at:
        at.there.faults.fail(OPEN, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(1), attempt=2)

        assert len(at.told) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_later_message_is_there_once_whatever_happened_to_its_first_attempt(
    kind: Kind,
) -> None:
    async with at_pagerduty() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread)
        at.there.faults.fail(WRITE, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert [status for status, _ in at.told] == ["investigating", "identified"]


async def test_an_opening_that_nobody_saw_arrive_is_gone_on_with_by_the_next_message() -> None:
    async with at_pagerduty() as at:
        at.there.faults.fail(OPEN, "cut_after_commit")
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", headline="What we know", unseen=(post(1),))

        done = await at.publisher.publish(second, attempt=1)

        assert len(at.posts) == 1
        assert [status for status, _ in at.told] == ["investigating", "identified"]
        assert done.thread == {"post": at.posts[0]["id"]}


@pytest.mark.parametrize("kind", KINDS)
async def test_going_on_with_it_is_there_once_whatever_happened_to_the_first_attempt(
    kind: Kind,
) -> None:
    async with at_pagerduty() as at:
        at.there.faults.fail(OPEN, "cut_after_commit")
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", headline="What we know", unseen=(post(1),))
        at.there.faults.fail(WRITE, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert len(at.posts) == 1
        assert [status for status, _ in at.told] == ["investigating", "identified"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_opening_that_never_arrived_leaves_the_next_message_to_open(kind: Kind) -> None:
    async with at_pagerduty() as at:
        second = post(2, stage="identified", unseen=(post(1),))
        at.there.faults.fail(OPEN, kind)
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert [status for status, _ in at.told] == ["identified"]


async def test_a_correction_goes_to_what_nobody_saw_arrive() -> None:
    async with at_pagerduty() as at:
        at.there.faults.fail(OPEN, "cut_after_commit")
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(2, stage="correction", unseen=(post(1),)), attempt=1)

        assert len(at.posts) == 1
        assert [status for status, _ in at.told] == ["investigating", "investigating"]


async def test_an_older_post_of_the_same_title_is_another_incident() -> None:
    async with at_pagerduty() as at:
        await at.publisher.publish(post(1), attempt=1)

        await at.publisher.publish(post(2, incident="inc-2"), attempt=2)

        assert len(at.posts) == 2


async def test_the_same_words_in_the_same_second_are_another_message_where_the_first_is_known() -> (
    None
):
    async with at_pagerduty() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        same = {"texts": post(1).texts, "at_ms": post(1).at_ms}
        second = post(2, thread=first.thread, others=(first.handle,), **same)
        at.there.faults.fail(WRITE, "cut")
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)

        await at.publisher.publish(second, attempt=2)

        assert len(at.told) == 2


async def test_another_incidents_post_of_the_same_words_and_second_is_not_ours() -> None:
    async with at_pagerduty() as at:
        theirs = await at.publisher.publish(post(1, incident="inc-2"), attempt=1)
        at.there.faults.fail(OPEN, "cut")
        ours = post(1, others=(theirs.handle,))
        with pytest.raises(RetryLater):
            await at.publisher.publish(ours, attempt=1)

        done = await at.publisher.publish(ours, attempt=2)

        assert done.thread != theirs.thread
        assert len(at.posts) == 2


async def test_a_page_that_keeps_a_time_of_its_own_makes_no_second_update() -> None:
    async with at_pagerduty() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        second = post(2, stage="identified", thread=first.thread, others=(first.handle,))
        at.there.faults.fail(WRITE, "cut_after_commit")
        with pytest.raises(RetryLater):
            await at.publisher.publish(second, attempt=1)
        page = at.there.account.status_pages["PSTATUS1"]
        for nth, one in enumerate(page.updates[str(first.thread["post"])]):
            one["reported_at"] = f"2026-01-01T00:00:{nth:02}Z"

        await at.publisher.publish(second, attempt=2)

        assert len(at.told) == 2


@pytest.mark.parametrize("turned", [False, True], ids=["oldest first", "newest first"])
async def test_a_post_is_found_among_many_of_its_title_whichever_way_they_are_listed(
    turned: bool,  # noqa: FBT001  one of two orders
) -> None:
    async with at_pagerduty() as at:
        for nth in range(2, 24):
            await at.publisher.publish(post(nth, incident=f"inc-{nth}"), attempt=1)
        at.there.faults.fail(OPEN, "cut_after_commit")
        with pytest.raises(RetryLater):
            await at.publisher.publish(post(1), attempt=1)
        page = at.there.account.status_pages["PSTATUS1"]
        if turned:
            page.posts = dict(reversed(page.posts.items()))

        await at.publisher.publish(post(1), attempt=2)

        assert len(at.posts) == 23


async def test_a_correction_moves_neither_stage_nor_services() -> None:
    async with at_pagerduty() as at:
        first = await at.publisher.publish(post(1, stage="identified"), attempt=1)

        await at.publisher.publish(post(2, stage="correction", thread=first.thread), attempt=1)

        page = at.there.account.status_pages["PSTATUS1"]
        assert [status for status, _ in at.told] == ["identified", "identified"]
        assert page.updates[str(first.thread["post"])][-1]["impacted_services"] == []


async def test_the_words_of_a_page_are_named_where_they_are_its_own() -> None:
    async with at_pagerduty(names={"monitoring": "Watching"}) as at:
        page = at.there.account.status_pages["PSTATUS1"]
        page.statuses["PSTAT3"] = "Watching"

        await at.publisher.publish(post(1, stage="monitoring"), attempt=1)

        assert [status for status, _ in at.told] == ["Watching"]


async def test_a_word_that_a_page_does_not_have_is_asked_for() -> None:
    async with at_pagerduty() as at:
        at.there.account.status_pages["PSTATUS1"].statuses["PSTAT3"] = "Watching"

        with pytest.raises(GiveUp) as no:
            await at.publisher.publish(post(1, stage="monitoring"), attempt=1)

        assert str(no.value) == (
            "PagerDuty's page has no status for monitoring (it has: investigating, identified,"
            " watching, resolved): name it under `names` of the target status"
        )


async def test_words_of_fields_are_no_markup_there() -> None:
    async with at_pagerduty() as at:
        await at.publisher.publish(post(1, texts={"en": "a\nb\n\n<b>c</b>"}), attempt=1)

        assert at.told[0][1] == "<p>a<br>b</p><p>&lt;b&gt;c&lt;/b&gt;</p>"


@pytest.mark.parametrize("headline", ["x" * 129, "y" * 128])
async def test_a_title_is_as_long_as_it_takes(headline: str) -> None:
    async with at_pagerduty() as at:
        done = await at.publisher.publish(post(1, headline=headline), attempt=1)

        assert len(at.posts[0]["title"]) == 128
        assert ("is cut" in done.detail) == (len(headline) > 128)


async def test_a_wrong_key_names_its_setting() -> None:
    async with at_pagerduty(key="wrong") as at:
        with pytest.raises(GiveUp, match="See OPSBOT_PAGERDUTY_API_KEY"):
            await at.publisher.publish(post(1), attempt=1)


async def test_a_key_that_may_only_read_names_its_setting() -> None:
    async with at_pagerduty(key="read-only") as at:
        at.there.read_only_key()

        with pytest.raises(GiveUp, match="see what OPSBOT_PAGERDUTY_API_KEY may"):
            await at.publisher.publish(post(1), attempt=1)


async def test_there_is_nothing_to_correct_where_nothing_was_said() -> None:
    async with at_pagerduty() as at:
        with pytest.raises(GiveUp, match="could be corrected"):
            await at.publisher.publish(post(1, stage="correction"), attempt=1)
