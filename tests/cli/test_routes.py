"""`opsbot route` and `opsbot rollback`: the grammar's words, bodies for machines, exit codes."""

import pytest

from opsbot.app.requests import RollbackRequest, RouteEdit, StageRequest
from opsbot.cli.routes import edit_body, rollback_body, stage_body
from opsbot.domain.route import Number, Target
from opsbot.web.route_bodies import RollbackBody, RouteBody, StageBody
from tests.cli.conftest import Terminal
from tests.support.routes import COPILOT, GATE, SUMMARISER, begun, once_served, staged, stored
from tests.support.world import INES


@pytest.fixture(name="lead")
async def _lead(terminal: Terminal) -> Terminal:
    await terminal.door.world.declare(staged())
    return terminal


async def test_a_route_is_set_with_the_words_of_slack(lead: Terminal) -> None:
    ran = await lead.run(
        "route", SUMMARISER, "set", "model:openai/gpt-5-mini", "prompt:support-copilot@42",
        "param:temperature=0.1", "half", "the", "price", "--as", "ines",
    )  # fmt: skip

    made = lead.door.world.store.state.revision(SUMMARISER, Number(2))
    assert ran.code == 0
    assert "Stored as r2 for `summariser` in prod; it serves nobody yet" in ran.out
    assert "half the price" in ran.out
    assert (made.route.prompt, made.route.params) == ("support-copilot@42", {"temperature": 0.1})


async def test_options_with_dashes_are_the_grammars_words_here_too(lead: Terminal) -> None:
    ran = await lead.run(
        "route", SUMMARISER, "set", "--model", "openai/gpt-5-mini", "\u2014from", "r1", "--as",
        "ines", "--json",
    )  # fmt: skip

    assert (ran.code, ran.json["revision"], ran.json["outcome"]) == (0, "r2", "set")


async def test_looks_end_with_zero(lead: Terminal) -> None:
    await begun(lead.door.world)

    show = await lead.run("route", SUMMARISER, "--json")
    history = await lead.run("route", SUMMARISER, "history")
    diff = await lead.run("route", SUMMARISER, "diff", "r1", "r2")

    assert [ran.code for ran in (show, history, diff)] == [0, 0, 0]
    assert show.json["candidate"]["revision"] == "r2"
    assert "2 revisions of `summariser`" in history.out
    assert "openai/gpt-5.2 \u2192 openai/gpt-5-mini" in diff.out


async def test_what_the_fleet_has_not_confirmed_ends_with_three(lead: Terminal) -> None:
    hand = lead.door.world.instance("api-1", serves=(SUMMARISER,))
    await stored(lead.door.world)

    ran = await lead.run("route", SUMMARISER, "stage", "r2", "--as", "ines")
    hand.follow()
    back = await lead.run("rollback", SUMMARISER, "to", "r1", "--json")

    assert (ran.code, back.code) == (3, 3)
    assert "not confirmed by all yet" in ran.out
    assert (back.json["outcome"], back.json["active"]) == ("rolled_back", "r3")


async def test_a_ramp_that_waits_ends_with_one_and_is_approved_by_its_id(lead: Terminal) -> None:
    await stored(lead.door.world, COPILOT)
    await lead.door.world.bot.stage(
        StageRequest(COPILOT, "begin", reason="cheaper"), INES, request_id="ask"
    )

    again = await lead.run("route", COPILOT, "stage", "r2", "--as", "ines")
    own = await lead.run("approve", "A-1", "--as", "ines")
    refused = await lead.run("approve", "A-1", "refuse", "not", "today", "--as", "ines")

    assert again.code == 1
    assert "Already asked: r2" in again.out
    assert "`opsbot approve A-1`" in again.out
    assert own.code == 1
    assert "Who asked cannot approve" in own.err
    assert refused.code == 0
    assert "Nothing was changed: r2 of `support-copilot` in prod was refused" in refused.out
    assert lead.door.world.store.state.approval("A-1").standing == "refused"


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (("route",), 2, "Name a workflow"),
        (("route", SUMMARISER, "set"), 2, "Say what changes"),
        (("route", SUMMARISER, "set", "modle:a/b"), 2, "Did you mean `model:`?"),
        (("route", SUMMARISER, "histroy"), 2, "Did you mean `history`?"),
        (("route", SUMMARISER, "stage", "r0"), 2, "is not a revision"),
        (("route", SUMMARISER, "stage", "hold", "--as", "ines"), 1, "No ramp runs"),
        (("route", SUMMARISER, "set", "prompt:p@9"), 1, "does not allow `route`"),
        (("route", "sumariser"), 1, "Did you mean `summariser`?"),
        (("rollback",), 2, "Name a workflow"),
        (("rollback", SUMMARISER, "r3"), 2, "Did you mean `to r3`?"),
        (("rollback", SUMMARISER, "to", "r99999999999"), 1, "no revision r99999999999"),
        (("rollback", SUMMARISER, "to", "r-1"), 2, "is not a revision"),
    ],
)
async def test_what_is_wrong_is_said_on_standard_error(
    lead: Terminal, argv: tuple[str, ...], code: int, word: str
) -> None:
    before = tuple(lead.door.world.server.lines)

    ran = await lead.run(*argv)

    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert "Traceback" not in ran.err
    assert tuple(lead.door.world.server.lines) == before


