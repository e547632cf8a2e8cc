"""Where an incident is, what its channel is called, and who belongs there."""

import pytest

from opsbot.app.paging.oncall import OnCall
from opsbot.app.room.place import (
    channel_name,
    links,
    people,
    place,
    purpose,
    reached,
    shared_channel,
)
from opsbot.app.room.slack import first_called
from opsbot.domain.actor import DECLARATIONS
from opsbot.domain.change import Change, Record, Write
from opsbot.domain.incident.incident import Incident, Pager, Room
from opsbot.domain.roster import OnDuty, Roster
from opsbot.domain.state import SETTINGS, State
from tests.support.incidents import incident
from tests.support.world import World, policy, workflow

COPILOT = "support-copilot"


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    pager = {"pagerduty": {"service": "PS1", "escalation_policy": "PE1"}}
    await world.declare(
        workflow(COPILOT, tier=1, extra=pager),
        workflow("coding-agent", slack_channel="", dri="dora@example.com"),
    )
    return world


def state(world: World) -> State:
    return world.store.state


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (incident("INC-7"), "inc-7-support-copilot"),
        (incident("INC-7", drill=True), "inc-7-drill-support-copilot"),
        (incident("INC-7", private=True), "inc-7"),
        (incident("INC-7", workflows=()), "inc-7"),
        (incident("INC-7", workflows=("A b.c!",)), "inc-7-a-b-c"),
        (incident("INC-7", workflows=("x" * 90,)), f"inc-7-{'x' * 74}"),
    ],
)
async def test_a_channel_is_named_after_its_incident(
    world: World, one: Incident, name: str
) -> None:
    assert channel_name(state(world), one) == name
    assert len(name) <= 80


async def test_the_prefix_and_the_channel_for_incidents_are_declared(world: World) -> None:
    declared: Record = {"s": 1, "channel": "C0INCIDENTS", "channel_prefix": "ai"}
    await world.store.commit(
        "set",
        lambda state, now_ms: (
            Change("declare", DECLARATIONS, (Write(SETTINGS, "incidents", declared),)),
            None,
        ),
    )

    assert channel_name(state(world), incident("INC-7")) == "ai-7-support-copilot"
    wide = incident(workflows=("coding-agent",))
    assert shared_channel(state(world), wide, "C0HOME") == "C0INCIDENTS"
    assert shared_channel(state(world), incident(), "C0HOME") == "C0SUPPORTAI"


async def test_its_own_channel_comes_first_and_a_private_one_has_no_other(world: World) -> None:
    own = Room("C0NEW", "inc-1", own=True)

    assert place(state(world), incident(room=own), "") == "C0NEW"
    assert place(state(world), incident(room=Room("C0X", adopted=True)), "") == "C0SUPPORTAI"
    assert place(state(world), incident(private=True), "C0HOME") == ""
    assert place(state(world), incident(private=True, room=own), "") == "C0NEW"
    assert place(state(world), incident(workflows=()), "C0HOME") == "C0HOME"


async def test_two_incidents_never_have_the_same_purpose() -> None:
    one, other = incident(uid="a" * 32), incident(uid="b" * 32)

    assert purpose(one, "prod") != purpose(other, "prod")
    assert purpose(one, "prod") != purpose(one, "dev")
    assert len(purpose(one, "x" * 60)) <= 250


async def test_links_are_addresses_only(world: World) -> None:
    evidence = {"observability": "https://t.example", "incident_response": "wrong-answers"}
    await world.declare(workflow(COPILOT, evidence=evidence))
    pager = Pager("k", id="P1", number=12, url="https://pd.example/12")
    one = incident(pager=pager, origin="https://slack.example/p1")

    assert links(state(world), one) == (
        ("PagerDuty #12", "https://pd.example/12"),
        ("Dashboards", "https://t.example"),
        ("Where it was reported", "https://slack.example/p1"),
    )


async def test_everybody_who_works_on_it_belongs_there_once(world: World) -> None:
    one = incident(
        roles={"commander": "ines", "comms": "slack:U0OTHER"},
        offers={"scribe": "ola"},
        responders=("mara", "service:ci"),
        workflows=(COPILOT, "coding-agent"),
    )

    found = [address for _, address in people(state(world), one, ("sam", "olga@pd.example"))]

    assert found == [
        "U0LEAD",
        "U0OTHER",
        "U0ADMIN",
        "U0ONCALL",
        "U0SUPPORT",
        "dora@example.com",
        "olga@pd.example",
    ]


async def test_nobody_is_brought_into_a_private_one_by_itself(world: World) -> None:
    one = incident(private=True, roles={"commander": "ines"})

    assert [who for who, _ in people(state(world), one, ("sam",))] == ["ines", "mara"]


@pytest.mark.parametrize(
    ("identity", "address"),
    [
        ("mara", "U0ONCALL"),
        ("slack:U0NEW", "U0NEW"),
        ("email:olga@example.com", "olga@example.com"),
        ("U0SUPPORT", "U0SUPPORT"),
        ("olga@example.com", "olga@example.com"),
        ("service:ci", ""),
        ("system:ramp", ""),
        ("slack:<!channel>", ""),
        ("nobody", ""),
    ],
)
async def test_only_people_are_reached(identity: str, address: str) -> None:
    assert reached(policy(), identity) == address


async def test_who_is_called_first_is_brought_in(world: World) -> None:
    rota = OnCall(world.env, world.outbox)
    duties = (
        OnDuty("PE1", 1, "PU1", "Mara", "mara@example.com"),
        OnDuty("PE1", 1, "PU2", "Olga", "olga@pd.example"),
        OnDuty("PE1", 2, "PU3", "Second", "second@pd.example"),
        OnDuty("PE2", 1, "PU4", "Other", "other@pd.example"),
    )
    rota._roster = Roster(world.clock.now_ms(), duties)

    called = first_called(world.env, rota)

    assert list(called(incident())) == ["mara", "olga@pd.example"]
    assert list(called(incident(workflows=()))) == []
    assert list(first_called(world.env, None)(incident())) == []
