"""What becomes of a message that was refused: said again, changed, or given up.

Owns the commands and the deeds of a face about it. Must not know how it is shown.
"""

from __future__ import annotations

from common.client.commands import Call, Wrong
from common.client.conversation import NEVER_AGAIN, Conversation
from common.client.timeline import Mine
from common.i18n import _
from common.talk.errands import shown, usage
from common.talk.face import Face


class Refusals:
    """A part of the controller."""

    conversation: Conversation
    _face: Face

    def _say(self, text: str, me: bool) -> Wrong | None:
        raise NotImplementedError

    def _do_resend(self, _call: Call) -> Wrong | None:
        mine = self.conversation.refused()
        if mine is None or self.conversation.room is None:
            return Wrong(_("Nothing was refused here."))
        if mine.code in NEVER_AGAIN:
            return Wrong(
                _("This cannot be stored as it is. {usage} lets you change it.").format(
                    usage=usage("edit")
                )
            )
        self.resend(mine)
        return None

    def _do_edit(self, _call: Call) -> Wrong | None:
        mine = self.conversation.refused()
        if mine is None or self.conversation.room is None:
            if self.conversation.waiting():
                return Wrong(_("What is queued can no longer be changed."))
            return Wrong(_("Nothing was refused here."))
        self.edit(mine)
        return None

    def resend(self, mine: Mine) -> None:
        """Says a refused message of the open room again."""
        if self.conversation.room is not None:
            self.conversation.room.settle(mine.n)
            self._say(mine.text, mine.me)
            self._face.changed()

    def edit(self, mine: Mine) -> None:
        """Takes a refused message of the open room back for changing."""
        if self.conversation.room is not None:
            self.conversation.room.settle(mine.n)
            text = f"/{mine.text}" if mine.text.startswith("/") else mine.text
            self._face.compose(f"{shown('me')} {text}" if mine.me else text)
            self._face.changed()

    def give_up(self, mine: Mine) -> None:
        """Takes a refused message away; only its author had it."""
        if self.conversation.room is not None:
            self.conversation.room.settle(mine.n)
            self._face.changed()
