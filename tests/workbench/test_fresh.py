"""A second demo starts alive; a directory that is not a demo's is never touched."""

from pathlib import Path

from opsbot.workbench.fresh import make_fresh


def test_what_an_earlier_demo_left_is_taken_away(tmp_path: Path) -> None:
    first = make_fresh(tmp_path)
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "appendonly.aof").write_text("kills")
    (tmp_path / "journal-demo.copy").write_text("entries")
    (tmp_path / "mine.txt").write_text("a person put it here")

    again = make_fresh(tmp_path)

    assert (first, again) == (True, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.only", "mine.txt"]


def test_the_data_of_a_real_bot_stays(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "appendonly.aof").write_text("kills")

    fresh = make_fresh(tmp_path)

    assert not fresh
    assert (tmp_path / "valkey" / "appendonly.aof").read_text() == "kills"
