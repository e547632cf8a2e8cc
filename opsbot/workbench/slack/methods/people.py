"""Web API methods about people and user groups: users.*, usergroups.*."""

from opsbot.workbench.slack.desk import Desk
from opsbot.workbench.slack.model import ApiRefusal, Json, Person


def info(desk: Desk, args: Json) -> Json:
    """Describe one person."""
    person = desk.workspace.people.get(str(args.get("user")))
    if person is None:
        raise ApiRefusal("user_not_found")
    return {"user": described(desk, person)}


def listed(desk: Desk, args: Json) -> Json:
    """List everybody, page by page."""
    people = list(desk.workspace.people.values())
    start = int(args.get("cursor") or 0)
    end = start + int(args.get("limit") or len(people) or 1)
    cursor = str(end) if end < len(people) else ""
    return {
        "members": [described(desk, person) for person in people[start:end]],
        "response_metadata": {"next_cursor": cursor},
    }


def by_email(desk: Desk, args: Json) -> Json:
    """Find somebody by e-mail; guests are found, strangers of other workspaces are not."""
    wanted = str(args.get("email") or "").lower()
    for person in desk.workspace.people.values():
        if wanted and person.email.lower() == wanted and person.team_id == desk.workspace.team_id:
            return {"user": described(desk, person)}
    raise ApiRefusal("users_not_found")


def usergroups(desk: Desk, args: Json) -> Json:
    """List user groups; members come only where asked for."""
    with_users = str(args.get("include_users", "")).lower() in ("1", "true")
    return {
        "usergroups": [
            {
                "id": group.id,
                "team_id": desk.workspace.team_id,
                "is_usergroup": True,
                "handle": group.handle,
                "name": group.name,
                "user_count": len(group.users),
                "date_delete": 0,
                **({"users": group.users} if with_users else {}),
            }
            for group in desk.workspace.usergroups.values()
        ]
    }


def usergroup_users(desk: Desk, args: Json) -> Json:
    """List the members of one user group."""
    group = desk.workspace.usergroups.get(str(args.get("usergroup")))
    if group is None:
        raise ApiRefusal("no_such_subteam")
    return {"users": group.users}


def described(desk: Desk, person: Person) -> Json:
    """Describe a person as Slack does; the e-mail only with its scope."""
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.name,
        "image_72": person.avatar,
        "team": person.team_id,
    }
    if person.email and "users:read.email" in desk.scopes:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "is_bot": person.is_bot,
        "is_restricted": person.guest,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.team_id != desk.workspace.team_id,
        "is_app_user": False,
        "tz": "Etc/UTC",
        "profile": profile,
    }
