"""Frames to messages and back: every wrong byte ends in one `DecodeError` (rows 44-51)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.protocol import messages as m
from common.protocol.codec import (
    DecodeError,
    decode_answer,
    decode_card,
    decode_records,
    decode_request,
    decode_room_lines,
    encode,
    frames,
    raw_lines,
)
from common.protocol.limits import WIRE


def refused(line: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_request(line)
    return caught.value


@pytest.mark.parametrize(
    ("line", "code", "n", "id"),
    [
        (b"", "bad-json", 0, ""),
        (b"{", "bad-json", 0, ""),
        (b"[]", "bad-json", 0, ""),
        (b"null", "bad-json", 0, ""),
        (b'{"type":"ping"} {"type":"ping"}', "bad-json", 0, ""),
        (b'{"type":"ping","x":NaN}', "bad-json", 0, ""),
        (b'{"type":"ping","x":Infinity}', "bad-json", 0, ""),
        (b'{"type":"ping","id":"\xff"}', "bad-json", 0, ""),
        (b'{"type":"ping","id":"\xed\xa0\x80"}', "bad-json", 0, ""),
        (b'{"type":"ping","id":"\\udfff"}', "bad-json", 0, ""),
        (b'{"type":"ping","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "bad-json", 0, ""),
        (b"[" * 100_000, "bad-json", 0, ""),
        (b"{}", "bad-request", 0, ""),
        (b'{"type":null}', "bad-request", 0, ""),
        (b'{"type":"whistle","id":"q7"}', "unknown-type", 0, "q7"),
        (b'{"type":"whistle","n":7}', "unknown-type", 7, ""),
        (b'{"type":"say","n":7,"room":[],"text":""}', "bad-request", 7, ""),
        (b'{"type":"say","n":true,"room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":1.0,"room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":"1","room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":0,"room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":-1,"room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":1' + b"0" * 5_000 + b',"room":"a","text":"b"}', "bad-request", 0, ""),
        (b'{"type":"say","n":1,"room":"a","text":"b","me":1}', "bad-request", 1, ""),
        (b'{"type":"join","room":7,"id":"' + b"x" * 65 + b'"}', "bad-request", 0, ""),
        (b'{"type":"history","room":"a","limit":-1,"id":"h"}', "bad-request", 0, "h"),
    ],
)
def test_rows_48_to_51_a_bad_line_says_what_and_which(
    line: bytes, code: str, n: int, id: str
) -> None:
    fault = refused(line)
    assert (fault.code, fault.n, fault.id) == (code, n, id)


def test_a_key_that_comes_twice_has_one_meaning() -> None:
    assert decode_request(b'{"type":"ping","id":"a","id":"b"}') == m.Ping("b")


def test_fields_to_come_are_ignored() -> None:
    line = b'{"type":"say","n":1,"room":"a","text":"b","colour":{"deep":[1]}}'
    assert decode_request(line) == m.Say(1, "a", "b")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_decode_error(line: bytes) -> None:
    for decode in (decode_request, decode_answer, decode_records, decode_room_lines, decode_card):
        with suppress(DecodeError):
            decode(line)


@given(st.text(), st.text(max_size=30), st.integers(1, 1 << 53), st.booleans())
def test_what_is_said_comes_back(text: str, room: str, n: int, me: bool) -> None:
    say = m.Say(n, room, text, me)
    try:
        line = encode(say)
    except UnicodeEncodeError:
        assert any("\ud800" <= letter <= "\udfff" for letter in text + room)
        return
    assert b"\n" not in line
    assert decode_request(line) == say


def test_an_inbox_frame_is_read_line_by_line() -> None:
    body = encode(m.Done("a")) + b"\n" + encode(m.Pong(id="b", time=1))
    first, rest = decode_answer(body)
    second, end = decode_answer(rest)
    assert (first, second, end) == (m.Done("a"), m.Pong(id="b", time=1), b"")


def test_row_44_lines_are_joined_up_to_the_limit_and_never_beyond() -> None:
    lines = [b"x" * 1_000] * 200
    bodies = frames(lines)
    assert b"\n".join(bodies).split(b"\n") == lines
    assert len(bodies) == 4
    assert all(len(body) <= WIRE.frame - 33 for body in bodies)


@given(st.lists(st.integers(1, WIRE.line), min_size=1, max_size=20))
def test_frames_keep_every_line_in_order(sizes: list[int]) -> None:
    lines = [bytes([65 + place % 26]) * size for place, size in enumerate(sizes)]
    bodies = frames(lines)
    assert [line for body in bodies for line in body.split(b"\n")] == lines
    assert all(len(body) <= WIRE.frame - 33 for body in bodies)


def test_row_32_records_of_a_type_to_come_keep_their_line() -> None:
    known = encode(m.Record("message", 1, "a-1", "u", "n", 5, "t"))
    unknown = b'{"type":"poll","seq":2,"id":"a-2","user":"u","nick":"n","ts":6,"choices":["x"]}'
    body = known + b"\n" + unknown
    records = decode_records(body)
    assert [record.type for record in records] == ["message", "poll"]
    assert raw_lines(body, records) == {2: unknown}
