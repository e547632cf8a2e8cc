"""A review: a full incident as a stranger reads it, with what is not known said so."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from opsbot.app.exposure_sample import Sampler
from opsbot.app.incident.requests import (
    ActionItem,
    EditIncident,
    MoveIncident,
    OpenIncident,
    RoleOrder,
    TimelineNote,
    Which,
)
from opsbot.app.requests import KillRequest, Target
from opsbot.app.review.export import Export, ReviewForm, form_of
from opsbot.app.review.read import Reviews
from opsbot.app.room.place import card_key
from opsbot.domain.errors import IllegalMove, NeedsMoreWords, OpsbotError, UnknownIncident
from opsbot.domain.incident.times import Moment
from tests.support.incident_life import settle
from tests.support.world import INES, MARA, SAM, World, workflow

COPILOT = "support-copilot"
INC = Which("INC-1")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.declare(workflow(COPILOT, tier=1), workflow("coding-agent"))
    return made


def counting(world: World, **counts: int) -> None:
    """Let an instance check in with what it has counted of the workflow since it started."""
    at = world.store.state.position
    registration = {
        "s": 1,
        "instance": "pod-1",
        "service": "support-api",
        "host": "pod",
        "pid": 1,
        "client": "test",
        "workflows": {COPILOT: {"modes": ["stop"], "probe": None}},
    }
    kills = {one.uid: KILLED for one in world.store.state.active_kills()}
    ack = {"s": 1, "e": at.epoch, "r": at.revision, "x": at.revision, "kills": kills}
    said = json.dumps({**ack, "counts": {COPILOT: counts}})
    world.server.checkin("pod-1", json.dumps(registration), said, "support-api")


KILLED = {"let": 3, "refused": 9, "cut": 1, "no_tenant": 0}


async def sampled(world: World, **counts: int) -> None:
    """Let the instance say what it counted, and take a sample."""
    counting(world, **counts)
    await Sampler(world.env, world.outbox)()


async def minutes_before(world: World) -> None:
    """Serve and sample from ten minutes ago to now, to the second of the minute."""
    world.clock.later(-607)
    for nth in range(11):
        refused = max(nth - 1, 0)
        asked = 1_280 + 12 * nth
        await sampled(world, asked=asked, let=asked - refused, refused=refused)
        world.clock.later(60 if nth < 10 else 7)


async def through(world: World, title: str = "wrong refund answers") -> None:
    """Go through a whole incident, from the kill to its end, with a sample when a minute begins."""
    ask = world.bot.incidents
    await minutes_before(world)
    counting(world, asked=1_404, let=1_392, refused=12, cut=0)
    kill = KillRequest(Target("workflow", COPILOT), "stop", reason="wrong refunds")
    await world.bot.kill(kill, MARA, request_id="k")
    counting(world, asked=1_412, let=1_395, refused=17, cut=1)
    await world.work("follow")
    world.clock.later(53)
    await sampled(world, asked=1_412, let=1_395, refused=17, cut=1)
    opened = OpenIncident(title, workflow=COPILOT, severity="SEV2", kill="K-1")
    await ask.open(opened, MARA, request_id="o")
    await settle(world)
    await ask.role(RoleOrder(INC, "commander", "take"), INES, request_id="r")
    world.clock.later(60)
    noted = TimelineNote(
        INC,
        "212 customers got refunds",
        at_ms=world.clock.now_ms() - 300_000,
        author="U0SUPPORT",
        place="C1:1.0",
        permalink="https://slack.test/p1",
        source="reaction",
    )
    await ask.note(noted, MARA, request_id="n")
    started: dict[Moment, int] = {"started": world.clock.now_ms() - 600_000}
    edit = EditIncident(
        INC,
        times=started,
        exposed=212,
        type="hallucination_harm",
        summary="A prompt promised refunds.",
    )
    await ask.edit(edit, SAM, request_id="e")
    gate = ActionItem(INC, "add a gate", "<@U0SUPPORT>", "2026-12-01")
    await ask.action(gate, INES, request_id="a")
    await ask.action(ActionItem(INC, "tell legal"), INES, request_id="b")
    await sampled(world, asked=1_440, let=1_395, refused=45, cut=1)
    world.clock.later(600)
    await sampled(world, asked=1_443, let=1_395, refused=48, cut=1)
    over = MoveIncident(INC, "resolved", "refunds are off", stays_off=True)
    await ask.move(over, INES, request_id="m")


async def text(world: World, form: ReviewForm = "md", actor: object = MARA) -> str:
    found = await Export(world.env).document(INC, form, actor)  # type: ignore[arg-type]  # each form by its word
    return found.data.decode()


GOLDEN = Path(__file__).with_name("golden.md")


async def test_a_stranger_reads_all_of_it(world: World) -> None:
    await through(world)

    assert await text(world) == GOLDEN.read_text(encoding="utf-8")


async def test_exposure_has_denominators_and_is_never_rounded(world: World) -> None:
    await through(world)

    review = await Reviews(world.env).of(world.store.state.incident("INC-1"))

    (kill,) = review.kills
    (frame,) = kill.frames
    assert (frame.let, frame.asked, frame.instances) == (1_392, 1_404, 1)
    (served,) = review.exposure.served
    assert served.counted is not None
    assert served.after is not None
    assert (served.counted.served, served.counted.asked, served.counted.edge) == (92, 108, 15)
    assert (served.after.served, served.after.asked, served.until) == (0, 31, "it was resolved")
    assert [(one.let, one.of, one.until) for one in kill.calls] == [
        (3, 12, "confirmed"),
        (3, 12, "now"),
    ]
    assert review.exposure.lasted_ms == review.exposure.contained_ms - review.exposure.onset_ms  # type: ignore[operator]  # both are known


async def test_what_nothing_says_is_not_known_and_is_flagged(world: World) -> None:
    await world.bot.incidents.open(OpenIncident("odd"), MARA, request_id="o")

    found = await text(world)
    said = await world.bot.incidents.export(INC, MARA)

    assert (
        "When users were first hit is not known; it was noticed at 2026-11-21 03:14:07 UTC."
        in found
    )
    assert (
        "How many responses were served in that time is not known: no workflow is named." in found
    )
    assert said.tone == "amber"
    assert said.lines[:6] == (
        "Nobody wrote a summary.",
        "Nobody said what kind of incident it is.",
        "No workflow is named.",
        "Nobody commanded it.",
        "Nobody counted bad outcomes.",
        "When users were first hit is not known.",
    )
    assert "Nothing was written down to be done after it." in said.lines


async def test_an_unconfirmed_kill_is_never_called_contained(world: World) -> None:
    world.instance("deaf")
    await world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k")
    await world.bot.incidents.open(OpenIncident("x", workflow=COPILOT), MARA, request_id="o")

    found = await text(world)

    assert "K-1 is not confirmed." in found
    assert "When it was contained is not known." in found
    assert "What K-1 let through and refused is not known: no counters were noted." in found
    assert "Nobody said why K-1 was killed." in found


async def test_the_machines_form_has_everything(world: World) -> None:
    await through(world)

    found = json.loads(await text(world, "json"))

    assert found["incident"] == "INC-1"
    assert found["severity"] == "SEV2"
    assert found["measures"]["resolve"] is not None
    assert found["measures"]["tell"] is None
    assert [one["id"] for one in found["todo"]] == ["ACT-1", "ACT-2"]
    (served,) = found["exposure"]["served"]
    assert served["workflow"] == COPILOT
    assert served["counted"]["instances"] == [1, 1]
    assert served["counted"]["to_ms"] - served["counted"]["from_ms"] == 540_800
    assert (served["after"]["served"], served["why"]) == (0, "")
    assert found["kills"][0]["calls"][0] == {"let": 3, "refused": 9, "until": "confirmed"}
    assert len(found["lines"]) == 11
    assert {one["who"] for one in found["decided"]} == {"Mara", "Ines", "Sam"}


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg><b onload=x>",
    "[click](javascript:alert(1)) ![x](http://x.test/y) **bold** <!channel>",
    "| a | b |",
    "&lt;script&gt; \u202e \u0000 ]]>",
)


class Tags(HTMLParser):
    """Collects tags and attributes, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_only_ever_text_in_the_page(world: World, words: str) -> None:
    await through(world, title=words)
    bad = TimelineNote(INC, words, permalink='javascript:alert(1)"', place="C1:9.9")
    await world.bot.incidents.note(bad, MARA, request_id="n9")
    await world.bot.incidents.edit(EditIncident(INC, summary=words), MARA, request_id="e9")

    page = await text(world, "html")
    seen = Tags()
    seen.feed(page)

    assert not seen.tags & {"script", "img", "b", "iframe", "object", "link"}
    assert not [one for one in seen.attributes if one.startswith("on")]
    assert set(seen.links) == {"https://slack.test/p1"}
    assert "default-src 'none'" in page


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_only_ever_text_in_markdown(world: World, words: str) -> None:
    await through(world, title=words)

    found = await text(world)
    head = found.split("\n", 1)[0]

    assert not re.search(r"(?<!\\)[<\[|*]", head.removeprefix("# INC-1: "))
    assert "](javascript" not in found.replace("\\]", "")


