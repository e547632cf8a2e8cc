"""`opsbot incident`: the grammar's words, bodies that HTTP reads as they were meant, exit codes."""

import json
from typing import Any

import pytest

from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.cli import incidents as cli
from opsbot.slack.typed.incident import parse_incident
from opsbot.web import incident_bodies as web
from tests.cli.conftest import Terminal
from tests.support.world import MARA, SATURDAY_NIGHT_MS

COPILOT = "support-copilot"
WRONG = OpenIncident("wrong refund answers", workflow=COPILOT, severity="SEV2")
ONE = Which("INC-1")


@pytest.fixture(name="one")
async def _one(terminal: Terminal) -> Terminal:
    await terminal.door.world.bot.incidents.open(WRONG, MARA, request_id="begin")
    return terminal


async def test_an_incident_is_opened_with_the_words_of_slack(terminal: Terminal) -> None:
    ran = await terminal.run("incident", "open", COPILOT, "sev2", "wrong", "refund", "answers")

    assert ran.code == 0
    assert ran.out.splitlines()[0] == "INC-1 · SEV2 · `support-copilot` · active in prod"
    assert "wrong refund answers" in ran.out
    assert "`opsbot incident role commander INC-1`" in ran.out


async def test_quotes_that_the_shell_takes_away_still_begin_a_title(terminal: Terminal) -> None:
    quoted = await terminal.run("incident", "open", "sev3", "private keys leaked", "--json")
    spoken = await terminal.run("incident", "open", "sev3", "private", "keys", "leaked", "--json")

    assert (quoted.json["title"], quoted.json["private"]) == ("private keys leaked", False)
    assert (spoken.json["title"], spoken.json["private"]) == ("keys leaked", True)


async def test_a_flag_that_may_have_begun_the_title_is_said_first(terminal: Terminal) -> None:
    ran = await terminal.run("incident", "open", "sev3", "drill", "down", "is", "broken")
    quoted = await terminal.run("incident", "open", "sev3", "drill down is broken")

    lines = ran.out.splitlines()
    assert lines[0] == "Opened as a drill, titled “down is broken”"
    assert "`opsbot incident cancel INC-1 no drill`" in lines[2]
    assert '`opsbot incident open "drill down is broken"`' in lines[2]
    assert quoted.out.splitlines()[0].startswith("INC-2 · SEV3")


@pytest.mark.parametrize(
    "words",
    [
        ("update", "next", "20m", "we rolled back"),
        ("update", "INC-1", "next", "20m", "we", "rolled", "back"),
        ("update", "next 20m we rolled back"),
        ("update", "next:20m we rolled back"),
        ("update", "next:20m", "we rolled back", "INC-1"),
    ],
)
async def test_the_time_of_the_next_update_is_read_whatever_the_shell_made_of_it(
    one: Terminal, words: tuple[str, ...]
) -> None:
    ran = await one.run("incident", *words)

    assert "Next update promised in 20 min" in ran.out
    assert "“we rolled back”" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("update", "next 20 minutes we rolled back"), "`next:20m`"),
        (("cansel", "INC-1"), "The verbs are open"),
        (("commander", "@ines", "INC-1"), "`opsbot incident role commander @ines INC-1`"),
        (("resolve", "fixed", "in", "r42", "INC-1"), "`opsbot incident resolve INC-1 …`"),
    ],
)
async def test_what_may_be_either_is_asked_back_and_nothing_is_offered_that_ends_it(
    one: Terminal, words: tuple[str, ...], said: str
) -> None:
    ran = await one.run("incident", *words)

    assert (ran.code, said in ran.err) == (2, True), ran
    assert "cancel`" not in ran.err


async def test_an_incident_is_named_at_the_end(one: Terminal) -> None:
    timed = await one.run("incident", "time", "started:2026-11-21T03:00Z", "INC-1")
    done = await one.run("incident", "resolve", "fixed in r42", "INC-1")

    assert "users hit since" in timed.out
    assert "fixed in r42" in done.out


async def test_options_with_dashes_are_the_grammars_words_here_too(terminal: Terminal) -> None:
    ran = await terminal.run(
        "incident", "open", "--type", "prompt_injection", "--workflow=summariser", "--no-page",
        "--json", "told", "a", "stranger",
    )  # fmt: skip

    assert ran.code == 0
    assert (ran.json["severity"], ran.json["workflow"]) == ("SEV1", "summariser")
    assert ran.json["steps"]["page"]["state"] == "skipped"


