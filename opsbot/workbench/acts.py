"""The chaos buttons of the demo, and what it looks at again and again: real signals, real answers."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from opsbot.workbench.crew import Bot, Services
from opsbot.workbench.stage import Json, Stage
from opsflags.keys import Keys
from opsflags.model import NO_MODEL

FROZEN_S, AWAKE_S = 3.2, 0.4
LOOK_S = 0.1

ANSWER_S = 5.0
"""How long the bot may take for an answer that is only shown; a press waits longer."""
PRESS_S = 30.0
STORE_S = 10.0

LEASE_OVER_S = 12.0
"""How long the frozen service stays so after a kill: its lease of 6 s is seen to run out."""

ENTERED_S = 10.0
"""How long after Enter it is not woken: a busy bot may write its kill seconds later."""

COPILOT = "support-copilot"
AGENT = "coding-agent"

ANSWERS_FOR_AGENT = "ola"
"""Who the bad evaluation results are sent in as, by the name in the policy."""

RED: Json = {"suite": "ticket-replay", "metric": "pass_rate", "value": 0.41, "n": 120}
"""A result that the gate of the agent's declaration calls red, over enough cases to act on."""


@dataclass(slots=True)
class Acts:
    """
    Presses buttons and looks.

    The frozen service stands for a process that hangs: it is frozen most of the time, wakes for an
    instant, and is frozen the moment somebody presses Enter on a kill.
    """

    stage: Stage
    bot: Bot
    state_dir: Path
    services: Services | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    victim: str = ""
    frozen_s: float = FROZEN_S
    _held_until: float = 0.0
    _store_pid: int = 0
    _was: str = ""

    async def do(self, asked: Json) -> Json:
        """Press one button; the answer says what was done, in words for the page."""
        name = str(asked.get("do", ""))
        acts = {
            "enter": self._enter,
            "kill_bot": self._kill_bot,
            "freeze_store": self._freeze_store,
            "thaw_store": self._thaw_store,
            "freeze": self._freeze,
            "thaw": self._thaw,
            "edit_journal": self._edit_journal,
            "mend_journal": self._mend_journal,
            "bad_evals": self._bad_evals,
        }
        act = acts.get(name)
        if act is None:
            return {"error": f"there is no button {name!r}; there are {', '.join(acts)}"}
        try:
            line = await act(str(asked.get("service", "")))
        except (RedisError, OSError, ValueError, KeyError, httpx.HTTPError) as error:
            return {"error": f"{name} did not work: {type(error).__name__}: {error}"}
        if line:
            self.stage.note(line)
        return {"done": line}

    async def _enter(self, _: str) -> str:
        self._held_until = asyncio.get_running_loop().time() + ENTERED_S
        if self.victim and self.services and self.victim not in self.services.frozen:
            self._set_frozen(self.victim, frozen=True)
        return ""

    async def _kill_bot(self, _: str) -> str:
        self.bot.kill()
        return "kill -9 to the bot. Kills hold without it; it is started again in 2 s."

    async def _freeze_store(self, _: str) -> str:
        redis = self._redis()
        try:
            info = await redis.info("server")
        finally:
            await redis.aclose()
        self._store_pid = int(info["process_id"])
        os.kill(self._store_pid, signal.SIGSTOP)
        self.stage.set(store={"frozen": True})
        return "The store is frozen. Services keep what they know; leased ones stop in 6 s."

    async def _thaw_store(self, _: str) -> str:
        if not self._store_pid:
            return "The store is not frozen."
        os.kill(self._store_pid, signal.SIGCONT)
        self._store_pid = 0
        self.stage.set(store={"frozen": False})
        return "The store runs again."

    async def _freeze(self, service: str) -> str:
        self._must_be_ours(service)
        self._set_frozen(service, frozen=True)
        return f"{service} is frozen (SIGSTOP): no heartbeat, no goodbye."

    async def _thaw(self, service: str) -> str:
        self._must_be_ours(service)
        if service == self.victim:
            self.victim = ""
        self._set_frozen(service, frozen=False)
        return f"{service} runs again."

    def leave(self) -> None:
        """Let a frozen store go on: it could not be stopped in order."""
        if self._store_pid:
            os.kill(self._store_pid, signal.SIGCONT)
            self._store_pid = 0

    async def _edit_journal(self, _: str) -> str:
        redis, key = self._redis(), Keys(self.where["env"]).journal
        try:
            found = await redis.lindex(key, 1)
            if found is None or self._was:
                return "It is edited already." if self._was else "There is no entry 2 yet."
            self._was = line = str(found)
            # One letter of one name, as somebody with the store's password could change it.
            await redis.lset(key, 1, line[:-20] + ("x" if line[-20] != "x" else "y") + line[-19:])
        finally:
            await redis.aclose()
        self._told_edited(edited=True)
        return "One letter of journal entry 2 was changed behind the bot's back. Verify it now."

    async def _mend_journal(self, _: str) -> str:
        if not self._was:
            return "The journal is as it was."
        redis, key = self._redis(), Keys(self.where["env"]).journal
        try:
            await redis.lset(key, 1, self._was)
        finally:
            await redis.aclose()
        self._was = ""
        self._told_edited(edited=False)
        return "The changed letter was put back."

    async def _bad_evals(self, _: str) -> str:
        """Report that what serves fails its evaluation, over HTTP as a pipeline would."""
        found = json.loads((self.state_dir / "bot.json").read_text("utf-8"))
        headers = {"authorization": f"Bearer {found['people'][ANSWERS_FOR_AGENT]}"}
        client = httpx.AsyncClient(base_url=found["api"], headers=headers, timeout=PRESS_S)
        async with client as http:
            route = await http.get(f"/v1/routes/{AGENT}")
            serves = str(_sound(route)["active"])
            body = {"kind": "eval", "workflow": AGENT, "revision": serves, "results": [RED]}
            _sound(await http.post("/v1/signals", json=body))
        return (
            f"Evaluation results of {AGENT} {serves} were sent in as {ANSWERS_FOR_AGENT}:"
            f" {RED['suite']} {RED['metric']} {RED['value']} over {RED['n']} cases, which is red."
        )

    def _must_be_ours(self, service: str) -> None:
        if self.services is None or service not in self.services.pids:
            raise ProcessLookupError(f"no service of the demo is called {service!r}")

    def _told_edited(self, *, edited: bool) -> None:
        self.stage.set(about={**self.stage.about, "edited": edited})

    def _redis(self) -> Redis:
        return Redis.from_url(self.where["redis"], decode_responses=True, socket_timeout=STORE_S)

    def _set_frozen(self, service: str, *, frozen: bool) -> None:
        if self.services is None:
            return
        if frozen:
            self.services.freeze(service)
        else:
            self.services.thaw(service)
        known = {
            name: {**one, "frozen": name in self.services.frozen}
            for name, one in self.stage.services.items()
        }
        self.stage.set(services=known)

    async def look(self, every_s: float) -> None:
        """Ask the bot for fleet and kills again and again; its silence is shown as such."""
        async with httpx.AsyncClient(timeout=ANSWER_S) as http:
            while True:
                self.stage.set(
                    fleet=await self._ask(http, "/v1/instances"),
                    kills=await self._ask(http, "/v1/kills"),
                )
                await asyncio.sleep(every_s)

    async def _ask(self, http: httpx.AsyncClient, path: str) -> Json | None:
        try:
            found = json.loads((self.state_dir / "bot.json").read_text("utf-8"))
            token = next(iter(found.get("people", {}).values()))
            answer = await http.get(
                f"{found['api']}{path}", headers={"authorization": f"Bearer {token}"}
            )
            answer.raise_for_status()
            body: Json = answer.json()
        except (OSError, ValueError, KeyError, StopIteration, httpx.HTTPError):
            return None
        return body

    async def worst_moment(self, frozen: int) -> None:
        """Freeze *frozen* services on and off until the first kill, and thaw them after their lease."""
        names = [f"support-api-{number}" for number in (7, 5, 11, 3, 9)[:frozen]]
        if not names or self.services is None:
            return
        await self._until(lambda: set(names) <= self._talking())
        self.victim = names[0]
        while not self._over():
            self._each(names, frozen=True)
            await self._until(self._over, self.frozen_s)
            await self._until(lambda: self._over() or not self._entered())
            if not self._over():
                self._each(names, frozen=False)
                await asyncio.sleep(AWAKE_S)
        if not self.victim:
            return
        self._each(names, frozen=True)
        await asyncio.sleep(LEASE_OVER_S)
        self.victim = ""
        self._each(names, frozen=False)
        await self._until(lambda: self._paused(names))
        reads = "reads the pause" if self._paused(names) else "has not been answered yet"
        self.stage.note(f"{', '.join(names)} woke up again; its customer {reads}.")

    def _talking(self) -> set[str]:
        return {name for name, chat in self.stage.chats.items() if chat.answer}

    def _paused(self, names: list[str]) -> bool:
        chats = [self.stage.chats[name] for name in names if name in self.stage.chats]
        return all(chat.state == "killed" or chat.mode in NO_MODEL for chat in chats)

    def _each(self, names: list[str], *, frozen: bool) -> None:
        for name in names:
            self._set_frozen(name, frozen=frozen)

    async def _until(self, fact: Callable[[], bool], within_s: float = 30.0) -> None:
        end = asyncio.get_running_loop().time() + within_s
        while not fact() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110  looks at other processes
            await asyncio.sleep(LOOK_S)

    def _entered(self) -> bool:
        return asyncio.get_running_loop().time() < self._held_until

    def _over(self) -> bool:
        return not self.victim or self._killed()

    def _killed(self) -> bool:
        kills = (self.stage.kills or {}).get("kills", [])
        return any(one.get("workflow") in (COPILOT, None) for one in kills)


def _sound(answer: httpx.Response) -> Json:
    """
    Return the body of an answer.

    Raises:
        ValueError: the bot refused; with its own words.
    """
    body: Json = answer.json()
    if answer.is_error:
        raise ValueError(str(body.get("detail") or body.get("title") or answer.status_code))
    return body
