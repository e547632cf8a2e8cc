"""What the wording check knows of a company: its models under every name, its hosts and workflows, its people."""

from opsbot.app.comms.wording.known import known_of
from opsbot.domain.model_book import Model, ModelBook, as_record
from opsbot.domain.state import SETTINGS, State
from opsbot.domain.workflow import Probe
from tests.support.comms import declare_comms, telling
from tests.support.world import World, workflow


async def test_models_are_known_by_every_name_with_their_providers() -> None:
    one = await telling()
    book = ModelBook({"acme/large-1": Model("acme/large-1", ("other/large-1-2026",))})
    records = dict(one.state.records)
    records[SETTINGS] = {**records[SETTINGS], "models": as_record(book)}

    known = known_of(State(records=records))

    assert {"acme/large-1", "large-1", "large-1-2026", "gpt-5.2"} <= known.models
    assert {"acme", "other", "openai", "anthropic"} <= known.providers


async def test_hosts_of_probes_and_workflows_are_internal_and_public_names_are_not() -> None:
    world = World()
    probe = Probe("http", "https://probe.prod.example.net/x")
    await world.declare(workflow("ab-search", probes=(probe,)), workflow("search"))
    await declare_comms(world, public={"search": "search"})

    known = known_of(world.store.state)

    assert {"ab-search", "probe.prod.example.net"} <= known.internal
    assert "search" not in known.internal


async def test_people_are_known_as_they_are_called() -> None:
    one = await telling()

    assert {"Mara", "Pia"} <= known_of(one.state).people


async def test_what_this_message_depends_on_is_passed_on() -> None:
    one = await telling()

    known = known_of(one.state, counted=True, next_ms=7)

    assert (known.counted, known.next_ms, known.last) == (True, 7, None)
