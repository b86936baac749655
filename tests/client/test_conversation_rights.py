"""The model of a chat where people decide: deletions, gaps, who is ignored, who is spoken to."""

from typing import Any

import pytest

from common.client import events as ev
from common.client.answers import rooms_lines
from common.client.conversation import FIRST_LINES, Conversation, Fetch, explain_refusal
from common.client.timeline import Mine, Notice, Said, Timeline
from common.protocol.messages import Person, Record, RoomInfo
from tests.client.test_conversation import (
    ME,
    NOW,
    begun,
    messages,
    progress,
    record,
    reply,
    room_of,
    shown,
    texts,
)  # fmt: skip

DIRECT = "@me-bob"
PEER = Person("bob", "Bob")


def deletion(seq: int, of: int, **more: Any) -> Record:
    fields = {"user": "eve", "nick": "Eve", "text": "rude", **more}
    return Record("delete", seq, f"server-{seq}", ts=NOW, of=of, **fields)


def trace(seq: int) -> Record:
    """What the server keeps of a message whose text is gone."""
    return Record("deleted", seq, f"ines-{seq}", "ines", "Ines", NOW)


def notices(room: Timeline) -> list[str]:
    return [one.lines[0][0] for one in room.entries() if isinstance(one, Notice)]


# --- deletions ------------------------------------------------------------------------------------


def test_a_message_that_is_deleted_loses_its_text_at_once() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(messages("general", record(1, "léa, you fool"), record(2)), NOW)
    chat.handle(messages("general", deletion(3, of=1)), NOW)
    assert shown(room) == [1, 2]
    assert texts(room) == ["message deleted by Eve: rude", "hi"]
    first = room.entry(0)
    assert isinstance(first, Said)
    assert (first.deleted, first.mention, first.nick) == (True, False, "Ines")
    assert chat.seen() == ("general", 3, "server-3"), "the deletion is a record like any other"


@pytest.mark.parametrize("live", [True, False])
def test_what_was_deleted_before_it_came_here_is_told_likewise(live: bool) -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(messages("general", deletion(3, of=2, user="ines", text="")), NOW)
    if live:
        chat.handle(messages("general", deletion(4, of=1), trace(5)), NOW)
    chat.history_came(reply("general", record(1), trace(2)))
    wanted = ["message deleted by Eve: rude" if live else "hi", "message deleted by its author"]
    assert texts(room)[:2] == wanted
    assert not live or texts(room)[2] == "message deleted"


def test_a_deletion_calls_nobody() -> None:
    chat = begun(general=0, tea=0)
    chat.handle(messages("tea", record(1), deletion(2, of=1, text="léa")), NOW)
    assert (room_of(chat, "tea").unread, room_of(chat, "tea").mentions) == (1, 0)


# --- gaps -----------------------------------------------------------------------------------------


def test_a_gap_stands_between_what_is_there() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(messages("general", record(5)), NOW)
    chat.handle(ev.Gap(room="general", first=6, last=8), NOW)
    assert chat.seen() == ("general", 8, "")
    chat.handle(messages("general", record(9)), NOW)
    assert shown(room) == [5, "Notice", 9]
    assert "6" in notices(room)[0]
    assert "8" in notices(room)[0]
    chat.history_came(reply("general", *(record(n) for n in (1, 2, 3, 4)), more=False))
    assert shown(room) == [1, 2, 3, 4, 5, "Notice", 9]


def test_a_gap_within_history_is_seen_as_well_and_once() -> None:
    chat = begun(general=12)
    room = room_of(chat)
    chat.history_came(reply("general", record(9), record(12), more=True))
    chat.history_came(reply("general", record(3), record(5), more=False))
    assert shown(room) == ["Notice", 3, "Notice", 5, "Notice", 9, "Notice", 12]
    chat.history_came(reply("general", record(3), record(5), record(9), more=False))
    assert shown(room) == ["Notice", 3, "Notice", 5, "Notice", 9, "Notice", 12]
    assert room.complete


