"""What the gateway refuses over HTTP: other sites, other names, uploads, floods, half requests.

Row 55 and the rows of floods; what pages say on their WebSockets is tested elsewhere.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import scaled
from tests.support.gateway import GatewayProgram, Visitor
from tests.support.programs import BrokerProgram
from tests.system.test_web_gateway import handshake

EVIL = "http://evil.example"


@pytest.fixture
def gateway(broker: BrokerProgram) -> Iterator[GatewayProgram]:
    with GatewayProgram(broker.data_dir, "--host", "chat.example.org") as started:
        yield started
        assert started.process.poll() is None, started.describe()
        wrong = [line for line in started.lines("stderr") if "ERROR" in line or "Trace" in line]
        assert not wrong, started.describe()


@pytest.fixture
def ada(gateway: GatewayProgram) -> Visitor:
    """Somebody who is in."""
    visitor = Visitor(gateway.page)
    assert visitor.join("Ada").status == 200
    return visitor


def raw(page: str, sent: bytes) -> bytes:
    """What comes back for bytes that no browser would send, until it is over or nothing comes."""
    place = urllib.parse.urlsplit(page)
    got = b""
    line = socket.create_connection((str(place.hostname), place.port or 0), scaled(2))
    with line, contextlib.suppress(TimeoutError, ConnectionError):
        line.sendall(sent)
        while more := line.recv(65_536):
            got += more
    return got


# --- other sites ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing(ada: Visitor, headers: dict[str, str]) -> None:
    for path in ("/api/leave", "/api/join", "/api/hooks", "/api/hooks/revoke"):
        usual = {"Content-Type": "application/json", "Origin": ada.page}
        body = '{"forget": true, "nick": "x", "name": "x", "room": "x", "id": 1}'
        answer = ada.ask("POST", path, body, {**usual, **headers})
        assert (answer.status, answer.code) == (403, "other-origin"), path
    assert ada.get("/api/start").json["joined"] is True


def test_a_form_of_another_site_is_not_taken_for_the_pages_own(ada: Visitor) -> None:
    """What a browser sends without asking first: these types alone."""
    for media in ("text/plain", "application/x-www-form-urlencoded"):
        answer = ada.post("/api/leave", {"forget": True}, Content_Type=media)
        assert (answer.status, answer.code) == (415, "wrong-type")
    without = ada.ask("POST", "/api/leave", "{}", {"Content-Type": "application/json"})
    assert without.status == 403


def test_a_websocket_is_for_the_page_alone(ada: Visitor) -> None:
    assert handshake(ada, ada.page)[0] == 101
    for origin in (EVIL, "null", None, "http://127.0.0.1"):
        assert handshake(ada, origin)[0] == 403, origin
    assert ada.get("/ws", Origin=ada.page).status == 426


def test_a_strangers_websocket_is_told_to_ask_for_the_form(gateway: GatewayProgram) -> None:
    stranger = Visitor(gateway.page, jar={"causette": "x" * 43})
    for visitor in (Visitor(gateway.page), stranger):
        status, frame = handshake(visitor, gateway.page, speaks=True)
        assert status == 101
        assert (frame[0], int.from_bytes(frame[2:4], "big")) == (0x88, 4003)


def test_a_name_that_somebody_leads_here_is_not_answered(ada: Visitor) -> None:
    """DNS rebinding: the page of evil.example asks, and its name leads to this machine by now."""
    for path in ("/", "/api/start", "/ws", "/metrics", "/static/tokens.css"):
        answer = ada.get(path, Host="evil.example", Origin=EVIL)
        assert answer.status == 421, path
        assert "evil.example" in answer.text
        assert "Ada" not in answer.text
    for host in ("localhost", "chat.example.org", "192.0.2.7:80", "somebody.local"):
        assert ada.get("/", Host=host).status == 200, host
    assert ada.get("/healthz", Host="evil.example").status == 200
    nobody = raw(ada.page, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b" 421 " in nobody or b" 400 " in nobody


# --- what every answer carries --------------------------------------------------------------------


def test_every_answer_forbids_what_is_not_needed(ada: Visitor) -> None:
    answers = [
        ada.get("/"),
        ada.get("/static/tokens.css"),
        ada.get("/static/tokens.css", If_None_Match="*"),
        ada.get("/api/start"),
        ada.get("/nothing"),
        ada.get("/", Host="evil.example"),
        ada.get("/api/save?room=general&format=html"),
        ada.post("/api/join", {}),
        ada.ask("DELETE", "/"),
        ada.ask("HEAD", "/"),
        ada.get("/healthz"),
    ]
    assert [answer.status for answer in answers] == [
        200, 200, 304, 200, 404, 421, 200, 400, 405, 200, 200,
    ]  # fmt: skip
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "access-control-allow-origin" not in answer.headers
        assert "strict-transport-security" not in answer.headers
        assert "aiohttp" not in str(answer.headers)
    assert ada.get("/api/start").headers["cache-control"] == "no-store"


def test_no_path_leads_out_of_the_page(gateway: GatewayProgram) -> None:
    """Row 55, from the address bar: nothing is ever opened for a path."""
    for path in (
        "/static/", "/static", "/static/../app.py", "/static/..%2fapp.py", "/static//etc/passwd",
        "/static/%2e%2e/%2e%2e/options.py", "/../../../etc/passwd", "/static/index.html",
        "/static/tokens.css/", "/static/con", "/hooks/", "/hooks", "/static/" + "a" * 300,
        "//evil.example", "/static/tokens.css%00.js", "/api/", "/.env",
    ):  # fmt: skip
        answer = Visitor(gateway.page).ask("GET", path)
        assert answer.status == 404, path
        assert "location" not in answer.headers
    long = Visitor(gateway.page).ask("GET", "/" + "a" * 10_000)
    assert long.status == 400


def test_a_saved_conversation_has_a_harmless_name(ada: Visitor) -> None:
    good = ada.get("/api/save?room=general&format=jsonl")
    said = good.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="[\w.-]+"; filename\*=UTF-8\'\'[\w.%~-]+', said)
    for query in ("room=general&format=exe", "room=../../etc&format=txt", "room=&format=txt", ""):
        assert ada.get(f"/api/save?{query}").status in (400, 403), query
    assert Visitor(ada.page).get("/api/save?room=general").status == 401
    head = ada.ask("HEAD", "/api/save?room=general&format=html")
    assert (head.status, head.body) == (200, b"")


# --- too much, too slow, not HTTP -----------------------------------------------------------------


def test_uploads_are_refused_until_files_exist(ada: Visitor) -> None:
    body = b"--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nx\r\n--b--\r\n"
    for path in ("/api/join", "/api/leave", "/hooks/x"):
        answer = ada.ask(
            "POST", path, body,
            {"Content-Type": "multipart/form-data; boundary=b", "Origin": ada.page},
        )  # fmt: skip
        assert answer.status in (404, 415), path
    assert ada.ask("PUT", "/static/x.js", b"x").status == 404
    assert ada.ask("PUT", "/", b"x").status == 405


def test_a_body_is_refused_before_it_is_read(ada: Visitor) -> None:
    place = urllib.parse.urlsplit(ada.page)
    head = (
        f"POST /api/join HTTP/1.1\r\nHost: {place.netloc}\r\nOrigin: {ada.page}\r\n"
        "Content-Type: application/json\r\n"
    )
    announced = raw(ada.page, (head + "Content-Length: 1000000000\r\n\r\n{").encode())
    assert b" 413 " in announced
    chunk = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    chunked = raw(ada.page, (head + "Transfer-Encoding: chunked\r\n\r\n").encode() + chunk * 4)
    assert b" 413 " in chunked
    deep = ada.ask("POST", "/api/join", "[" * 60_000,
                   {"Content-Type": "application/json", "Origin": ada.page})  # fmt: skip
    assert (deep.status, deep.code) == (400, "bad-request")
    packed = ada.post("/api/join", {"nick": "x"}, Content_Encoding="deflate")
    assert packed.status == 415


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"NOT HTTP AT ALL\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(500)) + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"\0" * 5_000,
    ],
    ids=["tls", "words", "two hosts", "blank", "smuggled", "minus", "many", "long", "nulls"],
)
def test_what_is_not_http_is_cut_off_in_few_words(gateway: GatewayProgram, sent: bytes) -> None:
    got = raw(gateway.page, sent)
    assert b"Traceback" not in got
    assert b" 200 " not in got.partition(b"\r\n")[0]
    assert len(got) < 1_500
    assert b"aiohttp" not in got
    assert Visitor(gateway.page).get("/healthz").status == 200
    assert len(gateway.lines("stderr")) <= 3, "nobody fills the log"


def test_too_many_from_one_place_are_put_off_and_others_are_not(broker: BrokerProgram) -> None:
    with GatewayProgram(broker.data_dir, "--proxy", "127.0.0.1") as gateway:

        def of(address: str) -> Visitor:
            return Visitor(gateway.page, {"X-Forwarded-For": address, "Accept-Language": "fr"})

        def join(n: int) -> int:
            return of("203.0.113.7").join(f"ada{n}").status

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(join, range(40)))
        assert answers.count(200) in range(30, 33), answers
        assert set(answers) == {200, 429}
        late = of("203.0.113.7").join("once more")
        assert (late.status, late.code) == (429, "rate-limited")
        assert "Trop" in late.json["error"]["text"] or "trop" in late.json["error"]["text"]
        assert 1 <= int(late.headers["retry-after"]) <= 60
        assert of("203.0.113.8").join("bob").status == 200
        lied = of("203.0.113.9, 203.0.113.7").join("eve")
        assert lied.status == 429, "what a visitor wrote before the proxy did does not count"
        secure = of("203.0.113.10")
        told = secure.get("/api/start", X_Forwarded_Proto="https").json
        assert told["secure"] is True
        before = of("203.0.113.11")

        def read(_n: int) -> int:
            return before.get("/healthz").status

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(read, range(2_500)))
        assert statuses.count(429) > 100
        assert of("203.0.113.12").get("/").status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_connections_that_say_nothing_are_let_go(gateway: GatewayProgram) -> None:
    """Slow senders of heads are many connections that cost little, and end; the chat goes on."""
    place = urllib.parse.urlsplit(gateway.page)
    address = (str(place.hostname), place.port or 0)
    lines = [socket.create_connection(address) for _ in range(300)]
    try:
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        ada = Visitor(gateway.page)
        assert ada.join("Ada").status == 200
        assert ada.get("/").status == 200
    finally:
        for line in lines:
            line.close()
    assert Visitor(gateway.page).get("/healthz").json["ok"]
