"""Routes of status pages: a page's own words, its posts, and the updates of each."""

from opsbot.workbench.pagerduty.clock import moment, stamp
from opsbot.workbench.pagerduty.desk import Answer, Asked, Desk, Route
from opsbot.workbench.pagerduty.fields import Fields
from opsbot.workbench.pagerduty.model import Json, invalid, not_found
from opsbot.workbench.pagerduty.paging import paged
from opsbot.workbench.pagerduty.status_page import StatusPage

TITLE, UPDATES = 128, 50


def pages(desk: Desk, asked: Asked) -> Answer:
    """List the pages."""
    rows = list(desk.account.status_pages.values())
    return paged(asked, "status_pages", rows, lambda one: {"id": one.id, "type": "status_page"})


def statuses(desk: Desk, asked: Asked) -> Answer:
    """List what a post's status may be."""
    return _words(asked, "statuses", _page(desk, asked).statuses)


def severities(desk: Desk, asked: Asked) -> Answer:
    """List how severe a post may be."""
    return _words(asked, "severities", _page(desk, asked).severities)


def impacts(desk: Desk, asked: Asked) -> Answer:
    """List how a service may be hit."""
    return _words(asked, "impacts", _page(desk, asked).impacts)


def posts(desk: Desk, asked: Asked) -> Answer:
    """List the posts, the oldest first."""
    return paged(asked, "posts", list(_page(desk, asked).posts.values()), lambda one: one)


def post_updates(desk: Desk, asked: Asked) -> Answer:
    """List the updates of a post."""
    page = _page(desk, asked)
    if asked.ids["post"] not in page.posts:
        raise not_found()
    return paged(asked, "post_updates", page.updates[asked.ids["post"]], lambda one: one)


def create(desk: Desk, asked: Asked) -> Answer:
    """Open a post with its first updates."""
    page, fields = _page(desk, asked), asked.fields("post")
    fields.one_of("type", ("status_page_post",))
    fields.one_of("post_type", ("incident",))
    title = fields.text("title", most=TITLE)
    for name in ("starts_at", "ends_at"):
        if fields.has(name):
            raise invalid(f"{name} is only for maintenance.")
        fields.skip(name)
    where = fields.inner("status_page")
    if where.text("id") != page.id:
        raise invalid("Status page not found")
    rows = fields.rows("updates")
    fields.done()
    if len(rows) > UPDATES:
        raise invalid(f"Updates are too many (maximum is {UPDATES})")
    id_ = desk.account.new_id("POS")
    made = [_update(desk, page, id_, row) for row in rows]
    page.updates[id_] = made
    page.posts[id_] = {
        "id": id_,
        "type": "status_page_post",
        "post_type": "incident",
        "title": title,
        "status_page": {"id": page.id, "type": "status_page"},
        "starts_at": None,
        "ends_at": None,
        "updates": [{"id": one["id"], "type": one["type"]} for one in made],
    }
    return Answer({"post": page.posts[id_]}, 201)


def create_update(desk: Desk, asked: Asked) -> Answer:
    """Add an update to a post."""
    page, id_ = _page(desk, asked), asked.ids["post"]
    if id_ not in page.posts:
        raise not_found()
    fields = asked.fields("post_update")
    if fields.inner("post").text("id") != id_:
        raise invalid("Post not found")
    made = _update(desk, page, id_, fields)
    page.updates[id_].append(made)
    page.posts[id_]["updates"].append({"id": made["id"], "type": made["type"]})
    return Answer({"post_update": made}, 201)


def _update(desk: Desk, page: StatusPage, post: str, fields: Fields) -> Json:
    fields.one_of("type", ("status_page_post_update",))
    fields.inner("post")
    status = _known(fields.inner("status"), "status_page_status", page.statuses)
    severity = _known(fields.inner("severity"), "status_page_severity", page.severities)
    touched = fields.raw.get("impacted_services")
    if not isinstance(touched, list):
        raise invalid("Impacted services is required.")
    fields.skip("impacted_services")
    for one in touched:
        _known(Fields(one, "").inner("service"), "status_page_service", page.services)
        _known(Fields(one, "").inner("impact"), "status_page_impact", page.impacts)
    if fields.has("update_frequency_ms"):
        raise invalid("Update frequency is not one of the page's.")
    fields.skip("update_frequency_ms")
    at = moment(fields.text("reported_at"))
    if at is None:
        raise invalid("Reported at is no moment.")
    made = {
        "id": desk.account.new_id("UPD"),
        "type": "status_page_post_update",
        "post": {"id": post, "type": "status_page_post"},
        "message": fields.text("message"),
        "status": {"id": status, "type": "status_page_status"},
        "severity": {"id": severity, "type": "status_page_severity"},
        "impacted_services": touched,
        "update_frequency_ms": None,
        "notify_subscribers": fields.truth("notify_subscribers"),
        "reviewed_status": "approved",
        "reported_at": stamp(at),
    }
    fields.done()
    return made


def _known(fields: Fields, kind: str, words: dict[str, str]) -> str:
    fields.one_of("type", (kind,))
    found = fields.text("id")
    fields.done()
    if found not in words:
        raise invalid(f"{kind} not found: {found}")
    return found


def _words(asked: Asked, name: str, words: dict[str, str]) -> Answer:
    rows = [
        {"id": id_, "description": word, "post_type": "incident"} for id_, word in words.items()
    ]
    return paged(asked, name, rows, lambda one: one)


def _page(desk: Desk, asked: Asked) -> StatusPage:
    found = desk.account.status_pages.get(asked.ids["id"])
    if found is None:
        raise not_found()
    return found


AT = "/status_pages/{id}"
ROUTES = (
    Route("GET", "/status_pages", pages),
    Route("GET", f"{AT}/statuses", statuses),
    Route("GET", f"{AT}/severities", severities),
    Route("GET", f"{AT}/impacts", impacts),
    Route("GET", f"{AT}/posts", posts),
    Route("POST", f"{AT}/posts", create),
    Route("GET", f"{AT}/posts/{{post}}/post_updates", post_updates),
    Route("POST", f"{AT}/posts/{{post}}/post_updates", create_update),
)
