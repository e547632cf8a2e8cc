"""How an answer gets back to the person: in the acknowledgement wherever Slack shows that, else beside it."""

from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from opsbot.domain.said import Said
from opsbot.domain.typed import spelled
from opsbot.slack.blocks import message
from opsbot.slack.deps import Deps
from opsbot.slack.inbound import Invocation
from opsbot.slack.views import View, answer_modal

log = structlog.get_logger(__name__)
TROUBLE: Final = (SlackApiError, aiohttp.ClientError, OSError, TimeoutError)
HOOKS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
SLACK: Final = (".slack.com", ".slack-gov.com")
QUICK: Final = aiohttp.ClientTimeout(total=3)
LATE_S: Final = 3.0
"""Slack drops an acknowledgement that comes later; it began to count before it was here."""


class Ack(Protocol):
    """Bolt's acknowledgement, as far as it is used here."""

    async def __call__(self, response: object = "", /) -> object: ...


@dataclass(frozen=True, slots=True)
class Show:
    """
    An answer that is a modal; *otherwise* is said where it can't be opened.

    *instead*: it takes the place of the modal in which the button stood.
    """

    view: View
    otherwise: Said
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """A modal's inputs that need another look: block id to sentence."""

    errors: dict[str, str]


Reply = Said | Show | Wrong | None


@dataclass(slots=True)
class Outlet:
    """The ways back for one invocation; `say` may be called again after an interim answer."""

    act: Invocation
    ack: Ack
    deps: Deps
    acked: bool = field(default=False)

    async def begin(self) -> None:
        """Acknowledge at once what shows no answer in its acknowledgement."""
        if self.act.kind in ("action", "shortcut", "event"):
            await self._ack("")

    async def say(self, reply: Reply) -> None:
        """Show *reply*; where nothing can carry it, it is logged and the switch stays as it is."""
        if reply is None or isinstance(reply, Wrong):
            await self._plain(reply)
        elif isinstance(reply, Show):
            await self._show(reply)
        else:
            await self._said(reply.spelled(self.deps.spell))

    async def _said(self, reply: Said) -> None:
        if self.act.kind == "command":
            await self._command(reply)
        elif self.act.kind == "submit":
            await self._submit(answer_modal(reply))
        elif self.act.kind == "action" and self.act.response_url:
            await self._respond(reply)
        elif self.act.kind != "event":
            await self._open(answer_modal(reply))

    async def _plain(self, reply: Wrong | None) -> None:
        if reply is not None and reply.errors and not self.acked:
            spell = self.deps.spell
            errors = {field: spelled(text, spell) for field, text in reply.errors.items()}
            await self._ack({"response_action": "errors", "errors": errors})
        elif not self.acked:
            await self._ack("")

    async def _show(self, reply: Show) -> None:
        if self.act.kind == "submit":
            await self._submit(reply.view)
        elif reply.instead and self.act.view_type == "modal":
            await self._update(reply.view)
        elif await self._open(reply.view):
            await self._plain(None)
        elif self.act.kind == "command" or self.act.response_url:
            await self.say(reply.otherwise)

    async def _command(self, said: Said) -> None:
        if not self.acked and not self._late():
            await self._ack({**self._message(said), "response_type": "ephemeral"})
            return
        if not self.acked:
            await self._ack("")
        await self._respond(said)

    async def _submit(self, view: View) -> None:
        dropped = self.acked or self._late()
        if not self.acked:
            await self._ack({"response_action": "update", "view": view})
        if dropped:
            await self._update(view)

    def _late(self) -> bool:
        """Return whether an acknowledgement carries nothing any more; its way is another one, then."""
        began = self.act.arrived_s
        return began is not None and self.deps.clock.monotonic() - began >= LATE_S

    async def _update(self, view: View) -> None:
        try:
            await self.deps.client.views_update(view_id=self.act.view_id, view=view)
        except TROUBLE as error:
            log.warning("slack_answer_lost", act=self.act.name, error=repr(error))

    async def _open(self, view: View) -> bool:
        push = self.act.view_type == "modal"
        send = self.deps.client.views_push if push else self.deps.client.views_open
        try:
            await send(trigger_id=self.act.trigger, view=view)
        except TROUBLE as error:
            log.warning("slack_modal_not_opened", act=self.act.name, error=repr(error))
            if push:
                # Slack lays no more than three modals over each other; where the button stood is room.
                await self._update(view)
            return push
        return True

    async def _respond(self, said: Said) -> None:
        if not pinned(self.act.response_url, self.deps.client.base_url):
            log.error("slack_response_url_refused", act=self.act.name)
            return
        body = {
            **self._message(said),
            "response_type": "ephemeral",
            "replace_original": False,
        }
        try:
            try:
                await self._post(body)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # Slack may have closed a connection that was kept just then: sooner twice than never.
                await self._post(body)
        except TROUBLE as error:
            log.warning("slack_answer_lost", act=self.act.name, error=repr(error))

    async def _post(self, body: dict[str, object]) -> None:
        async with self.deps.session.post(
            self.act.response_url, json=body, timeout=QUICK, allow_redirects=False
        ) as answer:
            if answer.status >= 300:  # noqa: PLR2004 - whatever is not a success
                words = await answer.text()
                log.warning("slack_answer_refused", status=answer.status, body=words[:200])

    def _message(self, said: Said) -> dict[str, object]:
        rendered = message(said)
        if rendered.violations:
            log.error("slack_blocks_broken", act=self.act.name, found=rendered.violations)
        return rendered.payload()

    async def _ack(self, response: object) -> None:
        self.acked = True
        await self.ack(response)


def pinned(response_url: str, api_url: str) -> bool:
    """
    Return whether a response URL is where Slack's are; *api_url* is the Web API that is spoken to.

    It arrives in a payload: answers, and the address of this bot, go nowhere else. Slack's own are
    `https://hooks.slack.com/…` (`hooks.slack-gov.com`); a stand-in's lie beside its Web API.
    """
    try:
        asked, api = urlsplit(response_url), urlsplit(api_url)
        there, here = (asked.hostname, asked.port), (api.hostname, api.port)
    except ValueError:
        return False
    if asked.username is not None or asked.password is not None:
        return False
    if api.scheme == "https" and f".{api.hostname}".endswith(SLACK):
        return asked.scheme == "https" and there[0] in HOOKS and there[1] in (None, 443)
    return asked.scheme == api.scheme and there == here
