"""The demo's PagerDuty: under the page's own address, and told where the bot is after each of its starts."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from opsbot.workbench.pagerduty.company import BOT_EMAIL
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn

PLACE: Final = "/pagerduty"
SERVICE: Final = "PSUPPORT"
"""Whose routing key the bot has: change events are shown there."""

LOOK_S: Final = 0.25
FASTER: Final = 0.1
"""Waits between the attempts of a webhook, shortened: nobody watches for minutes."""


@dataclass(slots=True)
class Pager:
    """The stand-in under *page*, and the secret that signs its webhooks."""

    page: str
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    stand_in: PagerDutyStandIn = field(init=False)

    def __post_init__(self) -> None:
        self.stand_in = PagerDutyStandIn.company(self.url, time_scale=FASTER)

    @property
    def url(self) -> str:
        """Return where both of its APIs and its website are."""
        return f"{self.page}{PLACE}"

    def settings(self) -> Mapping[str, str]:
        """Return the bot's settings for it."""
        return {
            "OPSBOT_PAGERDUTY_URL": self.url,
            "OPSBOT_PAGERDUTY_EVENTS_URL": self.url,
            "OPSBOT_PAGERDUTY_API_KEY": self.stand_in.api_key,
            "OPSBOT_PAGERDUTY_FROM": BOT_EMAIL,
            "OPSBOT_PAGERDUTY_ROUTING_KEY": self.stand_in.routing_key(SERVICE),
            "OPSBOT_PAGERDUTY_WEBHOOK_SECRETS": self.secret,
        }

    async def follow(self, state_dir: Path) -> None:
        """Let webhooks go to wherever the bot listens now: each of its starts takes another port."""
        known = ""
        while True:
            api = await asyncio.to_thread(_api, state_dir / "bot.json")
            if api not in ("", known):
                self.stand_in.subscribe(f"{api}{PLACE}/webhooks", secret=self.secret)
                known = api
            await asyncio.sleep(LOOK_S)


def _api(path: Path) -> str:
    """Return where the bot listens, empty while it does not say."""
    try:
        return str(json.loads(path.read_text("utf-8"))["api"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
