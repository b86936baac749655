"""The menus of the chat: of a room, a person, a message, the server, oneself, and of the composer.

Owns what is offered where, and when it can be done. What is done is the dialogs' and the
controller's. An entry that never applies to somebody is left out; one that does not now is muted.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.client.timeline import Mine, Said
from common.gui.conversation_view import Spot
from common.gui.desk import Desk
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.direct import NewDirect
from common.gui.dialogs.going import GoTo
from common.gui.dialogs.joining import NewRoom
from common.gui.dialogs.linking import JoinLink
from common.gui.dialogs.members import Members
from common.gui.dialogs.nickname import NewNickname
from common.gui.dialogs.preferences import Preferences
from common.gui.dialogs.rules import Rules
from common.gui.dialogs.saving import SaveRoom
from common.gui.dialogs.serving import Audit, Served, invite, new_device
from common.gui.dialogs.shortcuts import Shortcuts
from common.gui.menu import PopupMenu, popup_menu
from common.i18n import _
from common.protocol import deeds
from common.talk.surroundings import PersonRow

LONGEST_QUOTE = 280


class Menus:
    """Each method shows one menu at a place of the screen."""

    def __init__(
        self, desk: Desk, *, on_search: Callable[[], object], on_link: Callable[[str], object]
    ) -> None:
        self._desk = desk
        self._on_search = on_search
        self._on_link = on_link

    def _new(self) -> PopupMenu:
        return popup_menu(self._desk.over)

    # --- rooms ---------------------------------------------------------------------------------

    def room(self, name: str, x: int, y: int) -> None:
        """Of a room in the list, or of the open one."""
        desk = self._desk
        room = desk.talk.rooms.get(name)
        if room is None:
            return
        menu = self._new()
        current = name == desk.talk.current
        if not current:
            menu.entry(_("Open"), lambda: desk.controller.open(name), icon="forward")
        words = _("Count new messages again") if room.silent else _("Stop counting new messages")
        icon = "bell" if room.silent else "bell-off"
        menu.entry(words, lambda: self._silence(name), icon=icon)
        if current:
            menu.entry(_("Search…"), self._on_search, icon="search", keys="Ctrl+F")
            menu.entry(
                _("Save the conversation…"), lambda: SaveRoom(desk), icon="save", keys="Ctrl+S"
            )
        if room.kind.peer is None:
            menu.line()
            decides = room.kind.moderator or (desk.administers and not room.kind.private)
            words = _("Members…") if room.kind.private else _("Moderators…")
            menu.entry(words, lambda: Members(desk, name), icon="people")
            if decides:
                menu.entry(_("Rules…"), lambda: Rules(desk, name), icon="settings")
                menu.entry(
                    _("Who is muted or removed…"),
                    lambda: Served(desk, "sanctions", name),
                    icon="ban",
                )
        menu.line()
        leave = _("Leave the room") if room.kind.peer is None else _("Close the conversation")
        danger = room.kind.private and room.kind.peer is None
        menu.entry(leave, lambda: self._leave(name), icon="leave", danger=danger)
        menu.show_at(x, y)

    def _silence(self, name: str) -> None:
        talk = self._desk.talk
        talk.silence(name, name not in talk.silenced)
        self._desk.client.set_silenced(sorted(talk.silenced))
        self._desk.controller.refresh()

    def _leave(self, name: str) -> None:
        room = self._desk.talk.rooms[name]
        if not room.kind.private or room.kind.peer is not None:
            self._desk.command("leave", name)
            return
        # Deferred: only a few need it.
        from common.gui.dialogs.asking import Asking

        sheet = Asking(self._desk.over, _("Leave {room}?").format(room=room.title))
        sheet.words(_("It is private: only an invitation brings you back."))

        def leave() -> None:
            sheet.done()
            self._desk.command("leave", name)

        sheet.answer(_("Leave the room"), leave, danger=True)
        sheet.present()

    # --- people --------------------------------------------------------------------------------

    def person(self, person: PersonRow, x: int, y: int) -> None:
        """Of somebody in the list of people, or of a message's author."""
        desk = self._desk
        menu = self._new()
        nick, user = person.nick, person.user
        if person.you:
            menu.entry(_("Change your nickname…"), lambda: NewNickname(desk), icon="edit")
            menu.entry(_("My devices…"), lambda: Served(desk, "devices"), icon="device")
            menu.show_at(x, y)
            return
        menu.entry(
            _("Write to {nick} alone").format(nick=nick), lambda: self._write(nick), icon="person"
        )
        menu.entry(_("Mention"), lambda: desk.compose(f"@{nick} "), icon="reply")
        ignored = user in desk.talk.ignored
        words = _("Show what they say again") if ignored else _("Ignore: see nothing of theirs")
        menu.entry(words, lambda: self._ignore(user, nick), icon="bell" if ignored else "bell-off")
        room = desk.talk.room
        if room is not None and desk.moderates:
            self._moderation(menu, person, room.name, private=room.kind.private)
        if desk.administers:
            self._administration(menu, person)
        menu.show_at(x, y)

    def _moderation(self, menu: PopupMenu, person: PersonRow, room: str, *, private: bool) -> None:
        desk, nick, user = self._desk, person.nick, person.user
        menu.line()
        menu.entry(_("Mute…"), lambda: Decide(desk, "mute", nick, user, room), icon="ban")
        unmute = deeds.Unmute(room=room, user=user)
        menu.entry(_("Let write again"), lambda: desk.do(unmute), gap=True)
        kind = "remove" if private else "kick"
        menu.entry(
            _("Remove from the room…"),
            lambda: Decide(desk, kind, nick, user, room),
            icon="leave",
        )
        named = deeds.Role(room=room, user=user, role="moderator")
        ended = deeds.Role(room=room, user=user, role="member")
        menu.entry(_("Make moderator here"), lambda: desk.do(named), icon="shield")
        menu.entry(_("No longer moderator here"), lambda: desk.do(ended), gap=True)

    def _administration(self, menu: PopupMenu, person: PersonRow) -> None:
        desk, nick, user = self._desk, person.nick, person.user
        menu.line()
        if desk.controller.role == "owner":
            admin = deeds.Role(user=user, role="admin")
            member = deeds.Role(user=user, role="member")
            menu.entry(_("Make administrator"), lambda: desk.do(admin), icon="crown")
            menu.entry(_("No longer administrator"), lambda: desk.do(member), gap=True)
        menu.entry(
            _("Close their connections…"), lambda: Decide(desk, "disconnect", nick, user), gap=True
        )
        menu.entry(_("Take the nickname…"), lambda: Decide(desk, "free", nick, user), gap=True)
        menu.entry(
            _("Ban from the server…"), lambda: Decide(desk, "ban", nick, user),
            icon="ban", danger=True,
        )  # fmt: skip

    def _write(self, nick: str) -> None:
        self._desk.command("msg", f'"{nick}"' if " " in nick else nick)

    def _ignore(self, user: str, nick: str) -> None:
        desk = self._desk
        if user in desk.talk.ignored:
            desk.controller.fetch(desk.talk.unignore(user))
            desk.say(_("You see again what {nick} says.").format(nick=nick))
        else:
            desk.talk.ignore(user, nick)
            words = _("You see nothing of what {nick} says any more. Their menu ends that.")
            desk.say(words.format(nick=nick))
        desk.client.set_ignored(desk.talk.ignored)
        desk.controller.refresh()

    # --- messages ------------------------------------------------------------------------------

    def message(self, spot: Spot) -> None:
        """Of what is under the pointer in the conversation, or chosen there by keyboard."""
        desk, entry = self._desk, spot.entry
        menu = self._new()
        if spot.link:
            menu.entry(_("Open the link"), lambda: self._on_link(spot.link), icon="link")
            menu.entry(_("Copy the link"), lambda: desk.copy(spot.link), icon="copy")
            menu.line()
        if spot.selected:
            menu.entry(
                _("Copy what is selected"), lambda: desk.copy(spot.selected), icon="copy",
                keys="Ctrl+C",
            )  # fmt: skip
        if isinstance(entry, Said | Mine):
            menu.entry(_("Copy the message"), lambda: desk.copy(entry.text), icon="copy")
        if isinstance(entry, Said) and not entry.deleted:
            words = spot.selected or entry.text
            menu.entry(_("Quote"), lambda: desk.compose(quoted(entry.nick, words)), icon="reply")
        if isinstance(entry, Said):
            number = str(entry.seq)
            menu.entry(_("Copy its number"), lambda: desk.copy(number), gap=True)
            self._author(menu, entry, spot)
            self._deletion(menu, entry)
        elif isinstance(entry, Mine) and entry.state == "refused":
            menu.line()
            menu.entry(_("Send again"), lambda: desk.controller.resend(entry), icon="reload")
            menu.entry(_("Edit"), lambda: desk.controller.edit(entry), icon="edit")
            menu.entry(
                _("Delete"), lambda: desk.controller.give_up(entry), icon="trash", danger=True
            )
        if entry is None:
            menu.entry(_("Search…"), self._on_search, icon="search", keys="Ctrl+F")
            menu.entry(
                _("Save the conversation…"), lambda: SaveRoom(desk), icon="save", keys="Ctrl+S"
            )
        menu.show_at(spot.x, spot.y)

    def _author(self, menu: PopupMenu, said: Said, spot: Spot) -> None:
        person = PersonRow(user=said.user, nick=said.nick, here=True, you=said.own)
        if not said.own:
            menu.line()
            menu.entry(said.nick, lambda: self.person(person, spot.x, spot.y), icon="person")

    def _deletion(self, menu: PopupMenu, said: Said) -> None:
        desk = self._desk
        room = desk.talk.room
        if room is None or said.deleted or not (said.own or desk.moderates):
            return
        menu.line()
        menu.entry(
            _("Delete…"),
            lambda: Decide(desk, "delete", room=room.name, seq=said.seq),
            icon="trash",
            danger=True,
        )

    # --- the server and oneself ----------------------------------------------------------------

    def server(self, x: int, y: int) -> None:
        """Of the server: what its administrators decide, and what everybody may see."""
        desk = self._desk
        menu = self._new()
        ways = desk.controller.ways().found
        if len(ways) == 1:
            link = ways[0].link()
            menu.entry(_("Copy the join link"), lambda: desk.copy(link), icon="link")
        else:
            menu.entry(_("Let others in…"), lambda: JoinLink(desk), icon="link")
        if desk.administers:
            menu.entry(_("Invite somebody…"), lambda: invite(desk), icon="person-plus")
            menu.entry(_("Invitations…"), lambda: Served(desk, "invitations"), icon="key")
            menu.entry(_("Who waits to be let in…"), lambda: Served(desk, "waiting"), icon="clock")
            menu.line()
            menu.entry(_("Muted, removed, banned…"), lambda: Served(desk, "sanctions"), icon="ban")
            menu.entry(_("Owners, administrators…"), lambda: Served(desk, "roles"), icon="crown")
            menu.entry(_("What was decided…"), lambda: Audit(desk), icon="info")
        menu.line()
        menu.entry(_("My devices…"), lambda: Served(desk, "devices"), icon="device")
        menu.entry(_("Add a device…"), lambda: new_device(desk), gap=True)
        menu.show_at(x, y)

    def own(self, button: tk.Widget) -> None:
        """Of oneself and of the window."""
        desk = self._desk
        menu = self._new()
        menu.entry(_("Change your nickname…"), lambda: NewNickname(desk), icon="edit")
        menu.entry(_("Settings…"), lambda: Preferences(desk), icon="settings")
        menu.entry(_("Keyboard shortcuts…"), lambda: Shortcuts(desk.over), icon="help", keys="F1")
        menu.line()
        menu.entry(_("Disconnect"), desk.leave, icon="leave", keys="Ctrl+Shift+D")
        menu.entry(_("Quit"), desk.quit, icon="close", keys="Ctrl+Q")
        menu.show_above(button)

    def add(self, button: tk.Widget) -> None:
        """Of the composer: what is not typed every day."""
        desk = self._desk
        menu = self._new()
        menu.entry(_("Quote"), lambda: desk.compose("> "), icon="reply")
        menu.entry(_("Code"), lambda: desk.compose("```\n"), gap=True)
        menu.entry(_("Commands…"), lambda: desk.compose("/"), icon="help")
        menu.line()
        menu.entry(_("Go to a room…"), lambda: GoTo(desk), icon="forward", keys="Ctrl+K")
        menu.entry(
            _("Join a room, or make one…"), lambda: NewRoom(desk), icon="hash", keys="Ctrl+N"
        )
        menu.entry(_("Write to one person alone…"), lambda: NewDirect(desk), icon="person")
        menu.show_above(button)


def quoted(nick: str, text: str) -> str:
    """A message as a quote of one line, and the line to write under it."""
    words = " ".join(text.split())
    if len(words) > LONGEST_QUOTE:
        words = words[: LONGEST_QUOTE - 1].rstrip() + "…"
    return f"> {nick}: {words}\n"
