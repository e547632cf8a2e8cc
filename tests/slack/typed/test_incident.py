"""Words about incidents into requests: nothing is guessed, least of all where a title begins."""

from dataclasses import replace

import pytest

from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    IncidentLook,
    IncidentWords,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetractNote,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.domain.errors import NeedsMoreWords
from opsbot.slack.typed.incident import parse_incident
from tests.support.world import SATURDAY_NIGHT_MS

NAMES = ("support-copilot", "summariser", "coding-agent")
COPILOT = "support-copilot"
HERE = Which("", "C0INC7")
SEVEN = Which("INC-7", "C0INC7")
MINUTE_MS = 60_000
TEN_PAST_THREE = SATURDAY_NIGHT_MS - 4 * MINUTE_MS - 7_000


def parse(text: str) -> IncidentWords:
    """Read words as they were typed in the channel of INC-7 at 03:14:07 UTC."""
    return parse_incident(text, now_ms=SATURDAY_NIGHT_MS, names=NAMES, channel="C0INC7")


WRONG = OpenIncident("wrong answers", workflow=COPILOT, severity="SEV2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open support-copilot sev2 wrong answers", WRONG),
        ("OPEN Support-Copilot SEV2 wrong answers", WRONG),
        ("open sev-2 support-copilot wrong answers", WRONG),
        ("new support-copilot, sev2: wrong answers", WRONG),
        ("declare `support-copilot` sev2 \u201cwrong answers\u201d", WRONG),
        ("open support\u2011copilot sev2 wrong answers", WRONG),
        ("open support-copilot sev2 \u2014 wrong answers", WRONG),
        ("open support-copilot sev2 title: wrong answers", WRONG),
        ("open support-copilot sev2 title\uff1a wrong answers", WRONG),
        ("open workflow:support-copilot severity:2 wrong answers", WRONG),
        ("open \u2014\u2014workflow support-copilot --sev sev2 wrong answers", WRONG),
        ("open", OpenIncident("")),
        ("open support-copilot sev1", OpenIncident("", workflow=COPILOT, severity="SEV1")),
        ("open summariser wrong sums", OpenIncident("wrong sums", workflow="summariser")),
        (
            "open type:Prompt-Injection support-copilot told a stranger",
            OpenIncident("told a stranger", workflow=COPILOT, type="prompt_injection"),
        ),
        ("open private drill leaked", OpenIncident("leaked", private=True, drill=True)),
        ("open --private leaked", OpenIncident("leaked", private=True)),
        ("open public anyway leaked", OpenIncident("leaked", private=False, anyway=True)),
        ("open page:yes sev3 loops", OpenIncident("loops", severity="SEV3", page=True)),
        ("open --page sev3 loops", OpenIncident("loops", severity="SEV3", page=True)),
        ("open no-page sev1 loops", OpenIncident("loops", severity="SEV1", page=False)),
        ("open kill:k-03 loops", OpenIncident("loops", kill="K-3")),
        (
            "open started:10m detected:03:10 loops",
            OpenIncident(
                "loops",
                times={
                    "started": SATURDAY_NIGHT_MS - 10 * MINUTE_MS,
                    "detected": TEN_PAST_THREE,
                },
            ),
        ),
        (
            "adopt <#C0OUTAGE|inc-outage> sev2 loops",
            OpenIncident("loops", severity="SEV2", channel="C0OUTAGE"),
        ),
        ("adopt #C0OUTAGE loops", OpenIncident("loops", channel="C0OUTAGE")),
        ("adopt channel:C0OUTAGE loops", OpenIncident("loops", channel="C0OUTAGE")),
        ("adopt Q1ABCDEF2 loops", OpenIncident("loops", pager="Q1ABCDEF2")),
        (
            "adopt <https://acme.pagerduty.com/incidents/Q1ABCDEF2?x=1> summariser loops",
            OpenIncident("loops", workflow="summariser", pager="Q1ABCDEF2"),
        ),
    ],
)
def test_an_opening_is_read_as_it_was_meant(text: str, expected: OpenIncident) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "title",
    [
        "wrong refunds in support-copilot",
        "copilot is down",
        "s3 bucket is public",
        "S2 wrong",
        "2 customers were told lies",
        "2",
        "sev",
        "page 3 of every contract is made up",
        "paging is broken",
        "error: timeouts everywhere",
        "note: see INC-7",
        "https://x.y/z answers wrong",
        "sign-in broken",
        "e-mail replies are rude",
        "all customers are hit",
        "K-3 was not enough",
        "INC-7 again",
        "\u0627\u0644\u0646\u0638\u0627\u0645 \u0645\u0639\u0637\u0644",
        "\U0001f525 everything burns",
        "answers <are> & wrong",
    ],
)
def test_a_title_begins_with_any_word_that_is_nothing_else(title: str) -> None:
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert parse(f"open {escaped}") == OpenIncident(title)
    assert parse(f"open support-copilot sev2 {escaped}") == replace(WRONG, title=title)


