"""Row 43 and rows 48 to 52 for deeds: nonsense is an error to its sender, and changes nothing."""

from __future__ import annotations

import json
import secrets
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.protocol import deeds
from tests.system.hostile.conftest import FAST, Scene, Setting
from tests.system.hostile.raw import Line, Peer
from tests.system.hostile.rights import ask, couple, do, go_in, owner_of, private_room

DEEDS = {kind.__struct_config__.tag: kind for kind in deeds.AnyDeed.__args__}
GOOD: Line = {
    "room": "vault", "nick": "ben", "user": "", "reason": "", "seconds": 1, "key": "ab" * 32,
    "seq": 1, "role": "member", "what": "members", "name": "abcd", "uses": 1, "note": "",
    "private": False, "newcomers": "all", "readonly": False, "slow": 0, "keep": 0,
    "keep_bytes": 0, "after": 0, "before": 9, "limit": 5,
}  # fmt: skip
WRONG: list[bytes] = [
    b"true", b"null", b"-1", b"1.5", b"1e999", b"9" * 400, b"9007199254740993", b"[]", b"{}",
    b'["x"]', b'{"a":{"a":{"a":1}}}', b'"\\ud800"', b'"\\u0000"', b'"' + b"x" * 32_000 + b'"',
    b'"' + b"\xc3\xa9" * 300 + b'"', b'""', b'"\\u202e\\u001b[2J"', b"0", b'"0"', b'"@"',
    b'"@a-b"', b'"../x"', b'"%s"', b"[" * 5_000 + b"]" * 5_000,
]  # fmt: skip


def _line(tag: str, field: str, value: bytes, id: str) -> bytes:
    kind = DEEDS[tag]
    rest: Any = {
        name: GOOD[name]
        for name in kind.__struct_fields__
        if name in GOOD and name != field and not (tag in ("list", "audit") and name == "after")
    }
    head = msgspec.json.encode({"type": tag, "id": id, **rest})
    return head[:-1] + b',"' + field.encode() + b'":' + value + b"}"


def _answers(peer: Peer, id: str) -> list[Line]:
    """What came for one request by the time the next is answered."""
    peer.ping()
    mine = [line for line in peer.inbox if line.get("id") == id or line["type"] == "error"]
    peer.inbox.clear()
    return mine


def test_43_every_field_of_every_deed_with_wrong_values(setting: Setting) -> None:
    """By somebody without any right, so that what is well-formed is refused as well."""
    scene = setting(*FAST)
    ada, bob = couple(scene)
    olga = owner_of(scene)
    private_room(ada, "vault", bob)
    before = [do(olga, "list", what=what)["entries"] for what in ("roles", "sanctions")]
    for tag, kind in DEEDS.items():
        peer = scene.enter()
        for field in kind.__struct_fields__:
            for value in WRONG:
                id = secrets.token_hex(4)
                line = _line(tag, field, value, id)
                if len(line) > 32_768:
                    continue
                peer.frame(line)
                for answer in _answers(peer, id):
                    assert field == "id" or len(json.dumps(answer)) < 2_000, (tag, field)
                    harmless = answer["type"] != "error"
                    if harmless:
                        assert tag in ("create", "device-code", "list", "revoke"), answer
        peer.close()
    for one in (ada, bob, olga):
        one.settle()
        assert one.errors() == []
    assert [do(olga, "list", what=what)["entries"] for what in ("roles", "sanctions")] == before
    members = do(ada, "list", what="members", room="vault")["entries"]
    assert {entry["nick"] for entry in members} == {"anna", "ben"}
    scene.unharmed()
    assert not any("\x1b" in line or "Traceback" in line for line in scene.log())


def test_43_an_owner_s_deeds_with_wrong_values_break_nothing(setting: Setting) -> None:
    """Whoever may do everything meets what lies behind the rights."""
    scene = setting(*FAST)
    olga = owner_of(scene)
    private_room(olga, "vault")
    for tag, kind in DEEDS.items():
        if tag == "revoke":
            continue
        one = scene.enter("olga", pair=olga.pair)
        for field in kind.__struct_fields__:
            for value in WRONG:
                id = secrets.token_hex(4)
                line = _line(tag, field, value, id).replace(b'"ben"', b'"nobody-here"')
                if len(line) <= 32_768 and field not in ("user", "nick", "key"):
                    one.frame(line)
                    for answer in _answers(one, id):
                        assert answer.get("code") != "internal", (line[:200], answer)
        one.close()
    do(olga, "unmute", nick="bob")
    scene.unharmed()
    assert not any("\x1b" in line or "Traceback" in line for line in scene.log())


VALUES = st.one_of(
    st.sampled_from(["vault", "general", "anna", "@anna", "@", "", "x" * 600, "\0", "é" * 200]),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip
FIELDS = sorted({name for kind in DEEDS.values() for name in kind.__struct_fields__})


def test_43_a_fuzz_of_deeds(scene: Scene) -> None:
    ada, bob = couple(scene)
    private_room(ada, "vault", bob)
    peer = scene.enter("fuzz")
    sent: list[Any] = []

    @settings(max_examples=300, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(DEEDS)),
                st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def frames(lines: list[tuple[str, Line]]) -> None:
        sent.append(lines)
        peer.frame(*[json.dumps({**fields, "type": tag}).encode() for tag, fields in lines])
        if len(sent) % 50 == 0:
            peer.ping()

    frames()
    peer.ping()
    members = do(ada, "list", what="members", room="vault")["entries"]
    assert {entry["nick"] for entry in members} == {"anna", "ben"}
    scene.unharmed()


def test_43_names_with_nul_and_the_like_are_nobody_s(scene: Scene) -> None:
    ada, _ = couple(scene)
    private_room(ada, "vault")
    bad = scene.enter("mallory")
    for name in ("vault\0", "vault/", "\0vault", "VAULT\u200b", "#vault", "Vault", "@\0", "@a\0-b"):
        for type in ("history", "who", "join"):
            answer = ask(bad, type, room=name)
            assert answer["code"] in ("no-such-room", "bad-room", "no-such-person"), answer
    for name in ("a\0", "a/b", "/", "@x", "@ada-bob", "a b", "..", "x" * 100):
        answer = ask(bad, "create", room=name)
        assert answer["code"] in ("bad-room", "bad-request", "no-such-person"), (name, answer)
    go_in(ada, "vault")
    scene.unharmed()


def test_43_without_encryption_there_are_no_rights_at_all(plain: Scene) -> None:
    ada, _ = plain.bystanders
    for tag, kind in DEEDS.items():
        names = [n for n in kind.__struct_fields__ if n in GOOD and (tag, n) != ("list", "after")]
        fields = {name: GOOD[name] for name in names}
        answer = ask(ada, tag, **fields)
        assert answer.get("code") == "needs-encryption", (tag, answer)
    late = plain.stranger()
    late.knock()
    secret = "a secret of somebody's own"
    late.frame(late.hello("late", secret=secret, code="ABCD-EFGH-JKMN"))
    assert late.expect(type="error")["code"] == "needs-encryption"
    late.come_in("late", secret=secret, direct=True)
    assert do(late, "rooms")["rooms"][0]["room"] == "general"
    for name in ("@ada", "@0123456789abcdef-1123456789abcdef"):
        for type in ("join", "history", "who"):
            assert ask(late, type, room=name)["type"] == "error"
    plain.unharmed()
