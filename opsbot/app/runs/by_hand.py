"""An action of a runbook in words: what it would do, and what to type where nobody presses it for you. Pure."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from opsbot.app.runs.arguments import CONFIRMED, EVERY_GATE
from opsbot.domain.runbook import Action, Value, Verb
from opsbot.domain.said import inert
from opsbot.domain.typed import Spell, terminal

Words: TypeAlias = tuple[str, ...]
"""A command in neutral words; the last may be a whole sentence."""

Typing: TypeAlias = Callable[[Words], str]
"""How one surface types a command."""

LONGEST: Final = 300
"""Characters of one argument that a command repeats."""

OWN: Final = "{{ workflow }}"
"""The run's own workflow, where nothing is filled in."""

_SAFE_STATE: Final = "its safe state"
_FALLBACK: Final = "its fallback, else its safe state"
_EVERY: Final = frozenset({"true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class ByHand:
    """
    *does* is one sentence about the effect. *commands* are typed one after the other, as each
    surface types them; none where only people can do it.
    """

    does: str
    commands: tuple[Words, ...] = ()


def on_terminal(words: Words) -> str:
    """
    Return a command for a shell: whatever a shell would act on is quoted.

    What is filled in came from an address or from whoever began the run, and somebody pastes this.
    """
    return terminal(" ".join(_quoted(word) for word in words))


def in_chat(spell: Spell) -> Typing:
    """Return how a chat types commands; nothing acts on quotes there."""
    return lambda words: spell(" ".join(words))


def _quoted(word: str) -> str:
    plain = _PLAIN.fullmatch(word) and not _OPTION.search(word)
    return word if plain else shlex.quote(word)


_PLAIN: Final = re.compile(r"(?:[\w @%+=:,./-]|\{\{ ?[\w.]+ ?\}\})+", re.ASCII)
"""Words that mean the same to a shell and to people, and names that are still to be filled in."""

_OPTION: Final = re.compile(r"(?:^|\s)-")
"""What a command would take for an option of its own, wherever in some words it stands."""


def by_hand(action: Action, *, workflow: str = OWN) -> ByHand:
    """Return an action as a person does it; *workflow* is the run's own, or its name to be filled in."""
    return _VERBS[action.verb](_Given(action.arguments, workflow))


@dataclass(frozen=True, slots=True)
class _Given:
    """Arguments as written; what a verb cannot use is said by the linter, not here."""

    arguments: Mapping[str, Value]
    own: str

    def word(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return inert(value, limit=LONGEST) if isinstance(value, str) else default

    def several(self, name: str) -> tuple[str, ...]:
        value = self.arguments.get(name, ())
        parts = (value,) if isinstance(value, str) else value
        if isinstance(parts, Mapping):
            return ()
        return tuple(inert(one, limit=LONGEST) for one in parts if isinstance(one, str))

    @property
    def workflow(self) -> str:
        return self.word("workflow") or self.own

    def option(self, name: str, *, typed: str = "") -> str:
        value = self.word(name)
        return f"{typed or name}:{value}" if value else ""


def _typed(*words: str) -> Words:
    """Return a command of the words that are there."""
    return tuple(word for word in words if word)


def listed(names: Sequence[str]) -> str:
    """Return things as people list them."""
    if len(names) < 2:  # noqa: PLR2004  # one is no list
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _kill(given: _Given) -> ByHand:
    target, shown = _target(given)
    mode = given.word("mode") or ("stop" if given.word("tool") else "")
    scope = "".join(
        f", {name} `{given.word(name)}` only" for name in ("tenant", "tool") if given.word(name)
    )
    wide = target.startswith(("provider:", "model:"))
    bare = _FALLBACK if wide else _SAFE_STATE
    does = f"Puts {shown} into {f'mode `{mode}`' if mode else bare}{scope}."
    options = (given.option(one) for one in ("mode", "tenant", "tool", "for"))
    return ByHand(does, (_typed("kill", target, *options, given.word("reason")),))


def _target(given: _Given) -> tuple[str, str]:
    for kind in ("provider", "model"):
        if name := given.word(kind):
            return f"{kind}:{name}", f"everything that uses the {kind} `{name}`"
    if given.word("all").lower() in _EVERY:
        return "all", "every workflow"
    return given.workflow, f"`{given.workflow}`"


def _restore(given: _Given) -> ByHand:
    stages = given.several("stages")
    steps = f" in steps of {listed(stages)} %" if stages else ""
    hold = f", {given.word('hold')} at each" if given.word("hold") else ""
    step = given.word("of")
    target = "K-\u2026" if step else given.workflow
    of = f"the kill that the step `{step}` made" if step else f"the kills of `{target}`"
    does = f"Lifts {of}{steps}{hold}, under policy."
    shown = (_typed("status"),) if step else ()
    return ByHand(does, (*shown, _typed("restore", target, given.word("reason"))))


def _rollback(given: _Given) -> ByHand:
    to = given.word("to")
    does = f"Serves everybody of `{given.workflow}` with {f'`{to}`' if to else 'its last good revision'} again."
    back = f"to {to}" if to else ""
    return ByHand(does, (_typed("rollback", given.workflow, back, given.word("reason")),))


def _route(given: _Given) -> ByHand:
    workflow, to = given.workflow, given.word("to")
    stage = _typed("route", workflow, "stage", to)
    if to:
        return ByHand(f"Begins the ramp of `{to}` of `{workflow}`.", (stage,))
    way = given.option("model") or given.option("strategy")
    what = given.word("model") or given.word("strategy")
    does = f"Makes a revision of `{workflow}` that serves by `{what}`, and begins its ramp."
    return ByHand(does, (_typed("route", workflow, "set", way, given.word("reason")), stage))


def _page(given: _Given) -> ByHand:
    who, reason = given.word("who"), given.word("reason")
    shown = f"`{who}`" if who else f"whoever is on call for `{given.workflow}`"
    person = who if who.startswith("@") else ""
    typed = (_typed("incident", "page", person, reason), _typed("oncall", given.workflow))
    return ByHand(f"Calls {shown}: {reason or 'no reason is given'}.", typed)


_MOVES: Final[Mapping[str, str]] = {
    "active": "accept",
    "contained": "contain",
    "monitoring": "monitor",
    "resolved": "resolve",
    "reviewed": "reviewed",
    "cancelled": "cancel",
    "declined": "decline",
    "duplicate": "duplicate",
}
"""What is typed to bring an incident there."""


def _incident(given: _Given) -> ByHand:
    reason, severity, status = given.word("reason"), given.word("severity"), given.word("status")
    if title := given.word("title"):
        typed = _typed("incident", "open", given.workflow, severity.lower(), title)
        return ByHand(f"Opens an incident: {title}, unless the run has one.", (typed,))
    does, typed_all = [], []
    if severity:
        does.append(f"makes it {severity.upper()}")
        typed_all.append(_typed("incident", "sev", severity.lower()))
    if kind := given.word("type"):
        does.append(f"says that it is `{kind}`")
        typed_all.append(_typed("incident", "type", kind))
    if status:
        does.append(f"moves it to {status}")
        typed_all.append(_typed("incident", _MOVES.get(status, "show"), reason))
    if update := given.word("update"):
        does.append("gives an update")
        typed_all.append(_typed("incident", "update", given.option("next"), update))
    said = listed(does) or "changes nothing"
    return ByHand(f"{said[0].upper()}{said[1:]}.", tuple(typed_all))


def _comms(given: _Given) -> ByHand:
    template, to = given.word("template"), given.word("audience")
    audience = f" for {to}" if to else ""
    then = f" It promises the next word in {given.word('next')}." if given.word("next") else ""
    typed = _typed("comms", "new", template, given.option("next"))
    return ByHand(
        f"Prepares the words of the template `{template}`{audience}; a person reads them before anybody"
        f" else, unless they were approved in advance: the first word to users goes out at once.{then}",
        (typed,),
    )


def _approve(given: _Given) -> ByHand:
    who, within = given.word("who", "approver"), given.word("ttl", "30m")
    return ByHand(
        f"Asks somebody with the role {who} for a yes within {within}: {given.word('what')}."
        " By hand: write down who said yes, and when."
    )


def _wait(given: _Given) -> ByHand:
    until = given.word("until")
    return ByHand(f"Waits until {until} UTC." if until else f"Waits for {given.word('for')}.")


def _verify(given: _Given) -> ByHand:
    workflow, checks, typed = given.workflow, [], []
    if expect := given.word("expect"):
        so = "what is switched now" if expect == CONFIRMED else f"`{expect}`"
        checks.append(f"every instance of `{workflow}` confirms {so}")
        typed.append(_typed("status", workflow))
        typed += [_typed("route", workflow)] if expect == CONFIRMED else []
    if (suite := given.word("suite")) == EVERY_GATE:
        checks.append(f"every gate of `{workflow}` is green")
        typed.append(_typed("route", workflow))
    elif suite:
        checks.append(f"the suite `{suite}` is at {given.word('min')} or better")
        typed.append(_typed("eval", "show", workflow))
    if probe := given.word("probe"):
        checks.append(f"a probe through `{probe}` sees it")
        typed.append(_typed("status", workflow))
    stays = f", and stays so for {given.word('for')}" if given.word("for") else ""
    does = f"Goes on only if {listed(checks) or 'somebody says so'}{stays}."
    return ByHand(does, tuple(dict.fromkeys(typed)))


_KEPT: Final[Mapping[str, Callable[[str], Words]]] = {
    "route": lambda workflow: _typed("route", workflow),
    "fleet": lambda _: _typed("instances"),
    "kills": lambda workflow: _typed("status", workflow),
    "signals": lambda workflow: _typed("eval", "show", workflow),
    "evals": lambda workflow: _typed("eval", "show", workflow),
    "journal": lambda _: _typed("audit", "tail", "50"),
}
"""What shows each thing that opsbot knows itself; of the rest a person copies links."""


def _capture(given: _Given) -> ByHand:
    what = given.several("what")
    linked = tuple(one for one in what if one not in _KEPT)
    by_link = f" By hand: copy the links of {listed(linked)}." if linked else ""
    does = f"Keeps pointers to {listed(what) or 'nothing'} of `{given.workflow}`.{by_link}"
    typed = (_KEPT[one](given.workflow) for one in what if one in _KEPT)
    return ByHand(does, tuple(dict.fromkeys(typed)))


_VERBS: Final[Mapping[Verb, Callable[[_Given], ByHand]]] = {
    "kill": _kill,
    "restore": _restore,
    "rollback": _rollback,
    "route": _route,
    "page": _page,
    "incident": _incident,
    "comms": _comms,
    "approve": _approve,
    "wait": _wait,
    "verify": _verify,
    "capture": _capture,
}
