"""Commands inside sentences as Slack types them: by the grammar's table, with this bot's prefix. Pure."""

from typing import Final

from opsbot.domain.typed import Spell, terminal
from opsbot.slack.grammar import SLACK_VERBS, command_of

_ROWS: Final = {row.name: row for row in SLACK_VERBS}


def spelling(prefix: str) -> Spell:
    """Return how Slack spells a command; what only a terminal knows is spelled as there."""

    def spell(words: str) -> str:
        name, _, rest = words.partition(" ")
        row = _ROWS.get(name)
        return terminal(words) if row is None else f"{command_of(row, prefix)} {rest}".strip()

    return spell
