"""The sample coding agent: a few real processes at a hundred repositories, each a sticky key."""

import json
import signal
import sys
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Any

import openai

import opsflags.httpx
from opsbot.workbench.repositories import OFFERED, REPOSITORIES, ticket
from opsflags import FlagClient, WorkflowKilled
from opsflags.workflow import Workflow

WORKFLOW = "coding-agent"
PROCESSES = 4
"""As many as `flags/workflows/coding-agent.yaml` expects."""

LOOK_S = 1.5
"""How often the agent asks, for each repository, whether it may go on, in seconds."""

REST_S = 6.0
"""Between two model calls for one repository, in seconds."""


@dataclass(slots=True)
class Agent:
    """
    One process: its repositories one after the other, and what it tells the page of each.

    Before each piece of work it asks the switchboard with the repository as the sticky key; the
    call itself then goes through the guarded transport, under the same key.
    """

    name: str
    handle: Workflow
    sdk: openai.OpenAI
    repositories: tuple[str, ...]
    stop: Event = field(default_factory=Event)
    _rested: dict[str, float] = field(default_factory=dict)
    _told: dict[str, dict[str, object]] = field(default_factory=dict)

    def run(self) -> None:
        """Work until told to stop."""
        pause_s = LOOK_S / len(self.repositories)
        while True:
            for repository in self.repositories:
                if self.stop.wait(pause_s):
                    return
                self.look(repository)

    def look(self, repository: str) -> None:
        """Ask for one repository, and work on it when it has rested."""
        try:
            self.handle.check(key=repository)
        except WorkflowKilled as killed:
            # Let through again, it does not rest first.
            self._rested.pop(repository, None)
            self.refused(repository, killed.decision.kill, killed.decision.reason)
            return
        if monotonic() >= self._rested.get(repository, 0.0):
            self._rested[repository] = monotonic() + REST_S
            self.work(repository)

    def work(self, repository: str) -> None:
        """Make one model call; a kill may come in the middle of it."""
        try:
            with self.handle.call(key=repository):
                raw = self.sdk.chat.completions.with_raw_response.create(
                    model="claude-sonnet-5",
                    messages=[{"role": "user", "content": ticket(repository)}],
                    tools=OFFERED,  # type: ignore[arg-type]  # the SDK's own type is a TypedDict
                )
            said = raw.parse().choices[0].message.content
        except openai.APIError as error:
            self._failed(repository, error)
            return
        mode = raw.headers.get("x-opsbot-mode", "live")
        self.tell(repository, state="through", mode=mode, kill="", text=said or "")

    def _failed(self, repository: str, error: openai.APIError) -> None:
        body: Any = error.body if isinstance(error.body, dict) else {}
        if error.code == "ai_workflow_killed":
            self.refused(repository, body.get("kill"), "killed")
        else:
            self.tell(repository, state="outage", mode="", kill="", text=type(error).__name__)

    def refused(self, repository: str, kill: str | None, reason: str) -> None:
        """Tell that this repository waits, for which kill or reason."""
        self.tell(repository, state="refused", mode="", kill=kill or "", text=reason)

    def tell(self, repository: str, **work: object) -> None:
        """Print one line where something is new; a line is shorter than a pipe's atomic write."""
        if self._told.get(repository) == work:
            return
        self._told[repository] = work
        line = json.dumps({"from": self.name, "what": "work", "repository": repository, **work})
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def names() -> list[str]:
    """Return the names of the agent's processes."""
    return [f"{WORKFLOW}-{number}" for number in range(1, PROCESSES + 1)]


def share(name: str) -> tuple[str, ...]:
    """Return the repositories of one process; together the processes have each of them once."""
    return REPOSITORIES[names().index(name) :: PROCESSES]


def serve(name: str, *, redis: str, env: str, model_url: str, state_dir: str) -> None:
    """Be one of the agent's processes until SIGTERM."""
    flags = FlagClient.connect(
        redis,
        service=WORKFLOW,
        instance=name,
        env=env,
        state_dir=state_dir,
        probe="127.0.0.1:0",
    )
    with flags:
        handle = flags.workflow(WORKFLOW)
        http = opsflags.httpx.client(handle, provider="anthropic")
        sdk = openai.OpenAI(
            base_url=model_url, api_key="not-needed", http_client=http, max_retries=0
        )
        agent = Agent(name, handle, sdk, share(name))
        signal.signal(signal.SIGTERM, lambda *_: agent.stop.set())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        agent.run()
