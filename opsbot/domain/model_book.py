"""The models that are known: under which names each is called, and what a token of it costs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from opsbot.domain.change import Record

INPUT_PARTS, OUTPUT_PARTS = 3, 1
"""One token written for three read: what most chat traffic comes to, and what prices are compared by."""

MOST_SIMILAR = 6
CLOSE = 0.75
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, read and written."""

    input_usd: float
    output_usd: float

    @property
    def blended_usd(self) -> float:
        """Return one figure to compare by: three tokens read for each one written."""
        both = INPUT_PARTS * self.input_usd + OUTPUT_PARTS * self.output_usd
        return both / (INPUT_PARTS + OUTPUT_PARTS)


@dataclass(frozen=True, slots=True)
class Model:
    """
    One model under its own name, `provider/model`.

    *aliases* are whole names too: dated snapshots and deployments at other providers. *context* is
    in tokens. *approved_by* and *approved_at* (a date) say who let the company use it, where that
    is written down.
    """

    name: str
    aliases: tuple[str, ...] = ()
    price: Price | None = None
    context: int | None = None
    approved_by: str = ""
    approved_at: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return its own name and then its aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class ModelBook:
    """Every model that `flags/models.yaml` declares, by its own name; empty where there is no file."""

    models: Mapping[str, Model] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """
        Return the model's own name for any of its names; *name* itself where it is not known.

        A name without its provider is known where it can only be one model.
        """
        if name in self.models:
            return name
        found = {one.name for one in self.models.values() if _called(one.names, name)}
        return found.pop() if len(found) == 1 else name

    def same(self, name: str) -> tuple[str, ...]:
        """Return every name of the model that *name* is one of, its own first; else *name* alone."""
        model = self.models.get(self.canonical(name))
        return (name,) if model is None else model.names

    def price(self, name: str) -> Price | None:
        """Return the price of a model by any of its names; None where none is declared."""
        model = self.models.get(self.canonical(name))
        return None if model is None else model.price

    def struck(self, name: str) -> tuple[str, ...]:
        """
        Return every name that a kill of *name* has to hit, *name* first as it was said.

        A model's own name stands for all of its names. An alias stands for itself alone: a dated
        snapshot may be bad while the others are good. A name without provider stands for the model
        of that name at every provider.
        """
        found = [one for one in self.models.values() if name in (one.name, bare(one.name))]
        more = (alias for one in found for alias in one.aliases if not _called((alias,), name))
        return tuple(dict.fromkeys((name, *more)))

    def similar(
        self, name: str, known: Iterable[str] = (), *, most: int = MOST_SIMILAR
    ) -> tuple[str, ...]:
        """
        Return names that are close to *name* and that a kill of it does not hit, nearest first.

        Looked for among this book and what else is *known* (names that were declared or seen).
        """
        hit = self.struck(name)
        own = set(self.same(name))
        every = {one for model in self.models.values() for one in model.names} | set(known)
        left = sorted(one for one in every if not any(_called((one,), word) for word in hit))
        near = [(_nearness(name, one) + (one in own), one) for one in left]
        ranked = sorted((-how, one) for how, one in near if how >= CLOSE)
        return tuple(one for _, one in ranked[:most])


def bare(name: str) -> str:
    """Return a name without its provider."""
    return name.partition("/")[2] or name


def _called(names: Iterable[str], word: str) -> bool:
    return any(word in (one, bare(one)) for one in names)


def _nearness(name: str, other: str) -> float:
    """Return how close two names are, 0 to 1; a name that the other begins with is close."""
    one, two = bare(name).lower(), bare(other).lower()
    shorter, longer = sorted((one, two), key=len)
    if len(shorter) >= _SHORTEST_STEM and shorter in longer:
        return 1.0
    return SequenceMatcher(None, one, two).ratio()


def as_record(book: ModelBook) -> Record:
    """Return the record as it is stored; the inverse of `from_record`."""
    return {"s": 1, "models": {name: _record(one) for name, one in sorted(book.models.items())}}


def from_record(record: Record) -> ModelBook:
    """Read a stored record; an empty one is an empty book."""
    found = record.get("models")
    listed = found if isinstance(found, Mapping) else {}
    return ModelBook(
        {
            str(name): _model(str(name), one)
            for name, one in listed.items()
            if isinstance(one, Mapping)
        }
    )


def _record(model: Model) -> Record:
    price = model.price
    return {
        "aliases": list(model.aliases),
        "price": None if price is None else [price.input_usd, price.output_usd],
        "context": model.context,
        "approved_by": model.approved_by,
        "approved_at": model.approved_at,
    }


def _model(name: str, record: Record) -> Model:
    aliases, price, context = record.get("aliases"), record.get("price"), record.get("context")
    return Model(
        name=name,
        aliases=tuple(str(one) for one in aliases) if isinstance(aliases, (list, tuple)) else (),
        price=Price(*(float(str(usd)) for usd in price))
        if isinstance(price, (list, tuple))
        else None,
        context=context if isinstance(context, int) else None,
        approved_by=str(record.get("approved_by", "")),
        approved_at=str(record.get("approved_at", "")),
    )
