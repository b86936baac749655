"""What an announcement says, there and back; and what a hostile one comes to."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.lan.found import (
    MOST_HOSTS,
    Found,
    Heard,
    apart,
    fields_of,
    in_order,
    label_of,
    look,
    near,
    read,
)

KEY = "ab" * 32
OTHER = "cd" * 32
HERE = [ipaddress.ip_network("192.168.1.0/24"), ipaddress.ip_network("fd00::/64")]
SERVER = Found(
    name="Salle B204",
    key=KEY,
    hosts=("192.168.1.20",),
    pull=5555,
    pub=5556,
    card=5557,
    page="http:8080",
    access="invite",
    version="0.1.0",
    protocol=1,
    instance="Salle B204 [abababab]._causette._tcp.local.",
)


def heard(server: Found = SERVER, /, **changed: str | None) -> Heard:
    fields: dict[bytes, bytes | None] = {
        name.encode(): text.encode() for name, text in fields_of(server).items()
    }
    for name, text in changed.items():
        fields[name.encode()] = None if text is None else text.encode("utf-8", "surrogateescape")
    return Heard(instance=server.instance, hosts=server.hosts, port=server.pull, fields=fields)


def test_a_server_comes_back_as_it_was_announced() -> None:
    assert read(heard(), HERE) == SERVER
    plain = replace(SERVER, key=None, page="", access="open", card=None)
    assert read(heard(plain), HERE) == plain


def test_what_it_offers_to_people() -> None:
    assert SERVER.places == ("192.168.1.20:5555",)
    assert SERVER.link() == f"causette://{KEY}@192.168.1.20:5555"
    assert replace(SERVER, pub=7000).link() == f"causette://{KEY}@192.168.1.20:5555/7000"
    assert SERVER.page_address() == "http://192.168.1.20:8080/"
    assert len(SERVER.fingerprint.split()) == 8
    scoped = replace(SERVER, hosts=("fe80::1%3",))
    assert scoped.place() == "[fe80::1%3]:5555"
    assert scoped.page_address() == "http://[fe80::1%253]:8080/"
    plain = replace(SERVER, key=None, page="")
    assert (plain.link(), plain.fingerprint, plain.page_address()) == ("", "", "")


def test_a_link_local_address_is_shown_where_there_is_no_other() -> None:
    both = replace(SERVER, hosts=("192.168.1.20", "fe80::1%3"))
    assert both.shown == ("192.168.1.20:5555",)
    assert replace(both, hosts=("fe80::1%3", "fe80::2%3")).shown == ("[fe80::1%3]:5555",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"txtvers": "2"},
        {"txtvers": None},
        {"key": "no key"},
        {"key": None},
        {"key": KEY + "00"},
        {"pub": "0"},
        {"pub": "65536"},
        {"pub": "-1"},
        {"pub": "٥٥٥٦"},
        {"pub": None},
    ],
)
def test_what_is_not_well_formed_is_no_server(wrong: dict[str, str | None]) -> None:
    assert read(heard(**wrong), HERE) is None


def test_what_is_not_needed_may_be_wrong() -> None:
    server = read(
        heard(card="x", page="javascript:alert(1)", ver="<b>", access="?", proto="²"), HERE
    )
    assert server == replace(SERVER, card=None, page="", version="", access="open", protocol=0)


@pytest.mark.parametrize(
    "page", ["http:0", "http:99999", "ftp:80", "http://evil.example/", "http:"]
)
def test_a_page_is_on_the_servers_own_machine_or_nowhere(page: str) -> None:
    server = read(heard(page=page), HERE)
    assert server is not None
    assert server.page == ""


def test_a_hostile_name_is_harmless() -> None:
    server = read(heard(name="\x1b]0;owned\x07\nB204\u202e" + "x" * 500), HERE)
    assert server is not None
    assert "\x1b" not in server.name
    assert "\n" not in server.name
    assert "\u202e" not in server.name
    assert len(server.name) <= 60
    empty = read(heard(name="\u200b"), HERE)
    assert empty is not None
    assert empty.name == "192.168.1.20", "a name that is nothing to see"


@given(
    st.dictionaries(st.binary(max_size=12), st.none() | st.binary(max_size=300), max_size=40),
    st.lists(st.text(max_size=50), max_size=40),
    st.integers(-1, 70_000),
    st.text(max_size=300),
)
def test_anything_may_come(
    fields: dict[bytes, bytes | None], hosts: list[str], port: int, instance: str
) -> None:
    base = dict(heard().fields)
    server = read(
        Heard(
            instance=instance, hosts=[*hosts, "192.168.1.9"], port=port, fields={**base, **fields}
        ),
        HERE,
    )
    if server is not None:
        assert server.name.isprintable()
        assert 1 <= server.pull <= 65_535
        assert server.hosts
        assert len(server.link()) < 200


def test_nobody_is_sent_far_away() -> None:
    far = ["8.8.8.8", "2001:4860:4860::8888", "127.0.0.1", "::1", "224.0.0.251", "0.0.0.0", "host"]
    assert near(far, HERE) == ()
    assert read(heard(replace(SERVER, hosts=tuple(far))), HERE) is None


def test_the_likeliest_address_comes_first() -> None:
    hosts = ["fe80::1%2", "10.0.0.1", "fd00::20", "169.254.0.9", "192.168.1.20", "fe80::1"]
    assert near(hosts, HERE) == (
        "192.168.1.20",
        "fd00::20",
        "169.254.0.9",
        "fe80::1%2",
        "10.0.0.1",
    )


def test_an_address_of_the_world_counts_where_it_is_on_this_network() -> None:
    assert near(["8.8.8.8"], [ipaddress.ip_network("8.8.8.0/24")]) == ("8.8.8.8",)


def test_the_loopback_counts_on_a_machine_without_a_network() -> None:
    loopback = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
    assert near(["127.0.0.1", "::1"], loopback) == ("127.0.0.1", "::1")


def test_so_many_addresses_and_no_more() -> None:
    many = [f"192.168.1.{n}" for n in range(200)]
    assert len(near(many, HERE)) == MOST_HOSTS


def test_two_of_one_name_are_told_apart() -> None:
    twin = replace(SERVER, key=OTHER, name="SALLE  Β204")  # a Greek capital beta
    alone = replace(SERVER, key="ef" * 32, name="Club")
    plain = replace(SERVER, key=None, instance="x", hosts=("10.0.0.9",))
    names = apart([SERVER, twin, alone, plain])
    assert names[KEY] == f"Salle B204 ({SERVER.fingerprint[:9]})"
    assert names[OTHER] == f"SALLE  Β204 ({twin.fingerprint[:9]})"
    assert names["ef" * 32] == "Club"
    assert names["x"] == "Salle B204 (10.0.0.9)"


def test_what_looks_alike() -> None:
    assert look("Salle B204") == look("  salle   b204 ") == look("Sаllе B2O4")  # Cyrillic a, e; O
    assert look("Club") != look("Clubs")


def test_lists_have_one_order() -> None:
    servers = [replace(SERVER, name=name, key=name * 64) for name in ("b", "C", "a")]
    assert [one.name for one in in_order(servers)] == ["a", "b", "C"]


@pytest.mark.parametrize(
    "name",
    [
        "Salle B204",
        "é" * 100,
        "a.b.c",
        "x" * 300,
        "",
        "...",
        "\x1b[31m",
        "back\\slash",
        "日本" * 40,
    ],
)
def test_what_the_network_calls_it_is_a_label(name: str) -> None:
    label = label_of(name, KEY)
    assert len(label.encode()) <= 63
    assert label.endswith(" [abababab]")
    assert "." not in label
    assert label.isprintable()
    assert label_of(name, None)


def test_a_record_fits_a_packet() -> None:
    fields = fields_of(replace(SERVER, name="日本" * 200))
    assert all(len(f"{name}={text}".encode()) <= 255 for name, text in fields.items())
    assert sum(len(f"{name}={text}".encode()) + 1 for name, text in fields.items()) < 500
