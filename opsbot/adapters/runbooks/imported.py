"""Any markdown page of the world as a checklist to walk, or to be read; nothing on it can ever act."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.adapters.runbooks.engine import tokens
from opsbot.adapters.runbooks.markdown import anchored, blanked
from opsbot.adapters.runbooks.parsed import FOLDER, Parsed
from opsbot.adapters.runbooks.prose import Node, blocks, prose_of, tree
from opsbot.adapters.runbooks.sections import Section, oddities, sections
from opsbot.adapters.runbooks.slug import slug
from opsbot.adapters.runbooks.steps import taken_apart
from opsbot.adapters.runbooks.text import Text, Unfit, hidden, normalised
from opsbot.adapters.runbooks.yaml import BadYaml, mapping
from opsbot.domain.declaration import Finding
from opsbot.domain.prose import Block, plain
from opsbot.domain.runbook import Box, Phase, Runbook, Step

MOST_STEPS: Final = 30
"""More than that is a handbook: it is offered to be read, not walked."""

TITLE_MOST: Final = 75
_EVERY_LEVEL: Final = 6
_FEWEST_ITEMS: Final = 2
_FENCES: Final = {"---": re.compile(r"---[ \t]*"), "+++": re.compile(r"\+\+\+[ \t]*")}
_YAMLISH: Final = re.compile(r"\s*(?:$|#|- |[\w.\"'-]+\s*[:=]|[\]}\[{])|\s+\S")
_NUMBER: Final = re.compile(r"^(?:step\s+)?\d+(?:\.\d+)*[.):]?\s+", re.IGNORECASE)
_CONTEXT: Final = re.compile(
    r"(?:meaning|impact|overview|background|description|introduction|intro|summary|context|purpose"
    r"|scope|about(?: .*)?|(?:table of )?contents|toc|references?|related(?: .*)?|links|see also"
    r"|further reading|(?:additional|useful) (?:resources|links|information)|resources|metadata"
    r"|owners?|contacts?|glossary|definitions?|change ?log|(?:revision|version|document) history"
    r"|licen[cs]e|acknowledge?ments?|severity|full context|alert(?: details)?)",
    re.IGNORECASE,
)


def parse_imported(text: str | bytes, *, name: str, file: str) -> Parsed:
    """Read a foreign page; what is wrong with it are warnings, and it never raises."""
    try:
        return _Page(normalised(text), name, file).parsed()
    except Unfit as unfit:
        return Parsed(None, (unfit.finding(file, "warning"),))


@dataclass(slots=True)
class _Part:
    """A phase while it is gathered."""

    id: str
    title: str
    line: int
    intro: list[Block]
    steps: list[Step] = field(default_factory=list)

    def phase(self) -> Phase:
        return Phase(self.id, self.title, self.line, tuple(self.intro), tuple(self.steps))


@dataclass(slots=True)
class _Page:
    text: Text
    name: str
    file: str
    phases: list[_Part] = field(default_factory=list)
    intro: list[Block] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)

    def parsed(self) -> Parsed:
        source = self.text.source
        end, titled = _front(source)
        nodes = tree(tokens(blanked(source, end)))
        found = [*hidden(source, self.file), *oddities(nodes, self.file)]
        told = [replace(one, level="warning") for one in found if one.rule in {"E09", "E14"}]
        cut = sections(nodes, _EVERY_LEVEL, source.rstrip("\n").count("\n") + 1)
        title = titled or next((one.title for one in cut if one.title), "") or self.name
        anchors = anchored(nodes)
        self._walk(cut, title)
        runbook = self._runbook(nodes, title)
        findings = (*told, *self._told(runbook))
        return Parsed(runbook, tuple(sorted(set(findings))), frozenset(anchors.values()))

    def _told(self, runbook: Runbook) -> Iterator[Finding]:
        if not runbook.readable:
            return
        steps = sum(len(phase.steps) for phase in self.phases)
        what = f"has {steps} steps" if steps else "has no steps"
        fix = f"It can be read but not walked; give it up to {MOST_STEPS} headings to walk it."
        yield Finding(self.file, 1, what, fix, "warning", "W32")

    def _runbook(self, nodes: Sequence[Node], title: str) -> Runbook:
        phases = tuple(one.phase() for one in self.phases if one.steps or one.intro)
        count = sum(len(one.steps) for one in phases)
        readable = not 0 < count <= MOST_STEPS
        return Runbook(
            name=f"{FOLDER}/{self.name}",
            title=title,
            digest=self.text.digest,
            source=self.text.source,
            file=self.file,
            intro=blocks(nodes) if readable else tuple(self.intro),
            phases=() if readable else phases,
            imported=True,
            readable=readable,
        )

    def _walk(self, cut: Sequence[Section], title: str) -> None:
        """Go down the page: what has headings below it is a phase, what has none is a step."""
        highest = min((one.level for one in cut if one.level), default=0)
        roots = [one for one in cut if one.level == highest]
        aside = 0
        above: list[Section] = []
        for at, section in enumerate(cut):
            aside = 0 if section.level <= aside else aside
            above = [one for one in above if one.level < section.level]
            if aside or (section.heading is not None and _is_context(section.title)):
                aside = aside or section.level
                self._set_aside(section)
            elif _is_around(cut, at) and not _numbered(section):
                self._begin(section, root=len(roots) == 1 and section is roots[0])
                above.append(section)
            else:
                self._leaf(section, above[-1].title if above else title)

    def _set_aside(self, section: Section) -> None:
        if section.heading is not None:
            self.intro += blocks((section.heading,))
        self.intro += blocks(section.nodes)

    def _begin(self, section: Section, *, root: bool) -> None:
        told = blocks(section.nodes)
        if root:
            self.intro += told
        else:
            self._phase(section.title, section.line, told)

    def _phase(self, title: str, line: int, intro: tuple[Block, ...] = ()) -> None:
        made = self._free(slug(title) or "part", of="phase ")
        self.phases.append(_Part(made, title, line, list(intro)))

    def _leaf(self, section: Section, around: str) -> None:
        if _numbered(section):
            self._items(section, section.title or around)
        elif section.heading is not None or _says(section.nodes):
            if not self.phases or (self.phases[-1].title != around):
                self._phase(around, section.line)
            body, boxes = taken_apart(section.nodes)
            self._step(section.title or around, section.line, section.end, body, boxes)

    def _items(self, section: Section, title: str) -> None:
        """Make a step of each item of the ordered lists; what stands between them follows the one before."""
        self._phase(title, section.line)
        part = self.phases[-1]
        for node in section.nodes:
            if node.kind == "ordered_list":
                for item in node.inner:
                    self._item(item)
            elif part.steps:
                last = part.steps[-1]
                more = (*last.body, *blocks((node,)))
                part.steps[-1] = replace(last, body=more, end=max(last.end, node.end))
            else:
                part.intro += blocks((node,))

    def _item(self, item: Node) -> None:
        first = item.inner[0] if item.inner else item
        said = " ".join(plain(prose_of(first)).split()) if first.kind == "paragraph" else ""
        short = 0 < len(said) <= TITLE_MOST
        body, boxes = taken_apart(item.inner[1:] if short else item.inner)
        self._step(said if short else cut_short(said), item.line, item.end, body, boxes)

    def _step(
        self, title: str, line: int, end: int, body: tuple[Block, ...], boxes: tuple[Box, ...]
    ) -> None:
        plainly = _NUMBER.sub("", title) or title or f"Step in line {line}"
        made = self._free(slug(plainly)[:60] or f"line-{line}")
        step = Step(made, plainly, line, max(line, end), body=body, boxes=boxes)
        self.phases[-1].steps.append(step)

    def _free(self, wanted: str, *, of: str = "") -> str:
        """Return an id that none has yet: the wanted one, else the next number behind it."""
        made = wanted
        while of + made in self.taken:
            self.taken[of + wanted] = number = self.taken.get(of + wanted, 0) + 1
            made = f"{wanted}-{number + 1}"
        self.taken[of + made] = 0
        return made


def cut_short(text: str) -> str:
    """Return the beginning of a text that is too long for a title: its first sentence, else whole words."""
    sentence = re.match(rf"(.{{10,{TITLE_MOST}}}?)[.:;](?:\s|$)", text)
    if sentence is not None:
        return sentence[1]
    if len(text) <= TITLE_MOST:
        return text
    return f"{text[: TITLE_MOST - 1].rsplit(' ', 1)[0]}…"


def _front(source: str) -> tuple[int, str]:
    """Return the last line of the front matter, 0 where there is none, and the title in it."""
    lines = source.split("\n")
    rule = next((form for form in _FENCES.values() if form.fullmatch(lines[0])), None)
    if rule is None:
        return 0, ""
    end = next((at for at, line in enumerate(lines[1:], 2) if rule.fullmatch(line)), 0)
    inside = lines[1 : end - 1]
    if not end or not all(_YAMLISH.match(one) for one in inside):
        return 0, ""
    try:
        title = mapping("\n".join(inside), line=2).values.get("title", "")
    except BadYaml:
        return end, ""
    return end, title.strip() if isinstance(title, str) else ""


def _is_context(title: str) -> bool:
    return _CONTEXT.fullmatch(_NUMBER.sub("", title).strip(" :.")) is not None


def _is_around(cut: Sequence[Section], at: int) -> bool:
    """Return whether a heading holds others that are more than background, or says nothing itself."""
    level, below = cut[at].level, False
    if cut[at].heading is None:
        return False
    for one in (cut[later] for later in range(at + 1, len(cut))):
        if one.level <= level:
            break
        if not _is_context(one.title):
            return True
        below = True
    return below and not _says(cut[at].nodes)


def _numbered(section: Section) -> bool:
    """Return whether the steps hide in ordered lists, possibly begun anew after code."""
    items = sum(len(one.inner) for one in section.nodes if one.kind == "ordered_list")
    return items >= _FEWEST_ITEMS


def _says(nodes: Sequence[Node]) -> bool:
    return bool(blocks(nodes))
