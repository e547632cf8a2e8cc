"""Web API methods about single messages: chat.*, pins.*."""

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.elements import keeping_ids
from opsbot.workbench.slack.model import ApiRefusal, Channel, Json, Message

UPDATE_TEXT = 4000
PINS = 100


def post_message(desk: Desk, args: Json) -> Json:
    """Post as the bot: into channels it is in, public ones by scope, and to people directly."""
    channel = _destination(desk, args)
    message = desk.written(channel.id, {**args, "thread_ts": thread_of(desk, channel, args)})
    message.broadcast = bool(args.get("reply_broadcast")) and message.thread_ts is not None
    desk.post(message)
    desk.announce(event_of(desk, message, channel))
    return {"channel": channel.id, "ts": message.ts, "message": desk.workspace.described(message)}


def update(desk: Desk, args: Json) -> Json:
    """Edit one of the bot's own messages; text without blocks drops the blocks."""
    channel, message = _own(desk, args, "cant_update_message")
    if len(str(args.get("text") or "")) > UPDATE_TEXT:
        raise ApiRefusal("msg_too_long")
    blocks = keeping_ids(desk.blocks(args), message.blocks)
    previous = desk.workspace.described(message)
    message.text, message.blocks = str(args.get("text") or ""), blocks
    message.metadata = args.get("metadata", message.metadata)
    message.edited_ts = desk.ts()
    desk.feed.message(message)
    desk.announce(changed_event(desk, message, previous))
    described = desk.workspace.described(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": described}


def delete(desk: Desk, args: Json) -> Json:
    """Delete one of the bot's own messages."""
    channel, message = _own(desk, args, "cant_delete_message")
    desk.announce(deleted_event(desk, message))
    desk.workspace.drop(message)
    desk.feed.gone(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(desk: Desk, args: Json) -> Json:
    """Show a message to one person who is in the channel; never stored for anybody else."""
    channel = desk.channel(args.get("channel"), membership=True)
    user = str(args.get("user", ""))
    if user not in channel.members:
        raise ApiRefusal("user_not_in_channel")
    message = desk.written(channel.id, {**args, "thread_ts": thread_of(desk, channel, args)})
    message.ephemeral_for = user
    parent = message.thread_ts and desk.workspace.find(channel.id, message.thread_ts)
    if not parent or desk.workspace.replies(parent):
        desk.post(message)
    return {"message_ts": message.ts}


def permalink(desk: Desk, args: Json) -> Json:
    """Name the address of a message."""
    channel = desk.channel(args.get("channel"))
    if desk.workspace.find(channel.id, str(args.get("message_ts"))) is None:
        raise ApiRefusal("message_not_found")
    digits = str(args["message_ts"]).replace(".", "")
    return {
        "channel": channel.id,
        "permalink": f"{desk.base_url}/archives/{channel.id}/p{digits}",
    }


def pin(desk: Desk, args: Json) -> Json:
    """Pin a message; a channel holds a hundred pins."""
    message = named(desk, args.get("channel"), args.get("timestamp"))
    if message.pinned:
        raise ApiRefusal("already_pinned")
    if sum(one.pinned for one in desk.workspace.messages[message.channel]) >= PINS:
        raise ApiRefusal("too_many_pins")
    message.pinned = True
    desk.feed.message(message)
    return {}


def pins(desk: Desk, args: Json) -> Json:
    """List what is pinned in a channel, the newest first."""
    channel = desk.channel(args.get("channel"), membership=True)
    pinned = [m for m in desk.workspace.messages.get(channel.id, []) if m.pinned]
    return {
        "items": [
            {"type": "message", "channel": channel.id, "message": desk.workspace.described(m)}
            for m in reversed(pinned)
        ]
    }


def _destination(desk: Desk, args: Json) -> Channel:
    name = str(args.get("channel", ""))
    if name in desk.workspace.people:
        return desk.workspace.im_with(name)
    known = desk.workspace.channels.values()
    by_name = {f"#{channel.name}": channel.id for channel in known if not channel.is_im}
    channel = desk.channel(by_name.get(name, name))
    if channel.is_archived:
        raise ApiRefusal("is_archived")
    if desk.workspace.bot.id not in channel.members and "chat:write.public" not in desk.scopes:
        raise ApiRefusal("not_in_channel")
    return channel


def thread_of(desk: Desk, channel: Channel, args: Json) -> str | None:
    """
    Return the parent of the thread that is named, None where none is.

    Raises:
        ApiRefusal: `thread_not_found`.
    """
    thread_ts = args.get("thread_ts")
    if not thread_ts:
        return None
    parent = desk.workspace.find(channel.id, str(thread_ts))
    if parent is None or parent.ephemeral_for:
        raise ApiRefusal("thread_not_found")
    return parent.thread_ts or parent.ts


def named(desk: Desk, channel_id: object, ts: object) -> Message:
    """
    Return a message that everybody in a channel of the bot's sees.

    Raises:
        ApiRefusal: `message_not_found`, and as `Desk.channel`.
    """
    channel = desk.channel(channel_id, membership=True)
    message = desk.workspace.find(channel.id, str(ts))
    if message is None or message.ephemeral_for:
        raise ApiRefusal("message_not_found")
    return message


def _own(desk: Desk, args: Json, refused: str) -> tuple[Channel, Message]:
    channel = desk.channel(args.get("channel"))
    message = desk.workspace.find(channel.id, str(args.get("ts")))
    if message is None or message.ephemeral_for:
        raise ApiRefusal("message_not_found")
    if channel.is_archived:
        raise ApiRefusal("is_inactive")
    if message.user != desk.workspace.bot.id:
        raise ApiRefusal(refused)
    return channel, message


def event_of(desk: Desk, message: Message, channel: Channel) -> Json:
    """Return the event that tells of a new message."""
    kind = {"channels": "channel", "groups": "group", "im": "im"}[channel.kind]
    body = desk.workspace.described(message)
    return {**body, "channel": channel.id, "channel_type": kind, "event_ts": message.ts}


def changed_event(desk: Desk, message: Message, previous: Json) -> Json:
    """Return the event that tells of a message's edit; *previous* describes it as it was."""
    return _changed(desk, message, "message_changed") | {
        "message": desk.workspace.described(message),
        "previous_message": previous,
    }


def deleted_event(desk: Desk, message: Message) -> Json:
    """Return the event that tells that a message is deleted."""
    return _changed(desk, message, "message_deleted") | {
        "deleted_ts": message.ts,
        "previous_message": desk.workspace.described(message),
    }


def _changed(desk: Desk, message: Message, subtype: str) -> Json:
    channel = desk.workspace.channels[message.channel]
    kind = {"channels": "channel", "groups": "group", "im": "im"}[channel.kind]
    ts = desk.ts()
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.id,
        "channel_type": kind,
        "ts": ts,
        "event_ts": ts,
    }
