"""What must not stand in messages to people, and what to write instead; English words stand in every text. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from opsbot.domain.comms.templates import AUDIENCES, Audience

Level = Literal["stop", "warn"]
ALL: Final[frozenset[Audience]] = frozenset(AUDIENCES)
USERS: Final[frozenset[Audience]] = frozenset({"users"})
INSIDE: Final[frozenset[Audience]] = frozenset({"support", "stakeholders"})
MANY: Final[frozenset[Audience]] = INSIDE | {"executives"}
READERS: Final[frozenset[Audience]] = frozenset(
    {"users", "stakeholders", "executives", "regulators"}
)
SUPPORT: Final[frozenset[Audience]] = frozenset({"support"})
_ADDED: Final = r"(?:[ \t]\w{1,20}){0,3}[ \t]"
"""Up to three words between two that matter; bounded, so that no text is slow."""

_TIME: Final = (
    r"(?:(?:by|before|at|around) (?:about |around |no later than )?"
    r"(?:\d|noon|midnight|tonight|tomorrow|today|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:the )?end)"
    r"|within (?:\d|the |an? )|in (?:about |around )?"
    r"(?:\d|an? (?:hour|minute|day|few|couple)|one|two|three|five|ten|fifteen|twenty|thirty|half|the next|some)"
    r"|soon|today|tomorrow|tonight)\w{0,20}"
)
_WELL: Final = (
    r"(?:fix(?:ed)?|resol(?:ved?|ution)|sol(?:ved?|ution)|restored?|repaired?|normal|working again"
    r"|fine|okay|available again|live again|back (?:again|up|online|to normal|in service))"
)
_HIT: Final = (
    r"(?:affected|impacted|exposed|harmed|leaked|lost|hit|stolen|compromised|disclosed|accessed)"
)
_WAS: Final = r"(?:was|were|is|are|has been|have been)"
_WHO: Final = r"(?:users?|customers?|people|accounts?|(?:your|our|personal|users?'?s?|customers?'?s?) (?:data|information))"
_THING: Final = r"(?:traces?|data|information|cop(?:y|ies)|entr(?:y|ies)|records?|answers?|repl(?:y|ies)|changes?)"
_NO_MORE: Final = (
    r"(?! (?:(?:for|with) \w{1,20} )?to | (?:that )?you (?:need|have|must|should) "
    r"| (?:undone|unchanged|unclear|true|valid)(?!\w)| out(?! there))"
)
"""Behind what is left: nothing that is to be done, and nothing left out."""

_LEFT: Final = rf"(?:{_WAS}(?: \w{{1,20}})? left|remain(?:s|ed)?){_NO_MORE}"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Words that one rule looks for.

    *stop* are the audiences that must never read them, *warn* those for whom somebody is asked once.
    """

    id: str
    pattern: re.Pattern[str]
    fix: str
    stop: frozenset[Audience] = frozenset()
    warn: frozenset[Audience] = frozenset()

    def level(self, audience: Audience) -> Level | None:
        """Return what it is for an audience, None for nothing."""
        if audience in self.stop:
            return "stop"
        return "warn" if audience in self.warn else None


def rule(
    name: str,
    words: Sequence[str],
    fix: str,
    *,
    stop: frozenset[Audience] = frozenset(),
    warn: frozenset[Audience] = frozenset(),
) -> Rule:
    """Return a rule about whole words, whatever their case; *words* are pieces of patterns."""
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
    return Rule(name, pattern, fix, stop, warn)


_PLAIN_FIX = "Say what users see: \u201cmay have given wrong answers\u201d."
_SAY_FIX = "Say it in words that a customer uses, or leave it out."
TIME_FIX = "Nobody knows it. Say when the next update comes, as a time with its zone."
COUNT_FIX = "Nobody counted yet. Say what you check, or count first: the fact sheet shows it."
_SORRY_FIX = "Software is not sorry. Write \u201cWe are sorry\u201d, or leave it out."
BLAME_FIX = "Say what happened and what you do; who did it is nobody's business here."
THIRD_FIX = "Say what users see. A third party is named only when whoever approves wants it."
WHEN_FIX = "Write a time with its zone, as in 14:20 UTC: people read it later than you write."
FIXED_FIX = "Say what users can do again, and since when."

