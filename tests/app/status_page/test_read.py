"""What stands on the status page: what users were told there, and nothing that is only known inside."""

import pytest

from opsbot.app.status_page.page import Component, Story
from opsbot.app.status_page.read import published
from opsbot.domain.change import Record
from opsbot.domain.comms.message import Sent
from tests.support.incidents import AT_MS
from tests.support.status import MINUTE, NOW_MS, SETTINGS_RECORD, Told, three_incidents, told
from tests.support.timeline import killed
from tests.support.world import workflow

DAY = 24 * 60 * MINUTE


@pytest.fixture
async def company() -> Told:
    """Give a company with one open incident that nobody outside knows of."""
    found = await told()
    await found.incident("INC-1")
    return found


def component(told: Told, name: str = "Support assistant", *, now_ms: int = NOW_MS) -> Component:
    """Return one component of the page."""
    return next(one for one in told.page(now_ms).components if one.name == name)


def only(told: Told) -> Story:
    """Return the only incident on the page."""
    (story,) = told.page().stories
    return story


async def test_an_incident_and_a_kill_that_nobody_was_told_of_show_nowhere(company: Told) -> None:
    await company.world.declare(workflow("support-copilot"))
    await company.declare()
    before = company.page()

    await killed(company.world)
    now = company.page()

    assert company.store.state.active_kills() != ()
    assert now == before
    assert before.stories == ()
    assert before.impact == "none"


@pytest.mark.parametrize(
    "changes",
    [
        {"standing": "draft", "published_ms": None},
        {"standing": "waiting", "published_ms": None},
        {"standing": "refused"},
        {"standing": "dropped"},
        {"audience": "stakeholders"},
        {"audience": "executives"},
        {"targets": ("in-app", "slack-support")},
        {"sent": {"status-page": Sent("skipped", "nobody wanted it there")}},
    ],
)
async def test_what_was_not_published_to_users_here_is_not_public(
    company: Told, changes: dict[str, object]
) -> None:
    await company.say("INC-1", "investigating", "Wrong answers", {"en": "We look."}, **changes)

    assert company.page().stories == ()
    assert component(company).health == "operational"


async def test_a_drill_is_never_shown_outside(company: Told) -> None:
    await company.incident("INC-2", drill=True)
    await company.say("INC-2", "investigating", "Wrong answers", {"en": "We look."})

    assert company.page().stories == ()


async def test_a_private_incident_shows_what_was_published_of_it_and_no_more(
    company: Told,
) -> None:
    await company.incident("INC-2", private=True, title="a secret title")
    await company.say("INC-2", "investigating", "Some names may be seen", {"en": "We stopped it."})

    story = only(company)

    assert story.headline == "Some names may be seen"
    assert [dict(one.texts) for one in story.updates] == [{"en": "We stopped it."}]


async def test_a_target_of_the_same_kind_under_another_name_is_the_same_page(
    company: Told,
) -> None:
    targets: Record = {"our-page": {"kind": "status-page", "where": {}}}
    await company.declare({**SETTINGS_RECORD, "targets": targets})
    await company.say("INC-1", "investigating", "Late", {"en": "Late."}, targets=("our-page",))

    assert only(company).headline == "Late"


@pytest.mark.parametrize(
    ("severity", "stage", "health", "impact"),
    [
        ("SEV1", "investigating", "major_outage", "critical"),
        ("SEV2", "identified", "partial_outage", "major"),
        ("SEV3", "identified", "degraded_performance", "minor"),
        ("SEV4", "identified", "operational", "none"),
        ("SEV1", "monitoring", "degraded_performance", "minor"),
        ("SEV4", "monitoring", "operational", "none"),
        ("SEV1", "resolved", "operational", "none"),
    ],
)
async def test_a_component_is_as_the_newest_stage_says(
    company: Told, severity: str, stage: str, health: str, impact: str
) -> None:
    await company.say("INC-1", "investigating", "Late", {"en": "Late."}, severity=severity)
    await company.say("INC-1", stage, "Late", {"en": "Still."}, severity=severity)  # type: ignore[arg-type]  # each severity by its word

    assert component(company).health == health
    assert component(company, "Summaries").health == "operational"
    assert company.page().impact == impact


async def test_what_is_over_is_over_when_users_were_told_so_and_not_before(company: Told) -> None:
    await company.say("INC-1", "identified", "Late", {"en": "Late."})
    await company.incident("INC-1", status="resolved")
    before = only(company)

    at_ms = company.at_ms
    await company.say("INC-1", "resolved", "Late", {"en": "Over."})

    assert before.open
    assert only(company).resolved_ms == at_ms
    assert component(company).health == "operational"


async def test_what_comes_back_is_open_again(company: Told) -> None:
    for stage in ("identified", "resolved", "investigating"):
        await company.say("INC-1", stage, "Late", {"en": stage})

    assert only(company).open
    assert component(company).health == "partial_outage"


async def test_a_correction_moves_no_stage_and_points_at_what_it_corrects(company: Told) -> None:
    first = await company.say("INC-1", "identified", "Late", {"en": "Ten minutes."})
    await company.say("INC-1", "correction", "Late", {"en": "Twenty."}, corrects=first.id)

    story = only(company)
    correction, corrected = story.updates

    assert story.stage == "identified"
    assert correction.status == "identified"
    assert correction.corrects == corrected.key
    assert corrected.corrected == correction.key
    assert corrected.corrected_ms == correction.at_ms


