"""What a declared target says of where its messages go: read once, and wrong in clear words. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsbot.app.comms.felt import felt, lesser
from opsbot.app.comms.port import Impact, Post
from opsbot.app.ports import GiveUp
from opsbot.app.taken import Taken, together
from opsbot.domain.change import Json
from opsbot.domain.comms.settings import Target
from opsbot.domain.records import listed, mapped
from opsbot.domain.said import inert

FILE: Final = "flags/comms.yaml"
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'|]+")


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page at a vendor: its id, and its components by what workflows are called here.

    *url* is where people read it, for vendors that do not say. *names* are the page's own words for
    ours, where somebody changed them. *notify*: its subscribers are written to.
    """

    target: str
    id: str
    components: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    notify: bool = True

    def touched(self, post: Post) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ids of the components that a message is about, and the names that have none."""
        found = {one: self._id(one, name) for one, name in post.components.items()}
        missing = (post.components[one] or one for one, id_ in found.items() if not id_)
        return tuple(dict.fromkeys(id_ for id_ in found.values() if id_)), tuple(missing)

    def states(self, post: Post) -> Mapping[str, Impact]:
        """
        Return how much of each component its users miss after a message, by its id; none is left out.

        Empty where the message leaves them as they are: a correction says nothing about them, and an end
        at which the feature stays off does not make it work.
        """
        ids, _ = self.touched(post)
        if post.stage == "correction" or (post.stage == "resolved" and post.stays_off):
            return {}
        if post.stage == "resolved":
            return dict.fromkeys(ids, "none")
        # What is only watched is nearly over, here as on our own page.
        told = lesser(post.impact, "minor") if post.stage == "monitoring" else post.impact
        return {id_: felt(self._taken(post, id_), told, off=post.stays_off) for id_ in ids}

    def _taken(self, post: Post, id_: str) -> Taken:
        """Return what is taken of a component that several workflows may be."""
        mine = (one for one, name in post.components.items() if self._id(one, name) == id_)
        return together([post.taken.get(one, Taken()) for one in mine])

    def _id(self, workflow: str, name: str) -> str:
        return self.components.get(workflow) or self.components.get(name) or ""


def page_of(target: Target) -> Page:
    """
    Return the page that a target names.

    Raises:
        GiveUp: it names none, or something that is no id.
    """
    page = text_of(target, "page")
    components = _texts(target.where.get("components"))
    for one in (page, *components.values()):
        if not ID.fullmatch(one):
            raise GiveUp(f"{_of(target)}: `{inert(one, limit=40)}` is no id of a page or component")
    url = str(target.where.get("url") or "")
    return Page(
        target=target.name,
        id=page,
        components=components,
        url=url if _ADDRESS.fullmatch(url) else "",
        names=_texts(target.where.get("names")),
        notify=target.where.get("notify") is not False,
    )


def text_of(target: Target, name: str) -> str:
    """
    Return a text that a target cannot do without.

    Raises:
        GiveUp: it is not there.
    """
    found = target.where.get(name)
    if isinstance(found, str) and found.strip():
        return found.strip()
    raise GiveUp(f"{_of(target)} needs `{name}`")


def texts_of(target: Target, name: str) -> tuple[str, ...]:
    """Return a list of texts that a target cannot do without. Raises as `text_of`."""
    given = target.where.get(name)
    found = (given,) if isinstance(given, str) else listed(given)
    texts = tuple(str(one).strip() for one in found if str(one).strip())
    if not texts:
        raise GiveUp(f"{_of(target)} needs `{name}`")
    return texts


def address(url: str) -> str:
    """Return an address that may become a link, empty for anything else."""
    return url if _ADDRESS.fullmatch(url) else ""


def remarks(missing: tuple[str, ...] = (), *, cut: bool = False, most: str = "") -> str:
    """Return what somebody should know of a message that was published."""
    absent = f"the page has no component for {', '.join(missing)}" if missing else ""
    short = "its title was too long there and is cut" if cut else ""
    return "; ".join(one for one in (absent, short, most) if one)


def _of(target: Target) -> str:
    return f"The target `{inert(target.name, limit=60)}` in {FILE}"


def _texts(value: Json) -> Mapping[str, str]:
    return {name: str(one) for name, one in mapped(value).items()}