ENGLISH: Final = (
    rule(
        "W-JARGON",
        (r"hallucinat\w{0,8}", r"LLMs?", r"(?:large )?language models?"),
        _PLAIN_FIX,
        stop=USERS,
        warn=INSIDE,
    ),
    rule(
        "W-FIXED",
        (
            r"the (?:AI )?model (?:is|was|has been) (?:now )?(?:fixed|repaired|corrected)",
            r"(?:we )?fixed the (?:AI )?model",
        ),
        FIXED_FIX,
        stop=USERS,
        warn=MANY,
    ),
    rule(
        "W-TERM",
        (
            r"system prompts?",
            r"prompts?(?! (?:reply|replies|response|answer|attention|action|and|support|help|service))",
            r"tokens?",
            r"RAG",
            r"embeddings?",
            r"vector (?:database|store)s?",
            r"inference",
            r"fine-?tun\w{0,5}",
            r"context window",
            r"guardrails?",
            r"kill ?switch(?:es)?",
            r"roll(?:ed)?[ -]?backs?",
            r"back-?end",
            r"canary",
            r"regressions?",
            r"evals?",
            r"latency",
            r"HTTP \d{3}",
            r"5xx",
            r"microservices?",
            r"pods?",
            r"clusters?",
            r"feature flags?",
        ),
        _SAY_FIX,
        warn=USERS,
    ),
    rule(
        "W-PROMISE",
        (
            r"shortly(?! (?:after|before))",
            r"ASAP",
            r"(?:we|will|be|us|team)(?: \w{1,20}){0,8} as soon as possible",
            r"any (?:minute|moment) now",
            r"in no time",
            r"very soon",
            (
                rf"(?:should|will|expected to|hope to|going to)(?: be| have it)?{_ADDED}?"
                r" ?(?:fix(?:ed)?|resolved?|solved?|restored?|back|repaired|working)"
                r"(?: again| online| to normal| up)? (?:in|by|within|before|soon|today|tomorrow|tonight)"
            ),
            r"back (?:online )?(?:soon|in (?:a few|\d{1,4}|an?) \w{1,10})",
            rf"(?:should|will|\w{{1,10}}'ll|going to)(?: \w{{1,20}}){{0,5}} {_WELL}(?: \w{{1,20}}){{0,2}} {_TIME}",
            (
                r"(?:expect|anticipate|promise|estimate|hope|plan|aim)(?: \w{1,20}){0,6}"
                rf" {_WELL}(?: \w{{1,20}}){{0,2}} {_TIME}"
            ),
            rf"(?:fix|solution|repair) (?:will|should|is)(?: \w{{1,20}}){{0,3}} {_TIME}",
            rf"(?:will|\w{{1,10}}'ll) (?:return|come back) {_TIME}",
            r"expected (?:resolution|fix|repair|restoration)",
            r"ETA",
            r"estimated (?:time|fix|resolution)",
        ),
        TIME_FIX,
        stop=USERS,
        warn=MANY,
    ),
    rule(
        "W-NOBODY",
        (
            (
                r"no(?: \w{1,20}){0,2} (?:users?|customers?|one|people|accounts?|data|information)"
                rf"(?:(?:{_ADDED})| ){_HIT}"
            ),
            (
                r"no (?:users?|customers?|one|people|accounts?|data|information)"
                rf"(?: (?:{_WAS}|seem|appear))? ?(?:to be )?{_HIT}"
            ),
            r"nobody(?: else)? (?:was|is|has been) (?:affected|impacted|exposed|harmed|hit)",
            (
                r"(?:did|does|has)(?: not|n't) (?:affect|impact|expose)(?:ed)?"
                r" any(?:one|body|(?: \w{1,20}){0,2} (?:users?|customers?|people|accounts?|data))"
            ),
            rf"none of (?:our|your|the)(?: \w{{1,20}}){{1,3}} {_WAS}(?: \w{{1,20}})? {_HIT}",
            rf"(?:zero|0|not (?:one|a single))(?: \w{{1,20}}){{1,2}}(?: {_WAS})?(?: \w{{1,20}})? {_HIT}",
            rf"no (?:user|customer)s?'s? (?:\w{{1,20}} )?\w{{1,20}} {_WAS}(?: \w{{1,20}})? {_HIT}",
            rf"{_WHO} (?:{_WAS} not|(?:was|were|is|are|has|have)n't(?: been)?)(?: \w{{1,20}})? {_HIT}",
            rf"no(?: \w{{1,20}})? (?:impact|effect) (?:on|for|to)(?: \w{{1,20}})? {_WHO}",
            r"no (?:user|customer)(?:[ -]facing)? (?:impact|effect)",
            r"without any (?:impact|effect) (?:on|for) (?:users|customers)",
            rf"nothing(?: \w{{1,20}}){{0,4}} {_LEFT}",
            rf"(?:nothing(?:'s)?(?: else| more| wrong)?|no traces?)(?: of(?: \w{{1,20}}){{1,3}})? left{_NO_MORE}",
            rf"none of (?:it|this|that|them|these|those|our|your|the)(?: \w{{1,20}}){{0,4}} {_LEFT}",
            rf"no(?: \w{{1,20}}){{0,2}} {_THING}(?: \w{{1,20}}){{0,4}} {_LEFT}",
            rf"{_WAS}(?: not|n't) any(?:thing)?(?: \w{{1,20}}){{0,3}} left{_NO_MORE}",
            r"(?:left|leaves?) no traces?",
            rf"left: (?:nothing|none){_NO_MORE}",
        ),
        COUNT_FIX,
        stop=ALL,
    ),
    rule(
        "W-SORRY",
        (
            (
                r"(?:the|our|your) (?:AI |virtual |digital )?(?:assistant|bot|chatbot|copilot|agent|AI|system)"
                r" (?:is (?:very |really |deeply )?sorry|apologi[sz]es|regrets|feels|made an honest mistake|learned its lesson)"
            ),
            r"I(?: am|'m|\u2019m) (?:very |really |so )?sorry",
            r"I apologi[sz]e",
            r"my (?:sincere )?apologies",
        ),
        _SORRY_FIX,
        stop=USERS,
        warn=SUPPORT,
    ),
    rule(
        "W-BLAME",
        (
            r"human error",
            (
                r"(?:an?|our|the) (?:engineer|developer|employee|operator|contractor|intern|colleague)"
                r" (?:made|caused|forgot|broke|pushed|misconfigured|deleted)\w{0,2}"
            ),
            r"careless\w{0,4}",
            r"negligen\w{1,3}",
            r"(?:is|was|are|were) (?:to blame|at fault)",
            r"(?:the )?fault of",
            r"(?:user|customer)s? (?:mistakes?|errors?|misuse)",
        ),
        BLAME_FIX,
        warn=ALL,
    ),
    rule(
        "W-THIRD",
        (
            r"(?:our|a|the|an) (?:\w{1,15} )?(?:vendors?|suppliers?|sub-?processors?)",
            r"third[- ]part(?:y|ies)",
            r"(?:our|the) (?:AI |model |cloud |upstream )providers?",
            r"upstream",
        ),
        THIRD_FIX,
        warn=USERS,
    ),
    rule(
        "W-WHEN",
        (
            r"(?:in|within) (?:the next )?(?:\d{1,4}|an?|a few|a couple of|some|half an) (?:minutes?|mins?|hours?|days?)",
            r"(?:\d{1,4}|an?|a few|a couple of|some|half an) (?:minutes?|mins?|hours?|days?) ago",
            r"(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening))",
            r"(?:just now|a moment ago|earlier (?:today|on)|recently|(?<!as )soon)",
            r"(?:for|over|during|in) the (?:last|past) (?:\d{1,4}|few|couple of|hour|day)(?: \w{1,10})?",
        ),
        WHEN_FIX,
        warn=READERS,
    ),
)
"""Said of every text, whatever its language: English words stand in others as well."""

