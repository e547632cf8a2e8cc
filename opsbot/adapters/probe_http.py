"""Probes over HTTP: asks an enforcement point for its own current decision, never the bot."""

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from opsbot.app.ports import ProbeAnswer
from opsbot.domain.change import Position
from opsbot.domain.probe_hosts import ProbeHosts
from opsbot.domain.said import inert

DEADLINE_S = 1.0
LARGEST_ANSWER = 65_536
LONGEST_MODE = 40
LONGEST_NAME = 200
MOST_ADDRESSES = 4
PORTS = {"http": 80, "https": 443}
PROBE_HEADER = "x-opsbot-probe"
EVERYWHERE_PRIVATE = ProbeHosts()


class HttpProber:
    """
    The `Prober` port over one client.

    An address is an instance's own word, so it is looked up here, checked against *hosts*, and
    asked by the very number that was checked: a name that means something else a moment later
    leads nowhere.
    """

    def __init__(self, client: httpx.AsyncClient, hosts: ProbeHosts, *, deadline_s: float) -> None:
        self._client = client
        self._hosts = hosts
        self._deadline_s = deadline_s

    async def ask(
        self, url: str, *, kind: str, workflow: str, tenant: str | None, tool: str | None
    ) -> ProbeAnswer:
        """Send one tagged request; the nonce must come back, so that no cache can answer."""
        nonce = secrets.token_hex(8)
        asked = {"workflow": workflow, "tenant": tenant, "tool": tool}
        params = {name: value for name, value in asked.items() if value is not None}
        try:
            async with asyncio.timeout(self._deadline_s):
                place = httpx.URL(url)
                addresses, why = await self._look_up(place)
                if why:
                    return ProbeAnswer(refused=why)
                status, body = await self._send(place, addresses, params, nonce)
            return _answer(status, body, workflow=workflow, nonce=nonce)
        except (TimeoutError, httpx.TimeoutException):
            return ProbeAnswer(error=f"no answer within {self._deadline_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return ProbeAnswer(error=f"{type(error).__name__}: could not be asked")

    async def _look_up(self, place: httpx.URL) -> tuple[list[str], str]:
        """Return the addresses of a URL's host, or why none of them may be asked."""
        host = place.host
        if place.scheme not in PORTS or not host:
            return [], "only http and https addresses are probed"
        if place.userinfo:
            return [], "an address with a password is not probed"
        port = place.port or PORTS[place.scheme]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("the name is not known") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        why = self._hosts.refusal(host, addresses)
        return addresses[
            :MOST_ADDRESSES
        ], f"{inert(host, limit=LONGEST_NAME)}: {why}" if why else ""

    async def _send(
        self, place: httpx.URL, addresses: list[str], params: dict[str, str], nonce: str
    ) -> tuple[int, bytes]:
        """Ask the first address that takes a connection."""
        headers = {
            "host": place.netloc.decode("ascii"),
            PROBE_HEADER: nonce,
            "accept-encoding": "identity",
        }
        unreached: httpx.ConnectError | None = None
        for address in addresses:
            try:
                async with self._client.stream(
                    "GET",
                    place.copy_with(host=address),
                    params=params,
                    headers=headers,
                    extensions={"sni_hostname": place.host},
                ) as response:
                    return response.status_code, await _limited(response)
            except httpx.ConnectError as error:
                unreached = error
        raise unreached or httpx.ConnectError("the name has no address")


@asynccontextmanager
async def http_prober(
    hosts: ProbeHosts = EVERYWHERE_PRIVATE, *, deadline_s: float = DEADLINE_S
) -> AsyncGenerator[HttpProber]:
    """
    Give a prober; no proxy, no redirect: it must reach the very process it names.

    No connection is kept: one that was opened for one name would answer for another at the same
    address.
    """
    async with httpx.AsyncClient(
        timeout=deadline_s,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    ) as client:
        yield HttpProber(client, hosts, deadline_s=deadline_s)


async def _limited(response: httpx.Response) -> bytes:
    """
    Return the answer's bytes as they came, nothing where there are too many.

    The address is an instance's own word: it may send without end, or a packed gigabyte.
    """
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > LARGEST_ANSWER:
            return b""
    return bytes(body)


def _answer(status: int, body: bytes, *, workflow: str, nonce: str) -> ProbeAnswer:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("workflow") != workflow:
        return ProbeAnswer(status=status, error="the answer is not a probe's")
    if said.get("nonce") != nonce:
        return ProbeAnswer(status=status, error="the answer is not for this probe (nonce)")
    return ProbeAnswer(
        mode=inert(str(said.get("mode", "")), limit=LONGEST_MODE),
        allowed=bool(said.get("allowed")),
        answered=bool(said.get("answered", False)),
        target=str(said.get("target") or ""),
        tools_only=_tools(said.get("tools")),
        kill=None if said.get("kill") is None else str(said["kill"]),
        status=status,
        instance=None if said.get("instance") is None else str(said["instance"])[:LONGEST_NAME],
        at=_position(said.get("epoch"), said.get("revision")),
    )


def _position(epoch: object, revision: object) -> Position | None:
    if not isinstance(epoch, int) or not isinstance(revision, int):
        return None
    return Position(epoch, revision)


def _tools(said: object) -> tuple[str, ...] | None:
    only = said.get("only") if isinstance(said, dict) else None
    return tuple(str(name) for name in only) if isinstance(only, list) else None
