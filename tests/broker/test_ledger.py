"""The ledger: dense numbers, the same after a rollback, and nothing kept for who is gone."""

import pytest

from common.broker.batch import RoomRow, StreamRow, UserRow
from common.broker.ledger import Ledger, Person, Room
from common.protocol.codec import decode_records
from common.protocol.topics import room as topic

STREAM = "a" * 16


def ledger_of(
    rooms: list[tuple[RoomRow, int, int]] | None = None, people: list[UserRow] | None = None
) -> Ledger:
    tokens = iter(range(1_000))
    stored: dict[str, StreamRow] = {"e" * 16: StreamRow("e" * 16, "eve", 41)}
    return Ledger(rooms or [], people or [], stored.get, lambda: f"{next(tokens):x}", topic)


def says(ledger: Ledger, room: Room, count: int = 1, ts: int = 10) -> list[int]:
    row = ledger.stream(STREAM, "ada")
    assert row is not None
    ada = Person("ada", "", "Ada", "ada")
    return [
        ledger.apply_say(row, row.last + 1, room, ada, f"text {row.last + 1}", False, ts)
        for _ in range(count)
    ]


def test_numbers_of_a_room_are_dense_from_one() -> None:
    ledger = ledger_of()
    one, two = ledger.apply_room("one", "", 1), ledger.apply_room("two", "", 1)
    assert says(ledger, one, 2) == [1, 2]
    assert says(ledger, two) == [1]
    ledger.committed()
    assert says(ledger, one) == [3]
    (append,) = ledger.batch.appends.values()
    assert (append.first, len(append.lines)) == (3, 1)


def test_a_room_goes_on_where_the_file_ends() -> None:
    ledger = ledger_of([(RoomRow(0, "", "", 1), 7, 90), (RoomRow(4, "salon", "", 1), 5, 100)])
    salon = ledger.rooms["salon"]
    assert says(ledger, salon, ts=50) == [6]
    (record,) = decode_records(ledger.batch.appends[4].lines[0])
    assert record.ts == 100  # a clock set back
    assert ledger.apply_room("next", "", 1).number == 5
    assert ledger.batch.appends[0].first == 8


def test_a_stream_is_one_persons_for_ever() -> None:
    ledger = ledger_of()
    row = ledger.stream("e" * 16, "eve")
    assert row is not None
    assert (row.last, row.committed) == (41, 41)
    assert ledger.stream("e" * 16, "ada") is None
    assert ledger.stream(STREAM, "ada") is not None
    assert ledger.stream(STREAM, "eve") is None


def test_a_rollback_takes_everything_back() -> None:
    ledger = ledger_of()
    salon = ledger.apply_room("salon", "", 1)
    ledger.apply_person("ada", "k", "Ada", "ada", 1)
    says(ledger, salon, 3)
    ledger.committed()
    says(ledger, salon, 2)
    row = ledger.stream(STREAM, "ada")
    assert row is not None
    ledger.apply_refusal(row, row.last + 1, "bad-room", "")
    ledger.apply_room("cave", "ada", 1)
    ledger.apply_room("cellar", "ada", 1)
    ledger.apply_person("ada", "k", "Lovelace", "lovelace", 1)
    ledger.apply_person("ada", "k", "Countess", "countess", 1)
    ledger.apply_person("bob", "l", "Ada", "ada", 1)
    ledger.rolled_back()
    assert (row.last, salon.seq) == (3, 3)
    assert list(ledger.rooms) == ["salon"]
    assert list(ledger.people) == ["ada"]
    assert (ledger.people["ada"].nick, list(ledger.nicks)) == ("Ada", ["ada"])
    assert not ledger.batch.durable
    assert says(ledger, salon) == [4]
    assert ledger.apply_room("cave", "", 1).number == 2


@pytest.mark.parametrize("rolled_back", [False, True])
def test_a_stream_that_nobody_sends_from_is_not_kept(rolled_back: bool) -> None:
    ledger = ledger_of()
    salon = ledger.apply_room("salon", "", 1)
    says(ledger, salon)
    ledger.forget_stream(STREAM)
    assert STREAM in ledger.streams  # it is not in the file yet
    if rolled_back:
        ledger.rolled_back()
    else:
        ledger.committed()
    assert STREAM not in ledger.streams


def test_a_stream_that_is_sent_from_again_is_kept() -> None:
    ledger = ledger_of()
    salon = ledger.apply_room("salon", "", 1)
    says(ledger, salon)
    ledger.forget_stream(STREAM)
    says(ledger, salon)
    ledger.committed()
    assert ledger.streams[STREAM].committed == 2


def test_every_change_is_a_record_of_the_servers_log() -> None:
    ledger = ledger_of()
    ledger.apply_person("ada", "key", "Ada", "ada", 5)
    ledger.apply_room("salon", "ada", 4)
    records = decode_records(b"\n".join(ledger.batch.appends[0].lines))
    assert [(r.type, r.seq, r.nick, r.text, r.ts) for r in records] == [
        ("nick-bound", 1, "Ada", "key", 5),
        ("room-created", 2, "Ada", "salon", 5),
    ]
    assert ledger.batch.appends[0].topic == b""
