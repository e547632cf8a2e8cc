"""What an answer says of a broken glass: who hears of it, and until when somebody stands by it."""

from opsbot.app.environment import policy_of
from opsbot.app.fleet.words import SHOWN
from opsbot.app.reach import glass_people, people_named
from opsbot.domain.kill import Kill
from opsbot.domain.state import State


def told_line(kill: Kill, state: State) -> str:
    """
    Return who is told and the time in which one of them adopts or questions the kill.

    That they are told is committed with the kill; whether a message has arrived is not known yet,
    and not said.
    """
    policy = policy_of(state)
    minutes = policy.break_glass.adopt_within_ms // 60_000
    people = people_named(policy, glass_people(policy, kill, state))
    more = f" and {len(people) - SHOWN} more" if people[SHOWN:] else ""
    who = ", ".join(people[:SHOWN]) or "nobody: the policy names nobody"
    return (
        f"Broken glass: it goes to {who}{more}; a responder adopts or questions it within"
        f" {minutes} minutes. It holds either way."
    )
