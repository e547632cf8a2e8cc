"""Each journal entry as a sentence: who, what, to what; nothing rounded up, nobody's words made live."""

import re
from pathlib import Path

import pytest

import opsbot.app
from opsbot.app.environment import policy_of
from opsbot.app.incident.requests import (
    EditIncident,
    MoveIncident,
    OpenIncident,
    RetryStep,
    RoleOrder,
    Which,
)
from opsbot.app.ports import GiveUp
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.app.timeline.words import _VERBS, commitments, sentence
from opsbot.domain import journal
from opsbot.domain.actor import RAMP, Actor
from opsbot.domain.change import Change, Json, Write
from opsbot.domain.incident.incident import Action, Pager, Room, as_record
from opsbot.domain.incident.times import Times
from opsbot.domain.state import INCIDENTS, State
from tests.support.incidents import incident
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT = "support-copilot"
THIS = Target("workflow", COPILOT)


@pytest.fixture(name="world")
async def _world() -> World:
    world = World()
    await world.declare(workflow(COPILOT, tier=1))
    return world


async def tale(world: World, incident: str = "") -> list[str]:
    """Return the sentence of every entry that has one."""
    state, told = State(), []
    policy = policy_of(world.store.state)
    for index, line in enumerate(world.server.lines):
        entry = journal.read_entry(line, index=index)
        wanted = commitments(entry)
        words = dict(zip(wanted, await world.env.unsealed(*wanted), strict=True))
        told.append(sentence(entry, state.records, policy, words, incident=incident))
        state = journal.follow(state, entry)
    return [one for one in told if one]


async def settle(world: World, *, rounds: int = 4) -> None:
    """Work until the outbox rests."""
    for _ in range(rounds):
        await world.work()
        world.clock.later(1.1)
        await world.outbox.fire_timers()


async def test_a_kill_and_its_restore_are_told_from_beginning_to_end(world: World) -> None:
    pod = world.instance("pod-1", probe="http://pod-1/probe")
    await world.bot.kill(KillRequest(THIS, reason="wrong refunds"), MARA, request_id="1")
    await world.bot.kill(KillRequest(THIS, reason="seen here too"), SAM, request_id="2")
    pod.follow()
    await settle(world)
    await world.bot.restore(RestoreRequest(THIS, reason="fixed"), MARA, request_id="3")
    await world.bot.restore(RestoreRequest(THIS), INES, request_id="4")

    told = await tale(world)

    assert told[0] == "Mara killed `support-copilot` (`stop`, K-1): wrong refunds"
    assert told[1] == "Sam killed the same: K-1: seen here too"
    assert re.fullmatch(
        r"K-1 was confirmed by 1 instance, [0-9.]+ m?s after the command\.", told[2]
    )
    assert told[3] == "K-1 was proved: 1 of 1 probes were refused as they should be."
    assert told[4].startswith("Mara asked to restore K-1 (A-1); ")
    assert told[5] == "Ines restored K-1 (A-1, asked for by Mara)."


async def test_what_was_not_proved_is_not_told_as_proved(world: World) -> None:
    pod = world.instance("pod-1")
    await world.bot.kill(KillRequest(THIS), MARA, request_id="1")
    pod.follow()
    await settle(world)

    assert (await tale(world))[-1] == "K-1 could not be proved: there was no point to ask."


async def test_an_incident_is_told_with_everything_that_changed(world: World) -> None:
    verbs = world.bot.incidents
    asked = OpenIncident("wrong refunds", workflow=COPILOT, severity="SEV2")
    await verbs.open(asked, MARA, request_id="0")
    await verbs.role(RoleOrder(Which(), "commander", "offer", "ines"), MARA, request_id="1")
    await verbs.role(RoleOrder(Which(), "commander", "decline"), INES, request_id="2")
    await verbs.role(RoleOrder(Which(), "responder", "take"), SAM, request_id="3")
    edit = EditIncident(
        Which(), severity="SEV1", type="tool_misuse", title="wrong sums", exposed=12, private=False
    )
    await verbs.edit(edit, MARA, request_id="4")
    await verbs.edit(EditIncident(Which(), update="we look"), MARA, request_id="5")
    await verbs.move(MoveIncident(Which(), "cancelled", reason="a test"), MARA, request_id="6")
    await verbs.move(MoveIncident(Which("INC-1"), "active"), MARA, request_id="7")

    edited = (
        "severity SEV2 → SEV1 (raised)",
        "type Not known yet → Tool misuse",
        "title is now “wrong sums”",
        "12 bad outcomes counted",
    )
    assert await tale(world, "INC-1") == [
        "Mara declared INC-1, SEV2 of `support-copilot`: wrong refunds.",
        "Mara: commander offered to Ines.",
        "Ines declined commander.",
        "Sam: Sam responds.",
        f"Mara: {'; '.join(edited)}.",
        "Mara: “we look”.",
        "Mara: INC-1 active → cancelled: a test.",
        "Mara: INC-1 cancelled → active.",
    ]
    assert await tale(world, "INC-9") == []


