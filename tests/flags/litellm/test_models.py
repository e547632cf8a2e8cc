"""Which model group serves which model, both ways."""

import pytest

from opsflags.litellm_models import Models, place_of

SERVED = [
    ("smart", "openai/gpt-5.2"),
    ("mixed", "openai/gpt-5.2"),
    ("mixed", "azure/own"),
    ("openai/gpt-4.1", "azure/renamed"),
    ("gemini/*", "gemini/*"),
]
MODELS = Models({"openai/gpt-6": "mixed"}, lambda: SERVED)


@pytest.mark.parametrize(
    ("target", "group"),
    [
        ("openai/gpt-6", "mixed"),
        ("openai/gpt-4.1", "openai/gpt-4.1"),
        ("openai/gpt-5.2", "smart"),
        ("gemini/flash", "gemini/flash"),
        ("azure/own", None),
        ("anthropic/claude", None),
    ],
)
def test_a_target_is_served_under_one_name_or_not_at_all(target: str, group: str | None) -> None:
    assert MODELS.group_of(target) == group


def test_a_group_may_lead_to_several_places() -> None:
    places = [("openai", "gpt-5.2"), ("azure", "own"), ("openai", "gpt-6")]

    assert MODELS.places("mixed") == places
    assert MODELS.places("made-up") == []
    assert MODELS.is_group("mixed")
    assert not MODELS.is_group("azure/own")


def test_a_deployments_model_is_a_place() -> None:
    assert place_of("openai/gpt-5.2") == ("openai", "gpt-5.2")
    assert place_of("gpt-5.2", "openai") == ("openai", "gpt-5.2")
    assert place_of("openai/gpt-5.2", "openai") == ("openai", "gpt-5.2")
    assert place_of("groq/meta/llama") == ("groq", "meta/llama")
    assert place_of("gpt-5.2") == (None, "gpt-5.2")
