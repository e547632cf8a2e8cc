"""Compare an account of the paging service with what is declared; reads only, and names what to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsbot.app.paging.port import Duty, Finding, PagerPerson, Paging, Place
from opsbot.app.ports import GiveUp, RetryLater
from opsbot.domain.declaration import Catalogue
from opsbot.domain.policy.model import Person

WEBHOOKS_PATH = "/pagerduty/webhooks"


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What is declared: *places* are service and escalation policy of each workflow.

    *policies* are more escalation policies (those that the policy gives roles by). *webhook_url* is
    empty where no delivery is expected.
    """

    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    policies: frozenset[str] = frozenset()
    people: tuple[Person, ...] = ()
    webhook_url: str = ""


def expected(catalogue: Catalogue, *, public_url: str, webhooks: bool) -> Expected:
    """Return what a set of declarations expects; *webhooks*: deliveries are believed."""
    places = {}
    for name, workflow in catalogue.workflows.items():
        declared = workflow.extra.get("pagerduty")
        if isinstance(declared, Mapping):
            places[name] = (
                str(declared.get("service", "")),
                str(declared.get("escalation_policy", "")),
            )
    policy = catalogue.policy
    return Expected(
        places=places,
        policies=frozenset(one for grant in policy.grants for one in grant.on_call),
        people=tuple(policy.people.values()),
        webhook_url=f"{public_url}{WEBHOOKS_PATH}" if webhooks and public_url else "",
    )


async def examine(paging: Paging, wanted: Expected) -> tuple[Finding, ...]:
    """Return every finding; what could not be asked is one too. Never raises for what it finds."""
    account = tuple(await paging.check())
    if not paging.can_page or any(one.name == "key" and one.ok is False for one in account):
        return account
    return (
        *account,
        *[await _workflow(paging, name, *wanted.places[name]) for name in sorted(wanted.places)],
        *await _duties(paging, wanted),
        *await _people(paging, wanted.people),
        await _webhooks(paging, wanted.webhook_url),
    )


async def _workflow(paging: Paging, name: str, service: str, policy: str) -> Finding:
    title = f"workflow {name}"
    try:
        found, pages = await paging.service(service), await paging.policy(policy)
    except (RetryLater, GiveUp) as why:
        return Finding(title, ok=False, says=str(why))
    wrong = _wrong_place(service, found) or ("" if pages else f"no escalation policy {policy}")
    if wrong or found is None or pages is None:
        return Finding(title, ok=False, says=wrong)
    other = f"; the service itself has {found.policy}" if found.policy not in ("", policy) else ""
    says = f"service {found.name} ({service}), policy {pages.name} ({policy}){other}"
    return Finding(title, ok=True, says=says)


def _wrong_place(service: str, found: Place | None) -> str:
    if found is None:
        return f"no service {service}"
    return "" if found.active else f"the service {found.name} ({service}) is disabled"


async def _duties(paging: Paging, wanted: Expected) -> list[Finding]:
    policies = sorted({policy for _, policy in wanted.places.values()} | wanted.policies)
    try:
        duties = await paging.on_call(policies)
    except (RetryLater, GiveUp) as why:
        return [Finding("on call", ok=False, says=str(why))]
    return [_on_call(policy, [d for d in duties if d.policy == policy]) for policy in policies]


def _on_call(policy: str, duties: Sequence[Duty]) -> Finding:
    if not duties:
        says = "nobody is on call now: an incident would page nobody"
        return Finding(f"on call {policy}", ok=False, says=says)
    names = ", ".join(f"{duty.person.name or duty.person.id} (L{duty.level})" for duty in duties)
    return Finding(f"on call {policy}", ok=True, says=names)


async def _people(paging: Paging, people: Sequence[Person]) -> list[Finding]:
    if not people:
        return []
    try:
        known = await paging.people()
    except (RetryLater, GiveUp) as why:
        return [Finding("people", ok=False, says=str(why))]
    ids = {one.id for one in known}
    gone = {one.name: [id_ for id_ in one.pagerduty if id_ not in ids] for one in people}
    wrong = [f"{name} ({', '.join(lost)})" for name, lost in sorted(gone.items()) if lost]
    if wrong:
        says = f"the policy names ids that are not there: {', '.join(wrong)}"
        return [Finding("people", ok=False, says=says)]
    strangers = sorted(one.name for one in people if match(one, known) is None)
    matched = f"{len(people) - len(strangers)} of {len(people)} matched"
    if strangers:
        says = f"{matched}; give these a `pagerduty:` id or the same e-mail: {', '.join(strangers)}"
        return [Finding("people", ok=None, says=says)]
    return [Finding("people", ok=True, says=matched)]


def match(person: Person, known: Sequence[PagerPerson]) -> PagerPerson | None:
    """Return who somebody of the policy is there: by the id they name, else by e-mail, never by name."""
    by_id = next((one for one in known if one.id in person.pagerduty), None)
    emails = {email.lower() for email in person.email}
    return by_id or next((one for one in known if one.email and one.email in emails), None)


async def _webhooks(paging: Paging, url: str) -> Finding:
    if not url:
        says = (
            "not expected: OPSBOT_PUBLIC_URL and OPSBOT_PAGERDUTY_WEBHOOK_SECRETS are not both set"
        )
        return Finding("webhooks", ok=None, says=says)
    try:
        health = await paging.webhooks_health(url)
    except (RetryLater, GiveUp) as why:
        return Finding("webhooks", ok=False, says=str(why))
    if not health.ids:
        return Finding("webhooks", ok=False, says=f"no subscription delivers to {url}")
    if health.well:
        return Finding("webhooks", ok=True, says=f"{', '.join(health.ids)} delivers to {url}")
    wrong = {
        "switched off after refusals": health.asleep,
        "not active": health.inactive,
        "events not sent": health.missing,
    }
    says = "; ".join(f"{what}: {', '.join(ids)}" for what, ids in wrong.items() if ids)
    return Finding("webhooks", ok=False, says=says)
