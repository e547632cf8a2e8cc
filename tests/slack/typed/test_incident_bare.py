"""Options without their colon, ids at the end, mistyped verbs: read where nothing else is meant, else asked back."""

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
from opsbot.slack.typed.incident import ACTS, HARMLESS, MOVES, opens_with_option
from tests.slack.typed.test_incident import COPILOT, HERE, SEVEN, TEN_PAST_THREE, parse
from tests.support.world import SATURDAY_NIGHT_MS

MINUTE_MS = 60_000
TEN_AGO = SATURDAY_NIGHT_MS - 10 * MINUTE_MS
SIX = Which("INC-6", "C0INC7")
BACK = "we rolled back"


def refused(text: str) -> str:
    """Return everything that is answered to words that are asked back."""
    with pytest.raises(NeedsMoreWords) as asked:
        parse(text)
    assert "nothing was changed" in asked.value.message
    return f"{asked.value.message} {asked.value.hint}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("update next 20m we rolled back", EditIncident(HERE, update=BACK, next_update_s=1200)),
        (
            "update INC-7 Next 20M we rolled back",
            EditIncident(SEVEN, update=BACK, next_update_s=1200),
        ),
        ("update next: 20m we rolled back", EditIncident(HERE, update=BACK, next_update_s=1200)),
        ("update next 20m, we rolled back", EditIncident(HERE, update=BACK, next_update_s=1200)),
        ("update --next 20m we rolled back", EditIncident(HERE, update=BACK, next_update_s=1200)),
        ("note at 03:10 complaint", TimelineNote(HERE, "complaint", TEN_PAST_THREE)),
        ("note INC-7 at 03:10 UTC complaint", TimelineNote(SEVEN, "complaint", TEN_PAST_THREE)),
        ("note at 10m ago complaint", TimelineNote(HERE, "complaint", TEN_AGO)),
        ("note at:10m ago complaint", TimelineNote(HERE, "complaint", TEN_AGO)),
        ("timeline add at 03:10 complaint", TimelineNote(HERE, "complaint", TEN_PAST_THREE)),
        ("action owner @sam by 2026-12-01 a gate", ActionItem(HERE, "a gate", "sam", "2026-12-01")),
        ("action owner <@U0LEAD|ines> a gate", ActionItem(HERE, "a gate", "U0LEAD")),
        ("action done act-1", ActionItem(HERE, done="ACT-1")),
        (
            "time started 03:10 detected none",
            EditIncident(HERE, times={"started": TEN_PAST_THREE, "detected": None}),
        ),
        ("time started: 10m ago", EditIncident(HERE, times={"started": TEN_AGO})),
        ("open sev 2 wrong answers", OpenIncident("wrong answers", severity="SEV2")),
        (
            "open support-copilot severity sev1 wrong answers",
            OpenIncident("wrong answers", workflow=COPILOT, severity="SEV1"),
        ),
        ("open type tool-misuse wrong answers", OpenIncident("wrong answers", type="tool_misuse")),
        (
            "open workflow support-copilot wrong answers",
            OpenIncident("wrong answers", workflow=COPILOT),
        ),
        (
            "open started 10m ago detected 03:10 wrong answers",
            OpenIncident("wrong answers", times={"started": TEN_AGO, "detected": TEN_PAST_THREE}),
        ),
        ("open page: no sev1 loops", OpenIncident("loops", severity="SEV1", page=False)),
        ("open kill: K-3 loops", OpenIncident("loops", kill="K-3")),
        ("adopt channel <#C0OUTAGE|inc-outage> loops", OpenIncident("loops", channel="C0OUTAGE")),
        ("adopt pager Q1ABCDEF2 loops", OpenIncident("loops", pager="Q1ABCDEF2")),
    ],
)
def test_an_option_without_its_colon_is_read_where_nothing_else_is_meant(
    text: str, expected: IncidentWords
) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("page acknowledged", "Did you mean `/ai-incident page acknowledge`?"),
        ("page acked INC-6", "Did you mean `/ai-incident page ack`?"),
        ("page escalated", "Did you mean `/ai-incident page escalate`?"),
        ("page INC-6 stop", "`/ai-incident page ack` answers it"),
        ("page nobody", "`/ai-incident page ack` answers it"),
    ],
)
def test_one_word_that_is_no_reason_to_call_somebody_calls_nobody(text: str, hint: str) -> None:
    said = refused(text)

    assert "is nothing that can be done with a page; nothing was changed." in said
    assert hint in said


