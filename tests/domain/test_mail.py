"""How mail is handed over: safely, unless it stays on this machine."""

import pytest

from opsbot.domain.mail import mail_server, sender


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtps://u:p@mail.example.com", "tls", 465),
        ("smtp://u:p@mail.example.com", "starttls", 587),
        ("smtp://mail.example.com:25", "starttls", 25),
        ("smtp://127.0.0.1:25", "plain", 25),
        ("smtp://localhost:1025", "plain", 1025),
    ],
)
def test_nothing_goes_out_of_this_machine_in_the_open(url: str, security: str, port: int) -> None:
    read = mail_server(url)

    assert (read.security, read.port) == (security, port)


def test_a_password_may_have_signs_of_its_own_and_is_not_shown() -> None:
    read = mail_server("smtps://status%40example.com:p%3Aw%2F%40rd@mail.example.com")

    assert (read.user, read.password) == ("status@example.com", "p:w/@rd")
    assert "p:w" not in repr(read)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "smtps://",
        "smtps://user@mail.example.com",
        "smtps://mail.example.com/inbox",
        "smtps://mail.example.com:99999",
        "smtps://mail.example.com?x=1",
    ],
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        mail_server(url)


def test_a_sender_has_an_address_and_perhaps_a_name() -> None:
    assert sender("Status <status@example.com>") == ("Status", "status@example.com")
    assert sender("status@example.com") == ("", "status@example.com")


@pytest.mark.parametrize(
    "text", ["Status", "a@b@c", "x <y>", "a\n<b@c.de>\n", "\u00fc@example.com"]
)
def test_what_is_no_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no e-mail address"):
        sender(text)
