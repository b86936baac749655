"""The model of a chat: rooms, unread lines, mentions, own messages, the link, bounded memory."""

import pytest

from common.client import events as ev
from common.client.conversation import (
    BACK_FOR,
    FIRST_LINES,
    Conversation,
    Fetch,
    explain_refusal,
)
from common.client.timeline import Crowd, Mine, Notice, Said, Timeline
from common.protocol.messages import Person, Record

ME, STREAM = "me", "00112233445566ff"
NOW = 1_763_632_800_000


def record(seq: int, text: str = "hi", user: str = "ines", **more: object) -> Record:
    fields = {"nick": user.capitalize(), "id": f"{user}-{seq}", "ts": NOW + seq * 1000} | more
    return Record("message", seq, user=user, text=text, **fields)  # type: ignore[arg-type]


def messages(room: str, *records: Record) -> ev.Messages:
    return ev.Messages(room=room, records=list(records), own=STREAM)


def begun(**heads: int) -> Conversation:
    chat = Conversation("Léa")
    rooms = heads or {"general": 0}
    chat.handle(
        ev.Ready(user=ME, nick="Léa", rooms=rooms, server="S", epoch="e", encrypted=True), NOW
    )
    return chat


def room_of(chat: Conversation, name: str = "general") -> Timeline:
    return chat.rooms[name]


def shown(room: Timeline) -> list[int | str]:
    """Records by number, the rest by name."""
    return [
        entry.seq if isinstance(entry, Said) else type(entry).__name__ for entry in room.entries()
    ]


def texts(room: Timeline) -> list[str]:
    return [one.text for one in room.entries() if isinstance(one, Said | Mine)]


# --- rooms, unread lines, mentions --------------------------------------------------------------


def test_what_comes_before_ready_waits_for_it() -> None:
    chat = Conversation("x")
    chat.handle(messages("general", record(3, user=ME), record(4, "lea: hm")), NOW)
    chat.handle(ev.CaughtUp(room="general", fetched=2), NOW)
    assert not chat.rooms
    ready = ev.Ready(
        user=ME, nick="Lea", rooms={"tea": 0, "general": 4}, server="S", epoch="e", encrypted=True
    )
    fetches = chat.handle(ready, NOW)
    assert list(chat.rooms) == ["tea", "general"]
    assert chat.current == "tea"
    assert fetches == [Fetch("general", 3, FIRST_LINES)]
    own, other = room_of(chat).entries()
    assert isinstance(own, Said)
    assert own.own
    assert isinstance(other, Said)
    assert other.mention
    assert (room_of(chat).unread, room_of(chat).mentions) == (1, 1)


def test_unread_lines_are_counted_in_rooms_that_are_not_open() -> None:
    chat = begun(general=0, tea=0)
    chat.handle(messages("general", record(1)), NOW)
    chat.handle(messages("tea", record(1), record(2, "@léa psst"), record(3, user=ME)), NOW)
    tea = room_of(chat, "tea")
    assert (room_of(chat).unread, tea.unread, tea.mentions) == (0, 2, 1)
    assert chat.others() == [tea]
    assert tea.since == 1
    chat.open("tea")
    assert (tea.unread, tea.mentions, tea.since) == (0, 0, 1)
    chat.handle(messages("tea", record(4)), NOW)
    assert tea.since == 1, "it does not move while one reads"
    chat.open("general")
    assert tea.since == 0, "it stays until the room is left"


def test_lines_that_came_while_away_are_marked_in_the_open_room_too() -> None:
    chat = begun(general=5)
    chat.handle(messages("general", record(4), record(5)), NOW)
    chat.handle(messages("general", record(6)), NOW)
    assert room_of(chat).since == 4
    assert room_of(chat).unread == 0