@pytest.mark.parametrize("text", ["page help", "page 'stop'", "page nobody answers", "page now"])
def test_other_words_behind_a_page_are_why_somebody_is_called(text: str) -> None:
    said = parse(text)

    assert isinstance(said, PageAct)
    assert (said.act, bool(said.reason)) == ("page", True)


@pytest.mark.parametrize(
    ("text", "option", "words"),
    [
        ("update next 20 minutes we rolled back", "next:20m", "next 20 minutes"),
        ("update next update in 20m", "next:20m", "next update in 20m"),
        ("update next 03:40 we rolled back", "next:20m", "next 03:40"),
        ("update we rolled back next:20m", "next:20m", "stands after"),
        ("update we rolled back next 20m", "next:20m", "next 20m"),
        ("note at 3am first complaint", "at:03:10", "at 3am"),
        ("note at 03:10 CET first complaint", "at:03:10", "at 03:10 CET"),
        ("note at 2026-11-21 03:10 first", "at:03:10", "at 2026-11-21"),
        ("note complaint at:03:10", "at:03:10", "stands after"),
        ("action owner sam add a gate", "owner:@sam", "owner sam"),
        ("action by friday add a gate", "by:2026-12-01", "by friday"),
        ("action add a gate by 2026-12-01", "by:2026-12-01", "by 2026-12-01"),
        ("action add a gate owner:@sam", "owner:@sam", "stands after"),
        ("action add a gate owner @sam", "owner:@sam", "owner @sam"),
        ("open sev high wrong answers", "sev:sev2", "sev high"),
        ("open type tool_misus wrong answers", "type:tool_misuse", "type tool_misus"),
        (
            "open workflow suport-copilot broken",
            "workflow:support-copilot",
            "workflow suport-copilot",
        ),
        (
            "open workflow support copilot broken",
            "workflow:support-copilot",
            "workflow support copilot",
        ),
        ("open type data leak pii", "type:data_leak_pii", "type data leak pii"),
        ("open support copilot sev2 wrong answers", "`support-copilot`", "support copilot"),
        ("open sev2 Support Copilot is wrong", "`support-copilot`", "support copilot"),
        ("open started 25:99 it broke", "started:03:10", "started 25:99"),
        ("open started 10 minutes ago it broke", "started:03:10", "started 10 minutes ago"),
        ("note at 10 minutes past three", "at:03:10", "at 10 minutes"),
        ("open kill K-3 did not help", "kill:K-3", "kill K-3"),
        ("open page no sev1 loops", "page:no", "page no"),
        ("open resolved 03:10 and back again", "resolved:03:10", "resolved 03:10"),
        ("open started 3am wrong answers", "started:03:10", "started 3am"),
        ("open channel #sales is flooded", "channel:#sales", "channel #sales"),
        ("open wrong answers sev 2", "sev:sev2", "sev 2"),
        ("open wrong answers type tool_misuse", "type:tool_misuse", "type tool_misuse"),
        ("open wrong answers workflow support-copilot", "workflow:", "workflow support-copilot"),
    ],
)
def test_where_it_may_be_either_both_readings_are_named(text: str, option: str, words: str) -> None:
    said = refused(text)

    assert option in said
    assert words in said
    assert "quotes" in said or "`title:` before" in said


