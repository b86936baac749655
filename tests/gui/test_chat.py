"""The chat with real widgets, a broker's process and others in it: what a person does."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

from common import i18n
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.direct import NewDirect
from common.gui.dialogs.going import GoTo
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.members import Members
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.shortcuts import Shortcuts
from common.gui.theme import Theme
from tests.gui.chatting import Chatting
from tests.support.display import Keyboard
from tests.support.people import Person
from tests.support.programs import BrokerProgram, same_place, start_broker
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


# --- writing and rooms -------------------------------------------------------------------------


def test_what_is_written_stands_there_once_with_its_number(lea: Chatting, ines: Person) -> None:
    lea.write("Bonjour 👋 **Inès**")
    lea.sees("no. 1 · stored")
    said = ines.bot.wait_json(20, type="message", nick="Léa")
    assert said["text"] == "Bonjour 👋 **Inès**"
    ines.do("say", room="general", text="Salut @Léa")
    lea.sees("Salut @Léa")
    assert lea.text().count("Bonjour") == 1
    lea.until(lambda: len(lea.chat.people.list.rows) == 2, "two people")
    assert lea.chat.people.list.rows[1].label == "Léa (you)"
    assert lea.chat.composer.value == ""


def test_a_room_is_joined_and_what_comes_elsewhere_is_counted(lea: Chatting, ines: Person) -> None:
    lea.write("/join lab")
    lea.until(lambda: lea.chat.talk.current == "lab", "the room")
    ines.do("say", room="general", text="one")
    ines.do("say", room="general", text="two for @Léa")
    rows = lea.chat.sidebar.list
    lea.until(lambda: rows.rows[1].pill == "@1", "a mention")
    assert rows.rows[1].bold
    lea.until(lambda: lea.titles and lea.titles[-1] == "(@1) #lab · Causette", "the title")
    rows.canvas.event_generate("<ButtonPress-1>", x=60, y=36 + 16)
    lea.sees("two for @Léa")
    lea.until(lambda: not rows.rows[1].pill, "no badge")


def test_the_draft_of_each_room_stays_with_it(lea: Chatting) -> None:
    lea.write("/join lab")
    lea.until(lambda: lea.chat.talk.current == "lab", "the room")
    lea.chat.composer.insert("half a thou")
    lea.chat.controller.open("general")
    lea.until(lambda: lea.chat.composer.value == "", "an empty composer")
    lea.until(lambda: lea.chat.sidebar.list.rows[2].badge == "edit", "the sign of a draft")
    lea.chat.controller.open("lab")
    lea.until(lambda: lea.chat.composer.value == "half a thou", "the draft")


def test_a_command_that_puts_words_into_the_composer_is_not_undone_by_its_own_sending(
    lea: Chatting,
) -> None:
    lea.chat.talk.rooms["general"].refused(1, "again", 0, "disk-full", "")
    lea.write("/edit")
    lea.until(lambda: lea.chat.composer.value == "again", "the refused text")


def test_what_is_wrong_stays_and_says_why(lea: Chatting) -> None:
    lea.write("/jion lab")
    assert lea.chat.composer.value == "/jion lab"
    lea.until(lambda: "/join" in str(lea.chat.composer._under.cget("text")), "a hint")


def test_two_write_to_each_other_alone(lea: Chatting, ines: Person) -> None:
    lea.chat.sidebar._action(" directs")
    sheet = lea.sheet(NewDirect)
    assert isinstance(sheet, NewDirect)
    sheet.nick.value = "Inès"
    lea.press("Write", sheet)
    lea.until(lambda: lea.rooms() == ["general", "Inès"], "the conversation")
    lea.write("psst")
    assert ines.bot.wait_json(20, type="message", text="psst")["direct"]
    ines.do("say", to="Léa", text="what is it?")
    lea.sees("what is it?")


def test_who_is_alone_is_told_so_where_somebody_is_chosen(lea: Chatting) -> None:
    lea.chat.sidebar._action(" directs")
    sheet = lea.sheet(NewDirect)
    assert isinstance(sheet, NewDirect)
    assert [(row.label, row.heading) for row in sheet.list.rows] == [
        ("Nobody else is here yet: type a nickname.", True)
    ]
    sheet.close()


def test_a_private_room_is_made_somebody_let_in_and_put_out(lea: Chatting, ines: Person) -> None:
    lea.chat.sidebar._action(" rooms")
    sheet = lea.sheet(NewRoom)
    assert isinstance(sheet, NewRoom)
    lea.until(lambda: sheet.list.rows, "the rooms that there are")
    sheet.name.value = "jury"
    sheet.private.value = True
    lea.press("Make the room", sheet)
    lea.until(lambda: lea.chat.talk.current == "jury", "the room")
    lea.until(lambda: lea.chat.sidebar.list.rows[2].icon == "lock", "the lock")
    members = Members(lea.chat.desk, "jury")
    assert members.nick is not None
    members.nick.value = "Inès"
    lea.press("Invite", members)
    lea.until(lambda: len(members.list.rows) == 2, "two members")
    ines.bot.wait_json(20, type="invited")
    other = next(row.key for row in members.list.rows if row.label == "Inès")
    members._chosen(other)
    members._remove(other)
    decide = lea.sheet(Decide)
    assert isinstance(decide, Decide)
    decide.why.value = "not for you"
    lea.press("Remove from the room", decide)
    assert ines.bot.wait_json(20, type="removed")["reason"] == "not for you"


def test_a_refused_message_is_sent_again(noe: Chatting, ines: Person) -> None:
    lea = noe
    ines.do("create", room="hall")
    lea.write("/join hall")
    lea.until(lambda: lea.chat.talk.current == "hall", "the room")
    ines.do("set", room="hall", readonly=True)
    lea.until(lambda: "only moderators" in lea.chat.model.about_room(), "the rule")
    lea.write("may I?")
    lea.sees("refused")
    ines.do("set", room="hall", readonly=False)
    mine = lea.chat.talk.refused()
    assert mine is not None
    lea.chat._act("again", mine)
    lea.sees("stored")
    lea.until(lambda: lea.text().count("may I?") == 1, "the message once")


# --- the link ----------------------------------------------------------------------------------


def test_nothing_is_lost_or_doubled_over_a_broker_that_is_killed(
    root: tk.Tk, theme: Theme, tmp_path: Path
) -> None:
    broker = start_broker(tmp_path / "broker")
    place = same_place(broker)
    try:
        with (
            Chatting(root, tmp_path / "lea", broker.link) as lea,
            Person(tmp_path / "ines", "Inès", "-s", broker.link) as ines,
        ):
            ines.ready()
            lea.write("before")
            lea.sees("no. 1 · stored")
            broker.kill()
            lea.until(lambda: "Link down." in lea.chat.banner.words, "the bar")
            assert "Next try" in lea.chat.banner.words or "Trying" in lea.chat.banner.words
            lea.write("meanwhile")
            lea.sees("queued: leaves when the link is back")
            lea.until(lambda: lea.chat.people.row(lea.chat.talk.user), "people of before")
            assert lea.chat.people.list.rows[0].dot == "hollow"
            broker = start_broker(tmp_path / "broker", *place, wildcard=False)
            lea.chat.banner.again.invoke()
            lea.sees("no. 2 · stored")
            lea.until(lambda: "Link back" in lea.chat.banner.words, "the bar that it is back")
            lea.until(lambda: lea.chat.banner.words == "", "no bar")
            assert lea.text().count("meanwhile") == 1
            ines.bot.wait_json(20, type="message", text="meanwhile")
            seen = [e["text"] for e in ines.bot.events() if e.get("type") == "message"]
            assert seen.count("meanwhile") == 1
            # Who was there before comes back a little later, and that is no departure.
            lea.until(lambda: _present(lea) == ["Inès", "Léa (you)"], "both are here")
            assert "left the room" not in lea.text()
    finally:
        broker.kill()


def _present(lea: Chatting) -> list[str]:
    return [row.label for row in lea.chat.people.list.rows if row.dot == "full"]


def test_what_is_typed_queued_and_refused_outlives_the_program(
    root: tk.Tk, theme: Theme, tmp_path: Path
) -> None:
    broker = start_broker(tmp_path / "broker")
    place = same_place(broker)
    try:
        with Chatting(root, tmp_path / "lea", broker.link) as lea:
            lea.write("/join lab")
            lea.until(lambda: lea.chat.talk.current == "lab", "the room")
            broker.kill()
            lea.until(lambda: lea.chat.banner.words, "the bar")
            lea.write("queued")
            lea.sees("queued: leaves")
            lea.chat.composer.insert("half a thou")
            assert lea.leave() == 1
        broker = start_broker(tmp_path / "broker", *place, wildcard=False)
        with Chatting(root, tmp_path / "lea", broker.link) as again:
            again.until(lambda: again.chat.talk.current == "lab", "the room of last time")
            again.until(lambda: again.chat.composer.value == "half a thou", "the draft")
            again.sees("queued")
            again.sees("no. 1 · stored")
            assert again.text().count("queued") == 1
            assert again.chat.composer.history[-1] == "queued"
    finally:
        broker.kill()


def test_a_session_that_failed_leads_back_to_the_form(
    root: tk.Tk, theme: Theme, broker: BrokerProgram, tmp_path: Path
) -> None:
    with (
        Person(broker.data_dir, "Inès", "-s", broker.link) as ines,
        Chatting(root, tmp_path / "lea", broker.link) as lea,
    ):
        ines.ready()
        ines.do("kick", nick="Léa", seconds=60, reason="out")
        lea.until(lambda: lea.left, "the way back")
        trouble = lea.left[0]
        assert trouble is not None
        assert trouble.code == "kicked"


# --- panes, keys, menus ------------------------------------------------------------------------


def test_panes_fold_in_a_small_window_and_come_over_the_conversation(lea: Chatting) -> None:
    chat = lea.chat
    lea.until(lambda: chat.sidebar.winfo_viewable() and chat.people.winfo_viewable(), "both")
    lea.root.geometry("480x360")
    lea.until(lambda: not chat.sidebar.winfo_viewable(), "no rooms")
    assert not chat.people.winfo_viewable()
    assert chat.composer.text.winfo_height() > 10
    assert chat.view.text.winfo_height() > 150
    chat.header.menu.invoke()
    lea.until(chat.sidebar.winfo_viewable, "rooms over it")
    chat.parts.back()
    lea.until(lambda: not chat.sidebar.winfo_viewable(), "no rooms again")
    lea.root.geometry("1100x760")
    lea.until(chat.people.winfo_viewable, "people again")
    chat.header.people.invoke()
    lea.until(lambda: not chat.people.winfo_viewable(), "no people")
    assert lea.remembered.folded == ["people"]


def test_the_keys_do_what_their_sheet_says(lea: Chatting, keyboard: Keyboard) -> None:
    chat = lea.chat
    lea.write("/join lab")
    lea.until(lambda: chat.talk.current == "lab", "the room")
    chat.composer.focus_set()
    chat.composer.text.focus_force()
    chat.composer.insert("keep me")
    lea.root.update()
    keyboard.press("alt+Up")
    lea.until(lambda: chat.talk.current == "general", "the room above")
    keyboard.press("alt+Down")
    lea.until(lambda: chat.talk.current == "lab", "the room below")
    keyboard.press("ctrl+f")
    lea.until(lambda: chat.search.is_open, "the search")
    keyboard.press("Escape")
    lea.until(lambda: not chat.search.is_open, "no search")
    for keys, kind in (
        ("ctrl+k", GoTo), ("ctrl+n", NewRoom), ("ctrl+s", SaveRoom), ("F1", Shortcuts),
        ("ctrl+slash", Shortcuts),
    ):  # fmt: skip
        chat.composer.text.focus_force()
        lea.root.update()
        keyboard.press(keys)
        lea.sheet(kind).close()
        lea.root.update()
    assert chat.composer.value == "keep me"


def test_letters_typed_while_one_reads_are_written(lea: Chatting, keyboard: Keyboard) -> None:
    lea.chat.view.text.focus_force()
    lea.root.update()
    keyboard.press("h")
    keyboard.press("i")
    lea.until(lambda: lea.chat.composer.value == "hi", "the letters")


def test_going_to_a_room_by_its_letters(lea: Chatting) -> None:
    lea.write("/join laboratory")
    lea.until(lambda: lea.chat.talk.current == "laboratory", "the room")
    sheet = GoTo(lea.chat.desk)
    sheet.typed.value = "gen"
    lea.until(lambda: sheet.list.selected == "general", "the room found")
    lea.press("Go", sheet)
    lea.until(lambda: lea.chat.talk.current == "general", "the room")


def test_menus_offer_what_can_be_done(
    lea: Chatting, ines: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[str]] = []

    def keep(popup: object, _x: int, _y: int) -> None:
        menu: tk.Menu = popup.menu  # type: ignore[attr-defined]
        last = menu.index("end")
        kinds = [(n, menu.type(n)) for n in range((last if last is not None else -1) + 1)]
        shown.append([str(menu.entrycget(n, "label")).strip() for n, k in kinds if k == "command"])

    monkeypatch.setattr("common.gui.menu.PopupMenu.show_at", keep)
    ines.do("say", room="general", text="hello")
    lea.sees("hello")
    entry = next(one for one in lea.chat.talk.rooms["general"].entries() if hasattr(one, "seq"))
    from common.gui.conversation_view import Spot

    lea.chat.menus.message(Spot(entry, "", "", 0, 0))
    assert {"Copy the message", "Quote", "Copy its number", "Inès", "Delete…"} <= set(shown[-1])
    lea.until(lambda: len(lea.chat.people.list.rows) == 2, "both")
    other = next(row for row in lea.chat.people.list.rows if row.label == "Inès")
    lea.chat._person_menu(other.key, 0, 0)
    wanted = {"Write to Inès alone", "Mute…", "Remove from the room…", "Ban from the server…"}
    assert wanted <= set(shown[-1])
    lea.chat.menus.room("general", 0, 0)
    assert {"Rules…", "Moderators…", "Leave the room"} <= set(shown[-1])
    lea.chat.menus.server(0, 0)
    assert {"Invite somebody…", "What was decided…", "My devices…"} <= set(shown[-1])
    lea.chat.menus.own(lea.chat.sidebar.own_button)
    assert {"Disconnect", "Quit", "Settings…"} <= set(shown[-1])
    lea.chat.menus.add(lea.chat.composer)
    assert "Commands…" in shown[-1]


def test_an_empty_room_says_what_to_do(lea: Chatting) -> None:
    lea.write("/join nobody")
    lea.until(lambda: lea.chat.talk.current == "nobody", "the room")
    lea.until(lea.chat.empty.winfo_manager, "the words")
    lea.write("hello")
    lea.sees("hello")
    lea.until(lambda: not lea.chat.empty.winfo_manager(), "no words")


def test_leaving_ends_the_session_and_keeps_the_rooms(
    lea: Chatting, root: tk.Tk, broker: BrokerProgram, tmp_path: Path
) -> None:
    lea.write("/join lab")
    lea.until(lambda: lea.chat.talk.current == "lab", "the room")
    lea.write("/quit")
    lea.until(lambda: lea.quits == 1, "the wish to quit")
    assert lea.leave() == 0
    with Chatting(root, broker.data_dir, broker.link) as again:
        again.until(lambda: again.rooms() == ["general", "lab"], "both rooms")
        again.until(lambda: again.chat.talk.current == "lab", "the room of last time")


def test_what_came_while_away_stands_below_a_line(
    lea: Chatting, ines: Person, root: tk.Tk, broker: BrokerProgram, tmp_path: Path
) -> None:
    lea.write("bye")
    lea.sees("stored")
    lea.leave()
    ines.do("say", room="general", text="you missed this")
    with Chatting(root, broker.data_dir, broker.link) as again:
        again.sees("you missed this")
        again.sees("since\u00a0you\u00a0left")
        wait_until(lambda: again.text().count("you missed this") == 1, "once")
