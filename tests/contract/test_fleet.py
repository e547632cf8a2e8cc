"""The `Fleets` port: who checks in, what they acknowledge, and what cannot be read."""

import json

from opsbot.adapters.fleet_records import MOST_SERVICES
from opsbot.domain.change import Position
from opsbot.domain.fleet import Counts
from tests.contract.conftest import World
from tests.support.changes import kill

REGISTRATION = json.dumps(
    {
        "s": 1,
        "instance": "api-1",
        "service": "support-api",
        "host": "pod-7",
        "pid": 42,
        "client": "opsflags/0.1.0",
        "workflows": {
            "support-copilot": {"modes": ["canned", "stop"], "probe": "http://10.0.0.7/p"}
        },
    }
)
ACK = json.dumps(
    {
        "s": 1,
        "e": 7,
        "r": 13,
        "x": 12,
        "rejected": ["K-9"],
        "ahead": True,
        "emergency": 1,
        "kill_file": None,
        "lease_ms": 6000,
        "kills": {"u1": {"let": 0, "refused": 212, "cut": 1, "no_tenant": 0}},
        "counts": {"support-copilot": {"asked": 9, "let": 8, "refused": 1, "cut": 0}},
    }
)


async def test_a_check_in_answers_position_time_emergencies_and_whether_it_is_known(
    world: World,
) -> None:
    await world.one.store.commit("r1", kill(1))
    at = world.one.store.state.position

    first = world.checkin("api-1", "", ACK)
    second = world.checkin("api-1", REGISTRATION, ACK)

    assert first[:2] == [at.epoch, at.revision]
    assert first[3:] == [0, 0]
    assert second[3:] == [0, 1]
    assert first[2] <= second[2]


async def test_the_fleet_is_what_was_registered_and_acknowledged(world: World) -> None:
    stamped = world.checkin("api-1", REGISTRATION, ACK)[2]

    fleet = await world.one.fleets.look()

    (instance,) = fleet.instances
    assert (instance.id, instance.service, instance.host, instance.pid) == (
        "api-1",
        "support-api",
        "pod-7",
        42,
    )
    assert instance.seen_ms == stamped <= fleet.now_ms
    assert instance.workflows["support-copilot"].modes == {"canned", "stop"}
    assert instance.workflows["support-copilot"].probe == "http://10.0.0.7/p"
    ack = instance.ack
    assert ack is not None
    assert (ack.applied, ack.enforced) == (Position(7, 13), Position(7, 12))
    assert (ack.rejected, ack.ahead, ack.emergency, ack.lease_ms) == (("K-9",), True, 1, 6000)
    assert ack.kills == {"u1": Counts(let=0, refused=212, cut=1)}
    assert ack.counts["support-copilot"]["asked"] == 9


async def test_a_goodbye_takes_an_instance_off_the_list(world: World) -> None:
    world.checkin("api-1", REGISTRATION, ACK)

    world.goodbye("api-1")

    assert (await world.one.fleets.look()).instances == ()
    assert world.checkin("api-1", "", ACK)[4] == 0


async def test_the_head_is_of_the_moment_of_the_acknowledgements(world: World) -> None:
    before = (await world.one.fleets.look()).head
    await world.one.store.commit("r1", kill(1))

    after = (await world.two.fleets.look()).head

    assert before.revision == 0
    assert after == world.one.store.state.position


async def test_instances_of_one_id_in_two_services_are_two(world: World) -> None:
    world.checkin("api-1", REGISTRATION, ACK)
    assert [i.service for i in (await world.one.fleets.look()).instances] == ["support-api"]
    world.checkin("api-1", REGISTRATION, "", "contracts")

    fleet = await world.one.fleets.look()
    await world.one.fleets.forget(fleet.instances[:1])
    left = (await world.two.fleets.look()).instances

    assert [(i.id, i.service) for i in fleet.instances] == [
        ("api-1", "contracts"),
        ("api-1", "support-api"),
    ]
    assert [i.service for i in left] == ["support-api"]


async def test_more_services_than_are_read_are_counted(world: World) -> None:
    for number in range(MOST_SERVICES + 2):
        world.checkin("i", REGISTRATION, "", f"s-{number:04}")

    fleet = await world.one.fleets.look()

    assert (len(fleet.instances), fleet.unread) == (MOST_SERVICES, 2)


async def test_forgotten_instances_are_gone(world: World) -> None:
    for name in ("api-1", "api-2", "api-3"):
        world.checkin(name, REGISTRATION, ACK)

    listed = (await world.one.fleets.look()).instances
    await world.one.fleets.forget([one for one in listed if one.id != "api-2"])

    assert [i.id for i in (await world.two.fleets.look()).instances] == ["api-2"]


async def test_an_acknowledgement_that_cannot_be_read_confirms_nothing(world: World) -> None:
    for number, ack in enumerate(
        ("[]", "{", '{"e":"x"}', '{"e":1,"r":2}', '{"e":1,"r":2,"x":2,"kills":{"u":{"let":[]}}}')
    ):
        world.checkin(f"api-{number}", REGISTRATION, ack)

    fleet = await world.one.fleets.look()

    assert [instance.ack for instance in fleet.instances] == [None] * 5


async def test_a_registration_that_cannot_be_read_is_still_an_instance(world: World) -> None:
    world.checkin("odd-1", '{"workflows": {"w": 3}, "pid": "x"}', "")
    world.checkin("odd-2", "not json", "")

    fleet = await world.one.fleets.look()

    assert [i.id for i in fleet.instances] == ["odd-1", "odd-2"]
    assert fleet.instances[0].workflows["w"].modes == frozenset()


async def test_emergencies_are_counted_and_read_from_any_place(world: World) -> None:
    for number in range(3):
        world.emergency(f'{{"n":{number}}}')

    assert (await world.one.fleets.look()).emergencies == 3
    assert world.checkin("api-1", "", "")[3] == 3
    assert await world.one.fleets.emergencies(1) == ['{"n":1}', '{"n":2}']
