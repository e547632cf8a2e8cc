"""Our own status page as a target: it is made from the state, so publishing there is to make it and write it."""

from dataclasses import dataclass
from typing import Final

from opsbot.app.comms.port import Post, Posted
from opsbot.app.environment import Environment
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.app.status_page.board import StatusBoard
from opsbot.app.status_page.read import key_of, opaque, shown
from opsbot.domain.comms.message import Message
from opsbot.domain.errors import StoreLost, UnknownMessage
from opsbot.domain.state import INCIDENTS, State

DRILL: Final = "a drill: nothing is shown outside"


@dataclass(frozen=True, slots=True)
class StatusPagePublisher:
    """The `Publisher` of `status-page`; doing it twice makes the same page."""

    env: Environment
    board: StatusBoard

    async def publish(self, post: Post, *, attempt: int) -> Posted:
        """
        Show one message, and return where it stands; what is shown is the state's word, not *post*'s.

        Raises:
            RetryLater: the store does not answer, or the files cannot be written.
            GiveUp: the message is not published to users here.
        """
        try:
            state = await self.env.store.refresh()
            message = _message(state, post.message)
            if state.kind(INCIDENTS).get(message.incident, {}).get("drill", False):
                return Posted(detail=DRILL)
            if not shown(state, message):
                raise GiveUp(f"{message.id} is not published to users on the status page")
            await self.board.show(state)
        except StoreLost as lost:
            raise RetryLater(lost.message) from lost
        except OSError as error:
            raise RetryLater(
                f"the files of the status page cannot be written: {error.strerror or error}"
            ) from error
        key = key_of(message)
        uid = str(state.kind(INCIDENTS).get(message.incident, {}).get("uid", message.incident))
        return Posted(
            url=f"{self.board.url}#msg-{key}" if self.board.url else "",
            thread={"incident": opaque("incident", uid)},
            handle={"message": key},
        )


def _message(state: State, name: str) -> Message:
    try:
        return state.message(name)
    except UnknownMessage as unknown:
        raise GiveUp(unknown.message) from unknown
