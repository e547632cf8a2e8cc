"""Where the store is: reads `redis://`, `rediss://`, `unix://`, `sentinel://` and `cluster://`."""

DEFAULT_PORT = 6379
SENTINEL_PORT = 26379
MAX_PORT = 65535
SCHEMES = ("redis", "rediss", "unix", "sentinel", "cluster")
OPTIONS = frozenset({"tls", "ca", "sentinel_username", "sentinel_password", "db"})


class BadAddress(ValueError):
    """The store's address can't be used; `hint` says what to write instead. Holds no password."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.hint = hint


class Address:
    """
    One parsed address.

    `hosts` are (host, port) pairs; `path` is set for a Unix socket only. `ca` is a file of trusted
    certificates in place of the system's. Its text form has no password.
    """

    __slots__ = (
        "ca",
        "db",
        "hosts",
        "master",
        "password",
        "path",
        "scheme",
        "sentinel_password",
        "sentinel_username",
        "tls",
        "username",
    )

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.tls = scheme == "rediss"
        self.ca: str | None = None
        self.username: str | None = None
        self.password: str | None = None
        self.hosts: tuple[tuple[str, int], ...] = ()
        self.path: str | None = None
        self.db = 0
        self.master: str | None = None
        self.sentinel_username: str | None = None
        self.sentinel_password: str | None = None

    def __repr__(self) -> str:
        where = self.path or ",".join(f"{host}:{port}" for host, port in self.hosts)
        master = f"/{self.master}" if self.master else ""
        return f"{self.scheme}://{where}{master}"


def parse(url: str) -> Address:
    """
    Read an address.

    `redis://[user:password@]host[:port][/db]`, `rediss://` the same over TLS,
    `unix://[user:password@]/path[?db=n]`, `sentinel://[user:password@]h1[:port],h2,h3/master`,
    `cluster://[user:password@]h1[:port],h2`. After `?`: `tls=1` (for sentinel and cluster),
    `ca=/path`, `sentinel_username=`, `sentinel_password=`, `db=`.

    Raises:
        BadAddress: it is none of these.
    """
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in SCHEMES:
        raise BadAddress(
            "unknown kind of store address", f"begin it with one of {', '.join(SCHEMES)}://"
        )
    address = Address(scheme)
    rest, _, query = rest.partition("?")
    credentials, at, place = rest.rpartition("@")
    if at:
        _read_credentials(address, credentials)
    if scheme == "unix":
        _read_path(address, place)
    else:
        _read_hosts(address, place)
    _read_options(address, query)
    return address


def _read_credentials(address: Address, text: str) -> None:
    user, colon, password = text.partition(":")
    address.username = _plain(user) or None
    address.password = _plain(password) if colon else None
    if address.username and address.password is None:
        raise BadAddress("a user without a password", "write user:password@")


def _read_path(address: Address, place: str) -> None:
    if not place.startswith("/"):
        raise BadAddress("the socket's path is not absolute", "write unix:///path/to/socket")
    address.path = _plain(place)


def _read_hosts(address: Address, place: str) -> None:
    names, _, last = place.partition("/")
    default = SENTINEL_PORT if address.scheme == "sentinel" else DEFAULT_PORT
    address.hosts = tuple(_host(name, default) for name in names.split(","))
    if address.scheme == "sentinel":
        if not last:
            raise BadAddress("no name of a primary", "write sentinel://host1,host2,host3/name")
        address.master = _plain(last)
    elif address.scheme != "cluster":
        if len(address.hosts) > 1:
            raise BadAddress("several hosts", "use sentinel:// or cluster:// for more than one")
        address.db = _number(last or "0", "the database")
    elif last.strip("0"):
        raise BadAddress("a cluster has database 0 only", "leave the path away")


def _host(text: str, default: int) -> tuple[str, int]:
    text = _plain(text)
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if not host:
        raise BadAddress("no host", "write host or host:port, with commas between several")
    number = _number(port, "the port") if port else default
    if not 0 < number <= MAX_PORT:
        raise BadAddress("the port is out of range", "write a number from 1 to 65535")
    return host, number


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadAddress(f"{what} is not a number", "write digits only")
    return int(text)


def _read_options(address: Address, query: str) -> None:
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in OPTIONS:
            raise BadAddress(f"unknown option {name!r}", f"use one of {', '.join(sorted(OPTIONS))}")
        value = _plain(value)
        if name == "tls":
            address.tls = address.tls or value not in ("", "0", "false", "no")
        elif name == "db":
            address.db = _number(value, "the database")
        else:
            setattr(address, name, value)


def _plain(text: str) -> str:
    """Undo percent-encoding, as `urllib` would, without importing it."""
    if "%" not in text:
        return text
    head, *parts = text.split("%")
    data = bytearray(head.encode())
    for part in parts:
        try:
            data += bytes.fromhex(part[:2])
        except ValueError:
            raise BadAddress("a broken % escape", "write % itself as %25") from None
        data += part[2:].encode()
    return data.decode("utf-8", "replace")
