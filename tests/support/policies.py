"""A policy and workflows for tests: the roles of the demo, built by hand and not read from a file."""

from opsbot.domain.actor import Actor
from opsbot.domain.policy.rules import BreakGlass, Fallback, Grant, Person, Policy, Power, Service
from opsbot.domain.workflow import Tier, Workflow

HOME = "T0HOME"
ACTING = frozenset({"responder", "commander", "approver", "admin"})


def everywhere(*roles: str, second_person: tuple[int, ...] = ()) -> Power:
    """Return a power that *roles* have on every tier."""
    return Power(dict.fromkeys((1, 2, 3), frozenset(roles)), frozenset(second_person))


def policy() -> Policy:
    """Return the demo's policy."""
    names = {
        "mara": "U0ONCALL",
        "sam": "U0SUPPORT",
        "ines": "U0LEAD",
        "ola": "U0ADMIN",
        "pia": "U0PM",
    }
    people = {
        name: Person(name, name.title(), slack=(slack,), email=(f"{name}@example.com",))
        for name, slack in names.items()
    }
    return Policy(
        teams=frozenset({HOME}),
        domains=frozenset({"example.com"}),
        people=people,
        services={"ci-deploy": Service("ci-deploy", frozenset({"kill", "show"}), ("ab" * 32,))},
        grants=(
            Grant("responder", frozenset({"mara"}), services=frozenset({"ci-deploy"})),
            Grant("responder", groups=frozenset({"S0ONCALL"})),
            Grant("responder", on_call=frozenset({"PESC"})),
            Grant("commander", frozenset({"ines"})),
            Grant("comms", frozenset({"pia"})),
            Grant("approver", frozenset({"ines"})),
            Grant("approver", frozenset({"sam"}), teams=frozenset({"support-ai"})),
            Grant("admin", frozenset({"ola"})),
        ),
        powers={
            "kill": everywhere(*ACTING),
            "restore": everywhere(*ACTING),
            "approve": everywhere("approver"),
            "route": everywhere(*ACTING, second_person=(1,)),
            "audit": everywhere("admin"),
        },
        secondary=("ola",),
        break_glass=BreakGlass(pages=("ola",)),
        fallback=Fallback(frozenset({"U0ONCALL"}), frozenset({"S0FALLBACK"})),
    )


def workflow(tier: Tier = 1, *, name: str = "", team: str = "support-ai") -> Workflow:
    """Return a workflow of a tier."""
    return Workflow(
        name=name or f"tier-{tier}",
        title="A workflow",
        description="Does something.",
        dri="U0SUPPORT",
        team=team,
        tier=tier,
        safe_state="canned",
        modes=("canned", "stop"),
        on_store_loss="stop",
        stale_after_s=6,
        kill_slo_ms=1000,
        canned="Paused.",
        runbook="wrong-answers",
    )


def slack(user: str, *, team: str = HOME, guest: bool = False, bot: bool = False) -> Actor:
    """Return a Slack user as a signed payload names them."""
    return Actor("slack", user, "slack", team=team, guest=guest, bot=bot)


MARA, SAM, INES = slack("U0ONCALL"), slack("U0SUPPORT"), slack("U0LEAD")
OLA, PIA, NOOR = slack("U0ADMIN"), slack("U0PM"), slack("U0NEW")
GUS, FAY = slack("U0GUEST", guest=True), slack("U9OUT", team="T9OTHER")
CI = Actor("service", "ci-deploy", "http")
