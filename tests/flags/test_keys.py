"""Keys of one service: any name has a spelling, and the store takes no check-in under another's."""

import pytest
import redis

from opsflags import FlagClient
from opsflags.keys import Keys, service_word
from tests.flags.switchboard import Switchboard
from tests.support.store import Store
from tests.support.wait import eventually_sync


@pytest.mark.parametrize(
    ("service", "word"),
    [
        ("support-api", "support-api"),
        ("Support_API.2", "Support_API.2"),
        ("a b:c*[x]?\\{}", "a-b-c--x-----"),
        ("größe", "gr--e"),
        ("", "-"),
    ],
)
def test_a_service_is_spelled_so_that_no_access_list_reads_it_as_a_pattern(
    service: str, word: str
) -> None:
    keys = Keys("prod").fleet_of(service)

    assert service_word(service) == word
    assert keys.acks == f"{{opsbot:prod}}:fleet:{word}:acks"


def test_a_client_with_an_odd_name_checks_in_and_is_listed(store: Store) -> None:
    Switchboard(store)
    fleet = store.keys.fleet_of("Support API: prod*")
    with FlagClient.connect(store.url, service="Support API: prod*", env=store.env) as flags:
        flags.workflow("w")
        eventually_sync(lambda: store.redis.hexists(fleet.instances, flags.instance))
        listed = store.redis.smembers(store.keys.services)

    assert listed == {"Support-API--prod-"}
    assert not store.redis.hexists(fleet.instances, flags.instance)


@pytest.mark.parametrize("service", ["contracts", "support-api:x", "*", "", "support"])
def test_a_check_in_under_another_services_keys_is_an_error(store: Store, service: str) -> None:
    Switchboard(store)
    keys = store.keys
    names = (keys.head, *keys.fleet_of("support-api").all(), keys.emergency, keys.services)

    with pytest.raises(redis.ResponseError, match="not the one its keys name"):
        store.redis.fcall("opsbot_checkin", 6, *names, "pod-1", "{}", "{}", service)

    assert not store.redis.exists(keys.services, *keys.fleet_of("support-api").all())
