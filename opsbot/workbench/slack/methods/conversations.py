"""Web API methods about channels: conversations.*."""

import re

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.model import ApiRefusal, Channel, Json, Message

PAGE = 100
NAME = 80
TEXT = 250
INVITES = 100
GENERAL = "general"
KINDS = {"channels": "public_channel", "groups": "private_channel", "im": "im"}


def listed(desk: Desk, args: Json) -> Json:
    """List the channels the bot may know of, page by page."""
    kinds = str(args.get("types") or "public_channel").split(",")
    bot = desk.workspace.bot.id
    rows = []
    for channel in desk.workspace.channels.values():
        kind = KINDS[channel.kind]
        hidden = channel.kind != "channels" and bot not in channel.members
        if (
            kind in kinds
            and not hidden
            and not (_true(args, "exclude_archived") and channel.is_archived)
        ):
            rows.append(described(desk, channel))
    return _page("channels", rows, args)


def of_bot(desk: Desk, args: Json) -> Json:
    """List the channels that the bot is in, page by page."""
    kinds = str(args.get("types") or "public_channel").split(",")
    bot, skip = desk.workspace.bot.id, _true(args, "exclude_archived")
    rows = [
        described(desk, channel)
        for channel in desk.workspace.channels.values()
        if KINDS[channel.kind] in kinds
        and bot in channel.members
        and not (skip and channel.is_archived)
    ]
    return _page("channels", rows, args)


def info(desk: Desk, args: Json) -> Json:
    """Describe one channel."""
    channel = desk.channel(args.get("channel"))
    extra = {"num_members": len(channel.members)} if _true(args, "include_num_members") else {}
    return {"channel": {**described(desk, channel), **extra}}


def history(desk: Desk, args: Json) -> Json:
    """List top-level messages, newest first."""
    channel = desk.channel(args.get("channel"), membership=True)
    said = [
        m
        for m in desk.workspace.messages.get(channel.id, [])
        if m.ephemeral_for is None and (m.thread_ts in (None, m.ts) or m.broadcast)
    ]
    return _page("messages", _messages(desk, _between(said, args)[::-1], args), args)


def replies(desk: Desk, args: Json) -> Json:
    """List a thread, oldest first, its parent at the top."""
    channel = desk.channel(args.get("channel"), membership=True)
    parent = desk.workspace.find(channel.id, str(args.get("ts")))
    if parent is None or parent.ephemeral_for:
        raise ApiRefusal("thread_not_found")
    said = [parent, *_between(desk.workspace.replies(parent), args)]
    return _page("messages", _messages(desk, said, args), args)


def members(desk: Desk, args: Json) -> Json:
    """List who is in a channel."""
    channel = desk.channel(args.get("channel"))
    return _page("members", sorted(channel.members), args)


def join(desk: Desk, args: Json) -> Json:
    """Let the bot into a public channel."""
    channel = desk.channel(args.get("channel"))
    if channel.kind != "channels":
        raise ApiRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiRefusal("is_archived")
    bot = desk.workspace.bot.id
    warning = {"warning": "already_in_channel"} if bot in channel.members else {}
    enter(desk, channel, bot)
    return {"channel": described(desk, channel), **warning}


def create(desk: Desk, args: Json) -> Json:
    """Make a channel with the bot in it."""
    name, private = str(args.get("name") or ""), _true(args, "is_private")
    needed = "groups:write" if private else "channels:manage"
    if needed not in desk.scopes:
        raise ApiRefusal("missing_scope", needed=needed, provided=",".join(sorted(desk.scopes)))
    if desk.workspace.creation_restricted:
        raise ApiRefusal("restricted_action")
    _name_fits(desk, name)
    bot = desk.workspace.bot.id
    made = Channel(desk.workspace.new_id("C"), name, {bot}, is_private=private, creator=bot)
    desk.workspace.channels[made.id] = made
    desk.feed.channel(made)
    return {"channel": described(desk, made)}


def invite(desk: Desk, args: Json) -> Json:
    """Bring people in; without `force` one bad name refuses all."""
    channel = desk.channel(args.get("channel"), membership=True)
    users = [user for user in str(args.get("users") or "").split(",") if user]
    if not users:
        raise ApiRefusal("no_user")
    if len(users) > INVITES:
        raise ApiRefusal("too_many_users")
    errors = [
        {"user": user, "ok": False, "error": error}
        for user in users
        if (error := _not_invitable(desk, channel, user))
    ]
    if errors and not (_true(args, "force") and len(errors) < len(users)):
        raise ApiRefusal(str(errors[0]["error"]), errors=errors)
    refused = {error["user"] for error in errors}
    for user in users:
        if user not in refused:
            enter(desk, channel, user)
    return {"channel": described(desk, channel), **({"errors": errors} if errors else {})}


def set_topic(desk: Desk, args: Json) -> Json:
    """Set the topic; 250 characters are the most."""
    channel = desk.channel(args.get("channel"), membership=True)
    channel.topic = _short(args, "topic")
    desk.feed.channel(channel)
    return {"channel": described(desk, channel)}