@pytest.mark.parametrize(
    "title",
    [
        "private keys leaked",
        "drill down is broken",
        "support-copilot lies",
        "suport-copilot",
        "sev2 was too low",
        "type:x is refused",
        "broken since sev2",
        "-x is no option",
        "we tell them anyway",
    ],
)
def test_in_quotes_or_behind_its_label_a_title_is_whatever_it_is(title: str) -> None:
    assert parse(f'open "{title}"') == OpenIncident(title)
    assert parse(f"open \u201c{title}\u201d") == OpenIncident(title)
    assert parse(f"open title: {title}") == OpenIncident(title)
    assert parse(f"open Title:{title}") == OpenIncident(title)


def test_a_mention_in_free_text_is_a_name_and_in_a_role_an_id() -> None:
    opened = parse("open sev2 <@U0LEAD|ines> says <#C0X|sales> is down")
    assert opened == OpenIncident("@ines says #sales is down", severity="SEV2")
    assert parse("role commander <@U0LEAD|ines>") == RoleOrder(HERE, "commander", "offer", "U0LEAD")
    assert parse("role comms <@U0LEAD>") == RoleOrder(HERE, "comms", "offer", "U0LEAD")
    two = parse("action owner:<@U0LEAD|ines> ask <@U9OUT|ines> too")
    assert two == ActionItem(HERE, "ask @U9OUT too", "U0LEAD")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INC-7", IncidentLook("show", SEVEN)),
        ("show", IncidentLook("show", HERE)),
        ("show inc-007", IncidentLook("show", SEVEN)),
        ("show `INC-7`", IncidentLook("show", SEVEN)),
        ("list", IncidentLook("list")),
        ("ls all", IncidentLook("list", every=True)),
        ("timeline INC-7", IncidentLook("timeline", SEVEN)),
        ("timeline add first complaint", TimelineNote(HERE, "first complaint")),
        ("export INC-7", IncidentLook("export", SEVEN)),
        ("accept INC-7", MoveIncident(SEVEN, "active", expect="triage")),
        ("reopen it came back", MoveIncident(HERE, "active", "it came back")),
        ("decline INC-7 a test", MoveIncident(SEVEN, "declined", "a test")),
        ("resolve INC-7: fixed in r42", MoveIncident(SEVEN, "resolved", "fixed in r42")),
        ("resolve", MoveIncident(HERE, "resolved")),
        (
            "resolve INC-7 stays-off rebuilt later",
            MoveIncident(SEVEN, "resolved", "rebuilt later", stays_off=True),
        ),
        ("resolve \u2014stays-off", MoveIncident(HERE, "resolved", stays_off=True)),
        (
            "resolve \u201cit stays-off for now\u201d",
            MoveIncident(HERE, "resolved", "it stays-off for now"),
        ),
        ("contain", MoveIncident(HERE, "contained")),
        ("monitoring", MoveIncident(HERE, "monitoring")),
        ("reviewed INC-7", MoveIncident(SEVEN, "reviewed")),
        ("duplicate INC-3", MoveIncident(HERE, "duplicate", of="INC-3")),
        ("duplicate of INC-3 same", MoveIncident(HERE, "duplicate", "same", "INC-3")),
        ("duplicate INC-7 of inc-3", MoveIncident(SEVEN, "duplicate", of="INC-3")),
        ("duplicate INC-7 INC-3", MoveIncident(SEVEN, "duplicate", of="INC-3")),
        ("duplicate", MoveIncident(HERE, "duplicate")),
        ("update we rolled back", EditIncident(HERE, update="we rolled back")),
        (
            "update INC-7 next:20m we rolled back",
            EditIncident(SEVEN, update="we rolled back", next_update_s=1200),
        ),
        ("sev sev1", EditIncident(HERE, severity="SEV1")),
        ("severity INC-7 1", EditIncident(SEVEN, severity="SEV1")),
        ("sev 1 INC-7", EditIncident(SEVEN, severity="SEV1")),
        ("title INC-7 wrong sums", EditIncident(SEVEN, title="wrong sums")),
        ('title "INC-7 again"', EditIncident(HERE, title="INC-7 again")),
        ("summary 30 refunds", EditIncident(HERE, summary="30 refunds")),
        ("type INC-7 tool-misuse", EditIncident(SEVEN, type="tool_misuse")),
        ("workflow coding-agent", EditIncident(HERE, workflow="coding-agent")),
        ("exposed INC-7 212", EditIncident(SEVEN, exposed=212)),
        ("private", EditIncident(HERE, private=True)),
        ("public INC-7", EditIncident(SEVEN, private=False)),
        (
            "time started:03:10 detected:none",
            EditIncident(HERE, times={"started": TEN_PAST_THREE, "detected": None}),
        ),
        ("role commander", RoleOrder(HERE, "commander", "take")),
        ("role ic INC-7", RoleOrder(SEVEN, "commander", "take")),
        ("role INC-7 comms @ines", RoleOrder(SEVEN, "comms", "offer", "ines")),
        ("role scribe Ines Lead", RoleOrder(HERE, "scribe", "offer", "Ines Lead")),
        ("role commander INC-7 accept", RoleOrder(SEVEN, "commander", "accept")),
        ("role commander leave", RoleOrder(HERE, "commander", "leave")),
        ("role responders @sam", RoleOrder(HERE, "responder", "offer", "sam")),
        ("note at:03:10 complaint", TimelineNote(HERE, "complaint", TEN_PAST_THREE)),
        ("note INC-7 \u201ccomplaint\u201d", TimelineNote(SEVEN, "complaint")),
        ("retract INC-007:n3", RetractNote(SEVEN, "n3")),
        ("retract inc-7 N3", RetractNote(SEVEN, "n3")),
        ("page", PageAct(HERE, "page")),
        ("page they do not answer", PageAct(HERE, "page", reason="they do not answer")),
        ("page @sam knows the tool", PageAct(HERE, "add", "sam", "knows the tool")),
        ("page sam@example.com", PageAct(HERE, "add", "sam@example.com")),
        ("page ack", PageAct(HERE, "acknowledge")),
        ("page INC-7 escalate nobody", PageAct(SEVEN, "escalate", reason="nobody")),
        ("action owner:@sam by:2026-12-01 a gate", ActionItem(HERE, "a gate", "sam", "2026-12-01")),
        ("action done:act-1", ActionItem(HERE, done="ACT-1")),
        ("retry page", RetryStep(HERE, "page")),
        ("retry INC-7 channel", RetryStep(SEVEN, "channel")),
        ("remind update-due stop", HushReminder(HERE, "update_due")),
        ("remind update_due snooze", HushReminder(HERE, "update_due", 900)),
        ("remind INC-7 kill_on snooze 2h", HushReminder(SEVEN, "kill_on", 7200)),
    ],
)
def test_what_is_asked_is_read_as_it_was_meant(text: str, expected: IncidentWords) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Say what to do"),
        ("\u200b", "Say what to do"),
        ("opne x", "Did you mean `/ai-incident open`?"),
        ("7", "is nothing that can be done"),
        ("open suport-copilot sev2 x", "Did you mean `support-copilot`?"),
        ("open summarizer fails", "write `title:` before it"),
        ("open servity:sev2 x", "Did you mean `severity:`?"),
        ("open --privat x", "Did you mean `private`?"),
        ("open --xyzzy x", "is not an option"),
        ("open -x y", "is not an option"),
        ("open wrong answers sev2", "stands after the title has begun"),
        ("open wrong answers type:tool_misuse", "stands after the title has begun"),
        ("open leaked --private", "stands after the title has begun"),
        ("open leaked addresses private", "stands after the title has begun"),
        ("open support-copilot sev2 wrong anyway", "stands after the title has begun"),
        ("open sev1 sev2 x", "contradicts"),
        ("open private public x", "contradicts"),
        ("open sev:5 x", "is no severity"),
        ("open page:maybe x", "is yes or no"),
        ("open kill:3 x", "is no kill"),
        ("open pager:q1 x", "is no incident of PagerDuty"),
        ("open type: x", "needs a value right behind it"),
        ("open --type --private x", "needs a value right behind it"),
        ("open started:yesterday x", "is no time for `started`"),
        ("open started:2026-11-20 x", "is no time for `started`"),
        ("open started:\u0663m x", "is no time for `started`"),
        ("open started:9999999999d x", "is no time for `started`"),
        (f"open workflow:{'x' * 200} x", "is not a workflow's name"),
        ("adopt", "Name the channel or the PagerDuty incident"),
        ("adopt #general x", "is no channel's id"),
        ("adopt it", "is no incident of PagerDuty"),
        ("show me", "one word too many"),
        ("list everything", "one word too many"),
        ("timeline INC-7 first complaint", "`/ai-incident note \u2026` adds a line"),
        ("resolve fixed, stays-off", "stands after the reason has begun"),
        ("update", "Say what is so now"),
        ("update next:soon x", "is no time"),
        ("update next:0m x", "is no time"),
        ("sev", "Name the severity"),
        ("sev high", "is no severity"),
        ("sev sev1 because", "one word too many"),
        ("title", "Say the new title"),
        ("type", "Name the type"),
        ("type a b", "one word too many"),
        ("exposed many", "Say how many"),
        ("exposed -1", "Say how many"),
        ("exposed \u0661", "Say how many"),
        ("time", "Say which time"),
        ("time started:03:10 or so", "Say which time"),
        ("time declared:none", "always declared"),
        ("role", "Name the role"),
        ("role boss @ines", "is no role"),
        ("note", "Say what to note"),
        ("note at:noon x", "is no time"),
        ("retract", "Name the line"),
        ("retract n3", "is no line of a timeline"),
        ("retract INC-7:3", "is no line of a timeline"),
        ("retract INC-7:n3 n4", "one word too many"),
        ("action", "Say what is to be done"),
        ("action by:2026-13-01 x", "is no date"),
        ("retry", "Name the step"),
        ("retry kill", "Name the step"),
        ("remind", "Say which reminder"),
        ("remind me", "Say which reminder"),
        ("remind stale later", "Say which reminder"),
        ("remind stale snooze soon", "Say which reminder"),
        ("remind stale stop now", "one word too many"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_would_be(text: str, word: str) -> None:
    with pytest.raises(NeedsMoreWords) as refused:
        parse(text)

    said = f"{refused.value.message} {refused.value.hint}"
    assert word in said
    assert "nothing was" in refused.value.message
    assert len(said) < 700