async def test_steps_outside_are_told_where_people_wait_for_them(world: World) -> None:
    world.rooms.break_("topic", GiveUp("the Slack app lacks a permission"))
    await world.bot.incidents.open(
        OpenIncident("x", workflow=COPILOT, severity="SEV1"), MARA, request_id="0"
    )
    await settle(world)
    await world.bot.incidents.retry(RetryStep(Which(), "topic"), MARA, request_id="1")

    told = await tale(world)

    assert "#inc-1-support-copilot was made." in told
    assert "The topic failed: the Slack app lacks a permission." in told
    assert told[-1] == "Mara had the topic done again."


async def test_the_end_of_its_channel_is_told(world: World) -> None:
    opening = OpenIncident("x", workflow=COPILOT, severity="SEV1")
    await world.bot.incidents.open(opening, MARA, request_id="0")
    await settle(world)
    over = MoveIncident(Which("INC-1"), "cancelled", "a test")
    await world.bot.incidents.move(over, MARA, request_id="1")
    world.clock.later(8 * 86_400)
    await settle(world)

    assert (await tale(world))[-1] == "#inc-1-support-copilot was archived."


async def test_a_kill_that_joins_an_incident_says_both(world: World) -> None:
    await world.bot.incidents.open(OpenIncident("x", workflow=COPILOT), MARA, request_id="0")
    await world.bot.kill(KillRequest(THIS, mode="stop"), MARA, request_id="1")

    assert (await tale(world, "INC-1"))[-1] == (
        "Mara killed `support-copilot` (`stop`, K-1). Mara: K-1 belongs to INC-1."
    )


async def test_free_text_is_one_harmless_line_and_erased_text_is_said_to_be(
    world: World,
) -> None:
    reason = "bad\n`<!channel>`\u202eevil"
    await world.bot.kill(KillRequest(THIS, reason=reason), MARA, request_id="1")
    (told,) = await tale(world)
    assert told.endswith(": bad \u02bc<!channel>\u02bc evil")

    await world.store.erase([world.store.state.kill("K-1").reason])

    (told,) = await tale(world)
    assert told.endswith(": (erased)")


CHANGES: list[tuple[dict[str, object], dict[str, object], str]] = [
    ({"severity": "SEV1"}, {"severity": "SEV3"}, "severity SEV1 → SEV3 (lowered)"),
    ({}, {"workflows": ("support-copilot", "wf")}, "hits `wf` too"),
    ({"private": False}, {"private": True}, "private from now on"),
    ({"private": True}, {"private": False}, "private no more"),
    ({"exposed": 3}, {"exposed": None}, "bad outcomes not counted"),
    ({"responders": ("sam",)}, {"responders": ()}, "Sam responds no more"),
    ({"times": Times(1)}, {"times": Times(1, started=1)}, "users hit since 00:00:00 UTC"),
    (
        {"times": Times(1, started=1)},
        {"times": Times(1)},
        "users hit at no known time any more",
    ),
    (
        {"pager": Pager("k")},
        {"pager": Pager("k", id="P1", number=7, status="triggered")},
        "PagerDuty #7 opened",
    ),
    (
        {"pager": Pager("k", id="P1", number=7, status="triggered")},
        {"pager": Pager("k", id="P1", number=7, status="acknowledged")},
        "PagerDuty #7 acknowledged",
    ),
    ({}, {"room": Room("C1", "inc-1", own=True)}, "channel #inc-1"),
    ({}, {"actions": (Action("ACT-1", "", owner="sam"),)}, "to do ACT-1 (Sam): "),
    (
        {"actions": (Action("ACT-1", ""),)},
        {"actions": (Action("ACT-1", "", done_ms=5),)},
        "ACT-1 done",
    ),
    (
        {},
        {"status": "duplicate", "duplicate_of": "INC-3"},
        "INC-1 active → a duplicate of INC-3",
    ),
]


@pytest.mark.parametrize(("before", "after", "said"), CHANGES)
async def test_every_difference_is_told(
    world: World, before: dict[str, object], after: dict[str, object], said: str
) -> None:
    old, new = incident("INC-1", **before), incident("INC-1", **{**before, **after})
    writes = (Write(INCIDENTS, "INC-1", as_record(new)),)
    line = journal.write_entry(State(), Change("incident_edit", MARA, writes), request="x", at_ms=1)
    records = {INCIDENTS: {"INC-1": as_record(old)}}

    told = sentence(journal.read_entry(line), records, policy_of(world.store.state), {})

    assert told == f"Mara: {said}."


