"""The addresses by which others reach this machine."""

from __future__ import annotations

import ipaddress
import socket
import sys
from types import SimpleNamespace

import pytest

from common import addresses
from common.addresses import Own


def own(*told: str) -> list[Own]:
    return [Own("eth0", 2, address, 24) for address in told]


def test_what_is_named_can_be_reached_from_elsewhere_or_is_the_loopback() -> None:
    found = [ipaddress.ip_address(one) for one in addresses.addresses()]
    assert found
    assert not any(one.is_unspecified for one in found)
    assert all(not one.is_loopback for one in found) or found == [ipaddress.ip_address("127.0.0.1")]


def test_the_loopback_is_one_of_the_interfaces_of_this_machine() -> None:
    found = {one.address: one for one in addresses.interfaces()}
    assert found["127.0.0.1"].network == ipaddress.ip_network("127.0.0.0/8")
    assert found["127.0.0.1"].index > 0


def test_a_machine_without_a_network_names_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_args: object, **_more: object) -> object:
        raise OSError("no network")

    monkeypatch.setattr(addresses, "interfaces", lambda: own("127.0.0.1", "::1"))
    monkeypatch.setattr(socket.socket, "connect", nothing)
    assert addresses.addresses() == ["127.0.0.1"]


def test_no_resolver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_args: object, **_more: object) -> object:
        raise AssertionError("a resolver is asked")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getfqdn"):
        monkeypatch.setattr(socket, name, asked)
    assert addresses.addresses()


def test_every_address_is_named_once_and_the_likeliest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = own("127.0.0.1", "fd00::2", "192.168.1.20", "169.254.3.4", "10.0.0.7", "fe80::1")
    monkeypatch.setattr(addresses, "interfaces", lambda: told)
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda _self: ("10.0.0.7", 9))
    assert addresses.addresses() == ["10.0.0.7", "192.168.1.20", "fd00::2"]


def test_an_address_that_the_machine_gave_itself_is_better_than_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(*_args: object) -> object:
        raise OSError("no route")

    monkeypatch.setattr(addresses, "interfaces", lambda: own("127.0.0.1", "169.254.3.4", "fe80::1"))
    monkeypatch.setattr(socket.socket, "connect", nothing)
    assert addresses.addresses() == ["169.254.3.4"]


def test_without_ifaddr_there_is_what_this_machine_would_send_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ifaddr", None)
    monkeypatch.setattr(sys, "platform", "another")
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda _self: ("10.0.0.7", 9))
    assert addresses.interfaces() == []
    assert addresses.addresses() == ["10.0.0.7"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it by itself")
def test_linux_tells_the_same_without_ifaddr(monkeypatch: pytest.MonkeyPatch) -> None:
    told = addresses.interfaces()
    monkeypatch.setitem(sys.modules, "ifaddr", None)
    found = addresses.interfaces()
    # Of several IPv4 addresses of one interface it tells the first.
    assert set(found) <= set(told)
    assert {one.interface for one in found} == {one.interface for one in told}


def test_an_interface_that_ifaddr_cannot_read_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot() -> object:
        raise AssertionError("sockaddr_to_ip returned None")

    monkeypatch.setitem(sys.modules, "ifaddr", SimpleNamespace(get_adapters=cannot))
    assert {one.address for one in addresses.interfaces()} >= {"127.0.0.1"}


def test_a_link_local_address_is_written_with_its_interface() -> None:
    assert Own("eth0", 2, "fe80::1", 64).scoped == "fe80::1%eth0"
    assert Own("eth0", 2, "fd00::1", 64).scoped == "fd00::1"
    assert Own("eth0", 2, "169.254.1.1", 16).scoped == "169.254.1.1"
