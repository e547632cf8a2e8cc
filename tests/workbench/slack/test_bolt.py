"""Real slack-bolt against the stand-in, the same story on both transports."""

from opsbot.workbench.slack import SlackStandIn
from tests.support.wait import eventually
from tests.workbench.slack.conftest import Bot

HERE = "C0SUPPORTAI"


async def test_the_acknowledgement_of_a_command_is_what_its_author_sees(
    slack: SlackStandIn, bot: Bot
) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill support-copilot wrong answers")

    assert (shown.kind, shown.text) == ("message", "stopped support-copilot wrong answers")
    assert shown.ephemeral
    assert slack.seen_by("U0ONCALL", HERE)[-1].text == shown.text
    assert slack.seen_by("U0APPROVER", HERE) == []
    assert bot.got[0]["user_id"] == "U0ONCALL"
    assert bot.got[0]["command"] == "/ai-kill"


async def test_an_in_channel_answer_is_seen_by_everybody(slack: SlackStandIn, bot: Bot) -> None:
    await slack.slash("U0ONCALL", HERE, "/ai-shout")

    assert [m.text for m in slack.seen_by("U0GUEST", HERE)] == ["everybody reads this"]


async def test_an_answer_that_breaks_a_limit_fails_loudly(slack: SlackStandIn, bot: Bot) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-bad")

    assert shown.kind == "failed"
    assert "invalid_blocks" in shown.text


async def test_an_unhandled_command_is_not_answered_and_says_so(
    slack: SlackStandIn, http_bot: Bot
) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-nothing")

    assert shown.text == '/ai-nothing failed with the error "http_service_error"'


async def test_a_modal_opens_asks_again_and_closes(slack: SlackStandIn, bot: Bot) -> None:
    opened = await slack.slash("U0ONCALL", HERE, "/ai-modal")
    assert opened.view is not None
    view_id = opened.view.id

    empty = await slack.submit("U0ONCALL", view_id)
    refused = await slack.submit("U0ONCALL", view_id, {"why": {"reason": "bad"}})
    nonsense = await slack.submit("U0ONCALL", view_id, {"why": {"reason": "nonsense"}})
    done = await slack.submit("U0ONCALL", view_id, {"why": {"reason": "good"}})

    assert empty.errors == {"why": "Please complete this required field."}
    assert refused.errors == {"why": "say more"}
    assert nonsense.kind == "failed"
    assert done.kind == "nothing"
    assert len(bot.got) == 3


async def test_a_submission_updates_pushes_and_clears(slack: SlackStandIn, bot: Bot) -> None:
    opened = await slack.slash("U0ONCALL", HERE, "/ai-modal")
    assert opened.view is not None

    pushed = await slack.submit("U0ONCALL", opened.view.id, {"why": {"reason": "push"}})
    assert pushed.view is not None
    third = await slack.submit("U0ONCALL", pushed.view.id, {"why": {"reason": "push"}})
    assert third.view is not None
    fourth = await slack.submit("U0ONCALL", third.view.id, {"why": {"reason": "push"}})
    cleared = await slack.submit("U0ONCALL", third.view.id, {"why": {"reason": "clear"}})

    assert pushed.view.previous_id == opened.view.id
    assert "push_limit_reached" in fourth.text
    assert cleared.kind == "nothing"
    assert slack.workspace.modals["U0ONCALL"] == []


async def test_a_submission_may_replace_the_view(slack: SlackStandIn, bot: Bot) -> None:
    opened = await slack.slash("U0ONCALL", HERE, "/ai-modal")
    assert opened.view is not None
    before = opened.view.hash

    updated = await slack.submit("U0ONCALL", opened.view.id, {"why": {"reason": "update"}})

    assert updated.view is not None
    assert (updated.view.id, updated.view.callback_id) == (opened.view.id, "other")
    assert updated.view.hash != before


async def test_a_click_reaches_the_bot_and_its_answer_replaces_the_message(
    slack: SlackStandIn, bot: Bot
) -> None:
    shown = await slack.slash("U0ONCALL", HERE, "/ai-kill x")
    assert shown.message is not None

    clicked = await slack.click("U0ONCALL", message_ts=shown.message.ts, action_id="undo")

    assert clicked.kind == "nothing"
    await eventually(lambda: slack.seen_by("U0ONCALL", HERE)[-1].text == "undone")
    payload = bot.got[-1]
    assert payload["actions"][0]["value"] == "K-1"
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload


async def test_shortcuts_open_modals_and_carry_messages(slack: SlackStandIn, bot: Bot) -> None:
    message = await slack.say("U0APPROVER", HERE, "look at <this>")

    opened = await slack.shortcut("U0ONCALL", "kill_global")
    await slack.shortcut("U0ONCALL", "incident_from_message", message.ts)

    assert opened.kind == "modal"
    assert bot.got[-1]["message"]["text"] == "look at &lt;this&gt;"


async def test_the_home_tab_is_published_and_clickable(slack: SlackStandIn, bot: Bot) -> None:
    await slack.open_home("U0ONCALL")
    home = await eventually(lambda: slack.workspace.homes.get("U0ONCALL"))
    assert home is not None

    shown = await slack.click("U0ONCALL", view_id=home.id, action_id="undo")

    assert shown.kind == "nothing"
    assert bot.got[-1]["view"]["type"] == "home"


async def test_a_mention_arrives_once_with_an_event_id(slack: SlackStandIn, bot: Bot) -> None:
    await slack.say("U0ONCALL", HERE, "@opsbot help")

    await eventually(lambda: bot.got)
    assert bot.got[0]["event_id"].startswith("Ev")
    assert "<@U0BOT|opsbot>" in bot.got[0]["event"]["text"]


async def test_foreign_people_carry_their_own_team(slack: SlackStandIn, bot: Bot) -> None:
    await slack.slash("U0FOREIGN", "C0SHARED", "/ai-kill x")

    assert bot.got[0]["team_id"] == "T0OTHER"


async def test_mentions_in_a_command_become_ids(slack: SlackStandIn, bot: Bot) -> None:
    await slack.slash("U0ONCALL", HERE, "/ai-kill x @approver in #support-ai")

    assert bot.got[0]["text"] == "x <@U0APPROVER|approver> in <#C0SUPPORTAI|support-ai>"
