"""The page about telling people says what the program does: settings, targets, promises, rules."""

import inspect
import re
from pathlib import Path
from typing import get_args

from opsbot.adapters.catalog.comms import PlaceFile, TellingFile
from opsbot.app.comms.wording import check, lists
from opsbot.domain.comms.settings import Beat, CommsSettings, TargetKind
from opsbot.domain.comms.templates import AUDIENCES
from opsbot.domain.incident.settings import MINUTE_MS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "comms-settings.md").read_text("utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables under a heading, by their first cell."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def words(cells: dict[str, list[str]]) -> set[str]:
    return {word for cell in cells for word in re.findall(r"`([\w-]+)`", cell)}


def test_every_setting_is_on_the_page() -> None:
    assert set(TellingFile.model_fields) - {"comms"} <= words(rows("Settings"))


def test_every_kind_of_target_is_on_the_page_with_what_it_takes() -> None:
    table = rows("Settings")

    assert set(get_args(TargetKind)) <= words(table)
    taken = {
        word for cells in table.values() for cell in cells for word in re.findall(r"`(\w+)`", cell)
    }
    assert set(PlaceFile.model_fields) - {"kind"} <= taken


def test_the_usual_promises_are_those_on_the_page() -> None:
    table = rows("Promises")
    usual = CommsSettings()

    for audience in AUDIENCES:
        said = table.get(f"`{audience}`")
        beats = [usual.beat(audience, severity) for severity in ("SEV1", "SEV2", "SEV3")]
        assert said == [_cell(beat) for beat in beats] if said else beats == [Beat()] * 3


def _cell(beat: Beat) -> str:
    first, update, after, long = (
        None if ms is None else ms // MINUTE_MS
        for ms in (beat.first_ms, beat.update_ms, beat.long_after_ms, beat.long_ms)
    )
    parts = [f"{first}"] if first else []
    parts += [f"then {update}"] if update else []
    return ", ".join(parts) + (f"; after {after}: {long}" if after else "")


def test_every_rule_of_the_wording_check_is_on_the_page() -> None:
    source = inspect.getsource(check) + inspect.getsource(lists)
    rules = set(re.findall(r'"(W-[A-Z]+)"', source))

    assert rules == {word for word in words(rows("Wording check")) if word.startswith("W-")}
