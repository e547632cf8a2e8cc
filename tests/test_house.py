"""The house agrees with itself: versions, install lines, pages, and what the repository may not hold."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import opsbot
from opsbot.adapters.redis.acl import acl_rights
from opsbot.cli.table import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def read(name: str) -> str:
    """Return a file of the repository."""
    return (ROOT / name).read_text("utf-8")


def test_the_version_is_the_distributions() -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["version"] == opsbot.__version__


def test_the_image_installs_with_the_line_that_make_uses() -> None:
    line = ".ci/bootstrap.py"
    made = re.search(r"^\s*@\$\(PYTHON\) (\S+)$", read("Makefile"), re.MULTILINE)
    image = re.search(
        r"^RUN python3 (\S+) --venv \S+ --lock (\S+)", read("Dockerfile"), re.MULTILINE
    )

    assert made is not None
    assert image is not None
    assert (made[1], image[1]) == (line, line)
    assert (ROOT / image[2]).exists()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock"])
def test_every_pin_has_hashes_and_no_host(name: str) -> None:
    lock = read(name)
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+", lock, re.MULTILINE)

    assert len(pins) > 30
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock


def test_what_the_image_runs_is_what_was_tested() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^\s=]*==\S+", read(name), re.MULTILINE))

    assert pins("requirements-run.lock") <= pins("requirements.lock")


def test_the_image_runs_as_nobody_special_and_says_whether_it_is_well() -> None:
    final = read("Dockerfile").rpartition("\nFROM ")[2]

    assert re.search(r"^USER \d+$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "pip" not in final
    assert "read_only: true" in read("compose.yaml")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))

    missing = [target for target in targets if not (page.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_opsbot_command_on_a_page_exists(page: Path) -> None:
    known = {name.split()[0] for name in COMMANDS}
    text = page.read_text("utf-8")
    said = re.findall(r"(?:^\$ |&& |`)opsbot ([a-z]+)", text, re.MULTILINE)

    assert sorted(set(said) - known) == []


def test_every_make_target_is_explained() -> None:
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))

    assert targets == set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))


def test_no_file_is_larger_than_one_thing() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    large = [name for name in listed if len(read(name).splitlines()) > 400]

    assert large == []


def test_the_access_list_on_the_page_is_the_one_that_is_tested() -> None:
    page = read("docs/operations.md")

    missing = [name for name, rights in acl_rights("prod").items() if rights not in page]

    assert missing == []
