"""A pen for pictures: smooth lines, dashes and text in the font that Pillow brings, in plain pixels."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 675
FINE: Final = 2
"""Everything is drawn so many times larger and made smaller at the end: edges come out smooth."""

PAPER, INK, DIM, EDGE = "#FFFFFF", "#1D1B1F", "#55515B", "#DAD7E0"
LINE, BAD, HARD, OLD, BAD_SIDE = "#0072B2", "#B84A00", "#A3262A", "#5A5A5A", "#FBF0E6"
"""
Blue and vermilion stay apart for every kind of colour-blindness; no meaning hangs on colour alone.
"""

Weight = Literal["plain", "bold", "halo"]
Place = tuple[float, float]
Box = tuple[float, float, float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=16)
def _font(size: int) -> Font:
    return ImageFont.load_default(size * FINE)


def plain(words: str) -> str:
    """Return words in the letters that the font has: accents go, other signs become `?`."""
    spelt = unicodedata.normalize("NFKD", words)
    bare = "".join(one for one in spelt if not unicodedata.combining(one))
    return "".join(one if " " <= one <= "~" else "?" for one in bare)


def as_clock(at_ms: int) -> str:
    """Return a moment for people's eyes."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def spread(heights: Sequence[float], least: float) -> list[float]:
    """Return *heights* moved apart until neighbours are at least *least* away from each other."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = list(heights)
    for index, following in pairwise(order):
        short = least - (placed[following] - placed[index])
        if short > 0:
            placed[index] -= short / 2
            placed[following] += short / 2
    return placed


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in pixels of the finished picture."""

    image: Image.Image
    ink: ImageDraw.ImageDraw

    @classmethod
    def new(cls) -> "Pen":
        """Return a pen on an empty, transparent picture."""
        image = Image.new("RGBA", (WIDTH * FINE, HEIGHT * FINE), (255, 255, 255, 0))
        return cls(image, ImageDraw.Draw(image))

    def finished(self) -> Image.Image:
        """Return the picture at its own size."""
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def card(self) -> None:
        """Lay the paper: opaque, with an edge that shows on white and on black alike."""
        whole = (1, 1, WIDTH * FINE - 2, HEIGHT * FINE - 2)
        self.ink.rounded_rectangle(whole, 16 * FINE, PAPER, "#8A8690", 2 * FINE)

    def area(self, box: Box, fill: str) -> None:
        """Fill a rectangle."""
        left, top, right, bottom = box
        if bottom > top:
            self.ink.rectangle(_fine(left, top, right, bottom), fill)

    def frame(self, box: Box, colour: str) -> None:
        """Draw a rectangle's edge."""
        self.ink.rectangle(_fine(*box), outline=colour, width=FINE)

    def line(self, start: Place, end: Place, colour: str, width: float) -> None:
        """Draw a line."""
        self.ink.line(_fine(*start, *end), colour, round(width * FINE))

    def dashed(self, start: Place, end: Place, colour: str, dashes: tuple[float, float]) -> None:
        """Draw a level line of dashes; *dashes* are the lengths of ink and gap."""
        at, (left, height), (right, _) = start[0], start, end
        drawn, gap = dashes
        while at < right:
            self.line((max(at, left), height), (min(at + drawn, right), height), colour, 2.5)
            at += drawn + gap

    def shape(self, corners: Sequence[Place], fill: str, edge: str, width: float = 2.5) -> None:
        """Draw a polygon."""
        fine = [(x * FINE, y * FINE) for x, y in corners]
        self.ink.polygon(fine, fill, edge, round(width * FINE))

    def disc(self, place: Place, radius: float, fill: str, edge: str) -> None:
        """Draw a circle."""
        x, y = place
        box = _fine(x - radius, y - radius, x + radius, y + radius)
        self.ink.ellipse(box, fill, edge, round(2.5 * FINE))

    def text(
        self,
        place: Place,
        words: str,
        size: int,
        colour: str = INK,
        *,
        anchor: str = "la",
        weight: Weight = "plain",
    ) -> None:
        """Write; a *halo* keeps lines below the words from running into them."""
        stroke = {"plain": 0, "bold": 1, "halo": FINE * 3}[weight]
        fill = PAPER if weight == "halo" else colour
        at = (place[0] * FINE, place[1] * FINE)
        font, said = _font(size), plain(words)
        self.ink.text(
            at, said, colour, font, anchor, stroke_width=stroke, stroke_fill=fill
        )  # fmt: skip

    def pill(self, place: Place, words: str, size: int, *, fill: str, colour: str) -> None:
        """Write into a rounded frame around *place*."""
        half, (x, y) = self.width(words, size) / 2 + size * 0.75 - 7, place
        high = size * 0.75
        box = _fine(x - half, y - high, x + half, y + high)
        self.ink.rounded_rectangle(box, high * FINE, fill, INK, 2 * FINE)
        self.text(place, words, size, colour, anchor="mm")

    def width(self, words: str, size: int) -> float:
        """Return how wide the words come out."""
        return _font(size).getlength(plain(words)) / FINE

    def fitting(self, words: str, size: int, room: float, *, bold: bool = False) -> str:
        """Return the words, cut where they have no room."""
        words = plain(words)
        if self.width(words, size) + bold <= room:
            return words
        while words and self.width(words + "...", size) + bold > room:
            words = words[:-1]
        return words + "..."


def _fine(left: float, top: float, right: float, bottom: float) -> Box:
    return left * FINE, top * FINE, right * FINE, bottom * FINE
