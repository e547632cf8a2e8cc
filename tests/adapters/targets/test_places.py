"""A component at a vendor is as far as users can use it, in the very words of our own page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.adapters.targets.incident_io import STATES as AT_INCIDENT_IO
from opsbot.adapters.targets.places import Page
from opsbot.adapters.targets.statuspage import STATES as AT_STATUSPAGE
from opsbot.app.comms.felt import IMPACTS
from opsbot.app.comms.port import Impact
from opsbot.app.status_page.page import Story, Update
from opsbot.app.taken import Reach, Taken
from opsbot.domain.comms.templates import Stage
from tests.support.targets import at_incident_io, at_pagerduty, at_statuspage, post

PAGE = Page("status", "p1", {"refunds": "c1", "orders": "c1", "billing": "c2"})
REACHES: tuple[Reach, ...] = ("on", "limited", "reduced", "people", "off")
OPEN: tuple[Stage, ...] = ("investigating", "identified", "monitoring")
OFF, LESS = Taken("off"), Taken("reduced")


@given(
    st.sampled_from(OPEN),
    st.sampled_from(IMPACTS),
    st.builds(Taken, st.sampled_from(REACHES), st.booleans()),
    st.booleans(),
)
def test_every_page_says_the_same_of_a_component_until_it_is_over(
    stage: Stage,
    impact: Impact,
    takes: Taken,
    off: bool,  # noqa: FBT001  drawn by hypothesis
) -> None:
    update = Update("u", stage, stage, 1)
    own = Story("s", "h", impact, stage, (update,), ("Refunds",), off, {"Refunds": takes})

    told = PAGE.states(post(1, stage=stage, impact=impact, stays_off=off, taken={"refunds": takes}))

    assert {AT_STATUSPAGE[one] for one in told.values()} == {own.health("Refunds")}


@pytest.mark.parametrize(
    ("impact", "takes", "state"),
    [
        ("minor", OFF, "critical"),
        ("critical", LESS, "minor"),
        ("critical", Taken("people"), "minor"),
        ("minor", Taken("off", sure=False), "major"),
        ("minor", Taken("limited"), "minor"),
        ("major", Taken(), "major"),
    ],
)
def test_what_users_can_do_counts_over_severity(impact: str, takes: Taken, state: str) -> None:
    assert PAGE.states(post(1, impact=impact, taken={"refunds": takes})) == {"c1": state}


def test_a_component_of_two_workflows_is_off_only_where_both_are() -> None:
    two = {"components": {"refunds": "Refunds", "orders": "Orders"}, "impact": "minor"}

    one_off = PAGE.states(post(1, taken={"refunds": OFF}, **two))
    both_off = PAGE.states(post(1, taken={"refunds": OFF, "orders": OFF}, **two))

    assert (one_off, both_off) == ({"c1": "minor"}, {"c1": "critical"})


def test_each_component_stands_for_itself() -> None:
    two = {"refunds": "Refunds", "billing": "Billing"}

    states = PAGE.states(post(1, components=two, impact="major", taken={"refunds": OFF}))

    assert states == {"c1": "critical", "c2": "major"}


@pytest.mark.parametrize(
    ("stage", "stays_off", "states"),
    [
        ("resolved", False, {"c1": "none"}),
        ("resolved", True, {}),
        ("correction", False, {}),
        ("monitoring", False, {"c1": "minor"}),
    ],
)
def test_an_end_makes_it_work_and_a_correction_moves_nothing(
    stage: str,
    stays_off: bool,  # noqa: FBT001  as the message says
    states: dict[str, str],
) -> None:
    assert PAGE.states(post(1, stage=stage, stays_off=stays_off)) == states


async def test_what_is_off_is_a_major_outage_at_every_vendor_whatever_its_severity() -> None:
    off = post(1, impact="minor", taken={"refunds": OFF})
    async with at_statuspage() as one, at_incident_io() as other, at_pagerduty() as third:
        await one.publisher.publish(off, attempt=1)
        made = await other.publisher.publish(off, attempt=1)
        begun = await third.publisher.publish(off, attempt=1)

        assert one.there.states["cmprefunds01"] == "major_outage"
        assert one.only["impact_override"] == "minor"
        assert made.thread
        assert AT_INCIDENT_IO["critical"] in str(other.only)
        page = third.there.account.status_pages["PSTATUS1"]
        (update,) = page.updates[str(begun.thread["post"])]
        assert page.impacts[update["impacted_services"][0]["impact"]["id"]] == "major outage"
        assert page.severities[update["severity"]["id"]] == "minor"
