"""What is kept by the server, as lists: invitations, who waits, measures, roles, devices,
nicknames, and the log of what was decided.

Owns what can be done about each row. The words of the rows are `common.client.entries`'.
"""

from __future__ import annotations

from typing import Final

from common.client.entries import list_lines, log_words
from common.client.events import AuditReply, ListReply
from common.gui.desk import Desk
from common.gui.dialogs.code import Code
from common.gui.dialogs.inviting import NewInvitation
from common.gui.dialogs.listing import Listing
from common.gui.rowlist import Row
from common.i18n import N_, _
from common.protocol import deeds
from common.protocol.deeds import Entry, Lists
from common.safe import one_line
from common.when import moment

_TITLES = {
    "invitations": N_("Invitations"),
    "waiting": N_("Who waits to be let in"),
    "sanctions": N_("Who is muted, removed or banned"),
    "roles": N_("Who owns and administers this server"),
    "devices": N_("My devices"),
    "nicks": N_("My former nicknames"),
}
_ICONS = {
    "invitations": "key",
    "waiting": "clock",
    "sanctions": "ban",
    "roles": "crown",
    "devices": "device",
    "nicks": "person",
}
_WIDE: Final = {"waiting": 620, "sanctions": 560}
"""Pixels at 96 dpi: a fingerprint must be readable as a whole, and a reason is worth reading."""
_AUDIT = 200


class Served(Listing):
    """One of the broker's lists; presented at once."""

    def __init__(self, desk: Desk, what: Lists, room: str = "") -> None:
        super().__init__(desk.over, _(_TITLES[what]), width=_WIDE.get(what, 460))
        self._desk, self._what, self._room = desk, what, room
        self._entries: dict[str, Entry] = {}
        getattr(self, f"_begin_{what}", lambda: None)()
        self._load()
        self.present(self.list.canvas)

    def _load(self) -> None:
        self._desk.list(self._what, self._room, self._came, self.say)

    def _came(self, reply: ListReply) -> None:
        self._entries = {one.name: one for one in reply.entries}
        lines = list_lines(self._what, reply.entries)
        rows = []
        for (key, one), line in zip(self._entries.items(), lines, strict=False):
            label, _tab, note = line.partition("\t")
            if self._what == "waiting":
                # People know the name; the key's first digits begin its fingerprint anyway.
                label, note = one_line(one.nick) or label, note.partition(" · ")[2]
            rows.append(Row(key=key, label=label, note=note, icon=_ICONS[self._what], tip=note))
        self.show(rows, lines[0])

    def _do(self, deed: deeds.Deed) -> None:
        self._desk.do(deed, "", self._load, self.say)

    # --- what can be done ----------------------------------------------------------------------

    def _begin_invitations(self) -> None:
        self.act(_("New invitation…"), self._invite, primary=True, left=True)
        self.action(_("Withdraw"), lambda key: self._do(deeds.Withdraw(name=key)), danger=True)

    def _invite(self) -> None:
        self.close()
        invite(self._desk)

    def _begin_waiting(self) -> None:
        self.action(_("Let in"), lambda key: self._do(deeds.Approve(key=self._entries[key].key)))

    def _begin_sanctions(self) -> None:
        self.action(_("Lift"), self._lift, able=lambda key: self._entries[key].what != "kick")

    def _lift(self, key: str) -> None:
        one = self._entries[key]
        if one.what == "ban":
            who = {"key": one.key} if one.key else {"user": one.user}
            self._do(deeds.Unban(**who))
        else:
            self._do(deeds.Unmute(room=one.room, user=one.user))

    def _begin_roles(self) -> None:
        if self._desk.controller.role == "owner":
            self.action(
                _("End this role"),
                lambda key: self._do(deeds.Role(user=self._entries[key].user, role="member")),
                danger=True,
            )

    def _begin_devices(self) -> None:
        self.act(_("Add a device…"), self._device, primary=True, left=True)
        self.action(
            _("Revoke"), lambda key: self._do(deeds.Revoke(key=self._entries[key].key)), danger=True
        )

    def _device(self) -> None:
        self.close()
        new_device(self._desk)


class Audit(Listing):
    """What was decided here, and by whom; the newest first. Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("What was decided here"), width=560)
        desk.ask(desk.client.audit(limit=_AUDIT), self._came, self.say)
        self.present(self.list.canvas)

    def _came(self, reply: AuditReply) -> None:
        rows = []
        for entry in reversed(reply.entries):
            words = log_words(entry)
            rows.append(
                Row(key=str(entry.seq), label=words, note=moment(entry.ts), icon="info", tip=words)
            )
        self.show(rows, _("Nothing was decided yet."))


def invite(desk: Desk) -> None:
    """Ask for an invitation."""
    NewInvitation(desk.over, desk.code, desk.controller.ways, desk.copy)


def new_device(desk: Desk) -> None:
    """Make a code by which another device becomes this person's too, and show it."""
    desk.code(deeds.MakeDeviceCode(), lambda reply: Code(desk.over, reply, desk.copy))
