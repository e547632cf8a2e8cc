"""
Everything that opsbot refuses or fails at, as one tree; each says what happened and what to do next.

* OpsbotError                  message, hint, code
  x Refused                    the answer is no; nothing changed; not a failure
    - UnknownWorkflow          nearest names
    - UnknownMode
    - UnknownKill
    - UnknownApproval
    - UnknownRevision
    - RouteRefused             why it may not serve, and what would let it
    - RouteMoved               somebody was first; theirs stands
    - NeedsBreakGlass          the evidence that does not pass
    - BadEvidence              which result, and what is wrong with it
    - NotAllowed               the rule, and who can help
    - NeedsConfirmation        the list of what stops
    - NeedsMoreWords           the grammar was not met; examples
    - StaleButton              what it acted on has moved on
    - NothingToRestore
    - BadDeclaration           file, line, fix
    - UnknownLetter            no undelivered message of that id
    - UnknownIncident          also for one that is not theirs to see
    - IllegalMove              what it is, and how the move becomes legal
    - IncidentOpen             the one that is open for the same workflow already
    - UnknownRunbook           nearest names
    - UnreadableRunbook        where to read it instead
    - UnknownRun               also for one of an incident that is not theirs to see
    - RunOpen                  the one that is open of the same runbook already
  x Unsure                     what happened is not known for certain
    - StoreLost                stored: unknown; what to do
      . LookLost               nothing was asked to be stored
    - NotDurable               stored, but on fewer nodes than declared
  x Gone                       a message of opsbot's own was deleted by somebody
  x Misconfigured              the bot does not start; one clear line
"""

from opsbot.domain.change import Record
from opsbot.domain.said import inert
from opsbot.domain.typed import command


class OpsbotError(Exception):
    """
    Something that a person is told, with the next thing for them to do.

    *env* is the environment it happened in, set on the way out; empty where none was asked.
    """

    code = "opsbot_error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.env = ""


class Refused(OpsbotError):
    """The answer is no; nothing was changed."""

    code = "refused"


class UnknownWorkflow(Refused):
    """No workflow of that name is declared."""

    code = "unknown_workflow"

    def __init__(self, name: str, *, nearest: tuple[str, ...] = ()) -> None:
        offered = " or ".join(f"`{word}`" for word in nearest)
        super().__init__(
            f"There is no workflow `{inert(name, limit=100)}`; nothing was changed.",
            hint=f"Did you mean {offered}?"
            if offered
            else f"{command('status')} lists the workflows.",
        )
        self.name = name
        self.nearest = nearest


class UnknownMode(Refused):
    """The word after `mode:` is not a mode."""

    code = "unknown_mode"


class UnknownKill(Refused):
    """No kill has that id."""

    code = "unknown_kill"


class UnknownApproval(Refused):
    """No approval has that id, or it is over."""

    code = "unknown_approval"


class UnknownRevision(Refused):
    """No revision of that number was ever made for that workflow."""

    code = "unknown_revision"


class UnknownIncident(Refused):
    """No incident has that id, or it is private and not theirs to see: the words are the same."""

    code = "unknown_incident"


class IllegalMove(Refused):
    """An incident may not become that now; the hint says how it may."""

    code = "illegal_move"


class IncidentOpen(Refused):
    """One is open for the same workflow; opening a second takes the word `anyway`."""

    code = "incident_open"


class UnknownRunbook(Refused):
    """No runbook of that name is there to be walked."""

    code = "unknown_runbook"


class UnreadableRunbook(Refused):
    """This version of opsbot cannot read the pinned text any more; the text is all there is."""

    code = "unreadable_runbook"


class UnknownRun(Refused):
    """No run has that id, or its incident is private and not theirs to see: the words are the same."""

    code = "unknown_run"


class UnknownMessage(Refused):
    """No message to people has that id, or its incident is private and not theirs to see."""

    code = "unknown_message"


class UnknownTemplate(Refused):
    """No template of messages has that name."""

    code = "unknown_template"


class Unpublishable(Refused):
    """A message cannot go out as it is: a field, its words, its stage, or what is so outside."""

    code = "unpublishable"


class RunOpen(Refused):
    """The same runbook is being walked for the same incident; two would tell two stories."""

    code = "run_open"


class RouteRefused(Refused):
    """
    A route, or a step of one, that may not serve: why, and what would let it.

    *about* is the part of the route that it is about (`model`, `fallback`, `param`, `strategy`).
    """

    code = "route_refused"

    def __init__(self, message: str, *, hint: str = "", about: str = "") -> None:
        super().__init__(message, hint=hint)
        self.about = about


class RouteMoved(Refused):
    """Somebody changed the route meanwhile; theirs stands and nothing was lost."""

    code = "route_moved"


class NeedsBreakGlass(Refused):
    """
    It would serve without passing evidence, and waits for somebody to answer for that.

    *leaving* and *to* are the numbers of the revision that serves and of the one that would.
    """

    code = "needs_break_glass"

    def __init__(self, message: str, *, hint: str = "", leaving: int = 0, to: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.leaving = leaving
        self.to = to


class BadEvidence(Refused):
    """A result of an evaluation that cannot be believed as it is; none of its batch was recorded."""

    code = "bad_evidence"


class NotAllowed(Refused):
    """Policy says no."""

    code = "not_allowed"

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule


class NeedsConfirmation(Refused):
    """The act stops more than one workflow and waits for an explicit yes."""

    code = "needs_confirmation"

    def __init__(
        self,
        message: str,
        *,
        stops: tuple[str, ...],
        hint: str = "",
        lines: tuple[str, ...] = (),
        more: Record | None = None,
    ) -> None:
        """Keep what to ask: *lines* for people, *more* the same for machines."""
        super().__init__(message, hint=hint)
        self.stops = stops
        self.lines = lines
        self.more: Record = more or {}


class NeedsMoreWords(Refused):
    """The command lacks something, or has something it does not take."""

    code = "needs_more_words"


class StaleButton(Refused):
    """The button belongs to a state that is over."""

    code = "stale_button"


class NothingToRestore(Refused):
    """No active kill names that workflow."""

    code = "nothing_to_restore"


class BadDeclaration(Refused):
    """A declaration, policy or runbook file is broken; the last good version stays."""

    code = "bad_declaration"


class UnknownLetter(Refused):
    """Nothing undelivered has that id; it may have been delivered meanwhile."""

    code = "unknown_letter"


class Gone(OpsbotError):
    """A message that opsbot wants to edit was deleted: it can be posted anew, never edited."""

    code = "gone"


class Unsure(OpsbotError):
    """It is not known whether the change took place."""

    code = "unsure"


class StoreLost(Unsure):
    """The store did not answer in time: whether the change is stored is not known."""

    code = "store_lost"


class LookLost(StoreLost):
    """The store did not answer somebody who only looked: nothing was changed, and that is known."""


class NotDurable(Unsure):
    """The change is stored on fewer nodes than the profile asks for."""

    code = "not_durable"


class Misconfigured(OpsbotError):
    """A setting is missing, contradictory, or the server is not fit for the profile."""

    code = "misconfigured"
