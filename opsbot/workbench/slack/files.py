"""Files on their way into the workspace: what was announced, what came, what is finished. Pure."""

import secrets
from dataclasses import dataclass, field

from opsbot.workbench.slack.model import File
from opsbot.workbench.slack.workspace import Clock

UPLOAD_S = 1800.0
"""How long an upload URL is good for; Slack does not say."""


@dataclass(slots=True)
class FileTicket:
    """The right to upload one file of exactly *file*'s size, once, until *until*."""

    file: File
    until: float
    data: bytes | None = None


@dataclass(slots=True)
class FileTickets:
    """Every upload that was announced and is not finished, by the key in its URL."""

    now: Clock
    waiting: dict[str, FileTicket] = field(default_factory=dict)

    def announce(self, file: File) -> str:
        """Return the key of a new upload URL."""
        key = secrets.token_urlsafe(24)
        self.waiting[key] = FileTicket(file, self.now() + UPLOAD_S)
        return key

    def take(self, key: str, data: bytes) -> str:
        """Keep what was sent to an upload URL; return what is wrong with it, or ""."""
        ticket = self.waiting.get(key)
        if ticket is None or ticket.data is not None:
            return "no such upload"
        if self.now() > ticket.until:
            return "the upload URL has expired"
        if len(data) != ticket.file.size:
            return f"{ticket.file.size} bytes were announced, {len(data)} came"
        ticket.data = data
        return ""

    def finish(self, file_id: str) -> File | None:
        """Give out an uploaded file, once; None where there is none of that id."""
        for key, ticket in self.waiting.items():
            if ticket.file.id == file_id and ticket.data is not None:
                del self.waiting[key]
                ticket.file.data = ticket.data
                return ticket.file
        return None
