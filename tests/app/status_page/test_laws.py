"""Whatever messages there are: no file of the page holds a word of one that was not published to users there."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opsbot.app.comms.felt import IMPACTS
from opsbot.app.comms_rules import settings_of
from opsbot.app.status_page.read import Source, published, read
from opsbot.app.status_page.site import site
from opsbot.domain.change import Position
from opsbot.domain.comms.message import Message, Sent, as_record
from opsbot.domain.incident.incident import as_record as incident_record
from opsbot.domain.state import INCIDENTS, MESSAGES, SETTINGS, State
from tests.support.incidents import AT_MS, incident
from tests.support.status import MINUTE, NOW_MS, SETTINGS_RECORD, URL

WORKFLOWS = ("support-copilot", "contract-summariser", "inner-thing")
MADE = st.fixed_dictionaries(
    {
        "incident": st.sampled_from(("INC-1", "INC-2", "INC-3")),
        "stage": st.sampled_from(
            ("investigating", "identified", "monitoring", "resolved", "correction")
        ),
        "standing": st.sampled_from(("published", "published", "draft", "waiting", "dropped")),
        "audience": st.sampled_from(("users", "users", "users", "support", "executives")),
        "targets": st.sampled_from((("status-page",), ("in-app", "status-page"), ("in-app",))),
        "severity": st.sampled_from(("SEV1", "SEV2", "SEV3", "SEV4")),
        "workflows": st.sets(st.sampled_from(WORKFLOWS)).map(tuple),
        "corrects": st.sampled_from(("", "MSG-1", "MSG-2", "MSG-99")),
        "stays_off": st.booleans(),
        "sent": st.sampled_from(
            ({}, {"status-page": Sent("done")}, {"status-page": Sent("skipped")})
        ),
        "published_ms": st.integers(0, 40).map(lambda nth: AT_MS + nth * MINUTE),
    }
)


def message(number: int, made: dict[str, Any]) -> Message:
    """Return a message whose every word is its own."""
    base = Message(
        id=f"MSG-{number}",
        uid=f"uid-{number}",
        at=Position(1, number),
        incident="INC-1",
        template="users-wrong-answers-identified",
        digest="",
        audience="users",
        situation="wrong-answers",
        stage="identified",
        severity="SEV2",
        author="mara",
        via="slack",
        made_ms=AT_MS,
        headline=f"h{number}",
        texts={"en": f"t{number}"},
        values="",
        sha="",
        targets=(),
    )
    return replace(base, **made)


def public(one: Message) -> bool:
    """Return whether users were told it on the page, by the words of the rule."""
    skipped = one.sent.get("status-page", Sent()).state == "skipped"
    told = one.standing == "published" and one.audience == "users"
    return told and "status-page" in one.targets and not skipped and one.incident != "INC-3"


@given(st.lists(MADE, max_size=8))
def test_nothing_that_was_not_published_to_users_here_is_in_any_file(
    given_: list[dict[str, Any]],
) -> None:
    messages = [message(nth, one) for nth, one in enumerate(given_, 1)]
    drill = incident("INC-3", drill=True)
    known = (incident("INC-1"), incident("INC-2", private=True), drill)
    state = State(
        records={
            SETTINGS: {"comms": SETTINGS_RECORD},
            INCIDENTS: {one.id: incident_record(one) for one in known},
            MESSAGES: {one.id: as_record(one) for one in messages},
        }
    )
    texts = {f"{kind}{nth}": f"word-{kind}{nth}." for kind in "ht" for nth in range(1, 9)}

    page = read(Source(settings_of(state), published(state), "prod", URL, texts, NOW_MS))
    files = {name: body.decode() for name, body in site(page, state.position).files.items()}

    for one in messages:
        for name, text in files.items():
            if not public(one):
                assert f"word-t{one.id[4:]}." not in text, name
                assert f"word-h{one.id[4:]}." not in text, name
            assert "inner-thing" not in text
        if public(one):
            assert f"word-t{one.id[4:]}." in files["index.html"]
    summary = json.loads(files["api/v2/summary.json"])
    assert summary["status"]["indicator"] in IMPACTS
    if not page.open:
        assert all(one["status"] == "operational" for one in summary["components"])
    assert len(page.open) + len(page.past) == len({m.incident for m in messages if public(m)})
