"""Sharing a file as Slack has it: a ticket, the bytes, the share; each with Slack's own refusals."""

import json
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.workbench.slack import SlackStandIn
from opsbot.workbench.slack.files import UPLOAD_S
from tests.support.slack import BOT_TOKEN, MovableClock, slack_stand_in
from tests.workbench.slack.conftest import Bot

HERE, OPEN, CLOSED = "C0SUPPORTAI", "C0NOBOT", "G0CLOSED"
PNG = b"\x89PNG\r\n\x1a\nnot much of a picture"


async def ticket(web: AsyncWebClient, *, size: int = len(PNG), **more: Any) -> tuple[str, str]:
    """Announce a file; return its upload URL and id."""
    answer = await web.files_getUploadURLExternal(filename="p.png", length=size, **more)
    return str(answer["upload_url"]), str(answer["file_id"])


async def sent(url: str, data: bytes = PNG) -> int:
    """Send the bytes; return the status."""
    async with httpx.AsyncClient() as client:
        return (await client.post(url, content=data)).status_code


async def shared(web: AsyncWebClient, file: str, **more: Any) -> str:
    """Finish an upload; return Slack's error, empty where there is none."""
    try:
        await web.files_completeUploadExternal(files=[{"id": file, "title": "P"}], **more)
    except SlackApiError as refused:
        return str(refused.response["error"])
    return ""


async def test_the_sdks_own_upload_shares_a_file_in_a_thread(bot: Bot, slack: SlackStandIn) -> None:
    card = await bot.client.chat_postMessage(channel=HERE, text="card")

    done = await bot.client.files_upload_v2(
        channel=HERE,
        thread_ts=card["ts"],
        filename="p.png",
        content=PNG,
        title="Evaluations",
        alt_txt="r1 0.95",
        highlight_type="png",
    )

    thread = await bot.client.conversations_replies(channel=HERE, ts=str(card["ts"]))
    (file,) = thread["messages"][1]["files"]
    assert done["file"] == {"id": file["id"], "title": "Evaluations"}
    assert (file["name"], file["mimetype"], file["size"]) == ("p.png", "image/png", len(PNG))
    assert file["alt_txt"] == "r1 0.95"
    assert thread["messages"][0]["reply_count"] == 1
    (reply,) = slack.workspace.replies(slack.workspace.messages[HERE][0])
    assert reply.files[0].data == PNG


