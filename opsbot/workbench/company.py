"""The people and channels of the demo, as its Slack knows them; the example policy names the same."""

from opsbot.workbench.slack import Channel, Person, Workspace

HOME = "T0HOME"
ELSEWHERE = "T9OTHER"

ON_CALL = "U0ONCALL"
LOCAL_NAMES = ("mara", "sam", "ines", "ola", "pia")
"""Names in the policy for which the bot hands tokens to terminals on this machine."""

PEOPLE = (
    Person(ON_CALL, "mara", "Mara Okafor (on call)", "mara@example.com"),
    Person("U0SUPPORT", "sam", "Sam Lindqvist (DRI support)", "sam@example.com"),
    Person("U0LEAD", "ines", "Ines Duarte (lead, approver)", "ines@example.com"),
    Person("U0ADMIN", "ola", "Ola Nwosu (admin)", "ola@example.com"),
    Person("U0PM", "pia", "Pia Rossi (product)", "pia@example.com"),
    Person("U0NEW", "noor", "Noor Haddad (no role)", "noor@example.com"),
    Person("U0GUEST", "gus", "Gus Meyer (guest)", "gus@partner.example", is_restricted=True),
    Person("U9OUT", "fay", "Fay Chen (other company)", "fay@other.example", team_id=ELSEWHERE),
)

BOT = Person("U0BOT", "opsbot", "opsbot", "", is_bot=True)

MEMBERS = {person.id for person in PEOPLE if person.team_id == HOME} | {BOT.id}

CHANNELS = (
    Channel("C0SUPPORTAI", "support-ai", set(MEMBERS)),
    Channel("C0LEGALAI", "legal-ai", set(MEMBERS)),
    Channel("C0CODEAI", "code-ai", set(MEMBERS)),
    Channel("C0SEARCHAI", "search-ai", set(MEMBERS)),
    Channel("C0PARTNER", "partner-shared", {*MEMBERS, "U9OUT"}, is_ext_shared=True),
)


def workspace() -> Workspace:
    """Return a fresh workspace with these people and channels."""
    return Workspace(people=[*PEOPLE, BOT], channels=list(CHANNELS))
