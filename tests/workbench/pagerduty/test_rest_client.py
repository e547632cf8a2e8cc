"""The real REST client against the stand-in: incidents and everything around them."""

from opsbot.workbench.pagerduty.clock import Clock
from opsbot.workbench.pagerduty.standin import PagerDutyStandIn
from tests.support.pagerduty import INES, MARA, OLA, SAM, SUPPORT, Rest
from tests.workbench.pagerduty.conftest import call, new, opened, put, refused

KEY = "opsbot:demo:INC-1"


async def test_an_incident_opens_at_once_and_pages_who_is_on_call(
    pd: PagerDutyStandIn, sam: Rest
) -> None:
    body = {"type": "incident_body", "details": "Killed at 10:00"}

    made = await opened(sam, incident_key=KEY, urgency="high", body=body)

    assert made["incident_number"] == 1
    assert made["status"] == "triggered"
    assert made["summary"] == "[#1] Wrong refund answers"
    assert made["html_url"].startswith(pd.base_url)
    assert [one["assignee"]["id"] for one in made["assignments"]] == [MARA]
    assert made["last_status_change_by"]["id"] == SAM
    assert [(page.user, page.incident) for page in pd.pages] == [(MARA, made["id"])]


async def test_the_same_key_again_is_refused_while_the_first_is_open(
    pd: PagerDutyStandIn, sam: Rest
) -> None:
    first = await opened(sam, incident_key=KEY)

    status, error = await refused(sam.rpost, "/incidents", json=new(incident_key=KEY))

    assert status == 400
    assert error["errors"] == [
        "Open incident with matching dedup key already exists on this service"
    ]
    found = await call(sam.list_all, "/incidents", params={"incident_key": KEY})
    assert [one["id"] for one in found] == [first["id"]]
    await put(sam, first, status="resolved")
    assert (await opened(sam, incident_key=KEY))["id"] != first["id"]
    assert len(pd.incidents) == 2


