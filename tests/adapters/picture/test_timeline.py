"""The picture of a timeline: a PNG of its size with its words, and an SVG that runs nothing."""

import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from PIL import Image

from opsbot.adapters.picture.pen import HARD, LINE
from opsbot.adapters.picture.results import Pictures
from opsbot.app.timeline.svg import as_svg
from opsbot.domain.incident.times import Times
from opsbot.domain.picture.timeline import TimelineChart, alt_text, charted
from opsbot.domain.timeline import Line

AT = 1_795_230_847_000
MINUTE = 60_000
SVG = "{http://www.w3.org/2000/svg}"


def chart(title: str = "wrong refund answers", *lines: Line) -> TimelineChart:
    """Return the chart of an incident of an hour."""
    times = Times(
        declared=AT + MINUTE, started=AT, contained=AT + 2 * MINUTE, resolved=AT + 60 * MINUTE
    )
    return charted("INC-7", title, "prod", times, lines, now_ms=AT, over=True)


KILL = Line(AT + MINUTE, "Mara", "", kind="kill", name="K-1")
ROUTE = Line(AT + 20 * MINUTE, "Ines", "", kind="route", name="r4")


async def test_it_is_a_picture_of_its_size_with_its_words() -> None:
    drawn = chart("wrong", KILL, ROUTE)

    image = Image.open(BytesIO(await Pictures().timeline(drawn)))

    assert image.size == (1200, 675)
    assert image.info["Description"] == alt_text(drawn)
    assert image.info["Title"] == "Timeline of INC-7 in prod"


async def test_a_kill_and_a_route_are_told_apart_by_shape_and_colour() -> None:
    bare = Image.open(BytesIO(await Pictures().timeline(chart("x")))).convert("RGB")
    full = Image.open(BytesIO(await Pictures().timeline(chart("x", KILL, ROUTE)))).convert("RGB")

    def count(image: Image.Image, colour: str) -> int:
        wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return sum(number for number, found in image.getcolors(1 << 20) or [] if found == wanted)

    assert count(bare, HARD) == count(bare, LINE) == 0
    assert count(full, HARD) > 100
    assert count(full, LINE) > 50


@pytest.mark.parametrize("title", ["x" * 500, "\u202eevil", "emoji \U0001f525 and \u00e9", ""])
async def test_any_title_can_be_drawn(title: str) -> None:
    drawn = chart(title, KILL)

    assert (await Pictures().timeline(drawn)).startswith(b"\x89PNG")
    ET.fromstring(as_svg(drawn))  # noqa: S314  our own


def test_hostile_words_are_text_in_the_svg() -> None:
    drawn = chart('</text><script>alert(1)</script>"><a href="javascript:x">', KILL)

    tree = ET.fromstring(as_svg(drawn))  # noqa: S314  our own

    tags = {one.tag.removeprefix(SVG) for one in tree.iter()}
    assert tags <= {"svg", "title", "style", "rect", "path", "text", "circle"}
    assert "K-1" in "".join(tree.itertext())
    assert tree.get("role") == "img"


def test_an_incident_in_which_nothing_was_done_says_so() -> None:
    assert "Nothing was switched, paged or noted." in as_svg(chart())
