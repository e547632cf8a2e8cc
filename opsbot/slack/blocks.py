"""What opsbot says, as Block Kit: messages, ephemeral answers, modals' bodies. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opsbot.domain.block_kit.check import check_message
from opsbot.domain.change import Json, Record
from opsbot.domain.prose import Block as ProseBlock
from opsbot.domain.prose import plain as words_of
from opsbot.domain.said import Button, Item, Said, Tone
from opsbot.slack.ids import Press, press_id
from opsbot.slack.mrkdwn import Mrkdwn, bold, esc, joined, line, plain
from opsbot.slack.mrkdwn import words as as_words
from opsbot.slack.prose_blocks import inline, prose_texts
from opsbot.slack.spelling import spelling

Block = dict[str, Json]

MARK: Final[Mapping[Tone, str]] = {
    "green": "\u2705",
    "amber": "\U0001f7e0",
    "red": "\U0001f534",
    "plain": "",
}
WORD: Final[Mapping[Tone, str]] = {
    "green": "OK",
    "amber": "Attention",
    "red": "Alarm",
    "plain": "",
}
ACTED: Final = frozenset({"kill", "restored", "outcome"})
"""What the machine's form holds where something was done, not only looked at."""

TEXT_LIMIT: Final = 3_900
"""Slack advises 4,000 characters for a message's text and refuses longer ones in an update."""
SECTION_LIMIT: Final = 2_900
BODY_LIMIT: Final = 9_000
"""Escaped characters of lines in one message; all blocks together may have about 13,200."""
WHOLE_LIMIT: Final = 12_400
"""
Characters of all blocks of a message together, before they have ids (`block_ids`).

Slack takes about 13,200 as they are sent.
"""
LONGEST: Final = 3
"""Sections of text that one message shows of what is said in one go."""
PARTS: Final = 30
"""Blocks of what a message says at length; the rest stands elsewhere, and the message says so."""
MENU: Final = 5
"""Acts that one menu holds."""
OPTION_VALUE: Final = 150
BUTTONS_A_ROW: Final = 5
ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for Slack. *blocks* is empty where the message had to become text alone."""

    text: str
    blocks: tuple[Block, ...] = ()
    violations: tuple[str, ...] = ()

    def payload(self) -> dict[str, object]:
        """Return what acknowledgements and response URLs take."""
        body: dict[str, object] = {"text": self.text, "unfurl_links": False, "unfurl_media": False}
        return body | ({"blocks": list(self.blocks)} if self.blocks else {})


def message(said: Said) -> Rendered:
    """
    Return *said* as a message; where its blocks break a limit of Slack's, as text alone.

    The text is always there: it is what notifications and screen readers say.
    """
    return checked(said_blocks(said), fallback(said))


def render(said: Said, *, prefix: str = "ai") -> tuple[Sequence[Record], str]:
    """Return blocks and text, the shape that posting effects take; *prefix* begins the commands."""
    done = message(said.spelled(spelling(prefix)))
    return done.blocks, done.text


def checked(blocks: Sequence[Block], text: str) -> Rendered:
    """Return blocks with their text, or the text alone where the blocks break a limit."""
    found = check_message({"text": text, "blocks": list(blocks)})
    if not found:
        return Rendered(text, tuple(blocks))
    return Rendered(text, (), tuple(f"{one.pointer} {one.code}" for one in found))


def fallback(said: Said) -> Mrkdwn:
    """Return the escaped text of a message, cut before it is escaped."""
    mark = f"{MARK[said.tone]} " if MARK[said.tone] else ""
    word = f" ({_word(said)})" if _word(said) else ""
    first = f"{mark}{said.title}{word}"
    return line("\n".join((first, *said.lines)) or "opsbot", limit=TEXT_LIMIT)


def said_blocks(said: Said, *, start: int = 0) -> list[Block]:
    """Return the blocks of one answer; *start* numbers its buttons where several share a view."""
    head = section(_title(said))
    rest = start + len(said.buttons)
    menus = [_menu(said.more[at : at + MENU], rest + at) for at in range(0, len(said.more), MENU)]
    if len(menus) > 1:
        head["accessory"] = menus[1]
    above = [head, *(section(text) for text in _chunks(said.lines))]
    rows = _rows(said.buttons, start)
    below = _with_menu(rows, menus[0]) if menus else rows
    room = WHOLE_LIMIT - _size([*above, *below])
    blocks = [*above, *_parts(said.parts, rest + len(said.more), room), *below]
    return [*blocks, context(Mrkdwn(f"<#{said.channel}>"))] if _is_channel(said.channel) else blocks


def _parts(parts: Sequence[ProseBlock | Item], start: int, room: int) -> list[Block]:
    """Return what is said at length, as far as it fits into *room* characters."""
    made = list(_drawn(parts, start))
    for index, one in enumerate(made):
        room -= _size([one])
        if room < 0 or index >= PARTS:
            return [*made[:index], _left_out()]
    return made


def _left_out() -> Block:
    return context(esc(f"\u2026 and more; the whole of it is behind {WHOLE}."))


def _told(prose: Sequence[ProseBlock]) -> Iterator[Block]:
    """Yield text; of a long one its beginning and its end, as a phone has no room for more."""
    made = [section(text) for text in prose_texts(prose)]
    if len(made) <= LONGEST:
        yield from made
    else:
        yield from (*made[: LONGEST - 1], _left_out(), made[-1])


def _size(blocks: Sequence[Block]) -> int:
    return len(json.dumps(blocks, separators=(",", ":"), ensure_ascii=False))


WHOLE: Final = "Whole runbook"
"""What the act is called that shows everything."""


def _drawn(parts: Sequence[ProseBlock | Item], start: int) -> Iterator[Block]:
    prose: list[ProseBlock] = []
    for index, part in enumerate(parts):
        if not isinstance(part, Item):
            prose.append(part)
            continue
        yield from _told(prose)
        prose = []
        yield _item(part, start + index)
    yield from _told(prose)


def _item(item: Item, index: int) -> Block:
    mark = esc(item.mark, limit=20)
    words = inline(item.prose)
    fits = (
        words
        if len(words) <= SECTION_LIMIT - len(mark) - 1
        else as_words(words_of(item.prose), limit=2_800)
    )
    made = section(joined([mark, fits], " ") if mark else fits or Mrkdwn("-"))
    return made if item.button is None else {**made, "accessory": button(item.button, index)}


def _menu(acts: Sequence[Button], index: int) -> Block:
    """Return a menu; what is chosen comes back as the act and its value."""
    return {
        "type": "overflow",
        "action_id": press_id(Press.RUN_MORE, index),
        "options": [
            {
                "text": plain_text(one.label or one.act, 75),
                "value": f"{one.act} {one.value}"[:OPTION_VALUE],
            }
            for one in acts
        ],
    }


def _with_menu(rows: list[Block], menu: Block) -> list[Block]:
    """Return rows of buttons with a menu behind the last one."""
    if not rows:
        return [{"type": "actions", "elements": [menu]}]
    *before, last = rows
    elements = last["elements"]
    assert isinstance(elements, list)
    return [*before, {**last, "elements": [*elements, menu]}]


def _is_channel(word: str) -> bool:
    """Return whether a word is a channel's id, and nothing that Slack could read as more."""
    return re.fullmatch(r"[CG][A-Z0-9]{2,40}", word) is not None


