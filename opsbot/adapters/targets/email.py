"""
E-mail by SMTP: one message for a whole list of people, who do not see each other.

A mailbox cannot be asked what it has. The Message-ID comes from the key and stays the same for every
attempt, by which mail programs and servers show one message once.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Final

import aiosmtplib

from opsbot.adapters.pagerduty.answer import shown as safe_reason
from opsbot.adapters.targets.markup import for_html, mark, shown
from opsbot.app.comms.port import Post, Posted
from opsbot.app.comms.targets.as_sent import BETWEEN, as_sent
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.mail import ADDRESS, MailServer
from opsbot.domain.said import inert

DEADLINE_S: Final = 15.0
FIELD: Final = "OPSBOT_SMTP_URL"
_ID: Final = re.compile(r"<[0-9a-f]{32}@[A-Za-z0-9.-]{1,253}>", re.ASCII)
_PERMANENT: Final = 500
_UNABLE: Final = frozenset({aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported})
"""What the library says where a server does not offer what was asked; of the former exactly, no kind of it."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where mail is handed over, as whom, and to whom it goes, by the target's name."""

    target: str
    server: MailServer
    name: str
    address: str
    to: tuple[str, ...]


class Email:
    """One list of people. *context* is for servers whose certificate no public authority signed."""

    def __init__(
        self,
        box: Letterbox,
        *,
        context: ssl.SSLContext | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        wrong = [one for one in box.to if not ADDRESS.fullmatch(one)]
        if wrong:
            listed = ", ".join(inert(one, limit=60) for one in wrong[:3])
            raise GiveUp(f"The target {inert(box.target, limit=60)} has no e-mail in: {listed}")
        self._box = box
        self._context = context
        self._deadline_s = deadline_s

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """Hand over one message; see the port."""
        message = letter(post, self._box)
        refused = await self._hand_over(message)
        taken = len(self._box.to) - len(refused)
        some = f"{taken} of {len(self._box.to)} addresses were taken; refused: {', '.join(refused)}"
        return Posted(
            thread={"id": thread_id(post, self._box.address)},
            handle={"id": str(message["Message-ID"])},
            detail=some if refused else "",
        )

    async def _hand_over(self, message: EmailMessage) -> tuple[str, ...]:
        """
        Send, and return whom the server refused while it took the others.

        Raises:
            RetryLater: not now; it may have been taken. GiveUp: never, and what to change.
        """
        server = self._box.server
        try:
            async with asyncio.timeout(self._deadline_s):
                refused, _ = await aiosmtplib.send(
                    message,
                    sender=self._box.address,
                    recipients=list(self._box.to),
                    hostname=server.host,
                    port=server.port,
                    username=server.user or None,
                    password=server.password or None,
                    use_tls=server.security == "tls",
                    start_tls=server.security == "starttls",
                    tls_context=self._context,
                    timeout=self._deadline_s,
                )
        except aiosmtplib.SMTPRecipientsRefused as no:
            raise self._nobody(no) from no
        except aiosmtplib.SMTPResponseException as no:
            raise self._said(no) from no
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise self._unreached(error) from error
        return tuple(sorted(inert(one, limit=100) for one in refused))

    def _nobody(self, no: aiosmtplib.SMTPRecipientsRefused) -> GiveUp | RetryLater:
        words = self._words(no.recipients[0].message) if no.recipients else ""
        if all(one.code >= _PERMANENT for one in no.recipients):
            return GiveUp(f"The mail server takes none of the addresses: {words}")
        return RetryLater(f"The mail server takes none of the addresses just now: {words}")

    def _said(self, no: aiosmtplib.SMTPResponseException) -> GiveUp | RetryLater:
        words = self._words(no.message)
        if isinstance(no, aiosmtplib.SMTPAuthenticationError) and no.code >= _PERMANENT:
            return GiveUp(f"The mail server does not take the user or the password: see {FIELD}")
        if isinstance(no, aiosmtplib.SMTPSenderRefused) and no.code >= _PERMANENT:
            return GiveUp(
                f"The mail server refuses the sender: see OPSBOT_SMTP_FROM; it says: {words}"
            )
        if no.code >= _PERMANENT:
            return GiveUp(f"The mail server refuses the message: {words or no.code}")
        return RetryLater(f"The mail server could not take it just now: {words or no.code}")

    def _unreached(self, error: BaseException) -> GiveUp | RetryLater:
        if isinstance(error, ssl.SSLCertVerificationError) or isinstance(
            error.__cause__, ssl.SSLCertVerificationError
        ):
            return GiveUp(f"The mail server's certificate is not valid for it: see {FIELD}")
        if type(error) in _UNABLE:
            return GiveUp(f"The mail server offers no STARTTLS or no login: see {FIELD}")
        slow = isinstance(error, TimeoutError)
        return RetryLater(
            f"The mail server was not reached: {'no answer in time' if slow else 'no connection'}."
        )

    def _words(self, text: str) -> str:
        return safe_reason(text, secrets=(self._box.server.password,))


def letter(post: Post, box: Letterbox) -> EmailMessage:
    """Return the message as it is handed over; nothing that anybody wrote can become a header."""
    say = as_sent("email", post.headline, post.texts)
    made = EmailMessage(policy=SMTP)
    made["Message-ID"] = message_id(post, box.address)
    made["Date"] = datetime.fromtimestamp(post.at_ms / 1000, UTC)
    user, _, domain = box.address.rpartition("@")
    made["From"] = Address(display_name=inert(box.name, limit=100), username=user, domain=domain)
    made["To"] = "undisclosed-recipients:;"
    corrected = str(post.corrects.get("id") or "")
    made["Subject"] = _literal(say.title)
    thread = thread_id(post, box.address)
    before = (thread, corrected) if _ID.fullmatch(corrected) else (thread,)
    made["In-Reply-To"] = before[-1]
    made["References"] = " ".join(before)
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(f"{shown(say.text)}\n")
    made.add_alternative(_html(say.title, post), subtype="html")
    return made


def _literal(title: str) -> str:
    """
    Return a title of which no part is read as an encoded word (`=?utf-8?q?...?=`).

    The library decodes one, and writes the line ends in it as they are: what follows would be a header.
    """
    return title.replace("=?", "=\u2060?")


def message_id(post: Post, address: str) -> str:
    """Return the Message-ID of a message: the same for every attempt."""
    return f"<{mark(post.key)}@{address.rpartition('@')[2]}>"


def thread_id(post: Post, address: str) -> str:
    """Return the id that all messages of one incident refer to, so that mail programs group them."""
    return f"<{mark('thread', post.incident)}@{address.rpartition('@')[2]}>"


def _html(title: str, post: Post) -> str:
    bodies = [
        f'<div lang="{escape(locale, quote=True)}">{for_html(text)}</div>'
        for locale, text in post.texts.items()
    ]
    between = f"<p>{BETWEEN.strip()}</p>"
    return (
        f"<!doctype html><html><body><h1>{escape(title)}</h1>{between.join(bodies)}</body></html>\n"
    )
