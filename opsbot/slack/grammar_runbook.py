"""What can be done with runbooks, in one line each: the part of the grammar that help is made of. Pure."""

from typing import Final

RUNBOOK_ACTS: Final = (
    (
        "start <runbook> [INC-7] [drill|show] [name=value …]",
        "begin to walk one; alone it opens the form. A `drill` does nothing for real",
    ),
    (
        "show · steps · catchup · list [all]",
        "the current step of each lane, the whole list, five lines for who comes late, the runs",
    ),
    (
        "catalogue · read <runbook>",
        "the runbooks, and one of them whole",
    ),
    (
        "done · tick 2 · answer 1 · do [2] · failed why",
        "what came of the current step; `do` presses its action, which asks first",
    ),
    (
        "skip why · block [for:30m] on whom · unblock · back · undo · undo action",
        "go past it, wait for somebody, go back; `step:6` names the step where two are current",
    ),
    (
        "note text · evidence https://…",
        "keep words or a link with the step",
    ),
    (
        "take · assign @sam · accept · decline",
        "who does the step; whoever is asked has to accept",
    ),
    (
        "handover @sam · handover accept|decline · lead",
        "who leads the run; until it is accepted nothing changes",
    ),
    (
        "finish [why] · abandon why · switch <runbook> [why] · renew",
        "end it, go on with another one, or with the file's newer revision",
    ),
)
"""Acts of `runbook` and what each does."""

RUNBOOK_EXAMPLES: Final = (
    "start wrong-answers workflow=support-copilot",
    "show",
    "skip done outside opsbot",
    "block for:30m on the legal team",
    "handover @sam",
    "catchup",
)
