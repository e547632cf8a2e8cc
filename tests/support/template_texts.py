"""A template without a single finding, and folders of templates that a test may spoil."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from opsbot.adapters.comms.files import Draft, Library, load, read
from opsbot.adapters.comms.lint import lint
from opsbot.adapters.comms.rules import Known
from opsbot.domain.comms.settings import CommsSettings
from opsbot.domain.comms.templates import Template
from opsbot.domain.declaration import Finding
from opsbot.domain.model_book import Model, ModelBook
from tests.support.policies import workflow

NAME = "users-feature-off-identified"

GOOD = """\
---
template: users-feature-off-identified
title: What we know
audience: users
situation: feature-off
stage: identified
headline: "{{ feature | capital }} stays switched off"
slots: [effect, cause, action, next_update]
fields:
  cause: {label: What went wrong, max_length: 300, hint: A whole sentence.}
  action: {label: What we are doing, type: text}
  how: {label: How many, type: number, required: false, fact: counts}
  state: {label: What users get, type: choice, options: [nothing, a person]}
targets: [status-page]
---
{{ feature | capital }} is not available.

What happened: {{ cause }}

{% if state == "nothing" %}
We do this: {{ action }}
{% else %}
A person answers. We do this: {{ action }}
{% endif %}

{% if how %}
This concerns {{ how }} users.
{% endif %}

Next update by {{ next_at }}.
"""
"""What every rule passes; tests of a rule change one thing in it."""

HOLDING_NAME = "users-feature-off-investigating"
HOLDING = """\
---
template: users-feature-off-investigating
title: The first word
audience: users
situation: feature-off
stage: investigating
headline: "{{ feature | capital }} is not available"
slots: [effect, next_update]
---
{{ feature | capital }} is not available{% if off_at %} since {{ off_at }}{% endif %}.

Next update by {{ next_at }}.
"""
"""Without a field, so that it can be approved in advance."""

GERMAN = """\
---
headline: "{{ feature | capital }} bleibt aus"
---
Nicht verf\u00fcgbar: {{ feature }}. {{ cause }} {% if state == "nothing" %}{{ action }}{% endif %}

{% if how %}
Das betrifft {{ how }} Nutzer.
{% endif %}

N\u00e4chste Meldung bis {{ next_at }}.
"""


def edited(*changes: tuple[str, str], text: str = GOOD) -> str:
    """Return a text with each *old* replaced by its *new*, once."""
    for old, new in changes:
        assert old in text, f"{old!r} is not in the text"
        text = text.replace(old, new, 1)
    return text


def draft(
    text: str | bytes, name: str = NAME, translations: Mapping[str, str | bytes] | None = None
) -> Draft:
    """Read one text under a name, with translations by locale."""
    others = {
        locale: (f"{name}.{locale}.md.j2", one) for locale, one in (translations or {}).items()
    }
    return read(name, (f"{name}.md.j2", text), others)


def template(
    text: str | bytes = GOOD,
    name: str = NAME,
    translations: Mapping[str, str | bytes] | None = None,
) -> Template:
    """Return a template that reading finds nothing wrong with."""
    found = draft(text, name, translations)
    assert found.findings == ()
    assert found.template is not None
    return found.template


def folder(path: Path, files: Mapping[str, str | bytes]) -> Library:
    """Write files by their names within a folder, and read them all."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def known() -> Known:
    """Return what the rules compare with: one workflow that can be answered for by people, one model."""
    declared = replace(workflow(name="support-copilot"), modes=("canned", "stop"))
    return Known(
        settings=CommsSettings(locales=("en", "de")),
        workflows={declared.name: declared},
        book=ModelBook({"openai/gpt-5.2": Model("openai/gpt-5.2", ("prod-alpha-7",))}),
    )


def findings(
    path: Path, text: str | bytes, others: Mapping[str, str | bytes] | None = None
) -> tuple[Finding, ...]:
    """Return what the rules say of a template among *others*."""
    return lint(folder(path, {f"{NAME}.md.j2": text, **(others or {})}), known())
