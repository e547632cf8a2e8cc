"""No text is slow to read."""

import pytest

from opsbot.app.status_page.prose import blocks


@pytest.mark.parametrize(
    "text", ["[" * 12_000, "**a" * 4_000, "[a](" * 3_000, "- " * 6_000, "h" * 12_000]
)
@pytest.mark.timeout(20)
def test_no_text_is_slow_to_read(text: str) -> None:
    assert blocks(text)
