"""A bot without templates, or without places to publish to: what stands in for both, and says so."""

from collections.abc import Mapping

from opsbot.app.comms.port import Publisher
from opsbot.app.ports import GiveUp
from opsbot.domain.comms.templates import Rendered, Template
from opsbot.domain.errors import UnknownTemplate
from opsbot.domain.said import inert


class NoTemplates:
    """No templates at all: a bot without a folder of them. Implements `Templates`."""

    def known(self) -> Mapping[str, Template]:
        """Return none."""
        return {}

    def render(
        self, template: Template, values: Mapping[str, str], facts: Mapping[str, str]
    ) -> Rendered:
        """Raise UnknownTemplate: nobody reads templates here."""
        raise UnknownTemplate(
            f"No templates are read here, so `{inert(template.name, limit=80)}` cannot be filled."
        )


class NoPublishers:
    """No target at all. Implements `Publishers`."""

    def to(self, target: str) -> Publisher:
        """Raise GiveUp: nobody connected it."""
        raise GiveUp(f"`{inert(target, limit=60)}` is not connected to this bot")
