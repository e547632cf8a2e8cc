"""Reviews over HTTP: each form in its own type, nothing for who may not see the incident."""

import httpx
import pytest

from tests.support.web import Door

AT = "/v1/incidents"
WRONG = {"title": "<script>alert(1)</script>", "workflow": "support-copilot"}


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [
        ("md", "text/markdown; charset=utf-8", "# INC-1: "),
        ("html", "text/html; charset=utf-8", "<!doctype html>"),
        ("json", "application/json", '{\n  "s": 1'),
        ("svg", "image/svg+xml", "<svg "),
    ],
)
async def test_each_form_has_its_path_and_its_type(
    http: httpx.AsyncClient, form: str, media: str, begins: str
) -> None:
    await http.post(AT, json=WRONG)

    by_path = await http.get(f"{AT}/INC-1/review.{form}")
    by_accept = await http.get(f"{AT}/current/review", headers={"accept": media.partition(";")[0]})

    assert by_path.status_code == 200
    assert by_path.headers["content-type"] == by_accept.headers["content-type"] == media
    assert by_path.text.startswith(begins)
    assert by_path.headers["content-security-policy"].startswith("default-src 'none'")
    assert by_path.headers["cache-control"] == "no-store"
    assert "<script>" not in by_path.text or form == "json"


@pytest.mark.parametrize(
    "path", ["review", "review.md", "review.html", "review.json", "review.svg"]
)
async def test_a_private_one_is_not_there_for_others(
    door: Door, http: httpx.AsyncClient, path: str
) -> None:
    async with door.client("ines-token") as lead:
        await lead.post(AT, json={**WRONG, "title": "leaked addresses", "private": True})
        seen = await lead.get(f"{AT}/INC-1/{path}")

    refused = await http.get(f"{AT}/INC-1/{path}")
    missing = await http.get(f"{AT}/INC-9/{path}")

    assert refused.status_code == missing.status_code == 404
    assert refused.text.replace("INC-1", "INC-9") == missing.text
    assert "leaked addresses" in seen.text
