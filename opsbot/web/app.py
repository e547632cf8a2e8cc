"""The ASGI app: one table of routes, each of which says how it authenticates."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from opsbot.web import (
    decide,
    health,
    incident_review,
    incidents,
    kills,
    messages,
    openapi,
    pictures,
    routes,
    runbooks,
    runs,
    signals,
    status,
    workflows,
)
from opsbot.web.routing import Entry, mount, of_http
from opsbot.web.surroundings import Surroundings


def table(around: Surroundings, more: Sequence[Entry] = ()) -> list[Entry]:
    """Return every route; *more* are those of Slack."""
    entries = [
        *kills.entries(around),
        *incidents.entries(around),
        *incident_review.entries(around),
        *runs.entries(around),
        *messages.entries(around),
        *runbooks.entries(around),
        *workflows.entries(around),
        *routes.entries(around),
        *pictures.entries(around),
        *signals.entries(around),
        *decide.entries(around),
        *health.entries(around),
        *([] if around.status is None else status.entries(around.status)),
        *more,
    ]
    return [*entries, openapi.entry(entries, version=around.version)]


def create(around: Surroundings, more: Sequence[Entry] = ()) -> Starlette:
    """
    Return the app.

    Raises:
        TypeError: a route that does not say how it authenticates.
    """
    return Starlette(
        routes=list(mount(table(around, more), around.identify)),
        exception_handlers={HTTPException: of_http},
    )
