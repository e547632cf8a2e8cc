"""
The export as CACAO 2.0: stable ids, whole chains, people's commands; and the published schema.

Set OPSBOT_CACAO_SCHEMAS to the folder `schemas` of github.com/oasis-open/cacao-json-schemas.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from referencing import Registry, Resource

from opsbot.adapters.runbooks.files import load
from opsbot.app.cacao.playbook import cacao
from opsbot.app.runs.filled import filled
from opsbot.domain.errors import Refused
from opsbot.domain.prose import words
from opsbot.domain.runbook import Decision, Option, Phase, Runbook, Step
from tests.support.paper import STEPS, runbook
from tests.support.replica import ROOT

VARIABLE = "OPSBOT_CACAO_SCHEMAS"
HOME = "https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/"

Json = dict[str, Any]


def export(book: Runbook) -> Json:
    """Return the document as whoever reads it gets it."""
    return cast("Json", json.loads(json.dumps(cacao(book))))


def named(document: Json, kind: str) -> dict[str, Json]:
    """Return the nodes of one kind by their name."""
    nodes = document["workflow"].values()
    return {one.get("name", one.get("condition", "")): one for one in nodes if one["type"] == kind}


def walked(document: Json, answers: Mapping[str, int]) -> list[str]:
    """
    Walk a playbook as an orchestrator does and return the names of its actions.

    *answers* are the numbers that people set, by the name of the action that asks for them.
    """
    nodes, at, seen = document["workflow"], {"ops": 0, "comms": 0}, []

    def follow(name: str) -> None:
        node = nodes[name]
        if node["type"] == "end":
            return
        if node["type"] in ("action", "playbook-action"):
            seen.append(node["name"])
            if node["name"] in answers:
                lane = node["out_args"][0].strip("_").partition("_")[0]
                at[lane] = answers[node["name"]]
        for inside in node.get("next_steps", ()):
            follow(inside)
        if node["type"] == "if-condition" and holds(node["condition"]):
            follow(node["on_true"])
        follow(node["on_completion"])

    def holds(condition: str) -> bool:
        name, _, number = condition.partition(":value <= ")
        return bool(number) and at[name.strip("_").partition("_")[0]] <= int(number)

    follow(document["workflow_start"])
    return seen


def _many() -> list[Runbook]:
    """Return runbooks of every shape: with nothing, with one of everything, with odd words."""
    book = runbook()
    odd = Step("s", 'Tick \u202e "it"\n', 1, 2, boxes=(), expect=words("\x00"))
    other = Decision(words("?"), (Option("a", "tell-users"), Option("b", "nowhere")))
    asks = replace(STEPS[0], decide=other)
    bare = Runbook(
        "imported/x", "X", "0" * 64, "", imported=True, phases=(Phase("p", "P", 1, steps=(odd,)),)
    )
    return [
        book,
        bare,
        replace(book, phases=(Phase("p", "P", 1, steps=(asks, *STEPS[4:])),)),
        replace(book, reviewed="", severity=None, incident_types=(), params=(), source=""),
    ]


def _shipped() -> list[Runbook]:
    """Return every runbook of this repository that has steps."""
    return [one for one in load(ROOT / "runbooks").runbooks.values() if one.steps]


def filled_in(book: Runbook) -> Runbook:
    """Return it with its names as CACAO calls them."""
    return filled(book, {one.name: f"__{one.name}__:value" for one in book.params})


def test_the_same_runbook_gives_the_same_document() -> None:
    assert json.dumps(cacao(runbook())) == json.dumps(cacao(runbook()))


def test_ids_stay_when_words_and_places_change() -> None:
    book = runbook()
    other = replace(book, title="Other", digest="f" * 64, phases=tuple(reversed(book.phases)))

    before, after = export(book), export(other)

    assert before["id"] == after["id"]
    kept = ("action--", "start--", "parallel--")
    for kind in kept:
        assert {n for n in before["workflow"] if n.startswith(kind)} == {
            n for n in after["workflow"] if n.startswith(kind)
        }


def test_it_says_of_whom_it_is_and_what_it_is_for() -> None:
    found = export(runbook())

    assert (found["type"], found["spec_version"]) == ("playbook", "cacao-2.0")
    assert found["created"] == found["modified"] == "2026-11-01T00:00:00.000Z"
    assert found["playbook_types"] == ["investigation", "mitigation", "notification", "remediation"]
    assert found["labels"] == ["hallucination_harm"]
    assert found["severity"] == 70
    assert found["external_references"] == [
        {"name": "runbooks/wrong-answers.md", "external_id": f"sha256:{runbook().digest}"}
    ]


def test_what_it_asks_for_becomes_a_variable_and_stands_in_every_command() -> None:
    found = export(runbook())

    variables = found["playbook_variables"]
    assert variables["__workflow__"]["external"] is True
    assert variables["__share__"] == {
        "type": "float", "description": "share (number).", "external": True, "value": "5"
    }  # fmt: skip
    assert "__incident_id__" in variables
    commands = named(found, "action")["3. Stop completely"]["commands"]
    assert [one["command"] for one in commands] == ["opsbot kill __workflow__:value mode:stop"]
    assert "{{" not in json.dumps(found)


def test_every_command_is_for_a_person_and_quotes_travel_safely() -> None:
    found = export(runbook())

    every = [c for one in named(found, "action").values() for c in one["commands"]]
    assert {one["type"] for one in every} == {"manual"}
    kill = named(found, "action")["2. Stop the harm"]["commands"][0]
    assert base64.b64decode(kill["command_b64"]).decode() == (
        "opsbot kill __workflow__:value mode:canned 'wrong, with \"harm\"'"
    )
    assert all(("command" in one) != ("command_b64" in one) for one in every)


def test_lanes_go_side_by_side_and_each_has_its_end() -> None:
    found = export(runbook())

    fork = named(found, "parallel")["Side by side"]
    assert len(fork["next_steps"]) == 2
    assert found["workflow"][fork["next_steps"][1]]["name"] == "5. Tell users the truth"
    ends = [one.get("on_completion") for one in found["workflow"].values()]
    used = [name for name, one in found["workflow"].items() if one["type"] == "end"]
    assert sorted(one for one in ends if one in used) == sorted(used)  # no end is shared


def test_an_answer_jumps_over_what_does_not_follow() -> None:
    found = export(runbook())

    stops = walked(found, {"2. Stop the harm": 3})
    goes_on = walked(found, {"2. Stop the harm": 4})
    elsewhere = walked(found, {"2. Stop the harm": 9999})

    assert "3. Stop completely" in stops
    assert "3. Stop completely" not in goes_on
    assert "4. Find the change" in goes_on
    assert [one for one in elsewhere if one.startswith(("3", "4", "6"))] == []


def test_the_question_says_what_to_set_and_what_goes_back_is_done_by_hand() -> None:
    actions = named(export(runbook()), "action")

    question = actions["2. Stop the harm"]["commands"][-1]["command"]
    back = actions["4. Find the change"]["commands"][-1]["command"]

    assert question == (
        "Decide: Do wrong answers still reach users? Yes: set __ops_goes_on_at__ to 3, Stop completely;"
        " No: set __ops_goes_on_at__ to 4, Find the change; It is the provider:"
        " set __ops_continues_in__ to provider-outage and __ops_goes_on_at__ to 9999."
    )
    assert "Not yet: go back to step 1, Keep the evidence by hand, once" in back


def test_another_runbook_is_a_playbook_of_its_own() -> None:
    found = export(runbook())

    other = named(found, "playbook-action")["Continue in provider-outage"]
    assert other["playbook_id"] == export(replace(runbook(), name="provider-outage"))["id"]
    assert "__ops_continues_in__:value = 'provider-outage'" in named(found, "if-condition")


def test_one_lane_needs_no_fork() -> None:
    book = replace(runbook(), phases=(Phase("p", "P", 1, steps=STEPS[:1]),))

    assert named(export(book), "parallel") == {}
    assert walked(export(book), {}) == ["1. Keep the evidence"]


@pytest.mark.parametrize("book", _shipped(), ids=lambda one: one.name)
def test_whatever_is_answered_a_shipped_runbook_comes_to_its_end(book: Runbook) -> None:
    found = export(book)

    every = walked(found, {})
    assert {one.partition(". ")[2] for one in every if one[0].isdigit()} == {
        one.title for one in filled_in(book).steps
    }
    assert "{{" not in json.dumps([one["commands"] for one in named(found, "action").values()])


def test_a_page_without_steps_cannot_be_one() -> None:
    with pytest.raises(Refused, match="has no steps"):
        cacao(replace(runbook(), phases=()))


@pytest.mark.parametrize(
    "book",
    [
        *(pytest.param(one, id=f"made {nth}") for nth, one in enumerate(_many())),
        *(pytest.param(one, id=one.name) for one in _shipped()),
    ],
)
def test_the_document_fits_the_published_schema(book: Runbook) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} is not set: the published schema is not kept here")
    check(export(book), Path(folder))


def check(document: Json, folder: Path) -> None:
    """Check a document, and each command and agent in it by the schema of its own type as well."""
    known = [(one["$id"], Resource.from_contents(one)) for one in _read(folder)]
    registry = Registry().with_resources(known)

    def fits(value: object, schema: str) -> None:
        validator = jsonschema.Draft7Validator({"$ref": f"{HOME}{schema}"}, registry=registry)
        errors = [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]
        assert errors == []

    fits(document, "playbook.json")
    for node in document["workflow"].values():
        fits(node, f"workflows/{node['type']}.json")
        for command in node.get("commands", ()):
            fits(command, f"commands/{command['type']}.json")
    allowed = set(json.loads((folder / "playbook.json").read_text("utf-8"))["properties"])
    assert set(document) <= allowed  # draft 7 does not read `unevaluatedProperties`


def _read(folder: Path) -> list[Json]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))]


def test_the_check_finds_what_the_schema_forbids() -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} is not set: the published schema is not kept here")
    broken = export(runbook())
    del broken["created_by"]

    with pytest.raises(AssertionError, match="created_by"):
        check(broken, Path(folder))
