"""What people press in a run: the next button, its click as Slack signs and sends it, and its tick. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict
from uuid import uuid4

from opsbot.bench import household
from opsbot.bench.commands import OK, Told, signed, speaks, words_of
from opsbot.bench.line import Answer, request


class Box(TypedDict):
    """A box of a step, as the HTTP side says it."""

    box: str
    ticked: bool


class Step(TypedDict):
    """A step of a run, as the HTTP side says it."""

    step: str
    state: str
    boxes: list[Box]


class Lane(TypedDict):
    """A lane of a run, as the HTTP side says it; *step* is None at its end."""

    step: str | None


class Walk(TypedDict):
    """A run, as the HTTP side says it."""

    run: str
    version: int
    lanes: list[Lane]
    steps: list[Step]


class AllWalked(RuntimeError):
    """A run has nothing left to press, so fewer clicks fit than were asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step's message in Slack: its channel, and itself as Slack describes it, blocks and all."""

    channel: str
    message: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Press:
    """One press on the screen of *run*'s version *seen*: a box of a step, or `Done` where it is empty."""

    run: str
    seen: int
    step: str
    box: str = ""

    @property
    def act(self) -> str:
        """Return what the button does."""
        return "run_box" if self.box else "run_done"

    @property
    def value(self) -> str:
        """Return what the button carries."""
        return f"{self.run}:{self.seen}:{self.box}:{self.step}"

    def stands(self, walk: Walk) -> bool:
        """Return whether its tick is there."""
        step = _step(walk, self.step)
        if not self.box:
            return step["state"] == "done"
        return any(one["ticked"] for one in step["boxes"] if one["box"] == self.box)


def next_press(walk: Walk) -> Press:
    """
    Return what is pressed next: each box of the current step, then `Done`.

    Raises:
        AllWalked: every lane is at its end.
    """
    current = next((lane["step"] for lane in walk["lanes"] if lane["step"]), None)
    if current is None:
        raise AllWalked(f"{walk['run']} has no step left")
    boxes = _step(walk, current)["boxes"]
    box = next((one["box"] for one in boxes if not one["ticked"]), "")
    return Press(walk["run"], walk["version"], current, box)


def _step(walk: Walk, name: str) -> Step:
    return next(one for one in walk["steps"] if one["step"] == name)


def begin(workflow: str, token: str) -> bytes:
    """Return the request that begins to walk the household's runbook for *workflow*."""
    words = {"runbook": household.WALKED, "params": {"workflow": workflow}}
    return request("POST", "/v1/runs", speaks(token), json.dumps(words).encode())


def look(token: str, run: str = "") -> bytes:
    """Return the request for one run, or for every open one."""
    return request("GET", f"/v1/runs/{run}" if run else "/v1/runs", speaks(token))


def click(press: Press, place: Place, person: str, *, secret: str, now_s: int) -> bytes:
    """Return the click of *person*, signed at *now_s* (Unix time) with *secret*."""
    label = "Tick" if press.box else "Done"
    ts = str(place.message["ts"])
    body = {
        "type": "block_actions",
        "token": "verification-token",
        "api_app_id": "A0OPSBOT",
        "team": {"id": household.TEAM, "domain": "home"},
        "user": {
            "id": household.slack_id(person),
            "username": person,
            "name": person,
            "team_id": household.TEAM,
        },
        "enterprise": None,
        "is_enterprise_install": False,
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": place.channel,
            "is_ephemeral": False,
        },
        "channel": {"id": place.channel, "name": "directmessage"},
        "message": place.message,
        "state": {"values": {}},
        # Nobody answers there; what a refusal says is lost, that it was one is seen in the run.
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": f"1.2.{uuid4().hex}",
        "actions": [
            {
                "type": "button",
                "action_id": f"{press.act}:0",
                "block_id": "buttons",
                "text": {"type": "plain_text", "text": label, "emoji": True},
                "value": press.value,
                "action_ts": ts,
            }
        ],
    }
    return signed({"payload": json.dumps(body)}, secret=secret, now_s=now_s)


def judge_click(answer: Answer, *, ticked: bool) -> Told:
    """Judge an acknowledgement: it carries nothing, and is right only where the tick came of it."""
    right = answer.status == OK and not answer.body and ticked
    lost = "" if ticked else "; its tick is not there"
    return Told("whole" if right else "wrong", answer.took_ms, words=f"{words_of(answer)}{lost}")
