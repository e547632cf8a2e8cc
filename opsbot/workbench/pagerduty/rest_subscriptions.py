"""Routes of webhook subscriptions."""

from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.model import Happened, invalid
from opsbot.workbench.pagerduty.paging import paged
from opsbot.workbench.pagerduty.subscriptions import KNOWN, Subscription, checked

FILTERS = ("account_reference", "service_reference", "team_reference")


def listed(desk: Desk, asked: Asked) -> Answer:
    """List subscriptions; secrets are never told again."""
    kind, id_ = asked.query.get("filter_type"), asked.query.get("filter_id")
    rows = [
        one
        for one in desk.subscriptions.rows.values()
        if (kind is None or one.filter_type == f"{kind}_reference")
        and (id_ is None or one.filter_id == id_)
    ]
    return paged(asked, "webhook_subscriptions", rows, desk.subscriptions.spelled)


def one(desk: Desk, asked: Asked) -> Answer:
    """Show one."""
    return _answer(desk, desk.subscriptions.get(asked.ids["id"]))


def create(desk: Desk, asked: Asked) -> Answer:
    """Make one; this answer alone tells its secret."""
    fields = asked.fields("webhook_subscription")
    fields.one_of("type", ["webhook_subscription"])
    url, headers = _method(fields.inner("delivery_method"))
    kind, id_ = _filter(desk, fields.inner("filter"))
    events, described = _events(fields), fields.text_or_none("description") or ""
    active = fields.truth("active") if fields.has("active") else True
    fields.skip("active")
    fields.done()
    made = desk.subscriptions.add(
        url, events, description=described, filter_type=kind, filter_id=id_, headers=headers,
        active=active,
    )  # fmt: skip
    spelled = desk.subscriptions.spelled(made, secret=made.secrets[0])
    return Answer({"webhook_subscription": spelled})


def change(desk: Desk, asked: Asked) -> Answer:
    """Change its description, events, filter or whether it is active."""
    found = desk.subscriptions.get(asked.ids["id"])
    fields = asked.fields("webhook_subscription")
    events = _events(fields) if fields.has("events") else found.events
    filtered = (
        _filter(desk, fields.inner("filter"))
        if fields.has("filter")
        else (found.filter_type, found.filter_id)
    )
    active = fields.truth("active") if fields.has("active") else found.active
    described = fields.text_or_none("description")
    for name in ("type", "active", "events", "filter"):
        fields.skip(name)
    fields.done()
    found.events, found.active, found.description = events, active, described or found.description
    found.filter_type, found.filter_id = filtered
    return _answer(desk, found)


def delete(desk: Desk, asked: Asked) -> Answer:
    """End it."""
    found = desk.subscriptions.get(asked.ids["id"])
    found.active = False
    del desk.subscriptions.rows[found.id]
    return Answer(None, 204)


def enable(desk: Desk, asked: Asked) -> Answer:
    """End its being cut off."""
    return _answer(desk, desk.subscriptions.enable(asked.ids["id"]))


def ping(desk: Desk, asked: Asked) -> Answer:
    """Send it a test."""
    found = desk.subscriptions.get(asked.ids["id"])
    data = {"message": "Hello from your friend Pagey!", "type": "ping"}
    what = Happened(
        desk.account.new_id("evt"), "pagey.ping", desk.clock(), None, None, data, None
    )  # fmt: skip
    desk.sender.queue(found, what)
    return Answer(None, 202)


def _answer(desk: Desk, found: Subscription) -> Answer:
    return Answer({"webhook_subscription": desk.subscriptions.spelled(found)})


def _events(fields: Fields) -> tuple[str, ...]:
    words = fields.words("events")
    if unknown := sorted(set(words) - KNOWN):
        raise invalid(*(f"Events: {word} is no event type." for word in unknown))
    return tuple(words)


def _method(fields: Fields) -> tuple[str, tuple[tuple[str, str], ...]]:
    fields.one_of("type", ["http_delivery_method"])
    url = fields.text("url")
    checked(url)
    rows = fields.rows("custom_headers") if fields.raw.get("custom_headers") else []
    fields.skip("custom_headers")
    fields.done()
    headers = tuple((row.text("name"), row.text("value")) for row in rows)
    if len({name.lower() for name, _ in headers}) < len(headers):
        raise invalid("Custom headers must be unique.")
    return url, headers


def _filter(desk: Desk, fields: Fields) -> tuple[str, str | None]:
    kind = fields.one_of("type", FILTERS)
    id_ = fields.text_or_none("id")
    fields.done()
    if kind == "account_reference":
        return kind, None
    if id_ is None:
        raise invalid("Filter id is required.")
    return kind, desk.account.ref(kind.removesuffix("_reference"), id_).id


ROUTES = (
    Route("GET", "/webhook_subscriptions", listed),
    Route("POST", "/webhook_subscriptions", create),
    Route("GET", "/webhook_subscriptions/{id}", one),
    Route("PUT", "/webhook_subscriptions/{id}", change),
    Route("DELETE", "/webhook_subscriptions/{id}", delete, bare=True),
    Route("POST", "/webhook_subscriptions/{id}/enable", enable, bare=True),
    Route("POST", "/webhook_subscriptions/{id}/ping", ping, bare=True),
)
