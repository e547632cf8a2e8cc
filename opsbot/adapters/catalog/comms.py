"""`flags/comms.yaml` and `flags/legal-clocks.yaml`: how people are told here, checked and as the store keeps it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from opsbot.adapters.catalog.models import Channel, Strict, Text, Url, Word
from opsbot.adapters.catalog.yaml import Document
from opsbot.domain.change import Json, Record
from opsbot.domain.comms.moments import known_zone
from opsbot.domain.comms.settings import IN_APP, STATUS_PAGE, USUAL, TargetKind
from opsbot.domain.comms.templates import AUDIENCES, Audience
from opsbot.domain.declaration import Finding
from opsbot.domain.incident.settings import MINUTE_MS
from opsbot.domain.incident.types import Severity, known
from opsbot.domain.nearest import nearest
from opsbot.domain.policy.model import Policy
from opsbot.domain.records import listed, mapped
from opsbot.domain.workflow import Workflow

COMMS: Final = "comms.yaml"
CLOCKS: Final = "legal-clocks.yaml"

Minutes = Annotated[int, Field(ge=1, le=43_200)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})?$")]
Short = Annotated[str, Field(min_length=1, max_length=200)]

_NEEDS: Final[Mapping[TargetKind, str]] = {
    "slack": "channel",
    "statuspage": "page",
    "incident-io": "page",
    "pagerduty": "page",
    "webhook": "url",
    "email": "to",
}
_TAKES: Final[Mapping[TargetKind, frozenset[str]]] = {
    "status-page": frozenset(),
    "in-app": frozenset(),
    "slack": frozenset({"channel"}),
    "statuspage": frozenset({"page", "components", "url", "names", "notify"}),
    "incident-io": frozenset({"page", "components", "url", "names", "notify"}),
    "pagerduty": frozenset({"page", "components", "url", "names", "notify"}),
    "webhook": frozenset({"url"}),
    "email": frozenset({"to"}),
}


class PlaceFile(Strict):
    """One place where messages go; secrets are settings, never here."""

    kind: TargetKind
    channel: Annotated[Channel | None, Field(description="slack: the channel's id.")] = None
    page: Annotated[Word | None, Field(description="The page's id at the vendor.")] = None
    components: Annotated[
        dict[Word, Word], Field(default_factory=dict, description="Ids, by the workflow's name.")
    ]
    names: Annotated[
        dict[Word, Short],
        Field(
            default_factory=dict, description="The page's own words for ours, where they differ."
        ),
    ]
    url: Annotated[Url, Field(description="webhook: where to; else where people read it.")] = ""
    to: Annotated[
        list[Word], Field(default_factory=list, max_length=50, description="email: addresses.")
    ]
    notify: Annotated[bool | None, Field(description="False writes to no subscriber.")] = None


class BeatFile(Strict):
    """How often one audience hears of incidents of one severity; what is missing is not due."""

    first_min: Annotated[Minutes | None, Field(description="From declaring to the first.")] = None
    update_min: Annotated[Minutes | None, Field(description="Between two.")] = None
    long_after_min: Annotated[Minutes | None, Field(description="When it has become long.")] = None
    long_min: Annotated[Minutes | None, Field(description="Between two from then on.")] = None


class TrackFile(Strict):
    """The track of exposed data: nothing goes to users there without these people."""

    types: Annotated[
        list[str], Field(default_factory=lambda: ["data_leak_pii"], description="Incident types.")
    ]
    approvers: Annotated[
        dict[Name, Annotated[list[Word], Field(min_length=1, max_length=20)]],
        Field(default_factory=dict, description="People by function; one of each approves."),
    ]


class TellingFile(Strict):
    """How people are told here: where messages go, how often, and who has a say."""

    comms: Annotated[int, Field(ge=1, le=1, description="The form of this file; always 1.")] = 1
    locales: Annotated[
        list[Locale],
        Field(
            default_factory=lambda: ["en"],
            min_length=1,
            max_length=10,
            description="The first is always written.",
        ),
    ]
    zone: Annotated[str, Field(max_length=60, description="As in `Europe/Berlin`.")] = "UTC"
    page_title: Annotated[str, Field(min_length=1, max_length=80)] = "Status"
    contact: Annotated[str, Field(max_length=200, description="Where people reach us.")] = ""
    public: Annotated[
        dict[Word, Short | Annotated[dict[Locale, Short], Field(min_length=1, max_length=10)]],
        Field(
            default_factory=dict,
            description="How users call each workflow, by its name: one name for all languages, or"
            " one for each of them.",
        ),
    ]
    terms: Annotated[
        list[Short],
        Field(default_factory=list, max_length=500, description="Words that never reach users."),
    ]
    targets: Annotated[dict[Word, PlaceFile], Field(default_factory=dict, max_length=50)]
    beats: Annotated[dict[Audience, dict[Severity, BeatFile]], Field(default_factory=dict)]
    approval_min: Annotated[int, Field(ge=1, le=240)] = 15
    two_person: Annotated[
        list[Severity],
        Field(
            default_factory=lambda: ["SEV1", "SEV2"],
            description="Where users read nothing that one person alone let go.",
        ),
    ]
    exposure: TrackFile | None = None
    clocks: Annotated[
        list[Name],
        Field(default_factory=list, max_length=20, description="Names of legal-clocks.yaml."),
    ]


class ClockFile(Strict):
    """A term that a law sets, with the words it is taken from."""

    title: Short
    hours: Annotated[float | int, Field(gt=0, le=8_760)]
    quote: Text
    source: Annotated[str, Field(min_length=1, max_length=300)]
    read: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", description="When it was read.")]


class ClocksFile(Strict):
    """Legal clocks that can be switched on; a reminder, not legal advice."""

    legal_clocks: Literal[1] = 1
    known: Annotated[dict[Name, ClockFile], Field(default_factory=dict)]


def comms_findings(
    file: TellingFile,
    clocks: Mapping[str, ClockFile],
    document: Document,
    workflows: Mapping[str, Workflow],
    policy: Policy | None,
) -> Iterator[Finding]:
    """Yield every rule that a well-formed file breaks."""
    if not known_zone(file.zone):
        yield document.find(
            ("zone",), f"there is no time zone `{file.zone}`", "Write one as in `Europe/Berlin`."
        )
    for name, target in file.targets.items():
        yield from _target(name, target, document)
    for audience, by in file.beats.items():
        for severity, beat in by.items():
            if (beat.long_after_min is None) != (beat.long_min is None):
                where = ("beats", audience, severity)
                fix = "`long_after_min` says from when, `long_min` how often."
                yield document.find(where, "one of a pair is missing", fix)
    for name in file.public:
        if name not in workflows:
            guess = nearest(name, workflows)
            fix = f"Did you mean `{guess}`?" if guess else "Take it out."
            yield document.warn(("public", name), f"no workflow is called `{name}`", fix)
    yield from _languages(file, document)
    yield from _clocks(file, clocks, document)
    yield from _exposure(file, document, policy)


def _languages(file: TellingFile, document: Document) -> Iterator[Finding]:
    """Yield names without the language that every text has, and those in languages that nothing is written in."""
    first = file.locales[0]
    for name, by in file.public.items():
        if isinstance(by, str):
            continue
        if first not in by:
            fix = f"Add `{first}:`, which is written always and stands for what is missing."
            yield document.find(("public", name), f"`{name}` has no name in `{first}`", fix)
        for locale in by:
            if locale not in file.locales:
                fix = f"Add `{locale}` to `locales`, or take it out."
                what = f"nothing is written in `{locale}`, so nobody reads this name"
                yield document.warn(("public", name, locale), what, fix)


def target_findings(
    file: TellingFile, workflows: Mapping[str, Workflow], places: Mapping[str, Document]
) -> Iterator[Finding]:
    """Yield the targets that workflows name and nobody declared; a workflow can be killed all the same."""
    declared = {STATUS_PAGE, IN_APP, *file.targets}
    for name, workflow in workflows.items():
        by = mapped(workflow.extra.get("comms"))
        for audience in AUDIENCES:
            for index, target in enumerate(listed(by.get(audience))):
                if target not in declared:
                    where = ("comms", audience, index)
                    guess = nearest(str(target), declared)
                    fix = (
                        f"Did you mean `{guess}`?"
                        if guess
                        else "Declare it under `targets:` in flags/comms.yaml."
                    )
                    yield places[name].warn(where, f"no target is called `{target}`", fix)


def record_of(file: TellingFile, clocks: Mapping[str, ClockFile]) -> Record:
    """Return what the store keeps; times are milliseconds there."""
    exposure = file.exposure or TrackFile.model_validate({})
    beats: dict[str, Json] = {}
    for audience in AUDIENCES:
        usual = USUAL.get(audience, {})
        given = file.beats.get(audience)
        if given is not None:
            beats[audience] = {severity: _beat(beat) for severity, beat in given.items()}
        elif usual and file.beats:
            beats[audience] = {
                severity: {
                    "first_ms": beat.first_ms,
                    "update_ms": beat.update_ms,
                    "long_after_ms": beat.long_after_ms,
                    "long_ms": beat.long_ms,
                }
                for severity, beat in usual.items()
            }
    return {
        "s": 1,
        "locales": list(file.locales),
        "zone": file.zone,
        "page_title": file.page_title,
        "contact": file.contact,
        "public": {
            name: one
            if isinstance(one, str)
            else one.get(file.locales[0], next(iter(one.values())))
            for name, one in file.public.items()
        },
        "names": {name: dict(one) for name, one in file.public.items() if not isinstance(one, str)},
        "terms": list(file.terms),
        "targets": {name: _target_record(one) for name, one in file.targets.items()},
        "beats": beats,
        "approval_ms": file.approval_min * MINUTE_MS,
        "two_person": list(file.two_person),
        "exposure": list(exposure.types),
        "exposure_approvers": {name: list(who) for name, who in exposure.approvers.items()},
        "clocks": [
            {"name": name, **clocks[name].model_dump(mode="json")}
            for name in dict.fromkeys(file.clocks)
            if name in clocks
        ],
    }


def _target(name: str, target: PlaceFile, document: Document) -> Iterator[Finding]:
    where = ("targets", name)
    given = {
        one: value
        for one, value in target.model_dump(exclude={"kind"}).items()
        if value not in (None, "", [], {})
    }
    needed = _NEEDS.get(target.kind)
    if needed is not None and needed not in given:
        yield document.find(
            where, f"`{needed}` is missing", f"Add `{needed}:` of the {target.kind}."
        )
    for key in given:
        if key not in _TAKES[target.kind]:
            yield document.find(
                (*where, key), f"a target `{target.kind}` has no `{key}`", "Take it out."
            )
    built_in = {STATUS_PAGE: "status-page", IN_APP: "in-app"}
    if built_in.get(name, target.kind) != target.kind:
        fix = "Those two are there without being declared: choose another name."
        yield document.find(where, f"`{name}` is a target of opsbot's own", fix)


def _clocks(
    file: TellingFile, clocks: Mapping[str, ClockFile], document: Document
) -> Iterator[Finding]:
    for index, name in enumerate(file.clocks):
        if name not in clocks:
            guess = nearest(name, clocks)
            fix = f"Did you mean `{guess}`?" if guess else f"Write it into flags/{CLOCKS}."
            yield document.find(("clocks", index), f"there is no clock `{name}`", fix)


def _exposure(file: TellingFile, document: Document, policy: Policy | None) -> Iterator[Finding]:
    if file.exposure is None:
        return
    for index, name in enumerate(file.exposure.types):
        if not known(name):
            where = ("exposure", "types", index)
            yield document.find(where, f"`{name}` is no type of incident", "As in `data_leak_pii`.")
    if policy is not None:
        yield from _approvers(file.exposure, document, policy)


def _approvers(track: TrackFile, document: Document, policy: Policy) -> Iterator[Finding]:
    people = {*policy.people}
    for person in policy.people.values():
        people |= {*person.slack, *person.email}
    for function, who in track.approvers.items():
        for index, name in enumerate(who):
            if name not in people:
                where = ("exposure", "approvers", function, index)
                message = f"nobody in the policy is `{name}`, so nobody could approve"
                yield document.find(where, message, "Name somebody of `people:` in policy.yaml.")


def _beat(beat: BeatFile) -> Record:
    return {
        f"{name.removesuffix('_min')}_ms": None if value is None else value * MINUTE_MS
        for name, value in beat.model_dump().items()
    }


def _target_record(target: PlaceFile) -> Record:
    where = {
        one: value
        for one, value in target.model_dump(mode="json", exclude={"kind"}).items()
        if value not in (None, "", [], {})
    }
    return {"kind": target.kind, "where": where}
