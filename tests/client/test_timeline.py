"""The entries of a room: harmless, bounded in number, each record once and in order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from common.client import events as ev
from common.client.conversation import Fetch
from common.client.timeline import Bounds, Entry, Key, Mine
from common.protocol.messages import Record
from tests.client.test_conversation import (
    ME,
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


def test_old_lines_are_let_go_and_can_be_fetched_again() -> None:
    chat = begun()
    room = room_of(chat)
    room.bound(Bounds(keep=50, slack=10, hard=200))
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


HAPPENINGS = (
    "live", "history", "gap", "people", "note", "mine", "refused", "stored", "settle", "delete",
    "hide", "again", "clear", "forget", "skipped",
)  # fmt: skip


@given(st.data())
def test_whoever_follows_what_was_touched_has_what_stands_there(data: st.DataObject) -> None:
    """Its copy is what is here; only what was let go, the oldest, it still holds."""
    chat = begun(general=data.draw(st.integers(0, 5)))
    room = room_of(chat)
    small = Bounds(keep=12, slack=4, hard=30)
    room.bound(data.draw(st.sampled_from([Bounds(), small])))
    room.touched = set()
    copy: dict[Key, Entry] = {}
    anew = 0
    users = ["ines", "tomas", ME]
    seq = number = 0
    for what in data.draw(st.lists(st.sampled_from(HAPPENINGS), max_size=40)):
        user = data.draw(st.sampled_from(users))
        some = data.draw(st.integers(1, 6))
        if what == "live":
            said = [record(seq + one, "@léa hi", user) for one in range(1, some + 1)]
            seq += some
            chat.handle(messages("general", *said), NOW)
        elif what == "history" and room.first > 1:
            page = [record(one, user=user) for one in range(max(1, room.first - some), room.first)]
            chat.history_came(reply("general", *page[some // 3 :], more=page[0].seq > 1))
        elif what == "gap":
            chat.handle(ev.Gap(room="general", first=seq + 1, last=seq + some), NOW)
            seq += some
        elif what == "people":
            chat.handle(presence("joined", "x"), NOW)
        elif what == "note":
            room.notice(["x"] * some, NOW)
        elif what in ("mine", "refused", "stored"):
            number += what == "mine"
            state = {"mine": "queued"}.get(what, what)
            chat.handle(progress(number, state, code="slow-mode", seq=seq + 1), NOW)
        elif what == "settle" and room.own_pending():
            room.settle(room.own_pending()[0].n)
        elif what == "delete" and seq:
            seq += 1
            gone = Record("delete", seq, f"d-{seq}", user, user, NOW, "", of=min(some, seq - 1))
            chat.handle(messages("general", gone), NOW)
        elif what == "hide":
            room.hide(user)
        elif what == "again":
            room.show_again()
        elif what == "clear":
            room.clear()
        elif what == "forget":
            room.forget()
        elif what == "skipped":
            room.skipped(seq + some)
            seq += some
        if data.draw(st.booleans()):
            if room.anew != anew:
                anew = room.anew
                copy = {entry.key: entry for entry in room.entries()}
            for key in room.touched:
                entry = room.get(key)
                if entry is None:
                    copy.pop(key, None)
                else:
                    copy[key] = entry
            room.touched.clear()
            held = list(room.entries())
            lowest = held[0].key if held else (1 << 63, 0)
            assert [copy[key] for key in sorted(copy) if key >= lowest] == held
            assert room.bounds is small or len(copy) == len(held)
