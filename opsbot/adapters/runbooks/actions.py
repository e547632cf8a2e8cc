"""What a fence `yaml <verb>` asks for; a fence that only looks like one is named, never passed over."""

from opsbot.adapters.runbooks.prose import Node
from opsbot.adapters.runbooks.sections import asks_for
from opsbot.adapters.runbooks.yaml import BadYaml, mapping
from opsbot.domain.declaration import Finding
from opsbot.domain.nearest import nearest
from opsbot.domain.runbook import VERBS, Action


def action_of(node: Node, file: str) -> Action | Finding | None:
    """Return the action of a fence, what is wrong with it, or None where it is code to read."""
    info = node.token.info.strip()
    verb = next((one for one in VERBS if one == asks_for(info)), None)
    if verb is None:
        return _nearly(info, node.line, file)
    try:
        read = mapping(node.token.content, line=node.line + 1)
    except BadYaml as bad:
        return Finding(file, bad.line, f"`{info}` {bad.message}", bad.fix, "error", "E26")
    return Action(verb, read.values, node.line, read.lines)


def _nearly(info: str, line: int, file: str) -> Finding | None:
    words = info.lower().split()
    first = words[0] if words else ""
    if first in VERBS:
        fix = f"Write ```yaml {first}."
        return Finding(file, line, f"`{info[:60]}` is no action", fix, "error", "E26")
    if first not in {"yaml", "yml"} or len(words) == 1:
        return None
    guess = words[1] if words[1] in VERBS else nearest(words[1], VERBS)
    fix = f"Write ```yaml {guess}." if guess else f"One of: {', '.join(VERBS)}; or only `yaml`."
    return Finding(file, line, f"`{info[:60]}` asks for no known verb", fix, "error", "E26")