MARKUP: Final = re.compile(
    r"<[a-z/!@#?][^<>\n]{0,60}>?|&(?:#\d{1,6}|#x[0-9a-f]{1,6}|lt|gt|amp|nbsp|quot);", re.IGNORECASE
)
CALLS: Final = re.compile(r"(?<!\w)@(?:channel|here|everyone|all)(?!\w)", re.IGNORECASE)
HANDLE: Final = re.compile(r"(?<![\w.])@[a-z][\w.-]{0,40}", re.IGNORECASE)
HOLES: Final = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{[a-z_][\w .-]{0,40}\}|\[(?:[A-Z][A-Z _-]{1,40}|insert[^\]\n]{0,40}|your [^\]\n]{0,40}"
    r"|\.{3}|\u2026|[a-z]+_[a-z_]{1,30})\]|(?<!\w)(?:TODO|TBD|FIXME|XXX+|lorem ipsum)(?!\w)|\?{3,}|_{4,}"
)
IDS: Final = re.compile(r"(?<![\w-])(?:INC|MSG|RUN|ACT)-\d{1,9}(?![\w-])")
SHORT_IDS: Final = re.compile(r"(?<![\w-])[AK]-\d{1,9}(?![\w-])")
"""A kill or an approval; or a school, or paper."""
HOSTS: Final = re.compile(
    r"(?<![\w.-])(?:\d{1,3}(?:\.\d{1,3}){3}"
    r"|[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,5}\.(?:internal|local|lan|svc|corp|intra)"
    r"|ip-\d{1,3}(?:-\d{1,3}){3}|[a-z]{2,12}(?:-[a-z]{2,12}){1,3}-\d{2,4}[a-z]?)(?![\w-])",
    re.IGNORECASE,
)
_DASH: Final = r"[ ._\u2013-]"
MODELS: Final = re.compile(
    rf"(?<![\w-])(?:gpt{_DASH}?\d[\w.-]{{0,20}}|o[1345]{_DASH}(?:mini|preview|pro)"
    r"|claude[ -](?:\w{1,10}[ -])?\d[\w.-]{0,20}|claude-[\w.-]{1,30}"
    r"|(?:claude )?(?:sonnet|opus|haiku)[ -]\d[\w.]{0,6}|claude (?:sonnet|opus|haiku)\d{0,2}"
    rf"|gemini{_DASH}\d[\w.-]{{0,20}}|(?:llama|qwen|grok){_DASH}?\d[\w.-]{{0,20}}"
    rf"|deepseek{_DASH}?[rv]\d[\w.-]{{0,20}}|(?:mistral|mixtral)(?:-[\w.-]{{1,30}}| (?:large|medium|small|nemo|\dx?)[\w.-]{{0,20}}))"
    r"(?![\w-])",
    re.IGNORECASE,
)
PROVIDERS: Final = (
    "openai",
    "anthropic",
    "chatgpt",
    "claude",
    "deepmind",
    "mistral",
    "bedrock",
    "vertex ai",
    "azure openai",
)
CLOCK: Final = re.compile(r"(?<![\d:])([01]?\d|2[0-3])[:.h]([0-5]\d)(?::[0-5]\d)?(?![\d:])")
ZONED: Final = re.compile(
    r"(?<![\d:])(?:[01]?\d|2[0-3])[:.h][0-5]\d(?::[0-5]\d)?[ \u00a0\u202f]{0,2}"
    r"(?:Uhr[ \u00a0]{0,2})?\(?(?:[ap]\.?m\.?[ \u00a0]{0,2}\(?)?"
    r"(?:UTC|GMT|Z(?!\w)|[+-]\d{2}:?\d{2}|[A-Z]{1,4}T(?!\w)|MESZ|MEZ|[A-Z][a-z]{2,15}/[A-Z][A-Za-z_]{1,20})"
)
NEXT: Final = re.compile(
    r"next (?:public )?(?:update|message|word|report)|(?:update|more|write|report|post) (?:again )?(?:by|at|no later than)"
    r"|n\u00e4chste[rsn]? (?:update|meldung|information|aktualisierung|nachricht|stand)|n\u00e4chstes update"
    r"|melden uns (?:wieder|erneut|sp\u00e4testens|bis|um)",
    re.IGNORECASE,
)
LEFT: Final = re.compile(
    r"wrong|incorrect|lost|deleted|left(?:over)?s?|still (?:see|out|there)|check|no action|nothing (?:else|more|to do)"
    r"|remain|exposed|undone|restored|correct(?:ed)?|stays? off|need to"
    r"|falsch|verloren|gel\u00f6scht|weiterhin|pr\u00fcf|nichts weiter|\u00fcbrig|bleibt|zur\u00fcck|korrigiert",
    re.IGNORECASE,
)
CAUSE_FIRST: Final = re.compile(
    r"\s*(?:due to|because(?: of)?|owing to|as a result of|following an?|an? (?:bug|failure|fault|error|problem) in"
    r"|aufgrund|wegen|infolge|ein (?:fehler|problem) in)\b",
    re.IGNORECASE,
)
