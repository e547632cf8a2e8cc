"""The Home tab: the switchboard for the person who opens it."""

from dataclasses import dataclass

import structlog

from opsbot.app.error_words import of_error
from opsbot.domain.actor import Actor
from opsbot.domain.errors import NotAllowed, OpsbotError, StoreLost
from opsbot.domain.said import Said
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation
from opsbot.slack.outlet import TROUBLE, Reply
from opsbot.slack.runbook.home import shelf
from opsbot.slack.views import home_view

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HomeListeners:
    """What happens on the Home tab."""

    deps: Deps

    async def _shelf(self, actor: Actor) -> tuple[Said, ...]:
        """Return the runbooks; what is known of kills stands all the same where these are not."""
        try:
            return await shelf(self.deps.verbs.runs, actor)
        except StoreLost as lost:
            return (of_error(lost),)

    async def opened(self, act: Invocation, actor: Actor) -> Reply:
        """Publish the switchboard; nothing else answers an event."""
        may_stop = True
        try:
            parts: tuple[Said, ...] = await self.deps.verbs.home(actor)
            parts = (*parts, *await self._shelf(actor))
        except OpsbotError as error:
            parts, may_stop = (of_error(error),), not isinstance(error, NotAllowed)
        view = home_view([one.spelled(self.deps.spell) for one in parts], may_stop=may_stop)
        try:
            await self.deps.client.views_publish(user_id=act.user, view=view)
        except TROUBLE as error:
            log.warning("slack_home_not_published", user=act.user, error=repr(error))
        return None