async def test_an_incident_that_one_assigns_to_oneself_is_born_acknowledged_and_pages_nobody(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    myself = [{"assignee": {"id": MARA, "type": "user_reference"}}]

    made = await opened(mara, assignments=myself)

    assert made["status"] == "acknowledged"
    assert made["assigned_via"] == "direct_assignment"
    assert pd.pages == []


async def test_assignees_and_a_policy_together_are_refused(mara: Rest) -> None:
    both = new(
        assignments=[{"assignee": {"id": SAM, "type": "user_reference"}}],
        escalation_policy={"id": "PESUPPORT", "type": "escalation_policy_reference"},
    )

    status, error = await refused(mara.rpost, "/incidents", json=both)

    assert (status, error["code"]) == (400, 2001)


async def test_what_the_body_misspells_is_refused_by_name(pd: PagerDutyStandIn, mara: Rest) -> None:
    priority = {"id": "PPRIO1", "type": "priority_reference"}
    service = {"id": "PNONE", "type": "service_reference"}

    for wrong, sentence in [
        (new(prioritty=priority), "Incident prioritty is not a field."),
        (new(body={"type": "incident_body", "details": {"why": 1}}), "must be of type str"),
        (new("x" * 1025), "too long"),
        (new(""), "cannot be empty"),
        (new(service=service), "Service not found: PNONE"),
        (new(urgency="urgent"), "must be one of high, low"),
        (new(escalation_policy={"id": "PESUPPORT", "type": "policy"}), "must be one of"),
    ]:
        status, error = await refused(mara.rpost, "/incidents", json=wrong)

        assert (status, error["code"]) == (400, 2001)
        assert sentence in error["errors"][0]
    assert pd.incidents == []


async def test_acknowledging_and_resolving_twice_is_told_apart(mara: Rest) -> None:
    made = await opened(mara)

    acknowledged = await put(mara, made, status="acknowledged")
    again = await refused(
        put_raw := mara.rput, f"/incidents/{made['id']}", json=_status("acknowledged")
    )
    resolved = await put(mara, made, status="resolved", resolution="Rolled back")
    twice = await refused(put_raw, f"/incidents/{made['id']}", json=_status("resolved"))

    assert acknowledged["acknowledgements"][0]["acknowledger"]["id"] == MARA
    assert (again[0], again[1]["code"]) == (400, 1002)
    assert resolved["status"] == "resolved"
    assert resolved["assignments"] == []
    assert (twice[0], twice[1]["code"]) == (400, 1001)
    notes = await call(mara.rget, f"/incidents/{made['id']}/notes")
    assert [note["content"] for note in notes] == ["Resolution Note: Rolled back"]


def _status(word: str) -> dict[str, str]:
    return {"type": "incident_reference", "status": word}


async def test_escalating_and_handing_on_page_others_and_trigger_again(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    made = await opened(mara)
    await put(mara, made, status="acknowledged")

    escalated = await put(mara, made, escalation_level=2)
    to_ines = [{"assignee": {"id": INES, "type": "user_reference"}}]
    handed = await put(mara, made, assignments=to_ines)

    assert escalated["status"] == "triggered"
    assert [one["assignee"]["id"] for one in escalated["assignments"]] == [OLA]
    assert [one["assignee"]["id"] for one in handed["assignments"]] == [INES]
    assert [page.user for page in pd.pages] == [MARA, OLA, INES]
    status, error = await refused(
        mara.rput, f"/incidents/{made['id']}", json={"type": "incident", "escalation_level": 9}
    )
    assert (status, error["errors"]) == (400, ["Escalation level 9 does not exist"])


async def test_title_urgency_and_priority_change_together_or_not_at_all(mara: Rest) -> None:
    made = await opened(mara)

    changed = await put(mara, made, title="Refunds", urgency="low", priority="P2")
    wrong = {"type": "incident_reference", "title": "Lost", "priority": "P9"}
    status, _ = await refused(mara.rput, f"/incidents/{made['id']}", json=wrong)
    after = await call(mara.rget, f"/incidents/{made['id']}")

    assert (changed["title"], changed["urgency"]) == ("Refunds", "low")
    assert changed["priority"]["summary"] == "P2"
    assert status == 400
    assert after["title"] == "Refunds"


async def test_priorities_that_are_switched_off_are_402_wherever_they_appear(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    assert [one["name"] for one in await call(mara.list_all, "/priorities")][:2] == ["P1", "P2"]
    pd.account.priorities_on = False
    priority = {"id": "PPRIO1", "type": "priority_reference"}

    listed = await call(mara.get, "/priorities")
    made = await call(mara.post, "/incidents", json={"incident": new(priority=priority)})

    assert listed.status_code == 402
    assert made.status_code == 402
    assert made.json()["error"]["code"] == 2014


async def test_the_same_note_twice_is_two_notes(mara: Rest) -> None:
    made = await opened(mara)

    for _ in range(2):
        await call(mara.rpost, f"/incidents/{made['id']}/notes", json={"content": "[opsbot n-1]"})

    notes = await call(mara.rget, f"/incidents/{made['id']}/notes")
    logged = await call(lambda: list(mara.iter_incident_notes(made["id"])))
    assert [note["content"] for note in notes] == ["[opsbot n-1]", "[opsbot n-1]"]
    assert [one["type"] for one in logged] == ["annotate_log_entry"] * 2
    assert notes[0]["user"]["id"] == MARA


async def test_an_incident_holds_no_more_than_its_limit_of_notes(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    made = await opened(mara)
    one = pd.incidents[0]
    pd.press(MARA, one.id, "note", "first")
    one.notes = one.notes * 2000

    status, error = await refused(
        mara.rpost, f"/incidents/{made['id']}/notes", json={"content": "one more"}
    )

    assert (status, error["code"]) == (400, 2019)


async def test_responders_are_paged_and_may_be_called_off(pd: PagerDutyStandIn, mara: Rest) -> None:
    made = await opened(mara)
    target = {"responder_request_target": {"id": SAM, "type": "user_reference"}}
    body = {"requester_id": MARA, "message": "Join?", "responder_request_targets": [target]}

    answer = await call(mara.post, f"/incidents/{made['id']}/responder_requests", json=body)
    flat = {
        "requester_id": MARA,
        "responder_request_targets": [{"id": SAM, "type": "user_reference"}],
    }
    off = await call(mara.put, f"/incidents/{made['id']}/responder_requests/cancel", json=flat)

    targets = answer.json()["responder_request"]["responder_request_targets"]
    [row] = targets[0]["responder_request_target"]["incidents_responders"]
    assert (row["user"]["id"], row["state"]) == (SAM, "pending")
    assert [page.user for page in pd.pages] == [MARA, SAM]
    assert off.json()["responder_request_targets"][0]["result"] == "cancelled"


async def test_without_coordinated_responding_calls_for_help_are_402(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    made = await opened(mara)
    pd.account.abilities.discard("coordinated_responding")

    answer = await call(mara.post, f"/incidents/{made['id']}/responder_requests", json={})
    has = await call(mara.get, "/abilities/coordinated_responding")

    assert (answer.status_code, has.status_code) == (402, 402)
    assert "teams" in await call(mara.rget, "/abilities")


async def test_status_updates_go_to_subscribers(mara: Rest) -> None:
    made = await opened(mara)
    base = f"/incidents/{made['id']}/status_updates"
    rows = {"subscribers": [{"subscriber_id": SAM, "subscriber_type": "user"}]}

    added = [await call(mara.post, f"{base}/subscribers", json=rows) for _ in range(2)]
    told = await call(mara.post, base, json={"message": "We switched it off"})
    listed = await call(mara.get, f"{base}/subscribers")

    assert [one.json()["subscriptions"][0]["result"] for one in added] == ["success", "duplicate"]
    assert told.json()["status_update"]["sender"]["id"] == MARA
    assert listed.json()["subscribers"][0]["subscriber_id"] == SAM


async def test_the_history_has_an_overview_and_channels_on_request(mara: Rest) -> None:
    made = await opened(mara)
    await put(mara, made, status="acknowledged")
    await call(mara.rpost, f"/incidents/{made['id']}/notes", json={"content": "Looking"})
    path = f"/incidents/{made['id']}/log_entries"

    whole = await call(mara.list_all, path, params={"include": ["channels"]})
    overview = await call(mara.list_all, path, params={"is_overview": "true"})

    assert [one["type"] for one in whole] == [
        "annotate_log_entry",
        "acknowledge_log_entry",
        "notify_log_entry",
        "trigger_log_entry",
    ]
    assert whole[0]["channel"]["summary"] == "Looking"
    assert [one["type"] for one in overview] == ["acknowledge_log_entry", "trigger_log_entry"]
    one = await call(mara.rget, f"/log_entries/{overview[0]['id']}")
    assert one["agent"]["id"] == MARA


async def test_only_incidents_with_alerts_or_made_by_hand_can_be_merged(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    target, source = await opened(mara, "one"), await opened(mara, "two")
    by_hand = pd.open_by_hand(SAM, SUPPORT, "three")
    path = f"/incidents/{target['id']}/merge"

    refusal = await call(mara.put, path, json=_sources(source["id"]))
    merged = await call(mara.put, path, json=_sources(by_hand.id))

    assert refusal.status_code == 400
    assert merged.json()["incident"]["id"] == target["id"]
    gone = await call(mara.rget, f"/incidents/{by_hand.id}")
    assert gone["status"] == "resolved"
    assert gone["resolve_reason"]["incident"]["id"] == target["id"]


def _sources(id_: str) -> dict[str, list[dict[str, str]]]:
    return {"source_incidents": [{"id": id_, "type": "incident_reference"}]}


async def test_a_snooze_ends_by_itself_and_pages_again(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    made = await opened(mara)

    rests = await call(mara.rpost, f"/incidents/{made['id']}/snooze", json={"duration": 60})
    clock.push(61)
    pd.desk.incidents.lapse()
    after = await call(mara.rget, f"/incidents/{made['id']}")

    assert rests["status"] == "acknowledged"
    assert rests["pending_actions"][0]["type"] == "unacknowledge"
    assert after["status"] == "triggered"
    assert [page.user for page in pd.pages] == [MARA, MARA]


async def test_a_level_that_does_not_answer_is_passed_over_in_time(
    pd: PagerDutyStandIn, mara: Rest, clock: Clock
) -> None:
    await opened(mara)

    for _ in range(3):
        clock.push(16 * 60)
        pd.desk.incidents.lapse()

    assert [page.user for page in pd.pages] == [MARA, OLA, SAM]
    assert pd.incidents[0].level == 3


async def test_a_resolved_incident_can_be_opened_again(mara: Rest) -> None:
    made = await opened(mara)
    await put(mara, made, status="resolved")

    again = await put(mara, made, status="triggered")

    assert (again["status"], again["resolved_at"]) == ("triggered", None)


async def test_several_incidents_change_in_one_call(mara: Rest) -> None:
    pair = [await opened(mara, "one"), await opened(mara, "two")]
    body = [{"id": one["id"], **_status("acknowledged")} for one in pair]

    changed = await call(mara.rput, "/incidents", json=body)

    assert [one["status"] for one in changed] == ["acknowledged", "acknowledged"]


async def test_it_can_move_to_another_policy_service_bridge_and_type(mara: Rest) -> None:
    made = await opened(mara)

    moved = await put(
        mara, made, service={"id": "PLEGAL", "type": "service_reference"},
        escalation_policy={"id": "PELEGAL", "type": "escalation_policy_reference"},
        conference_bridge={"conference_url": "https://127.0.0.1/c", "conference_number": "1"},
        incident_type={"name": "major_incident"}, priority=None,
    )  # fmt: skip

    assert moved["service"]["id"] == "PLEGAL"
    assert moved["escalation_policy"]["id"] == "PELEGAL"
    assert moved["conference_bridge"]["conference_number"] == "1"
    assert moved["incident_type"] == {"name": "major_incident"}
    assert moved["priority"] is None


async def test_help_is_asked_of_whoever_is_on_call_by_a_policy(
    pd: PagerDutyStandIn, mara: Rest
) -> None:
    made = await opened(mara)
    pd.hand_over("PSPRIMARY", SAM)
    target = {"id": "PELEGAL", "type": "escalation_policy_reference"}
    body = {
        "requester_id": MARA, "message": "Legal?",
        "responder_request_targets": [{"responder_request_target": target}],
    }  # fmt: skip

    await call(mara.post, f"/incidents/{made['id']}/responder_requests", json=body)

    assert [page.user for page in pd.pages] == [MARA, SAM]
    assert pd.incidents[0].responders[0].state == "pending"