async def test_a_correction_of_what_is_over_opens_nothing(company: Told) -> None:
    first = await company.say("INC-1", "resolved", "Late", {"en": "None was lost."})
    await company.say("INC-1", "correction", "Late", {"en": "Two were."}, corrects=first.id)

    assert only(company).resolved_ms == first.published_ms
    assert company.page().open == ()


async def test_a_correction_that_stands_alone_is_an_incident_that_is_looked_into(
    company: Told,
) -> None:
    await company.say("INC-1", "correction", "Late", {"en": "It was twenty."}, corrects="MSG-77")

    assert (only(company).stage, only(company).updates[0].corrects) == ("investigating", "")


async def test_an_erased_text_is_withdrawn_and_its_update_stays(company: Told) -> None:
    first = await company.say("INC-1", "investigating", "A name in it", {"en": "Ann was hit."})
    await company.say("INC-1", "identified", "Late", {"en": "Late."})

    await company.store.erase([first.headline, *first.texts.values()])

    story = only(company)
    assert story.headline == "Late"
    assert [dict(one.texts) for one in story.updates] == [{"en": "Late."}, {}]


async def test_where_the_newest_headline_was_erased_the_last_that_is_kept_stands(
    company: Told,
) -> None:
    await company.say("INC-1", "investigating", "Late", {"en": "Late."})
    second = await company.say("INC-1", "identified", "A name in it", {"en": "Ann."})

    await company.store.erase([second.headline])

    assert only(company).headline == "Late"


async def test_components_are_what_users_know_by_name_and_two_workflows_may_be_one(
    company: Told,
) -> None:
    public = {"support-copilot": "Assistant", "mail-drafts": "Assistant", "search": "search"}
    await company.declare({**SETTINGS_RECORD, "public": public})
    await company.say(
        "INC-1", "identified", "Late", {"en": "Late."}, workflows=("mail-drafts", "inner-thing")
    )

    page = company.page()

    assert [(one.name, one.health) for one in page.components] == [
        ("Assistant", "partial_outage"),
        ("Search", "operational"),
    ]
    assert page.stories[0].components == ("Assistant",)


async def test_a_message_that_names_no_workflow_touches_those_that_were_named_last(
    company: Told,
) -> None:
    await company.say(
        "INC-1", "investigating", "Late", {"en": "Late."}, workflows=("contract-summariser",)
    )
    await company.say("INC-1", "identified", "Late", {"en": "Late."}, workflows=())

    assert only(company).components == ("Summaries",)


async def test_the_worst_of_two_incidents_is_how_a_component_is(company: Told) -> None:
    await company.incident("INC-2")
    await company.say("INC-1", "identified", "Down", {"en": "Down."}, severity="SEV1")
    await company.say("INC-2", "monitoring", "Slow", {"en": "Slow."}, severity="SEV3")

    assert component(company).health == "major_outage"


async def test_what_was_said_to_stay_off_is_off_until_its_kill_is_lifted(company: Told) -> None:
    await company.world.declare(workflow("support-copilot"))
    await company.declare()
    await killed(company.world)
    (active,) = company.store.state.active_kills()
    await company.incident("INC-1", kills=(active.id,))
    await company.say("INC-1", "resolved", "Over", {"en": "It stays off."}, stays_off=True)
    off = component(company)

    await company.incident("INC-1", kills=())

    assert (off.health, off.off) == ("major_outage", True)
    assert (component(company).health, component(company).off) == ("operational", False)
    assert company.page().impact == "none"


async def test_what_is_over_leaves_the_page_after_two_weeks(company: Told) -> None:
    await company.say("INC-1", "resolved", "Over", {"en": "Over."})

    assert len(company.page(AT_MS + 14 * DAY).past) == 1
    assert company.page(AT_MS + 14 * DAY + 1).past == ()


async def test_fifty_are_kept_and_every_one_that_is_open(company: Told) -> None:
    await company.say("INC-1", "identified", "Old and open", {"en": "Open."})
    for number in range(2, 54):
        await company.incident(f"INC-{number}")
        await company.say(f"INC-{number}", "resolved", "Over", {"en": "Over."})

    found = published(company.store.state)

    assert len(found) == 51
    assert found[-1].messages[0].incident == "INC-1"


async def test_the_newest_stands_first_and_ids_say_nothing() -> None:
    company = await three_incidents()

    page = company.page()

    assert [one.stage for one in page.stories] == ["identified", "monitoring", "resolved"]
    assert [one.started_ms for one in page.open] > [one.started_ms for one in page.past]
    keys = [one.key for one in page.stories] + [one.key for one in page.components]
    assert all(len(key) == 12 for key in keys)
    assert len(set(keys)) == len(keys)
    assert page == company.page()


async def test_a_page_of_a_state_without_settings_is_empty_and_has_a_title() -> None:
    company = await told()
    await company.declare({})

    page = company.page()

    assert (page.title, page.components, page.stories) == ("Status", (), ())
    assert page.updated_ms == page.made_ms == NOW_MS


async def test_an_incident_whose_record_is_gone_is_still_told_of(company: Told) -> None:
    await company.say("INC-9", "identified", "Late", {"en": "Late."})

    assert only(company).headline == "Late"
