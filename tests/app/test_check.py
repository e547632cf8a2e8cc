"""The check's reports: for people, for programs, for GitHub; and the policy's own examples."""

import json
from dataclasses import replace

import pytest

from opsbot.app.check import Check, examined, exit_code, render
from opsbot.domain.declaration import Catalogue, Finding, Loaded
from opsbot.domain.policy.examples import Example
from tests.support import policies as p

BROKEN = Finding("flags/workflows/a,b.yaml", 7, "unknown key `teir`", "Did you mean `tier`?")
WARNED = Finding("flags/policy.yaml", 3, "100 % alone", "Add\nmore.", "warning")


def _catalogue(*examples: Example) -> Catalogue:
    workflow = p.workflow(name="support-copilot")
    return Catalogue({workflow.name: workflow}, p.policy(), "ab" * 32, {"x": "y"}, examples)


def test_the_text_names_file_line_what_and_fix() -> None:
    text = render(Loaded(None, (BROKEN, WARNED)), "text")

    assert text.splitlines()[0] == (
        "flags/workflows/a,b.yaml:7: error: unknown key `teir`.  Did you mean `tier`?"
    )
    assert text.splitlines()[-1] == "1 error, 1 warning: not usable."


def test_a_good_set_says_what_was_looked_at() -> None:
    text = render(Loaded(_catalogue(), (WARNED,)), "text")

    assert text.endswith("1 workflow, 1 runbook, 0 policy examples: all good, 1 warning.")


def test_json_says_the_same_to_programs() -> None:
    bad = json.loads(render(Loaded(None, (BROKEN,)), "json"))
    good = json.loads(render(Loaded(_catalogue()), "json"))

    assert (bad["ok"], bad["findings"][0]["line"], bad["hash"]) == (False, 7, None)
    assert (good["ok"], good["workflows"]) == (True, ["support-copilot"])


def test_github_gets_annotations_that_cannot_be_broken_out_of() -> None:
    lines = render(Loaded(None, (BROKEN, WARNED)), "github").splitlines()

    title, fix = "title=opsbot check::", "Did you mean `tier`?"
    assert lines == [
        f"::error file=flags/workflows/a%2Cb.yaml,line=7,{title}unknown key `teir`. {fix}",
        "::warning file=flags/policy.yaml,line=3,title=opsbot check::100 %25 alone. Add%0Amore.",
    ]


def test_a_rule_is_named_by_its_id_in_every_form() -> None:
    found = Loaded(None, (replace(BROKEN, rule="E09"),))

    assert render(found, "text").startswith("flags/workflows/a,b.yaml:7: error E09: unknown key")
    assert json.loads(render(found, "json"))["findings"][0]["rule"] == "E09"
    assert ",title=opsbot check E09::unknown key" in render(found, "github")


@pytest.mark.parametrize(
    ("example", "why"),
    [
        (Example(9, "mara", "kill", "support-copilot", "refused"), "the policy says `alone`"),
        (
            Example(9, "mara", "kill", "support-copilot", "alone", rule="other"),
            "by rule `one-person-kills`",
        ),
        (Example(9, "mara", "kill", "suport", "alone"), "there is no workflow `suport`"),
    ],
)
def test_an_example_that_the_policy_misses_makes_the_set_unusable(
    example: Example, why: str
) -> None:
    loaded = examined(Loaded(_catalogue(example)))

    assert loaded.catalogue is None
    assert loaded.findings[0].line == 9
    assert why in loaded.findings[0].message


def test_a_policy_that_answers_its_examples_is_usable() -> None:
    good = Example(9, "mara", "kill", "support-copilot", "alone")
    check = Check(lambda: Loaded(_catalogue(good)))

    assert exit_code(check()) == 0
    assert exit_code(Loaded(None, (BROKEN,))) == 1


def test_an_example_may_stand_for_any_circumstance() -> None:
    base = Example(1, "mara", "restore", "support-copilot", "second_person")
    rows = (
        base,
        replace(base, workflow="all"),
        replace(base, mode="fallback", expect="alone"),
        replace(base, actor="U0X", verb="approve", requester="mara", expect="refused"),
        replace(base, actor="sam", verb="approve", requester="U0ONCALL", expect="alone"),
        replace(base, actor="U0X", verb="kill", break_glass=True, expect="break_glass"),
        replace(
            base,
            actor="U0X",
            verb="kill",
            break_glass=True,
            last_break_glass_min=59,
            expect="refused",
        ),
        replace(base, actor="mara", verb="kill", guest=True, expect="refused"),
        replace(base, actor="mara", verb="kill", team="T9OTHER", expect="refused"),
    )

    assert examined(Loaded(_catalogue(*rows))).findings == ()
