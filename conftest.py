"""Runs the code blocks of the front page as tests, against a service without a store."""

from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser


def _teardown(namespace: dict[str, Any]) -> None:
    """Close what the page opened, as a service does at its end."""
    for name in ("client", "flags"):
        opened = namespace.pop(name, None)
        if opened is not None:
            opened.close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], teardown=_teardown
).pytest()