@pytest.mark.parametrize(
    ("text", "update"),
    [
        ("update next steps are with legal", "next steps are with legal"),
        ("update we try again in the next 20m", "we try again in the next 20m"),
        ("update the next 20m decide, we watch", "the next 20m decide, we watch"),
        ('update "next 20m we roll back"', "next 20m we roll back"),
        ('update next:10m "next 20m decide"', "next 20m decide"),
        ("update \u201cnext:20m is what was typed\u201d", "next:20m is what was typed"),
        ("update see https://x.y/z?next=20m", "see https://x.y/z?next=20m"),
    ],
)
def test_an_update_that_speaks_of_what_is_next_is_published_as_it_is(
    text: str, update: str
) -> None:
    found = parse(text)

    assert isinstance(found, EditIncident)
    assert found.update == update


@pytest.mark.parametrize(
    "title",
    [
        "type of refund is wrong",
        "workflow is stuck",
        "page no. 3 is made up",
        "started hallucinating",
        "kill switch does not work",
        "channel is flooded",
        "pager does not ring",
        "resolved tickets come back",
        "we page them at 3am",
        "seven of nine wrong",
    ],
)
def test_a_title_that_begins_like_an_option_stays_a_title(title: str) -> None:
    assert parse(f"open {title}") == OpenIncident(title)


def test_words_of_a_note_and_an_action_that_begin_like_options_stay_words() -> None:
    assert parse("note at first nobody saw it") == TimelineNote(HERE, "at first nobody saw it")
    assert parse("note at 3 customers") == TimelineNote(HERE, "at 3 customers")
    assert parse("note complaint came in at 03:10") == TimelineNote(
        HERE, "complaint came in at 03:10"
    )
    assert parse("action by default gate it") == ActionItem(HERE, "by default gate it")
    assert parse('action "owner of the gate is to be found"').text == (  # type: ignore[union-attr]  # an action
        "owner of the gate is to be found"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time started:03:10 INC-6", EditIncident(SIX, times={"started": TEN_PAST_THREE})),
        ("time INC-6 started:03:10", EditIncident(SIX, times={"started": TEN_PAST_THREE})),
        ("type tool_misuse INC-6", EditIncident(SIX, type="tool_misuse")),
        ("workflow coding-agent INC-6", EditIncident(SIX, workflow="coding-agent")),
        ("exposed 212 inc-6", EditIncident(SIX, exposed=212)),
        ("sev sev1 INC-6.", EditIncident(SIX, severity="SEV1")),
        ("sev INC-6 sev1 INC-6", EditIncident(SIX, severity="SEV1")),
        ("retry page INC-6", RetryStep(SIX, "page")),
        ("remind stale stop INC-6", HushReminder(SIX, "stale")),
        ("remind stale snooze 2h INC-6", HushReminder(SIX, "stale", 7200)),
        ("remind stale snooze INC-6", HushReminder(SIX, "stale", 900)),
        ("retract n3 INC-6", RetractNote(SIX, "n3")),
        ("role commander @ines INC-6", RoleOrder(SIX, "commander", "offer", "ines")),
        ("role comms Ines Lead INC-6", RoleOrder(SIX, "comms", "offer", "Ines Lead")),
        ("role commander accept INC-6", RoleOrder(SIX, "commander", "accept")),
        ("page ack INC-6", PageAct(SIX, "acknowledge")),
        ("page @sam INC-6", PageAct(SIX, "add", "sam")),
        ("page INC-6", PageAct(SIX, "page")),
        ("resolve stays-off INC-6", MoveIncident(SIX, "resolved", stays_off=True)),
        ("resolve stays-off INC-6 rebuilt", MoveIncident(SIX, "resolved", "rebuilt", stays_off=True)),
        ('resolve "fixed in r42" INC-6', MoveIncident(SIX, "resolved", "fixed in r42")),
        ('update next:20m "rolled back" INC-6', EditIncident(SIX, update="rolled back", next_update_s=1200)),
        ("update next:20m INC-6 rolled back", EditIncident(SIX, update="rolled back", next_update_s=1200)),
        ("action done:ACT-1 INC-6", ActionItem(SIX, done="ACT-1")),
        ("INC-6 resolve fixed", MoveIncident(SIX, "resolved", "fixed")),
        ("INC-6 time started 03:10", EditIncident(SIX, times={"started": TEN_PAST_THREE})),
        ("INC-6 duplicate INC-3", MoveIncident(SIX, "duplicate", of="INC-3")),
        ("INC-6 show", IncidentLook("show", SIX)),
    ],
)  # fmt: skip
def test_an_incident_is_named_before_the_words_or_behind_them(
    text: str, expected: IncidentWords
) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("resolve fixed in r42 INC-6", "`/ai-incident resolve INC-6 …`"),
        ("update we rolled back INC-6", "`/ai-incident update INC-6 …`"),
        ("cancel a test INC-6", "`/ai-incident cancel INC-6 …`"),
        ("title wrong sums INC-6", "`/ai-incident title INC-6 …`"),
        ("note first complaint INC-6", "`/ai-incident note INC-6 …`"),
        ("page nobody answers INC-6", "`/ai-incident page INC-6 …`"),
        ("action add a gate INC-6", "`/ai-incident action INC-6 …`"),
        ("time INC-7 started:03:10 INC-6", "two incidents"),
        ("retract INC-7:n3 INC-6", "two incidents"),
    ],
)
def test_an_id_at_the_end_of_free_words_is_asked_back(text: str, write: str) -> None:
    assert write in refused(text)


