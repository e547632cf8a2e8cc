"""`opsbot bench`: the figures; a file of its own, so that measuring loads nothing of the demo."""

from pathlib import Path

from opsbot.bench import CLIENTS, NAMES, Fill, Read, run
from opsbot.cli.options import Asked, Usage


def bench(asked: Asked) -> int:
    """Measure one thing and return 1 where a gate was broken; `make bench` runs them one by one."""
    if len(asked.words) != 1 or asked.words[0] not in NAMES:
        raise Usage(f"opsbot bench {'|'.join(NAMES)}")
    return run(
        asked.words[0],
        clients=_sizes(asked.values.get("clients", "")),
        json="json" in asked.flags,
        tell=_tell,
        read=_reader() if asked.words[0] == "runbooks" else None,
        fill=_filler() if asked.words[0] == "runbooks" else None,
    )


def _sizes(word: str) -> tuple[int, ...]:
    if not word:
        return CLIENTS
    parts = word.split(",")
    if not all(part.isascii() and part.isdigit() and 0 < int(part) <= 1000 for part in parts):  # noqa: PLR2004  what one machine can fork
        raise Usage("--clients takes numbers from 1 to 1000, as in 1,10,100")
    return tuple(int(part) for part in parts)


def _reader() -> Read:
    """Return what the bot reads runbooks with."""
    # Imported here: the other measurements load nothing of it.
    from opsbot.adapters.runbooks.files import Library, Page, read_page  # noqa: PLC0415  as above
    from opsbot.adapters.runbooks.lint import lint  # noqa: PLC0415  as above
    from opsbot.adapters.runbooks.rules import Known  # noqa: PLC0415  as above

    def read(text: str, name: str, ruled: bool) -> str:  # noqa: FBT001  the measurement's own form
        parsed = read_page(text, name=name, file="")
        if ruled:
            page = Page(name, Path(f"{name}.md"), "", parsed)
            lint(Library(Path(), (page,)), Known(whole=False))
        return parsed.findings[0].message if parsed.draft is None else ""

    return read


def _filler() -> Fill:
    """Return what the bot fills templates of messages with."""
    # Imported here: the other measurements load nothing of it.
    from opsbot.adapters.comms import sandbox  # noqa: PLC0415  as above

    def fill(source: str) -> str:
        try:
            sandbox.fill(source, {"feature": "the assistant"})
        except (sandbox.Forbidden, sandbox.Unfilled) as bad:
            return getattr(bad, "message", "comes out too long, or names what is not there")
        return ""

    return fill


def _tell(line: str) -> None:
    print(line, flush=True)
