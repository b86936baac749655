"""What the window asks on cards over the chat, with a broker's process that answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common import i18n
from common.gui.dialogs.code import Code
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.inviting import NewInvitation
from common.gui.dialogs.linking import JoinLink
from common.gui.dialogs.preferences import Preferences
from common.gui.dialogs.rules import Rules
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.serving import Audit, Served, invite
from common.gui.theme import Theme
from common.talk.ways import Way, Ways
from tests.gui.chatting import Chatting
from tests.support.people import Person

WAY = Way("192.168.1.20", 5555, 5556, "ab" * 32)


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


@pytest.mark.parametrize(
    ("form", "wanted"), [("txt", "<Léa> kept"), ("html", "<p id="), ("jsonl", '"text":"kept"')]
)
def test_the_conversation_is_saved_whole(
    lea: Chatting, tmp_path: Path, form: str, wanted: str
) -> None:
    lea.write("kept")
    lea.sees("stored")
    sheet = SaveRoom(lea.chat.desk, tmp_path)
    sheet._formed(form)
    path = Path(sheet.path.value)
    assert path.suffix == f".{form}"
    lea.press("Save", sheet)
    lea.until(lambda: "1 message saved in" in lea.chat.toast.words, "that it is saved")
    assert wanted in path.read_text("utf-8")
    if form == "jsonl":
        assert [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()] == [
            "kept"
        ]
    again = SaveRoom(lea.chat.desk, tmp_path)
    again._formed(form)
    assert Path(again.path.value) == path.with_stem(f"{path.stem}-2"), "a name that is free"
    again.path.value = str(path)
    lea.press("Save", again)
    lea.until(lambda: "exists already" in again.reason, "that it exists")
    again.close()


def test_somebody_is_muted_with_a_time_and_a_reason(lea: Chatting, ines: Person) -> None:
    sheet = Decide(lea.chat.desk, "mute", "Inès", "", "general")
    sheet.why.value = "too loud"
    lea.press("Mute", sheet)
    assert ines.bot.wait_json(20, type="muted")["reason"] == "too loud"
    listing = Served(lea.chat.desk, "sanctions", "general")
    lea.until(lambda: listing.list.rows, "the measure")
    assert "too loud" in listing.list.rows[0].note
    listing._chosen(listing.list.rows[0].key)
    lea.press("Lift", listing)
    lea.until(lambda: not listing.list.rows, "that it is lifted")
    listing.close()


def test_an_invitation_is_made_shown_and_withdrawn(lea: Chatting) -> None:
    invite(lea.chat.desk)
    sheet = lea.sheet(NewInvitation)
    lea.press("Make the invitation", sheet)
    code = lea.sheet(Code)
    assert isinstance(code, Code)
    assert len(code.code.split("-")) == 3
    lea.press("Copy the code", code)
    assert lea.root.clipboard_get() == code.code
    code.close()
    listing = Served(lea.chat.desk, "invitations")
    lea.until(lambda: len(listing.list.rows) == 1, "the invitation")
    listing._chosen(listing.list.rows[0].key)
    lea.press("Withdraw", listing)
    lea.until(lambda: listing.said == "No invitation is good.", "that there is none")
    listing.close()
    audit = Audit(lea.chat.desk)
    lea.until(lambda: any("withdrew" in row.label for row in audit.list.rows), "the log")
    audit.close()


def test_the_link_for_others_is_offered_with_every_address_of_this_machine(
    lea: Chatting,
) -> None:
    chat = lea.chat
    lea.until(chat.empty.winfo_ismapped, "that it is quiet here")
    chat.controller.ways = lambda: Ways((WAY,), "")
    chat.changed()
    lea.until(lambda: chat.empty.button.cget("text") == "Copy the link", "the button")
    lea.press("Copy the link", chat.empty)
    assert lea.root.clipboard_get() == WAY.link()
    two = Ways((WAY, Way("10.0.0.7", 5555, 5556, "ab" * 32)), "")
    chat.controller.ways = lambda: two
    chat.changed()
    lea.until(lambda: chat.empty.button.cget("text") == "Let others in…", "the button")
    lea.press("Let others in…", chat.empty)
    sheet = lea.sheet(JoinLink)
    assert isinstance(sheet, JoinLink)
    assert sheet.field.link == WAY.link()
    sheet.field._chosen("1")
    lea.press("Copy the link", sheet)
    assert lea.root.clipboard_get() == two.found[1].link()


def test_where_nobody_else_can_come_it_is_said_and_what_to_do(lea: Chatting) -> None:
    """The broker of the tests listens on the loopback alone."""
    chat = lea.chat
    lea.until(chat.empty.winfo_ismapped, "that it is quiet here")
    lea.press("Let others in…", chat.empty)
    sheet = lea.sheet(JoinLink)
    words = [str(one.cget("text")) for one in sheet.body.winfo_children()]
    assert any("on this machine alone" in one and "Host here" in one for one in words)
    lea.press("Close", sheet)
    invite(lea.chat.desk)
    lea.press("Make the invitation", lea.sheet(NewInvitation))
    code = lea.sheet(Code)
    words = [str(one.cget("text")) for one in code.body.winfo_children()]
    assert any("on this machine alone" in one for one in words)
    code.close()


def test_the_rules_of_a_room_are_changed(lea: Chatting) -> None:
    sheet = Rules(lea.chat.desk, "general")
    sheet.slow.value = "30"
    lea.press("Apply", sheet)
    lea.until(lambda: "30 seconds" in lea.chat.model.about_room(), "the pause")
    shown = lea.chat.header._about
    lea.until(lambda: "30 seconds" in str(shown.cget("text")), "the pause in the header")


@pytest.mark.parametrize("what", ["waiting", "roles", "devices", "nicks"])
def test_every_list_of_the_server_can_be_seen(lea: Chatting, what: str) -> None:
    listing = Served(lea.chat.desk, what)  # type: ignore[arg-type]
    lea.until(lambda: listing.said != "One moment…", "the list")
    listing.close()


def test_settings_are_in_force_at_once_and_remembered(lea: Chatting, theme: Theme) -> None:
    sheet = Preferences(lea.chat.desk)
    sheet._themed("dark")
    sheet._sized("150")
    lea.root.update()
    assert (theme.name, theme.text_percent) == ("dark", 150)
    assert (lea.remembered.theme, lea.remembered.text_size) == ("dark", 150)
    sheet.notify.value = False
    sheet._ticked()
    assert not lea.remembered.notify
    sheet.close()