async def test_a_stricter_kill_says_from_what_to_what(world: World) -> None:
    await world.bot.kill(KillRequest(THIS, mode="read_only"), MARA, request_id="1")
    await world.bot.kill(KillRequest(THIS, mode="stop"), SAM, request_id="2")

    assert (await tale(world))[-1] == "Sam made K-1 stricter: `read_only` → `stop`."


BY_MARA = Actor("slack", "U0ONCALL", "slack")
ROUTES: list[tuple[str, Actor, dict[str, Json], str]] = [
    ("set_route", BY_MARA, {"revision": "r2"}, "Mara stored r2 of `wf`; it serves nobody yet."),
    (
        "begin_ramp",
        BY_MARA,
        {"revision": "r2", "step": "canary"},
        "Mara began to roll out r2 of `wf`, at canary.",
    ),
    ("hold_ramp", RAMP, {"why": "pass rate 0.8"}, "opsbot held the ramp of `wf`: pass rate 0.8"),
    ("go_on_ramp", BY_MARA, {"revision": "r2"}, "Mara let r2 of `wf` go on."),
    ("cancel_ramp", BY_MARA, {"revision": "r2"}, "Mara gave up r2 of `wf`."),
    ("advance_ramp", RAMP, {"revision": "r2", "step": "half"}, "r2 of `wf` went on to half."),
    ("take_back_ramp", RAMP, {"revision": "r2", "why": "red"}, "r2 of `wf` was taken back: red"),
    ("good_route", RAMP, {"revision": "r2", "why": ""}, "r2 of `wf` is the last good revision."),
    ("stuck_route", RAMP, {"why": "r1 is barred"}, "`wf` could not go back: r1 is barred"),
    (
        "route_paged",
        RAMP,
        {"revision": "r2", "page": 7},
        "Who is on call for `wf` was called because of r2: PagerDuty #7 is about it.",
    ),
    (
        "route_paged",
        RAMP,
        {"revision": "r2", "page": None},
        "Who is on call for `wf` was called because of r2: an alert was raised.",
    ),
    (
        "pager_over",
        RAMP,
        {"revision": "r2", "why": "r1 serves everybody"},
        "The page about r2 of `wf` was resolved: r1 serves everybody",
    ),
    (
        "pager_over",
        RAMP,
        {"approval": "A-1", "why": "A-1 is over: approved by Ola"},
        "The page about A-1 was resolved: A-1 is over: approved by Ola",
    ),
    (
        "pager_called",
        RAMP,
        {"approval": "A-1", "page": 7, "called": ["ola", "mara"]},
        "Ola and Mara were called as approver of A-1 (PagerDuty #7).",
    ),
    ("route_confirmed", RAMP, {}, "Every instance confirmed the route of `wf`."),
    (
        "rollback",
        BY_MARA,
        {"revision": "r3", "back_to": "r1", "from": "r2"},
        "Mara rolled `wf` back from r2 to r1 (as r3).",
    ),
    (
        "rollback",
        RAMP,
        {"revision": "r3", "back_to": "r1", "from": "r2", "why": "pass rate 0.8"},
        "`wf` was rolled back from r2 to r1 (as r3): pass rate 0.8",
    ),
]


@pytest.mark.parametrize(("verb", "actor", "facts", "said"), ROUTES)
async def test_routes_are_told(
    world: World, verb: str, actor: Actor, facts: dict[str, Json], said: str
) -> None:
    change = Change(verb, actor, facts={"workflow": "wf", **facts})
    line = journal.write_entry(State(), change, request="x", at_ms=1)

    told = sentence(journal.read_entry(line), {}, policy_of(world.store.state), {})

    assert told == said


@pytest.mark.parametrize("verb", sorted(_VERBS))
async def test_an_entry_that_holds_less_than_expected_is_no_error(world: World, verb: str) -> None:
    line = journal.write_entry(State(), Change(verb, MARA), request="x", at_ms=1)

    told = sentence(journal.read_entry(line), {}, policy_of(world.store.state), {})

    assert "None" not in told


UNTOLD = {
    "declare",
    "emergency_unreadable",
    "prune",
    "record_eval",
    "resume",
    "retry",
    "stand_in_policy",
}
"""What concerns no incident, or says nothing to people."""


def test_every_verb_has_a_sentence_or_is_known_to_have_none() -> None:
    written = re.compile(r"(?<![\w(])verb=\"(\w+)\"")
    judged = re.compile(r"(?:Request|judge|_judge|replace)\([^()]*verb=\"(\w+)\"")
    found: set[str] = set()
    for file in Path(opsbot.app.__path__[0]).glob("*.py"):
        text = file.read_text()
        found |= set(written.findall(judged.sub("", text)))

    asked = {"kill", "restore", "approve", "show", "route", "rollback", "incident", "publish"}
    told = ("incident_", "pager_")  # by what they change of the record
    unknown = {v for v in found - asked - UNTOLD - set(_VERBS) if not v.startswith(told)}
    assert not unknown
