"""What people ask the bot, over HTTP and signed as Slack signs, and whether an answer is a right one. Pure."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import uuid4

from opsbot.bench import household
from opsbot.bench.line import Answer, request

OK, CREATED = 200, 201
GIVEN_UP_MS: Final = 3000.0
"""Slack waits so long; an answer that is none counts as having taken at least this."""

Kind = Literal["whole", "so far", "not yet", "wrong"]


@dataclass(frozen=True, slots=True)
class Told:
    """
    One answer, judged.

    *whole*: right, and of a kill that every instance confirmed it. *so far*: right, with fewer
    confirmed. *not yet*: the bot says that it still works on it. *wrong*: a refusal, an error, or
    something else than was asked.
    """

    kind: Kind
    took_ms: float
    kill: str = ""
    words: str = ""

    @property
    def counted_ms(self) -> float:
        """Return the time that counts: what is no answer never counts as a quick one."""
        right = self.kind in ("whole", "so far")
        return self.took_ms if right else max(self.took_ms, GIVEN_UP_MS)


def kill(workflow: str, token: str) -> bytes:
    """Return the request that kills *workflow*."""
    body = json.dumps({"workflow": workflow, "reason": "wrong refund answers"}).encode()
    return request("POST", "/v1/kills", speaks(token), body)


def restore(workflow: str, token: str) -> bytes:
    """Return the request that restores *workflow*."""
    body = json.dumps({"reason": "measured"}).encode()
    return request("POST", f"/v1/workflows/{workflow}/restore", speaks(token), body)


def floor(like: bytes, token: str) -> bytes:
    """Return a question to `/healthz` of the very size of the request *like*."""
    spare = len(like) - len(request("GET", "/healthz", speaks(token))) + 1
    # The length of the body is written in the request, too.
    sizes = [spare - digits for digits in range(1, 7) if len(str(spare - digits)) == digits]
    return request("GET", "/healthz", speaks(token), b" " * (sizes[0] if sizes else 0))


def slash(command: str, text: str, person: str, *, secret: str, now_s: int) -> bytes:
    """Return one slash command of *person*, signed at *now_s* (Unix time) with *secret*."""
    number = household.PEOPLE.index(person)
    form = {
        "token": "verification-token",
        "team_id": household.TEAM,
        "team_domain": "home",
        "channel_id": household.CHANNELS[number],
        "channel_name": household.CHANNELS[number].lower(),
        "user_id": household.slack_id(person),
        "user_name": person,
        "command": command,
        "text": text,
        "api_app_id": "A0OPSBOT",
        "is_enterprise_install": "false",
        # Nobody answers there: what does not travel in the acknowledgement is lost.
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": f"1.2.{uuid4().hex}",
    }
    return signed(form, secret=secret, now_s=now_s)


def signed(form: Mapping[str, str], *, secret: str, now_s: int) -> bytes:
    """Return one delivery of Slack's to the bot: *form*, signed at *now_s* (Unix time) with *secret*."""
    body = urlencode(form).encode()
    base = b":".join((b"v0", str(now_s).encode(), body))
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": str(now_s),
        "x-slack-signature": f"v0={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}",
    }
    return request("POST", "/slack/events", headers, body)


def judge_kill(answer: Answer, workflow: str, clients: int) -> Told:
    """Judge an answer of the HTTP side to `kill`."""
    said = answer.json()
    instances, took = said.get("instances"), answer.took_ms
    right = (
        answer.status == CREATED
        and said.get("workflow") == workflow
        and said.get("stored") is True
        and said.get("durable") is True
        and isinstance(instances, Mapping)
        and instances.get("expected") == clients
    )
    if not right or not isinstance(instances, Mapping):
        return Told("wrong", took, words=words_of(answer))
    whole = instances.get("confirmed") == clients
    return Told("whole" if whole else "so far", took, str(said.get("kill")))


def judge_restore(answer: Answer, clients: int) -> Told:
    """Judge an answer of the HTTP side to `restore`."""
    said = answer.json()
    instances = said.get("instances")
    if answer.status != OK or said.get("restored") is not True:
        return Told("wrong", answer.took_ms, words=words_of(answer))
    whole = isinstance(instances, Mapping) and instances.get("confirmed") == clients
    return Told("whole" if whole else "so far", answer.took_ms)


def judge_floor(answer: Answer) -> Told:
    """Judge an answer of `/healthz`."""
    right = answer.status == OK and answer.json().get("ok") is True
    return Told("whole" if right else "wrong", answer.took_ms, words=words_of(answer))


def judge_slash(answer: Answer, wanted: Literal["kill", "status"], workflow: str) -> Told:
    """Judge an acknowledgement of Slack's: the answer must be in it."""
    said = answer.json()
    text, took = str(said.get("text", "")), answer.took_ms
    if answer.status != OK or said.get("response_type") != "ephemeral" or not said.get("blocks"):
        return Told("wrong", took, words=words_of(answer))
    title = text.partition("\n")[0]
    if "Still working on it" in title:
        return Told("not yet", took)
    if wanted == "status":
        return _status(title, took, workflow)
    killed = re.search(rf"Model calls blocked for `{workflow}` in {household.ENV}(.*)$", title)
    number = re.search(r"^(K-\d+) · stop · by ", text, re.MULTILINE)
    if killed is None or number is None or "Nothing was changed" in text:
        return Told("wrong", took, words=text)
    partial = "so far" in killed[1] or "stored" in killed[1]
    return Told("so far" if partial else "whole", took, number[1])


def _status(title: str, took_ms: float, workflow: str) -> Told:
    right = re.search(rf"`{workflow}`: live · (\d+)/\1 instances alive", title)
    return Told("whole" if right else "wrong", took_ms, words=title)


def speaks(token: str) -> dict[str, str]:
    """Return the headers of a request in JSON of whom *token* belongs to."""
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def words_of(answer: Answer) -> str:
    """Return how an answer begins, for whoever looks why it is wrong."""
    return f"{answer.status} {answer.body[:300].decode('utf-8', 'replace')}"
