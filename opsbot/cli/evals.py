"""`eval record` and `eval show`: send what a tool wrote as evidence, and look at what the gates say."""

from pathlib import Path
from urllib.parse import quote

from opsbot.adapters.evals import formats
from opsbot.adapters.evals.report import Report
from opsbot.cli import printing
from opsbot.cli.api import opened
from opsbot.cli.options import Asked, Usage
from opsbot.domain.errors import BadEvidence

_RECORD = "opsbot eval record --workflow W --revision r4 --file F [--suite S] [--commit SHA]"
_SHOW = "opsbot eval show <workflow> [r4]"


def evals(asked: Asked) -> int:
    """Record results, or show what the gates say."""
    what, *words = asked.words or ("",)
    if what == "record" and not words:
        return _record(asked)
    if what == "show" and len(words) in (1, 2):
        return _show(asked, *words)
    raise Usage(f"{_RECORD}\n{_SHOW}")


def _record(asked: Asked) -> int:
    values = asked.values
    path, form = values.get("file", ""), values.get("format", "auto")
    known = next((one for one in formats.FORMS if one == form), None)
    if known is None:
        raise Usage(f"--format is one of {', '.join(formats.FORMS)}")
    if not path:
        raise Usage(f"--file is needed: {_RECORD}")
    report = formats.read(_bytes(path), name=path, form=known, suite=values.get("suite", ""))
    body = _body(asked, report, path)
    answer = opened(asked).do("/v1/signals", body)
    if not asked.json:
        for line in report.notes:
            printing.note(f"{path}: {line}")
    return printing.said(answer, as_json=asked.json)


def _show(asked: Asked, workflow: str, revision: str = "") -> int:
    path = f"/v1/workflows/{quote(workflow, safe='')}/evidence"
    answer = opened(asked).ask(path, {"revision": revision} if revision else None)
    return printing.said(answer, as_json=asked.json)


def _bytes(path: str) -> bytes:
    """
    Read a file, or as much of it as says that it is too large.

    Raises:
        BadEvidence: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(formats.LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise BadEvidence(f"{path} cannot be read: {why}; nothing was recorded.") from error


def _body(asked: Asked, report: Report, path: str) -> dict[str, object]:
    values = asked.values
    workflow = _one("--workflow", values.get("workflow", ""), report.workflow, path)
    subject = _one("--revision", values.get("revision", ""), report.subject, path)
    fields = {
        "kind": "eval",
        "workflow": workflow,
        "revision": subject,
        "model": values.get("model", ""),
        "commit": values.get("commit", "") or report.commit,
        "results": [
            {"suite": one.suite, "metric": one.metric, "value": one.value, "n": one.n}
            for one in report.results
        ],
    }
    if not workflow or bool(fields["revision"]) == bool(fields["model"]):
        raise Usage(f"Name the workflow, and the revision or a --model: {_RECORD}")
    return {name: value for name, value in fields.items() if value != ""}


def _one(option: str, typed: str, written: str, path: str) -> str:
    """
    Return what was typed, else what the file says.

    Raises:
        BadEvidence: both are there and differ: evidence of one thing must not count for another.
    """
    if typed and written and typed != written:
        raise BadEvidence(
            f"{path} is of `{written}` and {option} says `{typed}`; nothing was recorded."
        )
    return typed or written
