"""The box lets nothing in but names, `if` and two filters, and nothing of a value is ever run."""

import resource

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsbot.adapters.comms import sandbox
from opsbot.adapters.comms.sandbox import Forbidden, Unfilled
from opsbot.bench.hostile_templates import HOSTILE_TEMPLATES
from opsbot.domain.comms.templates import MOST_CHARACTERS

MARK = "<<one value>>"


@pytest.mark.parametrize("kind", HOSTILE_TEMPLATES)
def test_a_hostile_template_is_refused_when_it_is_looked_at_and_when_it_is_filled(
    kind: str,
) -> None:
    """How long each takes is a figure of `opsbot bench runbooks`."""
    source = HOSTILE_TEMPLATES[kind]

    with pytest.raises((Forbidden, Unfilled)):
        sandbox.fill(source, {"feature": "the assistant"})


def test_hostile_templates_eat_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for source in HOSTILE_TEMPLATES.values():
        with pytest.raises((Forbidden, Unfilled)):
            sandbox.fill(source, {"feature": "the assistant"})

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


@pytest.mark.parametrize(
    "value",
    [
        "{{ 7*7 }}",
        "{{7*7}}",
        "{% for x in range(9) %}",
        "{{ ''.__class__ }}",
        "{# gone #}",
        "${7*7}",
        "%s %(feature)s {0}",
        "<b>bold</b> &amp; <!channel>",
        "\\x41 \\n",
    ],
)
def test_what_a_value_holds_is_printed_as_it_is(value: str) -> None:
    assert sandbox.fill("Say: {{ feature }}.", {"feature": value}) == f"Say: {value}."


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=200))
@example("{{ feature }}")
@example("{%")
def test_a_value_comes_out_whole_and_once(value: str) -> None:
    text = sandbox.fill("[{{ feature }}]", {"feature": value, "other": MARK})

    assert text == f"[{value}]"


def test_a_branch_is_taken_only_where_its_name_has_a_value() -> None:
    source = "{% if off_at %}off at {{ off_at }}{% elif since %}since {{ since }}{% else %}soon{% endif %}"

    assert sandbox.fill(source, {"off_at": "14:05"}) == "off at 14:05"
    assert sandbox.fill(source, {"since": "13:00"}) == "since 13:00"
    assert sandbox.fill(source, {"off_at": ""}) == "soon"
    assert sandbox.fill(source, {}) == "soon"


def test_what_is_missing_equals_nothing_and_is_never_printed_as_a_hole() -> None:
    assert sandbox.fill("{% if how == 'a' %}a{% else %}b{% endif %}", {}) == "b"
    assert sandbox.fill("{% if how != 'a' %}b{% endif %}", {}) == "b"
    assert sandbox.fill("{{ 'x' if how and not other else 'y' }}", {}) == "y"
    for source in ("{{ how }}", "{{ how | capital }}"):
        with pytest.raises(Unfilled) as missing:
            sandbox.fill(source, {})
        assert missing.value.name == "how"


def test_the_two_filters_change_the_first_letter_alone() -> None:
    given_ = {"feature": "the iOS assistant", "kind": "Names of People", "empty": ""}

    text = sandbox.fill(
        "{{ feature | capital }}; {{ kind | lower }}; {{ empty | capital }}.", given_
    )

    assert text == "The iOS assistant; names of People; ."


def test_a_tag_alone_on_its_line_leaves_none_and_one_at_a_line_end_keeps_it() -> None:
    source = "One.\n\n  {% if a %}\nTwo.\n  {% endif %}\n\nThree{% if a %} and a half{% endif %}\nFour.   \n\n\n\nFive"

    assert sandbox.fill(source, {"a": "x"}) == "One.\n\nTwo.\n\nThree and a half\nFour.\n\nFive"
    assert sandbox.fill(source, {}) == "One.\n\nThree\nFour.\n\nFive"


def test_a_text_that_comes_out_too_long_is_stopped_while_it_comes_out() -> None:
    source = "{{ feature }}" * 100

    fits = sandbox.fill(source, {"feature": "x" * (MOST_CHARACTERS // 100)})

    assert len(fits) == MOST_CHARACTERS
    with pytest.raises(Unfilled) as long:
        sandbox.fill(source, {"feature": "x" * 10_000})
    assert long.value.name == ""


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("a\n\n{% for x in y %}", 3, "`{% for %}`"),
        ("a\n{{ b.c }}", 2, "an attribute"),
        ("a\nb\n{{ c() }}", 3, "a call"),
        ("{{ a\n+ b }}", 1, "arithmetic"),
        ("a\n{% if a %}\nb", 2, "cannot be read"),
        ("a\n{{ a | safe }}", 2, "`safe`"),
        ("{{ a }}\n{{ 'x\\n' }}", 2, "a backslash"),
        ("{% if a < b %}{% endif %}", 1, "only `==`"),
    ],
)
def test_what_is_forbidden_is_named_with_its_line(source: str, line: int, says: str) -> None:
    with pytest.raises(Forbidden) as found:
        sandbox.uses(source)

    assert found.value.line == line
    assert says in found.value.message


def test_names_are_found_with_their_lines_and_what_stands_around_them() -> None:
    source = "{{ a }}\n{% if b %}{{ b }}{{ c }}{% else %}{{ d }}{% endif %}\n{% if not e %}x{% else %}{{ e }}{% endif %}"

    found = [(use.name, use.line, use.guarded) for use in sandbox.uses(source)]

    assert found == [
        ("a", 1, False),
        ("b", 2, True),
        ("b", 2, True),
        ("c", 2, False),
        ("d", 2, False),
        ("e", 3, True),
        ("e", 3, True),
    ]


def test_nothing_of_the_library_or_the_process_is_known_within() -> None:
    for name in ("range", "dict", "lipsum", "cycler", "joiner", "namespace", "env", "settings"):
        with pytest.raises(Unfilled):
            sandbox.fill("{{ " + name + " }}", {})


@given(st.text(alphabet="{%}# |\"'.()[]ab_if endfor~*+-\n\\", max_size=60))
def test_whatever_is_written_it_is_filled_or_refused(source: str) -> None:
    try:
        sandbox.fill(source, {"a": "x", "b": ""})
    except (Forbidden, Unfilled):
        return
    assert not {use.name for use in sandbox.uses(source)} - {"a", "b"} or "if" in source
