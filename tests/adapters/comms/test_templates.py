"""Templates follow their files; a broken one stays as it was last good, and one that is gone is gone."""

import os
from pathlib import Path

import pytest

from opsbot.adapters.comms.files import load
from opsbot.adapters.comms.templates import FileTemplates
from opsbot.app.comms.port import Templates
from opsbot.domain.comms.moments import instant
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.errors import Unpublishable
from tests.support.template_texts import GERMAN, GOOD, HOLDING, HOLDING_NAME, NAME, edited, folder

FACTS = {"feature": "the assistant", "next_at": "2026-11-21T13:40:00Z"}
BROKEN = edited(("{{ cause }}", "{{ cause.x }}"))


class Noon:
    """A clock that stands."""

    def now_ms(self) -> int:
        return instant("2026-11-21T13:10Z", "UTC", 0) or 0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def made() -> FileTemplates:
    return FileTemplates(lambda: CommsSettings(zone="Europe/Berlin"), Noon())


def written(path: Path, **texts: str) -> Path:
    names = {"good": NAME, "holding": HOLDING_NAME, "german": f"{NAME}.de"}
    folder(path / "comms", {f"{names[one]}.md.j2": text for one, text in texts.items()})
    return path


def test_it_is_what_the_use_cases_ask_for(tmp_path: Path) -> None:
    templates: Templates = made()

    assert templates.known() == {}


def test_what_is_good_can_be_written_at_once(tmp_path: Path) -> None:
    templates = made()

    library, kept = templates.load(written(tmp_path, good=GOOD, holding=HOLDING, german=GERMAN))

    assert list(templates.known()) == [NAME, HOLDING_NAME]
    assert kept == ()
    assert library.findings == ()
    assert list(templates.known()[NAME].bodies) == ["en", "de"]


def test_times_are_those_of_the_zone_that_is_declared(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, holding=HOLDING))

    said = templates.render(templates.known()[HOLDING_NAME], {}, {**FACTS, "off_at": "14:05"})

    assert "since 14:05 CET (Europe/Berlin), 21 Nov" in said.texts["en"]


def test_a_template_that_was_broken_stays_as_it_was_last_good(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, good=GOOD, holding=HOLDING))
    before = templates.known()[NAME]

    _, kept = templates.load(
        written(tmp_path, good=BROKEN, holding=edited(("The first", "A first"), text=HOLDING))
    )

    assert kept == (NAME,)
    assert templates.known()[NAME] == before
    assert templates.known()[HOLDING_NAME].title == "A first word"


def test_a_broken_translation_keeps_all_of_its_template_as_it_was(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, good=GOOD, german=GERMAN))

    _, kept = templates.load(written(tmp_path, good=GOOD, german="{{ cause() }}"))

    assert kept == (NAME,)
    assert templates.known()[NAME].bodies["de"].startswith("Nicht verf")


def test_one_that_was_never_good_is_not_there(tmp_path: Path) -> None:
    templates = made()

    _, kept = templates.load(written(tmp_path, good=BROKEN))

    assert (kept, templates.known()) == ((), {})


def test_one_whose_file_is_gone_is_gone_and_so_are_all_with_the_folder(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, good=GOOD, holding=HOLDING))
    (tmp_path / "comms" / f"{NAME}.md.j2").unlink()

    templates.load(tmp_path)
    left = list(templates.known())
    library, _ = templates.load(tmp_path / "elsewhere")

    assert left == [HOLDING_NAME]
    assert not library.there
    assert templates.known() == {}


def test_a_message_that_was_begun_can_be_filled_by_the_template_it_was_begun_with(
    tmp_path: Path,
) -> None:
    """Whoever holds a template goes on with it, whatever its file has become."""
    templates = made()
    templates.load(written(tmp_path, holding=HOLDING))
    begun = templates.known()[HOLDING_NAME]
    templates.load(tmp_path / "elsewhere")

    assert templates.render(begun, {}, FACTS).headline == "The assistant is not available"


def test_a_form_is_told_what_is_wrong_with_each_field(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, good=GOOD))
    one = templates.known()[NAME]

    assert set(templates.problems(one, {"how": "many"})) == {"cause", "action", "how", "state"}
    with pytest.raises(Unpublishable):
        templates.render(one, {"how": "many"}, FACTS)


def test_what_is_approved_in_advance_holds_only_as_it_stands(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, holding=HOLDING))
    hash_ = templates.known()[HOLDING_NAME].body_hash
    text = edited(("slots:", f"approved: {hash_}\nslots:"), text=HOLDING)

    templates.load(written(tmp_path, holding=text))
    as_it_stands = templates.known()[HOLDING_NAME].holding
    templates.load(written(tmp_path, holding=edited(("since", "from"), text=text)))
    edited_since = templates.known()[HOLDING_NAME].holding
    templates.load(written(tmp_path, holding=edited(("The first word", "Other"), text=text)))
    other_title = templates.known()[HOLDING_NAME].holding

    assert (as_it_stands, edited_since, other_title) == (True, False, True)


def test_a_new_language_takes_a_new_approval(tmp_path: Path) -> None:
    templates = made()
    templates.load(written(tmp_path, good=GOOD))
    before = templates.known()[NAME]

    templates.load(written(tmp_path, good=GOOD, german=GERMAN))
    after = templates.known()[NAME]

    assert before.body_hash != after.body_hash
    assert before.digest != after.digest


def test_what_leads_out_of_the_folder_is_not_read_and_what_waits_holds_nobody_up(
    tmp_path: Path,
) -> None:
    file = f"{NAME}.md.j2"
    folder(tmp_path / "elsewhere", {file: GOOD})
    here = tmp_path / "here"
    here.mkdir()
    (here / file).symlink_to(tmp_path / "elsewhere" / file)
    os.mkfifo(here / f"{HOLDING_NAME}.md.j2")

    found = load(here)

    assert dict(found.templates) == {}
    said = {one.message for one in found.findings}
    assert said == {"leads out of its folder", "is no file"}


def test_a_link_within_the_folder_is_read_as_mounted_settings_have_them(tmp_path: Path) -> None:
    file = f"{NAME}.md.j2"
    folder(tmp_path / "..data", {file: GOOD})
    (tmp_path / file).symlink_to(tmp_path / "..data" / file)

    assert set(load(tmp_path).templates) == {NAME}


def test_words_approved_in_advance_that_somebody_types_later_are_not_used_at_all(
    tmp_path: Path,
) -> None:
    free = edited(
        ("Next update", "{% if alternative %}\n{{ alternative }}.\n{% endif %}\n\nNext update"),
        text=HOLDING,
    )
    templates = made()
    templates.load(written(tmp_path, holding=free))
    hash_ = templates.known()[HOLDING_NAME].body_hash
    approved = edited(("slots:", f"approved: {hash_}\nslots:"), text=free)

    again = made()
    again.load(written(tmp_path, holding=approved))

    assert HOLDING_NAME not in again.known()
