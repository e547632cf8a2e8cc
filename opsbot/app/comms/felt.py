"""How much of a feature its users miss: one answer for our own page and for every other one. Pure."""

from typing import Final

from opsbot.app.comms.port import Impact
from opsbot.app.taken import Taken

IMPACTS: Final[tuple[Impact, ...]] = ("none", "minor", "major", "critical")
"""From well to worst."""


def felt(takes: Taken, told: Impact, *, off: bool = False) -> Impact:
    """
    Return how much of a feature its users miss: as far as kills say what they can do, else what they were told.

    *off*: they were told that it stays off. Where everybody has it with less, or from people, severity
    says nothing more; what nobody has confirmed yet is not off.
    """
    if is_off(takes, off=off):
        return "critical"
    if takes.reach in ("reduced", "people"):
        return "minor"
    if takes.reach == "on":
        return told
    least: Impact = "major" if takes.reach == "off" else "minor"
    return max(least, told, key=IMPACTS.index)


def is_off(takes: Taken, *, off: bool) -> bool:
    """Return whether a feature is switched off for all: every instance has it so, or it was said."""
    return (takes.reach == "off" and (takes.sure or off)) or (off and takes.reach == "on")


def lesser(one: Impact, other: Impact) -> Impact:
    """Return the one that is less."""
    return min(one, other, key=IMPACTS.index)
