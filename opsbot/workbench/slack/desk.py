"""What every Web API method and delivery of the stand-in shares: state, clocks, tickets, feed."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from opsbot.domain.block_kit.check import Violation, check_blocks, check_message, check_view
from opsbot.workbench.slack.elements import with_ids
from opsbot.workbench.slack.faults import Faults
from opsbot.workbench.slack.feed import Feed
from opsbot.workbench.slack.files import FileTickets
from opsbot.workbench.slack.limits import Rates, Tickets
from opsbot.workbench.slack.model import ApiRefusal, Blocks, Channel, Json, Message, View
from opsbot.workbench.slack.workspace import BOT_ID, Clock, Workspace


@dataclass(slots=True)
class Desk:
    """
    Shared by the parts of one stand-in.

    *now* counts seconds for deadlines and may be moved by tests; *epoch* is Unix time for message
    timestamps and moves along. *announce* sends an event to the bot.
    """

    workspace: Workspace
    base_url: str
    now: Clock
    epoch: Clock
    scopes: frozenset[str]
    tickets: Tickets
    rates: Rates
    faults: Faults
    feed: Feed
    uploads: FileTickets
    announce: Callable[[Json], None]

    def ts(self) -> str:
        """Return the timestamp of what happens now."""
        return self.workspace.new_ts(self.epoch())

    def channel(self, channel_id: object, *, membership: bool = False) -> Channel:
        """
        Find a channel that the bot may know of.

        Raises:
            ApiRefusal: `channel_not_found`, also for private ones the bot is not in;
                `not_in_channel` where *membership* is asked for.
        """
        channel = self.workspace.channels.get(str(channel_id))
        inside = channel is not None and self.workspace.bot.id in channel.members
        if channel is None or ((channel.is_private or channel.is_im) and not inside):
            raise ApiRefusal("channel_not_found")
        if membership and not inside:
            raise ApiRefusal("not_in_channel")
        return channel

    def post(self, message: Message) -> Message:
        """Keep a new message and tell the pages."""
        self.workspace.add(message)
        self.feed.message(message)
        return message

    def written(self, channel_id: str, body: Json) -> Message:
        """
        Build the bot's message from a checked *body* (`text`, `blocks`, `thread_ts`, `metadata`).

        Raises:
            ApiRefusal: Slack would not take it.
        """
        return Message(
            channel=channel_id,
            ts=self.ts(),
            user=self.workspace.bot.id,
            bot_id=BOT_ID,
            text=str(body.get("text") or ""),
            blocks=self.blocks(body),
            thread_ts=body.get("thread_ts"),
            metadata=body.get("metadata"),
        )

    def blocks(self, body: Json) -> Blocks:
        """
        Check a message's text and blocks and fill in the ids that are missing.

        Raises:
            ApiRefusal: as Slack refuses them.
        """
        if body.get("markdown_text"):
            if body.get("text") or body.get("blocks"):
                raise ApiRefusal("markdown_text_conflict")
            body = {**body, "blocks": [{"type": "markdown", "text": body["markdown_text"]}]}
        if body.get("attachments"):
            raise ApiRefusal("invalid_attachments", needed="blocks: attachments are not modelled")
        found = check_message(body)
        if found:
            raise refusal(found)
        return with_ids(body.get("blocks") or [], fresh_ids())

    def view_body(self, view: Json) -> Json:
        """
        Check a view and fill in the ids that are missing.

        Raises:
            ApiRefusal: `invalid_arguments` with pointers, or `view_too_large`.
        """
        found = check_view(view)
        if any(one.code == "view_too_large" for one in found):
            raise ApiRefusal("view_too_large")
        if found:
            raise ApiRefusal("invalid_arguments", **pointers(found, "/view"))
        return {**view, "blocks": with_ids(view["blocks"], fresh_ids())}

    def new_view(self, user_id: str, view: Json, below: View | None = None) -> View:
        """Make a view of that person from a checked body, on top of *below*."""
        view_id = self.workspace.new_id("V")
        root = below.root_id if below else view_id
        previous = below.id if below else None
        return View(view_id, user_id, self.hash(), view, root, previous)

    def hash(self) -> str:
        """Return a new version of a view."""
        return f"{int(self.epoch())}.{secrets.token_hex(4)}"


def fresh_ids() -> Iterator[str]:
    """Yield the short random ids that Slack gives to unnamed blocks and elements."""
    while True:
        yield secrets.token_urlsafe(4)


def refusal(found: list[Violation]) -> ApiRefusal:
    """Turn violations of a message into Slack's error."""
    codes = {one.code for one in found}
    for code in ("no_text", "msg_too_long"):
        if code in codes:
            return ApiRefusal(code)
    if codes == {"msg_blocks_too_long"}:
        return ApiRefusal("msg_blocks_too_long")
    return ApiRefusal("invalid_blocks", **pointers(found, ""))


def pointers(found: list[Violation], prefix: str) -> Json:
    """Describe violations as Slack does: a sentence and a JSON pointer each."""
    lines = [f"{one.message} [json-pointer:{prefix}{one.pointer}]" for one in found]
    return {
        "errors": lines,
        "response_metadata": {"messages": [f"[ERROR] {line}" for line in lines]},
    }


def validated(args: Json) -> Json:
    """
    Answer blocks.validate for exactly one of blocks, message or view.

    Raises:
        ApiRefusal: not exactly one was given, or it breaks a rule.
    """
    given = [name for name in ("blocks", "message", "view") if name in args]
    if len(given) != 1:
        raise ApiRefusal("invalid_arguments")
    value = args[given[0]]
    if given[0] != "blocks" and not isinstance(value, dict):
        raise ApiRefusal("invalid_arguments")
    checks = {
        "blocks": lambda: check_blocks(value, surface="message"),
        "message": lambda: check_message(value),
        "view": lambda: check_view(value),
    }
    found = checks[given[0]]()
    if found:
        prefix = "" if given[0] == "blocks" else f"/{given[0]}"
        raise ApiRefusal("invalid_blocks", **pointers(found, prefix))
    return {}
