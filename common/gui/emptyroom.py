"""What an empty room says, and the link that brings others into it."""

from __future__ import annotations

from common.gui.desk import Desk
from common.gui.dialogs.linking import JoinLink
from common.gui.emptiness import Emptiness
from common.i18n import _


class EmptyRoom(Emptiness):
    """`follow` shows or hides it by what the model says."""

    def follow(self, desk: Desk) -> None:
        """Show what there is to say about the open room."""
        words = desk.model.empty()
        room = desk.talk.room
        if words is None or room is None:
            self.hide()
            return
        if room.kind.peer is not None or room.kind.private:
            self.say(*words)
            return
        ways = desk.controller.ways()
        if len(ways.found) == 1:
            link = ways.found[0].link()
            self.say(*words, _("Copy the link"), lambda: desk.copy(link))
        else:
            self.say(*words, _("Let others in…"), lambda: JoinLink(desk))
