"""A click carries what the bot's own buttons carry, is signed as Slack signs, and is right by its tick alone."""

import json
from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier

from opsbot.app.runs.press import Pressed, value
from opsbot.app.runs.press import pressed as read_back
from opsbot.bench import commands, pressed
from opsbot.bench.line import Answer
from opsbot.bench.pressed import AllWalked, Place, Press, Walk
from opsbot.domain.change import Position
from opsbot.domain.run import Run
from opsbot.slack.ids import Press as Id
from opsbot.slack.ids import pressed as pattern
from opsbot.slack.inbound import invocation

NOW_S = 1_795_230_847
AT = Position(1, 7)
PLACE = Place("D0P03", {"type": "message", "ts": "1795230800.000100", "text": "Look at sample"})
TICK = Press("RUN-3", 12, "look-at-sample-0-0-1", "b2")
DONE = Press("RUN-3", 12, "look-at-sample-0-0-1")


def walk(first: str = "open", *ticked: str) -> Walk:
    """Return a run of two steps: the first with two boxes, current until it is done."""
    boxes = [pressed.Box(box=name, ticked=name in ticked) for name in ("a", "b")]
    current = "one" if first == "open" else "two"
    return Walk(
        run="RUN-3",
        version=5,
        lanes=[pressed.Lane(step=current)],
        steps=[
            pressed.Step(step="one", state=first, boxes=boxes),
            pressed.Step(step="two", state="open", boxes=[]),
        ],
    )


def body_of(data: bytes) -> dict[str, object]:
    """Return the payload in a delivery."""
    found = json.loads(parse_qs(data.partition(b"\r\n\r\n")[2].decode())["payload"][0])
    assert isinstance(found, dict)
    return found


def answered(status: int = 200, body: bytes = b"", took_ms: int = 12) -> Answer:
    """Return an acknowledgement that took *took_ms*."""
    return Answer(status, body, 0, took_ms * 1_000_000)


@pytest.mark.parametrize("press", [TICK, DONE])
def test_a_button_carries_what_the_bot_puts_into_it(press: Press) -> None:
    run = Run(
        id=press.run, uid="u", at=AT, begun_at=AT, runbook="page-0", digest="d", begun_by="p03",
        begun_ms=0, via="http", version=press.seen,
    )  # fmt: skip

    assert press.value == value(run, press.step, press.box)
    assert read_back(press.value) == Pressed("RUN-3", 12, press.box, press.step)


@pytest.mark.parametrize(("press", "act"), [(TICK, Id.RUN_BOX), (DONE, Id.RUN_DONE)])
def test_a_click_is_read_as_the_button_of_that_act_pressed_in_that_message(
    press: Press, act: Id
) -> None:
    data = pressed.click(press, PLACE, "p03", secret="s", now_s=NOW_S)

    read = invocation(body_of(data))
    assert pattern(act).fullmatch(read.name)
    assert (read.kind, read.user, read.value) == ("action", "U0P03", press.value)
    assert (read.channel, read.place, read.team) == ("D0P03", "1795230800.000100", "T0HOME")


def test_a_click_is_signed_as_slack_signs_and_is_never_one_delivery_with_another() -> None:
    data = {pressed.click(TICK, PLACE, "p03", secret="s3cret", now_s=NOW_S) for _ in range(3)}

    assert len(data) == 3
    for one in data:
        head, _, body = one.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        signed = SignatureVerifier("s3cret").generate_signature(timestamp=str(NOW_S), body=body)
        assert headers["x-slack-signature"] == signed


@pytest.mark.parametrize("length", [0, 3_000, 9_000, 12_000, 90_000])
def test_the_floor_is_of_the_size_of_a_click_however_long_its_message(length: int) -> None:
    place = Place("D0P03", {**PLACE.message, "text": "x" * length})
    data = pressed.click(TICK, place, "p03", secret="s", now_s=NOW_S)

    assert len(commands.floor(data, "token")) == len(data)


def test_boxes_are_pressed_before_done_and_done_before_the_next_step() -> None:
    assert pressed.next_press(walk()) == Press("RUN-3", 5, "one", "a")
    assert pressed.next_press(walk("open", "a")) == Press("RUN-3", 5, "one", "b")
    assert pressed.next_press(walk("open", "a", "b")) == Press("RUN-3", 5, "one")
    assert pressed.next_press(walk("done", "a", "b")) == Press("RUN-3", 5, "two")


def test_a_run_at_its_end_is_said_to_have_nothing_left() -> None:
    ended = walk("done")
    ended["lanes"] = [pressed.Lane(step=None)]

    with pytest.raises(AllWalked, match="RUN-3"):
        pressed.next_press(ended)


def test_a_tick_stands_where_its_own_box_or_step_has_it() -> None:
    box, done = Press("RUN-3", 5, "one", "a"), Press("RUN-3", 5, "one")

    assert not box.stands(walk("open", "b"))
    assert box.stands(walk("open", "a"))
    assert not done.stands(walk("open", "a", "b"))
    assert done.stands(walk("done"))


def test_an_acknowledgement_whose_tick_is_there_is_right() -> None:
    told = pressed.judge_click(answered(), ticked=True)

    assert (told.kind, told.counted_ms) == ("whole", 12)


@pytest.mark.parametrize(
    ("answer", "ticked"),
    [
        (answered(), False),
        (answered(401, b'{"error": "forged"}'), True),
        (answered(503), True),
        (answered(200, b'{"options": []}'), True),
    ],
)
def test_a_click_that_was_refused_is_wrong_and_never_quick(answer: Answer, ticked: object) -> None:
    told = pressed.judge_click(answer, ticked=bool(ticked))

    assert told.kind == "wrong"
    assert told.counted_ms == commands.GIVEN_UP_MS
