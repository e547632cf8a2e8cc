"""Requests are what the bot takes, floors are of their size, and no refusal is counted as an answer."""

import json

import pytest
from slack_sdk.signature import SignatureVerifier

from opsbot.bench import commands
from opsbot.bench.line import Answer

NOW_S = 1_795_230_847
CONFIRMED = {"expected": 10, "confirmed": 10}
KILLED = {"kill": "K-7", "workflow": "bench-03", "stored": True, "durable": True}


def answered(body: object, *, status: int = 200, took_ms: float = 40) -> Answer:
    """Return an answer that took *took_ms*."""
    return Answer(status, json.dumps(body).encode(), 0, int(took_ms * 1e6))


def acknowledged(text: str, *, status: int = 200) -> Answer:
    """Return an acknowledgement of Slack's that says *text*."""
    said = {"text": text, "blocks": [{"type": "divider"}], "response_type": "ephemeral"}
    return answered(said, status=status)


def test_a_slash_command_is_signed_as_slack_signs() -> None:
    data = commands.slash("/ai-kill", "bench-03 now", "p03", secret="s3cret", now_s=NOW_S)

    head, _, body = data.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    verifier = SignatureVerifier("s3cret")
    expected = verifier.generate_signature(timestamp=str(NOW_S), body=body)
    assert headers["x-slack-signature"] == expected
    assert b"user_id=U0P03" in body
    assert b"command=%2Fai-kill" in body


def test_two_commands_are_never_one_delivery() -> None:
    data = {commands.slash("/ai-kill", "x", "p03", secret="s", now_s=NOW_S) for _ in range(3)}

    assert len(data) == 3


@pytest.mark.parametrize(
    "like",
    [
        commands.kill("bench-03", "token"),
        commands.slash("/ai-status", "bench-03", "p03", secret="s", now_s=NOW_S),
    ],
)
def test_the_floor_is_a_request_of_the_same_size(like: bytes) -> None:
    assert len(commands.floor(like, "token")) == len(like)


def test_a_kill_that_all_confirmed_is_whole() -> None:
    told = commands.judge_kill(
        answered({**KILLED, "instances": CONFIRMED}, status=201), "bench-03", 10
    )

    assert (told.kind, told.kill, told.counted_ms) == ("whole", "K-7", 40)


def test_a_kill_with_fewer_confirmed_is_right_and_said_to_be_so_far() -> None:
    instances = {"expected": 10, "confirmed": 9}
    told = commands.judge_kill(
        answered({**KILLED, "instances": instances}, status=201), "bench-03", 10
    )

    assert told.kind == "so far"


@pytest.mark.parametrize(
    "answer",
    [
        answered({"title": "refused"}, status=403),
        answered({**KILLED, "stored": None, "instances": CONFIRMED}, status=201),
        answered({**KILLED, "durable": False, "instances": CONFIRMED}, status=201),
        answered({**KILLED, "workflow": "bench-04", "instances": CONFIRMED}, status=201),
        answered({**KILLED, "instances": {"expected": 4, "confirmed": 4}}, status=201),
        answered({**KILLED, "instances": None}, status=201),
        answered("nonsense", status=201),
    ],
)
def test_whatever_is_no_confirmed_kill_is_wrong_and_never_quick(answer: Answer) -> None:
    told = commands.judge_kill(answer, "bench-03", 10)

    assert told.kind == "wrong"
    assert told.counted_ms == commands.GIVEN_UP_MS


def test_an_acknowledgement_carries_the_kill() -> None:
    text = "\u2705 Model calls blocked for `bench-03` in bench (Done)\n10/10\nK-7 · stop · by P03 via x"
    told = commands.judge_slash(acknowledged(text), "kill", "bench-03")

    assert (told.kind, told.kill) == ("whole", "K-7")


@pytest.mark.parametrize(
    "rest", [" on 9/10 instances so far", ": stored; 0/10 instances have confirmed it"]
)
def test_an_acknowledgement_before_all_confirmed_is_so_far(rest: str) -> None:
    text = f"Model calls blocked for `bench-03` in bench{rest} (Attention)\nK-7 · stop · by P03"
    told = commands.judge_slash(acknowledged(text), "kill", "bench-03")

    assert told.kind == "so far"


def test_still_working_is_no_answer() -> None:
    told = commands.judge_slash(acknowledged("Still working on it (Attention)"), "kill", "bench-03")

    assert (told.kind, told.counted_ms) == ("not yet", commands.GIVEN_UP_MS)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("You may not kill `bench-03` (Alarm)", 200),
        ("Model calls blocked for `bench-04` in bench\nK-7 · stop · by P03", 200),
        (
            "Model calls blocked for `bench-03` in bench\nNothing was changed.\nK-7 · stop · by P03",
            200,
        ),
        ("Model calls blocked for `bench-03` in bench\nK-7 · stop · by P03", 503),
    ],
)
def test_a_refusal_or_another_ones_answer_is_wrong(text: str, status: int) -> None:
    told = commands.judge_slash(acknowledged(text, status=status), "kill", "bench-03")

    assert told.kind == "wrong"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\u2705 `bench-03`: live · 10/10 instances alive (Done)", "whole"),
        ("`bench-03`: live · 9/10 instances alive", "wrong"),
        ("`bench-03`: K-2 stop · 10/10 instances alive", "wrong"),
        ("`bench-04`: live · 10/10 instances alive", "wrong"),
    ],
)
def test_a_look_is_right_when_it_says_what_is_so(text: str, kind: str) -> None:
    assert commands.judge_slash(acknowledged(text), "status", "bench-03").kind == kind


def test_a_restore_that_waits_for_somebody_is_wrong() -> None:
    assert commands.judge_restore(answered({"pending": True}, status=202), 10).kind == "wrong"


def test_a_healthz_that_is_no_answer_is_wrong() -> None:
    assert commands.judge_floor(answered({}, status=200)).kind == "wrong"
    assert commands.judge_floor(answered({"ok": True})).kind == "whole"
