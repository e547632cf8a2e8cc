"""Writes a switchboard as the bot's commit function does, one command each, for tests of the client."""

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opsflags.client import FlagClient
from opsflags.keys import ENDED, KILLS, SWITCHBOARD, WORKFLOWS
from tests.support.store import Store
from tests.support.wait import eventually_sync

LUA = Path(__file__).parents[2] / "opsbot" / "adapters" / "redis" / "opsbot.lua"
Record = dict[str, Any]


class Switchboard:
    """One environment's records, head and messages; positions count up as commits do."""

    def __init__(self, store: Store, *, epoch: int = 1000) -> None:
        self.store = store
        self.keys = store.keys
        self.fleet = store.keys.fleet_of("support-api")
        self.epoch = epoch
        self.revision = 0
        self._uids = itertools.count(1)
        store.redis.function_load(LUA.read_text(), replace=True)

    @property
    def at(self) -> Record:
        return {"epoch": self.epoch, "revision": self.revision}

    def commit(self, *, silent: bool = False, **parts: Record) -> None:
        """Store and push one change; with *silent*, its message is lost."""
        pipe = self.store.redis.pipeline(transaction=True)
        for kind, records in parts.items():
            if kind != "adopted":
                pipe.hset(self.keys.state_of(kind), mapping=_dumped(records))
        for kill_id in parts.get(ENDED, {}):
            pipe.hdel(self.keys.state_of(KILLS), kill_id)
        pipe.hset(self.keys.head, mapping=self.at)
        if not silent:
            message = {"s": 1, "e": self.epoch, "r": self.revision, **parts}
            pipe.publish(self.keys.channel, json.dumps(message))
        pipe.execute()

    def declare(self, name: str, **fields: object) -> None:
        self.revision += 1
        self.commit(workflows={name: workflow_record(name, **fields)})

    def kill(
        self, kill_id: str, *, mode: str = "stop", silent: bool = False, uid: str = "", **scope: str
    ) -> Record:
        self.revision += 1
        record = {
            "s": 1,
            "id": kill_id,
            "uid": uid or f"{self.store.env}-{next(self._uids)}",
            "scope": scope,
            "mode": mode,
            "at": self.at,
            "emergency": None,
            "reason": "wrong refund answers",
        }
        self.commit(kills={kill_id: record}, silent=silent)
        return record

    def restore(self, record: Record, *, silent: bool = False) -> None:
        self.revision += 1
        self.commit(ended={record["id"]: {**record, "ended": self.at}}, silent=silent)

    def emergency(self, uid: str, *, mode: str = "stop", look: bool = True, **scope: str) -> None:
        record = {"s": 1, "scope": scope, "mode": mode, "claimed": "on-call", "uid": uid}
        self.store.redis.rpush(self.keys.emergency, json.dumps(record))
        if look:
            self.store.redis.publish(self.keys.emergency_channel, "")

    def adopt(self, number: int, **parts: Record) -> None:
        self.revision += 1
        adopted = {"s": 1, "adopted": number}
        self.store.redis.hset(self.keys.state_of(SWITCHBOARD), "emergency", json.dumps(adopted))
        self.commit(adopted=number, **parts)  # type: ignore[arg-type]  # a number, as on the wire

    def ack(self, client: FlagClient) -> Record:
        """Return what the store holds of the client's acknowledgement; empty before the first."""
        found = self.store.redis.hget(self.fleet.acks, client.instance)
        return json.loads(found) if found else {}

    def acked(
        self, client: FlagClient, look: Callable[[Record], bool], within_s: float = 3
    ) -> Record:
        """Wait for an acknowledgement of which *look* holds."""
        return eventually_sync(
            lambda: self.ack(client), until=lambda ack: bool(ack) and look(ack), timeout_s=within_s
        )

    def registration(self, client: FlagClient) -> Record:
        found = self.store.redis.hget(self.fleet.instances, client.instance)
        return json.loads(found) if found else {}

    def registered(self, client: FlagClient, workflow: str) -> Record:
        """Return what the client registered of one workflow; empty before it did."""
        return self.registration(client).get("workflows", {}).get(workflow, {})


def workflow_record(name: str, **fields: object) -> Record:
    return {
        "s": 1,
        "workflow": name,
        "tier": 1,
        "safe_state": "stop",
        "modes": ["canned", "human", "stop"],
        "canned": "Our assistant is paused.",
        "on_store_loss": "last_known",
        "stale_after_s": 6,
        "tools": {"search_kb": "read", "issue_refund": "write"},
        "route": {
            "revision": "r1",
            "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
            "fallbacks": [],
            "prompt": "p@1",
            "params": {},
        },
        **fields,
    }


def wait_live(handle: Any, *, timeout_s: float = 5) -> None:
    eventually_sync(lambda: handle.decide().state, until=lambda s: s == "LIVE", timeout_s=timeout_s)


def wait_killed(handle: Any, *, timeout_s: float = 5) -> None:
    eventually_sync(lambda: handle.decide().allowed, until=lambda a: not a, timeout_s=timeout_s)


def seconds(act: Callable[[], object]) -> float:
    """Return how long *act* took."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _dumped(records: Record) -> dict[str, str]:
    return {
        name: record if isinstance(record, str) else json.dumps(record)
        for name, record in records.items()
    }


__all__ = ["ENDED", "KILLS", "WORKFLOWS", "Switchboard", "workflow_record"]
