"""Kill, restore and approve from a terminal, through the real API."""

import asyncio

import pytest

from tests.cli.conftest import Terminal, serving
from tests.support.restores import ramp_of, stepped
from tests.support.store import free_port


async def test_a_kill_that_nobody_has_confirmed_ends_with_three(terminal: Terminal) -> None:
    ran = await terminal.run("kill", "summariser", "wrong", "answers")

    assert ran.code == 3
    assert "Model calls blocked for `summariser` in prod" in ran.out
    assert "no running instance" in ran.out
    assert terminal.door.world.store.state.kill("K-1").via == "cli"


async def test_a_confirmed_kill_ends_with_zero_and_speaks_json(terminal: Terminal) -> None:
    hand = terminal.door.world.instance("api-1", serves=("summariser",))
    await terminal.run("kill", "summariser")
    hand.follow()

    ran = await terminal.run("kill", "summariser", "--json")

    assert ran.code == 0
    assert ran.json["kill"] == "K-1"
    assert ran.json["instances"]["confirmed"] == 1
    assert ran.json["stored"] is True


async def test_what_a_phone_types_is_understood(terminal: Terminal) -> None:
    ran = await terminal.run(
        "kill", "Summariser", "mode:“no_tools”", "—break-glass", "it\u2019s bad"
    )

    assert terminal.door.world.store.state.kill("K-1").mode == "no_tools"
    assert ran.code == 3


async def test_options_with_dashes_are_the_grammars_words(terminal: Terminal) -> None:
    await terminal.run("kill", "summariser", "--tenant", "acme", "--mode", "read_only", "leak")

    kill = terminal.door.world.store.state.kill("K-1")
    assert (kill.scope.tenant, kill.mode) == ("acme", "read_only")


async def test_a_mode_that_begins_the_reason_is_asked_about(terminal: Terminal) -> None:
    ran = await terminal.run("kill", "summariser", "canned", "answers", "are", "wrong")

    assert "Did you mean the mode?" in ran.out
    assert terminal.door.world.store.state.kill("K-1").mode == "stop"


async def test_everything_needs_yes_where_nobody_can_be_asked(terminal: Terminal) -> None:
    refused = await terminal.run("kill", "all", "--json")
    nothing = terminal.door.world.store.state.active_kills()
    done = await terminal.run("kill", "all", "--yes", "--json", "leaking")

    assert (refused.code, refused.json["code"]) == (1, "needs_confirmation")
    assert nothing == ()
    assert (done.code, done.json["scope"]) == (3, {})


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (("kill",), 2, "Name what to stop"),
        (("kill", "summariser", "--mdoe", "stop"), 2, "--mdoe; did you mean --mode?"),
        (("kill", "summariser", "wrong", "--bogus"), 2, "opsbot kill has no option --bogus"),
        (("kill", "summariser", "wrong", "--jsno"), 2, "--jsno; did you mean --json?"),
        (("kill", "summariser", "tenant:", "x"), 2, "`tenant:` needs a value right behind it"),
        (("approve", "A-4", "--refsue"), 2, "--refsue; did you mean --refuse?"),
        (("approve", "A-4", "no", "thanks"), 2, "Did you mean `refuse`? Nothing was changed."),
        (("rollback", "summariser", "bad", "--too", "r1"), 2, "--too; did you mean --to?"),
        (("route", "summariser", "stage", "r2", "--froce"), 2, "has no option --froce"),
        (("kill", "sumariser"), 1, "summariser"),
        (("kill", "summariser", "mode:banana"), 1, "banana"),
        (("restore",), 2, "Name a workflow or a kill"),
        (("restore", "summariser"), 1, "summariser"),
        (("restore", "K-99"), 1, "K-99"),
        (("approve", "yes"), 2, "approval"),
        (("approve", "A-9"), 1, "A-9"),
        (("retry", "7-7"), 1, "7-7"),
        (("retry", "7-7", "8-8"), 2, "undelivered"),
        (("kill", "summariser", "--as", "nobody"), 1, "ines, mara"),
        (("kill", "summariser", "--url"), 2, "--url needs a value"),
        (("kill", "summariser", "--url", "ftp://x"), 1, "http://"),
    ],
)
async def test_a_refusal_says_what_to_write_and_changes_nothing(
    terminal: Terminal, argv: tuple[str, ...], code: int, word: str
) -> None:
    ran = await terminal.run(*argv)

    assert ran.code == code
    assert word in ran.err
    assert ran.out == ""
    assert terminal.door.world.store.state.active_kills() == ()


