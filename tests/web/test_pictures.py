"""Evaluations over HTTP as a picture, and in words."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from opsbot.adapters.picture.results import Pictures
from tests.support.evals import seed
from tests.support.web import Door

PATH = "/v1/routes/support-copilot/evaluations.png"


@pytest.fixture(autouse=True)
async def _seeded(door: Door) -> None:
    await seed(door.world.store, on_its_way=True)


async def test_the_picture_is_a_png_that_nobody_keeps(door: Door) -> None:
    async with door.client() as mara:
        answer = await mara.get(PATH)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "accept"


async def test_whoever_asks_for_text_gets_its_words(door: Door) -> None:
    async with door.client() as mara:
        answer = await mara.get(PATH, headers={"accept": "text/plain"})

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Evaluations of support-copilot in prod, r1 to r3.")


async def test_a_stranger_gets_none(door: Door) -> None:
    async with door.client(token=None) as stranger:
        answer = await stranger.get(PATH)

    assert answer.status_code == 401


async def test_an_unknown_workflow_is_a_problem_document(door: Door) -> None:
    async with door.client() as mara:
        answer = await mara.get("/v1/routes/support-copilto/evaluations.png")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_workflow")
    assert "support-copilot" in answer.text


async def test_the_real_drawing_serves_it(door: Door) -> None:
    door.world.bot = replace(door.world.bot, pictures=Pictures())

    async with door.client() as mara:
        answer = await mara.get(PATH)

    assert Image.open(BytesIO(answer.content)).size == (1200, 675)
