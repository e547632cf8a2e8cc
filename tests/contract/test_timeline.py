"""A timeline on the memory twin and on a real Valkey: the records, the words beside the chain, the replay."""

from opsbot.adapters.bundle import StoreBundle
from opsbot.app.declare import decide
from opsbot.app.environment import Environment
from opsbot.app.incident.note_change import SLACK
from opsbot.app.incident.requests import ActionItem, OpenIncident, TimelineNote, Which
from opsbot.app.incidents import Incidents
from opsbot.app.timeline.notes import IncidentNotes, MessageNow
from opsbot.app.timeline.read import Timeline
from opsbot.domain.declaration import Catalogue
from opsbot.domain.journal import replay
from opsbot.domain.state import NOTES
from tests.contract.conftest import World
from tests.support.world import MARA, SAM, Counter, MovedClock, policy, workflow

INC, PLACE = Which("INC-1"), "C1:1795230840.000100"
PINNED = TimelineNote(INC, "first complaint", author="U0SUPPORT", place=PLACE, source="reaction")


def environment(bundle: StoreBundle) -> Environment:
    """Return a replica's environment."""
    return Environment("prod", bundle.store, bundle.fleets, MovedClock(), Counter())


async def test_two_replicas_keep_one_line_and_the_journal_replays_to_it(world: World) -> None:
    one, two = environment(world.one), environment(world.two)
    catalogue = Catalogue({"support-copilot": workflow("support-copilot")}, policy(), "abc")
    await one.store.commit("declare", lambda state, now_ms: decide(state, now_ms, catalogue))
    wrong = OpenIncident("wrong", workflow="support-copilot")
    await Incidents(one).open(wrong, MARA, request_id="o")

    await Incidents(one).note(PINNED, MARA, request_id="n1")
    await Incidents(two).note(PINNED, SAM, request_id="n2")
    await IncidentNotes(two).follow(MessageNow(PLACE, "212 complaints"), request_id="e1")
    await Incidents(one).retract("INC-1:n1", SAM, request_id="r1")
    await Incidents(two).action(ActionItem(INC, "add a gate", "sam"), MARA, request_id="a1")

    state = await two.store.refresh()
    (note,) = state.notes("INC-1")
    assert (note.edits, note.stands, note.retracted_by, note.author) == (1, False, "sam", "sam")
    found = await Timeline(two).of(state.incident("INC-1"))
    assert {"212 complaints", "Mara: to do ACT-1 (Sam): add a gate."} <= {x.text for x in found}
    replayed = replay(await two.store.journal())
    assert replayed.kind(NOTES) == state.kind(NOTES)
    lines = await two.store.journal()
    assert not any("complaint" in line or "gate" in line for line in lines), "words stand beside"
    assert SLACK.kind == "system"
