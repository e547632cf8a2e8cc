"""Where a message goes: as it was asked, as its template says, or as its workflows declare. Pure."""

from collections.abc import Iterator
from typing import Final

from opsbot.app.comms.exact import distinct
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.targets.as_sent import as_sent
from opsbot.app.target import nearest
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.settings import STATUS_PAGE, CommsSettings, TargetKind
from opsbot.domain.comms.templates import Audience, Rendered, Template
from opsbot.domain.errors import NeedsMoreWords, Unpublishable
from opsbot.domain.incident.incident import Incident
from opsbot.domain.records import listed, mapped
from opsbot.domain.said import inert
from opsbot.domain.state import State

PUBLIC: Final[frozenset[TargetKind]] = frozenset(
    {"status-page", "in-app", "statuspage", "incident-io", "pagerduty"}
)
"""What everybody in the world reads: words for people of the company never go there."""


def targets_for(
    state: State,
    incident: Incident,
    template: Template,
    asked: tuple[str, ...] | None,
    corrects: Message | None = None,
) -> tuple[str, ...]:
    """
    Return where a message goes: as *asked*, else as what it corrects, its template or its workflows say.

    Raises:
        NeedsMoreWords: nowhere; or a place that nobody declared, with the nearest names.
        Unpublishable: everybody would read there what is meant for few.
    """
    settings = settings_of(state)
    names = distinct(asked) if asked is not None else usual(state, incident, template, corrects)
    if not names:
        raise NeedsMoreWords(
            f"Say where it goes: nothing is declared for {template.audience} of {incident.id};"
            " nothing was changed.",
            hint=f"`to:{','.join(possible(state, incident, template)[:2]) or '#channel'}`",
        )
    for name in names:
        _must_fit(settings, name, template.audience)
    return names


def usual(
    state: State, incident: Incident, template: Template, corrects: Message | None = None
) -> tuple[str, ...]:
    """Return where a message goes if nobody says otherwise."""
    if corrects is not None:
        return corrects.targets
    declared = template.targets or distinct(list(_declared(state, incident, template.audience)))
    if declared or template.audience != "users":
        return declared
    return (STATUS_PAGE,)


def possible(state: State, incident: Incident, template: Template) -> tuple[str, ...]:
    """Return every place that a message of this template could go to, the usual ones first."""
    settings = settings_of(state)
    names = (*usual(state, incident, template), *_built_in(template.audience), *settings.targets)
    return tuple(one for one in distinct(names) if fits(settings, one, template.audience))


def refusing(state: State, message: Message, rendered: Rendered) -> Iterator[str]:
    """Yield why a target will never take these very words, each as a whole sentence."""
    settings = settings_of(state)
    for name in message.targets:
        target = settings.target(name)
        if target is None:
            yield f"Nobody declares the target `{inert(name, limit=60)}` any more."
            continue
        if not fits(settings, name, message.audience):
            yield (
                f"`{inert(name, limit=60)}` is read by everybody now, and this is for"
                f" {message.audience}."
            )
            continue
        seen = as_sent(target.kind, rendered.headline, rendered.texts)
        if seen.refused:
            yield f"{seen.refused}."


def _must_fit(settings: CommsSettings, name: str, audience: Audience) -> None:
    if settings.target(name) is None:
        known = ("status-page", "in-app", *settings.targets)
        near = " or ".join(f"`{one}`" for one in nearest(name, known))
        raise NeedsMoreWords(
            f"There is no target `{inert(name, limit=60)}`; nothing was changed.",
            hint=f"Did you mean {near}?" if near else f"There are {', '.join(known)}.",
        )
    if not fits(settings, name, audience):
        raise Unpublishable(
            f"`{name}` is read by everybody, and this is for {audience}; nothing was changed.",
            hint="Send it to a channel or an address, or write to users.",
        )


def fits(settings: CommsSettings, name: str, audience: Audience) -> bool:
    """Return whether words for an audience may go to a target: what everybody reads is for users alone."""
    target = settings.target(name)
    return target is not None and (audience == "users" or target.kind not in PUBLIC)


def _built_in(audience: Audience) -> tuple[str, ...]:
    return ("status-page", "in-app") if audience == "users" else ()


def _declared(state: State, incident: Incident, audience: Audience) -> Iterator[str]:
    known = state.workflows()
    for name in incident.workflows:
        if name in known:
            of = mapped(known[name].extra.get("comms"))
            yield from (str(one) for one in listed(of.get(audience)))
