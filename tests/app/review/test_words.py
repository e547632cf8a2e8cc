"""What a review says of what is seldom: ended kills, late actions, users who were told, lines left out."""

from dataclasses import replace

from opsbot.app.review.blank import blanks
from opsbot.app.review.markdown import as_markdown, escaped
from opsbot.app.review.words import parts
from opsbot.domain.incident.times import Times, measures
from opsbot.domain.review import Exposure, KillEvidence, Review, ToDo
from opsbot.domain.timeline import Line
from tests.support.incidents import AT_MS, incident

KILL = KillEvidence(
    id="K-1",
    what="`support-copilot`",
    mode="stop",
    by="Mara",
    at_ms=AT_MS,
    reason="",
    confirmed_ms=41.2,
    instances=14,
    probes=3,
    passed=2,
    not_probed=("http://gateway: refused",),
    frames=(),
    calls=(),
    ended_ms=AT_MS + 60_000,
    ended_by="Sam",
)
LATE = ToDo("ACT-1", "add a gate", "Sam", "2026-11-01", None, late=True)
DONE = ToDo("ACT-2", "tell legal", "", "", AT_MS, late=False)
TOLD = Times(declared=AT_MS, detected=AT_MS, told=AT_MS + 90_000)


def review(**changes: object) -> Review:
    """Return a review; *changes* override."""
    base = Review(
        incident="INC-1",
        env="prod",
        made_ms=AT_MS,
        title="wrong",
        summary="",
        why="",
        severity="SEV2",
        type="Not known yet",
        status="active",
        drill=False,
        private=False,
        retroactive=False,
        duplicate_of="",
        workflows=(),
        people=(),
        times=TOLD,
        measures=measures(TOLD),
        exposure=Exposure("", None, None, None),
        kills=(KILL,),
        routes=(),
        decided=(),
        todo=(LATE, DONE),
        lines=(),
        earlier=0,
        cut=False,
        blank=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def test_a_kill_that_ended_says_when_by_whom_and_what_was_not_proved() -> None:
    said = as_markdown(review())

    assert "| after 41 ms, by 14 instances | 2 of 3 probes passed | 2026-11-21" in said
    assert "UTC, Sam |" in said
    assert "- K-1 was not probed at http://gateway: refused" in said


def test_users_who_were_told_are_told_of_with_how_long_it_took() -> None:
    comms = next(one for one in parts(review()) if one.title == "Communication")

    assert comms.lines[0].endswith(", 1 min 30 s after it was noticed.")
    assert comms.missing == ("What they were told is not recorded.",)


def test_what_is_left_out_and_what_was_not_read_is_said() -> None:
    said = as_markdown(review(earlier=7, cut=True))

    assert "7 earlier lines have no room here; the journal has them." in said
    assert "The journal goes further back than was read for this." in said


def test_a_duplicate_a_drill_and_a_record_made_afterwards_say_so() -> None:
    said = as_markdown(
        review(status="duplicate", duplicate_of="INC-3", drill=True, retroactive=True, private=True)
    )

    assert said.startswith("# Drill INC-1: wrong, private\n")
    assert "Status: a duplicate of INC-3." in said
    assert "It was a drill: it is in no figure." in said
    assert "It was put on record afterwards." in said


def test_a_retracted_line_is_struck_and_an_edited_one_says_so() -> None:
    line = Line(AT_MS, "Sam", "a *bold* word", "reaction", retracted=True, note="INC-1:n1", edits=2)

    said = as_markdown(review(lines=(line,)))

    assert "~~Sam: a \\*bold\\* word (INC-1:n1, edited since, retracted)~~" in said


def test_what_is_missing_is_named_kill_by_kill_and_item_by_item() -> None:
    found = blanks(incident(kills=("K-1", "K-2")), (KILL,), (LATE, DONE))

    assert "K-1 is not proved: 2 of 3 probes passed." in found
    assert "Nobody said why K-1 was killed." in found
    assert "K-2 is not on record any more." in found
    assert "ACT-1 is late: it was due on 2026-11-01." in found
    assert not any("ACT-2" in one for one in found)
    assert "Nothing was switched off for it." in blanks(incident(), (), ())


def test_a_sentence_is_never_a_heading_a_list_or_a_quotation() -> None:
    assert escaped("- a list") == "\\- a list"
    assert escaped("1. a list") == "1\\. a list"
    assert escaped("# head > quote") == "\\# head \\> quote"
    assert escaped("`name_of_it` and snake_case stay") == "`name_of_it` and snake_case stay"
