"""The entries of a room: harmless, bounded in number, each record once and in order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.client import timeline
from common.client.conversation import Fetch
from common.client.timeline import Mine
from tests.client.test_conversation import (
    NOW,
    begun,
    messages,
    presence,
    progress,
    record,
    reply,
    room_of,
    shown,
)

# --- harmless text, bounded memory --------------------------------------------------------------


def test_what_others_wrote_is_harmless() -> None:
    """Rows 52 and 53 of the test list: NUL, escapes, carriage returns, bidi."""
    chat = begun()
    evil = "\x1b]52;c;aGk=\x07\x1b[2J\rover\u202egnp\x00\x9b31m"
    chat.handle(messages("general", record(1, evil, nick="e\x1b[1m\nvil")), NOW)
    chat.handle(presence("joined", "b\x1b[1mob\r"), NOW)
    room_of(chat).notice([f"Ada\x1b[0m\t{evil}"], NOW)
    seen = repr(list(room_of(chat).entries()))
    for bad in ("\\x1b", "\\r", "\\x00", "\\u202e", "\\x07", "\\x9b"):
        assert bad not in seen


def test_old_lines_are_let_go_and_can_be_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "KEEP", 50)
    monkeypatch.setattr(timeline, "SLACK", 10)
    monkeypatch.setattr(timeline, "HARD", 200)
    chat = begun()
    room = room_of(chat)
    for seq in range(1, 500):
        chat.handle(messages("general", record(seq)), NOW)
        assert room.size <= 60
    assert not room.complete
    assert chat.older() == [Fetch("general", room.first, 100)]
    assert shown(room)[0] == room.first
    room.loading = False
    room.reading = True
    for seq in range(500, 1_000):
        chat.handle(messages("general", record(seq)), NOW)
        assert room.size <= 200


def test_at_least_five_thousand_lines_stay() -> None:
    chat = begun()
    chat.handle(messages("general", *(record(seq) for seq in range(1, 12_001))), NOW)
    assert 5_000 <= room_of(chat).size <= 5_500
    assert shown(room_of(chat))[-1] == 12_000


# --- against a plain model ----------------------------------------------------------------------


@given(st.data())
def test_every_record_stands_there_once_and_in_order(data: st.DataObject) -> None:
    """Live batches, pages of history, repeats and news of all kinds, in any interleaving."""
    total = data.draw(st.integers(1, 40))
    chat = begun(general=data.draw(st.integers(0, total)))
    room = room_of(chat)
    start = data.draw(st.integers(1, total))
    live = [record(seq) for seq in range(start, total + 1)]
    expected = set()
    shuffle = random.Random(data.draw(st.integers(0, 1_000)))
    while live or shuffle.random() < 0.8:
        what = shuffle.choice(["live", "history", "people", "note", "mine", "refused"])
        if what == "live" and live:
            count = shuffle.randint(1, len(live))
            batch, live = live[:count], live[count:]
            again = shuffle.choice([True, False])
            for _time in range(1 + again):
                chat.handle(messages("general", *batch), NOW)
            expected |= {one.seq for one in batch}
        elif what == "history" and room.first > 1:
            low = max(1, room.first - shuffle.randint(1, 10))
            page = [record(seq) for seq in range(low, min(room.first + 3, total + 1))]
            chat.history_came(reply("general", *page, more=low > 1))
            expected |= {one.seq for one in page}
        elif what == "people":
            chat.handle(presence("joined", "x"), NOW)
        elif what == "note":
            room.notice(["x"], NOW)
        elif what == "mine":
            chat.handle(progress(shuffle.randint(1, 3), "queued"), NOW)
        elif what == "refused":
            chat.handle(progress(shuffle.randint(1, 3), "refused", code="storage-full"), NOW)
        numbers = [one for one in shown(room) if isinstance(one, int)]
        assert numbers == sorted(expected)
        keys = [entry.key for entry in room.entries()]
        assert keys == sorted(set(keys))
        assert room.size == len(keys)
        states = [one.state for one in room.entries() if isinstance(one, Mine)]
        assert len(states) == len(room.own_pending())
