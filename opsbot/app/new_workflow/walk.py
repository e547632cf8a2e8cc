"""Walk an owner through declaring a workflow: the questions, what their answers must be, the YAML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from opsbot.app.new_workflow import answers
from opsbot.app.new_workflow.yaml import document
from opsbot.domain.declaration import Finding
from opsbot.domain.workflow_names import looks_like, name_problem


@dataclass(frozen=True, slots=True)
class Draft:
    """
    The answers so far, by question key, as they will be written.

    *taken* are the workflows and *runbooks* the runbooks that are there already.
    """

    taken: tuple[str, ...] = ()
    runbooks: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    def words(self, key: str) -> tuple[str, ...]:
        """Return an answer that is a list, word by word."""
        return tuple(w.strip() for w in self.given.get(key, "").split(",") if w.strip())

    @property
    def writes(self) -> bool:
        """Return whether a declared tool changes something outside."""
        return any(word.endswith(":write") for word in self.words("tools"))


@dataclass(frozen=True, slots=True)
class Question:
    """One question. *default* is taken for an empty answer; without one an answer is needed."""

    key: str
    text: str
    help: str = ""
    choices: tuple[str, ...] = ()
    default: str | None = None


def questions(draft: Draft) -> tuple[Question, ...]:
    """Return the questions that are still open, in order; an answer may close or open others."""
    return tuple(q for q in _all(draft) if q.key not in draft.given)


def answer(draft: Draft, question: Question, text: str) -> Draft | Finding:
    """Return the draft with the answer, or what is wrong with it and how to put it right."""
    said = " ".join(text.split())
    if not said:
        if question.default is None:
            return _wrong(question, "this needs an answer", question.help)
        said = question.default
    if question.choices and said not in question.choices:
        listed = ", ".join(question.choices) or "nothing yet"
        return _wrong(question, f"`{said}` is not one of the choices", f"One of: {listed}.")
    rule = _RULES.get(question.key)
    if (problem := rule(draft, said) if rule and said else None) is not None:
        return _wrong(question, *problem)
    return replace(draft, given={**draft.given, question.key: said})


def render(draft: Draft) -> str:
    """
    Return the declaration's YAML; it passes `opsbot check` as soon as its runbook is there.

    Raises:
        ValueError: questions are still open.
    """
    if left := questions(draft):
        raise ValueError(f"still open: {', '.join(question.key for question in left)}")
    return document(draft.given, writes=draft.writes)


def file_name(draft: Draft) -> str:
    """Return where the YAML belongs, below the flags folder."""
    return f"workflows/{draft.given['workflow']}.yaml"


def _all(draft: Draft) -> tuple[Question, ...]:
    return (*_who(), *_what(draft), *_stopped(draft), *_points(draft))


def _who() -> tuple[Question, ...]:
    return (
        Question("workflow", "Name", "a-z, 0-9 and '-'; what people type to stop it."),
        Question("title", "Title", "What people call it."),
        Question("description", "What does it do?", "One sentence."),
        Question("dri", "Who answers for it (DRI)?", "A Slack user id (U…) or an e-mail."),
        Question("team", "Which team?", "One word, as in the policy."),
        Question(
            "tier",
            "Tier",
            "1 user-facing and risky, 2 in between, 3 internal.",
            ("1", "2", "3"),
        ),
        Question("slack_channel", "Slack channel", "The channel's id (C…), not its name."),
    )


def _what(draft: Draft) -> tuple[Question, ...]:
    return (
        Question(
            "models",
            "Approved models",
            "provider/model, separated by commas; the first serves, the others are fallbacks.",
        ),
        Question("prompt", "Prompt reference", "For example support-copilot@41.", default=""),
        Question(
            "tools",
            "Tools",
            "name:read or name:write, separated by commas; empty for none.",
            default="",
        ),
        Question(
            "modes",
            "Which modes can the service do?",
            f"Some of: {', '.join(answers.MODES)}; separated by commas.",
            default=answers.likely_modes(draft.words("models")),
        ),
    )


def _stopped(draft: Draft) -> tuple[Question, ...]:
    modes, tier = draft.words("modes"), draft.given.get("tier")
    safe = tuple(m for m in ("human", "canned", "stop") if m in modes or m == "stop")
    asked = [
        Question("canned", "What do users read while it is paused?", "The approved text.")
        if "canned" in modes
        else None,
        Question(
            "hours",
            "When do people take over?",
            "Mon-Fri 08:00-20:00 Europe/Berlin, or always.",
        )
        if "human" in modes
        else None,
        Question("queue", "What do users read when a person takes over?", "The approved text.")
        if "human" in modes
        else None,
        Question(
            "safe_state",
            "What should a bare kill do?",
            "stop is the safest; the model is never called.",
            safe,
            "stop",
        ),
        Question(
            "on_store_loss",
            "What should a client do that cannot reach the store?",
            "stop: refuse calls; last_known: carry on with what it knew.",
            ("stop", "last_known"),
            None if tier == "1" or draft.writes else "last_known",
        ),
        Question(
            "last_resort",
            "What stops it if an instance does not obey?",
            "Which key to revoke, what to scale to 0, and who may.",
            default=None if tier == "1" else "",
        ),
    ]
    return tuple(question for question in asked if question is not None)


def _points(draft: Draft) -> tuple[Question, ...]:
    runbook = draft.runbooks[0] if len(draft.runbooks) == 1 else None
    links = (
        ("evaluation", "Where are its evaluations?"),
        ("data_access", "Where is it written what data it may use?"),
        ("observability", "Where are its traces?"),
        ("cost", "Where is its cost?"),
    )
    return (
        Question(
            "probes",
            "Enforcement points",
            "httpx, or kind and address (litellm http://gateway:4000); separated by commas.",
            default="httpx",
        ),
        Question("runbook", "Runbook", "A file in runbooks/.", draft.runbooks, runbook),
        *(Question(key, text, "A link; may stay empty.", default="") for key, text in links),
    )


def _name(draft: Draft, said: str) -> answers.Problem:
    if (problem := name_problem(said)) is not None:
        return problem
    if said in draft.taken:
        return f"`{said}` is declared already", "Choose another name, or edit its file."
    if other := looks_like(said, draft.taken):
        return f"`{said}` looks like `{other}`", "Choose a name that nobody mixes up at 3 am."
    return None


def _modes(draft: Draft, said: str) -> answers.Problem:
    return answers.modes(said, has_fallback=len(draft.words("models")) > 1)


def _plain(rule: Callable[[str], answers.Problem]) -> Callable[[Draft, str], answers.Problem]:
    return lambda _, said: rule(said)


_RULES: Mapping[str, Callable[[Draft, str], answers.Problem]] = {
    "workflow": _name,
    "modes": _modes,
    "title": _plain(answers.text),
    "description": _plain(answers.text),
    "canned": _plain(answers.text),
    "queue": _plain(answers.text),
    "last_resort": _plain(answers.text),
    "prompt": _plain(answers.text),
    "dri": _plain(answers.dri),
    "team": _plain(answers.word),
    "runbook": _plain(answers.word),
    "slack_channel": _plain(answers.channel),
    "models": _plain(answers.models),
    "tools": _plain(answers.tools),
    "hours": _plain(answers.hours),
    "probes": _plain(answers.probes),
    "evaluation": _plain(answers.link),
    "data_access": _plain(answers.link),
    "observability": _plain(answers.link),
    "cost": _plain(answers.link),
}


def _wrong(question: Question, message: str, fix: str) -> Finding:
    return Finding(question.key, 1, message, fix)
