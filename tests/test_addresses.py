"""The addresses by which others reach this machine."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from common import addresses


def test_what_is_named_can_be_reached_from_elsewhere_or_is_the_loopback() -> None:
    found = [ipaddress.ip_address(one) for one in addresses.addresses()]
    assert found
    assert not any(one.is_link_local or one.is_unspecified for one in found)
    assert all(not one.is_loopback for one in found) or found == [ipaddress.ip_address("127.0.0.1")]


def test_a_machine_without_a_network_names_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_args: object, **_more: object) -> object:
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    monkeypatch.setattr(socket.socket, "connect", nothing)
    assert addresses.addresses() == ["127.0.0.1"]


def test_every_address_is_named_once_and_the_likeliest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in ("127.0.1.1", "192.168.1.20", "169.254.3.4", "192.168.1.20")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: places)
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda _self: ("10.0.0.7", 9))
    assert addresses.addresses() == ["10.0.0.7", "192.168.1.20"]
