"""The shipped templates are whole, fit for users, and come out right with nothing, with everything and with malice."""

import re
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.catalog import words as catalog_words
from opsbot.adapters.comms import examples
from opsbot.adapters.comms.files import load
from opsbot.adapters.comms.filled import rendered
from opsbot.adapters.comms.front import KEYS, KNOWN_SLOTS
from opsbot.adapters.comms.lint import lint
from opsbot.domain.comms.facts import CORRECTION_SLOTS, FACTS, SITUATIONS, STAYS_OFF, situation_of
from opsbot.domain.comms.templates import MOST_CHARACTERS, SLOTS, STAGES, FieldType, Template
from opsbot.domain.comms.values import Here
from opsbot.domain.incident.types import TYPES
from tests.support.shipped import BOOKS
from tests.support.template_texts import draft, folder

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "comms-templates.md").read_text("utf-8")
LIBRARY = load(ROOT / "runbooks" / "comms")
TEMPLATES = LIBRARY.templates
USERS = {f"users-{one}-{stage}" for one, stage in product(SITUATIONS, STAGES)}
OTHERS = {
    *(
        f"{one}-{stage}"
        for one in ("stakeholders-incident", "executives-incident", "support-macro")
        for stage in STAGES
    ),
    *(
        f"regulators-{one}-{stage}"
        for one in ("data-exposure", "serious-incident")
        for stage in ("identified", "resolved", "correction")
    ),
}
each = pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda one: one.name)
HOSTILE = "{{7*7}} {% for x in y %} <!channel> <b>x</b> \u202e*_`[a](javascript:b)"
BERLIN = Here("Europe/Berlin", examples.NOON.now_ms)


def test_there_are_words_for_everybody_at_every_stage() -> None:
    assert set(TEMPLATES) == USERS | OTHERS


def test_no_rule_has_anything_to_say() -> None:
    catalogue = catalog.load(ROOT / "flags", ROOT / "runbooks").catalogue

    assert catalogue is not None
    assert catalog_words.findings(LIBRARY, catalogue) == ()


def test_the_first_words_can_go_out_at_once_save_those_that_legal_reads() -> None:
    for situation in SITUATIONS:
        one = TEMPLATES[f"users-{situation}-investigating"]
        assert one.fields == ()
        assert one.holding == (situation != "data-exposure")
    assert not [one.name for one in TEMPLATES.values() if one.approved and not one.holding]


def test_the_first_words_are_there_in_german_and_say_the_same_times() -> None:
    for situation in SITUATIONS:
        one = TEMPLATES[f"users-{situation}-investigating"]
        facts = {name: fact.example for name, fact in FACTS.items()}
        said = rendered(one, {}, facts, BERLIN)
        times = {
            locale: sorted(re.findall(r"\d\d:\d\d", text)) for locale, text in said.texts.items()
        }
        assert list(said.texts) == ["en", "de"]
        assert times["en"] == times["de"]
        assert "Next update by 14:40 CET (Europe/Berlin), 21 Nov." in said.texts["en"]
        assert "bis 14:40 Uhr MEZ (Europe/Berlin), 21. November." in said.texts["de"]


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_every_kind_of_incident_has_words_for_users(kind: object) -> None:
    named = next(one for one in TYPES if one is kind)

    assert situation_of(named.name, named.mode) in SITUATIONS
    assert situation_of(named.name) in SITUATIONS


def test_people_who_answer_are_what_users_notice_unless_worse_is_to_be_said() -> None:
    assert situation_of("provider_outage", "human") == "human-review"
    assert situation_of("hallucination_harm", "human") == "wrong-answers"
    assert situation_of("data_leak_pii", "human") == "data-exposure"
    assert situation_of("of a later version") == "feature-off"


@each
def test_it_says_something_with_as_little_as_it_can_do_with(template: Template) -> None:
    for said in examples.least(template):
        for text in (said.headline, *said.texts.values()):
            assert text
            assert not re.search(r"\{\{|\{%|None|undefined|  |\n\n\n| [.,;]", text), text
            assert text[0] == text[0].upper() or text.startswith("something"), text


@each
def test_it_says_something_with_everything(template: Template) -> None:
    for said in examples.most(template, BERLIN):
        for text in (said.headline, *said.texts.values()):
            assert not re.search(r"\{\{|\{%|None|undefined|  |\n\n\n| [.,;]", text), text


@each
def test_what_is_hostile_is_printed_as_words_and_cut_by_nobody(template: Template) -> None:
    values = {one.name: examples.filler(one, HOSTILE) for one in template.fields}
    facts = {name: HOSTILE if fact.type == "line" else fact.example for name, fact in FACTS.items()}

    said = rendered(template, values, facts, BERLIN)

    whole = said.headline + "".join(said.texts.values())
    assert "\u202e" not in whole
    assert "49" not in whole
    assert "{{7*7}} {% for x in y %} <!channel> <b>x</b>" in whole
    assert all(len(text) <= MOST_CHARACTERS for text in said.texts.values())


