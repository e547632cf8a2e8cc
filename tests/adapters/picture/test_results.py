"""The picture itself: its size, its lines where they belong, its marks, and its words inside."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngImageFile

from opsbot.adapters.picture.pen import BAD_SIDE, HARD, HEIGHT, INK, LINE, WIDTH, plain, spread
from opsbot.adapters.picture.results import Pictures, drawn
from opsbot.domain.gates import Colour, Gate
from opsbot.domain.picture.evaluations import Chart, Point, Series, alt_text
from opsbot.domain.route import Number

GATE = Gate("ground", "pass_rate", ">=", 0.9, 50, 72, 0.8)
NOW = 1_795_230_847_000
Pixel = tuple[int, int, int]
PLOT = (40, 140, 1030, 560)
SMOOTHED = 24
"""So far may a colour be from itself where a line ends."""


def chart(*values: float | None, gates: int = 1, colour: Colour = "green") -> Chart:
    """Return a chart of r1, r2, …; the last is on its way."""
    numbers = tuple(Number(one + 1) for one in range(len(values)))
    points = tuple(
        Point(number, "missing" if value is None else colour, value, 100)
        for number, value in zip(numbers, values, strict=True)
    )
    return Chart(
        "copilot", "prod", NOW, numbers[0], numbers[-1], numbers, (Series(GATE, points),) * gates
    )


def opened(png: bytes) -> PngImageFile:
    """Return the picture, loaded whole."""
    image = Image.open(BytesIO(png))
    assert isinstance(image, PngImageFile)
    image.load()
    return image


def rgb(colour: str) -> Pixel:
    """Return `#0072B2` as numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def near(one: Pixel, other: Pixel, by: int = SMOOTHED) -> bool:
    """Return whether two colours are the same but for smoothing."""
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def rows(image: Image.Image, colour: str, least: int) -> list[int]:
    """Return the rows of the plot in which *colour*, but for smoothing, fills at least so many pixels."""
    left, top, right, bottom = PLOT
    plot = image.convert("RGB").crop(PLOT)
    away = ImageChops.difference(plot, Image.new("RGB", plot.size, rgb(colour)))
    red, green, blue = (one.point(lambda by: 255 if by <= SMOOTHED else 0) for one in away.split())
    same = ImageChops.darker(ImageChops.darker(red, green), blue).tobytes()
    wide = right - left
    found = (same[at * wide : (at + 1) * wide].count(255) for at in range(bottom - top))
    return [top + at for at, count in enumerate(found) if count >= least]


@pytest.mark.parametrize("gates", [0, 1, 2, 3, 4, 5, 6])
def test_any_number_of_gates_is_one_picture_of_the_same_size(gates: int) -> None:
    image = opened(drawn(chart(0.95, None, 0.7, gates=gates)))

    assert (image.size, image.format) == ((WIDTH, HEIGHT), "PNG")
    assert image.getpixel((WIDTH // 2, 8)) == (255, 255, 255, 255)


def test_the_paper_is_opaque_so_that_it_reads_on_dark_and_light() -> None:
    alpha = opened(drawn(chart(0.95, 0.93))).getchannel("A")

    inside = alpha.crop((20, 20, WIDTH - 20, HEIGHT - 20))
    assert inside.getextrema() == (255, 255)


def test_the_threshold_is_a_dashed_line_above_the_hard_limit() -> None:
    image = opened(drawn(chart(0.97, 0.95)))

    wanted, hard = rows(image, INK, 400), rows(image, HARD, 200)

    assert 1 <= len(wanted) <= 4
    assert 1 <= len(hard) <= 4
    assert max(wanted) < min(hard)
    dashes = {image.getpixel((x, wanted[len(wanted) // 2])) for x in range(40, 1000)}
    assert len(dashes) > 1


def test_the_side_that_fails_is_shaded() -> None:
    image = opened(drawn(chart(0.97, 0.95))).convert("RGB")

    (wanted, *_), (hard, *_) = rows(image, INK, 400), rows(image, HARD, 200)

    below, above = image.getpixel((60, (wanted + hard) // 2)), image.getpixel((60, wanted - 10))
    assert below == rgb(BAD_SIDE)
    assert above == (255, 255, 255)


def test_a_value_stands_where_its_scale_puts_it() -> None:
    image = opened(drawn(chart(0.9, 0.9))).convert("RGB")

    (wanted, *_) = rows(image, INK, 100)

    middle = image.getpixel((32 + (WIDTH - 64 - 128) // 4, wanted + 1))
    assert isinstance(middle, tuple)
    assert near((middle[0], middle[1], middle[2]), rgb(LINE))


def shape(colour: Colour) -> bytes:
    """Return a mark in black and white."""
    image = opened(drawn(chart(0.95, 0.95, colour=colour))).convert("L")
    x, (wanted, *_) = 32 + (WIDTH - 64 - 128) // 4, rows(image, INK, 400)
    plot = image.crop((x - 14, 150, x + 14, wanted - 4))
    return plot.point(lambda light: 255 if light > 200 else 0).tobytes()


def test_what_gates_say_differs_in_shape_and_not_only_in_colour() -> None:
    said: tuple[Colour, ...] = ("green", "red", "hard_red", "stale", "too_few")

    assert len({shape(one) for one in said}) == len(said)


def test_the_same_chart_gives_the_same_picture() -> None:
    assert drawn(chart(0.95, None, 0.7)) == drawn(chart(0.95, None, 0.7))


def test_its_words_travel_inside_it() -> None:
    known = chart(0.95, None, 0.7)

    image = opened(drawn(known))

    assert image.text["Title"] == known.title
    assert image.text["Description"] == alt_text(known)


@pytest.mark.parametrize("value", [0.0, -1e12, 1e12, 1e-9])
def test_extreme_values_are_drawn(value: float) -> None:
    assert opened(drawn(chart(value, value))).size == (WIDTH, HEIGHT)


def test_names_that_the_font_lacks_and_long_ones_are_drawn() -> None:
    long = Gate("\u5065\u5168\u6027" * 60, "taux_r\u00e9ussi", "<", 2.5, 1, 1)
    known = chart(2.0, 2.0)
    series = (Series(long, known.series[0].points),)
    shown = Chart(
        "w" * 200, "prod", NOW, Number(1), None, known.revisions, series
    )  # fmt: skip

    assert opened(drawn(shown)).size == (WIDTH, HEIGHT)
    assert plain("taux_r\u00e9ussi \u5065") == "taux_reussi ?"


def test_what_was_measured_of_the_model_is_marked() -> None:
    own = chart(0.95, 0.93)
    points = tuple(replace(one, of="openai/mini") for one in own.series[0].points)

    instead = replace(own, series=(Series(GATE, points),))

    assert opened(drawn(instead)).tobytes() != opened(drawn(own)).tobytes()


def test_labels_that_would_lie_on_each_other_are_moved_apart() -> None:
    assert spread([100.0, 104.0], 22) == [91.0, 113.0]
    assert spread([104.0, 100.0], 22) == [113.0, 91.0]
    assert spread([10.0, 90.0], 22) == [10.0, 90.0]


async def test_the_port_draws_beside_the_loop() -> None:
    png = await Pictures().evaluations(chart(0.95))

    assert opened(png).size == (WIDTH, HEIGHT)
