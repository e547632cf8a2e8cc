"""The machine's form of a message: what the HTTP API and scripts read. Pure."""

from opsbot.app.comms.change import Outcome
from opsbot.app.comms.view import MessageView
from opsbot.domain.change import Json


def message_body(view: MessageView, outcome: Outcome | None = None) -> dict[str, Json]:
    """Return the machine's form of a message."""
    message = view.message
    sent: dict[str, Json] = {
        name: {
            "state": one.state,
            "detail": one.detail,
            "at_ms": one.at_ms,
            "tries": one.tries,
            "url": one.url,
            "confirmed": one.confirmed,
            "expected": one.expected,
        }
        for name, one in message.sent.items()
    }
    findings: list[Json] = [
        {"rule": one.rule, "level": one.level, "said": one.said, "fix": one.fix}
        for one in view.findings
    ]
    return {
        "message": message.id,
        "incident": message.incident,
        "template": message.template,
        "audience": message.audience,
        "stage": message.stage,
        "severity": message.severity,
        "standing": message.standing,
        "version": message.version,
        "sha": message.sha,
        "author": message.author,
        "editors": list(message.editors),
        "headline": view.rendered.headline,
        "headlines": dict(view.rendered.headlines),
        "texts": dict(view.rendered.texts),
        "values": dict(view.values),
        "targets": list(message.targets),
        "approvals": [one.id for one in view.approvals],
        "approved_by": list(message.approved_by),
        "findings": findings,
        "blocked": list(view.blocked),
        "corrects": message.corrects,
        "corrected": message.corrected,
        "next_ms": message.next_ms,
        "published_ms": message.published_ms,
        "published_by": message.published_by,
        "holding": message.holding,
        "stays_off": message.stays_off,
        "sent": sent,
        "outcome": outcome or "",
        "pending": outcome is not None and message.standing == "waiting",
    }
