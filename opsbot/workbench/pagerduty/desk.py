"""Everything a request may need, in one place, and what a request is."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams

from opsbot.workbench.pagerduty.account import Account, Key
from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.faults import Faults
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.incidents import By, Incidents
from opsbot.workbench.pagerduty.model import Json, Ref, Refusal, User, invalid
from opsbot.workbench.pagerduty.sender import Sender
from opsbot.workbench.pagerduty.shapes import Shapes
from opsbot.workbench.pagerduty.shapes_incident import IncidentShapes
from opsbot.workbench.pagerduty.subscriptions import Subscriptions
from opsbot.workbench.pagerduty.talk import Talk


@dataclass(frozen=True, slots=True)
class Desk:
    """The account with everything that spells, changes and tells of it."""

    account: Account
    clock: Clock
    faults: Faults
    shapes: Shapes
    incident_shapes: IncidentShapes
    subscriptions: Subscriptions
    sender: Sender
    incidents: Incidents
    talk: Talk


@dataclass(frozen=True, slots=True)
class Asked:
    """One REST request; *person* is whom the header `From` named, or the key's own user."""

    ids: dict[str, str]
    query: QueryParams
    body: Json
    headers: Headers
    key: Key
    person: User | None

    @property
    def by(self) -> By:
        """
        Who does it, by the API.

        Raises:
            Refusal: nobody is named; only for routes that do not insist on `From` themselves.
        """
        if self.person is None:
            raise Refusal(400, 1008, "Requester User Not Found")
        return By(self.person.ref)

    @property
    def include(self) -> frozenset[str]:
        """What `include[]` asks for."""
        return frozenset(self.many("include"))

    def many(self, name: str) -> list[str]:
        """List the values of a parameter that may come several times."""
        return self.query.getlist(f"{name}[]")

    def fields(self, name: str) -> Fields:
        """
        Open the one object that the body must hold.

        Raises:
            Refusal: it holds something else.
        """
        whole = Fields(self.body, "")
        inner = whole.inner(name)
        whole.done()
        return Fields(inner.raw, name.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers."""

    body: Json | None
    status: int = 200


Handler = Callable[[Desk, Asked], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One route: *path* as the documentation spells it.

    *from_header*: whether a write must say for whom. *bare*: whether it goes without a body.
    """

    method: str
    path: str
    handler: Handler
    from_header: bool = False
    bare: bool = False

    @property
    def name(self) -> str:
        """How faults and records name it."""
        return f"{self.method} {self.path}"


def user_ref(desk: Desk, id_: str) -> Ref:
    """
    Name a user of the account.

    Raises:
        Refusal: there is none.
    """
    if id_ not in desk.account.users:
        raise invalid(f"User not found: {id_}")
    return desk.account.users[id_].ref
