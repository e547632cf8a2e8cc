"""What [Review] and `/ai-incident export` do in Slack: the file and the picture go into the incident's thread."""

from opsbot.app.incident.requests import Which
from opsbot.domain.actor import Actor
from opsbot.domain.said import Said
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation


async def put_into_thread(deps: Deps, which: Which, act: Invocation, actor: Actor) -> Said:
    """
    Have the review put into the thread, and say what is missing in it.

    Raises:
        Refused: nothing was put there. StoreLost: whether it will be is not known.
    """
    return await deps.verbs.incidents.share(which, actor, request_id=act.request_id)
