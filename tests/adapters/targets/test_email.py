"""E-mail, received by a real server: one message for all, the same id for every attempt, and no header of anybody's."""

import asyncio
import email
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from opsbot.adapters.targets.email import Email, Letterbox, letter
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.mail import MailServer
from tests.support.store import free_port
from tests.support.targets import post
from tests.support.tls import self_signed

TO = ("a@example.com", "b@example.com", "c@example.com")


@dataclass
class Mailroom:
    """What a mail server got; *refuses* are answers to recipients, *after* the one to a message, *trouble* to one after the other."""

    port: int = 0
    got: list[Envelope] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    after: str = "250 taken"
    trouble: Sequence[str] = ()
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient or not."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 yes"

    async def handle_DATA(  # noqa: N802  aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a message, or have trouble afterwards."""
        self.got.append(envelope)
        said = self.trouble[len(self.got) % len(self.trouble)] if self.trouble else self.after
        if said == "cut":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return said

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Let one person in."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"good-word", handled=False)

    @property
    def read(self) -> list[EmailMessage]:
        """The messages, as a mail program reads them."""
        return [email.message_from_bytes(raw(one), policy=policy.default) for one in self.got]


def raw(one: Envelope) -> bytes:
    """Return a message as it came."""
    assert isinstance(one.content, bytes)
    return one.content


@contextmanager
def mailroom(**given: object) -> Iterator[Mailroom]:
    """Run a mail server on a loopback port."""
    room = Mailroom(port=free_port())
    options = {"authenticator": room.login} if given.get("auth_required") else {}
    # The server reads every attribute of what handles for it, once a connection: `read` as well.
    hands = SimpleNamespace(handle_RCPT=room.handle_RCPT, handle_DATA=room.handle_DATA)
    control = Controller(hands, hostname="127.0.0.1", port=room.port, **options, **given)  # type: ignore[arg-type]  # its own options
    control.start()
    try:
        yield room
    finally:
        control.stop()


def box(port: int, *to: str, **server: str) -> Letterbox:
    """Return where mail goes."""
    at = MailServer("127.0.0.1", port, **{"security": "plain", **server})  # type: ignore[arg-type]  # one of its words
    return Letterbox("customers", at, "Example status", "status@example.com", to or TO)


def contexts(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server shows, and what a client needs to believe it."""
    certificate, key = self_signed(directory)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


async def test_one_message_goes_to_all_and_nobody_sees_the_others() -> None:
    with mailroom() as room:
        done = await Email(box(room.port)).publish(post(1), attempt=1)

        (envelope,) = room.got
        (message,) = room.read
        assert sorted(envelope.rcpt_tos) == sorted(TO)
        assert "b@example.com" not in raw(envelope).decode()
        assert message["From"] == "Example status <status@example.com>"
        assert message["Subject"] == "Wrong answers about refunds"
        assert message["Message-ID"] == done.handle["id"]
        assert message["Auto-Submitted"] == "auto-generated"
        assert done.detail == ""


async def test_a_person_reads_text_or_html() -> None:
    with mailroom() as room:
        said = post(1, texts={"en": "One <b>line</b>.\n\nTwo \u00fc.", "de": "Zwei."})
        await Email(box(room.port)).publish(said, attempt=1)

        (message,) = room.read
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        assert text is not None
        assert html is not None
        assert (
            text.get_content().replace("\r\n", "\n")
            == "One <b>line</b>.\n\nTwo \u00fc.\n\n\u2014\n\nZwei.\n"
        )
        assert "<p>One &lt;b&gt;line&lt;/b&gt;.</p><p>Two \u00fc.</p>" in html.get_content()
        assert '<div lang="de"><p>Zwei.</p></div>' in html.get_content()


async def test_a_second_attempt_is_the_same_message() -> None:
    with mailroom() as room:
        room.after = "451 trouble"
        with pytest.raises(RetryLater, match="could not take it just now"):
            await Email(box(room.port)).publish(post(1), attempt=1)
        room.after = "cut"
        with pytest.raises(RetryLater, match="was not reached"):
            await Email(box(room.port)).publish(post(1), attempt=2)
        room.after = "250 taken"

        await Email(box(room.port)).publish(post(1), attempt=3)

        assert len(room.got) == 3
        assert len({str(one["Message-ID"]) for one in room.read}) == 1
        assert len({str(one["Date"]) for one in room.read}) == 1


async def test_messages_of_one_incident_stand_together_and_a_correction_answers() -> None:
    with mailroom() as room:
        first = await Email(box(room.port)).publish(post(1), attempt=1)
        right = post(2, stage="correction", corrects=first.handle, thread=first.thread)
        await Email(box(room.port)).publish(right, attempt=1)

        begun, corrected = room.read
        assert begun["References"] == first.thread["id"]
        assert corrected["In-Reply-To"] == first.handle["id"]
        assert corrected["References"] == f"{first.thread['id']} {first.handle['id']}"


@pytest.mark.parametrize(
    "headline",
    [
        *(
            "Off\r\nBcc: evil@example.com",
            "Off\nX-Evil: 1",
            "Off\u2028Bcc: e@x",
            "Off\x00\x0b\x0c\x85x",
        ),
        "=?utf-8?q?Off=0D=0ABcc:_evil@example.com?= now",
        "=?utf-8?b?T2ZmDQpSZXBseS1UbzogZUB4?= now",
    ],
)
async def test_nothing_that_anybody_wrote_becomes_a_header(headline: str) -> None:
    with mailroom() as room:
        await Email(box(room.port)).publish(post(1, headline=headline), attempt=1)

        (message,) = room.read
        assert {name.lower() for name in message} <= {
            *("message-id", "date", "from", "to", "subject", "in-reply-to", "references"),
            *("auto-submitted", "mime-version", "content-type", "x-peer", "x-mailfrom", "x-rcptto"),
        }
        assert "\n" not in str(message["Subject"])
        assert sorted(room.got[0].rcpt_tos) == sorted(TO)


def test_a_subject_reads_as_it_was_approved() -> None:
    made = letter(post(1, headline="=?utf-8?q?All_is_well?="), box(1))

    seen = email.message_from_bytes(made.as_bytes(), policy=policy.SMTP)["Subject"]

    assert str(seen).replace("\u2060", "") == "=?utf-8?q?All_is_well?="


def test_a_handle_of_somebody_else_becomes_no_header() -> None:
    made = letter(post(2, corrects={"id": "<x@y>\r\nBcc: e@x"}), box(1))

    assert made["In-Reply-To"] == made["References"]
    assert "Bcc" not in made


async def test_those_who_were_refused_are_named_and_counted() -> None:
    with mailroom() as room:
        room.refuses["b@example.com"] = "550 no such person"

        done = await Email(box(room.port)).publish(post(1), attempt=1)

        assert done.detail == "2 of 3 addresses were taken; refused: b@example.com"
        assert sorted(room.got[0].rcpt_tos) == ["a@example.com", "c@example.com"]


@pytest.mark.parametrize(
    ("answer", "error"), [("550 no such person", GiveUp), ("450 later", RetryLater)]
)
async def test_where_nobody_is_taken_nothing_was_sent(answer: str, error: type[Exception]) -> None:
    with mailroom() as room:
        room.refuses.update(dict.fromkeys(TO, answer))

        with pytest.raises(error, match="takes none of the addresses"):
            await Email(box(room.port)).publish(post(1), attempt=1)

        assert room.got == []


async def test_a_message_that_is_refused_for_good_says_what_the_server_said() -> None:
    with mailroom() as room:
        room.after = "554 looks like spam, see https://example.com/why"

        with pytest.raises(GiveUp, match="refuses the message: looks like spam, see …"):
            await Email(box(room.port)).publish(post(1), attempt=1)


async def test_nothing_is_said_before_the_connection_is_safe(tmp_path: Path) -> None:
    server, trusting = contexts(tmp_path)
    with mailroom(tls_context=server, require_starttls=True, auth_required=True) as room:
        safe = box(room.port, security="starttls", user="mara", password="good-word")

        await Email(safe, context=trusting).publish(post(1), attempt=1)

        assert (len(room.got), room.logins) == (1, ["mara"])


async def test_tls_may_be_there_from_the_first_byte(tmp_path: Path) -> None:
    server, trusting = contexts(tmp_path)
    with mailroom(ssl_context=server) as room:
        await Email(box(room.port, security="tls"), context=trusting).publish(post(1), attempt=1)

        assert len(room.got) == 1


async def test_a_certificate_that_nobody_knows_is_not_believed(tmp_path: Path) -> None:
    server, _ = contexts(tmp_path)
    with mailroom(tls_context=server) as room:
        with pytest.raises(GiveUp, match="certificate is not valid for it: see OPSBOT_SMTP_URL"):
            await Email(box(room.port, security="starttls")).publish(post(1), attempt=1)

        assert room.got == []


async def test_a_server_without_starttls_gets_neither_password_nor_message() -> None:
    with mailroom() as room:
        unsafe = box(room.port, security="starttls", user="mara", password="good-word")

        with pytest.raises(GiveUp, match="offers no STARTTLS"):
            await Email(unsafe).publish(post(1), attempt=1)

        assert (room.got, room.logins) == ([], [])


async def test_a_wrong_password_names_its_setting_and_is_not_shown(tmp_path: Path) -> None:
    server, trusting = contexts(tmp_path)
    with mailroom(tls_context=server, auth_required=True) as room:
        wrong = box(room.port, security="starttls", user="mara", password="bad-word")

        with pytest.raises(GiveUp) as no:
            await Email(wrong, context=trusting).publish(post(1), attempt=1)

        assert "see OPSBOT_SMTP_URL" in str(no.value)
        assert "bad-word" not in f"{no.value}{wrong!r}"


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(RetryLater, match="was not reached: no connection"):
        await Email(box(free_port())).publish(post(1), attempt=1)


def test_an_address_that_is_none_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(GiveUp, match="The target customers has no e-mail in: nobody, x@y"):
        Email(box(1, "a@example.com", "nobody", "x@y>\r\nRCPT TO:<e@x"))
