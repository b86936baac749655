"""The face of the chat where a page shows it: what the controller says becomes messages to it.

Owns that, for a session whose page may be gone: then what is said for a moment is not said at all.
Must not know sockets.
"""

from __future__ import annotations

from collections.abc import Callable

from common.safe import one_line, plain
from common.web.view import View


class PageFace:
    """See `common.talk.face.Face`. `view` is the page's, None while there is none."""

    def __init__(self, changed: Callable[[], None], quit: Callable[[], None]) -> None:
        self.view: View | None = None
        self.changed = changed
        self.quit = quit

    def say(self, text: str) -> None:
        if self.view is not None:
            self.view.tell({"t": "toast", "text": one_line(text)})

    def compose(self, text: str) -> None:
        if self.view is not None:
            self.view.tell({"t": "compose", "text": plain(text)})

    def opened(self, _left: str) -> None:
        if self.view is not None:
            self.view.newest()
        self.changed()

    def older_came(self) -> None:
        self.changed()

    def cleared(self) -> None:
        if self.view is not None:
            self.view.cleared()
        self.changed()

    def page(self, name: str) -> None:
        """The page itself does this: save, history."""
        if self.view is not None:
            self.view.tell({"t": "page", "name": name})

    def wrong(self, key: str, text: str) -> None:
        """The line that was typed under this key cannot be used as it is."""
        if self.view is not None:
            self.view.tell({"t": "wrong", "key": key, "text": one_line(text)})