def test_somebody_who_reads_old_lines_gets_a_count() -> None:
    chat = begun()
    room_of(chat).reading = True
    chat.handle(messages("general", record(1), record(2)), NOW)
    assert room_of(chat).unread == 2
    assert room_of(chat).since == 0
    assert chat.seen() is None
    chat.open("general")
    assert room_of(chat).unread == 0
    assert chat.seen() == ("general", 2, "ines-2")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Léa come", True),
        ("léa?", True),
        ("dis LÉA, tu viens", True),
        ("@Léa-2 come", False),
        ("Léandre", False),
        ("galéa", False),
        ("x@léa", False),
        ("`léa` is code", False),
        ("```\nléa = 1\n```", False),
        ("nobody", False),
    ],
)
def test_a_mention_is_the_nickname_as_a_word(text: str, names: bool) -> None:
    chat = begun()
    chat.handle(messages("general", record(1, text)), NOW)
    (entry,) = room_of(chat).entries()
    assert isinstance(entry, Said)
    assert entry.mention is names


def test_a_new_nickname_is_what_is_looked_for() -> None:
    chat = begun()
    chat.renamed("Bob")
    chat.handle(messages("general", record(1, "léa"), record(2, "bob")), NOW)
    assert [one.mention for one in room_of(chat).entries() if isinstance(one, Said)] == [
        False,
        True,
    ]


def test_going_round_the_rooms_and_leaving_one() -> None:
    chat = begun(a=0, b=0, c=0)
    assert (chat.step(1), chat.step(-1)) == ("b", "c")
    chat.open("b")
    chat.handle(ev.Left(room="b"), NOW)
    assert (chat.current, list(chat.rooms)) == ("c", ["a", "c"])
    chat.handle(ev.Left(room="c"), NOW)
    chat.handle(ev.Left(room="a"), NOW)
    assert (chat.current, chat.room, chat.step(1)) == ("", None, "")
    reply = ev.JoinedReply(room="d", head=7, people=2)
    assert chat.joined(reply) == [Fetch("d", None, FIRST_LINES)]
    assert (chat.current, room_of(chat, "d").people) == ("d", 2)
    chat.handle(messages("d", record(8)), NOW)
    assert room_of(chat, "d").since == 0


def test_people_are_offered_by_who_spoke_last() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(messages("general", record(1, user="ann"), record(2, user="bob")), NOW)
    assert room.nicks() == ["Bob", "Ann"]
    people = [Person("ann", "Ann"), Person("bob", "Bob"), Person("cy", "Cy"), Person(ME, "Léa")]
    chat.people_came("general", people)
    assert room.nicks() == ["Bob", "Ann", "Cy"]
    chat.handle(ev.Presence(kind="left", room="general", user="bob", nick="Bob", people=2), NOW)
    assert room.nicks() == ["Bob", "Ann", "Cy"], "who is away can be spoken to"
    assert room.people == 2


# --- own messages -------------------------------------------------------------------------------


def progress(n: int, state: str, text: str = "mine", **more: object) -> ev.Progress:
    return ev.Progress(n=n, room="general", state=state, text=text, **more)  # type: ignore[arg-type]


def own_record(seq: int, n: int, text: str = "mine") -> Record:
    return record(seq, text, ME, id=f"{STREAM}-{n}")


def test_an_own_message_is_queued_then_stored() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(progress(1, "queued"), NOW)
    chat.handle(messages("general", record(1)), NOW)
    assert shown(room) == [1, "Mine"]
    assert chat.waiting() == 1
    chat.handle(progress(1, "stored", seq=2, id=f"{STREAM}-1"), NOW)
    (mine,) = room.own_pending()
    assert (mine.state, mine.seq) == ("stored", 2)
    assert chat.waiting() == 0
    chat.handle(messages("general", own_record(2, 1)), NOW)
    assert shown(room) == [1, 2]
    assert room.own_pending() == []


def test_the_record_may_come_before_the_news_of_it() -> None:
    chat = begun()
    chat.handle(progress(1, "queued"), NOW)
    chat.handle(messages("general", own_record(1, 1)), NOW)
    chat.handle(progress(1, "stored", seq=1), NOW)
    assert shown(room_of(chat)) == [1]


