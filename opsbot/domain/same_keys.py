"""
A salt by which one kill deals the same sticky keys as another, for every client that there is. Pure.

A client deals by the CRC-32 of uid, salt and key, so two kills with one salt deal differently. A CRC
is linear: ten letters behind a salt, four free bits each, bring it to any value that is wanted.
"""

import zlib
from functools import cache

_LETTERS, _BITS = 10, 4
_FIRST = ord("@")


def dealing(uid: str, salt: str) -> int:
    """Return what decides who is let through by the kill *uid* under *salt*."""
    return zlib.crc32(f"{uid}:{salt}:".encode())


def salt_like(wanted: int, uid: str, salt: str) -> str:
    """Return *salt*, or one that begins so, by which the kill *uid* deals as `dealing` *wanted*."""
    if dealing(uid, salt) == wanted:
        return salt
    left, chosen = wanted ^ dealing(uid, salt + _word(0)), 0
    while left:
        effect, choice = _basis()[left.bit_length()]
        left, chosen = left ^ effect, chosen ^ choice
    return salt + _word(chosen)


def _word(chosen: int) -> str:
    nibbles = (chosen >> _BITS * index & 15 for index in range(_LETTERS))
    return "".join(chr(_FIRST + one) for one in nibbles)


@cache
def _basis() -> dict[int, tuple[int, int]]:
    """Return, by its highest bit, one change of the CRC each and the choice of bits that makes it."""
    found: dict[int, tuple[int, int]] = {}
    plain = dealing("", _word(0))
    for bit in range(_LETTERS * _BITS):
        choice = 1 << bit
        effect = dealing("", _word(choice)) ^ plain
        while effect and effect.bit_length() in found:
            known, by = found[effect.bit_length()]
            effect, choice = effect ^ known, choice ^ by
        if effect:
            found[effect.bit_length()] = (effect, choice)
    return found
