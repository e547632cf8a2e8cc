"""Web API methods for modals and Home tabs: views.*."""

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.elements import keeping_ids
from opsbot.workbench.slack.limits import Trigger
from opsbot.workbench.slack.model import ApiRefusal, Json, View
from opsbot.workbench.slack.workspace import APP_ID, BOT_ID, MODALS


def open_view(desk: Desk, args: Json) -> Json:
    """Open a modal for the person who caused the trigger."""
    body = _modal(desk, args)
    trigger = _spent(desk, args)
    view = desk.new_view(trigger.user, body)
    desk.workspace.modals[trigger.user] = [view]
    desk.feed.views(trigger.user)
    return {"view": described(desk, view)}


def push(desk: Desk, args: Json) -> Json:
    """Put a modal on top of the one the trigger came from; three is the most."""
    body = _modal(desk, args)
    trigger = _spent(desk, args)
    stack = desk.workspace.modals.get(trigger.user, [])
    if trigger.view_id is None or not stack:
        raise ApiRefusal("invalid_trigger_id")
    if len(stack) >= MODALS:
        raise ApiRefusal("push_limit_reached")
    view = desk.new_view(trigger.user, body, stack[-1])
    stack.append(view)
    desk.feed.views(trigger.user)
    return {"view": described(desk, view)}


def update(desk: Desk, args: Json) -> Json:
    """Replace what an open modal shows; a stale hash is a conflict."""
    body = _modal(desk, args)
    stacks = desk.workspace.modals.values()
    wanted, external = args.get("view_id"), args.get("external_id")
    open_now = [view for stack in stacks for view in stack]
    for view in open_now:
        named = view.id == wanted or (external and view.body.get("external_id") == external)
        if named:
            _same_hash(view, args)
            replace(desk, view, body)
            return {"view": described(desk, view)}
    raise ApiRefusal("not_found")


def publish(desk: Desk, args: Json) -> Json:
    """Set somebody's Home tab."""
    user = str(args.get("user_id", ""))
    view = args.get("view")
    if user not in desk.workspace.people or desk.workspace.people[user].is_bot:
        raise ApiRefusal("invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != "home":
        raise ApiRefusal("invalid_arguments")
    body = desk.view_body(view)
    home = desk.workspace.homes.get(user)
    if home is None:
        home = desk.workspace.homes[user] = desk.new_view(user, body)
    else:
        _same_hash(home, args)
        blocks = keeping_ids(body["blocks"], home.body["blocks"])
        home.body, home.hash = {**body, "blocks": blocks}, desk.hash()
    desk.feed.home(user)
    return {"view": described(desk, home)}


def replace(desk: Desk, view: View, body: Json) -> None:
    """Show another body in an open modal, under a new hash."""
    view.body, view.hash, view.errors = body, desk.hash(), {}
    desk.feed.views(view.user)


def described(desk: Desk, view: View, state: Json | None = None) -> Json:
    """Describe a view as Slack's answers and payloads do."""
    body = view.body
    words = {key: body.get(key) for key in ("title", "submit", "close")}
    return {
        "id": view.id,
        "team_id": desk.workspace.team_id,
        "type": body["type"],
        "blocks": view.blocks,
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": view.callback_id,
        "state": state or {"values": {}},
        "hash": view.hash,
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": APP_ID,
        "external_id": body.get("external_id", ""),
        "app_installed_team_id": desk.workspace.team_id,
        "bot_id": BOT_ID,
        **words,
    }


def _modal(desk: Desk, args: Json) -> Json:
    view = args.get("view")
    if not isinstance(view, dict) or view.get("type") != "modal":
        raise ApiRefusal("invalid_arguments")
    return desk.view_body(view)


def _spent(desk: Desk, args: Json) -> Trigger:
    trigger = desk.tickets.spend_trigger(args.get("trigger_id"))
    if isinstance(trigger, str):
        raise ApiRefusal(trigger)
    return trigger


def _same_hash(view: View, args: Json) -> None:
    if args.get("hash") and args["hash"] != view.hash:
        raise ApiRefusal("hash_conflict")
