"""A runbook that has one of everything, made by hand: what is drawn of it needs no parser."""

from typing import Final

from opsbot.domain.prose import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    words,
)
from opsbot.domain.runbook import Action, Box, Decision, Option, Param, Phase, Runbook, Step

EVERYTHING: Final[tuple[Block, ...]] = (
    Paragraph(
        (
            Span("text", "Say "),
            Span("strong", inner=words("what holds")),
            Span("text", ", "),
            Span("em", inner=words("never")),
            Span("text", " "),
            Span("strike", inner=words("who erred")),
            Span("text", "; see "),
            Span("link", url="https://example.com/a?b=1&c=2", inner=words("the guide")),
            Span("text", ", "),
            Span("link", url="#restore", inner=words("the end")),
            Span("text", ", "),
            Span("link", url="provider-outage.md", inner=words("the outage")),
            Span("text", " or "),
            Span("link", url="javascript:alert(1)", inner=words("a trap")),
            Span("text", "."),
            Span("break"),
            Span("image", text="The graph", url="https://example.com/graph.png"),
            Span("text", " and "),
            Span("code", text="a < b && c"),
        )
    ),
    Heading(4, words("Who to ask")),
    Listing(
        (
            (Paragraph(words("Legal, before any promise.")),),
            (
                Paragraph(words("Then:")),
                Listing(((Paragraph(words("support")),), (Paragraph(words("sales")),)), start=3),
            ),
        )
    ),
    Code("grep -c '{{ workflow }}' traces.log\necho \"<done>\"\n", "bash"),
    Quote((Paragraph(words("A company answers for its bot.")),)),
    Table(
        (words("Sign"), words("Do")),
        ((words("a refund"), words("call legal")), (words("a dose"), (Span("code", "stop"),))),
    ),
    Rule(),
)
"""One block of every kind, with what hostile pages hold."""

STEPS: Final = (
    Step(
        "keep-the-evidence",
        "Keep the evidence",
        20,
        30,
        who="responder",
        time_s=120,
        actions=(
            Action("capture", {"workflow": "{{ workflow }}", "what": ("route", "fleet", "traces")}),
        ),
        boxes=(
            Box("b1", words("Copy three links into the thread.")),
            Box("b2", (Span("text", "Note the "), Span("code", "trace_id"))),
        ),
        expect=words("The exact words are kept."),
    ),
    Step(
        "stop-the-harm",
        "Stop the harm",
        31,
        50,
        who="responder",
        time_s=60,
        body=(Paragraph(words("A bare kill puts {{ workflow }} into its safe state.")),),
        actions=(
            Action(
                "kill",
                {"workflow": "{{ workflow }}", "mode": "canned", "reason": 'wrong, with "harm"'},
            ),
        ),
        expect=words("Every instance has confirmed."),
        undo="restore",
        decide=Decision(
            words("Do wrong answers still reach users?"),
            (
                Option("Yes", "stop-completely"),
                Option("No", "find-the-change"),
                Option("It is the provider", runbook="provider-outage"),
            ),
        ),
    ),
    Step(
        "stop-completely",
        "Stop completely",
        51,
        60,
        who="responder",
        time_s=60,
        actions=(Action("kill", {"mode": "stop"}),),
        expect=words("No answer comes."),
        undo="restore",
    ),
    Step(
        "find-the-change",
        "Find the change",
        61,
        70,
        who="commander",
        time_s=5400,
        body=EVERYTHING,
        decide=Decision(
            words("Is it found?"),
            (Option("Yes", "restore"), Option("Not yet", "keep-the-evidence")),
        ),
        skip_when=words("a rollback is known to help"),
    ),
    Step(
        "tell-users",
        "Tell users the truth",
        71,
        80,
        who="comms",
        time_s=900,
        actions=(Action("comms", {"template": "users-wrong-answers", "audience": "users"}),),
        expect=words("Nobody hears of it from somebody else."),
    ),
    Step(
        "restore",
        "Restore",
        81,
        95,
        who="commander",
        time_s=600,
        actions=(
            Action("restore", {"workflow": "{{ workflow }}", "stages": ("5", "25", "100")}),
            Action("verify", {"workflow": "{{ workflow }}", "expect": "live"}),
        ),
        expect=words("Every instance confirms live."),
        onward="learn",
    ),
)


def runbook() -> Runbook:
    """Return it."""
    return Runbook(
        name="wrong-answers",
        title="Wrong or harmful answers",
        digest="0123456789abcdef" * 4,
        source="Use it for {{ workflow }} in {{ incident.id }}.",
        file="runbooks/wrong-answers.md",
        owner="support-ai",
        reviewed="2026-11-01",
        review_days=90,
        incident_types=("hallucination_harm",),
        severity="SEV2",
        params=(
            Param("workflow", "workflow", required=True),
            Param("share", "number", default="5"),
        ),
        intro=(Paragraph(words("Use this when answers are false and can hurt.")),),
        phases=(
            Phase("contain", "Contain", 10, steps=STEPS[:3]),
            Phase("assess", "Assess", 60, (Paragraph(words("Side by side.")),), STEPS[3:5]),
            Phase("back", "Back", 80, steps=STEPS[5:]),
        ),
    )
