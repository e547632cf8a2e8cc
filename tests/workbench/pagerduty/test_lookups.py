"""The real REST client looks: people, policies, services, and who is on call at which moment."""

from datetime import UTC, datetime

from opsbot.workbench.pagerduty.account import Account
from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.model import Level, Policy
from opsbot.workbench.pagerduty.oncall import people
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import MARA, OLA, SAM, SUPPORT, Json, Rest, rest
from tests.workbench.pagerduty.conftest import call, new, refused

POLICY = "PESUPPORT"


async def oncalls(client: Rest, **params: object) -> list[Json]:
    """Ask who is on call."""
    asked = {"escalation_policy_ids": [POLICY], "include": ["users"], **params}
    return list(await call(client.list_all, "/oncalls", params=asked))


async def test_on_call_names_every_level_and_who_is_permanent(mara: Rest) -> None:
    found = await oncalls(mara)

    assert [(one["escalation_level"], one["user"]["email"]) for one in found] == [
        (1, "mara@example.com"),
        (2, "ola@example.com"),
        (3, "sam@example.com"),
    ]
    assert found[0]["schedule"]["id"] == "PSPRIMARY"
    assert found[0]["start"] < found[0]["end"]
    assert (found[2]["schedule"], found[2]["start"], found[2]["end"]) == (None, None, None)


async def test_a_hand_over_takes_place_at_its_second(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    pd.hand_over("PSPRIMARY", SAM, 3600)

    during = await oncalls(mara, earliest="true")
    clock.push(3600)
    after = await oncalls(mara, earliest="true")

    assert during[0]["user"]["id"] == SAM
    assert after[0]["user"]["id"] == MARA
    assert after[0]["start"] == during[0]["end"]


async def test_a_window_shows_each_shift_and_earliest_only_the_first(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    pd.hand_over("PSPRIMARY", SAM, 3600)
    until = datetime.fromtimestamp(clock() + 7200, UTC).isoformat()

    shifts = await oncalls(mara, until=until, schedule_ids=["PSPRIMARY"])
    backwards = await call(mara.get, "/oncalls", params={"until": "2001-01-01"})
    nonsense = await call(mara.get, "/oncalls", params={"since": "soon"})

    assert [one["user"]["id"] for one in shifts] == [SAM, MARA]
    assert (backwards.status_code, nonsense.status_code) == (400, 400)


async def test_with_nobody_on_call_the_next_level_is_paged_and_with_none_nothing_opens(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    pd.hand_over("PSPRIMARY", None)
    levels = [one["escalation_level"] for one in await oncalls(mara)]
    second = await call(mara.rpost, "/incidents", json=new("one"))
    pd.account.policies["PEVOID"] = Policy("PEVOID", "Nobody", [Level("L", ["PSPRIMARY"])])
    policy = {"id": "PEVOID", "type": "escalation_policy_reference"}

    status, error = await refused(
        mara.rpost, "/incidents", json=new("two", escalation_policy=policy)
    )

    assert levels == [2, 3]
    assert [one["assignee"]["id"] for one in second["assignments"]] == [OLA]
    assert (status, error["code"]) == (400, 1015)
    assert len(pd.incidents) == 1


def test_turns_go_round_and_a_person_twice_on_a_level_is_paged_once(clock: Clock) -> None:
    stand_in = PagerDutyStandIn.company("http://127.0.0.1:1", clock=clock)
    account: Account = stand_in.account
    primary = account.schedules["PSPRIMARY"]
    primary.users = [MARA, SAM]
    twice = Policy("PETWICE", "Twice", [Level("L", ["PSPRIMARY", MARA, SAM])])
    first = people(account, twice, 1)

    clock.push(primary.turn_s)

    assert set(first) == {MARA, SAM}
    assert people(account, twice, 1)[0] != first[0]


async def test_people_are_found_by_name_and_a_key_knows_its_owner(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    found = await call(mara.find, "users", "sam@example.com", attribute="email")
    by_name = await call(mara.list_all, "/users", params={"query": "lindq"})
    nobodys = await call(mara.get, "/users/me")
    with rest(pd, key=pd.user_key(OLA)) as olas:
        me = await call(olas.rget, "/users/me")

    assert found is None or found["id"] == SAM
    assert [one["email"] for one in by_name] == ["sam@example.com"]
    assert nobodys.status_code == 400
    assert me["email"] == "ola@example.com"


async def test_everything_that_can_be_looked_up_is_there(mara: Rest) -> None:
    policy = await call(mara.rget, f"/escalation_policies/{POLICY}")
    service = await call(mara.rget, f"/services/{SUPPORT}")
    schedule = await call(mara.rget, "/schedules/PSPRIMARY")
    names = {
        kind: [one["id"] for one in await call(mara.list_all, f"/{kind}")]
        for kind in ("teams", "services", "escalation_policies", "schedules", "users")
    }
    members = await call(mara.list_all, "/teams/PTEAMAI/members")

    assert [rule["targets"][0]["id"] for rule in policy["escalation_rules"]] == [
        "PSPRIMARY", "PSSECONDARY", SAM,
    ]  # fmt: skip
    assert service["escalation_policy"]["id"] == POLICY
    assert "routing_key" not in str(service)
    assert schedule["final_schedule"]["rendered_schedule_entries"][0]["user"]["id"] == MARA
    assert names["services"] == ["PSUPPORT", "PDEVAI", "PWORKAI", "PLEGAL"]
    assert len(names["users"]) == 5
    assert MARA in [one["user"]["id"] for one in members]
    assert [one["id"] for one in await call(mara.rget, "/schedules/PSPRIMARY/users")] == [MARA]


async def test_what_is_not_there_is_404_with_a_code(mara: Rest) -> None:
    for path in ("/users/PNO", "/services/PNO", "/schedules/PNO/users", "/teams/PNO/members",
                 "/incidents/PNO", "/incidents/PNO/notes", "/log_entries/PNO",
                 "/services/PNO/change_events", "/webhook_subscriptions/PNO"):  # fmt: skip
        answer = await call(mara.get, path)

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 2100), path
