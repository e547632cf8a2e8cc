"""Light marks become what they mean, everything else stays words, and no text is slow."""

import pytest

from opsbot.app.status_page.prose import blocks


def test_light_marks_are_drawn_and_everything_else_is_words() -> None:
    page = made(
        "Late",
        "One line\nand the next, **strong**.\n\n- a\n- b: see https://a.example/x.\n"
        "[here](https://a.example/y) [not](javascript:alert(1)) <b>no</b> # no * no _no_",
    )

    text = files(page)["index.html"]

    assert "<p>One line<br>\nand the next, <strong>strong</strong>.</p>" in text
    assert '<ul><li>a</li><li>b: see <a href="https://a.example/x"' in text
    assert ">https://a.example/x</a>.</li></ul>" in text
    assert '<a href="https://a.example/y" rel="noreferrer noopener">here</a>' in text
    assert "[not](javascript:alert(1)) &lt;b&gt;no&lt;/b&gt; # no * no _no_" in text


@pytest.mark.parametrize(
    "text", ["[" * 12_000, "**a" * 4_000, "[a](" * 3_000, "- " * 6_000, "h" * 12_000]
)
@pytest.mark.timeout(5)
def test_no_text_is_slow_to_read(text: str) -> None:
    assert blocks(text)
