"""The strategy `cheapest_passing_eval`: which model serves, and why every other one does not. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from opsbot.domain.change import Record
from opsbot.domain.gates import Result, passing
from opsbot.domain.model_book import ModelBook, Price

MARGIN = 0.1
"""A model is changed for a cheaper one only if that saves this share: prices and scores wobble."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One approved model: its price, and why it may not serve; empty where it may."""

    model: str
    price: Price | None
    why_not: str = ""

    def as_json(self) -> Record:
        """Return it as it is kept with a decision."""
        price = self.price
        return {
            "model": self.model,
            "usd_blended": None if price is None else round(price.blended_usd, 6),
            "why_not": self.why_not,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What the strategy comes to. *model* is None where none may serve: then the declared targets do.

    *why* says in a few words why it is this one. *considered* has every approved model, the
    cheapest first and those without a price last.
    """

    model: str | None
    why: str
    considered: tuple[Considered, ...] = ()

    def as_json(self) -> Record:
        """Return it as it is kept with a revision and in the journal."""
        return {
            "choice": self.model,
            "why": self.why,
            "considered": [one.as_json() for one in self.considered],
        }


def choose(
    approved: Sequence[str],
    book: ModelBook,
    evidence: Mapping[str, tuple[Result, ...]],
    *,
    barred: Mapping[str, str],
    serving: Collection[str] = (),
) -> Choice:
    """
    Return the cheapest approved model with a price whose every gate is green.

    *evidence* has what the workflow's gates say of each model; none at all is no evidence.
    *barred* maps models under a kill to what is said of it. Models are compared by
    `Price.blended_usd`, then by name. One of *serving* that may go on stays unless another saves
    at least `MARGIN`.
    """
    found = (_considered(name, book, evidence.get(name, ()), barred) for name in set(approved))
    every = tuple(sorted(found, key=_place))
    fit = [one for one in every if not one.why_not]
    if not fit:
        return Choice(None, "no approved model passes: as declared", every)
    best = fit[0]
    stays = next((one for one in fit if one.model in serving), None)
    if stays is not None and stays != best and not _saves(best, stays):
        why = f"it serves already, and `{best.model}` saves less than {MARGIN:.0%}"
        return Choice(stays.model, why, every)
    return Choice(best.model, "the cheapest that passes", every)


def _considered(
    name: str, book: ModelBook, results: tuple[Result, ...], barred: Mapping[str, str]
) -> Considered:
    price = book.price(name)
    if name in barred:
        return Considered(name, price, barred[name])
    if price is None:
        return Considered(name, None, "has no price in models.yaml")
    if not results:
        return Considered(name, price, "no gate is declared that it could pass")
    if not passing(results):
        return Considered(name, price, next(one.words for one in results if not one.green))
    return Considered(name, price)


def _saves(new: Considered, old: Considered) -> bool:
    if new.price is None or old.price is None:
        return False
    enough = old.price.blended_usd * (1 - MARGIN)
    return new.price.blended_usd <= enough or isclose(new.price.blended_usd, enough)


def _place(one: Considered) -> tuple[bool, float, str]:
    return (one.price is None, 0.0 if one.price is None else one.price.blended_usd, one.model)
