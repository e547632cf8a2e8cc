"""What a tired stranger reads at 3 am: the sentences, whole, in the usual and in the worst case."""

from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from opsbot.app.error_words import of_error
from opsbot.app.requests import ApproveRequest, KillRequest, RestoreRequest, Target
from opsbot.domain.errors import StoreLost, UnknownWorkflow
from tests.support.world import MARA, SAM, World, workflow

COPILOT = Target("workflow", "support-copilot")
HOSTILE = "<!channel> x \u202eevil\n*bold*\ud800\U000e0041 " + "a" * 10_000


async def test_a_kill_that_everybody_confirmed_and_a_probe_saw(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    asked = KillRequest(COPILOT, mode="stop", reason="wrong refund answers")
    await world.bot.kill(asked, MARA, request_id="1")
    pod.follow()
    await world.work("follow")

    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")

    assert said.tone == "green"
    assert said.as_text() == snapshot("""\
Model calls blocked for `support-copilot` in prod
Already so: K-1 holds it. Nothing was changed.
1/1 confirmed in 800 ms · 1/1 probes refused
K-1 · stop · by Mara via slack · wrong refund answers
Undo: `opsbot restore support-copilot` (a second person approves)\
""")


async def test_a_bare_kill_whose_mode_is_weaker_offers_a_full_stop_first(world: World) -> None:
    world.instance("pod-1").follow()

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert said.as_text() == snapshot("""\
Model calls blocked for `support-copilot` in prod: stored; 0/1 instances have confirmed it
0/1 confirmed
`pod-1` lagging: alive, not confirmed yet
K-1 · canned · by Mara via slack · no reason given yet
Users read, wherever it is confirmed: “A person will answer you.”
Undo: `opsbot restore support-copilot` (a second person approves)\
""")
    assert [button.label for button in said.buttons] == snapshot(
        ["Stop completely", "Restore", "Add a reason", "Open incident…", "Status"]
    )


async def test_sixty_instances_that_do_not_answer_and_a_hostile_reason(world: World) -> None:
    for number in range(30):
        world.instance(f"pod-{number:02}")
    world.clock.later(4)
    for number in range(30, 60):
        world.instance(f"pod-{number:02}")
    await world.bot.kill(KillRequest(COPILOT, reason=HOSTILE), MARA, request_id="1")
    world.clock.later(7)

    said = await world.bot.kill(KillRequest(COPILOT, reason=HOSTILE), MARA, request_id="2")

    assert len(said.as_text()) < 2_900
    assert said.as_text() == snapshot("""\
Model calls blocked for `support-copilot` in prod: stored; 0/60 instances have confirmed it
Already so: K-1 holds it. Nothing was changed.
0/60 confirmed
`pod-00` expired: silent since 03:14:07 UTC, its lease ended at 03:14:13 UTC; not confirmed
`pod-01` expired: silent since 03:14:07 UTC, its lease ended at 03:14:13 UTC; not confirmed
`pod-02` expired: silent since 03:14:07 UTC, its lease ended at 03:14:13 UTC; not confirmed
`pod-03` expired: silent since 03:14:07 UTC, its lease ended at 03:14:13 UTC; not confirmed
`pod-04` expired: silent since 03:14:07 UTC, its lease ended at 03:14:13 UTC; not confirmed
and 55 more expired
Last resort: Revoke key kms/x.
K-1 · canned · by Mara via slack · <!channel> x evil *bold*? aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
Users read, wherever it is confirmed: “A person will answer you.”
Undo: `opsbot restore support-copilot` (a second person approves)\
""")
    assert len(said.body["instances"]["expired"]) == 60  # type: ignore[arg-type,call-overload,index]


async def test_the_managed_profile_says_what_stored_means(world: World) -> None:
    world.bot = replace(world.bot, env=replace(world.env, promise="on 2 nodes, not on disk"))

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert "Stored on 2 nodes, not on disk." in said.lines


async def test_fewer_instances_than_declared_are_a_warning_and_never_green(world: World) -> None:
    await world.declare(workflow("support-copilot", expected_instances=3))
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    pod.follow()
    await world.work("follow")

    said = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")

    assert (said.tone, said.exit_code) == ("amber", 0)
    assert "1 instance alive, declared: 3: 2 may run where nobody sees them" in said.lines


async def test_the_fleets_size_is_learned_from_the_hours_before(world: World) -> None:
    pods = [world.instance("pod-1"), world.instance("pod-2")]
    await world.bot.sweep()
    world.clock.later(3600)
    pods[0].check_in()
    await world.bot.sweep()

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")

    assert any("in the last 24 h never fewer than 2" in line for line in said.lines)


async def test_a_probe_that_saw_otherwise_stands_in_the_first_line(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    pod.follow()
    await world.work("follow")

    said = await world.bot.kill(KillRequest(COPILOT), MARA, request_id="2")

    assert said.tone == "amber"
    assert said.title == snapshot(
        "Model calls blocked for `support-copilot` in prod, but 1 of 1 probes saw otherwise"
    )


async def test_nothing_to_probe_and_no_call_refused_is_not_green(world: World) -> None:
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    pod.follow()
    await world.work("follow")
    before = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="2")
    uid = world.store.state.kill("K-1").uid
    pod.follow(**{uid: {"let": 0, "refused": 212}})

    after = await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="3")

    assert (before.tone, after.tone) == ("amber", "green")


