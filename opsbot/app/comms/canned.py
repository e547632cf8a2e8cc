"""Change what a workflow's users read while it is paused, without a change of files; confirmed as a kill is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from opsbot.app.comms.requests import SetCanned
from opsbot.app.comms.settings import settings_of
from opsbot.app.comms.targets.in_app import not_there
from opsbot.app.comms.wording.check import check
from opsbot.app.comms.wording.known import known_of
from opsbot.app.environment import Environment, who
from opsbot.app.fleet.sight import Sight
from opsbot.app.fleet.words import listed
from opsbot.app.routed import asked, must_not_refuse, workflow_named
from opsbot.app.user_texts import texts_of, writes
from opsbot.domain.actor import Actor
from opsbot.domain.change import Change, Record
from opsbot.domain.comms.templates import Locale, Rendered
from opsbot.domain.comms.user_texts import UserTexts
from opsbot.domain.containment import Containment, Watched
from opsbot.domain.errors import NeedsMoreWords, NotAllowed, Unpublishable
from opsbot.domain.said import UNCONFIRMED, Said, inert
from opsbot.domain.state import State
from opsbot.domain.typed import command
from opsflags.model import Scope

LONGEST: Final = 2000
"""Characters of one text, as of a declared one."""


@dataclass(frozen=True, slots=True)
class Canned:
    """The use case."""

    env: Environment

    async def __call__(self, request: SetCanned, actor: Actor, *, request_id: str) -> Said:
        """
        Put texts in the place of the declared one; none at all brings the declared one back.

        Raises:
            NotAllowed: it takes the power `comms`. UnknownWorkflow, NeedsMoreWords, Unpublishable: nothing
                was changed. StoreLost: whether it is stored is not known.
        """
        began_s = self.env.clock.monotonic()
        done, now = await self.env.store.commit(
            request_id, lambda state, now_ms: decide(state, now_ms, request, actor)
        )
        if done is None:
            return self._same(request, now)
        watched = Watched(
            Scope(request.workflow), done.position, rejects=request.workflow, since_ms=done.at_ms
        )
        left_s = self.env.answer_within_s - (self.env.clock.monotonic() - began_s)
        state = self.env.store.state
        seen = await Sight(self.env.fleets, self.env.clock).until_complete(
            watched, state.workflows(), timeout_s=max(left_s, 0)
        )
        return self._said(request, now, seen, who(state, actor))

    def _same(self, request: SetCanned, now: UserTexts) -> Said:
        title = f"Users of `{request.workflow}` in {self.env.name} read that already: nothing was changed"
        return Said("plain", title, _quoted(_of(now, request)), body=_body(request, now, None))

    def _said(self, request: SetCanned, now: UserTexts, seen: Containment | None, by: str) -> Said:
        done = seen is not None and seen.complete
        what = "is as declared again" if not _of(now, request) else "was changed"
        title = (
            f"The text for users of `{request.workflow}` in {self.env.name} while it is"
            f" `{request.mode}` {what}, by {by}"
        )
        lines = [*_quoted(_of(now, request)), *_fleet(seen)]
        return Said(
            "green" if done else "amber",
            title,
            tuple(lines),
            body=_body(request, now, seen),
            exit_code=0 if done else UNCONFIRMED,
        )


def decide(
    state: State, now_ms: int, request: SetCanned, actor: Actor
) -> tuple[Change | None, UserTexts]:
    """
    Return the change to the texts of a workflow, None where they are so already.

    Raises:
        As `Canned`.
    """
    declared = workflow_named(state, request.workflow)
    verdict = asked(state, declared, actor, "comms", now_ms=now_ms)
    must_not_refuse(verdict)
    if not verdict.allowed:
        raise NotAllowed(
            f"{verdict.message} A text that everybody reads at once has no second person to wait for;"
            " nothing was changed.",
            rule=verdict.rule,
            hint=f"Publish it for an incident instead: {command('comms new')}.",
        )
    _must_be_quiet(state, request)
    before = texts_of(state, request.workflow)
    texts = _checked(state, request, _of(before, request))
    after = replace(
        before,
        locale=settings_of(state).locales[0],
        by=verdict.person,
        at_ms=now_ms,
        **{request.mode: texts},  # type: ignore[arg-type]  # one of two fields of the same type
    )
    if _of(after, request) == _of(before, request):
        return None, before
    facts = {"workflow": request.workflow, "mode": request.mode, "locales": sorted(texts)}
    change = Change("user_text", actor, writes(state, after), rule=verdict.rule, facts=facts)
    return change, after


def _must_be_quiet(state: State, request: SetCanned) -> None:
    """
    Go on where no incident is open of whose words users read none that one person alone let go.

    What a file declares was read by others, so that it comes back at any time.
    """
    settings = settings_of(state)
    for one in state.open_incidents() if request.texts else ():
        grave = one.severity in settings.two_person or one.type in settings.exposure
        if request.workflow in one.workflows and grave and not one.drill:
            raise NotAllowed(
                f"Users of `{request.workflow}` read nothing now that one person alone let go, and this"
                " text has no second person to wait for; nothing was changed.",
                rule="comms-two-people",
                hint=f"Publish it for the incident, to `in-app`: {command('comms new')}.",
            )


def _must_say_well(state: State, texts: Mapping[Locale, str]) -> None:
    """
    Go on where nothing stops words that everybody reads at once.

    Raises:
        Unpublishable: what must never be said, and what to write instead.
    """
    found = check(
        Rendered("", texts),
        audience="users",
        stage="monitoring",
        settings=settings_of(state),
        known=known_of(state),
    )
    stops = [one for one in found if one.level == "stop"]
    if stops:
        said = "; ".join(f"{one.rule}: \u201c{one.said}\u201d" for one in stops[:3])
        raise Unpublishable(
            f"This cannot stand before users: {said}. Nothing was changed.", hint=stops[0].fix
        )


def _checked(
    state: State, request: SetCanned, before: Mapping[Locale, str]
) -> Mapping[Locale, str]:
    """Return what users will read: what was said in a language stands beside what others read."""
    if not request.texts:
        return {}
    settings = settings_of(state)
    first, known = settings.locales[0], ", ".join(f"`{one}`" for one in settings.locales)
    said = {locale.strip().lower() or first: _seen(text) for locale, text in request.texts.items()}
    for locale, text in said.items():
        if locale not in settings.locales:
            raise NeedsMoreWords(
                f"`{inert(locale, limit=20)}` is no language that is written here; nothing was changed.",
                hint=f"Write it in {known}, or add it to `locales` in flags/comms.yaml.",
            )
        if len(text) > LONGEST:
            raise Unpublishable(
                f"The text in `{locale}` has {len(text)} characters, {LONGEST} is the most;"
                " nothing was changed."
            )
    texts = {locale: text for locale, text in {**before, **said}.items() if text}
    if texts and first not in texts:
        raise NeedsMoreWords(
            f"The text in `{first}`, which everybody else reads, is missing; nothing was changed."
        )
    _must_say_well(state, {locale: text for locale, text in said.items() if text})
    return texts


def _seen(text: str) -> str:
    """Return a text without what nobody sees, or what turns the direction of writing; its lines stay."""
    lines = (inert(line, limit=len(line) + 1) for line in text.splitlines())
    return "\n".join(lines).strip()


def _of(texts: UserTexts, request: SetCanned) -> Mapping[Locale, str]:
    return texts.canned if request.mode == "canned" else texts.human


def _quoted(texts: Mapping[Locale, str]) -> tuple[str, ...]:
    return tuple(
        f"{locale}: \u201c{inert(text, limit=LONGEST)}\u201d" for locale, text in texts.items()
    )


def _fleet(seen: Containment | None) -> tuple[str, ...]:
    if seen is None:
        return ("The instances could not be asked, so nobody knows who shows it yet.",)
    if not seen.expected:
        return ("No instance is alive: it is shown by those that start from now on.",)
    count = f"{len(seen.confirmed)}/{seen.expected} instances show it"
    late = sorted(not_there(seen))
    return (f"{count}; not {listed(late)}.",) if late else (f"{count}.",)


def _body(request: SetCanned, now: UserTexts, seen: Containment | None) -> Record:
    return {
        "workflow": request.workflow,
        "mode": request.mode,
        "texts": dict(_of(now, request)),
        "instances": None if seen is None else seen.as_json(),
    }
