"""`opsbot doctor`: looks at settings, store, declarations, Slack, PagerDuty and the running bot; changes nothing."""

import asyncio
import json
import os
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass

from opsbot import config
from opsbot.adapters.catalog import read as catalog
from opsbot.adapters.redis.fitness import check_fitness
from opsbot.adapters.redis.link import LOST, call, open_link
from opsbot.adapters.signing import KeyFile
from opsbot.app import check as checking
from opsbot.cli import api
from opsbot.cli.options import Asked, Refusal, Usage
from opsbot.domain.comms import settings as comms_settings
from opsbot.domain.declaration import Loaded
from opsbot.domain.errors import Misconfigured, OpsbotError
from opsbot.domain.said import DONE, REFUSED, visible
from opsbot.domain.typed import spelled, terminal
from opsflags.keys import Keys

STORE_S = 3.0
SAMPLED_S = 150
"""An older count of served calls says that sampling has stopped; there is one a minute."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at. *ok* is None where there was nothing to look at."""

    name: str
    ok: bool | None
    says: str


def doctor(asked: Asked) -> int:
    """
    Print one line for each thing; 1 if any of them is not well.

    Raises:
        Usage: a word that is no account to look at.
    """
    if asked.words not in ((), ("pagerduty",)):
        raise Usage("opsbot doctor [pagerduty] [--json]")
    signs = account_signs() if asked.words else examine(asked)
    if asked.json:
        print(json.dumps({"signs": [asdict(sign) for sign in signs]}, ensure_ascii=False))
    else:
        for sign in signs:
            mark = {True: "ok", False: "NOT OK", None: "-"}[sign.ok]
            print(f"{mark:<7} {sign.name}: {sign.says}")
    return REFUSED if any(sign.ok is False for sign in signs) else DONE


def examine(asked: Asked) -> tuple[Sign, ...]:
    """Return the signs; without settings nothing else can be looked at."""
    try:
        settings = config.load()
    except Misconfigured as error:
        return (Sign("settings", ok=False, says=error.message),)
    loaded = checking.examined(catalog.load(settings.flags_dir, settings.runbooks_dir))
    return (
        _settings(settings),
        _sign("state directory", lambda: _state_dir(settings)),
        _sign("signing key", lambda: _key(settings)),
        _sign("store", lambda: _store(settings)),
        _declarations(loaded),
        _slack(settings),
        _pagerduty(settings),
        _targets(settings, loaded),
        _bot(asked),
    )


def account_signs() -> tuple[Sign, ...]:
    """Return what PagerDuty's account says; without settings it cannot be asked."""
    try:
        settings = config.load()
    except Misconfigured as error:
        return (Sign("settings", ok=False, says=error.message),)
    glance = _pagerduty(settings)
    if glance.ok is None:
        return (glance,)
    from opsbot.cli import doctor_pagerduty  # noqa: PLC0415  the wiring costs a second

    found = doctor_pagerduty.findings(settings)
    return tuple(Sign(one.name, ok=one.ok, says=visible(one.says)) for one in found)


def _pagerduty(settings: config.Settings) -> Sign:
    """Return what the settings alone say; asks nobody."""
    keys = (settings.pagerduty_api_key, settings.pagerduty_routing_key)
    if not any(key.get_secret_value() for key in keys):
        return Sign("pagerduty", ok=None, says="switched off: no key is set, nobody can be paged")
    says = "keys are set; `opsbot doctor pagerduty` asks the account"
    return Sign("pagerduty", ok=True, says=says)


def _sign(name: str, look: Callable[[], str]) -> Sign:
    try:
        return Sign(name, ok=True, says=look())
    except OpsbotError as error:
        return Sign(name, ok=False, says=spelled(f"{error.message} {error.hint}".strip(), terminal))


def _settings(settings: config.Settings) -> Sign:
    odd = config.unknown(os.environ)
    if odd:
        return Sign("settings", ok=False, says=f"not settings of opsbot: {', '.join(odd)}")
    return Sign("settings", ok=True, says=f"environment `{settings.env}`")


