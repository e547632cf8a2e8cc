"""How people are told here, as it was declared: read once, for every room that rests on it."""

from opsbot.domain.comms.settings import CommsSettings, from_record
from opsbot.domain.remembered import Remembered
from opsbot.domain.state import State

SETTING = "comms"
"""The setting that `flags/comms.yaml` is kept as."""

_settings = Remembered(from_record)


def settings_of(state: State) -> CommsSettings:
    """Return how people are told; as usual where nothing was declared."""
    return _settings(state.setting(SETTING))
