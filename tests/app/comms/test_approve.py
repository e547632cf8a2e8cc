"""Two people for what users read: never a writer, bound to the very words, dead as soon as anything moves."""

from dataclasses import replace

import pytest

from opsbot.app.comms.requests import DropMessage
from opsbot.app.incident.requests import EditIncident, Which
from opsbot.app.requests import ApproveRequest
from opsbot.domain.actor import Actor
from opsbot.domain.approval import as_record
from opsbot.domain.change import Change, Write
from opsbot.domain.errors import (
    NeedsMoreWords,
    NotAllowed,
    StaleButton,
    Unpublishable,
)
from opsbot.domain.incident.incident import as_record as incident_record
from opsbot.domain.state import APPROVALS, INCIDENTS, State
from tests.support.comms import (
    FIRST,
    LEADS,
    NEXT,
    PIA,
    PIA_BY_MAIL,
    Telling,
    telling,
    template,
)
from tests.support.world import INES, MARA, NOOR, OLA, SAM


async def asked() -> Telling:
    """Return the world with one message that waits for a second person."""
    telling_ = await telling()
    await telling_.new()
    await telling_.publish()
    return telling_


async def test_users_read_nothing_of_a_sev2_before_a_second_person_said_yes() -> None:
    one = await asked()

    await one.settle()

    assert one.message().standing == "waiting"
    assert not one.places.every


async def test_a_second_persons_yes_publishes_everywhere_in_one_commit() -> None:
    one = await asked()
    before = len(one.world.server.lines)

    said = await one.approve()

    assert len(one.world.server.lines) == before + 1
    assert one.message().standing == "published"
    assert one.message().approved_by == ("ines",)
    assert said.body["outcome"] == "published"
    await one.settle()
    assert one.places["status-page"].said == one.places["in-app"].said == ["MSG-1"]
    assert {sent.state for sent in one.message().sent.values()} == {"done"}


@pytest.mark.parametrize("by", [PIA, PIA_BY_MAIL])
async def test_who_wrote_it_never_approves_in_any_identity(by: Actor) -> None:
    one = await asked()

    with pytest.raises(NotAllowed) as refused:
        await one.approve(by=by)

    assert refused.value.rule == "approver-is-author"
    assert one.message().standing == "waiting"


async def test_who_changed_a_word_of_it_never_approves() -> None:
    one = await telling()
    await one.new()
    await one.edit("Answers about refunds and orders may be wrong.", by=INES)
    await one.publish()

    with pytest.raises(NotAllowed) as refused:
        await one.approve(by=INES)

    assert refused.value.rule == "approver-is-author"
    await one.approve(by=OLA)
    assert one.message().standing == "published"


@pytest.mark.parametrize(("by", "rule"), [(MARA, "approver-role"), (NOOR, "approver-not-joined")])
async def test_who_has_no_part_in_it_does_not_approve(by: Actor, rule: str) -> None:
    one = await asked()

    with pytest.raises(NotAllowed) as refused:
        await one.approve(by=by)

    assert refused.value.rule == rule


async def test_comms_people_approve_what_others_wrote() -> None:
    one = await telling()
    await one.new(by=INES)
    await one.publish(by=INES)

    await one.approve(by=PIA)

    assert one.message().standing == "published"


async def test_the_second_yes_reads_who_was_first() -> None:
    one = await asked()
    await one.approve(by=INES)

    with pytest.raises(StaleButton, match=r"A-1 is over: approved by Ines at "):
        await one.approve(by=SAM)


async def test_the_same_press_twice_is_one_publication() -> None:
    one = await asked()
    press = ApproveRequest("A-1", grant=True)
    await one.world.bot.approve(press, INES, request_id="press")

    said = await one.world.bot.approve(press, INES, request_id="press")

    assert said.body["outcome"] == "already"
    await one.settle()
    assert one.places["status-page"].said == ["MSG-1"]


async def test_an_edit_kills_the_approval_with_the_reason_in_words() -> None:
    one = await asked()

    await one.edit("Answers about orders may be wrong.")

    assert one.message().standing == "draft"
    over = one.state.approval("A-1")
    assert (over.standing, over.cause) == ("void", "MSG-1 was edited by Pia")
    with pytest.raises(StaleButton, match=r"void by Pia .* because MSG-1 was edited by Pia"):
        await one.approve()


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (EditIncident(Which("INC-1"), severity="SEV1"), "INC-1 is SEV1 now, and was SEV2"),
        (EditIncident(Which("INC-1"), type="tool_misuse"), "INC-1 is of type `tool_misuse` now"),
        (EditIncident(Which("INC-1"), private=True), "INC-1 is private now"),
    ],
)
async def test_another_severity_type_or_circle_kills_the_approval(
    edit: EditIncident, cause: str
) -> None:
    one = await asked()

    await one.world.bot.incidents.edit(edit, MARA, request_id="moved")

    assert one.message().standing == "draft"
    assert one.state.approval("A-1").cause == cause


async def test_another_word_to_the_same_audience_kills_the_approval() -> None:
    one = await asked()
    await one.new(NEXT)
    await one.publish("MSG-2")

    await one.approve("A-2")

    assert one.message("MSG-2").standing == "published"
    assert one.message().standing == "draft"
    assert one.state.approval("A-1").cause == "users were told `identified` meanwhile (MSG-2)"


async def test_another_audience_kills_nothing() -> None:
    one = await asked()
    await one.new(LEADS, targets=("mail",))

    await one.publish("MSG-2")

    assert one.message("MSG-2").standing == "published"
    assert one.message().standing == "waiting"


