"""Hand a shared file to the page, to whoever can read where it was shared."""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from opsbot.workbench.slack.model import CannotDo
from opsbot.workbench.slack.workspace import PNG, Workspace, file_json


class Keeper(Protocol):
    """What this needs of the stand-in."""

    workspace: Workspace


class Files:
    """The handler of `GET /ui/file/{id}?user=U1`."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def file(self, request: Request) -> Response:
        """
        Answer with the bytes; only a PNG is shown, anything else is downloaded.

        Raises:
            CannotDo: nobody shared it where that person reads.
        """
        space = self._keeper.workspace
        user = space.person(request.query_params.get("user", "")).id
        file = space.shared(user, str(request.path_params["id"]))
        if file is None:
            raise CannotDo("file_not_found", f"{user} sees no such file")
        kind = str(file_json(file)["mimetype"])
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        if kind != PNG:
            headers["content-disposition"] = "attachment"
        return Response(file.data, media_type=kind, headers=headers)
