"""What an empty room says, and the link that brings others into it."""

from __future__ import annotations

from common.gui.desk import Desk
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
        link = desk.controller.invitation_link("")
        public = room.kind.peer is None and not room.kind.private
        if link and public:
            self.say(*words, _("Copy the link"), lambda: desk.copy(link))
        else:
            self.say(*words)