def test_a_refused_message_stays_where_it_was_refused() -> None:
    chat = begun()
    room = room_of(chat)
    chat.handle(messages("general", record(1)), NOW)
    chat.handle(progress(1, "queued", "one"), NOW)
    chat.handle(progress(2, "queued", "two"), NOW)
    chat.handle(progress(1, "refused", "one", code="storage-full", reason="disk"), NOW + 5)
    chat.handle(messages("general", record(2)), NOW)
    assert shown(room) == [1, "Mine", 2, "Mine"]
    assert texts(room) == ["hi", "one", "hi", "two"]
    mine = chat.refused()
    assert mine is not None
    assert (mine.text, mine.ts) == ("one", NOW)
    assert explain_refusal(mine) == "the server's disk is full, and nothing was stored"
    room.settle(mine.n)
    assert chat.refused() is None
    assert shown(room) == [1, 2, "Mine"]


def test_a_deed_is_remembered_until_it_is_stored() -> None:
    chat = begun()
    chat.deed("general", "waves")
    chat.handle(progress(1, "queued", "waves"), NOW)
    chat.handle(progress(2, "queued", "waves"), NOW)
    assert [one.me for one in room_of(chat).own_pending()] == [True, False]


def test_after_a_roll_back_what_is_queued_has_another_number() -> None:
    chat = begun()
    chat.handle(progress(7, "queued", "text"), NOW)
    chat.handle(progress(1, "stored", "text", seq=1), NOW)
    chat.handle(messages("general", own_record(1, 1, "text")), NOW)
    chat.handle(progress(1, "stored", "text", seq=1), NOW)
    assert shown(room_of(chat)) == [1]


# --- people coming and going --------------------------------------------------------------------


def presence(kind: str, nick: str) -> ev.Presence:
    return ev.Presence(kind=kind, room="general", user=nick, nick=nick, people=3)


def test_changes_in_a_row_are_one_entry() -> None:
    chat = begun()
    for nick in "abcde":
        chat.handle(presence("joined", nick), NOW)
    chat.handle(presence("left", "a"), NOW)
    chat.handle(messages("general", record(1)), NOW)
    chat.handle(presence("left", "b"), NOW)
    room = room_of(chat)
    assert shown(room) == ["Crowd", 1, "Crowd"]
    crowd = room.entry(0)
    assert isinstance(crowd, Crowd)
    assert (crowd.joined, crowd.left, crowd.renamed) == (5, 1, 0)


def test_a_storm_of_changes_takes_no_memory() -> None:
    chat = begun()
    for number in range(500):
        chat.handle(presence("joined" if number % 2 else "left", f"n{number}"), NOW)
    (crowd,) = room_of(chat).entries()
    assert isinstance(crowd, Crowd)
    assert (crowd.joined, crowd.left) == (250, 250)
    assert len(crowd.changes) < 20


# --- the link -----------------------------------------------------------------------------------


def test_a_cut_counts_down_and_tells_what_was_caught_up() -> None:
    chat = begun(general=3, tea=1)
    chat.handle(ev.LinkDown(code="unreachable-refused", reason="x", retry_in=2.5), NOW)
    link = chat.link
    assert (link.state, link.seconds(NOW), link.seconds(NOW + 2_600)) == ("down", 3, 0)
    chat.handle(ev.LinkUp(behind=14, nick="Léa", encrypted=True), NOW)
    assert chat.link.back_until == 0
    chat.handle(messages("general", record(4)), NOW)
    chat.handle(ev.CaughtUp(room="general", fetched=14), NOW)
    assert chat.link.back_until == 0
    chat.handle(ev.CaughtUp(room="tea", fetched=0), NOW)
    assert (chat.link.caught, chat.link.holes) == (14, False)
    assert chat.link.back_until == NOW + BACK_FOR
    assert room_of(chat).since == 0, "a cut is no absence"


def test_the_first_link_is_not_a_lost_one() -> None:
    chat = Conversation("Léa")
    chat.handle(ev.LinkDown(code="unreachable-refused", reason="x", retry_in=1), NOW)
    assert chat.link.state == "joining"
    chat.handle(ev.Failed(code="wrong-key", text="no"), NOW)
    assert chat.failure is not None
    assert chat.failure.code == "wrong-key"


