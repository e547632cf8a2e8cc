"""The routes of the workflows that are asked about: one target, three by weight, and a candidate. Pure."""

from collections.abc import Mapping

from opsbot.domain.change import Json

ROUTE: Mapping[str, Json] = {
    "revision": "r1",
    "targets": [{"provider": "openai", "model": "gpt-5.2", "weight": 100}],
    "fallbacks": [{"provider": "anthropic", "model": "claude-sonnet-5"}],
    "prompt": "support-copilot@41",
    "params": {"temperature": 0.2},
}
WEIGHTED: Mapping[str, Json] = {
    **ROUTE,
    "targets": [
        {"provider": "openai", "model": "gpt-5.2", "weight": 70},
        {"provider": "openai", "model": "gpt-5-mini", "weight": 20},
        {"provider": "anthropic", "model": "claude-sonnet-5", "weight": 10},
    ],
    "strategy": "weighted",
}
STAGED: Mapping[str, Json] = {
    **WEIGHTED,
    "salt": "1",
    "candidate": {**WEIGHTED, "revision": "r2", "percent": 25, "tenants": ["our-own-people"]},
}
