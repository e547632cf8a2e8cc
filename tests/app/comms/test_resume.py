"""After a loss of data, what was on its way is on its way again; what may have come there is looked for first."""

from opsbot.app.ports import Delivery
from opsbot.app.resume import Resume
from opsbot.domain.approval import as_record, from_record
from opsbot.domain.change import Effect
from opsbot.domain.comms.message import Message
from opsbot.domain.comms.message import as_record as message_record
from opsbot.domain.comms.message import from_record as message_from
from tests.support.comms import FIRST, NEXT, lost, telling

RECOVERED = Delivery("1-0", "kill", Effect("recovered", "recovered:1:9", {}, lane="kill"), 1)


async def test_a_message_that_was_on_its_way_comes_there_once() -> None:
    one = await telling()
    one.places["status-page"].after.append(lost)
    await one.new()
    await one.publish()
    await one.approve()
    await one.world.work("comms_publish")
    assert one.places["status-page"].said == ["MSG-1"]
    one.world.server.items.clear()
    one.world.server.timers.clear()

    await Resume(one.world.env)(RECOVERED)
    await one.settle()

    assert one.places["status-page"].said == ["MSG-1"]
    assert one.places["status-page"].looks == 1
    assert one.message().sent["status-page"].state == "done"


async def test_what_came_everywhere_is_not_taken_up() -> None:
    one = await telling()
    await one.told(FIRST)
    one.world.server.items.clear()

    await Resume(one.world.env)(RECOVERED)

    kinds = [item.effect.kind for item in one.world.server.items.values()]
    assert "comms_publish" not in kinds


async def test_an_approval_that_waited_waits_on_and_ends_in_its_time() -> None:
    one = await telling()
    await one.new()
    await one.publish()
    one.world.server.timers.clear()
    one.world.server.items.clear()

    await Resume(one.world.env)(RECOVERED)
    one.world.clock.later(16 * 60)
    await one.settle()

    assert one.message().standing == "draft"
    assert one.state.approval("A-1").standing == "expired"


async def test_records_read_back_as_they_were_written() -> None:
    one = await telling()
    await one.new()
    await one.edit("Answers about orders may be wrong.")
    await one.publish()
    await one.edit("Answers about invoices may be wrong.")
    await one.told(NEXT)

    for message in one.state.messages():
        assert message_from(message_record(message)) == message
        later = {**message_record(message), "of_a_later_version": 1}
        assert message_from(later) == message
    over = one.state.approval("A-1")
    assert over.cause
    assert from_record(as_record(over)) == over
    assert from_record({**as_record(over), "of_a_later_version": 1}) == over


async def test_a_record_without_what_later_versions_added_is_read() -> None:
    one = await telling()
    await one.new()
    old = dict(message_record(one.message()))
    for name in ("editors", "order", "run", "step"):
        del old[name]

    read: Message = message_from(old)

    assert (read.editors, read.order, read.run) == ((), 0, "")
