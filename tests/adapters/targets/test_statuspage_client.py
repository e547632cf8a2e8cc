"""Atlassian's generated client writes to the stand-in, and reads what our adapter wrote: all three speak the same."""

import asyncio

import atlassian_statuspage as real
import pytest

from opsbot.workbench.targets import statuspage
from tests.support.targets import AtStatuspage, at_statuspage, post


class Client:
    """The real client on a stand-in; it blocks, so it is called in a thread."""

    def __init__(self, at: AtStatuspage) -> None:
        settings = real.Configuration()
        settings.host = f"{at.url}/v1"
        settings.api_key["Authorization"] = statuspage.KEY
        settings.api_key_prefix["Authorization"] = "OAuth"
        self.incidents = real.IncidentsApi(real.ApiClient(settings))

    async def create(self, **given: object) -> real.Incident:
        """Open an incident as its authors mean it."""
        incident = real.PostPagesPageIdIncidentsIncident(**given)
        body = real.PostPagesPageIdIncidents(incident=incident)
        return await asyncio.to_thread(
            self.incidents.post_pages_page_id_incidents, body, statuspage.PAGE
        )

    async def patch(self, incident: str, **given: object) -> real.Incident:
        """Write an update."""
        changed = real.PatchPagesPageIdIncidentsIncident(**given)
        body = real.PatchPagesPageIdIncidents(incident=changed)
        return await asyncio.to_thread(
            self.incidents.patch_pages_page_id_incidents_incident_id,
            body,
            statuspage.PAGE,
            incident,
        )

    async def unresolved(self) -> list[real.Incident]:
        """List what is open."""
        return await asyncio.to_thread(
            self.incidents.get_pages_page_id_incidents_unresolved, statuspage.PAGE
        )


async def test_the_real_client_writes_to_the_stand_in() -> None:
    async with at_statuspage() as at:
        client = Client(at)

        made = await client.create(
            name="Wrong answers", status="investigating", body="We look.",
            impact_override="major", component_ids=["cmprefunds01"],
            metadata={"opsbot": {"incident": "x"}},
        )  # fmt: skip
        ended = await client.patch(made.id, status="resolved", body="It is over.")

        assert (ended.status, ended.name) == ("resolved", "Wrong answers")
        assert at.told == [("investigating", "We look."), ("resolved", "It is over.")]


async def test_the_real_client_reads_what_the_adapter_wrote() -> None:
    async with at_statuspage() as at:
        done = await at.publisher.publish(post(1), attempt=1)
        await at.publisher.publish(post(2, stage="identified", thread=done.thread), attempt=1)

        (read,) = await Client(at).unresolved()

        assert (read.id, read.status, read.impact_override) == (
            done.thread["incident"],
            "identified",
            "major",
        )
        assert [one.status for one in read.incident_updates] == ["identified", "investigating"]
        assert read.shortlink == done.url


async def test_the_adapter_goes_on_where_the_real_client_began_by_its_metadata() -> None:
    async with at_statuspage() as at:
        first = await at.publisher.publish(post(1), attempt=1)
        await Client(at).patch(str(first.thread["incident"]), body="By hand.")

        await at.publisher.publish(post(2, stage="monitoring"), attempt=1)

        assert [body for _, body in at.told][1] == "By hand."
        assert [status for status, _ in at.told] == ["investigating", "investigating", "monitoring"]


@pytest.mark.parametrize(
    "given", [{"name": ""}, {"name": "x", "status": "fixed"}, {"name": "x" * 256}]
)
async def test_the_stand_in_refuses_what_the_real_one_refuses(given: dict[str, str]) -> None:
    async with at_statuspage() as at:
        with pytest.raises((ValueError, real.rest.ApiException)):
            await Client(at).create(**given)

        assert at.there.incidents == {}
