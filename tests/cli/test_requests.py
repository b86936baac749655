"""Lines of JSON to requests, and which request a repeated id is."""

import json
from typing import get_args

import pytest

from common.cli import requests
from common.cli.requests import BadLine, Claim, Ids, decode
from common.protocol import deeds


def bad(line: str | bytes) -> BadLine:
    with pytest.raises(BadLine) as caught:
        decode(line if isinstance(line, bytes) else line.encode())
    return caught.value


def test_every_request_of_the_contract() -> None:
    lines = {
        '{"type":"say","room":"general","text":"hello","id":"my-1"}': requests.Say(
            id="my-1", room="general", text="hello"
        ),
        '{"type":"history","room":"general","after":0,"limit":100,"id":"my-2"}': requests.History(
            id="my-2", room="general", after=0, limit=100
        ),
        '{"type":"join","room":"tea","id":"my-4"}': requests.Join(id="my-4", room="tea"),
        '{"type":"leave","room":"tea","id":"my-5"}': requests.Leave(id="my-5", room="tea"),
        '{"type":"who","room":"tea","id":"my-8"}': requests.Who(id="my-8", room="tea"),
        '{"type":"rooms","id":9}': requests.Rooms(id=9),
        '{"type":"say","to":"@Bob","text":"psst","id":"my-7"}': requests.Say(
            id="my-7", room="@Bob", to="@Bob", text="psst"
        ),
        '{"type":"history","room":"@bob"}': requests.History(room="@bob"),
        '{"type":"create","room":"#Staff","private":true,"id":"my-5"}': requests.Do(
            id="my-5", deed=deeds.Create(room="staff", private=True)
        ),
        '{"type":"invite","room":"staff","nick":"@bob","id":6}': requests.Do(
            id=6, deed=deeds.Invite(room="staff", nick="bob")
        ),
        '{"type":"set","room":"staff","readonly":false}': requests.Do(
            deed=deeds.Set(room="staff", readonly=False)
        ),
        '{"type":"list","what":"members","room":"Staff"}': requests.List(
            what="members", room="staff"
        ),
        '{"type":"audit","limit":3}': requests.Do(deed=deeds.Audit(limit=3)),
    }
    for line, request in lines.items():
        assert decode(line.encode()) == request


def test_unknown_fields_are_ignored_and_rooms_made_canonical() -> None:
    assert decode(b'{"type":"say","room":"#Tea","text":"x","colour":"red"}') == requests.Say(
        room="tea", text="x"
    )


def test_every_deed_of_the_wire_can_be_asked_for() -> None:
    for shape in get_args(deeds.AnyDeed):
        tag = shape.__struct_config__.tag
        sample = {"room": "a", "nick": "bob", "key": "ab" * 32, "name": "3f2a", "seq": 1}
        chosen = {"role": "member", "what": "roles"}
        request = decode(json.dumps({"type": tag, "id": 1, **sample, **chosen}).encode())
        assert isinstance(request, requests.Do | requests.List), tag
        assert request.id == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "bad-json"),
        ("hello", "bad-json"),
        ("[1]", "bad-json"),
        ("{", "bad-json"),
        ('{"type":"say","room":"a","text":NaN}', "bad-json"),
        ("[" * 100_000, "bad-json"),
        (b'{"type":"\xff"}', "bad-json"),
        ("{}", "bad-request"),
        ('{"type":3}', "bad-request"),
        ('{"type":"dance"}', "unknown-type"),
        ('{"type":"say","room":"general"}', "bad-request"),
        ('{"type":"say","room":"general","text":""}', "bad-request"),
        ('{"type":"say","room":"general","text":7}', "bad-request"),
        ('{"type":"say","room":"general","text":"x","me":1}', "bad-request"),
        ('{"type":"say","room":"a b","text":"x"}', "bad-room"),
        ('{"type":"say","text":"psst"}', "bad-request"),
        ('{"type":"say","to":"bob","room":"a","text":"psst"}', "bad-request"),
        ('{"type":"say","to":"a\\u0000b","text":"psst"}', "bad-nick"),
        ('{"type":"create"}', "bad-request"),
        ('{"type":"create","room":"a b"}', "bad-room"),
        ('{"type":"create","room":"staff","private":"yes"}', "bad-request"),
        ('{"type":"invite","room":"staff"}', "bad-request"),
        ('{"type":"mute","nick":"bob","seconds":-1}', "bad-request"),
        ('{"type":"mute","nick":"bob","seconds":315360001}', "bad-request"),
        ('{"type":"ban","reason":"spam"}', "bad-request"),
        ('{"type":"kick","nick":"@/x"}', "bad-nick"),
        ('{"type":"role","nick":"bob","role":"king"}', "bad-request"),
        ('{"type":"delete","room":"a","seq":0}', "bad-request"),
        ('{"type":"set","room":"a","slow":null}', "bad-request"),
        ('{"type":"list","what":"secrets"}', "bad-request"),
        ('{"type":"do","deed":{"type":"ban","nick":"bob"}}', "unknown-type"),
        ('{"type":"history","room":"a","limit":0}', "bad-request"),
        ('{"type":"history","room":"a","limit":1001}', "bad-request"),
        ('{"type":"history","room":"a","limit":true}', "bad-request"),
        ('{"type":"history","room":"a","after":-1}', "bad-request"),
        ('{"type":"history","room":"a","after":1,"before":3}', "bad-request"),
        ('{"type":"join","room":"a","after":-1}', "bad-request"),
        ('{"type":"rooms","id":{}}', "bad-request"),
        ('{"type":"rooms","id":true}', "bad-request"),
    ],
)
def test_what_is_no_request(line: str | bytes, code: str) -> None:
    assert bad(line).code == code


