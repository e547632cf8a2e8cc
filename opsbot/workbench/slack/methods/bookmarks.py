"""Web API methods about the links at the top of a channel: bookmarks.*."""

from urllib.parse import urlsplit

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.model import ApiRefusal, Bookmark, Json

MOST = 100
TITLE = 255
LINK = 3000


def add(desk: Desk, args: Json) -> Json:
    """Add a link; the same link twice is two bookmarks, as in Slack."""
    channel = desk.channel(args.get("channel_id"), membership=True)
    title, link = str(args.get("title") or ""), str(args.get("link") or "")
    if args.get("type") != "link":
        raise ApiRefusal("invalid_bookmark_type")
    if not title or len(title) > TITLE:
        raise ApiRefusal("invalid_arguments")
    if urlsplit(link).scheme not in ("http", "https") or len(link) > LINK:
        raise ApiRefusal("invalid_link")
    if len(channel.bookmarks) >= MOST:
        raise ApiRefusal("too_many_bookmarks")
    made = Bookmark(desk.workspace.new_id("Bk"), title, link, str(args.get("emoji") or ""))
    channel.bookmarks.append(made)
    desk.feed.channel(channel)
    return {"bookmark": described(made, channel.id)}


def listed(desk: Desk, args: Json) -> Json:
    """List the links of a channel."""
    channel = desk.channel(args.get("channel_id"), membership=True)
    return {"bookmarks": [described(one, channel.id) for one in channel.bookmarks]}


def described(bookmark: Bookmark, channel_id: str) -> Json:
    """Describe a bookmark as Slack does."""
    return {
        "id": bookmark.id,
        "channel_id": channel_id,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji,
        "type": "link",
        "date_deleted": 0,
    }
