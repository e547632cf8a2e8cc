"""The forms of incidents, through real bolt: filled in beforehand, taken, and kept where they are not."""

import re
from dataclasses import fields, replace

from opsbot.app.bot import Bot
from opsbot.app.incident.form import Form
from opsbot.app.incident.requests import Which
from opsbot.app.incidents import Incidents
from opsbot.app.requests import KillRequest, Target
from opsbot.domain.actor import Actor
from opsbot.domain.errors import StoreLost
from opsbot.domain.said import Said
from opsbot.slack.ids import VALUE, Field, Modal
from opsbot.slack.inbound import Invocation
from opsbot.slack.incident.listeners import IncidentListeners
from opsbot.slack.outlet import Show
from tests.slack.conftest import known
from tests.slack.forged import HERE, NEW, ONCALL, SUPPORT, Attacked, _no_crash
from tests.slack.incident_hands import (
    COPILOT,
    WRONG,
    _house,
    _one,
    form,
    incident,
    initial,
    pressed,
    sent,
    title_of,
    typed,
    used_on,
)
from tests.support.world import MARA, NOOR

__all__ = ["_house", "_no_crash", "_one"]


async def test_an_opening_without_a_title_opens_the_form_with_what_was_typed(
    house: Attacked,
) -> None:
    shown = await typed(house, ONCALL, f"/ai-incident open {COPILOT} sev1 private drill")

    assert shown.view is not None
    assert shown.view.body["callback_id"] == Modal.INCIDENT
    stands = initial(shown.view)
    assert (stands["workflow"], stands["severity"], stands["private"]) == (COPILOT, "SEV1", "yes")
    done = await sent(house, ONCALL, shown.view, title="wrong sums")
    assert "Drill: INC-1 · SEV1 · `support-copilot` · active · private" in str(done.view.blocks)
    assert incident(house).drill


async def test_the_form_needs_a_title_and_a_severity_and_nothing_else(house: Attacked) -> None:
    shown = await typed(house, ONCALL, "/ai-incident open")

    asked = {one["block_id"]: one for one in shown.view.blocks if one["type"] == "input"}
    assert [name for name, one in asked.items() if not one["optional"]] == ["title", "severity"]
    assert "SEV1: calls somebody" in str(asked["severity"])
    done = await sent(house, ONCALL, shown.view, title="loops", severity="SEV3")
    assert "INC-1 · SEV3 · active in prod" in str(done.view.blocks)


async def test_a_guest_is_refused_before_the_form_opens(house: Attacked) -> None:
    await known(house.house, "U0GUEST")

    shown = await typed(house, "U0GUEST", "/ai-incident open")

    assert shown.view is None
    assert "guest" in shown.text.lower()


class Lost(Incidents):
    """Incidents whose store does not answer."""

    async def form(self, what: Form, which: Which, actor: Actor, *, kill: str = "") -> Said:
        """Know nothing."""
        raise StoreLost("The store does not answer.")


class Night(Bot):
    """A bot whose store does not answer about incidents."""

    @property
    def incidents(self) -> Incidents:
        """Return what knows nothing."""
        return Lost(self.env)


async def test_a_store_that_does_not_answer_keeps_nobody_from_typing(house: Attacked) -> None:
    bot = house.world.bot
    night = Night(**{one.name: getattr(bot, one.name) for one in fields(bot)})
    listeners = IncidentListeners(replace(house.house.app.deps, verbs=night))
    act = Invocation("command", "", ONCALL, "k", text=f"open {COPILOT} sev2")

    shown = await listeners.command(act, MARA)

    assert isinstance(shown, Show)
    assert COPILOT in str(shown.view["blocks"])
    assert "SEV2" in str(shown.view["blocks"])


async def test_the_type_proposes_the_severity(house: Attacked) -> None:
    shown = await typed(house, ONCALL, "/ai-incident open type:prompt_injection")

    assert initial(shown.view)["severity"] == "type"
    done = await sent(house, ONCALL, shown.view, title="told a stranger")
    assert "INC-1 · SEV1" in str(done.view.blocks)


async def test_a_blank_title_keeps_the_form(house: Attacked) -> None:
    shown = await typed(house, ONCALL, "/ai-incident open")

    done = await sent(house, ONCALL, shown.view, title=" \u200b ", severity="SEV3")

    assert done.errors == {Field.TITLE: "Say in a few words what happens."}
    assert house.world.store.state.incidents() == ()


async def test_a_second_one_asks_in_the_form_and_keeps_every_word(one: Attacked) -> None:
    shown = await typed(one, SUPPORT, f"/ai-incident open {COPILOT}")
    words = {"title": "leaked names", "severity": "SEV1", "summary": "three so far"}

    again = await sent(one, SUPPORT, shown.view, **words)

    assert "INC-1 is open for `support-copilot` already" in str(again.view.blocks)
    assert "another matter, tick the box and send it again" in str(again.view.blocks)
    assert initial(again.view).items() >= words.items()
    done = await sent(one, SUPPORT, again.view, **words, anyway="anyway")
    assert "INC-2 · SEV1" in str(done.view.blocks)
    assert await title_of(one, "INC-2") == "leaked names"


