"""The sample AI services: one import, over a dozen real processes, calls through the guard.

Run as `python -m opsbot.workbench.services`; each process prints what its customers read as JSON
lines, so that the page shows what really arrived and nothing else.
"""

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any
from zlib import crc32

import openai

import opsflags.httpx
from opsbot.workbench import agents
from opsbot.workbench.customers import QUESTIONS
from opsflags import FlagClient

WORKFLOW = "support-copilot"
DOLLARS = re.compile(r"\$(\d[\d,]*)")
SPREAD_MS = 4000
"""Services begin within this time of each other, so that their customers do not keep step."""
PAUSE_S = 1.2
"""Between two customers of one service, in seconds."""


@dataclass(slots=True)
class Desk:
    """One service process: its customers one after the other, and what it tells the page."""

    name: str
    sdk: openai.OpenAI
    stop: Event = field(default_factory=Event)

    def run(self) -> None:
        """Serve customers until told to stop."""
        self.stop.wait(crc32(self.name.encode()) % SPREAD_MS / 1000)
        for turn in count():
            if self.stop.is_set():
                return
            question = QUESTIONS[(turn + hash(self.name)) % len(QUESTIONS)]
            self.tell("customer", text=question)
            self.answer(question)
            self.stop.wait(PAUSE_S)

    def answer(self, question: str) -> None:
        """Stream one answer to one customer; a kill ends it wherever it is."""
        try:
            for word in self.words(question):
                self.tell("word", text=word)
            self.tell("end")
        except openai.APIError as error:
            self.refused(error)

    def words(self, question: str) -> Iterator[str]:
        """Yield the pieces of an answer as they arrive."""
        raw = self.sdk.chat.completions.with_raw_response.create(
            model="gpt-5.2",
            messages=[{"role": "user", "content": question}],
            stream=True,
        )
        mode = raw.headers.get("x-opsbot-mode", "live")
        self.tell("mode", mode=mode)
        for chunk in raw.parse():
            if chunk.choices and (piece := chunk.choices[0].delta.content):
                yield piece

    def refused(self, error: openai.APIError) -> None:
        """Tell what the customer reads instead; anything but a kill is an outage and said so."""
        body: Any = error.body if isinstance(error.body, dict) else {}
        if error.code == "ai_workflow_killed":
            self.tell(
                "killed",
                mode=body.get("mode"),
                kill=body.get("kill"),
                text=body.get("user_message"),
            )
        else:
            self.tell("outage", text=type(error).__name__)

    def tell(self, what: str, **fields: object) -> None:
        """Print one line; a line is shorter than a pipe's atomic write."""
        line = json.dumps({"from": self.name, "what": what, **fields})
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def serve(name: str, *, redis: str, env: str, model_url: str, state_dir: str) -> None:
    """Be one service process until SIGTERM."""
    flags = FlagClient.connect(
        redis,
        service="support-api",
        instance=name,
        env=env,
        state_dir=state_dir,
        probe="127.0.0.1:0",
    )
    with flags:
        copilot = flags.workflow(WORKFLOW)
        http = opsflags.httpx.client(copilot, tenant="acme", provider="openai")
        sdk = openai.OpenAI(
            base_url=model_url, api_key="not-needed", http_client=http, max_retries=0
        )
        desk = Desk(name, sdk)
        signal.signal(signal.SIGTERM, lambda *_: desk.stop.set())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        desk.run()


def _forked(
    name: str, workflow: str, serves: Callable[..., None], asked: argparse.Namespace, url: str
) -> int:
    """Be one service in a child process; in the parent return the child's id."""
    pid = os.fork()
    if pid == 0:
        serves(
            name,
            redis=asked.redis,
            env=asked.env,
            model_url=url,
            state_dir=asked.state_dir,
        )
        os._exit(0)
    line = json.dumps({"from": name, "what": "started", "pid": pid, "workflow": workflow})
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return pid


def main() -> None:
    """Fork the services and wait for all of them; SIGTERM is passed on."""
    words = argparse.ArgumentParser()
    for name in ("redis", "env", "model-url", "agent-model-url", "state-dir"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--clients", type=int, default=12)
    asked = words.parse_args()
    support = [f"support-api-{number}" for number in range(1, asked.clients + 1)]
    children = [
        *(_forked(name, WORKFLOW, serve, asked, asked.model_url) for name in support),
        *(
            _forked(name, agents.WORKFLOW, agents.serve, asked, asked.agent_model_url)
            for name in agents.names()
        ),
    ]

    def pass_on(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGCONT)
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
