"""What must not stand in German messages to people, beside the English words. Pure."""

from typing import Final

from opsbot.app.comms.wording.lists import (
    ALL,
    BLAME_FIX,
    COUNT_FIX,
    FIXED_FIX,
    INSIDE,
    MANY,
    READERS,
    SUPPORT,
    THIRD_FIX,
    TIME_FIX,
    USERS,
    WHEN_FIX,
    rule,
)

_THING: Final = (
    r"(?:spur(?:en)?|daten|kopien?|eintr(?:ag|\u00e4ge)|antwort(?:en)?|\u00e4nderung(?:en)?|reste?)"
)
_LEFT: Final = r"(?:(?:\u00fc|ue)brig(?: ?geblieben)?|(?:mehr|noch) (?:vorhanden|da)|zur\u00fcckgeblieben|verblieben)(?!,? als )"
"""Left over; not the idiom for what had to be done."""

GERMAN: Final = (
    rule(
        "W-JARGON",
        (r"halluzin\w{0,10}", r"sprachmodell\w{0,4}", r"KI-modell\w{0,4}"),
        "Sagen Sie, was Nutzer sehen: \u201ekann falsche Antworten gegeben haben\u201c.",
        stop=USERS,
        warn=INSIDE,
    ),
    rule(
        "W-FIXED",
        (
            r"das (?:KI-?)?modell (?:ist|wurde) (?:nun |jetzt )?(?:repariert|korrigiert|behoben|gefixt)",
        ),
        FIXED_FIX,
        stop=USERS,
        warn=MANY,
    ),
    rule(
        "W-PROMISE",
        (
            r"in k\u00fcrze",
            r"schnellstm\u00f6glich",
            r"baldm\u00f6glichst",
            r"so (?:schnell|bald) wie m\u00f6glich",
            r"umgehend",
            r"zeitnah",
            r"demn\u00e4chst",
            r"(?:sollte|wird|d\u00fcrfte)(?: \w{1,20}){0,6} (?:behoben|gel\u00f6st|repariert|verf\u00fcgbar|hergestellt)",
            r"voraussichtlich (?:bis|um|in|ab|gegen)(?: \w{1,20}){0,4} (?:behoben|gel\u00f6st|verf\u00fcgbar)",
        ),
        TIME_FIX,
        stop=USERS,
        warn=MANY,
    ),
    rule(
        "W-NOBODY",
        (
            (
                r"keine?(?: \w{1,20}){0,2} (?:nutzer\w{0,5}|kund\w{1,6}|person\w{0,3}|daten|konten)"
                r"(?: \w{1,20}){0,3} (?:betroffen|gef\u00e4hrdet|abgeflossen|verloren|offengelegt)"
            ),
            r"niemand(?: \w{1,20}){0,3} betroffen",
            (
                r"(?:nutzer\w{0,5}|kund\w{1,6}|daten|konten)(?: von \w{1,20})? (?:sind|waren|wurden)"
                r"(?: \w{1,20}){0,2} nicht (?:betroffen|gef\u00e4hrdet|abgeflossen|verloren|offengelegt)"
            ),
            r"keinerlei auswirkung\w{0,3} auf (?:nutzer|kunden)\w{0,3}",
            rf"nichts(?! anderes)(?: \w{{1,20}}){{0,4}} {_LEFT}",
            r"bleibt nichts(?: \w{1,20}){0,3} zur\u00fcck|nichts(?: \w{1,20}){0,3} (?:verbleibt|bleibt zur\u00fcck)",
            rf"keine?[rs]?(?: \w{{1,20}}){{0,3}} {_THING}(?: \w{{1,20}}){{0,4}} {_LEFT}",
        ),
        COUNT_FIX,
        stop=ALL,
    ),
    rule(
        "W-SORRY",
        (
            (
                r"(?:der|unser|ihr|die|das) (?:KI-?)?(?:assistent|bot|chatbot|copilot|agent|KI|system)"
                r" (?:entschuldigt sich|bedauert|bittet um (?:entschuldigung|verzeihung))"
            ),
            r"(?:es )?tut mir (?:sehr |wirklich )?leid",
            r"ich entschuldige mich",
        ),
        "Software bedauert nichts: \u201eWir bitten um Entschuldigung\u201c, oder nichts.",
        stop=USERS,
        warn=SUPPORT,
    ),
    rule(
        "W-BLAME",
        (
            r"menschliche[rsnm]? (?:fehler|versagen)",
            r"(?:ein|unser|der) (?:entwickler|mitarbeiter|kollege|administrator) (?:hat|machte|verursachte)",
            r"schuld (?:ist|war|daran)",
            r"fahrl\u00e4ssig\w{0,5}",
        ),
        BLAME_FIX,
        warn=ALL,
    ),
    rule(
        "W-THIRD",
        (
            r"(?:unser|ein|der)e?[rsnm]? (?:\w{1,15} )?(?:dienstleister|zulieferer|lieferant|anbieter)\w{0,3}",
            r"drittanbieter\w{0,3}",
        ),
        THIRD_FIX,
        warn=USERS,
    ),
    rule(
        "W-WHEN",
        (
            r"(?:in|vor|seit|innerhalb von) (?:etwa )?(?:\d{1,4}|einer?|einigen|wenigen|ein paar) (?:minuten?|stunden?|tage?n?)",
            r"heute|gestern|vorhin|soeben|gerade eben|k\u00fcrzlich|bald",
            r"morgen (?:fr\u00fch|vormittag|nachmittag|abend)",
        ),
        WHEN_FIX,
        warn=READERS,
    ),
)
"""Said of texts in German beside the English ones."""
