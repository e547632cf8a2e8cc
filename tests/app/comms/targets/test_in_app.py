"""The target `in-app`: approved words stand in the clients, for the kills of their incident and for no others."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest

from opsbot.app.comms.port import Post
from opsbot.app.comms.targets.in_app import PATIENCE_MS, InApp
from opsbot.app.incident.requests import OpenIncident
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.requests import KillRequest, RestoreRequest, Target
from opsbot.domain.actor import SCHEDULER
from opsbot.domain.change import Change, Position, Write
from opsbot.domain.comms.message import Message, Sent, as_record
from opsbot.domain.incident.incident import Incident
from opsbot.domain.incident.incident import as_record as incident_record
from opsbot.domain.state import INCIDENTS, MESSAGES, State
from opsflags import keys
from opsflags.evaluate import compile_view
from opsflags.model import MODES
from opsflags.records import kill_from_json, workflow_from_json
from tests.support.incident_life import COPILOT, company, opened, settle
from tests.support.world import MARA, World, workflow

WORDS = {"en": "It is off since 14:05 CET. Next word at 14:30 CET.", "de": "Seit 14:05 MEZ aus."}


@pytest.fixture(name="world")
async def _world() -> World:
    world = await company()
    await opened(world)
    return world


async def killed(world: World, mode: str = "canned", *, name: str = COPILOT) -> None:
    """Kill a workflow, which joins its incident."""
    request = KillRequest(Target("workflow", name), mode=mode, reason="wrong answers")
    await world.bot.kill(request, MARA, request_id=f"kill-{name}-{mode}")


async def told(world: World, message_id: str = "MSG-1", **changes: Any) -> Post:
    """Let a message of the incident be published, and return what goes to its target."""
    message = Message(
        id=message_id, uid=f"u{message_id}", at=Position(1, 1), incident="INC-1", template="t",
        digest="d", audience="users", situation="feature-off", stage="investigating",
        severity="SEV1", author="pia", via="slack", made_ms=0, headline="", texts={}, values="",
        sha="", targets=("in-app",), standing="published",
    )  # fmt: skip
    message = replace(message, **changes)

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change("t", SCHEDULER, (Write(MESSAGES, message.id, as_record(message)),)), None

    await world.store.commit(f"message-{message.id}", decide)
    return Post(
        key=message.uid, message=message.id, incident="i", audience="users", stage=message.stage,
        impact="critical", headline="", texts=WORDS, at_ms=world.clock.now_ms(),
    )  # fmt: skip


def read(world: World, locale: str | None = None, *, name: str = COPILOT) -> str | None:
    """Return what a user of a client reads, from what the store holds."""
    state = world.store.state
    record = json.loads(json.dumps(state.kind(keys.WORKFLOWS)[name]))
    kills = [json.loads(json.dumps(one)) for one in state.kind(keys.KILLS).values()]
    view = compile_view(
        name, workflow_from_json(name, record), [kill_from_json(one) for one in kills],
        modes=MODES, knowledge="live",
    )  # fmt: skip
    return view.decide().message_for(locale)


async def test_a_replica_that_comes_late_with_an_end_takes_no_newer_words_away(
    world: World,
) -> None:
    await killed(world)
    done = {"in-app": Sent("done")}
    late = await told(world, stage="resolved", sent=done)
    newer = await told(world, "MSG-2", sent={"in-app": Sent("due")})
    await InApp(world.env).publish(newer, attempt=1)

    await InApp(world.env).publish(late, attempt=1)

    assert read(world) == WORDS["en"]


async def test_users_read_what_was_published_in_their_language(world: World) -> None:
    await killed(world)
    instance = world.instance("pod-1")
    instance.follow()
    post = await told(world)

    with pytest.raises(RetryLater, match=r"0 of 1 instances show it, not shown by `pod-1`"):
        await InApp(world.env).publish(post, attempt=1)
    instance.follow()
    posted = await InApp(world.env).publish(post, attempt=2)

    assert (posted.confirmed, posted.expected, posted.detail) == (1, 1, "")
    assert (read(world), read(world, "de-AT"), read(world, "fr")) == (
        WORDS["en"], WORDS["de"], WORDS["en"],
    )  # fmt: skip


async def test_publishing_again_writes_nothing_a_second_time(world: World) -> None:
    await killed(world)
    world.instance("pod-1").follow()
    post = await told(world)
    with pytest.raises(RetryLater):
        await InApp(world.env).publish(post, attempt=1)
    before = world.store.state.position

    with pytest.raises(RetryLater):
        await InApp(world.env).publish(post, attempt=2)

    assert world.store.state.position == before


async def test_who_stays_away_is_named_and_never_counted(world: World) -> None:
    await killed(world)
    there, away = world.instance("pod-1"), world.instance("pod-2")
    there.follow()
    away.follow()
    post = await told(world)
    with pytest.raises(RetryLater):
        await InApp(world.env).publish(post, attempt=1)
    there.follow()
    world.clock.later(PATIENCE_MS / 1000)
    there.follow()

    posted = await InApp(world.env).publish(post, attempt=9)

    assert (posted.confirmed, posted.expected) == (1, 2)
    assert "`pod-2`" in posted.detail


async def test_another_incidents_kill_keeps_its_declared_text(world: World) -> None:
    await killed(world)
    await world.bot.restore(RestoreRequest(Target("kill", "K-1")), MARA, request_id="back")
    post = await told(world)
    await _shown(world, post)

    await killed(world, name="coding-agent")

    assert read(world, name="coding-agent") != WORDS["en"]


async def test_a_kill_that_joins_later_says_what_was_published_before(world: World) -> None:
    post = await told(world)
    await _shown(world, post)
    assert read(world) is None

    await killed(world, "stop")

    assert read(world) == WORDS["en"]


async def test_the_word_that_it_is_over_takes_the_notice_away(world: World) -> None:
    await killed(world)
    await _shown(world, await told(world))

    await _shown(world, await told(world, "MSG-2", stage="resolved"))

    assert read(world) == world.store.state.workflows()[COPILOT].canned


async def test_a_feature_that_stays_off_goes_on_saying_so(world: World) -> None:
    await killed(world)
    await _shown(world, await told(world))

    await _shown(world, await told(world, "MSG-2", stage="resolved", stays_off=True))

    assert read(world) == WORDS["en"]


async def test_a_change_of_files_takes_no_published_word_away(world: World) -> None:
    await killed(world)
    await _shown(world, await told(world))

    await world.declare(workflow(COPILOT, tier=1, canned="Another text of the file."))

    assert read(world) == WORDS["en"]


async def test_nobody_reads_it_while_nothing_is_killed_and_it_says_so(world: World) -> None:
    instance = world.instance("pod-1")
    post = await told(world)
    with pytest.raises(RetryLater):
        await InApp(world.env).publish(post, attempt=1)
    instance.follow()

    posted = await InApp(world.env).publish(post, attempt=2)

    assert posted.detail == "no kill of INC-1 holds, so nobody reads it until one does"


async def test_an_incident_without_a_workflow_has_no_clients_to_tell(world: World) -> None:
    post = await told(world)
    gone = replace(world.store.state.incident("INC-1"), workflows=("gone",))

    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change("t", SCHEDULER, (Write(INCIDENTS, "INC-1", incident_record(gone)),)), None

    await world.store.commit("gone", decide)

    with pytest.raises(GiveUp, match="names no declared workflow"):
        await InApp(world.env).publish(post, attempt=1)


async def _shown(world: World, post: Post) -> None:
    """Publish, with nobody there to confirm it."""
    with contextlib.suppress(RetryLater):
        await InApp(world.env).publish(post, attempt=1)


async def _other(world: World) -> None:
    """Open another incident on the same workflow, which no kill is of."""
    request = OpenIncident("too slow", workflow=COPILOT, severity="SEV3", anyway=True)
    await world.bot.incidents.open(request, MARA, request_id="open-2")
    await settle(world)
    await _changed(world, replace(world.store.state.incident("INC-2"), kills=()))


async def _second(world: World, message: str = "MSG-2", **changes: Any) -> Post:
    post = await told(world, message, incident="INC-2", order=2, **changes)
    return replace(post, texts={"en": "Answers take longer."})


async def test_words_that_nobody_reads_never_take_the_place_of_those_that_somebody_does(
    world: World,
) -> None:
    await killed(world)
    await _shown(world, await told(world))
    await _other(world)

    await _shown(world, await _second(world))

    assert read(world) == WORDS["en"]


async def test_what_another_incident_says_comes_back_when_the_newer_words_go(world: World) -> None:
    await _other(world)
    await killed(world)
    await _joins(world, "INC-1", "INC-2")
    await _shown(world, await told(world))
    await _shown(world, await _second(world))
    assert read(world) == "Answers take longer."

    await _shown(world, await _second(world, "MSG-3", stage="resolved"))

    assert read(world) == WORDS["en"]


async def test_a_kill_that_joins_two_incidents_is_said_by_the_newer_and_kept_for_the_older(
    world: World,
) -> None:
    await _other(world)
    await _shown(world, await told(world))
    await _shown(world, await _second(world))

    await killed(world)
    assert read(world) == "Answers take longer."
    await _shown(world, await _second(world, "MSG-3", stage="resolved"))

    assert read(world) == WORDS["en"]


async def test_words_that_were_erased_meanwhile_do_not_come_back(world: World) -> None:
    await _other(world)
    await killed(world)
    await _joins(world, "INC-1", "INC-2")
    await _shown(world, await told(world, texts={"en": "a commitment of which no text is kept"}))
    await _shown(world, await _second(world))

    await _shown(world, await _second(world, "MSG-3", stage="resolved"))

    assert read(world) == world.store.state.workflows()[COPILOT].canned


async def test_it_is_taken_away_also_where_the_incident_names_that_workflow_no_more(
    world: World,
) -> None:
    await killed(world)
    await _shown(world, await told(world))
    await _changed(world, replace(world.store.state.incident("INC-1"), workflows=("coding-agent",)))

    await _shown(world, await told(world, "MSG-2", stage="resolved"))

    assert read(world) == world.store.state.workflows()[COPILOT].canned


async def test_a_language_that_is_declared_no_more_keeps_no_approved_word_back(
    world: World,
) -> None:
    await killed(world)
    post = replace(await told(world), texts={"de": "Seit 14:05 MEZ aus."})

    await _shown(world, post)

    assert read(world, "de") == "Seit 14:05 MEZ aus."


async def _joins(world: World, *names: str) -> None:
    """Let the kill be of these incidents."""
    for name in names:
        await _changed(world, replace(world.store.state.incident(name), kills=("K-1",)))


async def _changed(world: World, one: Incident) -> None:
    def decide(state: State, now_ms: int) -> tuple[Change, None]:
        return Change("t", SCHEDULER, (Write(INCIDENTS, one.id, incident_record(one)),)), None

    await world.store.commit(f"changed-{one.id}-{world.store.state.position.revision}", decide)
