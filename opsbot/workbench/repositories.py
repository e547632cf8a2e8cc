"""The repositories that the demo's coding agent works on, and what its model says of its work."""

from collections.abc import Collection, Mapping
from itertools import product

PRODUCTS = (
    "accounts", "billing", "catalog", "checkout", "delivery", "exports", "fraud", "gifts", "inbox",
    "ledger", "loyalty", "orders", "payouts", "pricing", "profiles", "refunds", "reports", "returns",
    "search", "stock",
)  # fmt: skip
PARTS = ("api", "app", "infra", "jobs", "web")

REPOSITORIES = tuple(f"{name}-{part}" for name, part in product(PRODUCTS, PARTS))
"""A hundred: each is a sticky key, so that a per cent of the keys is about one of them."""

READING = ("read_repository", "search_code", "read_ci_log")
WRITING = ("push_branch", "open_pull_request")
"""The tools of `flags/workflows/coding-agent.yaml` that the agent offers its model."""

OFFERED = tuple(
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {}}},
    }
    for name in (*READING, *WRITING)
)


def ticket(repository: str) -> str:
    """Return what the agent is asked to do."""
    return f"Update the dependencies of {repository}."


def report(body: Mapping[str, object]) -> str:
    """Return what the model says that it did, with the tools that reached it and no others."""
    names = tools_of(body)
    if "open_pull_request" in names:
        return "Opened a pull request."
    return "Read the code and wrote a plan; it was given no tool to write with."


def tools_of(body: Mapping[str, object]) -> Collection[str]:
    """Return the names of the tools in a chat request, as it reached the model."""
    tools = body.get("tools")
    found = (tool.get("function") for tool in (tools if isinstance(tools, list) else []))
    return {str(one.get("name")) for one in found if isinstance(one, Mapping)}