async def test_without_the_scope_nothing_is_taken(clock: MovableClock) -> None:
    async with (
        slack_stand_in(clock, frozenset({"chat:write"})) as slack,
        aiohttp.ClientSession() as session,
    ):
        web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session)

        with pytest.raises(SlackApiError) as refused:
            await ticket(web)

    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "files:write"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"filename": "p.png", "length": 0}, "missing_argument"),
        ({"filename": "", "length": 5}, "missing_argument"),
        ({"filename": "p.png", "length": 10**9}, "file_upload_size_restricted"),
        ({"filename": "p.png", "length": 5, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_what_cannot_be_announced(
    web: AsyncWebClient, args: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.files_getUploadURLExternal(**args)

    assert refused.value.response["error"] == error


async def test_another_length_than_announced_is_not_taken(web: AsyncWebClient) -> None:
    url, file = await ticket(web, size=len(PNG) + 1)

    assert await sent(url) == 400
    assert await shared(web, file, channel_id=HERE) == "file_not_found"


async def test_an_upload_url_ends_and_is_good_once(
    web: AsyncWebClient, clock: MovableClock
) -> None:
    early, _ = await ticket(web)
    late, file = await ticket(web)
    once = [await sent(early), await sent(early)]
    clock.push(UPLOAD_S + 1)

    assert once == [200, 400]
    assert await sent(late) == 400
    assert await shared(web, file, channel_id=HERE) == "file_not_found"


async def test_a_url_that_was_never_given_out_takes_nothing(slack: SlackStandIn) -> None:
    assert await sent(f"{slack.desk.base_url}/upload/v1/guessed") == 400


async def test_multipart_is_refused_in_words(web: AsyncWebClient) -> None:
    url, _ = await ticket(web)

    async with httpx.AsyncClient() as client:
        answer = await client.post(url, files={"file": ("p.png", PNG)})

    assert (answer.status_code, "not modelled" in answer.text) == (400, True)


async def test_a_file_is_shared_once(web: AsyncWebClient, slack: SlackStandIn) -> None:
    url, file = await ticket(web)
    await sent(url)

    first, second = [await shared(web, file, channel_id=HERE) for _ in range(2)]

    assert (first, second) == ("", "file_not_found")
    assert sum(bool(one.files) for one in slack.workspace.messages[HERE]) == 1


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channel_id": CLOSED}, "channel_not_found"),
        ({"channel_id": OPEN}, "not_in_channel"),
        ({"channel_id": HERE, "thread_ts": "1.0"}, "thread_not_found"),
        ({"thread_ts": "1.0"}, "invalid_arguments"),
    ],
)
async def test_where_it_cannot_be_shared_the_file_waits(
    web: AsyncWebClient, more: dict[str, Any], error: str
) -> None:
    url, file = await ticket(web)
    await sent(url)

    refused = await shared(web, file, **more)

    assert refused == error
    assert await shared(web, file, channel_id=HERE) == ""


async def test_an_archived_channel_takes_no_file(web: AsyncWebClient, slack: SlackStandIn) -> None:
    url, file = await ticket(web)
    await sent(url)
    slack.workspace.channels[HERE].is_archived = True

    assert await shared(web, file, channel_id=HERE) == "is_archived"


async def test_without_a_channel_it_stays_private(web: AsyncWebClient, slack: SlackStandIn) -> None:
    url, file = await ticket(web)
    await sent(url)

    assert await shared(web, file) == ""
    assert slack.workspace.shared("U0ONCALL", file) is None


@pytest.mark.parametrize("files", ["[]", "nonsense", '["F1"]', '[{"title": "no id"}]'])
async def test_files_are_a_list_of_ids(slack: SlackStandIn, files: str) -> None:
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {BOT_TOKEN}"}) as client:
        answer = await client.post(
            f"{slack.api_url}files.completeUploadExternal", data={"files": files}
        )

    assert answer.json() == {"ok": False, "error": "invalid_arguments"}


@pytest.mark.parametrize("kind", ["drop", "500"])
async def test_the_upload_itself_can_be_broken(
    web: AsyncWebClient, slack: SlackStandIn, kind: str
) -> None:
    slack.faults.fail("upload", kind, times=9)  # type: ignore[arg-type]  # a parameter

    with pytest.raises((SlackRequestError, aiohttp.ClientError)):
        await web.files_upload_v2(channel=HERE, filename="p.png", content=PNG)

    assert slack.workspace.messages.get(HERE, []) == []


async def page_sees(slack: SlackStandIn, file: str, user: str) -> httpx.Response:
    """Ask for a file as the page does."""
    async with httpx.AsyncClient() as client:
        return await client.get(f"{slack.desk.base_url}/ui/file/{file}", params={"user": user})


async def test_the_page_gets_a_picture_where_its_person_reads(
    web: AsyncWebClient, slack: SlackStandIn
) -> None:
    url, file = await ticket(web, alt_txt="in words")
    await sent(url)
    await shared(web, file, channel_id="G0SECRET")

    member, other = [await page_sees(slack, file, who) for who in ("U0ONCALL", "U0APPROVER")]

    assert (member.status_code, member.content) == (200, PNG)
    assert member.headers["content-type"] == "image/png"
    assert (other.status_code, other.json()["error"]) == (400, "file_not_found")


async def test_what_is_no_picture_is_downloaded_and_never_shown(
    web: AsyncWebClient, slack: SlackStandIn
) -> None:
    page = b"<script>alert(1)</script>"
    url, file = await ticket(web, size=len(page))
    await sent(url, page)
    await shared(web, file, channel_id=HERE)

    answer = await page_sees(slack, file, "U0ONCALL")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_state_describes_the_file(web: AsyncWebClient, slack: SlackStandIn) -> None:
    await web.files_upload_v2(channel=HERE, filename="p.png", content=PNG, alt_txt="in words")

    async with httpx.AsyncClient() as client:
        state = await client.get(f"{slack.desk.base_url}/ui/state", params={"user": "U0ONCALL"})

    (message,) = json.loads(state.text)["messages"][HERE]
    assert [one["alt_txt"] for one in message["files"]] == ["in words"]
