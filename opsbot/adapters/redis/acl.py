"""The users of the store's access list: named commands and keys only, for each kind of program."""

import hashlib
from collections.abc import Iterable, Mapping

from opsflags.keys import FleetKeys, Keys, service_word

SERVICE = "client-"
"""A user `client-<service>` is the client of that service alone; `client` is one for all of them."""

_CONNECT = "+ping +hello +auth +client|setname +client|setinfo"


def acl_lines(env: str, passwords: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the lines of an `aclfile`, one for each user named in *passwords*, `default` switched off.

    Users: `bot`, `client-<service>` (the instances of one AI service) or `client` (one user for all
    services, who may then acknowledge for each other), `kill` (the emergency credential),
    `auditor`, `migrator` (loads the function library at deploy). Passwords enter as their SHA-256. Functions run with
    the caller's rights, so each user is granted what its functions do.

    Raises:
        KeyError: *passwords* names a user that is not known.
    """
    services = [n.removeprefix(SERVICE) for n in passwords if n.startswith(SERVICE)]
    rights = acl_rights(env, services)
    return (
        "user default off",
        *(
            f"user {name} on #{hashlib.sha256(password.encode()).hexdigest()} {rights[name]}"
            for name, password in sorted(passwords.items())
        ),
    )


def acl_rights(env: str, services: Iterable[str] = ()) -> Mapping[str, str]:
    """
    Return the rights of each user, with a user of its own for each of *services*.

    The journal's list grants no command that shortens it; a stream could be erased by anyone who
    may XADD. A client has no PUBLISH: a channel's pattern allows both directions, so it could
    forge what others hear.
    """
    keys = Keys(env)
    return {
        "bot": _bot(keys),
        "client": _client(keys, keys.every_fleet()),
        **{f"{SERVICE}{service_word(one)}": _client(keys, keys.fleet_of(one)) for one in services},
        "kill": _kill(keys),
        "auditor": _auditor(keys),
        "migrator": f"resetkeys resetchannels -@all {_CONNECT} +function|load +function|list",
    }


def _bot(keys: Keys) -> str:
    commands = (
        "+fcall +hget +hgetall +hmget +hset +hdel +hexists +rpush +lrange +llen "
        "+xadd +xdel +xlen +xack +xrange +xpending +xclaim +xautoclaim +xreadgroup +xgroup|create "
        "+smembers +srem +hlen +zadd +zrem +zrange +zrangebyscore +publish +subscribe +unsubscribe +multi +exec +discard "
        "+time +wait +info +role +config|get +cluster|slots +function|list"
    )
    # SET replaces a list, so it is granted on these keys only; nothing granted on the journal
    # shortens it.
    strings = f"(-@all ~{keys.request}:* ~{keys.claims}:* ~{keys.effects}:* +get +set)"
    ageing = f"(-@all ~{keys.served}:* +pexpire)"  # for the same reason on these alone
    return (
        f"resetkeys resetchannels -@all ~{keys.prefix}:* "
        f"&{keys.channel} &{keys.emergency_channel} {_CONNECT} {commands} {strings} {ageing}"
    )


def _client(keys: Keys, fleet: FleetKeys) -> str:
    read = f"%R~{keys.head} %R~{keys.state}:* %R~{keys.emergency}"
    own = " ".join(f"~{key}" for key in fleet.all())
    # Nobody can take a service off the list, or it would be an instance that nobody misses.
    adds = f"(-@all ~{keys.services} +sadd)"
    # All keys of an FCALL must be allowed for writing by one selector; what runs inside is checked
    # again, one command at a time, so this one gives no right to write the head.
    checkin = f"(-@all ~{keys.head} {own} ~{keys.emergency} ~{keys.services} +fcall)"
    return (
        f"resetkeys resetchannels -@all {read} {own} &{keys.channel} &{keys.emergency_channel} "
        f"{_CONNECT} +hget +hgetall +hmget +hexists +lrange +llen +hset +hdel +zadd +zrem "
        f"+time +subscribe +unsubscribe {adds} {checkin}"
    )


def _kill(keys: Keys) -> str:
    return (
        f"resetkeys resetchannels -@all ~{keys.emergency} &{keys.emergency_channel} "
        f"{_CONNECT} +rpush +llen +publish"
    )


def _auditor(keys: Keys) -> str:
    return (
        f"resetkeys resetchannels -@all %R~{keys.head} %R~{keys.journal} %R~{keys.state}:* "
        f"{_CONNECT} +hgetall +lrange +llen +time +multi +exec +discard"
    )
