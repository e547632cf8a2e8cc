"""A copilot with gates, a route on its way, and accounts that may send evaluations, on any store."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opsbot.app import route_state
from opsbot.app.ports import Store
from opsbot.app.requests import EvalRequest, EvalResult
from opsbot.domain.actor import DECLARATIONS, Actor
from opsbot.domain.change import Change, Json, Position, Record, Write
from opsbot.domain.policy.records import as_record as policy_record
from opsbot.domain.policy.rules import Policy, Power, Service
from opsbot.domain.route import Number, Revision, Route, Target
from opsbot.domain.routing import Candidate, Move, begun, promoted, tried
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import Workflow
from tests.support.world import policy, workflow

CI = Actor(kind="service", id="ci-evals", via="http")
DEPLOY = Actor(kind="service", id="ci-deploy", via="http")

GROUNDED = "support-groundedness"
GATES: list[Json] = [
    {
        "suite": GROUNDED,
        "metric": "pass_rate",
        "op": ">=",
        "threshold": 0.92,
        "min_n": 200,
        "max_age_h": 72,
        "hard": 0.85,
    },
    {
        "suite": "support-safety",
        "metric": "flag_rate",
        "op": "<=",
        "threshold": 0.02,
        "min_n": 50,
        "max_age_h": 24,
    },
]
BUDGET: Record = {"share": 0.02, "window_h": 24}
MODELS: list[Json] = ["openai/gpt-5.2", "openai/gpt-5-mini"]


def gated(**extra: Json) -> Workflow:
    """Return the copilot with its gates; *extra* overrides what stands beside them."""
    declared: Mapping[str, Json] = {
        "approved": MODELS,
        "gates": GATES,
        "failure_budget": BUDGET,
        **extra,
    }
    return workflow("support-copilot", tier=1, extra=declared)


def signal_policy(*, power: bool = True) -> Policy:
    """Return the company's policy with two service accounts, one of which may send signals."""
    base = policy()
    powers = {verb: held for verb, held in base.powers.items() if verb != "signal"}
    if power:
        powers["signal"] = Power(dict.fromkeys((1, 2, 3), frozenset({"commander"})))
    services = {
        "ci-evals": Service("ci-evals", frozenset({"signal", "show"})),
        "ci-deploy": Service("ci-deploy", frozenset({"kill", "show"})),
    }
    return replace(base, services=services, powers=powers)


def loose(value: object) -> Any:
    """Return JSON as a test reads it: by keys, without saying what stands where."""
    return value


async def seed(
    store: Store,
    *,
    on_its_way: bool = False,
    watched: bool = False,
    declared: Workflow | None = None,
    power: bool = True,
) -> None:
    """Commit the copilot with r1, r2 and r3: r1 serves, or r2 is tried, or r2 serves under watch."""
    named = declared or gated()
    revisions = [
        Revision(
            named.name,
            Number(number),
            Route((Target("openai", "gpt-5.2"),), prompt=f"p@{number}"),
            "ines",
            0,
        )
        for number in (1, 2, 3)
    ]

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        move = Move(Position(state.position.epoch, state.position.revision + 1), now_ms, "ines")
        routing = replace(begun(named.name, move), newest=Number(3))
        if on_its_way:
            routing = tried(routing, Candidate(Number(2), "attempt", 0, now_ms, "ines"), move)
        if watched:
            routing = promoted(routing, Number(2), move, soak_ms=3_600_000, watch="watch")
        writes = (
            *route_state.writes(state, routing, *revisions, workflow=named),
            Write(SETTINGS, "policy", policy_record(signal_policy(power=power))),
        )
        return Change(verb="declare", actor=DECLARATIONS, writes=writes), None

    await store.commit("seed", decide)


def results(
    value: float = 0.95, n: int = 400, *, suite: str = GROUNDED, metric: str = "pass_rate"
) -> tuple[EvalResult, ...]:
    """Return one result; a good one of the first gate where nothing else is said."""
    return (EvalResult(suite, metric, value, n),)


def request(*found: EvalResult, subject: str = "r2", **more: str) -> EvalRequest:
    """Return what `eval record` asks."""
    return EvalRequest("support-copilot", subject, found or results(), **more)
