"""The form of a workflow declaration, as pydantic checks it; what its fields mean to each other is
in `catalog_rules`."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Mode = Literal["fallback", "read_only", "no_tools", "drafts_only", "human", "canned", "stop"]
SafeState = Literal["human", "canned", "stop"]
Signal = Annotated[str, Field(pattern=r"^[a-z0-9_.]+$")]
Operator = Literal[">", ">=", "<", "<="]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S+$")]
ModelName = Annotated[str, Field(pattern=r"^[^\s/]+/\S+$")]
DRI = Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{2,}|[^@\s]+@[^@\s]+\.[^@\s]+)$")]
Channel = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,}$")]
Url = Annotated[str, Field(pattern=r"^(https?://\S+)?$")]


class Strict(BaseModel):
    """A part of a file: unknown keys and wrong types are errors, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class HumanQueueFile(Strict):
    """Where people take over: when it is open, and what users read then."""

    hours: Text
    text: Text


class TargetFile(Strict):
    """One model that can serve the workflow."""

    provider: Word
    model: Word
    weight: Annotated[int, Field(ge=0, le=100)] = 100


class FallbackFile(Strict):
    """A model to fall back to, in order."""

    provider: Word
    model: Word


class RouteFile(Strict):
    """What serves the workflow: targets by weight, fallbacks, prompt, parameters, tools."""

    targets: Annotated[list[TargetFile], Field(min_length=1)]
    fallbacks: list[FallbackFile] = []
    prompt: str = ""
    params: dict[str, bool | int | float | str] = {}
    tools: str = ""
    strategy: Literal["pinned", "weighted", "cheapest_passing_eval"] | None = None


class RoutesFile(Strict):
    """The models that were approved, and the route that the workflow begins with."""

    approved: Annotated[list[ModelName], Field(min_length=1)]
    initial: RouteFile


class GateFile(Strict):
    """Evaluation evidence that a route needs before it may serve."""

    suite: Word
    metric: Word
    op: Operator
    threshold: float
    min_n: Annotated[int, Field(ge=1)]
    max_age_h: Annotated[int, Field(ge=1)]
    hard: Annotated[
        float | None, Field(description="Beyond this a change is taken back by itself.")
    ] = None


class StageFile(Strict):
    """One step of a ramp: declared tenants first, then a share of the sticky keys."""

    stage: Annotated[str, Field(max_length=80)] = ""
    percent: Annotated[int, Field(ge=0, le=100)] = 0
    tenants: list[Word] = []
    soak_s: Annotated[int, Field(ge=0, le=30 * 86_400)] = 3600


class RestoreFile(Strict):
    """A restore in steps: each lets a share of the sticky keys through, without write tools."""

    steps: Annotated[
        list[Annotated[int, Field(ge=1, le=50)]],
        Field(min_length=1, max_length=6, description="Percent, rising; then the kill is lifted."),
    ]
    watch_s: Annotated[
        int, Field(ge=1, le=86_400, description="How long each step is watched before the next.")
    ] = 600


class FailureBudgetFile(Strict):
    """The share of bad outcomes that a window may have before changes wait."""

    share: Annotated[float, Field(gt=0, lt=1)]
    window_h: Annotated[int, Field(ge=1, le=24 * 90)] = 24


class BudgetFile(Strict):
    """Money for a day: *soft* is the share that warns, *on_hard* the mode when it is spent."""

    usd_per_day: Annotated[float, Field(gt=0)]
    soft: Annotated[float, Field(gt=0, le=1)] = 0.8
    on_hard: Mode


class TripwireFile(Strict):
    """A condition over a signal that proposes or applies a kill."""

    name: Word
    signal: Signal
    op: Operator
    threshold: float
    window_s: Annotated[int, Field(ge=1)]
    min_n: Annotated[int, Field(ge=1)]
    for_: Annotated[int, Field(ge=1, alias="for")] = 1
    action: Literal["propose", "apply"]
    mode: Mode


class PagerDutyFile(Strict):
    """Who is paged."""

    service: Word
    escalation_policy: Word


class CommsFile(Strict):
    """Where messages about this workflow go."""

    users: list[Word] = []
    support: list[Word] = []
    stakeholders: list[Word] = []
    executives: list[Word] = []
    regulators: list[Word] = []


class ProbeFile(Strict):
    """An enforcement point that can be asked for its current decision."""

    kind: Literal["httpx", "litellm", "ofrep", "ext_authz", "http"]
    url: Url = ""
    model: str = ""


class EvidenceFile(Strict):
    """Where the proof is that this workflow is ready to run."""

    evaluation: str = ""
    data_access: str = ""
    observability: str = ""
    cost: str = ""
    incident_response: str = ""


def _learned(value: object) -> object:
    return None if value == "auto" else value


class WorkflowFile(Strict):
    """One AI workflow, as its team declares it in `flags/workflows/<name>.yaml`."""

    workflow: Annotated[str, Field(description="The file's name: a-z, 0-9 and '-'.")]
    title: Text
    description: Text
    dri: Annotated[DRI, Field(description="Slack user id or e-mail of who answers for it.")]
    team: Word
    tier: Annotated[Literal[1, 2, 3], Field(description="1 user-facing and risky .. 3 internal.")]
    safe_state: Annotated[
        SafeState, Field(description="What a bare kill does; it never calls the model.")
    ] = "stop"
    modes: Annotated[list[Mode], Field(min_length=1)]
    canned: Annotated[str, Field(max_length=2000)] = ""
    on_store_loss: Annotated[
        Literal["stop", "last_known"] | None,
        Field(description="What a client does without the store; tier 1 and write tools choose."),
    ] = None
    last_resort: Annotated[str, Field(max_length=2000)] = ""
    human_queue: HumanQueueFile | None = None
    stale_after_s: Annotated[float, Field(ge=2, le=3600)] = 6
    kill_slo_ms: Annotated[int, Field(ge=50, le=60_000)] = 1000
    expected_instances: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(_learned, json_schema_input_type=Literal["auto"] | int),
    ] = None
    tools: dict[Word, Literal["read", "write"]] = {}
    routes: RoutesFile
    gates: list[GateFile] = []
    stages: Annotated[
        list[StageFile], Field(description="The ramp of a route; opsbot's own where it is empty.")
    ] = []
    restore: Annotated[
        RestoreFile | None, Field(description="Without it a restore lifts a kill at once.")
    ] = None
    failure_budget: FailureBudgetFile | None = None
    budget: BudgetFile | None = None
    tripwires: list[TripwireFile] = []
    pagerduty: PagerDutyFile | None = None
    slack_channel: Channel
    runbook: Word
    comms: CommsFile = CommsFile()
    probes: list[ProbeFile] = []
    evidence: EvidenceFile = EvidenceFile()