def set_purpose(desk: Desk, args: Json) -> Json:
    """Set what a channel is for; 250 characters are the most."""
    channel = desk.channel(args.get("channel"), membership=True)
    channel.purpose = _short(args, "purpose")
    desk.feed.channel(channel)
    return {"channel": described(desk, channel)}


def rename(desk: Desk, args: Json) -> Json:
    """Give a channel another name; a bot may do so to those that it made."""
    channel = desk.channel(args.get("channel"), membership=True)
    if channel.creator != desk.workspace.bot.id:
        raise ApiRefusal("not_authorized")
    _name_fits(desk, str(args.get("name") or ""))
    channel.name = str(args["name"])
    desk.feed.channel(channel)
    return {"channel": described(desk, channel)}


def archive(desk: Desk, args: Json) -> Json:
    """Close a channel for new messages; the bot is put out of it by that."""
    channel = desk.channel(args.get("channel"))
    if channel.is_im:
        raise ApiRefusal("method_not_supported_for_channel_type")
    if channel.name == GENERAL:
        raise ApiRefusal("cant_archive_general")
    if channel.is_archived:
        raise ApiRefusal("already_archived")
    desk.channel(channel.id, membership=True)
    close(desk, channel)
    return {}


def unarchive(desk: Desk, args: Json) -> Json:
    """Refuse to open a channel again: Slack does so for every bot, which its archiving put out of it."""
    channel = desk.channel(args.get("channel"))
    if channel.is_im:
        raise ApiRefusal("method_not_supported_for_channel_type")
    raise ApiRefusal("not_in_channel" if channel.is_archived else "not_archived")


def close(desk: Desk, channel: Channel) -> None:
    """Archive a channel, whoever does it: people stay in it, the bot does not."""
    channel.is_archived = True
    channel.members.discard(desk.workspace.bot.id)
    desk.feed.channel(channel)


def opened(desk: Desk, args: Json) -> Json:
    """Open the conversation with one person."""
    users = str(args.get("users") or "").split(",")
    if len(users) != 1 or users[0] not in desk.workspace.people:
        raise ApiRefusal("user_not_found" if len(users) == 1 else "method_not_supported")
    return {"channel": {"id": desk.workspace.im_with(users[0]).id}}


def described(desk: Desk, channel: Channel) -> Json:
    """Describe a channel as Slack does."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private and not channel.is_im,
        "is_group": channel.is_private,
        "is_im": channel.is_im,
        "is_private": channel.is_private or channel.is_im,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_shared": channel.is_ext_shared,
        "is_member": desk.workspace.bot.id in channel.members,
        "creator": channel.creator,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "context_team_id": desk.workspace.team_id,
    }


def _short(args: Json, name: str) -> str:
    text = str(args.get(name) or "")
    if len(text) > TEXT:
        raise ApiRefusal("too_long")
    return text


def enter(desk: Desk, channel: Channel, user: str) -> None:
    """Let somebody into a channel, and tell the app."""
    if user in channel.members:
        return
    channel.members.add(user)
    desk.feed.channel(channel)
    desk.announce(
        {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": desk.workspace.team_id,
            "event_ts": desk.ts(),
        }
    )


def _name_fits(desk: Desk, name: str) -> None:
    if not name:
        raise ApiRefusal("invalid_name_required")
    if len(name) > NAME:
        raise ApiRefusal("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise ApiRefusal("invalid_name_specials")
    if not re.search(r"\w", name.replace("_", "")):
        raise ApiRefusal("invalid_name_punctuation")
    if any(channel.name == name for channel in desk.workspace.channels.values()):
        raise ApiRefusal("name_taken")


def _not_invitable(desk: Desk, channel: Channel, user: str) -> str:
    if user not in desk.workspace.people:
        return "user_not_found"
    if user == desk.workspace.bot.id:
        return "cant_invite_self"
    return "already_in_channel" if user in channel.members else ""


def _between(said: list[Message], args: Json) -> list[Message]:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999.0")
    inclusive = _true(args, "inclusive")
    return [m for m in said if oldest < m.ts < latest or (inclusive and m.ts in (oldest, latest))]


def _messages(desk: Desk, said: list[Message], args: Json) -> list[Json]:
    with_metadata = _true(args, "include_all_metadata")
    return [
        {
            **desk.workspace.described(m),
            **({"metadata": m.metadata} if with_metadata and m.metadata else {}),
        }
        for m in said
    ]


def _page(name: str, rows: list[Json] | list[str], args: Json) -> Json:
    start = int(args.get("cursor") or 0)
    end = start + int(args.get("limit") or PAGE)
    cursor = str(end) if end < len(rows) else ""
    return {
        name: rows[start:end],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _true(args: Json, name: str) -> bool:
    return str(args.get(name, "")).lower() in ("1", "true")
