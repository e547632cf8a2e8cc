"""Every kind of store address, and how wrong ones are refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsflags.address import BadAddress, parse


def test_a_plain_address_has_host_port_and_database() -> None:
    address = parse("redis://10.0.0.7:7000/3")

    assert (address.hosts, address.db, address.tls) == ((("10.0.0.7", 7000),), 3, False)


def test_the_port_has_a_default() -> None:
    assert parse("redis://localhost").hosts == (("localhost", 6379),)
    assert parse("sentinel://a,b:7/main").hosts == (("a", 26379), ("b", 7))


def test_credentials_are_decoded_and_never_shown() -> None:
    address = parse("rediss://support:p%40ss%2Fw%C3%B6rd@h:1")

    assert (address.username, address.password, address.tls) == ("support", "p@ss/wörd", True)
    assert "p@ss" not in repr(address)


def test_a_password_alone_is_the_default_users() -> None:
    address = parse("redis://:secret@h")

    assert (address.username, address.password) == (None, "secret")


def test_a_socket_has_a_path_and_perhaps_a_database() -> None:
    address = parse("unix:///run/my%20dir/s?db=2")

    assert (address.path, address.db) == ("/run/my dir/s", 2)


def test_an_ipv6_host_is_written_in_brackets() -> None:
    assert parse("redis://[::1]:7000").hosts == (("::1", 7000),)


def test_sentinels_name_their_primary_and_may_have_a_password_of_their_own() -> None:
    address = parse("sentinel://:data@h1,h2,h3/main?sentinel_password=watch&tls=1")

    assert address.master == "main"
    assert (address.password, address.sentinel_password, address.tls) == ("data", "watch", True)


def test_a_cluster_has_several_hosts() -> None:
    assert parse("cluster://h1,h2:7001").hosts == (("h1", 6379), ("h2", 7001))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://h",
        "redis://",
        "redis://h:port",
        "redis://h:0",
        "redis://h:70000",
        "redis://h/one",
        "redis://h1,h2",
        "redis://user@h",
        "unix://relative/path",
        "sentinel://h1,h2",
        "sentinel://h1,,h2/main",
        "cluster://h1/2",
        "redis://h?colour=red",
        "redis://h%zz",
    ],
)
def test_a_wrong_address_is_refused_with_a_hint_and_without_its_password(url: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse(url.replace("://", "://:hush@", 1) if "user@" not in url else url)

    assert caught.value.hint
    assert "hush" not in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    for scheme in ("", "redis://", "unix://", "sentinel://", "cluster://"):
        with suppress(BadAddress):
            parse(scheme + text)