@pytest.mark.parametrize("link", ["same as", "caused by", "see", "a duplicate of", "it was"])
def test_words_that_speak_of_another_incident_are_words(link: str) -> None:
    assert parse(f"resolve {link} INC-3") == MoveIncident(HERE, "resolved", f"{link} INC-3")
    assert parse("resolve INC-7 fixed like INC-3") == MoveIncident(
        SEVEN, "resolved", "fixed like INC-3"
    )


@pytest.mark.parametrize(
    "typo",
    [
        *("cansel", "cancle", "canceled", "reslove", "resolv", "close-resolve", "declin", "dclne"),
        *(
            "duplicat",
            "contian",
            "moniter",
            "acept",
            "reopne",
            "retrac",
            "pag",
            "privat",
            "reviwed",
        ),
    ],
)
def test_no_mistyped_verb_is_answered_with_one_that_changes_what_is_so(typo: str) -> None:
    said = refused(f"{typo} INC-4")

    assert "Did you mean" not in said
    assert "The verbs are" in said
    assert "`/ai-incident help`" in said


@pytest.mark.parametrize(
    ("typo", "verb"),
    [
        ("opne", "open"),
        ("shwo", "show"),
        ("lsit", "list"),
        ("updte", "update"),
        ("timelin", "timeline"),
    ],
)
def test_a_mistyped_harmless_verb_is_answered_with_it(typo: str, verb: str) -> None:
    assert f"Did you mean `/ai-incident {verb}`?" in refused(f"{typo} INC-4")


def test_what_is_proposed_moves_nothing_and_calls_nobody() -> None:
    assert not {*MOVES, "retract", "page", "private", "public", "retry", "adopt"} & set(HARMLESS)
    assert set(HARMLESS) <= set(ACTS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("commander @ines INC-4", "role commander @ines INC-4"),
        ("commander", "role commander"),
        ("comms <@U0LEAD|ines>", "role comms @ines"),
        ("scribe accept", "role scribe accept"),
        ("responders @sam", "role responder @sam"),
        ("ic", "role commander"),
        ("lead @ines", "role commander @ines"),
        ("comandr @ines", "role commander @ines"),
    ],
)
def test_a_role_that_is_typed_as_a_verb_is_answered_with_the_verb(text: str, meant: str) -> None:
    assert f"Did you mean `/ai-incident {meant}`?" in refused(text)


def test_a_text_in_a_shells_quotes_that_begins_with_an_option_is_known_to() -> None:
    assert opens_with_option("update", "next:20m we rolled back")
    assert opens_with_option("update", "next 20m we rolled back")
    assert opens_with_option("note", "at 3am first complaint")
    assert not opens_with_option("update", "next steps are with legal")
    assert not opens_with_option("open", "sev 2 wrong")
    assert not opens_with_option("update", "")
