"""What is said of models: which names a kill hits, which it does not, and what a change costs. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from opsbot.domain.change import Record
from opsbot.domain.kill import Kill
from opsbot.domain.model_book import MOST_SIMILAR, ModelBook, Price, bare
from opsbot.domain.route import Route
from opsbot.domain.said import inert

SHOWN = 8
"""Names that one sentence lists; the machine's form has them all."""

MOST_RANKED = 200
"""Close names among which those that were seen are looked for."""


@dataclass(frozen=True, slots=True)
class Names:
    """
    What a kill of one model means by name.

    *hit* are the names that it hits, one kill each. *seen* are the names that the fleet asked for in
    the last 24 hours, with whether this kill hits them. *similar* are close names that it does not.
    """

    hit: tuple[str, ...] = ()
    seen: Mapping[str, bool] = field(default_factory=dict)
    similar: tuple[str, ...] = ()

    def as_json(self) -> Record:
        """Return the machine's form."""
        return {
            "names": list(self.hit),
            "seen_24h": dict(self.seen),
            "similar_not_matched": list(self.similar),
        }


def names_of(
    book: ModelBook, name: str, seen: Sequence[str] = (), known: Sequence[str] = ()
) -> Names:
    """Return what a kill of *name* hits and what it leaves, among names *seen* and *known*."""
    hit = book.struck(name)
    own = set(book.same(name)) | set(hit)
    near = book.similar(name, (*known, *seen), most=MOST_RANKED)
    asked = [one for one in near if one in seen]  # what runs comes before what could
    similar = tuple(dict.fromkeys((*asked, *near)))[:MOST_SIMILAR]
    told = [one for one in sorted(seen) if one in asked or _matched(one, hit) or one in own]
    return Names(hit, {one: _matched(one, hit) for one in told}, similar)


def name_lines(names: Names, *, hit: bool = True) -> tuple[str, ...]:
    """
    Return the sentences for a question or an answer; none where a kill names no model.

    *hit* is false where the names that it hits are told already, with their kills.
    """
    if not names.hit:
        return ()
    seen = [one for one, matched in names.seen.items() if matched]
    told = [f"It hits the name{'s' if names.hit[1:] else ''} {_listed(names.hit)}."] if hit else []
    asked = _listed(seen) if seen else "none of them"
    told.append(f"Seen in the last 24 h: {asked}.")
    if names.similar:
        told.append(f"Similar, not matched: {_listed(names.similar, names.seen)}.")
    return tuple(told)


def led_lines(led: Sequence[Kill]) -> tuple[str, ...]:
    """Return which kills came with one, for its card; none where it came alone."""
    if not led:
        return ()
    parts = [f"{kill.id} `{inert(kill.scope.model or '', limit=80)}`" for kill in led]
    more = f" and {len(parts) - SHOWN} more" if parts[SHOWN:] else ""
    return (f"With it, for the model's other names: {', '.join(parts[:SHOWN])}{more}.",)


def _matched(name: str, hit: Sequence[str]) -> bool:
    return any(one in (name, bare(name)) or bare(one) == name for one in hit)


def _listed(names: Sequence[str], seen: Collection[str] = ()) -> str:
    parts = [f"`{inert(one, limit=80)}`{' (seen)' if one in seen else ''}" for one in names]
    shown = ", ".join(parts[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if names[SHOWN:] else shown


DOUBLE, TEN = 2, 10
"""Above the double people think in multiples, and from ten times on in whole ones."""


def price_words(book: ModelBook, old: Route, new: Route) -> str:
    """
    Return what a change of routes does to the price of a token, by the routes' shares of the calls.

    Empty where a price is missing: `unpriced` says which. The percentage compares three tokens read
    for each one written.
    """
    before, after = price_of(book, old), price_of(book, new)
    if before is None or after is None:
        return ""
    figures = (
        f"in {_moved(before.input_usd, after.input_usd)},"
        f" out {_moved(before.output_usd, after.output_usd)} per million"
    )
    if before == after:
        return f"the same price per token ({figures})"
    if before.blended_usd == 0:
        return f"no longer free ({figures})"
    times = after.blended_usd / before.blended_usd
    if times > DOUBLE:
        told = f"{times:.0f}" if times >= TEN else f"{round(times, 1):g}"
        return f"about {told} times the price ({figures})"
    change = times - 1
    how = "cheaper" if change < 0 else "dearer"
    percent = abs(change) * 100
    told = f"{percent:.0f}" if percent >= 1 else "under 1"
    return f"about {told} % {how} per token ({figures})"


def price_line(book: ModelBook, old: Route, new: Route) -> str:
    """Return the sentence about the price of a change; empty where the models stay the same."""
    if old.targets == new.targets:
        return ""
    if words := price_words(book, old, new):
        return f"Price: {words}."
    return f"Price: not known for {_listed(unpriced(book, old, new))}."


def unpriced(book: ModelBook, *routes: Route) -> tuple[str, ...]:
    """Return the models that serve in one of *routes* and have no price in the book, once each."""
    names = (one.name for route in routes for one in route.targets if one.weight > 0)
    return tuple(dict.fromkeys(name for name in names if book.price(name) is None))


def price_of(book: ModelBook, route: Route) -> Price | None:
    """Return what a million tokens cost on a route, by its targets' shares; None where one is missing."""
    total = sum(one.weight for one in route.targets)
    shares = [(one.weight / total, book.price(one.name)) for one in route.targets if one.weight > 0]
    known = [(share, price) for share, price in shares if price is not None]
    if not known or len(known) < len(shares):
        return None
    return Price(
        sum(share * price.input_usd for share, price in known),
        sum(share * price.output_usd for share, price in known),
    )


def _moved(old: float, new: float) -> str:
    return usd(old) if usd(old) == usd(new) else f"{usd(old)} -> {usd(new)}"


def usd(amount: float) -> str:
    """Return dollars as people write them: `$0.25`, `$10`."""
    return f"${amount:.4f}".rstrip("0").rstrip(".")