async def test_a_form_that_was_tampered_with_opens_nothing(house: Attacked) -> None:
    shown = await typed(house, ONCALL, "/ai-incident open sev2")
    for metadata in (
        "", "{}x", "[]", '{"kill":"K-1;drop"}', '{"origin":"javascript:x"}', '{"times":{"x":1}}',
        '{"times":{"started":"1"}}', '{"drill":0}', '{"private":true}',
    ):  # fmt: skip
        payload = house.submission(
            ONCALL, shown.view, {"title": {VALUE: {"type": "plain_text_input", "value": "x"}}}
        )
        payload["view"]["private_metadata"] = metadata

        answer = await house.forge(payload)

        assert (metadata, answer.problem) == (metadata, "")

    assert house.world.store.state.incidents() == ()


async def test_a_message_begins_an_incident_with_its_words_and_its_place(house: Attacked) -> None:
    text = "it *refunds* @ines & <everybody>\nsince this morning"
    said = await house.house.slack.say(ONCALL, HERE, text)

    view = await used_on(house, said.ts)
    stands = initial(view)
    assert stands["title"] == "it *refunds* @ines & <everybody>"
    assert stands["summary"].endswith("since this morning")
    await sent(house, ONCALL, view, severity="SEV3")
    made = incident(house)
    assert re.fullmatch(rf"http://\S+/archives/{HERE}/p\d+", made.origin)
    assert await title_of(house) == "it *refunds* @ines & <everybody>"


async def test_a_message_begins_an_incident_though_its_link_is_not_to_be_had(
    house: Attacked,
) -> None:
    said = await house.house.slack.say(ONCALL, HERE, "loops")
    house.house.slack.faults.fail("chat.getPermalink", "500")

    view = await used_on(house, said.ts)
    await sent(house, ONCALL, view, severity="SEV3")

    assert incident(house).origin == ""


async def test_the_card_of_a_kill_opens_its_incident_once(house: Attacked) -> None:
    killed = KillRequest(Target("workflow", COPILOT), reason="wrong refunds")
    said = await house.world.bot.kill(killed, MARA, request_id="k")
    assert "incident_open" in [one.act for one in said.buttons]

    view = await form(house, ONCALL, "incident_open", "K-1")
    assert initial(view)["title"] == "wrong refunds"
    assert initial(view)["workflow"] == COPILOT
    await sent(house, ONCALL, view, severity="SEV2")
    late = await pressed(house, SUPPORT, "incident_open", "K-1")

    assert incident(house).kills == ("K-1",)
    assert "INC-1 is open for K-1 already" in late
    card = (await house.world.bot.home(MARA))[1]
    again = await house.world.bot.kill(killed, MARA, request_id="k2")
    assert "incident_open" not in [one.act for one in (*card.buttons, *again.buttons)]


async def test_an_update_is_posted_from_its_form(one: Attacked) -> None:
    view = await form(one, ONCALL, "incident_update", "INC-1")

    done = await sent(one, ONCALL, view, update="we rolled back", next_update="1800")

    assert "Next update promised in 30 min" in str(done.view.blocks)
    assert incident(one).update_due_ms is not None


async def test_an_option_of_the_command_is_not_published_from_the_form(one: Attacked) -> None:
    view = await form(one, ONCALL, "incident_update", "INC-1")

    refused = await sent(one, ONCALL, view, update="next:20m we rolled back")

    assert "chosen below" in refused.errors[Field.UPDATE]
    assert incident(one).update == ""


async def test_a_resolution_asks_about_kills_that_hold(one: Attacked) -> None:
    await one.world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k")
    view = await form(one, ONCALL, "incident_resolve", "INC-1")
    assert "K-1 still holds" in str(view.blocks)

    refused = await sent(one, ONCALL, view, reason="fixed")
    assert "K-1 still holds; INC-1 was not resolved" in refused.errors[Field.OFF]
    assert "tick the box if the feature stays off" in refused.errors[Field.OFF]
    assert "add `stays-off`" not in refused.errors[Field.OFF]
    done = await sent(one, ONCALL, view, reason="fixed", stays_off="stays-off")

    assert "· resolved in prod" in str(done.view.blocks)
    late = await pressed(one, SUPPORT, "incident_resolve", "INC-1")
    assert "INC-1 is resolved already" in late
    assert "Mara did that" in late


async def test_a_kill_that_came_while_the_form_was_open_is_asked_about(one: Attacked) -> None:
    view = await form(one, ONCALL, "incident_resolve", "INC-1")
    await one.world.bot.kill(KillRequest(Target("workflow", COPILOT)), MARA, request_id="k")

    again = await sent(one, ONCALL, view, reason="fixed in r42")

    assert "K-1 still holds; INC-1 was not resolved" in str(again.view.blocks)
    assert "or tick the box if the feature stays off" in str(again.view.blocks)
    assert "add `stays-off`" not in str(again.view.blocks)
    assert initial(again.view)["reason"] == "fixed in r42"
    assert Field.OFF in initial(again.view)


async def test_declining_asks_why(house: Attacked) -> None:
    await house.world.bot.incidents.open(WRONG, NOOR, request_id="r")
    view = await form(house, ONCALL, "incident_decline", "INC-1")

    blank = await sent(house, ONCALL, view, reason=" ")
    done = await sent(house, ONCALL, view, reason="a test of ours")

    assert Field.REASON in blank.errors
    assert "Declined: \u201ca test of ours\u201d" in str(done.view.blocks)


async def test_whoever_may_only_look_gets_no_form(one: Attacked) -> None:
    told = [
        await pressed(one, NEW, act, "INC-1")
        for act in ("incident_update", "incident_resolve", "incident_command")
    ]

    assert all("You may read INC-1, and not change it" in one_ for one_ in told)
    assert one.house.slack.workspace.top(NEW) is None
