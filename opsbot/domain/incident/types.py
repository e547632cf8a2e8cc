"""What goes wrong with AI: the kinds of incident, and what each proposes to begin with. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["SEV1", "SEV2", "SEV3", "SEV4"]
SEVERITIES: Final[tuple[Severity, ...]] = ("SEV1", "SEV2", "SEV3", "SEV4")


@dataclass(frozen=True, slots=True)
class IncidentType:
    """
    One kind.

    *mode* is the kill that it proposes, empty where nothing should be switched first. *first* is
    the first move in words, *runbook* the name of the procedure. *private* kinds are not announced.
    """

    name: str
    title: str
    severity: Severity
    mode: str
    first: str
    runbook: str
    private: bool = False


UNKNOWN: Final = "unknown"

TYPES: Final = (
    IncidentType(
        "hallucination_harm",
        "Wrong answers with harm",
        "SEV2",
        "canned",
        "answer with the approved text, or hand over to people",
        "wrong-answers",
    ),
    IncidentType(
        "prompt_injection",
        "Prompt injection",
        "SEV1",
        "read_only",
        "take write tools away",
        "prompt-injection",
    ),
    IncidentType(
        "data_leak_pii",
        "Leaked personal data",
        "SEV1",
        "stop",
        "stop it and hold the evidence",
        "data-leak",
        private=True,
    ),
    IncidentType("unsafe_content", "Unsafe content", "SEV1", "stop", "stop it", "unsafe-content"),
    IncidentType(
        "tool_misuse", "Tool misuse", "SEV1", "no_tools", "take all tools away", "tool-misuse"
    ),
    IncidentType(
        "runaway_cost_loop",
        "Runaway cost or loop",
        "SEV2",
        "stop",
        "stop the runs",
        "runaway-cost",
    ),
    IncidentType(
        "quality_regression",
        "Quality regression",
        "SEV2",
        "",
        "roll the route back",
        "quality-regression",
    ),
    IncidentType(
        "provider_outage",
        "Provider outage",
        "SEV2",
        "fallback",
        "serve with the fallback model",
        "provider-outage",
    ),
    IncidentType(
        "bias_fairness",
        "Bias or unfair treatment",
        "SEV2",
        "human",
        "have people answer",
        "wrong-answers",
    ),
    IncidentType(
        "routing_config_fault",
        "Fault of routing or configuration",
        "SEV2",
        "",
        "roll the route back",
        "quality-regression",
    ),
    IncidentType(
        "supply_chain",
        "Compromised dependency or connector",
        "SEV1",
        "stop",
        "kill the provider or connector and revoke its keys",
        "data-leak",
    ),
    IncidentType(
        "misuse_abuse",
        "Abuse by a user or tenant",
        "SEV3",
        "stop",
        "stop it for that tenant alone",
        "unsafe-content",
    ),
    IncidentType(
        "agent_rogue",
        "Agent out of control",
        "SEV1",
        "stop",
        "stop it and revoke what it may reach",
        "tool-misuse",
    ),
    IncidentType(UNKNOWN, "Not known yet", "SEV3", "", "find out what it does to users", ""),
)
"""The kinds, their severity and first move; made from public incidents of 2023 to 2026."""

_BY_NAME: Final = {one.name: one for one in TYPES}


def type_of(name: str) -> IncidentType:
    """Return a kind by its name; the unknown one for a name that a later version wrote."""
    return _BY_NAME.get(name, _BY_NAME[UNKNOWN])


def known(name: str) -> bool:
    """Return whether a kind of that name exists."""
    return name in _BY_NAME


def severity(word: str) -> Severity | None:
    """Return the severity that a word names (`sev2`, `SEV-2`, `s2`), None where it names none."""
    digits = word.strip().lower().replace("-", "").removeprefix("sev").removeprefix("s")
    found = f"SEV{digits}"
    return next((one for one in SEVERITIES if one == found), None)
