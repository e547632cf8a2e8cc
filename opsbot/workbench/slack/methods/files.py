"""Web API methods that bring files in: announce one, and share it once its bytes are there."""

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.methods.chat import event_of, thread_of
from opsbot.workbench.slack.model import ApiRefusal, Channel, File, Json, Message
from opsbot.workbench.slack.workspace import BOT_ID

LONGEST_ALT = 1000
LARGEST = 20_000_000
"""Bytes; Slack takes more, and a stand-in keeps everything in memory."""


def upload_url(desk: Desk, args: Json) -> Json:
    """Hand out the address for the bytes of one file, and its id."""
    name, length = str(args.get("filename") or ""), str(args.get("length") or "0")
    if not name or not length.isdecimal() or int(length) == 0:
        raise ApiRefusal("missing_argument")
    if int(length) > LARGEST:
        raise ApiRefusal("file_upload_size_restricted")
    alt = str(args.get("alt_txt") or "")
    if len(alt) > LONGEST_ALT:
        raise ApiRefusal("alt_txt_too_large")
    file = File(desk.workspace.new_id("F"), name, name, int(length), alt)
    key = desk.uploads.announce(file)
    return {"upload_url": f"{desk.base_url}/upload/v1/{key}", "file_id": file.id}


def complete(desk: Desk, args: Json) -> Json:
    """
    Share files whose bytes are there; without a channel they stay private.

    What cannot be shared is refused before any ticket is used up.
    """
    wanted = _wanted(args)
    channel = _destination(desk, args)
    thread_ts = None if channel is None else thread_of(desk, channel, args)
    if channel is None and args.get("thread_ts"):
        raise ApiRefusal("invalid_arguments")
    files = [_finished(desk, one) for one in wanted]
    if channel is not None:
        _share(desk, channel, files, {**args, "thread_ts": thread_ts})
    return {"files": [{"id": one.id, "title": one.title} for one in files]}


def _wanted(args: Json) -> list[Json]:
    listed = args.get("files")
    if not isinstance(listed, list) or not listed:
        raise ApiRefusal("invalid_arguments")
    if not all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in listed):
        raise ApiRefusal("invalid_arguments")
    return listed


def _destination(desk: Desk, args: Json) -> Channel | None:
    """Find where to share: only where the bot is a member, whatever it may post elsewhere."""
    name = args.get("channel_id") or args.get("channels")
    if not name:
        return None
    channel = desk.channel(name, membership=True)
    if channel.is_archived:
        raise ApiRefusal("is_archived")
    return channel


def _finished(desk: Desk, one: Json) -> File:
    file = desk.uploads.finish(one["id"])
    if file is None:
        raise ApiRefusal("file_not_found")
    file.title = str(one.get("title") or file.name)
    return file


def _share(desk: Desk, channel: Channel, files: list[File], args: Json) -> None:
    message = Message(
        channel=channel.id,
        ts=desk.ts(),
        user=desk.workspace.bot.id,
        text=str(args.get("initial_comment") or ""),
        thread_ts=args["thread_ts"],
        bot_id=BOT_ID,
        files=files,
    )
    desk.post(message)
    desk.announce(event_of(desk, message, channel))