async def test_pending_refused_and_restored(world: World) -> None:
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(COPILOT, mode="stop"), MARA, request_id="1")
    pending = await world.bot.restore(RestoreRequest(COPILOT), MARA, request_id="2")
    status = await world.bot.status(None, MARA)
    refused = await world.bot.approve(ApproveRequest("a-1", grant=False), SAM, request_id="3")
    await world.bot.kill(KillRequest(COPILOT, tenant="acme"), SAM, request_id="4")
    await world.bot.restore(RestoreRequest(Target("kill", "k-1")), MARA, request_id="5")
    restored = await world.bot.approve(ApproveRequest("A-2"), SAM, request_id="6")
    pod.follow()

    assert pending.as_text() == snapshot("""\
Not restored yet: `support-copilot` in prod waits for a second person
A-1 (K-1) asked by Mara, open until 03:44:07 UTC.
May approve: Ines, Sam; Ola, as secondary, from 03:19:07 UTC.
In a terminal: `opsbot approve A-1`.
Rule: restore-tier-1. Everything stays as it is until then.\
""")
    assert status.as_text() == snapshot("""\
1 active kill in prod
K-1 `support-copilot` · stop · since 03:14:07 UTC by Mara · 0/1 confirmed · restore A-1 waits until 03:44:07 UTC
`support-copilot`: K-1 stop · 1/1 instances alive
`contract-summariser`: live · no instance runs it\
""")
    assert refused.as_text() == snapshot("""\
Nothing was restored in prod: A-1 refused by Sam
Asked by Mara.\
""")
    assert restored.as_text() == snapshot("""\
K-1 ended, but other kills still hold: `support-copilot` in prod, not confirmed by all
0/1 instances confirmed
Still stopped or silent: `pod-1`
K-1 ended by Sam, asked by Mara.
Still held by K-2: `support-copilot`, tenant `acme`, canned\
""")


async def test_refusals_name_the_environment_they_speak_of(world: World) -> None:
    with pytest.raises(UnknownWorkflow) as refused:
        await world.bot.status("x" * 10_000, MARA)

    said = of_error(refused.value)

    assert len(said.title) <= 900
    assert said.lines[-1] == "Environment: prod."


def test_doubt_about_the_store_is_never_an_answer() -> None:
    lost = of_error(StoreLost("It is not known whether it is stored.", hint="Look."))

    assert (lost.tone, lost.body["stored"], lost.exit_code) == ("red", None, 1)


async def test_a_kill_of_one_tenant_is_undone_by_its_id(world: World) -> None:
    said = await world.bot.kill(KillRequest(COPILOT, tenant="acme"), MARA, request_id="1")

    assert "Undo: `opsbot restore K-1`" in said.as_text()


async def test_dead_letters_show_in_status(world: World) -> None:
    await world.bot.kill(KillRequest(COPILOT), MARA, request_id="1")
    (delivery,) = [
        one for name in world.server.items if (one := world.delivery(name)).effect.kind == "card"
    ]
    await world.outbox.dead(delivery, reason="channel_not_found")

    said = await world.bot.status(None, MARA)

    assert any(
        line.endswith(" the Slack card of K-1 failed: channel_not_found") for line in said.lines
    )


async def test_a_fallback_that_some_cannot_do_begins_with_what_is_true_for_all(
    world: World,
) -> None:
    pods = [world.instance("pod-1"), world.instance("pod-2")]
    pods[1].registration = pods[1].registration.replace('"fallback", ', "")
    pods[1].check_in()

    await world.bot.kill(KillRequest(COPILOT, mode="fallback"), MARA, request_id="1")
    for pod in pods:
        pod.follow()
    said = await world.bot.kill(KillRequest(COPILOT, mode="fallback"), MARA, request_id="2")

    assert said.title == "Usual model blocked for `support-copilot` in prod"
    assert "`pod-2` can't do fallback: stopped there instead" in said.lines
