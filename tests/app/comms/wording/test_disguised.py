"""The wording check against people who mean well and write it another way: models, promises, comfort too early."""

import pytest

from opsbot.app.comms.wording.check import check
from opsbot.domain.comms.templates import Rendered
from tests.app.comms.wording.test_check import (
    GOOD_DE,
    GOOD_EN,
    KNOWN,
    NEXT,
    NEXT_DE,
    SETTINGS,
    found,
    rules,
)

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

BY_EYE = (
    ("The bot h\u0430llucin\u0430ted.", "W-JARGON"),
    ("The bot h\u0332a\u0332llucinated.", "W-JARGON"),
    ("The bot h\u00e0llucinated.", "W-JARGON"),
    ("The bot h-a-l-l-u-c-i-n-a-t-e-d.", "W-JARGON"),
    ("It is the L.L.M again.", "W-JARGON"),
    ("g\u03c1t-5 gave wrong answers.", "W-MODEL"),
    ("\U0001f1ec\U0001f1f5\U0001f1f9-5 gave wrong answers.", "W-MODEL"),
    ("\U0001f176\U0001f17f\U0001f183-5 gave wrong answers.", "W-MODEL"),
    ("\u0441l\u0430ude-sonnet-5 gave wrong answers.", "W-MODEL"),
    ("\u0395\u0422\u0410: none.", "W-PROMISE"),
    ("We answer \u0410S\u0410\u0420.", "W-PROMISE"),
    ("No users were \u0430ff\u0435\u0441t\u0435d.", "W-NOBODY"),
    ("su\u0440\u0440ort-\u0430\u0440i is slow.", "W-INTERNAL"),
    ("\u0399NC-7 is open.", "W-INTERNAL"),
    ("@\u0441hannel, read this.", "W-MENTION"),
    ("In\u0435s Duart\u0435 looks at it.", "W-PERSON"),
)
"""Letters of another script, under marks, letter by letter: what a check of letters alone would let pass."""

FOREIGN = "\u0410\u0441\u0441\u0438\u0441\u0442\u0435\u043d\u0442 \u043d\u0435 \u0440\u0430\u0431\u043e\u0442\u0430\u0435\u0442."


@pytest.mark.parametrize(("text", "rule"), BY_EYE)
def test_what_only_the_eye_reads_is_read(text: str, rule: str) -> None:
    assert rule in rules(found(text + NEXT), "stop")


@pytest.mark.parametrize(
    "word", ["r\u0435fund", "\u0420ayment", "g\u03c1t", "\u043e\u03bf", "\uff52\u0435fund"]
)
def test_a_word_of_two_scripts_is_a_finding_by_itself(word: str) -> None:
    assert "W-SCRIPT" in rules(found(f"Your {word} is late.{NEXT}"), "stop")


def test_a_word_that_looks_latin_and_is_not_asks_once() -> None:
    assert "W-SCRIPT" in rules(found(f"Your \u0441\u043e\u0440\u0443 is late.{NEXT}"), "warn")


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("10 \u00b5m, 5 k\u2126, the \u03b1 version and caf\u00e9s are as usual.", "en"),
        (FOREIGN, "ru"),
        ("\u7121\u6599API\u306f\u4f7f\u3048\u307e\u3059.", "ja"),
    ],
)
def test_what_is_written_as_it_is_read_passes_in_silence(text: str, locale: str) -> None:
    assert found(text + NEXT, locale=locale) == ()


def test_marks_upon_letters_are_no_finding_in_a_language_that_has_them() -> None:
    text = "F\u00fcr R\u00fcckfragen: gr\u00f6\u00dfere \u00dcbersichten folgen."

    assert found(text + NEXT_DE, locale="de") == ()


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
