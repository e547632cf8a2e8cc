"""The page about incidents says what the program does: moves, acts, types, settings and paths."""

import re
from pathlib import Path

import pytest

from opsbot.adapters.catalog.incidents import IncidentsFile
from opsbot.domain.incident.flow import NEXT, STATUSES
from opsbot.domain.incident.settings import MINUTE_MS, REMINDERS, USUAL
from opsbot.domain.incident.times import ORDER
from opsbot.domain.incident.types import TYPES, IncidentType
from opsbot.slack.typed.incident import ACTS, parse_incident
from opsbot.slack.typed.incident_open import FLAGS
from opsbot.web import app as web
from tests.support.web import opened

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "incidents.md").read_text("utf-8")
SYNONYMS = {
    *("new", "declare", "ls", "contained", "monitoring", "resolved", "review", "severity", "times"),
}


def rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables under a heading, by their first cell."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def test_the_moves_are_those_that_are_made() -> None:
    said = rows("Status")

    for status in STATUSES:
        assert set(said[status][0].split(", ")) == NEXT[status], status


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_each_type_proposes_what_the_page_says(kind: IncidentType) -> None:
    severity, proposes = rows("Types")[f"`{kind.name}`"]

    assert severity == f"{kind.severity}{', private' if kind.private else ''}"
    assert proposes == (f"`{kind.mode}`: {kind.first}" if kind.mode else kind.first)


def test_every_act_and_flag_is_on_the_page() -> None:
    typed = {
        word
        for quoted in re.findall(r"`([^`\n]+)`", PAGE.replace("```", ""))
        for word in quoted.split()[:1]
    }

    assert set(ACTS) - SYNONYMS <= typed
    assert set(FLAGS) <= typed


def test_every_time_is_on_the_page() -> None:
    named = {name for cell in rows("Times and measures") for name in cell.split(", ")}

    assert set(ORDER) <= named


def test_the_first_lines_are_understood() -> None:
    block = PAGE.partition("```\n")[2].partition("```")[0]

    for line in block.splitlines():
        parse_incident(line.removeprefix("/ai-incident "), now_ms=0, names=("support-copilot",))


def test_every_setting_is_on_the_page() -> None:
    named = {word for cell in rows("Settings") for word in re.findall(r"`(\w+)`", cell)}

    assert set(IncidentsFile.model_fields) - {"incidents"} <= named
    assert set(REMINDERS) <= named
    first = USUAL["no_commander"].after_ms
    assert rows("Settings")["`no_commander`"][-1] == ", ".join(
        f"{severity} {ms // MINUTE_MS} min" for severity, ms in first.items()
    )


async def test_every_path_on_the_page_is_served() -> None:
    table = web.table((await opened()).around())
    served = {entry.path for entry in table}
    said = re.findall(r"/v1/incidents[a-z/{}]*", PAGE)
    ends = re.findall(r"\u2026/([a-z]+)", PAGE)

    assert set(said) <= served
    assert {f"/v1/incidents/{{id}}/{end}" for end in ends} <= served