async def test_a_restore_takes_two_people(terminal: Terminal) -> None:
    await terminal.run("kill", "support-copilot")

    asked = await terminal.run("restore", "support-copilot", "fixed", "--json")
    own = await terminal.run("approve", "A-1")
    done = await terminal.run("approve", "A-1", "--as", "ines")

    assert (asked.code, asked.json["pending"], asked.json["approval"]) == (1, True, "A-1")
    assert own.code == 1
    assert done.code == 3
    assert terminal.door.world.store.state.active_kills() == ()


async def test_a_restore_in_steps_is_held_and_let_go_on(terminal: Terminal) -> None:
    await terminal.door.world.declare(stepped())
    await terminal.run("kill", "support-copilot")
    early = await terminal.run("restore", "K-1", "hold", "music", "is", "fixed")
    await terminal.run("restore", "K-1", "fixed")
    await terminal.run("approve", "A-1", "--as", "ines")

    held = await terminal.run("restore", "K-1", "hold", "wrong", "tone")
    noted = ramp_of(terminal.door.world).held
    own = await terminal.run("restore", "K-1", "go-on")
    on = await terminal.run("restore", "K-1", "go-on", "--as", "ines", "--json")

    assert early.code == 1
    assert "K-1 is not being restored in steps; nothing was changed" in early.err
    assert "in quotes" in early.err
    assert (held.code, noted) == (0, "held by Mara")
    assert (own.code, on.code) == (1, 0)
    assert "asked for this restore" in own.err
    assert on.json["ramp"]["held"] is None


@pytest.mark.parametrize("words", [(), ("all",), ("the id",)])
async def test_what_is_undelivered_is_delivered_again(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    await terminal.run("kill", "summariser")
    world = terminal.door.world
    for name in list(world.server.items):
        delivery = world.delivery(name)
        if delivery.effect.kind == "card":
            await world.outbox.dead(delivery, reason="channel_not_found")
    (letter,) = world.server.dead
    status = await terminal.run("status")

    ran = await terminal.run("retry", *(letter if word == "the id" else word for word in words))

    assert f"`{letter}` the Slack card of K-1 failed: channel_not_found" in status.out
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Being delivered again in prod: 1 message")
    assert not world.server.dead


async def test_an_approval_can_be_refused(terminal: Terminal) -> None:
    await terminal.run("kill", "support-copilot")
    await terminal.run("restore", "support-copilot")

    await terminal.run("approve", "A-1", "refuse", "not yet", "--as", "ines")

    assert terminal.door.world.store.state.approval("A-1").standing == "refused"
    assert len(terminal.door.world.store.state.active_kills()) == 1


async def test_a_url_and_a_token_win_over_the_local_bot(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_URL", terminal.url + "/")
    monkeypatch.setenv("OPSBOT_TOKEN", "ines-token")

    await terminal.run("kill", "summariser")

    assert terminal.door.world.store.state.kill("K-1").actor == "ines"


async def test_a_wrong_token_is_refused(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_URL", terminal.url)
    monkeypatch.setenv("OPSBOT_TOKEN", "wrong")

    ran = await terminal.run("kill", "summariser", "--json")

    assert (ran.code, ran.json["code"]) == (1, "unauthenticated")


async def test_a_dead_bot_is_named_with_the_way_past_it(terminal: Terminal) -> None:
    ran = await terminal.run("kill", "summariser", "--url", f"http://127.0.0.1:{free_port()}")

    assert ran.code == 1
    assert "--redis" in ran.err


async def test_no_bot_at_all_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_STATE_DIR", str(terminal.state_dir / "empty"))

    ran = await terminal.run("kill", "summariser")

    assert ran.code == 1
    assert "No bot is known" in ran.err


async def test_a_lost_store_is_one_and_stored_is_null(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.door.lose_the_store()
    monkeypatch.setenv("OPSBOT_TOKEN", "mara-token")

    async with serving(terminal.door) as url:
        ran = await terminal.run("kill", "summariser", "--json", "--url", url)

    assert (ran.code, ran.json["stored"]) == (1, None)


async def test_a_bot_that_dies_with_the_request_in_hand_leaves_stored_unknown(
    terminal: Terminal,
) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.transport.abort()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    ran = await terminal.run("kill", "summariser", "--json", "--url", f"http://127.0.0.1:{port}")

    assert (ran.code, ran.json["code"], ran.json["stored"]) == (1, "store_lost", None)
