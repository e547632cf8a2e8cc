"""What can be done with messages to people, in one line each: the part of the grammar that help is made of. Pure."""

from typing import Final

COMMS_ACTS: Final = (
    (
        "now [INC-7]",
        "tell users at once: the first word, approved in advance",
    ),
    (
        "new [template] [INC-7] [name=value …] [next:30m] [to:status-page,in-app]",
        "write a draft; alone it opens the form. `back:why` where it steps back a stage",
    ),
    (
        "list [all] · templates · preview MSG-3 · facts",
        "look: the messages, what they are made from, one as it is published, what is known",
    ),
    (
        "edit MSG-3 name=value … · drop MSG-3 why",
        "change a draft (its approvals are void then), or give it up",
    ),
    (
        "publish MSG-3 [anyway]",
        "let it go, or ask for the approvals that it takes; `anyway` keeps words that were warned of",
    ),
    (
        "correct MSG-3 [name=value …]",
        "a new message that points back: what was published is never changed",
    ),
    ("retry MSG-3 status-page", "try one target again"),
    (
        "fact NAME [confirmed|believed|unknown] text",
        "put a line on the fact sheet; only what is confirmed reaches users",
    ),
    (
        "snooze users 15m why",
        "move the promise of the next update",
    ),
    (
        "clock NAME [from:03:10|answered] · evidence where it is",
        "for exposed data: a legal clock, and where the evidence was put aside",
    ),
    (
        "text support-copilot [in:de] [mode:human] words",
        "what users read while it is paused, without a change of files; `declared` brings the file's back",
    ),
)
"""Acts of `comms` and what each does."""

COMMS_EXAMPLES: Final = (
    "now",
    "new users-wrong-answers-identified topic=refunds next:30m",
    "publish MSG-3",
    "correct MSG-3",
    "snooze users 15m legal still reads it",
    "fact topic confirmed refunds over 100 EUR",
)