def test_what_can_be_had_after_all_takes_the_place_of_its_gap() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(ev.Gap(room="general", first=1, last=2), NOW)
    chat.handle(messages("general", record(3)), NOW)
    chat.history_came(reply("general", record(1), record(2)))
    assert shown(room) == [1, 2, 3]


# --- ignored, silenced ----------------------------------------------------------------------------


def test_what_an_ignored_person_says_is_not_there_until_they_are_heard_again() -> None:
    chat = begun(general=0, tea=0)
    room = room_of(chat)
    chat.handle(messages("general", record(1), record(2, user="bob")), NOW)
    chat.ignore("bob", "Bob")
    assert shown(room) == [1]
    chat.handle(messages("general", record(3, "léa!", user="bob"), record(4)), NOW)
    chat.handle(messages("tea", record(1, "léa!", user="bob")), NOW)
    assert shown(room) == [1, 4]
    assert (room_of(chat, "tea").unread, room_of(chat, "tea").mentions) == (0, 0)
    assert chat.seen() == ("general", 4, "ines-4")
    fetches = chat.unignore("bob")
    assert fetches == [Fetch("general", 5, FIRST_LINES), Fetch("tea", 2, FIRST_LINES)]
    chat.history_came(reply("general", record(1), record(2, user="bob"), record(4)))
    assert [one for one in shown(room) if one != "Notice"] == [1, 2, 4]
    assert chat.unignore("bob") == []


def test_who_was_ignored_before_is_so_from_the_start() -> None:
    chat = Conversation("Léa", {"bob": "Bob"}, ["tea"])
    rooms = {"general": 0, "tea": 0}
    chat.handle(
        ev.Ready(user=ME, nick="Léa", rooms=rooms, server="S", epoch="e", encrypted=True), NOW
    )
    chat.handle(messages("general", record(1, user="bob")), NOW)
    assert shown(room_of(chat)) == []
    chat.handle(messages("tea", record(1, "léa")), NOW)
    assert (room_of(chat, "tea").unread, room_of(chat, "tea").mentions) == (0, 0)
    assert chat.others() == []


def test_a_silenced_room_calls_nobody_until_it_may_again() -> None:
    chat = begun(general=0, tea=0)
    tea = room_of(chat, "tea")
    chat.handle(messages("tea", record(1)), NOW)
    chat.silence("tea", True)
    assert chat.others() == []
    chat.handle(messages("tea", record(2, "léa")), NOW)
    chat.handle(ev.Skipped(room="tea", first=3, last=9), NOW)
    assert chat.others() == []
    chat.silence("tea", False)
    chat.handle(messages("tea", record(10)), NOW)
    assert (chat.others(), tea.unread) == ([tea], 1)
    assert chat.silenced == set()


# --- direct conversations -------------------------------------------------------------------------


def test_a_direct_conversation_goes_by_the_other_ones_name() -> None:
    chat = begun()
    chat.handle(ev.RoomChanged(room=DIRECT, private=True, peer=PEER), NOW)
    room = room_of(chat, DIRECT)
    assert room.title == "@Bob"
    assert room_of(chat).title == "#general"
    chat.handle(messages(DIRECT, record(1, user="bob")), NOW)
    assert chat.others() == [room]
    chat.handle(ev.RoomChanged(room=DIRECT, private=True, peer=Person("bob", "Rob\x1b")), NOW)
    assert room.title.startswith("@Rob")
    assert "\x1b" not in room.title


def test_what_was_said_to_a_nickname_moves_to_the_conversation() -> None:
    chat = begun()

    def told(state: str, room: str, **more: Any) -> ev.Progress:
        return ev.Progress(n=1, room=room, state=state, text="psst", **more)

    chat.handle(told("queued", "@Bob"), NOW)
    assert room_of(chat, "@Bob").title == "@Bob"
    chat.open("@Bob")
    room_of(chat, "@Bob").draft.text = "and"
    chat.handle(ev.RoomChanged(room=DIRECT, private=True, peer=PEER), NOW)
    chat.handle(told("stored", DIRECT, seq=1), NOW)
    assert list(chat.rooms) == ["general", DIRECT]
    assert (chat.current, room_of(chat, DIRECT).draft.text) == (DIRECT, "and")
    chat.handle(messages(DIRECT, record(1, "psst", ME)), NOW)
    assert texts(room_of(chat, DIRECT)) == ["psst"]


