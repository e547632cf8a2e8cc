"""
Pages made to be slow, deep or endless are read or refused with a finding; none hangs.

How long each takes is a figure of `opsbot bench runbooks`.
"""

import pytest

from opsbot.adapters.runbooks.files import read_page
from opsbot.bench.hostile import HOSTILE
from opsbot.domain.prose import Paragraph, plain

FOREIGN = [
    *("headings", "headings in headings", "background", "steps", "steps of one title", "boxes"),
    *("long title", "list within the limits", "numbered items", "front matter of brackets"),
    *("front matter of braces", "front matter of keys"),
]
"""Pages that only their headings and lists make slow; for the others it is the parser, the same for both."""


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("kind", "name"),
    [*((kind, "page") for kind in sorted(HOSTILE)), *((kind, "imported/page") for kind in FOREIGN)],
)
def test_a_hostile_page_is_read_or_refused(kind: str, name: str) -> None:
    parsed = read_page(HOSTILE[kind], name=name, file="x.md")

    assert parsed.draft is not None or parsed.findings
    assert all(one.fix for one in parsed.findings)


def test_code_and_names_that_look_like_templates_stay_text() -> None:
    text = "# T\n\n## S\n\n{{ ''.class }} {% for x in y %} ${jndi:ldap://x} <!channel>\n"

    parsed = read_page(text, name="imported/page", file="x.md")

    assert parsed.runbook is not None
    body = parsed.runbook.steps[0].body[0]
    assert isinstance(body, Paragraph)
    assert plain(body.prose) == "{{ ''.class }} {% for x in y %} ${jndi:ldap://x} <!channel>"
