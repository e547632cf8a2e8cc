"""Clicks in Slack while many runs are open: to the acknowledgement, and until the tick is seen."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from time import monotonic, sleep
from typing import Final, cast
from urllib.parse import urlsplit

from opsbot.bench import commands, household, pressed
from opsbot.bench.commands import CREATED, OK, Told
from opsbot.bench.line import Answer, Line, at_once, request
from opsbot.bench.pressed import Place, Press, Walk
from opsbot.bench.replica import TOKENS, Replica

RUNS: Final = 20
SEEN_S: Final = 5.0
"""How long a tick may take to be seen; later its click counts as wrong."""

SHOWN_S: Final = 90.0
"""How long the messages of all runs may take to be in Slack, within its rates."""

LOOK_S: Final = 1.5
REST_S: Final = 0.02
ROUND_REST_S: Final = 0.5

Looked = tuple[dict[str, Walk], int]
"""Runs by their ids, and when that was here (ns, monotonic)."""


class NotWalked(RuntimeError):
    """A run could not be begun or looked at, or its step is not in Slack."""


@dataclass(slots=True)
class Clicks:
    """
    Clicks of one kind, and floors between them.

    *seen* are milliseconds from before the (first) click of a turn until its last tick was seen over
    HTTP, so the looks themselves are in it.
    """

    floor: list[Told] = field(default_factory=list)
    acked: list[Told] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Clicked:
    press: Press
    answer: Answer
    ticked: bool


@dataclass(frozen=True, slots=True)
class Walker:
    """Who walks a run of their own: their connection, token, and the message they press in."""

    person: str
    token: str
    run: str
    line: Line
    place: Place

    def looked(self) -> Looked:
        """
        Look at the run as it is now.

        Raises:
            NotWalked: the bot does not say.
        """
        answer = self.line.ask(pressed.look(self.token, self.run))
        if answer.status != OK:
            raise NotWalked(commands.words_of(answer))
        return {self.run: cast("Walk", answer.json())}, answer.ended_ns

    def next(self) -> Press:
        """Return what is pressed next. Raises NotWalked, AllWalked."""
        return pressed.next_press(self.looked()[0][self.run])

    def click(self, press: Press) -> bytes:
        """Return the click, signed now."""
        now_s = int(time.time())  # noqa: TID251  # a signature carries Unix time
        secret = TOKENS["signing_secret"]
        return pressed.click(press, self.place, self.person, secret=secret, now_s=now_s)


class Walks:
    """
    *runs* open runs of one bot, each begun and walked by another person in a direct message.

    A tick that was not seen within *seen_s* seconds makes its click a wrong one.
    """

    def __init__(
        self, bot: Replica, slack_url: str, stack: ExitStack, *,
        runs: int = RUNS, seen_s: float = SEEN_S,
    ) -> None:  # fmt: skip
        self._seen_s = seen_s
        slack = stack.enter_context(Line(_port(slack_url)))
        self._walkers = [
            _begun(bot, number, slack, stack.enter_context(Line(bot.port)))
            for number in range(runs)
        ]
        self._watch = stack.enter_context(Line(bot.port))
        _shown(self._walkers, slack)
        self._clicked: list[_Clicked] = []

    def alone(self, times: int) -> Clicks:
        """Click *times*, one after the other over the runs, a question to `/healthz` before each."""
        found = Clicks()
        first = len(self._clicked)
        for number in range(times + 1):
            walker = self._walkers[number % len(self._walkers)]
            press = walker.next()
            data = walker.click(press)
            floor = walker.line.ask(commands.floor(data, walker.token))
            one = _Clicked(press, walker.line.ask(data), ticked=False)
            seen_ms = _until_ticked([one], walker.looked, self._seen_s)
            if number == 0:
                continue  # warm-up: the first of everything imports and connects
            found.floor.append(commands.judge_floor(floor))
            found.seen += seen_ms
            self._clicked.append(one)
            sleep(REST_S)
        found.acked = self._judged(first)
        return found

    def at_once(self, rounds: int) -> Clicks:
        """Click once in every run at the same moment, *rounds* times."""
        found = Clicks()
        first = len(self._clicked)
        lines = [one.line for one in self._walkers]
        for _ in range(rounds):
            presses = [one.next() for one in self._walkers]
            data = [
                walker.click(press) for walker, press in zip(self._walkers, presses, strict=True)
            ]
            floors = [
                commands.floor(one, walker.token)
                for one, walker in zip(data, self._walkers, strict=True)
            ]
            found.floor += map(commands.judge_floor, at_once(lines, floors))
            answers = at_once(lines, data)
            clicked = [
                _Clicked(press, answer, ticked=False)
                for press, answer in zip(presses, answers, strict=True)
            ]
            found.seen += _until_ticked(clicked, self._looked, self._seen_s)
            self._clicked += clicked
            sleep(ROUND_REST_S)
        found.acked = self._judged(first)
        return found

    def _judged(self, first: int) -> list[Told]:
        """Judge the clicks from the *first* on: a tick that was seen and is gone again is none."""
        walks, _ = self._looked()
        return [
            pressed.judge_click(
                one.answer, ticked=one.ticked and one.press.stands(walks[one.press.run])
            )
            for one in self._clicked[first:]
        ]

    def _looked(self) -> Looked:
        """Return every open run. Raises NotWalked."""
        answer = self._watch.ask(pressed.look(self._walkers[0].token))
        listed = answer.json().get("runs")
        walks = {one["run"]: one for one in cast("list[Walk]", listed or [])}
        if not walks.keys() >= {one.run for one in self._walkers}:
            raise NotWalked(f"of {len(self._walkers)} runs {len(walks)} are open")
        return walks, answer.ended_ns


def _until_ticked(
    clicked: Sequence[_Clicked], look: Callable[[], Looked], within_s: float
) -> list[float]:
    """Look until every tick is there and say how long it took; nothing where one did not come."""
    began = min(one.answer.began_ns for one in clicked)
    ends = monotonic() + within_s
    while True:
        walks, looked_ns = look()
        for one in clicked:
            one.ticked = one.press.stands(walks[one.press.run])
        if all(one.ticked for one in clicked):
            return [(looked_ns - began) / 1e6]
        if monotonic() > ends:
            return []


def _begun(bot: Replica, number: int, slack: Line, line: Line) -> Walker:
    person, workflow = household.PEOPLE[number], household.WORKFLOWS[number]
    answer = line.ask(pressed.begin(workflow, bot.tokens[person]))
    run = answer.json().get("run")
    if answer.status != CREATED or not isinstance(run, str):
        raise NotWalked(commands.words_of(answer))
    opened = _asked(slack, "conversations.open", users=household.slack_id(person))
    channel = cast("dict[str, str]", opened["channel"])["id"]
    return Walker(person, bot.tokens[person], run, line, Place(channel, {}))


def _shown(walkers: list[Walker], slack: Line) -> None:
    """Wait until the current step of every run stands in Slack with the very button that is pressed."""
    ends = monotonic() + SHOWN_S
    for number, walker in enumerate(walkers):
        press = walker.next()
        while (message := _message(slack, walker.place.channel, press)) is None:
            if monotonic() > ends:
                raise NotWalked(f"the step of {walker.run} is not in Slack")
            sleep(LOOK_S)
        walkers[number] = replace(walker, place=Place(walker.place.channel, message))


def _message(slack: Line, channel: str, press: Press) -> dict[str, object] | None:
    said = _asked(slack, "conversations.history", channel=channel)
    messages = cast("list[dict[str, object]]", said.get("messages") or [])
    return next((one for one in messages if f'"{press.value}"' in json.dumps(one)), None)


def _asked(slack: Line, method: str, **words: str) -> dict[str, object]:
    """Ask the stand-in's Web API; beyond its rates it says nothing of what was asked."""
    headers = commands.speaks(TOKENS["bot_token"])
    body = json.dumps(words).encode()
    answer = slack.ask(request("POST", f"/api/{method}", headers, body))
    said = answer.json()
    if not said.get("ok") and said.get("error") != "ratelimited":
        raise NotWalked(f"{method}: {commands.words_of(answer)}")
    return said


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None, url
    return port
