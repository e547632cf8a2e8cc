"""How many steps of a runbook are other ones in its newer revision. Pure."""

from opsbot.domain.runbook import Runbook


def differing(old: Runbook, new: Runbook) -> int:
    """Return how many steps a newer revision has that are not the same; positions do not count."""
    before = {one.id: one.title for one in old.steps}
    after = {one.id: one.title for one in new.steps}
    moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    same = (name for name in before.keys() & after.keys() if name not in moved)
    changed = sum(_words(old, name) != _words(new, name) for name in same)
    return len(moved) + changed


def _words(book: Runbook, step: str) -> tuple[object, ...]:
    """Return what a step asks for, without where it stands."""
    one = book.step(step)
    assert one is not None
    acts = tuple((act.verb, tuple(sorted(act.arguments))) for act in one.actions)
    return (
        one.who,
        one.time_s,
        acts,
        len(one.boxes),
        one.decide is not None,
        one.undo,
        len(one.body),
    )
