"""Every Redis key and channel of opsbot, spelled once; the bot imports this file from the client."""

SCHEMA = 1
"""Major version of every record and message on the wire; a newer one is answered with `stop`."""

ENVIRONMENT_PATTERN = "[a-z0-9][a-z0-9-]{0,31}"


class Keys:
    """
    The keys of one environment, all under one hash tag so that a commit is one slot in a Cluster.

    `state_*` is journaled and replayed; nothing else is.
    """

    __slots__ = (
        "acks",
        "channel",
        "claims",
        "due",
        "effects",
        "emergency",
        "emergency_channel",
        "head",
        "instances",
        "journal",
        "low",
        "outbox",
        "outbox_dead",
        "prefix",
        "request",
        "seen",
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
        self.instances = f"{prefix}:fleet:instances"  # HASH instance -> registration
        self.seen = f"{prefix}:fleet:seen"  # ZSET instance -> server milliseconds of its check-in
        self.acks = f"{prefix}:fleet:acks"  # HASH instance -> position and counters
        self.low = f"{prefix}:fleet:low"  # ZSET <hour>:<workflow> -> fewest alive in that hour
        self.outbox = f"{prefix}:outbox"  # prefix of STREAMs outbox:<lane>
        self.outbox_dead = f"{prefix}:outbox:dead"  # STREAM of given-up items
        self.effects = f"{prefix}:effects"  # HASH effect key -> what it left outside (a ts, say)
        # effects:<key> are STRINGs with an expiry: answers and questions that are kept for a while
        self.claims = f"{prefix}:claim"  # prefix of STRINGs claim:<what> -> replica, with expiry
        self.due = f"{prefix}:timers:due"  # ZSET timer -> due server milliseconds
        self.timers = f"{prefix}:timers:body"  # HASH timer -> the outbox item it becomes

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