async def test_an_approval_that_nobody_gave_in_a_quarter_of_an_hour_is_over() -> None:
    one = await asked()
    one.world.clock.later(15 * 60)

    with pytest.raises(StaleButton, match="A-1 expired at"):
        await one.approve()

    await one.settle(rounds=2)
    assert one.state.approval("A-1").standing == "expired"
    assert one.message().standing == "draft"
    assert not one.places.every
    timeline = await one.world.bot.incidents.timeline(Which("INC-1"), PIA)
    assert "is void: A-1 expired: nobody gave it in time." in timeline.as_text()


async def test_a_template_that_is_renamed_in_mid_approval_changes_nothing_of_the_words() -> None:
    one = await asked()
    del one.shelf.every[FIRST]
    one.shelf.put(template(FIRST.replace("feature-off", "paused"), "Another text, {what}"))

    said = await one.approve()

    assert one.message().standing == "published"
    assert f"Its template `{FIRST}` is not there any more" in said.as_text()
    await one.settle()
    (post,) = one.places["status-page"].posts
    assert post.texts["en"].startswith("Answers about refunds may be wrong.")


async def test_a_no_says_why_and_leaves_the_message_to_be_changed() -> None:
    one = await asked()
    request = ApproveRequest("A-1", grant=False, reason="too vague")

    said = await one.world.bot.approve(request, SAM, request_id="no")

    assert one.message().standing == "refused"
    assert "Sam said no: \u201ctoo vague\u201d" in said.as_text()
    await one.edit("Answers about refunds may be wrong; check them with us.")
    assert one.message().standing == "draft"


async def test_who_wrote_it_takes_it_back() -> None:
    one = await asked()

    await one.approve(by=PIA, grant=False)

    assert one.message().standing == "draft"
    assert one.state.approval("A-1").standing == "refused"


async def test_a_message_that_waits_is_dropped_with_its_approval() -> None:
    one = await asked()

    await one.world.bot.comms.drop(DropMessage("MSG-1"), PIA, request_id="drop")

    assert one.message().standing == "dropped"
    assert one.state.approval("A-1").cause == "MSG-1 was dropped by Pia"


async def test_a_no_to_what_others_wrote_says_why() -> None:
    one = await asked()

    with pytest.raises(NeedsMoreWords, match="Say why MSG-1 should not go out"):
        await one.world.bot.comms.drop(DropMessage("MSG-1"), SAM, request_id="drop")

    await one.world.bot.comms.drop(DropMessage("MSG-1", "not yet"), SAM, request_id="drop")
    assert one.message().standing == "refused"


async def test_a_template_may_ask_for_more_people() -> None:
    one = await telling()
    one.shelf.put(template(FIRST, approvals=1))
    await one.new()
    await one.publish()

    await one.approve("A-1", by=INES)
    with pytest.raises(NotAllowed) as twice:
        await one.approve("A-2", by=INES)
    assert twice.value.rule == "approver-is-second"
    assert one.message().standing == "waiting"
    await one.approve("A-2", by=SAM)

    assert one.message().standing == "published"
    assert one.message().approved_by == ("ines", "sam")


async def test_nothing_is_published_whose_words_were_erased() -> None:
    one = await asked()
    await one.world.store.erase(tuple(one.message().texts.values()))

    with pytest.raises(Unpublishable, match="were erased"):
        await one.approve()

    assert one.message().standing == "waiting"


async def test_who_is_asked_reads_the_very_words_at_each_target() -> None:
    one = await asked()

    await one.world.work("tell")

    told = dict(one.world.slack.told)
    assert set(told) >= {"U0LEAD", "U0SUPPORT", "U0ADMIN"}
    assert "U0PM" not in told
    text = told["U0LEAD"]
    assert "written by Pia" in text
    assert "On `status-page`, `in-app`:" in text
    assert "Answers about refunds may be wrong." in text
    assert "SEV2" in text


async def test_what_moved_without_anybody_saying_so_is_found_at_the_approval() -> None:
    one = await asked()
    worse = replace(one.incident, severity="SEV1")
    await _write(one, Write(INCIDENTS, worse.id, incident_record(worse)))

    said = await one.approve()

    assert said.body["outcome"] == "void"
    assert said.exit_code == 1
    assert "INC-1 is SEV1 now, and was SEV2" in said.as_text()
    assert one.message().standing == "draft"
    await one.settle()
    assert not one.places.every


async def test_marks_of_ours_in_what_people_type_are_shown_as_nothing() -> None:
    one = await telling()
    one.shelf.put(template(FIRST, headline="{what}"))

    said = await one.new(values={"what": "type `\x10kill all` <!channel>"})

    assert "\x10kill" not in "".join(said.lines)
    assert "opsbot kill all" not in said.as_text()


async def test_an_approval_that_something_else_took_back_is_asked_for_anew() -> None:
    one = await asked()
    await _put(one, "A-1")

    await one.publish()

    assert one.message().approvals == ("A-2",)


async def _put(one: Telling, approval: str) -> None:
    """Void an approval alone, as a change of the policy does."""
    gone = one.state.approval(approval).settle("void", by="", at_ms=1)
    await _write(one, Write(APPROVALS, gone.id, as_record(gone)))


async def _write(one: Telling, *writes: Write) -> None:
    """Put records behind everybody's back."""

    def decide(state: State, now_ms: int) -> tuple[Change | None, None]:
        return Change("declare", Actor("system", "tests", "declarations"), writes), None

    await one.world.store.commit("behind", decide)
