"""The words of the shipped runbooks: short, plain, typed as they are understood, and fit for users."""

import re

from opsbot.domain.prose import Quote, plain
from tests.support.shipped import (
    BOOKS,
    HARD_WORDS,
    LONGEST,
    READERS,
    each,
    prose,
    sentences,
    typed_in,
)


@each
def test_no_sentence_is_too_long_for_three_in_the_morning(name: str) -> None:
    long = [one for one in sentences(BOOKS[name]) if len(one.split()) > LONGEST]

    assert long == []


@each
def test_sentences_are_plain(name: str) -> None:
    pattern = re.compile(r"\b(" + "|".join(HARD_WORDS) + ")", re.IGNORECASE)
    found = [match[0] for one in sentences(BOOKS[name]) for match in pattern.finditer(one)]

    assert found == []


@each
def test_words_for_users_name_no_model_and_promise_no_time_to_fix(name: str) -> None:
    for step in BOOKS[name].lane("comms"):
        quoted = " ".join(
            plain(line)
            for block in step.body
            if isinstance(block, Quote)
            for line in prose((block,))
        )
        assert not re.search(
            r"hallucinat|\bLLM\b|\bmodel\b|\bprompt\b|fixed (in|within|by)\b|shortly|glitch|openai|anthropic",
            quoted,
            re.IGNORECASE,
        ), step.title


@each
def test_every_line_to_type_is_understood(name: str) -> None:
    for typed in typed_in(BOOKS[name]):
        command, _, rest = typed.partition(" ")
        READERS[command](rest)


@each
def test_answers_fit_on_their_buttons(name: str) -> None:
    for step in BOOKS[name].steps:
        for option in step.decide.options if step.decide else ():
            assert len(option.label) <= 75, option.label
