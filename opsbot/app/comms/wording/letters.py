"""Letters of other scripts that read like those of this one: what a text looks like, and which words mix them. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ALIKE: Final = (
    # Cyrillic, small and capital
    (
        "\u0430\u0432\u0435\u0451\u0454\u04bd\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443",
        "abeeeekmhopcty",
    ),
    (
        "\u0445\u0455\u0456\u0457\u0458\u04cf\u0475\u051b\u051d\u04af\u04bb\u0501\u0261\u0433",
        "xsiijlvqwyhdgr",
    ),
    (
        "\u0410\u0412\u0415\u0401\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405",
        "ABEEKMHOPCTYXS",
    ),
    (
        "\u0406\u0407\u0408\u04c0\u0474\u051a\u051c\u04ae\u04ba\u050c\u0417\u0461\u0438\u043f",
        "IIJIVQWYHGZwun",
    ),
    # Greek
    (
        "\u03b1\u03b2\u03b3\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c2\u03c3\u03c4\u03c5\u03c7\u03c9",
        "abyeniuvopcotuxw",
    ),
    (
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f2\u03f3",
        "ABEZHIKMNOPTYXcj",
    ),
    # Armenian, Cherokee, Coptic
    (
        "\u0561\u0563\u0566\u0570\u0575\u0578\u057d\u0581\u0584\u0585\u054f\u0555\u054d\u0531",
        "wqqhjnugpoSOUU",
    ),
    (
        "\u13aa\u13f4\u13df\u13a0\u13ac\u13c0\u13bb\u13c6\u13ab\u13e6\u13de\u13b7\u13e2\u13da",
        "ABCDEGHIJKLMPS",
    ),
    (
        "\u13a2\u13d9\u13d4\u13f3\u13c3\u13d2\u2c9f\u2ca3\u2ca5\u2c89\u2c93\u2c95\u2c98\u2c9a",
        "TVTWZRopcEikMN",
    ),
    # Latin letters that are others than they seem
    (
        "\u0131\u0251\u0269\u026a\u028f\u0280\u029f\u0274\u029c\u1d00\u0299\u1d04\u1d05\u1d07",
        "iaiiyrlnhabcde",
    ),
    (
        "\ua730\u0262\u1d0a\u1d0b\u1d0d\u1d0f\u1d18\ua731\u1d1b\u1d1c\u1d20\u1d21\u1d22\u0142",
        "fgjkmopstuvwzl",
    ),
    (
        "\u00f8\u0111\u0127\u0167\u0192\u0253\u0257\u0199\u01a5\u01ad\u0288\u0256\u0268\u0289",
        "odhtfbdkpttdiu",
    ),
    (
        "\u0180\u1d11\u1d14\u2c65\u023c\u0247\u0249\u024d\u024f\u212e\u01c0\u0141\u00d8\u0110",
        "boaacejryelLOD",
    ),
)
_LETTERS: Final = {
    ord(sign): letter
    for signs, letters in _ALIKE
    for sign, letter in zip(signs, letters, strict=True)
} | {
    begin + nth: chr(ord("A") + nth)
    # Letters in dark circles and squares, and those of which flags are made.
    for begin in (0x1F150, 0x1F170, 0x1F1E6)
    for nth in range(26)
}
_OTHERS: Final = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_FOREIGN: Final = frozenset(
    {"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "el", "hy"}
)
"""Languages that are written in one of those scripts."""

_MARKS: Final = ("Mn", "Me")
_WORD: Final = re.compile(r"[^\W\d_]+")
_UNITS: Final = re.compile(r"\u03bc[A-Za-z]{1,3}|[kMG]?\u03a9", re.ASCII)
_SPACED: Final = re.compile(r"(?<!\w)[^\W\d_](?:[ ._\u00b7\u2022\u30fb*-][^\W_]){2,40}(?!\w)")
_BETWEEN: Final = re.compile(r"[ ._\u00b7\u2022\u30fb*-]")


def looks(text: str, locale: str) -> str:
    """
    Return what a text looks like to somebody who reads Latin letters: no marks upon them, none of another script.

    Letters that stand apart (`L.L.M`) are joined. A text in a language of another script keeps the words of that.
    """
    apart = unicodedata.normalize("NFD", text)
    bare = "".join(one for one in apart if unicodedata.category(one) not in _MARKS)
    if _foreign(locale):
        folded = _WORD.sub(lambda word: _folded(word[0]) if _mixed(word[0]) else word[0], bare)
    else:
        folded = _folded(bare)
    return _SPACED.sub(lambda found: _BETWEEN.sub("", found[0]), folded)


def strange(text: str, locale: str) -> Iterator[tuple[str, bool]]:
    """
    Yield each word that is not written as it reads, and whether it mixes scripts within itself.

    One that is wholly of another script is strange where it looks like a Latin one, and the text is
    of a language that is written so.
    """
    for found in _WORD.finditer(text):
        word = found[0]
        if word.isascii() or _UNITS.fullmatch(word):
            continue
        if _mixed(word):
            yield word, True
        elif len(word) > 1 and not _foreign(locale) and _other(word) and _folded(word).isascii():
            yield word, False


def _folded(text: str) -> str:
    return text.translate(_LETTERS)


def _mixed(word: str) -> bool:
    scripts = {_script(one) for one in word if not one.isascii()}
    latin = "LATIN" in scripts or any(one.isascii() for one in word)
    others = scripts.intersection(_OTHERS)
    return len(others) > 1 or bool(others and latin)


def _other(word: str) -> bool:
    return any(_script(one) in _OTHERS for one in word)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _foreign(locale: str) -> bool:
    return locale.lower().partition("-")[0] in _FOREIGN
