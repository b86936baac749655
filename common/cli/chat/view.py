"""Which rows of the open room are on the screen. Owns the place where somebody reads.

Must not know keys or the terminal. Only what is visible is ever drawn: it costs the same in a room
of fifty lines and of fifty thousand.

The place is either the end, which follows what arrives, or an *anchor*: an entry's key and how many
of its rows, counted from its last one, are on the screen or below it. Older lines may be put
before it and newer ones after it, and nothing moves.
"""

from common.cli.chat.cells import Row
from common.cli.chat.paint import Painter, centred
from common.cli.chat.signs import columns
from common.client.conversation import Conversation
from common.client.timeline import Key, Said, Timeline
from common.i18n import _


class View:
    """The window on a conversation, `rows` high at the last drawing."""

    def __init__(self, conversation: Conversation, painter: Painter, fingerprint: str = "") -> None:
        """`fingerprint`, of this person's key, is shown while they wait to be let in."""
        self._fingerprint = fingerprint
        self._conversation = conversation
        self._painter = painter
        self._anchor: tuple[Key, int] | None = None
        self._top: tuple[Key, int] | None = None
        self._height = 20
        self._columns = columns(80)
        self._owed = 0
        """Rows to go further up once older lines are here."""

    @property
    def following(self) -> bool:
        return self._anchor is None

    def rows(self, width: int, height: int) -> list[Row]:
        """At most `height` rows for a terminal of this width."""
        self._columns, self._height = columns(width), max(height, 1)
        room = self._conversation.room
        if room is None or not room.size:
            return self._nothing(room, width)
        if self._anchor is not None:
            rows = self._from_anchor(room, self._anchor)
            if rows is not None:
                return rows
            if not self._owed:
                self.to_end()
        return self._to_the_end(room)

    def _block(self, room: Timeline, place: int) -> list[Row]:
        return self._painter.rows(room, place, self._columns)

    def _to_the_end(self, room: Timeline) -> list[Row]:
        blocks: list[list[Row]] = []
        count, place = 0, room.size
        while place > 0 and count < self._height:
            place -= 1
            blocks.append(self._block(room, place))
            count += len(blocks[-1])
        hidden = max(0, count - self._height)
        self._top = (room.entry(place).key, len(blocks[-1]) - hidden)
        rows = [row for block in reversed(blocks) for row in block]
        return rows[hidden:]

    def _from_anchor(self, room: Timeline, anchor: tuple[Key, int]) -> list[Row] | None:
        """None where what follows does not fill the screen: the end is in sight."""
        key, below = anchor
        place = min(room.place(key), room.size - 1)
        block = self._block(room, place)
        if room.entry(place).key != key:
            below = len(block)
        below = min(below, len(block))
        rows = block[len(block) - below :]
        self._top = (room.entry(place).key, below)
        while len(rows) < self._height:
            place += 1
            if place >= room.size:
                return None
            rows = rows + self._block(room, place)
        return rows[: self._height]

    def _nothing(self, room: Timeline | None, width: int) -> list[Row]:
        state = self._conversation.link.state
        texts: list[Row]
        if state == "joining" and self._conversation.link.code == "not-invited":
            texts = [
                [("bold", _("Waiting to be let in."))],
                [("class:muted", _("An administrator sees your nickname and this key:"))],
                [("class:accent", self._fingerprint)],
                [("class:muted", _("With an invitation, start again with --invite CODE."))],
            ]
        elif state == "joining":
            texts = [[("class:muted", _("Joining…"))]]
        elif room is None:
            texts = [
                [("bold", _("You are in no room."))],
                [("class:muted", _("Type /rooms to see which there are, /join ROOM to enter."))],
            ]
        elif room.loading or not room.complete:
            texts = []
        elif room.kind.peer is not None:
            texts = [
                [("bold", _("It is quiet here."))],
                [("class:muted", _("Only you and {nick} read this.").format(nick=room.title[1:]))],
            ]
        else:
            texts = [
                [("bold", _("It is quiet here."))],
                [("class:muted", _("Say hello, or give others the link."))],
            ]
        above: list[Row] = [[] for _row in range((self._height - len(texts)) // 2)]
        below: list[Row] = [[] for _row in range(self._height - len(texts) - len(above))]
        return above + centred(texts, width) + below

    # --- moving --------------------------------------------------------------------------------

    def up(self, rows: int | None = None) -> bool:
        """Goes up, a page where `rows` is None. True: the oldest line that is here is reached."""
        room = self._conversation.room
        if room is None or self._top is None or not room.size:
            return True
        rows = rows or max(self._height - 1, 1)
        key, below = self._top
        place = min(room.place(key), room.size - 1)
        while rows > 0:
            hidden = len(self._block(room, place)) - below
            if hidden >= rows:
                below += rows
                rows = 0
                break
            rows -= hidden
            if place == 0:
                below += hidden
                break
            place -= 1
            below = 0
        self._set(room, (room.entry(place).key, below))
        self._owed = 0 if room.complete else rows
        return rows > 0

    def older_came(self) -> None:
        """Older lines are here, or none will come: goes on where `up` had to stop."""
        owed, self._owed = self._owed, 0
        if owed and self._anchor is not None:
            self._top = self._anchor
            self.up(owed)
            self._owed = 0

    def down(self, rows: int | None = None) -> None:
        """Goes down, a page where `rows` is None, and follows again where that reaches the end."""
        room = self._conversation.room
        self._owed = 0
        if room is None or self._anchor is None:
            return
        rows = rows or max(self._height - 1, 1)
        key, below = self._anchor
        place = min(room.place(key), room.size - 1)
        while below <= rows:
            rows -= below
            place += 1
            if place >= room.size:
                self.to_end()
                return
            below = len(self._block(room, place))
        anchor = (room.entry(place).key, below - rows)
        if self._from_anchor(room, anchor) is None:
            self.to_end()
        else:
            self._set(room, anchor)

    def to_end(self) -> None:
        """Goes to the newest line and follows what comes."""
        self._anchor = self._top = None
        self._owed = 0
        room = self._conversation.room
        if room is not None:
            room.reading = False
            room.read()

    def to_start(self) -> bool:
        """Goes to the oldest line that is here. True: there may be older ones."""
        room = self._conversation.room
        if room is None or not room.size:
            return False
        self._set(room, (room.entry(0).key, len(self._block(room, 0))))
        return not room.complete

    def to_unread(self) -> bool:
        """Goes to the line "since you left"; False where there is none or it is not loaded."""
        room = self._conversation.room
        if room is None or not room.since:
            return False
        place = room.place((room.since, 0))
        while place < room.size and not isinstance(room.entry(place), Said):
            place += 1
        if place >= room.size:
            return False
        anchor = (room.entry(place).key, len(self._block(room, place)))
        if self._from_anchor(room, anchor) is None:
            self.to_end()
        else:
            self._set(room, anchor)
        return True

    def _set(self, room: Timeline, anchor: tuple[Key, int]) -> None:
        self._anchor = self._top = anchor
        room.reading = True