def test_what_was_said_to_nobody_stays_where_it_was_refused() -> None:
    chat = begun()
    chat.handle(ev.Progress(n=1, room="@Bob", state="queued", text="psst"), NOW)
    values: dict[str, str | int | float] = {"nick": "Bob"}
    refused = ev.Progress(
        n=1, room="@Bob", state="refused", text="psst", code="no-such-person", values=values
    )
    chat.handle(refused, NOW)
    (mine,) = room_of(chat, "@Bob").own_pending()
    assert explain_refusal(mine) == 'nobody here is called "Bob"'


def test_a_refusal_says_what_it_was_told() -> None:
    chat = begun()
    chat.handle(progress(1, "queued"), NOW)
    chat.handle(progress(1, "refused", code="muted", values={"reason": "hush"}), NOW)
    (mine,) = room_of(chat).own_pending()
    assert isinstance(mine, Mine)
    assert "hush" in explain_refusal(mine)


def test_the_list_of_rooms_tells_what_is_private_and_who_the_other_is() -> None:
    rooms = [
        RoomInfo("den", 1, 1, private=True),
        RoomInfo("general", 2, 2),
        RoomInfo(DIRECT, 3, 1, private=True, peer=PEER),
    ]
    names = [line.split("\t")[0] for line in rooms_lines(ev.RoomsReply(rooms=rooms))]
    assert names == ["#den (private)", "#general", "@Bob"]


# --- what was decided -----------------------------------------------------------------------------


def test_who_is_removed_reads_why_in_the_room_that_is_left() -> None:
    chat = begun(general=0, den=0)
    chat.open("den")
    chat.handle(ev.Notice(what="removed", room="den", nick="Eve", reason="rude"), NOW)
    chat.handle(ev.Left(room="den"), NOW)
    assert chat.current == "general"
    (line,) = notices(room_of(chat))
    assert "Eve" in line
    assert "#den" in line
    assert "rude" in line


def test_who_is_left_without_a_room_is_told_all_the_same() -> None:
    chat = begun(den=0)
    chat.handle(ev.Notice(what="removed", room="den", nick="Eve", reason="rude\x1b"), NOW)
    assert chat.room is None
    assert "rude" in chat.aside
    assert "\x1b" not in chat.aside


def test_a_notice_about_a_room_stands_there_and_any_other_where_one_looks() -> None:
    chat = begun(general=0, den=0)
    chat.handle(ev.Notice(what="muted", room="den", nick="Eve"), NOW)
    chat.handle(ev.Notice(what="role", role="admin", nick="Eve"), NOW)
    assert len(notices(room_of(chat, "den"))) == 1
    assert len(notices(room_of(chat))) == 1


def test_news_and_new_rules_are_lines() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(ev.RoomChanged(room="general", readonly=True), NOW)
    assert notices(room) == [], "it was so when this person came"
    chat.handle(ev.CaughtUp(room="general", fetched=0), NOW)
    chat.handle(ev.News(room="general", what="set", by="Eve"), NOW)
    chat.handle(ev.RoomChanged(room="general", readonly=False, slow=60), NOW)
    assert len(notices(room)) == 2
    assert (room.kind.readonly, room.kind.slow) == (False, 60)


def test_a_server_that_was_set_back_is_told() -> None:
    chat = begun()
    chat.handle(ev.Restored(server="S"), NOW)
    assert "earlier state" in notices(room_of(chat))[0]


def test_who_waits_to_be_let_in_is_told_before_anything_else() -> None:
    chat = Conversation("Léa")
    chat.handle(ev.Waiting(), NOW)
    assert (chat.link.state, chat.link.code) == ("joining", "not-invited")
