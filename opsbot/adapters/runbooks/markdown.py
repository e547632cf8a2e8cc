"""A runbook's text as a procedure: strict, so that what is not understood is named and never left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.adapters.runbooks.actions import action_of
from opsbot.adapters.runbooks.engine import tokens
from opsbot.adapters.runbooks.front import Front, front_of
from opsbot.adapters.runbooks.labels import holds_label
from opsbot.adapters.runbooks.parsed import Parsed
from opsbot.adapters.runbooks.prose import Node, blocks, prose_of, tree
from opsbot.adapters.runbooks.sections import (
    STEP_LEVEL,
    Section,
    id_comment,
    is_id_comment,
    oddities,
    sections,
)
from opsbot.adapters.runbooks.slug import ID, anchors, slug
from opsbot.adapters.runbooks.steps import Anchors, StepReader
from opsbot.adapters.runbooks.text import Text, Unfit, hidden, normalised
from opsbot.domain.declaration import Finding
from opsbot.domain.prose import Block, plain
from opsbot.domain.runbook import Action, Phase, Runbook, Step

MAX_STEPS: Final = 60
MAX_OPTIONS: Final = 200


def parse(text: str | bytes, *, name: str, file: str) -> Parsed:
    """Read a runbook of ours; never raises, whatever the text is."""
    try:
        found = normalised(text)
        return _Page(found, name, file).parsed()
    except Unfit as unfit:
        return Parsed(None, (unfit.finding(file),))


def anchored(nodes: Sequence[Node]) -> Mapping[int, str]:
    """Return the anchor of every heading by its line."""
    headings = [one for one in nodes if one.kind == "heading"]
    made = anchors(plain(prose_of(one)) for one in headings)
    return {one.line: anchor for one, anchor in zip(headings, made, strict=True)}


def blanked(source: str, end: int) -> str:
    """Return a text with its first *end* lines empty, so that every other keeps its number."""
    return "\n" * end + "\n".join(source.rstrip("\n").split("\n")[end:]) + "\n"


@dataclass(slots=True)
class _Page:
    text: Text
    name: str
    file: str
    findings: list[Finding] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)

    def parsed(self) -> Parsed:
        source = self.text.source
        self.findings += hidden(source, self.file)
        front = front_of(source, self.file)
        nodes = tree(tokens(blanked(source, front.end)))
        self.findings += oddities(nodes, self.file)
        cut = sections(nodes, STEP_LEVEL, source.rstrip("\n").count("\n") + 1)
        page_anchors = anchored(nodes)
        self._read(cut, self._step_ids(cut), page_anchors)
        self._named(front)
        draft = self._draft(cut, front)
        kept = draft if self._fits(draft) else None
        self.findings += front.findings
        return Parsed(kept, tuple(sorted(set(self.findings))), frozenset(page_anchors.values()))

    def _wrong(self, line: int, message: str, fix: str, rule: str) -> None:
        self.findings.append(Finding(self.file, line, message, fix, "error", rule))

    def _step_ids(self, cut: Sequence[Section]) -> dict[int, str]:
        """Return the id of each step by its line; the same one twice is an error (E07)."""
        found: dict[int, str] = {}
        lines: dict[str, int] = {}
        for section in cut:
            if section.level == STEP_LEVEL:
                made = self._id(section)
                if made in lines:
                    fix = "Give them different titles, or one an id: `<!-- id: other -->`."
                    what = f"the step in line {lines[made]} has the id `{made}` as well"
                    self._wrong(section.line, what, fix, "E07")
                lines.setdefault(made, section.line)
                found[section.line] = made
        return found

    def _id(self, section: Section) -> str:
        said = id_comment(section)
        if said is None:
            return slug(section.title) or "step"
        if not ID.fullmatch(said[0]):
            fix = "Use a-z, 0-9 and `-`, as in `<!-- id: stop-the-harm -->`."
            self._wrong(said[1], f"`{said[0][:60]}` is no id for a step", fix, "E07")
            return slug(section.title) or "step"
        return said[0]

    def _leads(
        self, cut: Sequence[Section], ids: dict[int, str], page_anchors: Mapping[int, str]
    ) -> Anchors:
        """Return where links lead: to a step by its anchor or id, to a phase's first step by the phase's."""
        found: dict[str, str] = {}
        headed = [one for one in cut if one.heading is not None]
        for at, section in enumerate(headed):
            anchor = page_anchors[section.line]
            if section.level == STEP_LEVEL:
                found[anchor] = ids[section.line]
            elif after := _first_step(headed[at + 1 : at + 2]):
                found.setdefault(anchor, ids[after.line])
        return Anchors({**found, **{step: step for step in ids.values()}})

    def _read(
        self, cut: Sequence[Section], ids: dict[int, str], page_anchors: Mapping[int, str]
    ) -> None:
        leads = self._leads(cut, ids, page_anchors)
        for section in cut:
            if section.level == STEP_LEVEL - 1:
                self._phase(section)
            elif section.level == STEP_LEVEL:
                reader = StepReader(section, ids[section.line], leads, self.file, self.findings)
                self._step(reader.step())
            else:
                self._outside(section)

    def _phase(self, section: Section) -> None:
        self._outside(section)
        said = id_comment(section)
        named = said[0] if said is not None else slug(section.title)
        self.phases.append(Phase(named, section.title, section.line, _intro(section)))

    def _step(self, step: Step) -> None:
        if not self.phases:
            fix = "Write a phase above it, as in `## Contain`."
            self._wrong(step.line, f"the step `{step.title}` is outside of a phase", fix, "E06")
            self.phases.append(Phase("", "", step.line))
        last = self.phases[-1]
        self.phases[-1] = Phase(last.id, last.title, last.line, last.intro, (*last.steps, step))

    def _outside(self, section: Section) -> None:
        """Name what belongs to a step and stands in none: it would never be done."""
        for node in section.nodes:
            found = action_of(node, self.file) if node.kind == "fence" else None
            if isinstance(found, Action):
                fix = "Write a step above it, as in `### Stop the harm`."
                self._wrong(node.line, f"`yaml {found.verb}` is outside of a step", fix, "E06")
            elif found is not None:
                self.findings.append(found)
            label = holds_label(prose_of(node)) if node.kind == "paragraph" else None
            if label is not None:
                fix = "Write a step above it, as in `### Stop the harm`."
                self._wrong(node.line, f"`{label}:` is outside of a step", fix, "E06")

    def _named(self, front: Front) -> None:
        said = front.text("runbook")
        if said and said != self.name:
            fix = f"Write `runbook: {self.name}`, or rename the file to `{said}.md`."
            front.wrong("runbook", f"the name `{said}` is not the file's name", fix, "E03")

    def _draft(self, cut: Sequence[Section], front: Front) -> Runbook:
        titles = [one for one in cut if one.level == 1]
        self._shape(cut, titles, front)
        return Runbook(
            name=self.name,
            title=front.text("title") or (titles[0].title if titles else self.name),
            digest=self.text.digest,
            source=self.text.source,
            file=self.file,
            owner=front.owner(),
            reviewed=front.reviewed(),
            review_days=front.review_days(),
            incident_types=front.incident_types(),
            severity=front.severity(),
            params=front.params(),
            intro=tuple(block for one in cut if one.level < 2 for block in _intro(one)),  # noqa: PLR2004  before the first phase
            phases=tuple(self.phases),
        )

    def _shape(self, cut: Sequence[Section], titles: Sequence[Section], front: Front) -> None:
        for extra in titles[1:]:
            fix = "Use `##` for phases and `###` for steps."
            self._wrong(extra.line, f"`{extra.title[:60]}` is a second title", fix, "E06")
        if not titles:
            fix = "Write `# …` below the front matter."
            self._wrong(front.end + 1, "there is no title", fix, "E06")
        if not any(phase.steps for phase in self.phases):
            fix = "Write a phase `## Contain` and a step `### Stop the harm`."
            self._wrong(front.end + 1, "there are no steps", fix, "E06")
        self.findings += _jumps(cut, self.file)

    def _fits(self, draft: Runbook) -> bool:
        """Return whether anybody could walk it; rules are not looked at where nobody could."""
        steps = draft.steps
        if len(steps) > MAX_STEPS:
            fix = "Split it: nobody walks so many at night."
            self._wrong(steps[MAX_STEPS].line, f"has more than {MAX_STEPS} steps", fix, "E01")
        options = [one for step in steps if step.decide for one in step.decide.options]
        if len(options) > MAX_OPTIONS:
            what = f"has more than {MAX_OPTIONS} answers to decisions"
            self._wrong(options[MAX_OPTIONS].line, what, "Split it.", "E01")
        return len(steps) <= MAX_STEPS and len(options) <= MAX_OPTIONS


def _first_step(after: Sequence[Section]) -> Section | None:
    first = next(iter(after), None)
    return first if first is not None and first.level == STEP_LEVEL else None


def _intro(section: Section) -> tuple[Block, ...]:
    return blocks([one for one in section.nodes if not is_id_comment(one)])


def _jumps(cut: Sequence[Section], file: str) -> Iterator[Finding]:
    """Yield headings that skip a level: below one of the first level comes the second."""
    above = 0
    for section in cut:
        headings = [(section.level, section.line, section.title)] if section.heading else []
        headings += [
            (int(one.token.tag[1:]), one.line, plain(prose_of(one)))
            for one in section.nodes
            if one.kind == "heading"
        ]
        for level, line, title in headings:
            if above and level > above + 1:
                fix = f"Write `{'#' * (above + 1)}`."
                what = f"the heading `{title[:60]}` skips a level"
                yield Finding(file, line, what, fix, "error", "E06")
            above = level
