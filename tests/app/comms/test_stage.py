"""Stages: forward freely, back with a reason, and over only where that can be seen to be true."""

import pytest

from opsbot.app.comms.requests import EditMessage
from opsbot.app.incident.requests import MoveIncident, OpenIncident, Which
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, Unpublishable
from tests.support.comms import (
    FIRST,
    LATER,
    LEADS,
    NEXT,
    OVER,
    PIA,
    WRONG,
    Telling,
    stages,
    telling,
    template,
)
from tests.support.incident_life import COPILOT
from tests.support.world import INES, MARA, NOOR

KILL = KillRequest(Target("workflow", COPILOT), mode="canned")


async def killed() -> Telling:
    """Return the world with a kill that the fleet confirmed."""
    one = await telling()
    pod = one.world.instance("pod-1")
    await one.world.bot.kill(KILL, MARA, request_id="kill")
    pod.follow()
    await one.settle()
    return one


async def restored(one: Telling) -> None:
    """Restore it, by two people."""
    again = RestoreRequest(Target("kill", "K-1"))
    await one.world.bot.restore(again, MARA, request_id="restore")
    waiting = [
        name for name, a in one.state.kind("approvals").items() if a["standing"] == "pending"
    ]
    press = ApproveRequest(waiting[-1], grant=True)
    await one.world.bot.approve(press, INES, request_id="restore-yes")


async def test_the_stages_go_on_one_after_the_other() -> None:
    one = await telling()

    for name in (FIRST, NEXT, LATER, OVER):
        await one.told(name)

    assert one.places["status-page"].said == ["MSG-1", "MSG-2", "MSG-3", "MSG-4"]
    assert stages(one) == "resolved"


async def test_a_step_back_says_why() -> None:
    one = await telling()
    await one.told(LATER)

    with pytest.raises(NeedsMoreWords, match="Users were told `monitoring` already"):
        await one.new(NEXT)
    await one.told(NEXT, back="the fix did not hold")

    assert stages(one) == "identified"
    view = await one.world.bot.comms.view("MSG-2", PIA)
    assert view.why == "the fix did not hold"


async def test_a_draft_that_was_overtaken_steps_back_and_cannot_go_without_a_reason() -> None:
    one = await telling()
    await one.new(NEXT)
    await one.told(LATER)

    with pytest.raises(Unpublishable, match="Users were told `monitoring` already"):
        await one.publish("MSG-1")

    await one.world.bot.comms.edit(EditMessage("MSG-1", back="it came back"), PIA, request_id="b")
    await one.publish("MSG-1")
    await one.approve("A-2")
    assert stages(one) == "identified"


async def test_each_audience_has_stages_of_its_own() -> None:
    one = await telling()
    await one.told(LATER)

    await one.told(LEADS, targets=("mail",))

    assert (stages(one), stages(one, "stakeholders")) == ("monitoring", "investigating")


async def test_a_template_that_leaves_open_what_users_ask_cannot_be_used() -> None:
    one = await telling()
    one.shelf.put(template(FIRST, slots=frozenset({"effect"})))

    with pytest.raises(Unpublishable, match="does not say `next_update`, `since`"):
        await one.new()


async def test_nothing_is_over_while_a_kill_of_it_holds() -> None:
    one = await killed()
    await one.new(OVER)

    with pytest.raises(Unpublishable, match="K-1 still holds: say that the feature stays off"):
        await one.publish()
    await restored(one)
    view = await one.world.bot.comms.view("MSG-1", PIA)

    assert not [words for words in view.blocked if words.startswith("K-1")]


async def test_it_may_be_over_with_the_feature_off_where_the_text_says_so() -> None:
    one = await killed()

    await one.told(OVER, values={"what": "The old assistant is gone.", "stays_off": "yes"})

    assert stages(one) == "resolved"
    assert one.places["status-page"].posts[0].stays_off


async def test_a_kill_after_the_question_stops_the_answer() -> None:
    one = await telling()
    await one.new(OVER)
    await one.publish()
    await one.world.bot.kill(KILL, MARA, request_id="kill")

    with pytest.raises(Unpublishable, match="K-1 still holds"):
        await one.approve()

    assert one.message().standing == "waiting"


async def test_a_promise_whose_time_is_over_is_not_published() -> None:
    one = await telling()
    await one.new(next_s=300)
    one.world.clock.later(360)

    with pytest.raises(Unpublishable, match="It promises the next update by"):
        await one.publish()
    await one.edit("Answers about orders may be wrong.")
    await one.publish()

    assert one.message().standing == "waiting"


async def test_nobody_is_told_of_what_nobody_accepted() -> None:
    one = await telling(None)
    await one.world.bot.incidents.open(
        OpenIncident("odd answers", workflow="coding-agent"), NOOR, request_id="call"
    )
    called = next(i for i in one.state.incidents() if i.status == "triage")

    with pytest.raises(IllegalMove, match="waits to be accepted"):
        await one.new(which=Which(called.id))


async def test_nobody_is_told_of_what_was_none() -> None:
    one = await telling()
    await one.new()
    cancel = MoveIncident(Which("INC-1"), "cancelled", "a test of ours")
    await one.world.bot.incidents.move(cancel, MARA, request_id="cancel")

    with pytest.raises(IllegalMove, match="INC-1 is cancelled: nobody is told of it"):
        await one.publish()


async def test_only_what_was_published_is_corrected_and_only_once() -> None:
    one = await telling()
    await one.new()
    with pytest.raises(IllegalMove, match="is not published to users"):
        await one.new(WRONG, corrects="MSG-1")
    with pytest.raises(NeedsMoreWords, match="Say which message it corrects"):
        await one.new(WRONG)
    await one.publish()
    await one.approve()
    await one.told(WRONG, corrects="MSG-1")

    with pytest.raises(IllegalMove, match="MSG-1 was corrected by MSG-2 already"):
        await one.new(WRONG, corrects="MSG-1", values={"what": "Once more."})


async def test_a_correction_goes_where_the_wrong_one_went() -> None:
    one = await telling()
    await one.told(FIRST, targets=("statuspage", "mail"))

    await one.new(WRONG, corrects="MSG-1")

    assert one.message("MSG-2").targets == ("statuspage", "mail")


async def test_what_people_read_is_never_edited() -> None:
    one = await telling()
    await one.told(FIRST)

    with pytest.raises(Exception, match="MSG-1 was published at") as no:
        await one.edit("Something else.")

    assert "Correct it" in str(getattr(no.value, "hint", ""))