def test_a_nickname_that_changed_during_the_cut() -> None:
    chat = begun()
    chat.handle(ev.LinkUp(behind=0, nick="Léa-2", encrypted=False), NOW)
    assert (chat.nick, room_of(chat).nick, chat.encrypted) == ("Léa-2", "Léa-2", False)


def test_a_history_that_was_rolled_back_is_read_again() -> None:
    chat = begun(general=9)
    chat.handle(messages("general", record(8), record(9)), NOW)
    fetches = chat.handle(ev.RolledBack(room="general", had=9, head=2), NOW)
    assert fetches == [Fetch("general", None, FIRST_LINES)]
    chat.handle(messages("general", record(1), record(2)), NOW)
    assert [one for one in shown(room_of(chat)) if one != "Notice"] == [1, 2]
    assert chat.link.holes


def test_lines_left_out_are_fetched_by_scrolling_up() -> None:
    chat = begun(general=9_000)
    chat.handle(ev.Skipped(room="general", first=11, last=4_000), NOW)
    chat.handle(messages("general", *(record(seq) for seq in range(4_001, 4_101))), NOW)
    room = room_of(chat)
    assert (room.since, room.first, room.complete) == (11, 4_001, False)
    assert chat.older(100) == [Fetch("general", 4_001, 100)]
    assert chat.older(100) == [], "one at a time"


def test_the_disk_of_this_machine_is_full() -> None:
    chat = begun()
    chat.handle(ev.DiskFull(reason="no space"), NOW)
    (notice,) = room_of(chat).entries()
    assert isinstance(notice, Notice)
    assert notice.tone == "danger"


# --- where a room begins ------------------------------------------------------------------------


def reply(room: str, *records: Record, more: bool = False, head: int = 0) -> ev.HistoryReply:
    return ev.HistoryReply(room=room, records=list(records), more=more, head=head)


def test_a_room_opens_with_some_history() -> None:
    chat = begun(general=60)
    assert chat.handle(ev.CaughtUp(room="general", fetched=0), NOW) == [
        Fetch("general", None, FIRST_LINES)
    ]
    chat.history_came(reply("general", *(record(seq) for seq in range(11, 61)), more=True))
    assert chat.seen() == ("general", 60, "ines-60")
    assert chat.older() == [Fetch("general", 11, 100)]
    chat.history_came(reply("general", *(record(seq) for seq in range(1, 11))))
    assert shown(room_of(chat)) == list(range(1, 61))
    assert chat.older() == []


def test_a_history_that_failed_can_be_asked_for_again() -> None:
    chat = begun(general=60)
    assert chat.older()
    chat.history_failed("general")
    assert chat.older()


def test_a_room_that_is_never_looked_at_keeps_its_place() -> None:
    chat = begun(general=0, tea=5, bots=0)
    for name in ("general", "tea", "bots"):
        chat.handle(ev.CaughtUp(room=name, fetched=0), NOW)
    tea = reply("tea", record(4), record(5))
    chat.history_came(tea)
    assert chat.begins(tea) == ("tea", 5, "ines-5")
    assert chat.begins(tea) is None, "told once"
    assert chat.begins(reply("bots")) == ("bots", 0, "")
    assert chat.begins(reply("general")) is None, "what is open is seen"


def test_what_is_said_here_alone_stands_behind_the_first_lines() -> None:
    chat = begun(general=3)
    room_of(chat).notice(["note"], NOW)
    chat.handle(ev.CaughtUp(room="general", fetched=0), NOW)
    chat.history_came(reply("general", record(1), record(2), record(3)))
    assert shown(room_of(chat)) == [1, 2, 3, "Notice"]


def test_clearing_hides_lines_until_they_are_fetched_again() -> None:
    chat = begun()
    chat.handle(messages("general", record(1), record(2)), NOW)
    chat.handle(progress(1, "queued"), NOW)
    room = room_of(chat)
    room.clear()
    assert shown(room) == ["Mine"]
    assert chat.older() == [Fetch("general", 3, 100)]
    chat.history_came(reply("general", record(1), record(2)))
    assert shown(room) == [1, 2, "Mine"]
