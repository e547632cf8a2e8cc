"""
Everything that opsbot refuses or fails at, as one tree; each says what happened and what to do next.

* OpsbotError                  message, hint, code
  x Refused                    the answer is no; nothing changed; not a failure
    - UnknownWorkflow          nearest names
    - UnknownMode
    - UnknownKill
    - UnknownApproval
    - NotAllowed               the rule, and who can help
    - NeedsConfirmation        the list of what stops
    - NeedsMoreWords           the grammar was not met; examples
    - StaleButton              what it acted on has moved on
    - NothingToRestore
    - BadDeclaration           file, line, fix
  x Unsure                     what happened is not known for certain
    - StoreLost                stored: unknown; what to do
    - NotDurable               stored, but on fewer nodes than declared
  x Misconfigured              the bot does not start; one clear line
"""


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
            f"There is no workflow `{name}`; nothing was changed.",
            hint=f"Did you mean {offered}?" if offered else "`/ai-status` lists the workflows.",
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


class NotAllowed(Refused):
    """Policy says no."""

    code = "not_allowed"

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule


class NeedsConfirmation(Refused):
    """The act stops more than one workflow and waits for an explicit yes."""

    code = "needs_confirmation"

    def __init__(self, message: str, *, stops: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.stops = stops


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


class Unsure(OpsbotError):
    """It is not known whether the change took place."""

    code = "unsure"


class StoreLost(Unsure):
    """The store did not answer in time: whether the change is stored is not known."""

    code = "store_lost"


class NotDurable(Unsure):
    """The change is stored on fewer nodes than the profile asks for."""

    code = "not_durable"


class Misconfigured(OpsbotError):
    """A setting is missing, contradictory, or the server is not fit for the profile."""

    code = "misconfigured"
