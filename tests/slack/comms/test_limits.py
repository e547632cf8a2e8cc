"""Every form and every message about people that are told stays inside Slack's limits, whatever stands in it."""

from dataclasses import replace
from typing import Final

import pytest

from opsbot.adapters.comms import examples
from opsbot.adapters.comms.files import load
from opsbot.adapters.comms.filled import rendered
from opsbot.app.comms.shown.press import message_buttons, pressed_message
from opsbot.app.comms.shown.words import Around, message_said
from opsbot.app.comms.view import Fact, Finding, MessageForm, MessageView
from opsbot.app.runs.press import pressed
from opsbot.domain.block_kit.check import check_view
from opsbot.domain.change import Position
from opsbot.domain.comms.facts import FACTS
from opsbot.domain.comms.message import Message, Sent, Standing
from opsbot.domain.comms.templates import Rendered, Template
from opsbot.domain.errors import Unpublishable
from opsbot.domain.said import Said
from opsbot.slack.blocks import message
from opsbot.slack.comms.form import (
    Kept,
    Offered,
    carried,
    drop_modal,
    fields_modal,
    pick_modal,
    snooze_modal,
)
from tests.support.incidents import incident
from tests.support.replica import ROOT
from tests.support.world import SATURDAY_NIGHT_MS, policy

TEMPLATES: Final = tuple(load(ROOT / "runbooks" / "comms").templates.values())
HOSTILE: Final = "<!channel> & <b>*bold*</b> `code` \u202e\u200b"
LONG: Final = HOSTILE * 200
TARGETS: Final = tuple(f"target-{n}-{'x' * 40}" for n in range(60))
TOP: Final = Said("amber", LONG[:900], (LONG[:2_000],) * 5)


def form(template: Template, **changes: object) -> MessageForm:
    facts = tuple(Fact(name, LONG[:80], LONG[:900], "believed", LONG[:200]) for name in FACTS)
    base = MessageForm(
        template=template,
        incident=incident(),
        values={one.name: LONG for one in template.fields},
        targets=TARGETS,
        chosen=TARGETS[:3],
        facts=facts,
        goes_back=True,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # its own fields


def view(template: Template, text: Rendered, standing: Standing) -> MessageView:
    sent = {
        name: Sent("failed", LONG[:300], 5, url="https://x.example/" + "x" * 80) for name in TARGETS
    }
    one = Message(
        id="MSG-1",
        uid="u",
        at=Position(1, 1),
        incident="INC-1",
        template=template.name,
        digest=template.digest,
        audience=template.audience,
        situation=template.situation,
        stage=template.stage,
        severity="SEV1",
        author="mara",
        via="slack",
        made_ms=SATURDAY_NIGHT_MS,
        headline="",
        texts={},
        values="",
        sha="0" * 64,
        targets=TARGETS[:12],
        standing=standing,
        next_ms=SATURDAY_NIGHT_MS,
        sent=sent if standing == "published" else {},
    )
    findings = tuple(Finding(f"W-{n}", "warn", LONG[:300], LONG[:300]) for n in range(12))
    return MessageView(
        one, incident(), text, {}, findings, (LONG[:400],) * 4, (), ("Ines",), "Mara", template
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_the_form_of_every_template_fits_into_slack(template: Template) -> None:
    kept = Kept("INC-1", "C1", template.name)

    for asked in (
        form(template),
        form(template, values={}, facts=(), targets=("mail",), chosen=()),
    ):
        for top in (None, TOP):
            made = fields_modal(asked, kept, {}, top=top)
            assert check_view(made) == []
            names = [b["block_id"] for b in made["blocks"] if b["type"] == "input"]  # type: ignore[union-attr,index,call-overload]  # blocks
            assert len(names) >= len(template.fields) + 1


def test_a_time_says_in_which_zone_it_is_read() -> None:
    (template,) = (one for one in TEMPLATES if one.name == "users-wrong-answers-identified")
    made = fields_modal(form(template, zone="Europe/Berlin"), Kept("INC-1", "C1", ""), {})

    assert "Without a zone it is the time in Europe/Berlin." in str(made["blocks"])
    assert "14:05 UTC, 21 Nov 14:05, or 20 min ago" in str(made["blocks"])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
@pytest.mark.parametrize("standing", ["draft", "waiting", "published", "refused", "dropped"])
def test_the_card_of_every_message_fits_into_slack(template: Template, standing: Standing) -> None:
    here = examples.NOON
    facts = {name: fact.example for name, fact in FACTS.items()}
    values = {one.name: examples.filler(one, "word " * 60) for one in template.fields}
    around = Around("prod", policy(), SATURDAY_NIGHT_MS, "UTC")
    texts = [Rendered(LONG[:300], {"en": LONG, "de": LONG})]
    try:
        texts.append(rendered(template, values, facts, here))
    except Unpublishable:
        texts += examples.most(template)

    for text in texts:
        said = message_said(view(template, text, standing), around)
        assert message(said).blocks, "only its text would be left"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_a_card_says_every_word_of_a_message_with_usual_values(template: Template) -> None:
    around = Around("prod", policy(), SATURDAY_NIGHT_MS, "UTC")
    for text in examples.most(template):
        drawn = str(message(message_said(view(template, text, "draft"), around)).blocks)
        for body in text.texts.values():
            for paragraph in filter(None, body.splitlines()):
                assert paragraph[:60].split("'")[0].split("&")[0] in drawn.replace("\\'", "'")


def test_the_list_of_templates_fits_into_slack() -> None:
    many = [Offered(f"users-{'x' * n}-resolved", LONG[:200], "users") for n in range(1, 140)]

    for offered in (many, many[:1], []):
        for top in (None, TOP):
            assert check_view(pick_modal(offered, Kept("INC-1"), prefix="ai", top=top)) == []


def test_the_small_forms_fit_into_slack() -> None:
    words = {"reason": LONG, "again": "nothing"}

    for top in (None, TOP):
        assert check_view(drop_modal("MSG-1:1", words, top=top)) == []
        assert check_view(snooze_modal("INC-1:users", words, top=top)) == []


def test_what_a_form_carries_is_read_back_and_nothing_else() -> None:
    whole = Kept("INC-1", "C0AI", "users-a-resolved", "MSG-1", "MSG-2", 3, "RUN-1:4:1:tell-users")

    assert carried(whole.metadata) == whole
    assert pressed(whole.press) is not None
    assert carried(Kept().metadata) == Kept()
    for tampered in ("", ";;;;;", whole.metadata + " ", whole.metadata.replace("INC-1", "INC-x")):
        assert carried(tampered) is None


def test_what_a_button_carries_is_read_back_and_nothing_else() -> None:
    text = Rendered("x", {"en": "x"})
    for standing in ("draft", "waiting", "published", "refused"):
        for one in message_buttons(view(TEMPLATES[0], text, standing)):
            if one.act.startswith("comms_") and one.act != "comms_new":
                read = pressed_message(one.value)
                assert read is not None
                assert read.message == "MSG-1"
    for tampered in ("MSG-0", "MSG-1:x", "MSG-1:1:t", "MSG-1:1:anyway ", "msg-1", "MSG-1:1:t123"):
        assert pressed_message(tampered) is None
