"""Rows 48 to 52: lines that are no requests, and requests with strange things in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.system.hostile.conftest import Scene

SAY = b'{"type":"say","n":1,"room":"general","text":%s}'
HUGE = b"9" * 5_000

BAD_JSON = {
    "48 bad UTF-8": SAY % b'"\xff\xfe"',
    "48 cut UTF-8": SAY % b'"\xf0\x9f\x98"',
    "48 overlong UTF-8": SAY % b'"\xc0\xaf"',
    "48 a surrogate in UTF-8": SAY % b'"\xed\xa0\x80"',
    "48 a lone high surrogate": SAY % rb'"\ud800"',
    "48 a lone low surrogate": SAY % rb'"\udc00"',
    "48 surrogates the wrong way round": SAY % rb'"\udc00\ud800"',
    "48 a surrogate and a letter": SAY % rb'"\ud800x"',
    "48 UTF-16": SAY.decode().replace("%s", '"x"').encode("utf-16"),
    "48 a byte order mark": b"\xef\xbb\xbf" + SAY % b'"x"',
    "49 nothing but a brace": b"{",
    "49 no object": b"[1,2]",
    "49 a number": b"5",
    "49 null": b"null",
    "49 two objects": b'{"type":"ping"}{"type":"ping"}',
    "49 a comma too many": b'{"type":"ping",}',
    "49 single quotes": b"{'type':'ping'}",
    "49 a raw tab in a string": SAY % b'"a\tb"',
    "49 NUL behind it": b'{"type":"ping"}\0',
    "49 NaN": SAY.replace(b":1,", b":NaN,") % b'"x"',
    "49 Infinity": SAY.replace(b":1,", b":Infinity,") % b'"x"',
    "49 a comment": b'{"type":"ping"/**/}',
    "50 nested arrays": b'{"type":"ping","x":' + b"[" * 16_000 + b"]" * 16_000 + b"}",
    "50 nested objects": b'{"type":"ping","x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "50 never closed": b'{"type":"say","n":1,"text":' + b"[" * 32_000,
}
BAD_REQUEST = {
    "49 a number beyond all": SAY.replace(b":1,", b":" + HUGE + b",") % b'"x"',
    "49 a number beyond a double": SAY.replace(b":1,", b":1e999,") % b'"x"',
    "49 a huge bound": b'{"type":"history","room":"general","after":' + HUGE + b"}",
    "51 no type": b'{"room":"general"}',
    "51 a type that is a number": b'{"type":5}',
    "51 a type that is null": b'{"type":null}',
    "51 n missing": b'{"type":"say","room":"general","text":"x"}',
    "51 n zero": SAY.replace(b":1,", b":0,") % b'"x"',
    "51 n negative": SAY.replace(b":1,", b":-1,") % b'"x"',
    "51 n above 2^53": SAY.replace(b":1,", b":9007199254740993,") % b'"x"',
    "51 n with a fraction": SAY.replace(b":1,", b":1.5,") % b'"x"',
    "51 n one and nought": SAY.replace(b":1,", b":1.0,") % b'"x"',
    "51 n true": SAY.replace(b":1,", b":true,") % b'"x"',
    "51 n a string": SAY.replace(b":1,", b':"1",') % b'"x"',
    "51 n a list": SAY.replace(b":1,", b":[1],") % b'"x"',
    "51 a bound true": b'{"type":"history","room":"general","after":true}',
    "51 a bound negative": b'{"type":"history","room":"general","before":-1}',
    "51 a limit with a fraction": b'{"type":"history","room":"general","limit":0.5}',
    "51 an id that is none": b'{"type":"ping","id":5}',
    "51 a protocol true": b'{"type":"hello","protocol":true,"nick":"x","stream":"0"}',
    "51 rooms that are none": b'{"type":"hello","protocol":1,"nick":"x","stream":"0","rooms":{}}',
}
UNKNOWN = {
    "51 another type": b'{"type":"dance","id":"%s"}',
    "51 an answer": b'{"type":"welcome"}',
    "51 a record": b'{"type":"message","seq":1,"text":"x"}',
    "51 the type twice": b'{"type":"ping","type":"bye"}',
    "51 a long type": b'{"type":"' + b"x" * 30_000 + b'"}',
    "51 a type of escapes": rb'{"type":"\u001b[2J"}',
}


@pytest.mark.parametrize(
    ("code", "lines"),
    [("bad-json", BAD_JSON), ("bad-request", BAD_REQUEST), ("unknown-type", UNKNOWN)],
)
def test_48_to_51_each_bad_line_is_an_error_to_its_sender_alone(
    scene: Scene, code: str, lines: dict[str, bytes]
) -> None:
    peer = scene.enter()
    for name, line in lines.items():
        peer.frame(line, {"type": "ping", "id": name})
        peer.expect(type="pong", id=name)
        assert [error["code"] for error in peer.errors()] == [code], name
        assert len(json.dumps(peer.errors())) < 500
        peer.inbox.clear()
    peer.say("as if nothing had been")
    peer.hears("as if nothing had been")
    assert len(peer.history()) == 1
    scene.unharmed()


def test_51_a_bad_line_with_a_legible_number_is_refused_for_good(scene: Scene) -> None:
    peer = scene.enter()
    texts = ["5", "null", "true", '["x"]', '{"a":1}', '"x","me":1', '"x","me":"y"', '"x","user":5']
    for text in texts:
        peer.n += 1
        peer.frame(SAY.replace(b":1,", b":%d," % peer.n) % text.encode())
        assert peer.expect(type="error", n=peer.n)["code"] == "bad-request"
    peer.say("the next")
    peer.hears("the next")
    peer.frame(SAY % b'"too late"')
    assert peer.expect(type="error", n=1)["code"] in ("bad-request", "id-conflict")
    scene.unharmed()


def test_49_what_is_merely_odd_is_taken_as_it_stands(scene: Scene) -> None:
    peer = scene.enter()
    peer.frame(b'{"type":"say","n":7,"room":"tea","text":"a","n":1,"room":"general","text":"last"}')
    peer.hears("last")
    peer.n = 1
    for line in (
        b' \t{ "type" : "ping" , "id" : "spaces" } ',
        b'{"type":"ping","id":"spaces","x":1e999,"y":' + HUGE + b',"z":-0,"w":[{},[],null]}',
        rb'{"\u0074ype":"ping","id":"spaces"}',
        b'{"id":"spaces","x":{"type":"bye"},"type":"ping"}',
    ):
        peer.frame(line)
        peer.expect(type="pong", id="spaces")
    scene.unharmed()


STRANGE = [
    "\0", "a\0b", "\x1b]52;c;ZWNobyBoYQ==\x07", "\x1b[2J\x1b[31m", "\r\nada: hello", "\x9b31m",
    "\u202eevil\u202c", "\u2066x\u2069", "\u200b", "\ufeff", "\u2028line", "\x7f", "\x85",
    "\U000e0041", "a\u0300" * 50, "<script>", "'; DROP TABLE log; --", "\\u0000",
    '"}\n{"type":"bye"}', "\ufffe", "\U0010ffff", "\U0001f469\u200d\U0001f680",
]  # fmt: skip


def test_52_text_is_stored_and_given_back_as_it_was(scene: Scene) -> None:
    peer = scene.enter()
    peer.say(*STRANGE)
    for text in STRANGE:
        peer.hears(text)
    assert [record["text"] for record in peer.history()] == STRANGE
    assert peer.errors() == []
    scene.unharmed()


def test_52_names_hold_nothing_of_the_kind(scene: Scene) -> None:
    peer = scene.enter()
    innocent = {"<script>", "'; DROP TABLE log; --", "\\u0000", "\U0001f469\u200d\U0001f680"}
    for number, text in enumerate(STRANGE):
        peer.frame({"type": "join", "room": text, "id": f"r{number}"})
        assert peer.expect(id=f"r{number}")["code"] == "bad-room", text
        peer.frame({"type": "nick", "nick": "x" + text + "x", "id": f"n{number}"})
        answer = peer.expect(id=f"n{number}")
        assert answer.get("code") == "bad-nick" or text in innocent, text
        peer.frame({"type": "history", "room": text, "id": f"h{number}"})
        assert peer.expect(id=f"h{number}")["code"] == "no-such-room"
    scene.unharmed()


def test_52_a_room_by_another_form_of_its_name_is_the_same_room(scene: Scene) -> None:
    """Said to `#General`, a message once made a second room of that name, which ended the
    broker."""
    peer = scene.enter()
    forms = ["general", "#general", "General", "GENERAL", "#gENERAL"]
    for form in forms:
        peer.say(form, room=form)
        peer.hears(form)
    peer.frame({"type": "join", "room": "#GENERAL", "id": "j"})
    assert peer.expect(type="room", id="j")["state"]["room"] == "general"
    peer.say("e\u0301", room="Cafe\u0301")
    peer.expect(type="stored", room="caf\u00e9", seq=1)
    peer.say("\u00e9", room="#CAF\u00c9")
    peer.expect(type="stored", room="caf\u00e9", seq=2)
    assert [record["text"] for record in peer.history()] == forms
    scene.unharmed()


# --- a fuzz of bytes after a valid session -----------------------------------------------------

WORDS = [
    b'{"type":"say","n":', b'"room":"general"', b'"text":"x"', b'{"type":"hello"', b'"protocol":1',
    b'{"type":"join","room":"', b'{"type":"history"', b'"after":', b'{"type":"who"', b'"id":"',
    b"}", b'{"type":"leave","room":"general"}', b'{"type":"nick","nick":"', b'"', b",", b":", b"\n",
    b"true", b"null", b"-1", b"1e9", b"\\ud800", b"\xff", b"\0", b'{"type":"rooms"}',
    b"9007199254740993", b"[",
]  # fmt: skip
LINES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(WORDS), max_size=12).map(b"".join),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "n", "room", "text", "id", "rooms", "nick", "after", "x"]),
                inner
                | st.sampled_from(["say", "join", "leave", "history", "who", "hello", "nick"]),
                max_size=5,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


def test_47_to_51_a_fuzz_of_frames_behind_a_valid_session(scene: Scene) -> None:
    peer = scene.enter("fuzz")
    sent: list[Any] = []

    @settings(max_examples=300, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(LINES, max_size=4), st.sampled_from([b"\n", b"", b"\r\n", b"\n\n"]))
    def frames(lines: list[bytes], joint: bytes) -> None:
        sent.append(lines)
        peer.push.send(peer.session + joint + b"\n".join(lines))
        if len(sent) % 50 == 0:
            peer.ping()

    frames()
    peer.ping()
    scene.unharmed()