def _state_dir(settings: config.Settings) -> str:
    path = settings.state_dir
    if not path.exists():
        return f"{path} will be made"
    if not os.access(path, os.W_OK):
        raise Misconfigured(f"{path} cannot be written.")
    if path.stat().st_mode & 0o007:
        raise Misconfigured(
            f"{path} is open to others.", hint=f"chmod 700 {shlex.quote(str(path))}"
        )
    return str(path)


def _key(settings: config.Settings) -> str:
    if not settings.key_file.exists():
        return f"{settings.key_file} will be made"
    return f"public key {KeyFile.open(settings.key_file).public}"


def _store(settings: config.Settings) -> str:
    url = settings.redis_url.get_secret_value()
    if not url:
        return "no URL is set: the bot runs its own in the state directory; not asked from here"
    return asyncio.run(_answers(url, settings))


async def _answers(url: str, settings: config.Settings) -> str:
    keys = Keys(settings.env)
    try:
        async with asyncio.timeout(STORE_S), open_link(url, slot_of=keys.head) as link:
            client = await link.primary()
            length = await call(client, "LLEN", keys.journal)
            now, at_ms = await call(client, "TIME"), await call(client, "HGET", keys.served, "at")
            await check_fitness(client, settings.profile, min_replicas=settings.min_replicas)
    except LOST as error:
        raise Misconfigured(
            f"The store does not answer ({str(error) or type(error).__name__}).",
            hint="See OPSBOT_REDIS_URL.",
        ) from error
    fit = f"answers and is fit for `{settings.profile}`"
    counted = _counted(int(now[0]), None if at_ms is None else int(at_ms) // 1000)
    return f"{fit}; the journal has {length} entries; {counted}"


def _counted(now_s: int, at_s: int | None) -> str:
    """Return how old the last sample of served calls is: more than a minute, and no bot counts."""
    if at_s is None:
        return "what is served was never counted"
    age_s = max(now_s - at_s, 0)
    stopped = "" if age_s <= SAMPLED_S else ": no bot counts now"
    return f"what is served was counted {age_s} s ago{stopped}"


def _declarations(loaded: Loaded) -> Sign:
    says = checking.summary(loaded)
    return Sign("declarations", ok=loaded.catalogue is not None, says=says)


def _slack(settings: config.Settings) -> Sign:
    if settings.slack_transport == "off":
        return Sign("slack", ok=None, says="switched off: terminal and HTTP only")
    return Sign("slack", ok=True, says=f"{settings.slack_transport}, tokens are set")


def _targets(settings: config.Settings, loaded: Loaded) -> Sign:
    """Return at which declared targets nothing would ever be published; asks nobody."""
    if loaded.catalogue is None:
        return Sign("targets of messages", ok=None, says="the declarations cannot be read")
    comms = comms_settings.from_record(loaded.catalogue.comms)
    if not comms.targets:
        return Sign("targets of messages", ok=None, says="none are declared in flags/comms.yaml")
    from opsbot.bootstrap.publishing_way import problems  # noqa: PLC0415  the wiring costs a second

    found = problems(settings, comms)
    if not found:
        well = f"{len(comms.targets)} declared, each with what it needs; not asked from here"
        return Sign("targets of messages", ok=True, says=well)
    says = "; ".join(f"{name}: {why}" for name, why in found.items())
    # That Slack is switched off is somebody's choice, and said above.
    off = all(comms.targets[name].kind == "slack" for name in found)
    return Sign("targets of messages", ok=None if off else False, says=visible(says))


def _bot(asked: Asked) -> Sign:
    try:
        said = api.opened(asked).ask("/v1/kills")
    except Misconfigured as error:
        return Sign("running bot", ok=None, says=error.message)
    except Refusal as refusal:
        return Sign("running bot", ok=False, says=str(refusal))
    except OpsbotError as error:
        return Sign("running bot", ok=False, says=error.message)
    return Sign("running bot", ok=True, says=said.title)
