"""The wording check against people who mean well and write it another way: models, promises, comfort too early."""

import pytest

from opsbot.app.comms.wording.check import check
from opsbot.domain.comms import Rendered
from tests.app.comms.wording.test_check import GOOD_DE, GOOD_EN, KNOWN, NEXT, SETTINGS, found, rules

DISGUISED = (
    "GPT\u20115",
    "GPT\u20105",
    "GPT\u20135",
    "GPT 5",
    "GPT5.2",
    "g\u200bpt-5",
    "G\u034fPT-5",
    "\uff27\uff30\uff34\uff0d\uff15",
    "gpt_5",
    "GPT.5",
    "Claude Sonnet 5",
    "claude sonnet5",
    "Sonnet 5",
    "Gemini-2.5",
    "Llama 3.1",
    "DeepSeek-V3",
    "o3 mini",
    "Mixtral 8x7B",
    "Mistral Large 2",
    "Qwen2.5",
)
PROMISED = (
    "The service will be restored by 15:00 UTC.",
    "We expect everything to be back to normal by 15:00 UTC.",
    "We expect to have this fixed by 15:00 UTC.",
    "This will be resolved within the hour.",
    "We'll have it fixed by tonight.",
    "We'll be back soon.",
    "It should be working again in 30 minutes.",
    "We anticipate a fix by 16:00 UTC.",
    "A fix is expected by 16:00 UTC.",
    "Service will return at 16:00 UTC.",
    "Expected resolution: 16:00 UTC.",
    "The assistant will be available again by 16:00 UTC.",
    "We promise to fix it today.",
    "It'll be fixed in an hour.",
    "The fix will be live in ten minutes.",
    "We are going to have this resolved by Monday.",
)
UNCOUNTED = (
    "No users were affected.",
    "No customer data was exposed.",
    "None of our users were affected.",
    "None of your data was exposed.",
    "No one is affected.",
    "Zero users were affected.",
    "Nobody has been harmed.",
    "Users are not affected.",
    "Your data is not affected.",
    "Your data was not exposed.",
    "Customers were not impacted.",
    "There was no impact on users.",
    "There is no customer impact.",
    "This did not affect any users.",
    "This didn't affect any users.",
    "No user's data was leaked.",
    "0 customers were impacted.",
    "No evidence that users were affected, so nobody is affected.",
    "No personal information was leaked.",
    "No data has been lost.",
)
INNOCENT = (
    "We have switched off the assistant and look at every answer ourselves.",
    "Some answers about returns may have been wrong.",
    "You can use the old search meanwhile.",
    "Please check any answer that you got before 13:05 UTC.",
    "We do not know yet whether any data was exposed.",
    "We are checking whether users were affected.",
    "We will contact everyone who was affected.",
    "We do not know how many users are affected.",
    "Affected users will get an e-mail from us.",
    "Your orders work as usual.",
    "Nothing changes for invoices.",
    "The old version is in use again since 13:40 UTC.",
    "Payments are not part of it.",
    "We are still looking for the reason.",
    "We switched off the feature that sends refunds.",
    "Please wait before you act on an answer.",
    "If you see an odd answer, tell us.",
    "We are sorry for the trouble.",
    "Our support team answers by hand.",
    "Answers may take longer than usual.",
    "We will say more when we know more, at the latest at the time below.",
    "One person reads each answer before you see it.",
    "Some customers saw orders of other customers.",
    "Other parts of the product are not part of this.",
    "You can go back to the help page.",
    "Refunds already paid are being checked.",
    "The page may load slowly.",
    "We have restored the former answers.",
    "A change of ours led to it.",
    "We check 40 of 4,310 answers each hour.",
    "The assistant gave answers that were not right.",
    "Please do not share your password with anyone.",
    "No action is needed.",
    "We found what leads to wrong answers.",
    "Gemini is a sign of the zodiac, and horoscopes work again.",
    "Our opus of help pages is open to everybody.",
    "We added a check that no answer goes out unread.",
    "The assistant is off for everyone.",
    "You can still place orders, and nobody is charged twice.",
    "Please turn off automatic answers on your side.",
    "Model 5 washing machines are described wrongly.",
    "Tesla Model 3 answers may be wrong.",
    "The 5-day forecast may be wrong.",
    "There is no customer service by phone on Sundays.",
    "No new users can sign up for now.",
    "We removed 3 answers that were not correct.",
    "If no one answers, call us again.",
    "Your account is safe to use.",
    "We expect many questions, so replies take longer.",
    "It does not affect any other part of the product.",
    "The old form will be available until 18:00 UTC.",
)


@pytest.mark.parametrize("text", DISGUISED)
def test_a_model_is_named_to_no_user_in_any_disguise(text: str) -> None:
    assert "W-MODEL" in rules(found(f"{text} gave wrong answers.{NEXT}"), "stop")


@pytest.mark.parametrize("text", PROMISED)
def test_no_time_of_an_end_is_promised_in_any_form(text: str) -> None:
    assert "W-PROMISE" in rules(found(text + NEXT), "stop")


@pytest.mark.parametrize("text", UNCOUNTED)
def test_nobody_is_said_to_be_well_before_somebody_counted_in_any_form(text: str) -> None:
    assert "W-NOBODY" in rules(found(text + NEXT), "stop")


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_resembles_it_passes_in_silence(text: str) -> None:
    assert found(text + NEXT) == ()


def test_each_languages_own_headline_is_read() -> None:
    rendered = Rendered(
        "The assistant is off",
        {"en": GOOD_EN[0], "de": GOOD_DE[0]},
        {"en": "The assistant is off", "de": "gpt-5.2 halluziniert"},
    )

    said = check(rendered, audience="users", stage="identified", settings=SETTINGS, known=KNOWN)

    assert {"W-MODEL", "W-JARGON"} <= rules(said, "stop")