async def test_evidence_that_does_not_pass_needs_the_word(lead: Terminal) -> None:
    await lead.door.world.declare(staged(extra={"gates": [GATE]}))
    await stored(lead.door.world)
    await once_served(lead.door.world)

    refused = await lead.run("rollback", SUMMARISER, "to", "r2", "--json")
    done = await lead.run("rollback", SUMMARISER, "to", "r2", "break-glass", "the old one lies")

    assert (refused.code, refused.json["code"]) == (1, "needs_break_glass")
    assert done.code == 3
    assert "the old one lies" in done.out


@pytest.mark.parametrize(
    "edit",
    [
        RouteEdit("w", targets=(Target("a", "b", 70), Target("c", "d", 30)), strategy="weighted"),
        RouteEdit("w", fallbacks=(), prompt="", tools="", base=Number(3), note="words"),
        RouteEdit("w", params={"a": 1, "b": True, "c": 0.5, "d": "x", "e": None}),
    ],
)
def test_an_edit_arrives_as_it_was_typed(edit: RouteEdit) -> None:
    assert RouteBody.model_validate(edit_body(edit)).request("w") == edit


def test_stages_and_rollbacks_arrive_as_they_were_typed() -> None:
    stages = (
        StageRequest("w", "begin", Number(4), "why"),
        StageRequest("w", "hold"),
        StageRequest("w", "go_on", Number(4)),
        StageRequest("w", "cancel", reason="no"),
    )
    backs = (RollbackRequest("w"), RollbackRequest("w", Number(3), break_glass=True, reason="why"))

    assert tuple(StageBody.model_validate(stage_body(s)).request("w") for s in stages) == stages
    assert tuple(RollbackBody.model_validate(rollback_body(b)).request("w") for b in backs) == backs


async def test_hints_are_a_terminals_own_words(lead: Terminal) -> None:
    killed = await lead.run("kill", SUMMARISER, "wrong", "answers")
    refused = await lead.run("route", SUMMARISER, "stage", "hold", "--as", "ines")
    machine = await lead.run("route", SUMMARISER, "stage", "hold", "--as", "ines", "--json")

    assert f"Undo: `opsbot restore {SUMMARISER}`" in killed.out
    begins = f"`opsbot route {SUMMARISER} set …` stores a new revision, for a ramp to begin with."
    assert begins in refused.err
    assert machine.json["hint"] == begins
    for ran in (killed, refused, machine):
        assert "/ai-" not in f"{ran.out}{ran.err}"


async def test_help_explains_every_word_and_gives_examples(lead: Terminal) -> None:
    ran = await lead.run("route", "--help")

    lines = [line.split("  ") for line in ran.out.splitlines()]
    told = {line[1]: line[-1].strip() for line in lines if len(line) > 2 and line[0] == ""}
    assert ran.code == 0
    assert told["picture --out FILE.png"].startswith("write the picture of its evaluations")
    assert "serves nobody yet" in told["set \u2026"]
    assert "begin from this revision" in told["from:r3"]
    assert "  opsbot route support-copilot stage r4" in ran.out.splitlines()
