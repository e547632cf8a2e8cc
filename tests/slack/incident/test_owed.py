"""Whoever resolves an incident reads in Slack which words to users a run of it still owes."""

from tests.slack.forged import LEAD, ONCALL
from tests.slack.runbook_hands import START, Walk, _walk, labels

__all__ = ["_walk"]

OWED = "The comms lane of `wrong-answers` still waits at step 6, \u201cTell the users\u201d"
LOOK = "`/ai-runbook show RUN-1`"


async def test_the_form_the_answer_and_the_card_say_what_users_were_not_told(walk: Walk) -> None:
    await walk.types(ONCALL, START)
    card = next(one for one in walk.tops() if "Resolve\u2026" in labels(one.blocks))

    await walk.press(LEAD, "Resolve\u2026", on=card)
    form = await walk.form(LEAD)
    done = await walk.send(LEAD, reason="fixed in r42")

    assert OWED in str(form.blocks)
    assert LOOK in str(form.blocks)
    assert done.view is not None
    assert "\u00b7 resolved in prod" in str(done.view.blocks)
    assert OWED in str(done.view.blocks)
    kept = next(one for one in walk.tops() if one.ts == card.ts)
    assert OWED in str(kept.blocks)
    assert LOOK in str(kept.blocks)


async def test_the_command_is_answered_with_it_as_well(walk: Walk) -> None:
    await walk.types(ONCALL, START)

    shown = await walk.types(LEAD, "/ai-incident resolve INC-1 fixed in r42")

    assert OWED in shown.text
    assert LOOK in shown.text
