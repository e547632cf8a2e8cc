"""Where data was exposed nothing is changed back before the evidence is put aside; stopping stays free."""

import pytest

from opsbot.app.comms.requests import HoldEvidence
from opsbot.app.incident.requests import OpenIncident, Which
from opsbot.app.requests import KillRequest, RestoreRequest, RollbackRequest, Target
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, Refused
from tests.support.comms import EXPOSED, Telling, telling
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA, SAM

INC = Which("INC-1")


async def exposed(kind: str = EXPOSED, *, drill: bool = False) -> Telling:
    """Return a company in which data was exposed, with a kill of it."""
    request = OpenIncident(
        "names were seen", workflow=COPILOT, type=kind, severity="SEV1", drill=drill
    )
    one = await telling(request)
    await kill(one, MARA)
    return one


async def kill(one: Telling, by: object) -> None:
    request = KillRequest(Target("workflow", COPILOT), "stop", reason="it leaks")
    await one.world.bot.kill(request, by, request_id=one.request())  # type: ignore[arg-type]  # an actor


async def restore(one: Telling, by: object = MARA) -> None:
    request = RestoreRequest(Target("kill", "K-1"), reason="green")
    await one.world.bot.restore(request, by, request_id=one.request())  # type: ignore[arg-type]  # an actor


async def held(one: Telling, where: str = "bucket evidence, folder 7") -> None:
    await one.world.bot.comms.evidence(HoldEvidence(INC, where), MARA, request_id=one.request())


async def test_a_restore_waits_for_evidence_and_says_what_to_type() -> None:
    one = await exposed()

    with pytest.raises(IllegalMove) as no:
        await restore(one)

    assert "comms evidence INC-1" in no.value.hint
    assert "Killing stays free" in no.value.hint
    assert one.state.kill("K-1").active


async def test_who_may_not_see_the_incident_reads_nothing_of_it() -> None:
    one = await exposed()

    with pytest.raises(IllegalMove) as no:
        await restore(one, SAM)

    assert "INC-1" not in f"{no.value} {no.value.hint}"


async def test_a_rollback_waits_for_evidence_too() -> None:
    one = await exposed()

    with pytest.raises(IllegalMove, match="evidence"):
        await one.world.bot.rollback(RollbackRequest(COPILOT, reason="back"), INES, request_id="rb")


async def test_held_evidence_opens_the_way_back() -> None:
    one = await exposed()
    await held(one)

    await restore(one)
    await one.world.bot.rollback(RollbackRequest(COPILOT, reason="back"), INES, request_id="rb")

    comms = one.state.comms("INC-1")
    assert comms.hold
    assert comms.hold_by == "mara"
    assert "bucket" not in "\n".join(map(str, one.world.server.lines))


async def test_an_approval_from_before_does_not_go_around_it() -> None:
    request = OpenIncident("odd", workflow=COPILOT, severity="SEV2")
    one = await telling(request)
    await kill(one, MARA)
    await restore(one)
    leak = OpenIncident("leak", workflow=COPILOT, type=EXPOSED, severity="SEV1", anyway=True)
    await one.world.bot.incidents.open(leak, MARA, request_id="leak")

    with pytest.raises(IllegalMove, match="evidence"):
        await one.approve("A-1", INES)

    assert one.state.kill("K-1").active


async def test_killing_stays_free() -> None:
    one = await exposed()

    request = KillRequest(Target("workflow", "coding-agent"), "stop", reason="it leaks")
    await one.world.bot.kill(request, MARA, request_id="more")

    assert one.state.kill("K-2").active


@pytest.mark.parametrize(("kind", "drill"), [("quality_regression", False), (EXPOSED, True)])
async def test_other_incidents_and_drills_wait_for_nothing(kind: str, *, drill: bool) -> None:
    one = await exposed(kind, drill=drill)

    await restore(one)


async def test_the_card_says_that_it_waits_and_since_when_it_is_held() -> None:
    one = await exposed()
    waits = await one.world.bot.incidents.show(INC, MARA)
    assert any(line.startswith("Evidence is not held yet") for line in waits.lines)

    await held(one)

    said = await one.world.bot.incidents.show(INC, MARA)
    assert any(line.startswith("Evidence is held since") for line in said.lines)


@pytest.mark.parametrize("where", ["", "   ", "x" * 1001])
async def test_nowhere_is_no_place(where: str) -> None:
    one = await exposed()

    with pytest.raises(NeedsMoreWords):
        await held(one, where)

    assert not one.state.comms("INC-1").hold


async def test_strangers_hold_nothing() -> None:
    one = await exposed()

    with pytest.raises(Refused):
        await one.world.bot.comms.evidence(HoldEvidence(INC, "here"), SAM, request_id="x")
