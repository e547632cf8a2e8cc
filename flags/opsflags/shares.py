"""Who falls into a share of the calls: sticky by a key, alike in every language and process. Pure."""

import zlib

from opsflags.model import Rejected

MOST_RESTORED = 50
"""The largest share of the keys, in percent, that a kill may let through; more is no restore by steps."""

WHOLE = 100
_HASHES = 2**32
_MASK = _HASHES - 1
# Klimov and Shamir's permutation x + (x^2 | 5) of the 32-bit numbers. It is needed because two CRCs
# of one key under different prefixes differ by a constant (for keys of one length): all who are
# together in one share would be together in every other one too.
_ODD = 5


def begin(prefix: str) -> int:
    """Return the CRC-32 of what stands before a key; the key's own goes on from there."""
    return zlib.crc32(prefix.encode("utf-8", "surrogatepass"))


def plain_point(begun: int, key: str) -> float:
    """Return where prefix and *key* fall between 0 and 1, by their CRC-32 alone: for one choice a key."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass"), begun) / _HASHES


def point(begun: int, key: str) -> float:
    """
    Return where prefix and *key* fall between 0 and 1, by their CRC-32 mixed.

    Points of one key under two prefixes have nothing to do with each other.
    """
    crc = zlib.crc32(key.encode("utf-8", "surrogatepass"), begun)
    return ((crc + (crc * crc | _ODD)) & _MASK) / _HASHES


class Ramp:
    """
    The part of a kill that is lifted: *percent* (0 to 50) of the sticky keys, dealt by *salt*.

    For those keys the kill acts as `read_only`; for all others, and without a key, it holds.
    """

    __slots__ = ("percent", "salt")

    def __init__(self, percent: float, salt: str = "") -> None:
        self.percent = percent
        self.salt = salt

    def lets(self, uid: str, key: str) -> bool:
        """Return whether the kill *uid* is lifted for *key*."""
        return point(begin(f"{uid}:{self.salt}:"), key) * WHOLE < self.percent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ramp) and (self.percent, self.salt) == (other.percent, other.salt)

    def __hash__(self) -> int:
        return hash((self.percent, self.salt))

    def __repr__(self) -> str:
        return f"Ramp({self.percent} %, salt={self.salt!r})"


def ramp_from_json(value: object) -> Ramp | None:
    """Read a kill's `ramp`; None where there is none or it cannot be read: then the whole kill holds."""
    if not isinstance(value, dict):
        return None
    salt = value.get("salt")
    try:
        percent = percent_from_json(value.get("percent"), most=MOST_RESTORED)
    except Rejected:
        return None
    if salt is not None and not isinstance(salt, str):
        return None
    return Ramp(percent, salt or "")


def percent_from_json(value: object, *, most: int = WHOLE) -> float:
    """
    Read a share.

    Raises:
        Rejected: not a number from 0 to *most*.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise Rejected(f"a percent is not a number from 0 to {most}")
    return value
