"""The steps of a runbook as the workflow of a CACAO playbook: chains, conditions, ends. Pure."""

import base64
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.prose_text import line, lines, seen
from opsbot.app.runs.by_hand import by_hand, on_terminal
from opsbot.domain.change import Json
from opsbot.domain.prose import Block
from opsbot.domain.runbook import LANES, Action, Decision, LaneName, Option, Runbook, Step, Verb

SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:opsbot:runbook")
"""Under it every id is made of the runbook's name and the step's own id: the same in every version."""

ANYBODY: Final = "whoever walks it"
BEYOND: Final = 9999
"""The number of no step: a lane that goes on there is at its end."""

_WIDTH: Final = 10_000
"""Columns nobody has: a paragraph stays one line."""

_PLAIN: Final = frozenset("\"'\\\n\r\t")
"""What a plain command may not hold; one that does is sent in base64, as CACAO asks."""

Node = dict[str, Json]


def identified(kind: str, what: str) -> str:
    """Return the id of something: the same for the same, whenever it is made."""
    return f"{kind}--{uuid.uuid5(SPACE, what)}"


def variable(name: str) -> str:
    """Return how CACAO calls a name of ours."""
    return f"__{name.replace('.', '_')}__"


def prose(blocks: Sequence[Block]) -> str:
    """Return text as one string, a line for each paragraph."""
    return "\n".join(lines(blocks, width=_WIDTH)).strip()


@dataclass(slots=True)
class Flow:
    """
    A workflow being made of *runbook*, whose names are CACAO's variables already.

    *activities* say what a verb is in CACAO's words. After `begun` the rest is filled.
    """

    runbook: Runbook
    activities: Mapping[Verb, str]
    nodes: Node = field(default_factory=dict)
    agents: Node = field(default_factory=dict)
    variables: Node = field(default_factory=dict)

    def begun(self) -> str:
        """Make every node and return the id of the start."""
        lanes = [one for one in LANES if self.runbook.lane(one)]
        if len(lanes) == 1:
            first = self._lane(lanes[0])
        else:
            branches: list[Json] = [self._lane(one) for one in lanes]
            done = self._node("end", "all")
            fork: Node = {"name": "Side by side", "next_steps": branches, "on_completion": done}
            first = self._node("parallel", "lanes", fork)
        return self._node("start", "start", {"on_completion": first})

    def summary(self) -> Node:
        """Return which features of CACAO it uses."""
        kinds = {one.partition("--")[0] for one in self.nodes}
        return {
            "manual_playbook": True,
            "external_playbooks": "playbook-action" in kinds,
            "parallel_processing": "parallel" in kinds,
            "if_logic": "if-condition" in kinds,
            "while_logic": False,
            "switch_logic": False,
            "temporal_logic": False,
        }

    def _lane(self, lane: LaneName) -> str:
        """Make one chain from its end to its beginning and return the id of its first node."""
        steps = self.runbook.lane(lane)
        over = _jumped(steps)
        then = self._node("end", lane)
        for other in _answers(steps):
            then = self._if(
                f"{lane} {other}",
                f"{_then(lane)}:value = '{other}'",
                self._onward(f"{lane} {other}", other, self._node("end", f"{lane} {other}")),
                then,
            )
        for step in reversed(steps):
            if step.id in over:
                inside = self._step(step, lane, self._node("end", f"step {step.id}"))
                asked = f"{_at(lane)}:value <= {self._nth(step.id)}"
                then = self._if(f"step {step.id}", asked, inside, then)
            else:
                then = self._step(step, lane, then)
        return then

    def _step(self, step: Step, lane: LaneName, then: str) -> str:
        if step.onward:
            then = self._onward(f"step {step.id}", step.onward, then)
        node: Node = {
            "name": f"{self._nth(step.id)}. {step.title}",
            "commands": [*self._commands(step, lane)],
            "agent": self._agent(step.who or ANYBODY),
            "on_completion": then,
        }
        if told := "\n".join(self._told(step)):
            node["description"] = told
        if step.decide is not None:
            outs = [_at(lane), *([_then(lane)] if _answers([step]) else [])]
            for name in outs:
                self.variables[name] = _VARIABLES[name]
            node["out_args"] = [*outs]
        return self._node("action", f"step {step.id}", node)

    def _told(self, step: Step) -> Iterator[str]:
        if step.body:
            yield prose(step.body)
        for label, words in (("Expect", step.expect), ("Skip when", step.skip_when)):
            if words:
                yield f"{label}: {line(words)}"
        if undo := line(step.undo_words) or (self._named(step.undo) if step.undo else ""):
            yield f"Undo: {undo}"

    def _commands(self, step: Step, lane: LaneName) -> Iterator[Json]:
        found = False
        for action in step.actions:
            found = True
            yield from self._action(action)
        for box in step.boxes:
            found = True
            yield _manual(line(box.prose))
        if step.decide is not None:
            found = True
            yield _manual(self._question(step, step.decide, lane))
        if not found:
            yield _manual(line(step.expect) or step.title)

    def _action(self, action: Action) -> Iterator[Json]:
        found = by_hand(action, workflow=f"{variable('workflow')}:value")
        does = found.does.replace("`", "")
        activity = self.activities[action.verb]
        for words in found.commands:
            yield _manual(on_terminal(words), does=does, activity=activity)
        if not found.commands:
            yield _manual(does, activity=activity)

    def _question(self, step: Step, decision: Decision, lane: LaneName) -> str:
        answers = (f"{one.label}: {self._answer(one, step, lane)}" for one in decision.options)
        return f"Decide: {line(decision.question)} {'; '.join(answers)}."

    def _answer(self, option: Option, step: Step, lane: LaneName) -> str:
        if option.runbook:
            return f"set {_then(lane)} to {option.runbook} and {_at(lane)} to {BEYOND}"
        target = self.runbook.step(option.step)
        if target is None or target.lane != lane:
            return f"{self._named(option.step)}, in the other lane"
        if self._nth(target.id) <= self._nth(step.id):
            return f"go back to {self._named(target.id)} by hand, once, and come here again"
        return f"set {_at(lane)} to {self._nth(target.id)}, {target.title}"

    def _named(self, step_id: str) -> str:
        step = self.runbook.step(step_id)
        return step_id if step is None else f"step {self._nth(step_id)}, {step.title}"

    def _nth(self, step_id: str) -> int:
        return 1 + [one.id for one in self.runbook.steps].index(step_id)

    def _onward(self, what: str, other: str, then: str) -> str:
        node: Node = {
            "name": f"Continue in {other}",
            "playbook_id": identified("playbook", other),
            "on_completion": then,
        }
        return self._node("playbook-action", what, node)

    def _if(self, what: str, condition: str, inside: str, then: str) -> str:
        node: Node = {"condition": condition, "on_true": inside, "on_completion": then}
        return self._node("if-condition", what, node)

    def _agent(self, role: str) -> str:
        agent = identified("group", f"role {role}")
        self.agents[agent] = {"type": "group", "name": role}
        return agent

    def _node(self, kind: str, what: str, node: Mapping[str, Json] | None = None) -> str:
        name = identified(kind, f"{self.runbook.name} {what}")
        self.nodes[name] = {"type": kind, **(node or {})}
        return name


