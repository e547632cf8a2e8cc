"""The alarm about an account that kills again and again: once in a window, not at each further kill. Pure."""

from opsbot.app.environment import policy_of
from opsbot.domain.change import Effect, Write
from opsbot.domain.kill import Kill
from opsbot.domain.policy.rules import alarming
from opsbot.domain.state import SETTINGS, State
from opsflags import keys

ALARMS = "alarms"
"""The setting that holds when each account last raised the alarm, in server milliseconds."""


def too_many(state: State, now_ms: int, actor: str) -> bool:
    """Return whether this kill makes so many that somebody looks, and nobody was told in this window."""
    policy = policy_of(state)
    last = state.setting(ALARMS).get(actor)
    if isinstance(last, int) and 0 <= now_ms - last < policy.times.alarm_window_ms:
        return False
    everything = (*state.kind(keys.KILLS).values(), *state.kind(keys.ENDED).values())
    theirs = [
        record["since_ms"]
        for record in everything
        if record.get("actor") == actor and not record.get("under")  # one act, however many names
    ]
    earlier = tuple(at for at in theirs if isinstance(at, int))
    return alarming(policy, (*earlier, now_ms), now_ms=now_ms)


def alarmed(state: State, now_ms: int, actor: str) -> Write:
    """Return the write that notes the alarm."""
    return Write(SETTINGS, ALARMS, {**state.setting(ALARMS), "s": 1, actor: now_ms})


def alarm(kill: Kill, actor: str) -> Effect:
    """Return the effect that tells the admins."""
    key = f"alarm:{kill.uid}:{kill.at.epoch}:{kill.at.revision}"
    return Effect("tell", key, {"kill": kill.id, "by": actor, "what": "alarm"})
