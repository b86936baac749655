"""What the window knows besides the conversation: panes, and what is typed. Pure: no Tk.

Owns that these stand together, and that drafts find their rooms; what every face shows around a
conversation is `talk.surroundings`'. Must not know a widget.
"""

from __future__ import annotations

from collections.abc import Iterable

from common.client import events as ev
from common.gui.drafts import Typed
from common.gui.panes import Panes
from common.talk.surroundings import Call, PeopledConversation, Surroundings


class WindowModel(Surroundings):
    """Everything but the messages."""

    conversation: PeopledConversation

    def __init__(
        self, conversation: PeopledConversation, typed: Typed, folded: Iterable[str] = ()
    ) -> None:
        super().__init__(conversation, conversation.present)
        self.typed = typed
        self.panes = Panes(set(folded))

    def take(self, batch: Iterable[ev.Event]) -> list[Call]:
        calls = super().take(batch)
        self.typed.hand_out(self.conversation.rooms)
        return calls