def _at(lane: LaneName) -> str:
    return variable(f"{lane}_goes_on_at")


def _then(lane: LaneName) -> str:
    return variable(f"{lane}_continues_in")


_VARIABLES: Final[Mapping[str, Node]] = {
    **{
        _at(lane): {
            "type": "integer",
            "description": f"The number of the step at which the lane {lane} goes on.",
            "value": "0",
        }
        for lane in LANES
    },
    **{
        _then(lane): {
            "type": "string",
            "description": f"The runbook in which the lane {lane} continues, empty for none.",
            "value": "",
        }
        for lane in LANES
    },
}


def _jumped(steps: Sequence[Step]) -> frozenset[str]:
    """Return the steps that some answer jumps over."""
    order = {step.id: nth for nth, step in enumerate(steps)}
    over: set[str] = set()
    for nth, step in enumerate(steps):
        for option in () if step.decide is None else step.decide.options:
            to = len(steps) if option.runbook else order.get(option.step, 0)
            over |= {one.id for one in steps[nth + 1 : to]}
    return frozenset(over)


def _answers(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the runbooks that an answer leads to."""
    decided = (one.decide for one in steps if one.decide is not None)
    found = (option.runbook for one in decided for option in one.options if option.runbook)
    return tuple(dict.fromkeys(found))


def _manual(words: str, *, does: str = "", activity: str = "step-sequence") -> Node:
    """Return a command for a person; one that quotes or spans lines goes in base64."""
    shown = seen(words)
    node: Node = {"type": "manual", "playbook_activity": activity}
    if does:
        node["description"] = does
    if _PLAIN & set(shown):
        node["command_b64"] = base64.b64encode(shown.encode()).decode()
    else:
        node["command"] = shown
    return node
