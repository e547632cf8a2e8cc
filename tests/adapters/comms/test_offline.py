"""Without a bot a terminal sees what a template says, what is wrong with it, and what to approve."""

from pathlib import Path

import pytest

from opsbot.adapters.comms import offline
from opsbot.adapters.comms.files import Library
from opsbot.domain.errors import UnknownTemplate, Unpublishable
from tests.support.template_texts import GOOD, HOLDING, HOLDING_NAME, NAME, edited, folder, known


def library(path: Path, **texts: str) -> Library:
    names = {"good": NAME, "holding": HOLDING_NAME}
    return folder(path, {f"{names[one]}.md.j2": text for one, text in texts.items()})


def test_a_preview_shows_examples_and_the_labels_of_what_is_to_be_filled_in(
    tmp_path: Path,
) -> None:
    said = offline.render(library(tmp_path, good=GOOD), NAME, {"cause": "A part failed."})

    assert "What happened: A part failed." in said.texts["en"]
    assert "We do this: [What we are doing]" in said.texts["en"]
    assert said.headline == "The support assistant stays switched off"
    assert said.texts["en"].endswith("Next update by 13:40 UTC, 21 Nov.")


def test_a_value_that_does_not_fit_a_broken_template_and_an_unknown_one_are_refused(
    tmp_path: Path,
) -> None:
    good = library(
        tmp_path, good=GOOD, holding=edited(("{{ next_at }}", "{{ x.y }}"), text=HOLDING)
    )

    with pytest.raises(Unpublishable, match="is a number"):
        offline.render(good, NAME, {"how": "many"})
    with pytest.raises(Unpublishable, match=r"investigating\.md\.j2:12: an attribute"):
        offline.render(good, HOLDING_NAME, {})
    with pytest.raises(UnknownTemplate) as unknown:
        offline.render(good, "users-feature-off-identifed", {})
    assert unknown.value.hint == f"Did you mean `{NAME}`?"


def test_hashes_say_what_is_to_be_approved_and_what_is(tmp_path: Path) -> None:
    first = offline.hashes(library(tmp_path, good=GOOD, holding=HOLDING))
    line = first[1].line
    second = library(tmp_path, holding=edited(("slots:", f"{line}\nslots:"), text=HOLDING))
    third = library(
        tmp_path, holding=edited(("slots:", f"approved: {'0' * 64}\nslots:"), text=HOLDING)
    )

    assert [(one.name, one.approval) for one in first] == [(NAME, "fields"), (HOLDING_NAME, "none")]
    assert [one.approval for one in offline.hashes(second, [HOLDING_NAME])] == ["approved"]
    assert [one.approval for one in offline.hashes(third, [HOLDING_NAME])] == ["outdated"]
    assert offline.hashes(third, [HOLDING_NAME])[0].line == line


def test_findings_are_those_of_the_templates_that_were_asked_for(tmp_path: Path) -> None:
    both = library(
        tmp_path,
        good=edited(("type: number", "type: nmber")),
        holding=edited(("effect, ", ""), text=HOLDING),
    )

    every = offline.findings(both, known())
    some = offline.findings(both, known(), [HOLDING_NAME])

    assert [one.rule for one in some] == ["T06"]
    assert {one.rule for one in every} == {"T03", "T06"}
    with pytest.raises(UnknownTemplate):
        offline.findings(both, known(), ["users"])
