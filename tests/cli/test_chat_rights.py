"""Private rooms, direct conversations and moderation on the screen, with a played client."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from common import i18n
from common.cli.chat.screen import Words
from common.client import events as ev
from common.client.conversation import Conversation
from common.keys import fingerprint
from common.protocol import deeds
from common.protocol.deeds import Entry, LogEntry
from common.protocol.messages import Person, Record
from common.talk.ways import Way, Ways
from tests.cli.chatting import NOW, Chat, messages, ready, record

ENTER = "\r"
DIRECT = "@" + "a" * 16 + "-" + "b" * 16
BOB = Person("b" * 16, "bob")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    with Chat(tmp_path, columns=110, begin=ready(general=0, staff=0)) as chat:
        chat.client.emit(ev.RoomChanged(room="staff", private=True, moderator=True))
        yield chat


def _staff(chat: Chat) -> None:
    chat.type("/room staff" + ENTER)
    chat.wait("#staff⌂ ›")


def _done(chat: Chat, count: int = 1) -> Any:
    """What was asked for, and that it was done."""
    (deed,), future = chat.client.wait_asked("do", count)
    future.set_result(ev.DoneReply())
    return deed


def _list(chat: Chat, *entries: Entry, count: int = 1) -> tuple[str, str]:
    (what, room), future = chat.client.wait_asked("list", count)
    future.set_result(ev.ListReply(what=what, room=room, entries=list(entries)))
    return what, room


# --- rooms --------------------------------------------------------------------------------------


def test_a_private_room_is_made_and_entered(chat: Chat) -> None:
    chat.type("/create office private" + ENTER)
    assert _done(chat) == deeds.Create(room="office", private=True)
    chat.client.wait_asked("join")[1].set_result(ev.JoinedReply(room="office", head=0, people=1))
    chat.client.emit(ev.RoomChanged(room="office", private=True, moderator=True))
    chat.wait("Nobody else sees it; /invite NICK lets somebody in.")
    text = chat.wait("#office⌂ ›")
    assert "private" in text.splitlines()[0]


def test_people_are_let_into_a_private_room_and_out_of_it(chat: Chat) -> None:
    _staff(chat)
    chat.type("/invite bob" + ENTER)
    assert _done(chat) == deeds.Invite(room="staff", nick="bob")
    chat.wait("Done.")
    chat.client.emit(ev.News(room="staff", what="invited", user="b", nick="bob", by="Léa"))
    chat.wait("Léa invited bob.")
    chat.type("/remove bob too loud" + ENTER)
    assert _done(chat, 2) == deeds.Remove(room="staff", nick="bob", reason="too loud")
    chat.client.emit(
        ev.News(room="staff", what="removed", user="b", nick="bob", by="Léa", reason="too loud")
    )
    chat.wait("Léa removed bob: too loud")


def test_a_public_room_needs_no_invitation(chat: Chat) -> None:
    chat.type("/invite bob" + ENTER)
    chat.client.wait_asked("do")[1].set_exception(ev.Refused("bad-request", "x"))
    chat.wait("#general is open to everybody; /kick")


def test_leaving_a_private_room_takes_a_second_thought(chat: Chat) -> None:
    _staff(chat)
    chat.type("/leave" + ENTER)
    chat.wait("Type /leave staff to leave #staff for good")
    assert not chat.client.requests("leave")
    chat.type("\x03/leave staff" + ENTER)
    chat.client.wait_asked("leave")[1].set_result(ev.DoneReply())
    chat.wait("#general ›")


def test_members_are_listed_with_their_roles(chat: Chat) -> None:
    _staff(chat)
    chat.type("/members" + ENTER)
    entries = [
        Entry(name="a", nick="Ada", role="moderator", here=True),
        Entry(name="b", nick="bob\x1b[1m"),
    ]
    assert _list(chat, *entries) == ("members", "staff")
    text = chat.wait("bob␛[1m")
    assert "Ada" in text
    assert "moderator, here" in text


@pytest.mark.parametrize(
    ("line", "deed", "told"),
    [
        (
            "/newcomers new",
            deeds.Set(room="staff", newcomers="new"),
            "reads what is said from then",
        ),
        ("/keep 30d", deeds.Set(room="staff", keep=2_592_000), "kept here for 30 days"),
        ("/keep off", deeds.Set(room="staff", keep=0), "kept here for ever"),
        ("/readonly on", deeds.Set(room="staff", readonly=True), "Done."),
        ("/slow 30s", deeds.Set(room="staff", slow=30), "Done."),
        ("/slow off", deeds.Set(room="staff", slow=0), "Done."),
    ],
)
def test_a_rooms_rules_are_set(chat: Chat, line: str, deed: deeds.Deed, told: str) -> None:
    _staff(chat)
    chat.type(line + ENTER)
    assert _done(chat) == deed
    chat.wait(told)


def test_a_rule_that_changed_is_told_and_shown(chat: Chat) -> None:
    chat.client.emit(
        ev.CaughtUp(room="general", fetched=0),
        ev.RoomChanged(room="general", readonly=True, slow=30),
    )
    text = chat.wait("Only moderators write here now.")
    assert "A pause of 30 seconds" in text
    assert "only moderators write · slow: 30 seconds" in text.splitlines()[0]


def test_one_who_is_removed_reads_by_whom_and_why(chat: Chat) -> None:
    _staff(chat)
    chat.client.emit(
        ev.Notice(what="removed", room="staff", nick="ada", reason="we said goodbye"),
        ev.Left(room="staff"),
    )
    text = chat.wait("ada removed you from #staff: we said goodbye")
    assert "#general ›" in text
    chat.client.emit(ev.Notice(what="invited", room="staff", nick="ada"))
    chat.wait("ada invited you to #staff. Type /join staff to go there.")


# --- two people ---------------------------------------------------------------------------------


def test_a_message_to_one_person_opens_a_conversation_of_two(chat: Chat) -> None:
    chat.type("/msg bob psst" + ENTER)
    (place,), future = chat.client.wait_asked("join")
    assert place == "@bob"
    chat.client.emit(ev.RoomChanged(room=DIRECT, private=True, peer=BOB))
    future.set_result(ev.JoinedReply(room=DIRECT, head=0, people=1))
    assert chat.client.wait_asked("say")[0] == (DIRECT, "psst", False)
    text = chat.wait("@bob ›")
    assert "between you two" in text.splitlines()[0]
    chat.type("/room general" + ENTER)
    chat.wait("#general ›")
    chat.client.emit(messages(DIRECT, record(1, "psst yourself", "b" * 16, nick="bob")))
    head = chat.wait("1 @bob").splitlines()[0]
    assert "staff" not in head
    assert "badge-you" in chat.style("1 @bob")
    chat.type("/msg BOB and again" + ENTER)
    assert chat.client.wait_asked("say", 2)[0] == (DIRECT, "and again", False)
    assert len(chat.client.requests("join")) == 1
    chat.wait("@bob ›")
    chat.type("/mute bob" + ENTER)
    chat.wait("there is nothing to decide here")


def test_what_cannot_be_said_to_somebody_comes_back(chat: Chat) -> None:
    chat.type("/msg bbo psst" + ENTER)
    refused = ev.Refused("no-such-person", "x", {"nick": "bbo"})
    chat.client.wait_asked("join")[1].set_exception(refused)
    text = chat.wait('Nobody here is called "bbo".')
    assert "/msg bbo psst" in text


def test_an_ignored_person_is_not_read_and_that_is_kept(chat: Chat) -> None:
    chat.client.emit(messages("general", record(1, "buy this", "eve"), record(2, "hello", "ada")))
    chat.wait("buy this")
    chat.type("/ignore Eve" + ENTER)
    chat.wait("You see nothing of what Eve says any more. /unignore Eve ends that.")
    chat.wait_gone("buy this")
    assert chat.client.ignored == {"eve": "Eve"}
    chat.type("/unignore bob" + ENTER)
    chat.wait("You do not ignore bob. Ignored: Eve.")
    chat.type("\x03/unignore eve" + ENTER)
    chat.wait("You see again what eve says.")
    assert chat.client.ignored == {}


def test_somebody_who_said_nothing_is_ignored_by_asking_who_is_there(chat: Chat) -> None:
    chat.type("/ignore mute" + ENTER)
    _values, future = chat.client.wait_asked("who", 2)
    future.set_result(ev.PeopleReply(room="general", people=[Person("m", "Mute")]))
    chat.wait("You see nothing of what Mute says any more.")
    assert chat.client.ignored == {"m": "Mute"}
    chat.type("/ignore léa" + ENTER)
    chat.wait("That is you.")


def test_a_silent_room_counts_nothing_and_that_is_kept(chat: Chat) -> None:
    chat.type("/silence staff" + ENTER)
    chat.wait("#staff is silent")
    assert chat.client.silenced == {"staff"}
    chat.client.emit(messages("staff", record(1, "hello")), messages("general", record(1, "seen")))
    assert "1 staff" not in chat.wait("seen")
    chat.type("/silence staff" + ENTER)
    chat.wait("What is new in #staff is counted again.")
    assert chat.client.silenced == set()


# --- moderation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "deed"),
    [
        ("/mute bob 1h spam", deeds.Mute(room="general", nick="bob", seconds=3600, reason="spam")),
        ("/unmute bob", deeds.Unmute(room="general", nick="bob")),
        ("/kick bob spam", deeds.Kick(room="general", nick="bob", reason="spam")),
        ("/delete 12 spam", deeds.Delete(room="general", seq=12, reason="spam")),
        ("/role bob moderator", deeds.Role(room="general", nick="bob", role="moderator")),
        ("/role bob member", deeds.Role(room="general", nick="bob", role="member")),
        ("/role bob admin", deeds.Role(nick="bob", role="admin")),
        ("/ban bob 2d spam", deeds.Ban(nick="bob", seconds=172_800, reason="spam")),
        ("/ban " + "ab" * 32, deeds.Ban(key="ab" * 32)),
        ("/unban bob", deeds.Unban(nick="bob")),
        ("/disconnect bob", deeds.Kick(nick="bob")),
        ("/free bob", deeds.Free(nick="bob")),
        ("/withdraw 3f2a", deeds.Withdraw(name="3f2a")),
    ],
)
def test_a_command_is_the_deed_that_it_says(chat: Chat, line: str, deed: deeds.Deed) -> None:
    chat.type(line + ENTER)
    assert _done(chat) == deed


def test_kicking_from_a_private_room_removes(chat: Chat) -> None:
    _staff(chat)
    chat.type("/kick bob spam" + ENTER)
    assert _done(chat) == deeds.Remove(room="staff", nick="bob", reason="spam")


def test_an_administrators_role_ends_before_a_rooms(tmp_path: Path) -> None:
    begin = ev.Ready(
        user="me", nick="Léa", rooms={"general": 0}, server="x", epoch="e", encrypted=True,
        role="owner",
    )  # fmt: skip
    with Chat(tmp_path, begin=begin) as chat:
        chat.type("/role bob member" + ENTER)
        assert _list(chat, Entry(name="b", nick="Bob", role="admin")) == ("roles", "")
        assert _done(chat) == deeds.Role(nick="bob", role="member")
        chat.wait("bob has no role on this server any more.")
        chat.type("/role bob member" + ENTER)
        _list(chat, count=2)
        assert _done(chat, 2) == deeds.Role(room="general", nick="bob", role="member")


def test_what_was_deleted_leaves_a_trace(chat: Chat) -> None:
    chat.client.emit(messages("general", record(1, "my password is hunter2", "ada")))
    chat.wait("hunter2")
    gone = Record("delete", 2, "server-9", "me", "Léa", NOW + 5_000, "oops", of=1)
    chat.client.emit(messages("general", gone))
    text = chat.wait("message deleted by Léa: oops")
    assert "hunter2" not in text


def test_the_numbers_of_messages_are_offered(chat: Chat) -> None:
    chat.client.emit(messages("general", record(41, "first", "ada"), record(42, "second", "ada")))
    chat.wait("second")
    chat.type("/delete ")
    text = chat.wait("Ada: second")
    assert "42" in text
    assert text.index("Ada: second") < text.index("Ada: first")


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        ({"what": "muted", "room": "general", "reason": "spam"}, "muted you in #general: spam"),
        ({"what": "muted"}, "ada muted you everywhere."),
        ({"what": "unmuted", "room": "general"}, "ada lets you write in #general again."),
        ({"what": "deleted", "room": "general", "seq": 8}, "ada deleted your message no. 8 in"),
        ({"what": "role", "room": "general", "role": "moderator"}, "ada made you a moderator of"),
        ({"what": "role", "room": "general", "role": "member"}, "ended your being a moderator"),
        ({"what": "role", "nick": "", "room": "general", "role": "moderator"}, "You moderate #gen"),
        ({"what": "role", "role": "admin"}, "ada made you an administrator of this server."),
        ({"what": "role", "nick": "server"}, "Whoever runs the server ended your role on this"),
        ({"what": "freed", "reason": "unused"}, "ada took your nickname from you: unused"),
        ({"what": "hailed"}, "ada decided about you: hailed."),
    ],
)
def test_what_somebody_decided_is_read(chat: Chat, notice: dict[str, Any], words: str) -> None:
    chat.client.emit(ev.Notice(**{"nick": "ada", **notice}))
    chat.wait(words)


# --- the server ---------------------------------------------------------------------------------

KEY = "3f" * 32


def test_somebody_who_waits_is_announced_and_let_in(chat: Chat) -> None:
    chat.client.emit(ev.Notice(what="waiting", key=KEY, subject="noé", address="10.0.0.7"))
    shown = fingerprint(KEY)
    text = chat.wait(f"/approve {shown[:4]}{shown[5:9]} lets them in.")
    assert shown[:30] in text
    assert "noé asks to be let in, from 10.0.0.7" in text
    chat.type(f"/approve {shown[:4]}{shown[5:7]}" + ENTER)
    _list(chat, Entry(name=KEY, key=KEY, nick="noé"), Entry(name="b" * 64, key="b" * 64))
    assert _done(chat) == deeds.Approve(key=KEY)
    chat.wait("That key may come in.")


def test_a_key_that_is_not_meant_clearly_is_not_taken(chat: Chat) -> None:
    chat.type("/revoke 3f" + ENTER)
    assert _list(chat, Entry(name=KEY, key=KEY), Entry(name="b", key="3f" + "0" * 62)) == (
        "devices",
        "",
    )
    chat.wait("Several keys in this list begin with 3f")
    chat.type("/revoke 4" + ENTER)
    _list(chat, Entry(name=KEY, key=KEY, what="laptop", here=True), count=2)
    text = chat.wait("No key in this list begins with 4.")
    assert "laptop, connected" in text
    assert not chat.client.requests("do")


def test_an_invitation_is_shown_with_its_limits(tmp_path: Path) -> None:
    ways = Ways((Way("host", 5555, 5556, KEY),), "")
    with Chat(tmp_path, columns=160, ways=lambda: ways) as chat:
        chat.type("/invitation 3 2d" + ENTER)
        (deed,), future = chat.client.wait_asked("make_code")
        assert deed == deeds.MakeInvitation(uses=3, seconds=172_800)
        code = ev.CodeReply(code="7K3M-Q9TX-4PWD", name="3f2a", uses=3, expires=NOW)
        future.set_result(code)
        text = chat.wait("/withdraw 3f2a takes it back.")
        assert "7K3M-Q9TX-4PWD" in text
        assert "lets 3 people in, until" in text
        assert "?invite=7K3M-Q9TX-4PWD" in text


def test_a_code_for_another_device(chat: Chat) -> None:
    chat.type("/device-code" + ENTER)
    (deed,), future = chat.client.wait_asked("make_code")
    assert deed == deeds.MakeDeviceCode()
    future.set_result(ev.CodeReply(code="7K3M-Q9TX", name="", uses=1, expires=NOW))
    assert "--invite 7K3M-Q9TX" in chat.wait("good once, until")


def test_the_log_reads_as_sentences(chat: Chat) -> None:
    chat.type("/audit 2" + ENTER)
    (limit,), future = chat.client.wait_asked("audit")
    assert limit == 2
    entries = [
        LogEntry(
            "muted", 7, "server-7", "a", "ada", NOW, "spam", room="general", subject_nick="bob"
        ),
        LogEntry("moon", 8, "server-8", "a", "ada", NOW, subject_nick="{bob}"),
    ]
    future.set_result(ev.AuditReply(entries=entries, more=True, head=8))
    text = chat.wait("ada muted bob in #general: spam")
    assert "ada: moon" in text


def test_a_refusal_is_told_in_words(chat: Chat) -> None:
    chat.type("/ban bob" + ENTER)
    chat.client.wait_asked("do")[1].set_exception(ev.Refused("not-permitted", "x"))
    chat.wait("You may not do that.")


def test_somebody_who_waits_at_the_door_is_told_so(tmp_path: Path) -> None:
    i18n.setup("fr", {})
    with Chat(
        tmp_path, begin=ev.Waiting(), greets="Vous attendez", fingerprint="a1b2 c3d4"
    ) as chat:
        text = chat.wait("a1b2 c3d4")
        assert "Un administrateur doit vous admettre." in text
        assert "--invite CODE" in text
        chat.client.emit(ready())
        chat.wait("#general ›")


def test_one_who_is_banned_leaves_with_the_reason(tmp_path: Path) -> None:
    with Chat(tmp_path, exit_status=lambda code: 77 if code == "banned" else 1) as chat:
        chat.client.emit(
            ev.Notice(what="banned", nick="ada", reason="spam"),
            ev.Failed(code="banned", text="banned", values={"reason": "spam"}),
        )
        assert chat.ended() == 77
        failure = chat.screen.conversation.failure
        assert failure is not None
        assert failure.values["reason"] == "spam"


def test_a_room_that_was_asked_for_and_is_not_to_be_had_is_named(tmp_path: Path) -> None:
    begin = ev.Ready(
        user="me", nick="Léa", rooms={"general": 0}, server="x", epoch="e", encrypted=True,
        refused=["tea"],
    )  # fmt: skip
    with Chat(tmp_path, begin=begin) as chat:
        (room,), future = chat.client.wait_asked("join")
        assert room == "tea"
        future.set_exception(ev.Refused("kicked", "x", {"room": "tea", "reason": "spam"}))
        chat.wait('You were removed from "tea": "spam".')


def test_no_menu_stands_over_what_is_said_about_a_line() -> None:
    words = Words(Conversation("Léa"), emoji=True)
    document = Document("/leave")
    assert list(words.get_completions(document, CompleteEvent(text_inserted=True)))
    words.put_back = "/leave"
    assert not list(words.get_completions(document, CompleteEvent(text_inserted=True)))
    assert list(words.get_completions(document, CompleteEvent(completion_requested=True)))


def test_sanctions_of_the_room_and_of_the_server_in_french(tmp_path: Path) -> None:
    i18n.setup("fr", {})
    begin = ev.Ready(
        user="me", nick="Léa", rooms={"general": 0}, server="x", epoch="e", encrypted=True,
        role="admin",
    )  # fmt: skip
    with Chat(tmp_path, begin=begin) as chat:
        chat.type("/mesures" + ENTER)
        ban = Entry(name="b", nick="bob", what="ban", by="ada", reason="des pubs")
        assert _list(chat, ban) == ("sanctions", "")
        mute = Entry(name="c", nick="noé", what="mute", by="server")
        assert _list(chat, mute, count=2) == ("sanctions", "general")
        text = chat.wait("parole retirée définitivement, par qui tient le serveur")
        assert "accès interdit définitivement, par ada\u202f: des pubs" in text
