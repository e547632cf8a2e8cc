"""Webhooks v3: only the raw body that was signed is genuine, and no bytes make the parser fail."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.adapters.pagerduty.webhook import (
    LARGEST,
    BadDelivery,
    NotJson,
    TooLarge,
    WrongShape,
    parse,
    verify,
)
from opsbot.domain.pager_event import KINDS, PagerEvent

SECRET = "whsec-one"
INCIDENT: Mapping[str, object] = {
    "id": "PINC1",
    "type": "incident",
    "number": 7,
    "status": "acknowledged",
    "incident_key": "opsbot:prod:INC-1",
    "title": "Wrong answers",
    "html_url": "https://acme.pagerduty.com/incidents/PINC1",
    "assignees": [{"id": "PMARA", "summary": "Mara"}],
    "priority": {"id": "P1", "summary": "P1"},
}
SECRETS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def signed(secret: str, raw: bytes) -> str:
    """Return one signature as PagerDuty writes it."""
    return f"v1={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"


def delivery(event_type: str, data: object, **more: object) -> bytes:
    """Return a body as PagerDuty writes it."""
    event = {
        "id": "01EVENT",
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": "2026-11-21T08:00:00.500Z",
        "agent": {"id": "PSAM", "type": "user_reference", "summary": "Sam"},
        "client": None,
        "data": data,
        **more,
    }
    return json.dumps({"event": event}).encode()


@given(st.lists(SECRETS, min_size=1, max_size=4), st.binary(max_size=400), st.data())
def test_whoever_of_the_secrets_signed_it_is_genuine(
    secrets: list[str], raw: bytes, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(secrets))
    noise = data.draw(st.lists(st.sampled_from(["v2=00", "", "v1=zz", "v1=" + "0" * 64, "x"])))
    parts = data.draw(st.permutations([signed(one, raw), *noise]))

    assert verify(secrets, " , ".join(parts), raw)


@given(SECRETS, SECRETS, st.binary(max_size=200))
def test_another_secret_is_not_genuine(secret: str, other: str, raw: bytes) -> None:
    assert verify([secret], signed(other, raw), raw) is (secret == other)


@given(SECRETS, st.binary(min_size=1, max_size=200), st.data())
def test_one_changed_byte_is_not_genuine(secret: str, raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]

    assert not verify([secret], signed(secret, raw), changed)


@given(st.lists(SECRETS), st.text(max_size=200), st.binary(max_size=50))
def test_no_header_makes_it_fail(secrets: list[str], header: str, raw: bytes) -> None:
    assert not verify(secrets, header, raw)


def test_json_that_was_written_anew_is_another_body() -> None:
    raw = b'{"event": {"id":  "1"}}'

    assert verify([SECRET], signed(SECRET, raw), raw)
    assert not verify([SECRET], signed(SECRET, raw), json.dumps(json.loads(raw)).encode())


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_an_empty_secret_signs_nothing(secrets: list[str]) -> None:
    assert not verify(secrets, signed("", b"x"), b"x")


def test_a_header_without_end_is_not_looked_at() -> None:
    assert not verify([SECRET], ",".join([signed(SECRET, b"x")] * 100), b"x")


def test_a_signature_in_capitals_is_the_same_number() -> None:
    assert verify([SECRET], "v1=" + signed(SECRET, b"x")[3:].upper(), b"x")


def test_an_event_says_who_did_what_to_which_incident() -> None:
    raw = delivery("incident.acknowledged", INCIDENT, client={"name": "opsbot"})

    assert parse(raw) == PagerEvent(
        id="01EVENT",
        kind="acknowledged",
        type="incident.acknowledged",
        occurred_ms=1_795_248_000_500,
        pager_id="PINC1",
        key="opsbot:prod:INC-1",
        agent_id="PSAM",
        agent_name="Sam",
        client="opsbot",
        status="acknowledged",
        assignees=("PMARA",),
        priority="P1",
        number=7,
        title="Wrong answers",
        url="https://acme.pagerduty.com/incidents/PINC1",
    )


@pytest.mark.parametrize(("name", "kind"), list(KINDS.items()))
def test_every_kind_is_read(name: str, kind: str) -> None:
    about = {"incident": {"id": "PINC1", "type": "incident_reference"}, "id": "PNOTE"}

    event = parse(delivery(name, {**INCIDENT, **about}))

    assert (event.kind, event.type) == (kind, name)


def test_a_note_is_read_with_its_text() -> None:
    data = {
        "id": "PNOTE",
        "type": "incident_note",
        "incident": {"id": "PINC1", "summary": "Wrong answers"},
        "content": "[opsbot n-17] Stopped.",
        "trimmed": True,
    }

    event = parse(delivery("incident.annotated", data))

    assert (event.pager_id, event.note_id) == ("PINC1", "PNOTE")
    assert (event.note, event.trimmed) == ("[opsbot n-17] Stopped.", True)
    assert (event.status, event.assignees, event.key) == (None, None, "")


def test_a_responder_is_read_with_their_reply() -> None:
    data = {
        "incident": {"id": "PINC1"},
        "user": {"id": "POLA", "summary": "Ola"},
        "message": "Please join",
        "state": "accepted",
        "type": "incident_responder",
    }

    event = parse(delivery("incident.responder.replied", data))

    assert (event.kind, event.person, event.person_name) == ("responder_replied", "POLA", "Ola")
    assert (event.reply, event.note_id) == ("accepted", "")


@pytest.mark.parametrize(
    ("name", "data", "pager_id"),
    [
        ("pagey.ping", {"type": "ping", "message": "Hello"}, ""),
        ("service.updated", {"id": "PS", "type": "service"}, ""),
        ("incident.workflow.started", {"incident": {"id": "PINC1"}}, "PINC1"),
        ("incident.role.assigned", dict(INCIDENT), "PINC1"),
        ("incident.status_update_published", {"incident": {"id": "PINC1"}, "id": "x"}, "PINC1"),
    ],
)
def test_an_unknown_kind_is_other(name: str, data: object, pager_id: str) -> None:
    event = parse(delivery(name, data, agent=None))

    assert (event.kind, event.type, event.pager_id, event.agent_id) == ("other", name, pager_id, "")


def test_what_the_kind_itself_means_is_known() -> None:
    implied = {name: parse(delivery(name, INCIDENT)).implied for name in list(KINDS)[:5]}

    assert list(implied.values()) == [
        "triggered",
        "acknowledged",
        "triggered",
        "resolved",
        "triggered",
    ]


def test_a_delivery_that_is_too_large_is_not_read() -> None:
    with pytest.raises(TooLarge):
        parse(b" " * (LARGEST + 1))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b"NaN1"])
def test_a_body_that_is_no_json_is_said(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"[]", "body"),
        (b"null", "body"),
        (b"{}", "event"),
        (b'{"event": {}}', r"event\.id"),
        (delivery("incident.resolved", {"status": "x"}), "status"),
        (delivery("incident.annotated", dict(INCIDENT)), "incident"),
        (delivery("incident.resolved", INCIDENT, occurred_at="soon"), "occurred_at"),
        (delivery("incident.resolved", INCIDENT, id=7), "id"),
    ],
)
def test_a_wrong_shape_is_named_by_its_fields(raw: bytes, field: str) -> None:
    with pytest.raises(WrongShape, match=field) as raised:
        parse(raw)

    assert "Wrong answers" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = ["id", "event_type", "occurred_at", "agent", "client", "data"]


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    try:
        parse(raw)
    except BadDelivery:
        return


@given(
    st.sampled_from([*KINDS, "x"]), st.sampled_from(FIELDS), JSON, st.sampled_from(list(INCIDENT))
)
def test_no_value_makes_it_fail(name: str, place: str, value: object, inner: str) -> None:
    body = json.loads(delivery(name, {**INCIDENT, "incident": {"id": "PINC1"}}))
    body["event"]["data"][inner] = value
    body["event"][place] = value
    try:
        event = parse(json.dumps(body).encode())
    except BadDelivery:
        return

    assert isinstance(event.occurred_ms, int)
