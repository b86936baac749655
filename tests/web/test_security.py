"""Who may ask: names, origins, visitors behind proxies, rates, cookies; headers of all answers."""

from __future__ import annotations

import pytest

from common.web.security import (
    CONTENT_POLICY,
    HEADERS,
    Hosts,
    Proxies,
    Rate,
    authority,
    cookie,
    cookie_name,
    network,
    same_origin,
)

HOSTS = Hosts("Salle-B204.example.org", ["chat.example.org"])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("localhost", ("localhost", None)),
        ("Chat.Example.ORG:8080", ("chat.example.org", 8080)),
        ("chat.example.org.:80", ("chat.example.org", 80)),
        ("[::1]:8080", ("::1", 8080)),
        ("[2001:DB8::1]", ("2001:db8::1", None)),
        ("192.168.1.20:8080", ("192.168.1.20", 8080)),
        ("", None),
        (":8080", None),
        ("a b", None),
        ("user@host", None),
        ("host:port", None),
        ("host:8080/path", None),
        ("host\\evil", None),
    ],
)
def test_an_authority_is_a_host_and_a_port(text: str, read: tuple[str, int | None] | None) -> None:
    assert authority(text) == read


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8080",
        "127.0.0.1:8080",
        "192.168.1.20",
        "[::1]:8080",
        "[fe80::1]",
        "salle-b204:8080",
        "Salle-B204.example.org",
        "salle-b204.local",
        "another.local:8080",
        "salle-b204.lan",
        "salle-b204.home.arpa",
        "chat.example.org",
    ],
)
def test_names_that_nobody_else_can_have_are_known(host: str) -> None:
    assert HOSTS.known(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "chat.example.org.evil.example",
        "salle-b204.evil.example",
        "localhost.evil.example",
        "local",
        "127.0.0.1.evil.example",
        "another.lan",
        "evil.example:80@localhost",
    ],
)
def test_a_name_that_somebody_else_can_lead_here_is_not(host: str) -> None:
    assert not HOSTS.known(host)


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("https://chat.example.org", "chat.example.org", True),
        ("https://chat.example.org", "chat.example.org:443", True),
        ("http://Chat.example.org:80", "chat.example.org", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("http://127.0.0.1:8081", "127.0.0.1:8080", False),
        ("http://127.0.0.1", "127.0.0.1:8080", False),
        ("http://evil.example", "127.0.0.1:8080", False),
        ("null", "127.0.0.1:8080", False),
        ("", "127.0.0.1:8080", False),
        (None, "127.0.0.1:8080", False),
        ("file://", "127.0.0.1:8080", False),
        ("http://127.0.0.1:8080.evil.example", "127.0.0.1:8080", False),
        ("http://user@127.0.0.1:8080", "127.0.0.1:8080", False),
        ("http://127.0.0.1:8080/path", "127.0.0.1:8080", False),
    ],
)
def test_an_origin_is_this_one_or_another(origin: str | None, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same


# --- visitors ------------------------------------------------------------------------------------


def test_without_a_proxy_only_the_connection_counts() -> None:
    bare = Proxies()
    assert bare.visitor("127.0.0.1", False, {}).local
    assert bare.visitor("::1", True, {}).local
    assert bare.visitor("::ffff:127.0.0.1", False, {}).local
    told = bare.visitor("192.168.1.9", False, {"X-Forwarded-For": "127.0.0.1"})
    assert (told.address, told.local, told.secure) == ("192.168.1.9", False, False)
    lied = bare.visitor("192.168.1.9", False, {"X-Forwarded-Proto": "https"})
    assert not lied.secure


def test_what_came_through_an_undeclared_proxy_is_not_of_this_machine() -> None:
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        assert not Proxies().visitor("127.0.0.1", False, {name: "x"}).local


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("10.9.9.9, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 127.0.0.1", "203.0.113.7"),
        ("[2001:db8::7]:1234", "2001:db8::7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_a_declared_proxy_tells_who_asks(forwarded: str, address: str) -> None:
    declared = Proxies([network("127.0.0.1")])
    told = declared.visitor(
        "127.0.0.1", False, {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    )
    assert (told.address, told.secure, told.local) == (address, True, False)


def test_limits_are_counted_by_address_or_ipv6_network() -> None:
    bare = Proxies()

    def place(address: str) -> str:
        return bare.visitor(address, False, {}).place

    assert place("192.168.1.9") != place("192.168.1.10")
    assert place("2001:db8:1:2::9") == place("2001:db8:1:2:ffff::1")
    assert place("2001:db8:1:2::9") != place("2001:db8:1:3::9")
    assert place("::ffff:192.168.1.9") == place("192.168.1.9")


# --- rates ---------------------------------------------------------------------------------------


def test_a_rate_lets_a_burst_pass_and_then_so_many_a_second() -> None:
    rate = Rate(per_second=2.0, burst=3.0)
    assert [rate.take("ada", 100.0) for _ in range(3)] == [0.0] * 3
    assert rate.take("ada", 100.0) == pytest.approx(0.5)
    assert rate.take("bob", 100.0) == 0.0, "others are not concerned"
    assert rate.take("ada", 100.5) == 0.0
    assert rate.take("ada", 100.5) > 0.0
    assert [rate.take("ada", 200.0) for _ in range(4)][:3] == [0.0] * 3, "not more than a burst"
    assert rate.take("ada", 200.0) > 0.0


def test_a_rate_remembers_only_so_many() -> None:
    rate = Rate(per_second=0.001, burst=1.0, most=10)
    assert rate.take("ada", 0.0) == 0.0
    assert rate.take("ada", 0.0) > 0.0
    for number in range(10):
        rate.take(f"stranger {number}", 0.0)
    assert rate.take("ada", 0.0) == 0.0


# --- cookies and headers --------------------------------------------------------------------------


def test_a_cookie_is_for_this_port_and_for_nobody_elses_pages() -> None:
    assert cookie_name("127.0.0.1:8080", False) == "causette-8080"
    assert cookie_name("chat.example.org", False) == "causette"
    assert cookie_name("chat.example.org:443", True) == "__Host-causette"
    plain, secure = (
        cookie("h:8080", False, "TOKEN").split("; "),
        cookie("h", True, "TOKEN").split("; "),
    )
    assert plain[0] == "causette-8080=TOKEN"
    assert {"Path=/", "HttpOnly", "SameSite=Strict"} <= set(plain)
    assert "Secure" not in plain
    assert secure[0] == "__Host-causette=TOKEN"
    assert "Secure" in secure
    assert "Max-Age=0" in cookie("h", True, "")
    assert not any(part.startswith("Domain") for part in plain + secure)


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_POLICY.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert set(rules.values()) <= {"'self'", "'none'"}
    for rule in ("base-uri", "form-action", "frame-ancestors"):
        assert rules[rule] == "'none'"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in HEADERS
