"""One step of a runbook: its labels, actions, boxes and decision, and what it says beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from opsbot.adapters.runbooks.actions import action_of
from opsbot.adapters.runbooks.labels import LABELS, Label, Labelled, almost, holds_label, labels
from opsbot.adapters.runbooks.labels import trimmed as trimmed_prose
from opsbot.adapters.runbooks.prose import Node, blocks, prose_of
from opsbot.adapters.runbooks.sections import Section, is_id_comment
from opsbot.adapters.runbooks.slug import split
from opsbot.domain.declaration import Finding
from opsbot.domain.durations import duration_s
from opsbot.domain.nearest import nearest
from opsbot.domain.prose import Block, Listing, Prose, Span, plain
from opsbot.domain.runbook import Action, Box, Decision, Option, Step

_MARKS: Final = ("[ ] ", "[x] ", "[X] ")


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where links within a page lead: *steps* by anchor and by id."""

    steps: Mapping[str, str]

    def step(self, anchor: str) -> str:
        """Return the id of the step that an anchor means, empty where there is none."""
        return self.steps.get(anchor, "")


@dataclass(slots=True)
class StepReader:
    """Reads what stands under one heading."""

    section: Section
    id: str
    anchors: Anchors
    file: str
    findings: list[Finding]
    body: list[Block] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    told: dict[Label, tuple[Prose, int]] = field(default_factory=dict)
    options: list[Option] = field(default_factory=list)
    asked: bool = False

    def step(self) -> Step:
        """Return the step; what is wrong with it is among the findings."""
        readers: Mapping[str, Callable[[Node], None]] = {
            "paragraph": self._paragraph,
            "fence": self._fence,
            "bullet_list": self._list,
        }
        for node in self.section.nodes:
            if not is_id_comment(node):
                asked, self.asked = self.asked, False
                if asked and node.kind == "bullet_list":
                    self._options(node)
                else:
                    readers.get(node.kind, self._plain)(node)
        return self._made()

    def _made(self) -> Step:
        undo, undo_words = self._undo()
        return Step(
            id=self.id,
            title=self.section.title,
            line=self.section.line,
            end=self.section.end,
            who=plain(self._said("Who")).strip().lower(),
            time_s=self._time(),
            body=tuple(self.body),
            boxes=tuple(self.boxes),
            actions=tuple(self.actions),
            expect=self._said("Expect"),
            decide=self._decision(),
            undo=undo,
            undo_words=undo_words,
            skip_when=self._said("Skip when"),
            onward=self._onward(),
        )

    def _wrong(self, line: int, message: str, fix: str, rule: str) -> None:
        self.findings.append(Finding(self.file, line, message, fix, "error", rule))

    def _plain(self, node: Node) -> None:
        self.body += blocks((node,))

    def _fence(self, node: Node) -> None:
        found = action_of(node, self.file)
        if isinstance(found, Action):
            self.actions.append(found)
        elif found is None:
            self._plain(node)
        else:
            self.findings.append(found)

    def _paragraph(self, node: Node) -> None:
        prose = prose_of(node)
        found = labels(prose)
        for one in found:
            self._label(one, node.line)
        if found:
            self.asked = found[-1].label == "Decide"
            return
        self._near_label(prose, node.line)
        self._plain(node)

    def _label(self, one: Labelled, line: int) -> None:
        if one.label in self.told:
            fix = "Keep one of them."
            self._wrong(line, f"`{one.label}:` is there twice in one step", fix, "E31")
            return
        if not one.prose and one.label != "Decide":
            fix = f"Write something behind it, or take `{one.label}:` away."
            self._wrong(line, f"`{one.label}:` says nothing", fix, "E31")
        self.told[one.label] = (one.prose, line)

    def _near_label(self, prose: Prose, line: int) -> None:
        if inside := holds_label(prose):
            fix = f"Begin a paragraph with `**{inside}:**`."
            self._wrong(line, f"the label `{inside}:` is in the middle of a text", fix, "E31")
            return
        word = almost(prose)
        guess = nearest(word.capitalize(), LABELS) if word else ""
        if guess:
            what = f"`{word[:40]}` is no label"
            self._wrong(line, what, f"Write `**{guess}:**`, the colon inside.", "E31")

    def _said(self, label: Label) -> Prose:
        return self.told.get(label, ((), 0))[0]

    def _time(self) -> int | None:
        prose, line = self.told.get("Time", ((), 0))
        said = plain(prose).strip()
        found = duration_s(said) if said else None
        if said and found is None:
            self._wrong(
                line, f"`Time:` is `{said[:40]}`, which is no duration", "Write `10m`.", "E31"
            )
        return found

    def _undo(self) -> tuple[str, Prose]:
        prose, line = self.told.get("Undo", ((), 0))
        link = only_link(prose)
        if link is None:
            return "", prose
        page, anchor = split(link.url)
        found = "" if page else self.anchors.step(anchor)
        if not found:
            fix = "Link the heading of the step that takes it back, as in `[Restore](#restore)`."
            self._wrong(line, f"`Undo:` leads to no step: `{link.url[:80]}`", fix, "E11")
        return found, prose

    def _onward(self) -> str:
        prose, line = self.told.get("Continue in", ((), 0))
        if not prose:
            return ""
        link = only_link(prose)
        page = split(link.url)[0] if link is not None else ""
        if not page.endswith(".md"):
            fix = "Link another runbook, as in `[Provider outage](provider-outage.md)`."
            self._wrong(line, "`Continue in:` names no runbook", fix, "E11")
            return ""
        return named_runbook(page)

    def _decision(self) -> Decision | None:
        if "Decide" not in self.told:
            return None
        question, line = self.told["Decide"]
        if not question:
            self._wrong(line, "`Decide:` asks nothing", "Write the question behind it.", "E17")
        if not self.options:
            fix = "Write a list behind it, as in `- Yes: [Restore](#restore)`."
            self._wrong(line, "`Decide:` has no answers", fix, "E17")
        return Decision(question, tuple(self.options), line)

    def _options(self, node: Node) -> None:
        for item in node.inner:
            first, *rest = item.inner or (item,)
            prose = prose_of(first)
            option = self._option(prose, item.line)
            if option is None or rest:
                fix = "Write each answer as `- Yes: [Restore](#restore)`, and nothing below it."
                what = f"the answer `{plain(prose).strip()[:60]}` leads nowhere"
                what = what if option is None else "an answer has more below it"
                self._wrong(item.line, what, fix, "E17")
            if option is not None:
                self.options.append(option)

    def _option(self, prose: Prose, line: int) -> Option | None:
        links = [span for span in prose if span.kind == "link"]
        if len(links) != 1 or prose[-1] is not links[0]:
            return None
        label = plain(prose[:-1]).strip().rstrip(":").strip() or plain(links[0].inner).strip()
        page, anchor = split(links[0].url)
        if page:
            found = named_runbook(page) if page.endswith(".md") else ""
            return Option(label, runbook=found, line=line) if found else None
        step = self.anchors.step(anchor)
        return Option(label, step=step, line=line) if step else None

    def _list(self, node: Node) -> None:
        body, boxes = taken_apart((node,), begin=len(self.boxes))
        self.body += body
        self.boxes += boxes


