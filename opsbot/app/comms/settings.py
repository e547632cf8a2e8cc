"""How people are told here, by the name that this room calls it."""

from opsbot.app.comms_rules import SETTING, settings_of

__all__ = ["SETTING", "settings_of"]