async def test_an_incident_is_led_to_its_end_from_a_terminal(one: Terminal) -> None:
    words = (
        ("list",),
        ("show",),
        ("INC-1",),
        ("role", "commander"),
        ("role", "comms", "@ines"),
        ("sev", "INC-1", "sev1"),
        ("update", "next:20m", "we rolled back"),
        ("time", "started:2026-11-21T03:00Z"),
        ("remind", "update_due", "snooze", "1h"),
        ("contain",),
        ("resolve", "INC-1", "fixed", "in", "r42"),
        ("list", "all"),
    )
    ran = [await one.run("incident", *line) for line in words]

    assert [(line, out.code) for line, out in zip(words, ran, strict=True) if out.code] == []
    assert "1 open incident in prod" in ran[0].out
    assert "offered to Ines" in ran[4].out
    assert "resolved in prod" in ran[-2].out
    assert "fixed in r42" in ran[-2].out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "opsbot incident --help"),
        (("opne", "x"), 2, "Did you mean `opsbot incident open`?"),
        (("open", "suport-copilot", "x"), 2, "Did you mean `support-copilot`?"),
        (("open", COPILOT, "x"), 1, "INC-1 is open for `support-copilot` already"),
        (("open", COPILOT), 2, "Say in a few words what happens"),
        (("open", "--servity", "sev2", "x"), 2, "did you mean --severity?"),
        (("show", "INC-9"), 1, "There is no incident `INC-9`"),
        (("reviewed",), 1, "Resolve it first."),
        (("accept", "INC-1"), 1, "INC-1 is active already"),
        (("exposed", "many"), 2, "Say how many outcomes were bad"),
    ],
)
async def test_a_refusal_ends_with_one_and_a_typing_error_with_two(
    one: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    before = tuple(one.door.world.server.lines)

    ran = await one.run("incident", *words)

    assert (ran.code, said in ran.err) == (code, True), ran
    assert tuple(one.door.world.server.lines) == before


async def test_help_lists_acts_and_options_and_asks_no_bot(terminal: Terminal) -> None:
    ran = await terminal.run("incident", "--help")

    assert ran.code == 0
    assert "role commander @ines" in ran.out
    assert "opsbot incident open support-copilot sev2 wrong refund answers" in ran.out


REQUESTS: tuple[Any, ...] = (
    MoveIncident(ONE, "resolved", "fixed", stays_off=True),
    MoveIncident(ONE, "duplicate", "same", "INC-3"),
    MoveIncident(ONE, "active", expect="triage"),
    EditIncident(ONE, update="rolled back", next_update_s=1200),
    EditIncident(ONE, title="x", severity="SEV1", type="tool_misuse", summary="y"),
    EditIncident(ONE, private=False, exposed=0, workflow="coding-agent"),
    EditIncident(ONE, times={"started": SATURDAY_NIGHT_MS, "detected": None}),
    RoleOrder(ONE, "commander", "take"),
    RoleOrder(ONE, "comms", "offer", "U0LEAD"),
    RetryStep(ONE, "page"),
    HushReminder(ONE, "update_due", 900),
    HushReminder(ONE, "update_due"),
    TimelineNote(ONE, "complaint", SATURDAY_NIGHT_MS),
    RetractNote(ONE, "n3"),
    PageAct(ONE, "add", "sam", "knows the tool"),
    ActionItem(ONE, "a gate", "sam", "2026-12-01"),
    ActionItem(ONE, done="ACT-1"),
)
BODY: dict[type[object], Any] = {
    MoveIncident: (cli.move_body, web.MoveBody),
    EditIncident: (cli.edit_body, web.EditBody),
    RoleOrder: (cli.role_body, web.RoleBody),
    RetryStep: (cli.retry_body, web.RetryBody),
    HushReminder: (cli.reminder_body, web.ReminderBody),
    TimelineNote: (cli.note_body, web.NoteBody),
    RetractNote: (cli.retract_body, web.RetractBody),
    PageAct: (cli.page_body, web.PageBody),
    ActionItem: (cli.action_body, web.ActionBody),
}


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_change_arrives_as_it_was_typed(request_: Any) -> None:
    made, body = BODY[type(request_)]

    arrived = body.model_validate(json.loads(json.dumps(made(request_)))).request(ONE)

    assert arrived == request_


@pytest.mark.parametrize(
    "text",
    [
        "open support-copilot sev2 wrong answers",
        "open private drill anyway page:yes type:tool_misuse kill:K-3 x",
        "open public no-page started:10m detected:5m resolved:1m x",
        "adopt #C0OUTAGE x",
        "adopt Q1ABCDEF2 x",
    ],
)
def test_an_opening_arrives_as_it_was_typed(text: str) -> None:
    typed = parse_incident(text, now_ms=SATURDAY_NIGHT_MS, names=(COPILOT,))
    assert isinstance(typed, OpenIncident)

    body = json.loads(json.dumps(cli.open_body(typed)))

    assert web.OpenBody.model_validate(body).request() == typed
