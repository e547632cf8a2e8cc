"""YAML in runbooks: strings only, and every trap of it is named with its line."""

import pytest

from opsbot.adapters.runbooks.yaml import BadYaml, mapping


@pytest.mark.parametrize("word", ["off", "no", "12:30", "1e3", "0x1F", "2026-11-01", "null", "~"])
def test_every_scalar_stays_the_text_that_was_written(word: str) -> None:
    assert mapping(f"a: {word}", line=1).values == {"a": word}


def test_lists_and_mappings_are_kept_with_the_lines_of_their_keys() -> None:
    found = mapping("a: [x, y]\nb:\n  c: 1\n", line=10)

    assert found.values == {"a": ("x", "y"), "b": {"c": "1"}}
    assert found.lines == {"a": 10, "b": 11, "b.c": 12}


def test_nothing_at_all_is_an_empty_mapping() -> None:
    assert mapping("# a comment\n", line=1).values == {}


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("a: 1\nb: {{ x }}", 6, "read as a mapping", '"{{ workflow }}"'),
        ("a: {{ x }} y", 5, "read as a mapping", '"{{ workflow }}"'),
        ("a: 1\na: 2", 6, "the key `a` is there twice", "Keep one"),
        ("a: &b c", 5, "anchors", "Write it out"),
        ("a: &b c\nd: *b", 5, "anchor", "Write it out"),
        ("a: !!python/object:os.system x", 5, "tags", "Write it out"),
        ("a: [[[[[[x]]]]]]", 5, "nested too deeply", "quotes"),
        ("[" * 5000, 5, "nested too deeply", "quotes"),
        ("a: 'x", 5, "is not YAML", "quotes"),
        ("- a", 5, "not a mapping", "key: value"),
        ("word", 5, "not a mapping", "key: value"),
        ("a: 1\n---\nb: 2", 5, "is not YAML", "Check"),
        ("a: 1\n\tb: 2", 6, "is not YAML", "Check"),
    ],
)
def test_what_is_refused_is_named_with_its_line(
    text: str, line: int, message: str, fix: str
) -> None:
    with pytest.raises(BadYaml) as caught:
        mapping(text, line=5)

    assert message in caught.value.message
    assert fix in caught.value.fix
    assert line <= caught.value.line <= line + 1
