"""What the pages show of a declaration is one."""

import re
from pathlib import Path

import pytest
import yaml

from opsbot.adapters.catalog.models import FailureBudgetFile, GateFile, StageFile
from opsbot.domain.ramp import steps_of

PAGE = Path(__file__).parents[2] / "flags" / "README.md"


@pytest.fixture(name="shown")
def _shown() -> dict[str, list[dict[str, object]]]:
    block = next(b for b in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL) if "gates:" in b)  # fmt: skip
    found: dict[str, list[dict[str, object]]] = yaml.safe_load(block)
    return found


def test_the_gates_stages_and_budget_on_the_page_can_be_declared(
    shown: dict[str, list[dict[str, object]]],
) -> None:
    for gate in shown["gates"]:
        GateFile.model_validate(gate)
    for stage in shown["stages"]:
        StageFile.model_validate(stage)
    FailureBudgetFile.model_validate(shown["failure_budget"])

    assert [step.name for step in steps_of(shown["stages"])] == ["internal", "5 %", "default"]  # type: ignore[arg-type]  # plain YAML
