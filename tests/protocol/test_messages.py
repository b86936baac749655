"""The shapes of messages: what is left out, what must be there, which limits they announce."""

import pytest
from msgspec import json

from common.protocol import messages as m
from common.protocol.codec import decode_answer, decode_records, decode_room_lines, encode
from common.protocol.limits import WIRE


def test_what_is_not_said_is_not_sent() -> None:
    assert encode(m.Say(1, "general", "hi")) == b'{"type":"say","n":1,"room":"general","text":"hi"}'
    assert encode(m.Bye()) == b'{"type":"bye"}'
    assert b"secret" not in encode(m.Hello(protocol=1, nick="ada", stream="s"))


def test_a_resend_says_from() -> None:
    assert encode(m.Resend(start=7)) == b'{"type":"resend","from":7}'
    assert decode_answer(b'{"type":"resend","from":7}')[0] == m.Resend(start=7)


@pytest.mark.parametrize("number", [1, 1 << 53])
def test_numbers_are_those_that_every_json_reader_holds(number: int) -> None:
    line = b'{"type":"say","n":%d,"room":"a","text":"b"}' % number
    assert json.decode(line, type=m.Say).n == number


def test_the_largest_record_of_a_request_fits_a_frame() -> None:
    """A text of control characters is the one that JSON makes longest."""
    text = "\0" * (WIRE.text // 6)
    say = encode(m.Say(1 << 53, "r" * WIRE.room, text, True))
    id = "f" * 16 + f"-{1 << 53}"
    nick = "\U0001f600" * WIRE.nick
    record = encode(m.Record("message", 1 << 40, id, "f" * 16, nick, 1 << 45, text, True))
    assert len(record) < len(say) + 400 < WIRE.line + 400 < WIRE.frame


def test_a_line_with_a_number_is_a_record_whatever_its_type() -> None:
    lines = (
        b'{"type":"poll","seq":3,"id":"a-1","user":"u","nick":"n","ts":5}\n'
        b'{"type":"head","head":3,"people":2,"rev":9}\n{"type":"typing","user":"u"}'
    )
    poll, head, typing = decode_room_lines(lines)
    assert (poll.type, poll.seq) == ("poll", 3)
    assert (head.seq, head.head, head.people, head.rev) == (0, 3, 2, 9)
    assert (typing.type, typing.seq) == ("typing", 0)


def test_a_record_without_a_place_is_none() -> None:
    from common.protocol.codec import DecodeError

    for line in (
        b'{"type":"message"}',
        b'{"type":"message","seq":"1","id":"","user":"","nick":""}',
    ):
        with pytest.raises(DecodeError):
            decode_records(line)


def test_the_limits_are_announced_as_they_are() -> None:
    greet = m.Greet(protocol=1, server="s", epoch="e", time=1, plain=False, limits=WIRE)
    assert json.decode(encode(greet))["limits"] == json.decode(json.encode(WIRE))
    assert decode_answer(encode(greet))[0] == greet