def section(text: Mrkdwn) -> Block:
    """Return a section of text in which links and names are not looked for."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(text: Mrkdwn) -> Block:
    """Return a line in small print."""
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}],
    }


def button(one: Button, index: int) -> Block:
    """Return a button; its value is an opaque id."""
    made: Block = {
        "type": "button",
        "action_id": press_id(one.act, index),
        "text": plain_text(one.label or one.act, 75),
    }
    if one.value:
        made["value"] = one.value[:2000]
    if one.style:
        made["style"] = one.style
    if one.confirm:
        made["confirm"] = {
            "title": plain_text("Are you sure?", 100),
            "text": {"type": "mrkdwn", "text": line(one.confirm, limit=300)},
            "confirm": plain_text("Yes", 30),
            "deny": plain_text("No", 30),
        }
    return made


def plain_text(text: str, limit: int) -> dict[str, Json]:
    """Return a plain_text object; nothing in it is ever a mention or a link."""
    return {"type": "plain_text", "text": plain(text, limit=limit) or "-", "emoji": False}


def _title(said: Said) -> Mrkdwn:
    mark, word = MARK[said.tone], _word(said)
    parts = [Mrkdwn(mark)] if mark else []
    parts.append(bold(said.title) if said.title.strip() else Mrkdwn("opsbot"))
    parts += [Mrkdwn(f"\u00b7 {word}")] if word else []
    return joined(parts, " ")


def _word(said: Said) -> str:
    """Return the tone in a word; a mere look has done nothing."""
    if said.tone == "green" and ACTED & said.body.keys():
        return "Done"
    return WORD[said.tone]


def _chunks(lines: Iterable[str]) -> list[Mrkdwn]:
    chunks: list[list[Mrkdwn]] = []
    size = total = 0
    all_lines = [line(one, limit=SECTION_LIMIT) for one in lines if one.strip()]
    for index, text in enumerate(all_lines):
        if total + len(text) > BODY_LIMIT:
            chunks.append([Mrkdwn(f"\u2026 and {len(all_lines) - index} more lines")])
            break
        if not chunks or size + len(text) > SECTION_LIMIT:
            chunks.append([])
            size = 0
        chunks[-1].append(text)
        size += len(text) + 1
        total += len(text) + 1
    return [joined(chunk) for chunk in chunks]


def _rows(buttons: Sequence[Button], start: int) -> list[Block]:
    made = [button(one, start + index) for index, one in enumerate(buttons)]
    rows = [made[at : at + BUTTONS_A_ROW] for at in range(0, len(made), BUTTONS_A_ROW)][:ROWS]
    return [{"type": "actions", "elements": row} for row in rows]
