"""Wiring of tokens to people, and of durations to the grammar."""

from collections.abc import Mapping

from opsbot.app.environment import policy_of
from opsbot.app.ports import Store
from opsbot.domain.actor import Actor
from opsbot.domain.policy.identity import actor_of_person, actor_of_token
from opsbot.slack.typed import parse
from opsbot.web.auth import Identify, Surface, digest


def identity(store: Store, local: Mapping[str, str]) -> Identify:
    """
    Return who a token belongs to, by the policy in force.

    *local* are tokens of people of the policy that only this process knows.
    """
    names = {digest(token): name for name, token in local.items()}

    def identify(token_sha256: str, surface: Surface) -> Actor | None:
        policy = policy_of(store.state)
        person = policy.people.get(names.get(token_sha256, ""))
        if person is not None:
            return actor_of_person(policy, person, via=surface)
        return actor_of_token(policy, token_sha256, via=surface)

    return identify


def duration_s(word: str) -> int:
    """
    Return `2h` in seconds, as the grammar reads it in a command.

    Raises:
        NeedsMoreWords: it is no time that a review may wait.
    """
    read = parse.parse_kill(f"all for:{''.join(word.split())}", command="kill").review_in_s
    assert read is not None
    return read