async def test_the_page_fits_day_night_paper_and_needs_nothing_else(world: World) -> None:
    await through(world)

    page = await text(world, "html")

    assert page.startswith("<!doctype html>")
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "<svg" in page
    assert not re.search(r"""(src|href)=["'](?!https://slack\.test/p1)""", page)


@pytest.mark.parametrize("form", ["md", "html", "json", "svg"])
async def test_a_private_one_is_in_no_form_for_others(world: World, form: ReviewForm) -> None:
    private = OpenIncident("leaked addresses", workflow=COPILOT, private=True)
    await world.bot.incidents.open(private, MARA, request_id="o")
    ask = world.bot.incidents

    with pytest.raises(UnknownIncident):
        await ask.document(INC, form, SAM)
    for one in (ask.export(INC, SAM), ask.share(INC, SAM, request_id="s")):
        with pytest.raises(OpsbotError) as no:
            await one
        assert "leaked" not in f"{no.value.message}{no.value.hint}"
    assert b"leaked" in (await ask.document(INC, form, INES)).data


async def test_it_goes_into_the_thread_of_the_card_once(world: World) -> None:
    await through(world)

    said = await world.bot.incidents.share(INC, MARA, request_id="s")
    await world.bot.incidents.share(INC, MARA, request_id="s")
    done = await world.work("incident_export")

    assert "follow in the thread" in said.lines[0]
    assert done == ["incident_export"]
    ((thread, file, _),) = world.slack.shared
    ((place, picture, _),) = world.slack.shown
    assert thread == place == await world.outbox.left(card_key(world.store.state.incident("INC-1")))
    assert file.name == "INC-1-review.md"
    assert picture.alt.startswith("Timeline of INC-1 in prod: SEV2, wrong refund answers.")
    assert world.charts.timelines[0].over


async def test_a_picture_that_slack_is_slow_to_show_brings_no_second_file(world: World) -> None:
    await through(world)
    world.slack.slow_pictures = 1
    await world.bot.incidents.share(INC, MARA, request_id="s")

    await world.work("incident_export")
    world.clock.later(120)
    await settle(world)

    assert len(world.slack.shared) == 1
    assert len(world.slack.shown) == 2


async def test_without_slack_it_is_refused_with_the_way(world: World) -> None:
    await through(world)

    with pytest.raises(IllegalMove) as no:
        await Export(world.env).share(INC, MARA, request_id="s")

    assert "incident export INC-1" in no.value.hint


def test_a_form_is_called_by_its_name() -> None:
    assert [form_of(one) for one in ("MD", "markdown", "html", "json")] == [
        "md",
        "md",
        "html",
        "json",
    ]
    with pytest.raises(NeedsMoreWords):
        form_of("docx")
