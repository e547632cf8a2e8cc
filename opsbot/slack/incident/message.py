"""From a message in Slack to the draft of an incident: its words, and where it stands."""

import asyncio
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.incidents import TITLE
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.errors import OpsbotError
from opsbot.domain.said import inert
from opsbot.slack.asking import asked
from opsbot.slack.inbound import Invocation
from opsbot.slack.typed import tokens

log = structlog.get_logger(__name__)

LINK_WITHIN_S: Final = 0.4
"""How long a form waits for the link of its message, in seconds: what triggers it lasts three."""


async def begun_from(client: AsyncWebClient, act: Invocation) -> OpenIncident:
    """Return an opening with a message's first line as its title, all of it as its summary, and its link."""
    text = tokens.utf8(tokens.plain(act.message_text)).strip()
    first = inert(text.partition("\n")[0], limit=TITLE)
    summary = tokens.shortened(text) if inert(text, limit=len(text) + 1) != first else ""
    return OpenIncident(first, summary=summary, origin=await link_of(client, act))


async def link_of(client: AsyncWebClient, act: Invocation) -> str:
    """Return the message's permanent link, empty where Slack does not say it in time."""
    if not act.channel or not act.message_ts:
        return ""
    try:
        async with asyncio.timeout(LINK_WITHIN_S):
            found = await asked(
                client.chat_getPermalink(channel=act.channel, message_ts=act.message_ts)
            )
    except (TimeoutError, RetryLater, GiveUp, OpsbotError) as error:
        log.warning("slack_permalink_unknown", error=repr(error))
        return ""
    return str(found.get("permalink") or "")