def taken_apart(
    nodes: Sequence[Node], *, begin: int = 0
) -> tuple[tuple[Block, ...], tuple[Box, ...]]:
    """Return what stands there and the boxes of its task lists; what is below a box follows as text."""
    body: list[Block] = []
    boxes: list[Box] = []
    for node in nodes:
        if node.kind == "bullet_list":
            _listed(node, body, boxes, begin)
        else:
            body += blocks((node,))
    return tuple(body), tuple(boxes)


def _listed(node: Node, body: list[Block], boxes: list[Box], begin: int) -> None:
    others: list[tuple[Block, ...]] = []
    for item in node.inner:
        prose = boxed(item)
        if prose is None:
            others.append(blocks(item.inner))
            continue
        boxes.append(Box(f"b{begin + len(boxes) + 1}", prose, item.line))
        for below in item.inner[1:]:
            if below.kind == "bullet_list":
                _listed(below, body, boxes, begin)
            else:
                body += blocks((below,))
    if others:
        body.append(Listing(tuple(others), None, node.line))


def boxed(item: Node) -> Prose | None:
    """Return what a box of a task list says, None where an item is none."""
    if not item.inner or item.inner[0].kind != "paragraph":
        return None
    prose = prose_of(item.inner[0])
    if not prose or prose[0].kind != "text" or not prose[0].text.startswith(_MARKS):
        return None
    first = replace(prose[0], text=prose[0].text[4:].lstrip())
    return trimmed_prose((first, *prose[1:]))


def only_link(prose: Prose) -> Span | None:
    """Return the link of a line that is one, None for any other."""
    links = [span for span in prose if span.kind == "link"]
    return links[0] if len(links) == 1 and prose[0] is links[0] else None


def named_runbook(page: str) -> str:
    """Return the name of the runbook that a relative address names, empty where it names none."""
    parts: Sequence[str] = page.removeprefix("./").removesuffix(".md").split("/")
    if len(parts) == 1 or (len(parts) == 2 and parts[0] == "imported"):  # noqa: PLR2004  `imported/<name>`
        return "/".join(parts)
    return ""
