"""The public status page over HTTP: for everybody, cached, in their language, and there when nothing else is."""

from collections.abc import AsyncGenerator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from opsbot.app.status_page.html import LOST_HERE
from opsbot.app.status_page.site import Site, site
from opsbot.domain.change import Position
from opsbot.web.status import DOCUMENTS
from tests.support.status import NOW_MS, three_incidents, told
from tests.support.web import Door

JSON = [f"/status/api/v2/{name}.json" for name in DOCUMENTS]
EVERY = [
    "/status",
    "/status/index.html",
    "/status/index.de.html",
    "/status.atom",
    "/status/feed.atom",
]
EVERY += JSON


@pytest.fixture
async def page() -> Site:
    """Give the files of a bad night."""
    return site((await three_incidents()).page(), Position(1, 1))


@pytest.fixture
async def http(door: Door, page: Site) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a client that nobody knows."""
    door.page = page
    async with door.client(token=None) as client:
        yield client


@pytest.mark.parametrize("path", EVERY)
async def test_everybody_reads_it_and_nobody_is_followed(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"].startswith("public, max-age=15")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    made = parsedate_to_datetime(answer.headers["last-modified"])
    assert int(made.timestamp()) == NOW_MS // 1000


@pytest.mark.parametrize("path", EVERY)
async def test_who_has_it_already_is_sent_nothing(http: httpx.AsyncClient, path: str) -> None:
    first = await http.get(path)

    for given in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = await http.get(path, headers={"if-none-match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    other = await http.get(path, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", EVERY)
async def test_head_says_all_but_the_words(http: httpx.AsyncClient, path: str) -> None:
    got, head = await http.get(path), await http.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("path", JSON)
async def test_pages_of_others_may_read_the_json(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers={"origin": "https://elsewhere.example"})

    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["page"]["name"] == "Acme Assist"


async def test_the_feed_says_what_it_is(http: httpx.AsyncClient) -> None:
    short, long = await http.get("/status.atom"), await http.get("/status/feed.atom")

    assert short.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert short.content == long.content


@pytest.mark.parametrize(
    ("query", "wished", "lang"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-CH, en;q=0.8", "de"),
        ("", "fr, de;q=0.3, en;q=0.8", "en"),
        ("", "de;q=0, *", "en"),
        ("", "de;q=nonsense", "en"),
        ("?lang=de", "en", "de"),
        ("?lang=DE-AT", "", "de"),
        ("?lang=../../etc/passwd", "de", "de"),
        ("?lang=xx", "", "en"),
    ],
)
async def test_it_is_in_the_language_that_is_asked_for(
    http: httpx.AsyncClient, query: str, wished: str, lang: str
) -> None:
    answer = await http.get(f"/status{query}", headers={"accept-language": wished})

    assert f'<html lang="{lang}">' in answer.text
    assert answer.headers["vary"] == "accept-language"


async def test_every_link_of_the_page_leads_to_a_file_of_it(http: httpx.AsyncClient) -> None:
    text = (await http.get("/status")).text

    links = [one.partition('"')[0] for one in text.split('href="')[1:]]
    own = [link for link in links if link.startswith("status/")]
    assert len(own) == 4
    assert [(await http.get(f"/{link}")).status_code for link in own] == [200] * len(own)
    assert not any(link.startswith("./") for link in links)


@pytest.mark.parametrize("path", ["/status/index.fr.html", "/status/index", "/status/index.htm"])
async def test_a_page_that_is_not_there_is_said(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_while_the_store_is_gone_the_page_is_there_and_says_as_of_when(
    http: httpx.AsyncClient, door: Door
) -> None:
    before = await http.get("/status")
    door.lose_the_store()
    door.page_lost_ms = NOW_MS

    english, german = await http.get("/status"), await http.get("/status?lang=de")
    summary = await http.get("/status/api/v2/summary.json")

    assert "We cannot reach our own records" not in before.text
    assert "We cannot reach our own records" in english.text
    assert "21 Nov 2026, 05:44 CET" in english.text
    assert "Dies ist der Stand vom" in german.text
    assert english.headers["etag"] != before.headers["etag"]
    assert english.headers["status-as-of"] == "Sat, 21 Nov 2026 04:44:07 GMT"
    assert summary.headers["status-as-of"] == english.headers["status-as-of"]
    assert LOST_HERE not in before.text + english.text


async def test_once_the_store_is_back_the_notice_goes(http: httpx.AsyncClient, door: Door) -> None:
    before = await http.get("/status")
    door.page_lost_ms = NOW_MS
    await http.get("/status")
    door.page_lost_ms = None

    after = await http.get("/status")

    assert after.content == before.content
    assert after.headers["etag"] == before.headers["etag"]


async def test_a_changed_page_is_another_page(http: httpx.AsyncClient, door: Door) -> None:
    before = await http.get("/status")
    door.page = site((await told()).page(), Position(1, 2))

    after = await http.get("/status", headers={"if-none-match": before.headers["etag"]})

    assert after.status_code == 200
    assert "No known problems" in after.text


async def test_before_it_was_ever_made_it_says_when_to_come_again(
    http: httpx.AsyncClient, door: Door
) -> None:
    door.page = None

    answers = [await http.get(path) for path in EVERY]

    assert {one.status_code for one in answers} == {503}
    assert {one.headers["retry-after"] for one in answers} == {"5"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_can_only_be_read(http: httpx.AsyncClient, method: str) -> None:
    assert (await http.request(method, "/status")).status_code == 405
