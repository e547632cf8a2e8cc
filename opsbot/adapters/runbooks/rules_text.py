"""Rules of what a runbook says: links, names in braces, code, secrets, its age."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from opsbot.adapters.runbooks.rules import Look, Rule
from opsbot.adapters.runbooks.slug import split
from opsbot.adapters.runbooks.walk import codes_of, said_by, spans_of, texts_in
from opsbot.app.runs.arguments import known_arguments
from opsbot.domain.declaration import Finding
from opsbot.domain.placeholders import BUILT_IN, names_in, names_in_prose, odd_in
from opsbot.domain.prose import Code

SHELLS: Final = frozenset({"bash", "sh", "shell", "zsh", "console"})
BLOCK_MOST: Final = 2_900
"""Characters of code that one block of a message holds."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"<[a-z][a-z0-9 _-]*>", re.IGNORECASE)
_SECRETS: Final = (
    ("a Slack token", re.compile(r"\bxox[a-z]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}")),
    ("a webhook's address", re.compile(r"hooks\.slack\.com/(?:services|workflows)/\w+")),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_\w{30,}|github_pat_\w{30,})")),
    ("an API key", re.compile(r"\bsk-(?:[a-z]+-)?[\w-]{20,}")),
    ("a signed token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@{<$]{4,}@")),
    (
        "a secret",
        re.compile(
            r"(?i)\b(?:password|passwd|secret|token|api[_-]?key)\b\s*[=:]\s*['\"]?"
            r"(?=[^\s'\"]*\d)[A-Za-z0-9/+_.-]{16,}"
        ),
    ),
)


def links(look: Look) -> Iterator[Finding]:
    """E11: links to runbooks, headings and files that are not there."""
    for prose, line in said_by(look.runbook):
        for span in spans_of(prose):
            if span.kind in {"link", "image"} and (why := _dead(look, span.url)):
                fix = "Correct the link, or take it away."
                yield look.find("E11", line, f"the link to `{span.url[:80]}` {why}", fix)
    for step in look.runbook.steps:
        named = [(step.onward, step.line)] if step.onward else []
        if step.decide is not None:
            named += [(one.runbook, one.line) for one in step.decide.options if one.runbook]
        for name, line in named:
            if name not in look.known.names:
                fix = "Name one that is there."
                yield look.find("E11", line, f"there is no runbook `{name}`", fix)


def _dead(look: Look, url: str) -> str:
    if not url or _SCHEME.match(url) or url.startswith("/"):
        return ""
    page, anchor = split(url)
    page = page.partition("?")[0]
    path = look.folder / page if page else look.page.path
    if not path.exists():
        return "leads to no file"
    anchors = look.known.anchors.get(str(path.resolve()))
    if anchor and anchors is not None and anchor not in anchors and not _is_id(look, page, anchor):
        return "leads to no heading"
    return ""


def _is_id(look: Look, page: str, anchor: str) -> bool:
    return not page and look.runbook.step(anchor) is not None


def code(look: Look) -> Iterator[Finding]:
    """W10, W12: code without a language, placeholders in commands, code too long to show."""
    for one in codes_of(look.runbook):
        if not one.language:
            fix = "Write it behind the fence: ```bash, ```sql, ```text."
            yield look.find("W10", one.line, "the code names no language", fix)
        if len(one.text) > BLOCK_MOST:
            fix = "Shorten it, or link to it."
            what = f"the code has more than {BLOCK_MOST} characters and would be cut"
            yield look.find("W12", one.line, what, fix)
        yield from _placeholders(look, one)


def _placeholders(look: Look, one: Code) -> Iterator[Finding]:
    if one.language.lower() not in SHELLS:
        return
    for at, line in enumerate(one.text.split("\n"), 1):
        if found := _PLACEHOLDER.search(line):
            fix = "Make it a parameter: `{{ name }}`."
            what = f"the command has a placeholder `{found[0]}`"
            yield look.find("W10", one.line + at, what, fix)


def images(look: Look) -> Iterator[Finding]:
    """W12: images without words."""
    for prose, line in said_by(look.runbook):
        if any(one.kind == "image" and not one.text.strip() for one in spans_of(prose)):
            fix = "Say in the brackets what it shows: `![queue depth](…)`."
            yield look.find("W12", line, "an image has no words", fix)


def names(look: Look) -> Iterator[Finding]:
    """E13, W13: names in braces that nobody declares, and parameters that nobody uses."""
    declared = {one.name for one in look.runbook.params} | set(BUILT_IN)
    used = _implied(look)
    for name, line in _names(look):
        used.add(name)
        if name not in declared:
            fix = f"Declare it under `params:`, or use one of {', '.join(sorted(declared))}."
            yield look.find("E13", line, f"`{{{{ {name} }}}}` is not declared", fix)
    for text, line in _argument_texts(look):
        for odd in odd_in(text):
            fix = "Write a name: `{{ workflow }}`; there is no template language."
            yield look.find("E13", line, f"`{odd[:60]}` is no name", fix)
    for param in look.runbook.params:
        if param.name not in used:
            fix = f"Use `{{{{ {param.name} }}}}`, or take it away."
            yield look.find("W13", param.line, f"the parameter `{param.name}` is never used", fix)


def _implied(look: Look) -> set[str]:
    """Return the parameters that actions take without naming them: the run's workflow."""
    actions = (action for step in look.runbook.steps for action in step.actions)
    if not any(
        "workflow" in known_arguments(one.verb) and "workflow" not in one.arguments
        for one in actions
    ):
        return set()
    return {one.name for one in look.runbook.params if one.type == "workflow"}


def _names(look: Look) -> Iterator[tuple[str, int]]:
    for prose, line in said_by(look.runbook):
        yield from ((name, line) for name in names_in_prose(prose))
    for one in codes_of(look.runbook):
        yield from ((name, one.line) for name in names_in(one.text))
    for text, line in _argument_texts(look):
        yield from ((name, line) for name in names_in(text))


def _argument_texts(look: Look) -> Iterator[tuple[str, int]]:
    for step in look.runbook.steps:
        for action in step.actions:
            for argument, value in action.arguments.items():
                line = action.lines.get(argument, action.line)
                yield from ((text, line) for text in texts_in(value))


def secrets(look: Look) -> Iterator[Finding]:
    """E29: what looks like a secret, by its line and never by its value."""
    for number, line in enumerate(look.runbook.source.split("\n"), 1):
        for what, form in _SECRETS:
            if form.search(line[:4_000]):
                fix = "Take it out, and make it invalid where it was issued: git remembers it."
                yield look.find("E29", number, f"this looks like {what}", fix)
                break


def age(look: Look) -> Iterator[Finding]:
    """W05: a review that does not hold any more."""
    book, today = look.runbook, look.known.today
    if not book.reviewed or book.review_days is None or today is None:
        return
    due = date.fromisoformat(book.reviewed) + timedelta(days=min(book.review_days, 36_500))
    if due < today:
        line = next(
            (
                at
                for at, one in enumerate(book.source.split("\n"), 1)
                if one.startswith("reviewed:")
            ),
            1,
        )
        fix = "Walk it in a drill, correct it, and write today's date."
        yield look.find("W05", line, f"the review of {book.reviewed} was due again on {due}", fix)


TEXT_RULES: Final[tuple[Rule, ...]] = (links, code, images, names, secrets, age)
FOREIGN_RULES: Final[tuple[Rule, ...]] = (secrets,)
"""What is looked at on pages that are not ours to correct."""
