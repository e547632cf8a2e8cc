"""Looks at the fleet read only what is new, and say the same as a first look would."""

import json

from opsbot.adapters.fleet_records import Reading, Written, instances


def registration(host: str) -> str:
    """Return what an instance on *host* registers."""
    return json.dumps({"host": host, "pid": 7, "workflows": {"bench-00": {"modes": ["stop"]}}})


def ack(revision: int) -> str:
    """Return an acknowledgement of *revision*."""
    return json.dumps({"e": 1, "r": revision, "x": revision, "kills": {}})


def written(*, revision: int, seen: int = 5, host: str = "pod", names: str = "ab") -> Written:
    """Return what the instances *names* of one service wrote."""
    return Written(
        "api",
        registered=dict.fromkeys(names, registration(host)),
        seen=[(name, float(seen)) for name in names],
        acks=dict.fromkeys(names, ack(revision)),
    )


def test_a_look_again_says_what_a_first_look_says() -> None:
    reading = Reading()
    looks = [
        written(revision=3),
        written(revision=3, seen=9),
        written(revision=4),
        written(revision=4, host="other"),
        written(revision=4, names="b"),
        written(revision=4, names="abc"),
    ]

    for look in looks:
        assert reading.instances([look]) == instances([look])


def test_what_did_not_change_is_not_read_again() -> None:
    reading = Reading()
    (first,) = reading.instances([written(revision=3, names="a")])

    (second,) = reading.instances([written(revision=4, seen=9, names="a")])

    assert second.workflows is first.workflows
    assert second.ack is not None
    assert second.ack.applied.revision == 4
    assert second.seen_ms == 9


def test_only_the_last_looks_texts_are_kept() -> None:
    reading = Reading()
    for number in range(50):
        reading.instances([written(revision=number, host=f"pod-{number}", names="a")])

    assert (len(reading._registered), len(reading._acks)) == (1, 1)


def test_one_text_under_two_names_is_two_instances() -> None:
    found = Reading().instances([written(revision=3)])

    assert [one.id for one in found] == ["a", "b"]


def test_an_acknowledgement_that_is_none_confirms_nothing_at_any_look() -> None:
    reading = Reading()
    broken = Written("api", {"a": registration("pod")}, [("a", 5.0)], {"a": "nonsense"})

    for _ in range(2):
        (one,) = reading.instances([broken])

        assert one.ack is None
