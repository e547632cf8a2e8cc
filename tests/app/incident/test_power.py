"""Who may do what in an incident: whoever calls for help, or is asked to, has not the power for that."""

from dataclasses import replace

import pytest

from opsbot.app.incident.effects import effects
from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    HushReminder,
    MoveIncident,
    OpenIncident,
    PageAct,
    RetryStep,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.app.room.place import people
from opsbot.domain.actor import Actor
from opsbot.domain.errors import IllegalMove, IncidentOpen, NeedsMoreWords, NotAllowed, StaleButton
from opsbot.domain.incident.incident import Incident
from tests.support.paged_company import Company
from tests.support.world import GUS, INES, MARA, NOOR, SAM, World, slack

IT = Which("INC-1")
TESS = slack("U0TESSTESS")
COPILOT, CODING = "support-copilot", "coding-agent"
LEAK = "data_leak_pii"


class House:
    """Two workflows with a page, and one call for help or incident in them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.world: World = company.world
        self.verbs = company.verbs
        self.asked = 0

    @property
    def incident(self) -> Incident:
        return self.company.incident

    async def do(self, request: object, actor: Actor) -> None:
        self.asked += 1
        key = f"do{self.asked}"
        verb = {
            MoveIncident: self.verbs.move,
            EditIncident: self.verbs.edit,
            RoleOrder: self.verbs.role,
            TimelineNote: self.verbs.note,
            PageAct: self.verbs.page,
            ActionItem: self.verbs.action,
            RetryStep: self.verbs.retry,
            HushReminder: self.verbs.hush,
            OpenIncident: self.verbs.open,
        }[type(request)]
        await verb(request, actor, request_id=key)  # type: ignore[operator]  # each takes its own

    async def refused(self, request: object, actor: Actor) -> NotAllowed:
        before = self.world.store.state.position
        with pytest.raises(NotAllowed) as no:
            await self.do(request, actor)
        assert self.world.store.state.position == before
        return no.value


@pytest.fixture
async def house() -> House:
    return House(await Company().begin())


WORK = [
    MoveIncident(IT, "active"),
    MoveIncident(IT, "declined", "no"),
    MoveIncident(IT, "duplicate", of="INC-2"),
    EditIncident(IT, severity="SEV4"),
    EditIncident(IT, private=True),
    EditIncident(IT, update="so", severity="SEV4"),
    RoleOrder(IT, "commander", "take"),
    RoleOrder(IT, "commander", "offer", "<@U0LEAD>"),
    RoleOrder(IT, "responder", "take"),
    RoleOrder(IT, "responder", "accept"),
    RoleOrder(IT, "responder", "offer", "sam"),
    RoleOrder(IT, "responder", "leave", "sam"),
    PageAct(IT, "page"),
    PageAct(IT, "escalate"),
    PageAct(IT, "acknowledge"),
    PageAct(IT, "add", "sam"),
    ActionItem(IT, "do it"),
    RetryStep(IT, "page"),
    HushReminder(IT, "no_commander"),
    HushReminder(IT, "no_commander", 900),
]
WORK_IDS = [f"{type(one).__name__}-{n}" for n, one in enumerate(WORK)]


@pytest.mark.parametrize("request_", WORK, ids=WORK_IDS)
async def test_who_calls_for_help_neither_accepts_nor_works_on_it(
    house: House, request_: object
) -> None:
    await house.company.open(actor=NOOR)

    no = await house.refused(request_, NOOR)

    assert "It waits for somebody with the power." in no.message
    assert no.hint.startswith("You may note something or give an update, or cancel it.")


async def test_who_calls_for_help_notes_updates_and_cancels(house: House) -> None:
    await house.company.open(actor=NOOR)

    await house.do(TimelineNote(IT, "it began at noon"), NOOR)
    await house.do(EditIncident(IT, update="still wrong", next_update_s=600), NOOR)
    await house.do(MoveIncident(IT, "cancelled", "my mistake"), NOOR)

    assert house.incident.status == "cancelled"
    await house.refused(MoveIncident(IT, "active"), NOOR)


async def test_after_acceptance_who_called_notes_and_updates_only(house: House) -> None:
    await house.company.open(actor=NOOR)
    await house.do(MoveIncident(IT, "active"), SAM)

    await house.do(TimelineNote(IT, "it began at noon"), NOOR)
    await house.do(EditIncident(IT, update="still wrong"), NOOR)

    for request in (MoveIncident(IT, "cancelled", "x"), MoveIncident(IT, "resolved"), WORK[6]):
        await house.refused(request, NOOR)


async def test_a_line_is_taken_out_by_who_put_it_there(house: House) -> None:
    await house.company.open(actor=NOOR)
    await house.do(TimelineNote(IT, "mine"), NOOR)
    await house.do(TimelineNote(IT, "not mine"), MARA)

    await house.verbs.retract("INC-1:n1", NOOR, request_id="x1")
    with pytest.raises(NotAllowed):
        await house.verbs.retract("INC-1:n2", NOOR, request_id="x2")

    assert [one.stands for one in house.world.store.state.notes("INC-1")] == [False, True]


async def test_an_offer_is_answered_and_lets_nobody_do_more(house: House) -> None:
    await house.company.open()
    await house.do(RoleOrder(IT, "comms", "offer", f"<@{TESS.id}>"), MARA)

    no = await house.refused(MoveIncident(IT, "resolved"), TESS)
    assert no.hint.startswith("You may accept or decline what is offered to you.")
    for request in (*WORK, TimelineNote(IT, "x"), EditIncident(IT, update="x")):
        await house.refused(request, TESS)
    with pytest.raises(StaleButton):
        await house.do(RoleOrder(IT, "commander", "accept"), TESS)

    await house.do(RoleOrder(IT, "comms", "accept"), TESS)
    await house.do(EditIncident(IT, severity="SEV2"), TESS)
    assert house.incident.roles == {"comms": f"slack:{TESS.id}"}


async def test_an_offer_is_declined_without_the_power(house: House) -> None:
    await house.company.open()
    await house.do(RoleOrder(IT, "comms", "offer", f"<@{TESS.id}>"), MARA)

    await house.do(RoleOrder(IT, "comms", "decline"), TESS)

    assert house.incident.offers == {}
    await house.refused(EditIncident(IT, update="x"), TESS)


async def test_a_role_accepted_in_triage_accepts_no_incident(house: House) -> None:
    await house.company.open(actor=NOOR)
    await house.do(RoleOrder(IT, "comms", "offer", f"<@{TESS.id}>"), MARA)
    await house.do(RoleOrder(IT, "comms", "accept"), TESS)

    for request in WORK:
        await house.refused(request, TESS)
    await house.do(MoveIncident(IT, "declined", "no"), MARA)
    await house.refused(MoveIncident(IT, "active"), TESS)


async def test_who_is_added_by_the_power_works_on_it_and_leaves(house: House) -> None:
    await house.company.open()
    await house.do(RoleOrder(IT, "responder", "offer", f"<@{TESS.id}>"), MARA)

    await house.do(EditIncident(IT, severity="SEV2"), TESS)
    await house.do(RoleOrder(IT, "responder", "leave"), TESS)

    await house.refused(EditIncident(IT, severity="SEV3"), TESS)


async def test_guests_stay_outside_even_where_their_id_declared(house: House) -> None:
    await house.company.open(actor=NOOR)

    await house.refused(TimelineNote(IT, "x"), slack(NOOR.id, guest=True))
    await house.refused(TimelineNote(IT, "x"), GUS)


async def test_a_form_is_refused_before_anybody_types(house: House) -> None:
    await house.company.open(actor=NOOR)

    assert (await house.verbs.form("update", IT, NOOR)).body["incident"] == "INC-1"
    with pytest.raises(NotAllowed):
        await house.verbs.form("declined", IT, NOOR)


@pytest.mark.parametrize("place", [{"pager": "Q1ABCDEF2"}, {"channel": "C0OUTAGE"}])
async def test_taking_over_takes_the_power(house: House, place: dict[str, str]) -> None:
    no = await house.refused(OpenIncident("help", **place), NOOR)  # type: ignore[arg-type]  # fields by name, as each test words them

    assert "takes the power over incidents; nothing was opened." in no.message
    await house.do(OpenIncident("help", **place), MARA)  # type: ignore[arg-type]  # fields by name, as each test words them


@pytest.mark.parametrize("word", ["PT1", "pt1", "7", "opsbot:prod:INC-1"])
async def test_a_page_of_another_open_incident_is_left_alone(house: House, word: str) -> None:
    await house.company.open()
    await house.company.page()
    beside = OpenIncident("mine", workflow=CODING, pager=word)

    with pytest.raises(IncidentOpen, match="That page belongs to INC-1, which is open"):
        await house.do(beside, SAM)

    await house.do(MoveIncident(IT, "resolved"), MARA)
    await house.do(beside, SAM)


@pytest.mark.parametrize("place", [{"pager": "PT1"}, {"channel": "C0SECRET"}])
async def test_what_a_private_one_has_is_refused_without_its_name(
    house: House, place: dict[str, str]
) -> None:
    await house.company.open(type=LEAK, channel="C0SECRET")
    await house.company.page()

    with pytest.raises(IncidentOpen) as no:
        await house.do(OpenIncident("mine", workflow=CODING, **place), SAM)  # type: ignore[arg-type]  # fields by name, as each test words them

    assert "in use already" in no.value.message
    assert "INC-" not in f"{no.value.message} {no.value.hint}"


async def test_the_page_of_a_call_for_help_that_is_declined_is_closed(house: House) -> None:
    await house.company.open(actor=NOOR)
    await house.company.page()

    await house.do(MoveIncident(IT, "declined", "no"), MARA)
    await house.company.sync()

    assert any(what.startswith("resolve") for _, what in house.company.pages.did)


async def test_a_call_for_help_that_has_anothers_page_leaves_it_open(house: House) -> None:
    own = await house.company.open(actor=NOOR)
    assert own.pager is not None
    before = replace(own, pager=replace(own.pager, id="PT9", adopted=True))

    found = effects(before, replace(before, status="cancelled"))

    assert "resolve" not in [one.body.get("what") for one in found]


async def test_a_private_one_hides_no_other_that_is_open(house: House) -> None:
    await house.company.open()
    hidden = OpenIncident("leak", workflow=COPILOT, type=LEAK, anyway=True)
    await house.do(hidden, MARA)

    with pytest.raises(IncidentOpen, match="INC-1 is open"):
        await house.do(OpenIncident("again", workflow=COPILOT), SAM)


async def test_a_private_one_stops_only_who_may_know_of_it(house: House) -> None:
    await house.company.open(type=LEAK)

    with pytest.raises(IncidentOpen, match="INC-1 is open"):
        await house.do(OpenIncident("again", workflow=COPILOT), INES)
    await house.do(OpenIncident("again", workflow=COPILOT), SAM)


async def test_every_workflow_of_an_open_one_is_looked_at(house: House) -> None:
    await house.company.open()
    await house.do(EditIncident(IT, workflow=CODING), MARA)

    with pytest.raises(IncidentOpen, match="open for `coding-agent` already"):
        await house.do(OpenIncident("again", workflow=CODING), SAM)


@pytest.mark.parametrize("moment", ["resolved", "reviewed"])
async def test_the_end_of_an_open_one_is_no_time_that_is_set(house: House, moment: str) -> None:
    await house.company.open()
    now_ms = house.world.clock.now_ms()

    with pytest.raises(IllegalMove) as no:
        await house.do(EditIncident(IT, times={moment: now_ms}), MARA)  # type: ignore[dict-item]  # each moment by its name

    assert no.value.message == f"INC-1 is active: it was not {moment}; nothing was changed."
    assert "incident resolve INC-1" in no.value.hint


async def test_the_end_of_what_is_over_is_corrected(house: House) -> None:
    await house.company.open()
    house.world.clock.later(600)
    await house.do(MoveIncident(IT, "resolved"), MARA)
    now_ms = house.world.clock.now_ms()

    await house.do(EditIncident(IT, times={"resolved": now_ms - 60_000}), MARA)

    assert house.incident.times.resolved == now_ms - 60_000


async def test_a_reopening_takes_back_what_contained_it(house: House) -> None:
    await house.company.open()
    await house.do(MoveIncident(IT, "contained"), MARA)
    await house.do(MoveIncident(IT, "resolved"), MARA)

    await house.do(MoveIncident(IT, "active"), MARA)

    assert (house.incident.times.contained, house.incident.times.resolved) == (None, None)


@pytest.mark.parametrize(
    "word", ["@Ursula", "Walter", "@URSULA", "WILHELM", "U", "W0", "u0newnewx"]
)
async def test_a_name_is_no_slack_id(house: House, word: str) -> None:
    await house.company.open()

    with pytest.raises(NeedsMoreWords, match="is nobody here"):
        await house.do(RoleOrder(IT, "comms", "offer", word), MARA)

    assert house.incident.offers == {}


async def test_a_mistyped_name_is_answered_with_the_nearest(house: House) -> None:
    await house.company.open()

    with pytest.raises(NeedsMoreWords) as no:
        await house.do(RoleOrder(IT, "comms", "offer", "@Inez"), MARA)

    assert no.value.hint.startswith("Did you mean `ines`?")


@pytest.mark.parametrize(
    ("word", "who"),
    [
        ("U0LEAD", "ines"),
        ("@ines", "ines"),
        ("Ines", "ines"),
        ("<@U0LEAD|ines>", "ines"),
        ("U0NEWNEWX", "slack:U0NEWNEWX"),
        ("<@U0NEW>", "slack:U0NEW"),
    ],
)
async def test_people_are_found_by_name_id_and_mention(house: House, word: str, who: str) -> None:
    await house.company.open()

    await house.do(RoleOrder(IT, "comms", "offer", word), MARA)

    assert house.incident.offers == {"comms": who}


@pytest.mark.parametrize(("kind", "invited"), [(LEAK, False), ("", True)])
async def test_an_offer_brings_nobody_into_a_private_channel_before_they_accept(
    house: House, kind: str, *, invited: bool
) -> None:
    await house.company.open(type=kind)
    await house.do(RoleOrder(IT, "comms", "offer", f"<@{TESS.id}>"), MARA)

    def inside() -> bool:
        state = house.world.store.state
        return TESS.id in [address for _, address in people(state, house.incident)]

    assert inside() is invited
    await house.do(RoleOrder(IT, "comms", "accept"), TESS)
    assert inside()