@each
def test_it_fits_with_every_field_filled_to_its_end(template: Template) -> None:
    values = {
        one.name: examples.filler(one, "word " * one.max_length)[: one.max_length].rstrip()
        for one in template.fields
    }

    said = examples.typical(template, values)

    assert all(len(text) <= MOST_CHARACTERS for text in said.texts.values())


@each
def test_until_it_is_over_everybody_reads_when_the_next_word_comes(template: Template) -> None:
    final = template.stage == "resolved" or template.audience == "regulators"
    ways = examples.most if template.stage == "correction" else examples.least

    for said in ways(template, BERLIN):
        for text in said.texts.values():
            assert ("14:40" in text) != final


@each
def test_nobody_reads_that_it_is_off_while_somebody_gets_an_answer(template: Template) -> None:
    if template.audience != "users" or template.stage == "resolved":
        return
    for word in ("limited", "people"):
        facts = {name: fact.example for name, fact in FACTS.items()}
        facts |= {"state_now": word, "off_at": "", "back_at": ""}
        values = {one.name: examples.filler(one) for one in template.fields}

        said = rendered(template, values, facts, BERLIN)

        whole = " ".join((said.headline, *said.headlines.values(), *said.texts.values()))
        assert not re.search(
            r"(is|stays|still|been) (switched off|not available|stopped)|Abgeschaltet haben|Gestoppt",
            whole,
        ), whole


@each
def test_of_two_things_they_are_spoken(template: Template) -> None:
    if template.audience != "users":
        return
    for word in ("off", "limited", ""):
        facts = {name: fact.example for name, fact in FACTS.items()}
        facts |= {"feature": "orders and refunds", "several": "yes", "state_now": word}
        values = {one.name: examples.filler(one) for one in template.fields}

        said = rendered(template, values, facts, BERLIN)

        whole = said.headline + " " + said.texts["en"]
        assert not re.search(
            r"orders and refunds (is|has|works|stays|answers|does)\b", whole, re.IGNORECASE
        ), whole


@each
def test_what_is_over_asks_whether_the_feature_stays_off(template: Template) -> None:
    field = template.field(STAYS_OFF)

    if template.stage == "resolved" and template.audience != "regulators":
        assert field is not None
        assert field.options == ("no", "yes")
        values = {one.name: examples.filler(one) for one in template.fields}
        said = examples.typical(template, {**values, STAYS_OFF: "yes"})
        assert re.search(r"stays? off", said.texts["en"])
    else:
        assert field is None


@each
def test_labels_and_hints_fit_into_a_form(template: Template) -> None:
    for field in template.fields:
        assert len(field.label) <= 75
        assert len(field.hint) <= 150


@each
def test_where_legal_answers_for_it_another_person_reads_it(template: Template) -> None:
    careful = template.situation == "data-exposure" or template.audience == "regulators"

    assert (template.approvals > 0) == careful


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_a_runbook_tells_users_what_its_kinds_of_incident_are(name: str) -> None:
    book = BOOKS[name]
    said = [
        str(action.arguments["template"])
        for step in book.steps
        for action in step.actions
        if action.verb == "comms"
    ]
    situations = {situation_of(kind) for kind in book.incident_types}

    assert set(said) <= set(TEMPLATES)
    assert bool(said) == bool(book.incident_types)
    assert {TEMPLATES[one].situation for one in said if one in USERS} <= situations


def test_the_example_of_the_page_has_no_finding(tmp_path: Path) -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL)
    name = "users-feature-off-identified"

    assert draft(example, name).findings == ()
    assert lint(folder(tmp_path, {f"{name}.md.j2": example}), catalog_words.known_of(None)) == ()


def test_the_page_names_every_key_type_fact_slot_and_template() -> None:
    assert [key for key in KEYS if f"| `{key}` |" not in PAGE] == []
    assert [kind for kind in get_args(FieldType) if f"| `{kind}` |" not in PAGE] == []
    assert [slot for slot in KNOWN_SLOTS if f"`{slot}`" not in PAGE] == []
    assert [one for one in SITUATIONS if f"| `{one}` |" not in PAGE] == []
    for name in OTHERS:
        audience, situation, _ = (name.split("-")[0], "-".join(name.split("-")[1:-1]), "")
        assert f"`{audience}-{situation}-*`" in PAGE


@pytest.mark.parametrize("name", FACTS)
def test_the_page_says_of_each_fact_who_reads_it_and_whether_it_waits(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)

    assert ("not for users and support" in row) == FACTS[name].inside
    assert ("once confirmed" in row) == FACTS[name].confirmed


@pytest.mark.parametrize("stage", STAGES)
def test_the_page_says_what_each_stage_has_to_answer(stage: str) -> None:
    slots = next(needed for one, needed in SLOTS.items() if one == stage)
    slots = CORRECTION_SLOTS if stage == "correction" else slots
    (row,) = re.findall(rf"^\| {stage} \|.*$", PAGE, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", row)) == slots
