"""The scenes of the dialogs and of the menus."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from common.client.timeline import Said
from common.gui.conversation_view import Spot
from common.gui.desk import Desk
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.direct import NewDirect
from common.gui.dialogs.going import GoTo
from common.gui.dialogs.inviting import NewInvitation
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.linking import JoinLink
from common.gui.dialogs.members import Members
from common.gui.dialogs.nickname import NewNickname
from common.gui.dialogs.preferences import Preferences
from common.gui.dialogs.quitting import StopServer
from common.gui.dialogs.rules import Rules
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.serving import Audit, Served, invite, new_device
from common.gui.dialogs.shortcuts import Shortcuts
from common.protocol.deeds import Lists
from common.talk.surroundings import PersonRow
from common.talk.ways import Ways
from docs.pictures.stage import Play, user
from docs.pictures.studio import Scene, Studio

_PLACE: Final = (300, 120)
"""Where menus open, in pixels at 96 dpi."""
_PATIENCE: Final = 5.0
_FILE: Final = Path("/home/lea/Documents")
_LISTS: Final[tuple[Lists, ...]] = (
    "devices", "waiting", "sanctions", "roles", "invitations", "nicks",
)  # fmt: skip


def _over(show: Callable[[Play], object]) -> Scene:
    """Something over the conversation."""

    def shoot(studio: Studio, path: Path) -> None:
        play = studio.begin(1000, 720)
        play.converse()
        studio.settle()
        show(play)
        studio.take(path)

    return shoot


def _card(make: Callable[[Desk], object]) -> Scene:
    return _over(lambda play: make(play.chat.desk))


def _deed(kind: str) -> Scene:
    """A decision about somebody, or about a message."""

    def make(desk: Desk) -> None:
        nick = "" if kind == "delete" else "Tomas"
        Decide(desk, kind, nick, "", desk.talk.current, seq=1_236)

    return _card(make)


def _wrong(desk: Desk) -> None:
    sheet = SaveRoom(desk, _FILE)
    sheet.path.value = "/nowhere/at/all.txt"
    sheet.update()
    sheet._answer()


def _code(desk: Desk) -> None:
    invite(desk)
    for sheet in desk.over.winfo_toplevel().winfo_children():
        if isinstance(sheet, NewInvitation):
            sheet._answer()


def _several_links(desk: Desk) -> None:
    (way,) = desk.controller.ways().found
    both = Ways((way, replace(way, host="10.0.0.7")), "")
    desk.controller.ways = lambda: both
    JoinLink(desk)


def _no_link(desk: Desk) -> None:
    desk.controller.ways = lambda: Ways(alone="machine")
    JoinLink(desk)


def _chosen(desk: Desk, sheet: Members | Served) -> None:
    # The answer comes by way of the inbox, whose turn is not at once.
    end = time.monotonic() + _PATIENCE
    while not sheet.list.rows and time.monotonic() < end:
        desk.over.update()
    sheet._chosen(sheet.list.rows[0].key)


def _list(what: Lists) -> Scene:
    """One of the broker's lists, with its first row chosen."""
    return _card(lambda desk: _chosen(desk, Served(desk, what)))


def _menu(show: Callable[[Play, int, int], object]) -> Scene:
    """A menu, opened at a place of the window."""

    def open_it(play: Play) -> None:
        theme = play.chat.winfo_toplevel()
        px = play.chat._theme.px
        x, y = theme.winfo_rootx() + px(_PLACE[0]), theme.winfo_rooty() + px(_PLACE[1])
        show(play, x, y)

    return _over(open_it)


def _person(play: Play, x: int, y: int, nick: str) -> None:
    row = PersonRow(user=user(nick), nick=nick, here=True, you=nick == "Léa")
    play.chat.menus.person(row, x, y)


def _message(play: Play, x: int, y: int) -> None:
    room = play.chat.talk.room
    assert room is not None
    said = [one for one in room.entries() if isinstance(one, Said) and not one.own]
    play.chat.menus.message(Spot(said[-1], "http://nas.lab", "figures", x, y))


def _refused(play: Play, x: int, y: int) -> None:
    play.refuse()
    play.chat.menus.message(Spot(play.chat.talk.refused(), "", "", x, y))


def _moderator(play: Play) -> None:
    """Who is in a private room of which one is the moderator."""
    play.chat.controller.open(play.rooms[4])
    play.chat.update()
    desk = play.chat.desk
    _chosen(desk, Members(desk, play.rooms[4]))


def _press(play: Play, _x: int, _y: int) -> None:
    sheet = Preferences(play.chat.desk)
    sheet.update()
    sheet.theme.event_generate("<ButtonPress-1>")


def _stop(play: Play) -> None:
    StopServer(play.chat.winfo_toplevel(), 7, lambda _stop: None, lambda: None)


def _leave(play: Play) -> None:
    play.chat.menus._leave(play.rooms[4])


def _writing(play: Play, x: int, y: int) -> None:
    play.chat.composer.insert(str(play.words["typed"]))
    text = play.chat.composer.text
    text.tag_add("sel", "1.0", "1.4")
    text.event_generate("<Button-3>", rootx=x, rooty=y)


SCENES: Final[dict[str, Scene]] = {
    "room": _card(NewRoom),
    "direct": _card(NewDirect),
    "go": _card(GoTo),
    "rules": _over(lambda play: Rules(play.chat.desk, play.chat.talk.current)),
    "rules-private": _over(lambda play: Rules(play.chat.desk, play.rooms[4])),
    "members": _over(_moderator),
    "moderators": _over(lambda play: Members(play.chat.desk, play.rooms[2])),
    **{kind: _deed(kind) for kind in ("mute", "kick", "remove", "disconnect", "ban", "free")},
    "delete": _deed("delete"),
    "leave-private": _over(_leave),
    "save": _card(lambda desk: SaveRoom(desk, _FILE)),
    "save-wrong": _card(_wrong),
    "keys": _card(lambda desk: Shortcuts(desk.over)),
    "settings": _card(Preferences),
    "nickname": _card(NewNickname),
    "invite": _card(invite),
    "invitation": _card(_code),
    "device": _card(new_device),
    "link": _card(_several_links),
    "link-alone": _card(_no_link),
    "log": _card(Audit),
    **{what: _list(what) for what in _LISTS},
    "stop-server": _over(_stop),
    "menu-room": _menu(lambda play, x, y: play.chat.menus.room(play.chat.talk.current, x, y)),
    "menu-private": _menu(lambda play, x, y: play.chat.menus.room(play.rooms[4], x, y)),
    "menu-person": _menu(lambda play, x, y: _person(play, x, y, "Inès")),
    "menu-you": _menu(lambda play, x, y: _person(play, x, y, "Léa")),
    "menu-message": _menu(_message),
    "menu-refused": _menu(_refused),
    "menu-server": _menu(lambda play, x, y: play.chat.menus.server(x, y)),
    "menu-own": _menu(lambda play, _x, _y: play.chat.sidebar.own_button.invoke()),
    "menu-add": _menu(lambda play, _x, _y: play.chat.menus.add(play.chat.composer)),
    "menu-text": _menu(_writing),
    "menu-choice": _menu(_press),
}
