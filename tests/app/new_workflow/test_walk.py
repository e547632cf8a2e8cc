"""A new workflow: questions that depend on answers, refusals with a fix, and YAML that passes the check."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.adapters.catalog.read import load
from opsbot.app.new_workflow.walk import Draft, Question, answer, file_name, questions, render
from opsbot.domain.declaration import Finding

ROOT = Path(__file__).parents[3]
TAKEN, RUNBOOKS = ("support-copilot",), ("data-leak", "wrong-answers")
ANSWERS = {
    "workflow": "invoice-reader",
    "title": "Invoice reader",
    "description": 'Reads invoices: "totals", dates & 100 % of the lines #1.',
    "dri": "U0ADMIN",
    "team": "finance-ai",
    "tier": "1",
    "slack_channel": "C0FINANCE",
    "models": "openai/gpt-5.2, anthropic/claude-sonnet-5",
    "prompt": "invoice-reader@1",
    "tools": "read_invoice:read, post_booking:write",
    "modes": "fallback, read_only, human, canned, stop",
    "canned": "Paused: please use the form.",
    "hours": "Mon-Fri 09:00-17:00 UTC",
    "queue": "A colleague takes over.",
    "safe_state": "human",
    "on_store_loss": "stop",
    "last_resort": "Revoke key kms/finance. Who: finance on call.",
    "probes": "httpx, litellm http://gateway:4000",
    "runbook": "wrong-answers",
    "evaluation": "https://evals.example.com/invoices",
}


def _walk(given: dict[str, str]) -> Draft:
    draft = Draft(TAKEN, RUNBOOKS)
    while left := questions(draft):
        after = answer(draft, left[0], given.get(left[0].key, ""))
        assert isinstance(after, Draft), after
        draft = after
    return draft


def _question(draft: Draft, key: str) -> Question:
    return next(question for question in questions(draft) if question.key == key)


def _checked(text: str, name: str, base: Path) -> tuple[Finding, ...]:
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(ROOT / "flags" / "workflows", base / "workflows")
    shutil.copy(ROOT / "flags" / "policy.yaml", base)
    shutil.copy(ROOT / "flags" / "models.yaml", base)
    (base / name).write_text(text)
    return load(base, ROOT / "runbooks").errors


def test_answers_to_everything_become_a_declaration_that_passes(tmp_path: Path) -> None:
    draft = _walk(ANSWERS)

    text = render(draft)

    assert file_name(draft) == "workflows/invoice-reader.yaml"
    assert _checked(text, file_name(draft), tmp_path / "flags") == ()
    loaded = load(tmp_path / "flags", ROOT / "runbooks").catalogue
    assert loaded is not None
    made = loaded.workflows["invoice-reader"]
    assert made.description == ANSWERS["description"]
    assert (made.safe_state, made.on_store_loss, made.tier) == ("human", "stop", 1)
    assert made.tools == {"read_invoice": "read", "post_booking": "write"}
    assert [probe.kind for probe in made.probes] == ["httpx", "litellm"]


def test_the_shortest_answers_pass_too(tmp_path: Path) -> None:
    needed = ("workflow", "title", "description", "dri", "team", "slack_channel", "runbook")
    short = {key: ANSWERS[key] for key in needed} | {"tier": "3", "models": "openai/gpt-5-mini"}

    text = render(_walk(short))

    assert _checked(text, "workflows/invoice-reader.yaml", tmp_path / "flags") == ()


def test_questions_follow_from_answers() -> None:
    quiet = Draft(given={"modes": "stop", "tier": "3", "tools": ""})
    risky = Draft(given={"modes": "human, canned", "tier": "1", "tools": "pay:write"})

    asked = {q.key: q for q in questions(quiet)}
    asked_more = {q.key: q for q in questions(risky)}

    assert not {"canned", "hours", "queue"} & set(asked)
    assert {"canned", "hours", "queue"} <= set(asked_more)
    assert (asked["on_store_loss"].default, asked["last_resort"].default) == ("last_known", "")
    assert asked_more["on_store_loss"].default is None
    assert asked_more["last_resort"].default is None
    assert asked_more["safe_state"].choices == ("human", "canned", "stop")


@pytest.mark.parametrize(
    ("key", "said", "message"),
    [
        ("workflow", "Invoice Reader", "is not a name"),
        ("workflow", "invoice-r\u0435ader", "CYRILLIC"),
        ("workflow", "support-copilot", "declared already"),
        ("workflow", "supp0rt-copilot", "looks like"),
        ("workflow", "all", "reserved"),
        ("title", "", "needs an answer"),
        ("title", "x" * 2001, "longer than"),
        ("title", "Sup\u202eport", "invisible"),
        ("team", "two words", "not one word"),
        ("dri", "@sam", "nobody's id"),
        ("tier", "0", "not one of the choices"),
        ("slack_channel", "#support", "not a channel's id"),
        ("models", "gpt-5.2", "not provider/model"),
        ("models", "a/b, a/b", "each model once"),
        ("tools", "refund", "is not a tool"),
        ("tools", "a:read, a:write", "twice"),
        ("modes", "paused", "is not a mode"),
        ("modes", "fallback, stop", "no second model"),
        ("modes", "stop, stop", "each mode once"),
        ("probes", "nginx", "is not a kind"),
        ("probes", "litellm", "needs an address"),
        ("probes", "litellm gateway", "is not an address"),
        ("runbook", "nothing", "not one of the choices"),
        ("cost", "wiki", "is not a link"),
        ("hours", "weekdays", "not opening hours"),
    ],
)
def test_an_answer_that_would_not_pass_is_refused_with_a_fix(
    key: str, said: str, message: str
) -> None:
    human = {"modes": "human"} if key == "hours" else {}
    draft = Draft(TAKEN, RUNBOOKS, human)

    found = answer(draft, _question(draft, key), said)

    assert isinstance(found, Finding)
    assert message in found.message
    assert found.fix


def test_an_unfinished_draft_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="still open: workflow"):
        render(Draft())


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=60), min_size=6, max_size=6),
    tier=st.sampled_from(["1", "2", "3"]),
    modes=st.sets(
        st.sampled_from(["fallback", "read_only", "no_tools", "drafts_only", "canned", "stop"]),
        min_size=1,
    ),
)
def test_whatever_is_accepted_passes_the_check(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], tier: str, modes: set[str]
) -> None:
    free = ("title", "description", "canned", "queue", "last_resort", "prompt")
    said = {**ANSWERS, **dict(zip(free, texts, strict=True)), "tier": tier}
    said |= {"modes": ", ".join(sorted(modes)), "safe_state": "stop"}
    draft = Draft(TAKEN, RUNBOOKS)
    while left := questions(draft):
        after = answer(draft, left[0], said.get(left[0].key, ""))
        if isinstance(after, Finding):
            after = answer(draft, left[0], ANSWERS.get(left[0].key, "stop"))
            assert isinstance(after, Draft), after
        draft = after

    base = tmp_path_factory.getbasetemp() / "any"

    assert _checked(render(draft), file_name(draft), base) == ()
