"""One workflow with a service at PagerDuty, and hands to do the work that is due there."""

from opsbot.app.incident.requests import OpenIncident
from opsbot.app.incidents import Incidents
from opsbot.app.paging.alarm import PagerAlarm
from opsbot.app.paging.oncall import OnCall
from opsbot.app.paging.page import PageIncident
from opsbot.app.paging.port import PagingUnreachable
from opsbot.app.paging.sync import PagerSync
from opsbot.domain.incident.incident import Incident
from tests.support.pages import INES, OLA, Pages, duty
from tests.support.world import MARA, World, plain, workflow

PAGED = {"pagerduty": {"service": "PABC123", "escalation_policy": "PESC"}}
SILENT = PagingUnreachable("no answer from PagerDuty")


class Company:
    """One workflow with a service at PagerDuty, and hands to do the work that is due there."""

    def __init__(self) -> None:
        self.world = World()
        self.pages = Pages(duties=(duty(INES), duty(OLA, 2)))
        self.rota = OnCall(self.world.env, self.world.outbox, self.pages)
        self.bot = self.world.bot
        self.alarm = PagerAlarm(self.world.env, self.world.outbox, self.world.slack, plain)

    async def begin(self) -> "Company":
        await self.world.declare(
            workflow("support-copilot", tier=1, extra=PAGED, evidence={"evaluation": "https://e"}),
            workflow("coding-agent"),
        )
        await self.rota.refresh()
        return self

    async def open(self, actor: object = MARA, **changes: object) -> Incident:
        fields = {"title": "wrong refunds", "workflow": "support-copilot", "severity": "SEV1"}
        request = OpenIncident(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name, as each test words them
        await self.verbs.open(request, actor, request_id="open")  # type: ignore[arg-type]  # the verbs of the house
        return self.incident

    @property
    def verbs(self) -> Incidents:
        return Incidents(self.world.env, self.rota, chat=True, paging=True)

    @property
    def incident(self) -> Incident:
        return self.world.store.state.incident("INC-1")

    async def page(self) -> None:
        step = PageIncident(self.world.env, self.pages, self.rota, self.alarm)
        await step(self.world.delivery(self._item("incident_step", step="page")))

    async def sync(self) -> None:
        async def sentence(revision: int, incident: Incident) -> str:
            return f"{incident.id} at {revision}"

        handler = PagerSync(self.world.env, self.pages, sentence, self.alarm)
        for name, item in list(self.world.server.items.items()):
            if item.effect.kind == "pager_sync":
                await handler(self.world.delivery(name))
                await self.world.outbox.done(self.world.delivery(name))

    def _item(self, kind: str, **body: str) -> str:
        return next(
            name
            for name, item in self.world.server.items.items()
            if item.effect.kind == kind and body.items() <= dict(item.effect.body).items()
        )