def test_an_error_carries_the_id_where_it_is_legible() -> None:
    assert bad('{"type":"dance","id":"d-1"}').id == "d-1"
    assert bad('{"type":"say","id":"s-1"}').say
    assert bad('{"type":"rooms","id":"%s"}' % ("x" * 201)).id is None


def claimed(ids: Ids, **fields: object) -> Claim:
    return ids.claim(decode(json.dumps(fields).encode()))[0]


SAY = {"type": "say", "room": "general", "text": "hello", "id": "1"}


def test_the_same_id_and_content_is_the_same_request() -> None:
    ids = Ids()
    request = decode(json.dumps(SAY).encode())
    assert claimed(ids, **SAY) is Claim.ASK
    assert claimed(ids, **SAY) is Claim.WAIT
    assert ids.answered(request, {"type": "stored"}) == 2
    assert ids.claim(request) == (Claim.AGAIN, {"type": "stored"})


def test_unknown_fields_and_their_order_make_no_other_content() -> None:
    ids = Ids()
    assert claimed(ids, **SAY) is Claim.ASK
    assert claimed(ids, extra=1, **dict(reversed(SAY.items()))) is Claim.WAIT


def test_the_same_id_with_other_content_is_a_conflict() -> None:
    ids = Ids()
    claimed(ids, **SAY)
    with pytest.raises(BadLine) as caught:
        claimed(ids, **{**SAY, "text": "other"})
    assert (caught.value.code, caught.value.id) == ("id-conflict", "1")


def test_requests_without_an_id_are_never_the_same() -> None:
    ids = Ids()
    for _again in range(2):
        assert claimed(ids, type="rooms") is Claim.ASK


def test_a_read_is_asked_anew() -> None:
    ids = Ids()
    request = decode(b'{"type":"who","room":"a","id":"w"}')
    assert ids.claim(request)[0] is Claim.ASK
    assert ids.answered(request, {"type": "who"}) == 1
    assert ids.claim(request)[0] is Claim.ASK


def test_a_deed_is_done_once_and_a_log_read_anew() -> None:
    ids = Ids()
    made = decode(b'{"type":"invitation","id":"i"}')
    assert ids.claim(made)[0] is Claim.ASK
    ids.answered(made, {"type": "code"})
    assert ids.claim(made) == (Claim.AGAIN, {"type": "code"})
    assert claimed(ids, type="audit", id="a") is Claim.ASK
    ids.answered(decode(b'{"type":"audit","id":"a"}'), {"type": "audit"})
    assert claimed(ids, type="audit", id="a") is Claim.ASK


def test_old_ids_are_forgotten() -> None:
    ids = Ids(keep=2)
    for number in range(3):
        claimed(ids, **{**SAY, "id": number})
    assert claimed(ids, **{**SAY, "id": 0, "text": "new"}) is Claim.ASK
