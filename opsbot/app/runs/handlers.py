"""What the outbox worker calls for runs: settling actions, and words to one person."""

from collections.abc import Mapping

from opsbot.app.no_chat import nobody
from opsbot.app.ports import Chat, Handler, Render
from opsbot.app.runs.effects import ACT, CARD, FILE, REMIND, TOLD
from opsbot.app.runs.remind import RunTold
from opsbot.app.runs.verbs import Runs


def handlers(runs: Runs, chat: Chat, render: Render) -> Mapping[str, Handler]:
    """Return the handlers by kind of effect; messages of a channel are due to nobody by these."""
    said = RunTold(runs.env, runs.reader, chat, render)
    return {
        ACT: runs.acts,
        TOLD: said.told,
        REMIND: said.remind,
        **dict.fromkeys((CARD, FILE), nobody),
    }
