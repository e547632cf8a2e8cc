"""Every Redis key and channel of opsbot, spelled once; the bot imports this file from the client."""

SCHEMA = 1
"""Major version of every record and message on the wire; a newer one is answered with `stop`."""

ENVIRONMENT_PATTERN = "[a-z0-9][a-z0-9-]{0,31}"

_SERVICE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class FleetKeys:
    """What the instances of one service write; a store user of its own may touch no other's."""

    __slots__ = ("acks", "instances", "seen")

    def __init__(self, prefix: str) -> None:
        self.instances = f"{prefix}:instances"  # HASH instance -> registration
        self.seen = f"{prefix}:seen"  # ZSET instance -> server milliseconds of its check-in
        self.acks = f"{prefix}:acks"  # HASH instance -> position and counters

    def all(self) -> tuple[str, str, str]:
        """Return the three keys in the order in which the store's functions take them."""
        return (self.instances, self.seen, self.acks)


def service_word(service: str) -> str:
    """Return how a service is spelled in keys: what is no letter, digit, `-`, `_` or `.` is a `-`."""
    return "".join(c if c in _SERVICE else "-" for c in service) or "-"


class Keys:
    """
    The keys of one environment, all under one hash tag so that a commit is one slot in a Cluster.

    `state_*` is journaled and replayed; nothing else is.
    """

    __slots__ = (
        "channel",
        "claims",
        "due",
        "effects",
        "emergency",
        "emergency_channel",
        "fleet",
        "head",
        "journal",
        "low",
        "models",
        "outbox",
        "outbox_dead",
        "prefix",
        "request",
        "served",
        "served_base",
        "services",
        "state",
        "texts",
        "timers",
    )

    def __init__(self, env: str) -> None:
        prefix = f"{{opsbot:{env}}}"
        self.prefix = prefix
        self.head = f"{prefix}:head"  # HASH epoch, revision, hash, replid
        self.journal = f"{prefix}:journal"  # LIST, pushed to only; its length is the revision
        self.state = f"{prefix}:state"  # prefix of HASHes state:<kind>, id -> JSON record
        self.request = f"{prefix}:request"  # prefix of STRINGs request:<id> -> first answer
        self.texts = f"{prefix}:texts"  # HASH commitment -> salt + text, erasable
        self.channel = f"{prefix}:delta"  # one message a commit
        self.emergency = f"{prefix}:emergency"  # LIST, E-n is its n-th element
        self.emergency_channel = f"{prefix}:emergency:look"  # a hint to read the list
        self.fleet = f"{prefix}:fleet"  # prefix of what instances write, fleet:<service>:…
        self.services = f"{prefix}:fleet:services"  # SET of services; a client can only add
        self.low = f"{prefix}:fleet:low"  # ZSET <hour>:<workflow> -> fewest alive in that hour
        self.models = f"{prefix}:fleet:models"  # ZSET model name -> server ms it was last asked for
        self.served = f"{prefix}:served"  # HASH number, at: the last sample of what was served
        self.served_base = f"{prefix}:served:base"  # HASH process -> its counters at that sample
        self.outbox = f"{prefix}:outbox"  # prefix of STREAMs outbox:<lane>
        self.outbox_dead = f"{prefix}:outbox:dead"  # STREAM of given-up items
        self.effects = f"{prefix}:effects"  # HASH effect key -> what it left outside (a ts, say)
        # effects:<key> are STRINGs with an expiry: answers and questions that are kept for a while
        self.claims = f"{prefix}:claim"  # prefix of STRINGs claim:<what> -> replica, with expiry
        self.due = f"{prefix}:timers:due"  # ZSET timer -> due server milliseconds
        self.timers = f"{prefix}:timers:body"  # HASH timer -> the outbox item it becomes

    def fleet_of(self, service: str) -> FleetKeys:
        """Return the keys that the instances of *service* write."""
        return FleetKeys(f"{self.fleet}:{service_word(service)}")

    def every_fleet(self) -> FleetKeys:
        """Return the patterns that match the keys of every service, for access lists."""
        return FleetKeys(f"{self.fleet}:*")

    def state_of(self, kind: str) -> str:
        """Return the key of the HASH that holds the records of *kind*."""
        return f"{self.state}:{kind}"

    def request_of(self, request_id: str) -> str:
        """Return the key under which the first answer to *request_id* is kept for a day."""
        return f"{self.request}:{request_id}"

    def lane(self, name: str) -> str:
        """Return the key of the outbox STREAM of one lane."""
        return f"{self.outbox}:{name}"

    def left_of(self, key: str) -> str:
        """Return the key of what is left under *key* for a time only."""
        return f"{self.effects}:{key}"

    def served_minutes(self, hour: int) -> str:
        """Return the key of an hour since 1970, HASH workflow -> what each sample counted."""
        return f"{self.served}:minutes:{hour}"

    def served_hour(self, hour: int) -> str:
        """Return the key of what stays of such an hour once it is over, HASH workflow -> its sum."""
        return f"{self.served}:hour:{hour}"

    def claim_of(self, what: str) -> str:
        """Return the key that one replica holds while it works on *what*."""
        return f"{self.claims}:{what}"


KILLS = "kills"
"""Kind of the active kills. A client reads all of them."""

ENDED = "ended"
"""Kind of the restored kills: the proof that a kill may be lifted."""

WORKFLOWS = "workflows"
"""Kind of the declarations with their active route. A client reads those it serves."""

SWITCHBOARD = "switchboard"
"""Kind of the few singletons a client reads: `emergency` = {"adopted": n}."""
