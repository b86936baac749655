"""The conversation in a real text: what stands in it, and that nothing moves while one reads."""

from __future__ import annotations

import random
import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from common.client.markup import name_pattern
from common.client.timeline import Change, Entry, Mine, Timeline
from common.gui.conversation_view import ConversationView, Spot
from common.gui.emoji_font import runs_of_emoji, without_emoji
from common.gui.filling import MOST
from common.gui.theme import Theme
from common.protocol.messages import Record
from tests.support import wait_until
from tests.support.display import Keyboard

_T0 = 1_790_000_000_000
_PIECES = (
    "hello", "@Ada", "`code`", "**bold**", "😀", "http://x.example/a_(b).", "\n> quoted words\n",
    "\n```\nsome code\n```\n", "élan", "and a much longer part of a sentence that has to be broken",
)  # fmt: skip


def record(seq: int, text: str = "", user: str = "", minutes: int = 0, **more: Any) -> Record:
    user = user or ("grace", "linus", "me")[seq // 2 % 3]
    nick = {"me": "Ada"}.get(user, user.title())
    stamp = _T0 + (minutes or seq) * 60_000
    return Record("message", seq, f"s-{seq}", user, nick, stamp, text or f"no. {seq}", **more)


def room_of(*records: Record) -> Timeline:
    room = Timeline("general", me="me", nick="Ada", you=name_pattern("Ada"))
    room.caught = True
    room.add(records, live=True, following=True)
    return room


class Seen:
    """A view on the screen, and what it asked for."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.root = root
        self.links: list[str] = []
        self.actions: list[tuple[str, Entry]] = []
        self.spots: list[Spot] = []
        self.older = 0
        self.views: list[bool] = []
        self.view = ConversationView(
            root, theme, on_older=self._older, on_link=self.links.append,
            on_action=lambda *action: self.actions.append(action),
            on_context=self.spots.append, on_view=self.views.append,
        )  # fmt: skip
        self.view.pack(fill="both", expand=True)
        root.update()

    def _older(self) -> None:
        self.older += 1

    def settle(self) -> None:
        def settled() -> bool:
            self.root.update()
            return self.view.settled

        wait_until(settled, "everything to be drawn")
        self.root.update()

    def show(self, room: Timeline) -> None:
        self.view.show(room)
        self.settle()

    def refresh(self, **what: Any) -> None:
        self.view.refresh(**what)
        self.settle()

    @property
    def words(self) -> str:
        return self.view.text.get("1.0", "end-1c")

    @property
    def at_end(self) -> bool:
        return self.view.text.dlineinfo("end-1c") is not None

    def click(self, words: str) -> None:
        text = self.view.text
        place = text.search(words, "1.0", exact=True)
        assert place, f"{words!r} is not there"
        box = text.bbox(f"{place} + 1 chars")
        assert box, f"{words!r} is not in sight"
        x, y = box[0] + 1, box[1] + box[3] // 2
        text.event_generate("<Motion>", x=x, y=y)
        text.event_generate("<Button-1>", x=x, y=y)
        text.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.root.update()

    def consistent(self) -> None:
        """Lines, keys and entries are those of the room."""
        drawn, room = self.view.drawn, self.view.room
        assert room is not None
        lines = sum(len(block.roles) for block in drawn.blocks)
        assert self.view.text.index("end-1c") == f"{lines + 1}.0"
        low = room.place(drawn.keys[0]) if drawn.keys else 0
        there = [room.entry(low + each) for each in range(len(drawn))]
        assert [one.key for one in there] == drawn.keys
        assert all(one is other for one, other in zip(there, drawn.entries, strict=True))


@pytest.fixture
def seen(root: tk.Tk, theme: Theme) -> Seen:
    return Seen(root, theme)


# --- what stands there -------------------------------------------------------------------------


def test_the_first_message_of_a_room_stays_in_sight_when_it_is_stored(seen: Seen) -> None:
    room = room_of()
    seen.show(room)
    room.queued(1, "the very first", _T0)
    seen.refresh()
    assert "the very first" in seen.words, "drawn while the server takes its time"
    room.stored(1, 1, "the very first")
    room.add([record(1, "the very first", "me")], live=True, following=True)
    seen.refresh()
    assert "the very first" in seen.words
    seen.consistent()


def test_a_message_a_group_a_crowd_and_a_queued_one_are_drawn_as_they_are(seen: Seen) -> None:
    room = room_of(
        record(1, "Hello, **bold** and `code`", "grace"),
        record(2, "again", "grace", minutes=1),
        record(3, "look @Ada", "linus"),
        record(4, "mine", "me"),
    )
    for nick in ("A", "B", "C", "D"):
        room.changed(Change(_T0 + 300_000, "joined", nick))
    room.queued(1, "not yet", _T0 + 400_000)
    seen.show(room)
    words = seen.words
    assert words.count("Grace") == 1
    assert "bold and code" in words
    assert "no. 4 · stored" in words
    assert "4 people joined" in words
    assert "queued" in words
    tags = seen.view.text.tag_names(seen.view.text.search("@Ada", "1.0"))
    assert {"you", "mentioned"} <= set(tags)
    seen.refresh(link_down=True)
    assert "queued: leaves when the link is back" in seen.words
    seen.consistent()


def test_a_refused_message_says_why_and_what_can_be_done(seen: Seen) -> None:
    room = room_of(record(1))
    room.queued(1, "first", _T0)
    room.queued(2, "second", _T0)
    room.refused(1, "first", _T0, "disk-full", "")
    room.refused(2, "second", _T0, "too-large", "")
    seen.show(room)
    assert seen.words.count("refused: ") == 2
    assert seen.words.count("Send again") == 1
    seen.click("Send again")
    action, entry = seen.actions[0]
    assert action == "again"
    assert isinstance(entry, Mine)
    assert entry.text == "first"
    seen.click("Delete")
    assert seen.actions[1][0] == "delete"


def test_a_link_opens_without_the_full_stop_behind_it(seen: Seen) -> None:
    seen.show(room_of(record(1, "see http://x.example/a_(b).", "grace")))
    seen.click("http://x.example")
    assert seen.links == ["http://x.example/a_(b)"]


def test_a_click_on_a_quoted_line_goes_to_what_it_quotes(seen: Seen) -> None:
    long = " ".join(["many words"] * 30)
    quoting = record(12, f"> Grace: {long}\nI agree", "linus")
    first = record(1, long, "grace")
    seen.show(room_of(first, *(record(n) for n in range(2, 12)), quoting))
    seen.click("Grace: many")
    marked = seen.view.text.tag_ranges("chosen")
    assert marked
    assert seen.view.drawn.at(int(str(marked[0]).split(".")[0])) == 0


def test_what_is_copied_has_names_and_times_and_no_states(seen: Seen) -> None:
    seen.show(room_of(record(1, "one", "grace"), record(2, "> q\ntwo", "me")))
    seen.view.text.tag_add("sel", "1.0", "end")
    lines = [line.strip() for line in seen.view.copy().split("\n")]
    assert seen.root.clipboard_get() == seen.view.selected()
    assert "stored" not in seen.view.selected()
    assert lines[1] == ""
    assert lines[2].startswith("Grace  ")
    assert lines[3:5] == ["one", ""]
    assert lines[5].startswith("Ada  ")
    assert lines[6:] == ["q", "two"]


def test_long_lines_of_code_are_broken_within_their_ground_and_copied_whole(
    seen: Seen, theme: Theme
) -> None:
    long = " ".join(f"word{n}" for n in range(60))
    wide = "界" * 200
    seen.show(room_of(record(1, f"```\nshort\n{long}\n{wide}\n```", "grace")))
    text = seen.view.text

    def rows() -> list[int]:
        """The width in use of each line of code."""
        (block,) = seen.view.drawn.blocks
        lines = [n for n, role in enumerate(block.roles, 1) if role in ("body", "more")]
        for line in lines:
            assert text.count(f"{line}.0", f"{line}.end", "displaylines") in (None, (0,), 0)
            assert "block" in text.tag_names(f"{line}.0")
        return lines

    before = len(rows())
    assert before > 5
    seen.root.geometry("420x500")
    seen.settle()
    assert len(rows()) > before
    text.tag_add("sel", "1.0", "end")
    copied = seen.view.copy().split("\n")
    assert copied[-3:] == ["short", long, wide]
    theme.zoom(200)
    seen.settle()
    assert len(rows()) > before


def test_the_end_that_comes_in_sight_is_followed(seen: Seen) -> None:
    room = room_of(*(record(n) for n in range(1, 30)))
    seen.root.geometry("700x200")
    seen.show(room)
    seen.view.page_up()
    seen.settle()
    assert not seen.view.following
    seen.root.geometry("700x3000")
    seen.settle()
    assert seen.view.following
    assert not room.reading


def test_the_time_of_a_grouped_message_shows_under_the_pointer(seen: Seen) -> None:
    seen.show(room_of(record(1, "one", "grace"), record(2, "two", "grace", minutes=2)))
    text = seen.view.text
    box = text.bbox(text.search("two", "1.0"))
    assert box
    text.event_generate("<Motion>", x=box[0] + 1, y=box[1] + 2)
    seen.root.update()
    labels = [each for each in text.winfo_children() if isinstance(each, tk.Label)]
    assert [each.cget("text") for each in labels if each.winfo_manager()] == [
        seen.view.drawn.blocks[1].clock
    ]
    assert seen.view.drawn.blocks[1].clock


def test_keys_choose_a_message_copy_it_and_ask_for_its_menu(seen: Seen, keyboard: Keyboard) -> None:
    seen.show(room_of(record(1, "one http://x.example", "grace"), record(2, "two", "linus")))
    seen.view.text.focus_force()
    seen.root.update()
    keyboard.press("Up", "Up", "ctrl+c", "shift+F10")
    assert seen.root.clipboard_get() == "one http://x.example"
    assert seen.spots[0].link == "http://x.example"
    assert seen.spots[0].entry is seen.view.drawn.entries[0]
    keyboard.type("typed into nothing")
    seen.consistent()


def test_without_safe_emoji_tk_is_given_none(seen: Seen, theme: Theme) -> None:
    theme.emoji_safe = False
    seen.show(room_of(record(1, "a 🎉 and a 🦆 ☎️", "grace")))
    assert "a :tada: and a :duck: :black_telephone:" in seen.words
    assert without_emoji("é → ½ ✓") == "é → ½ :check_mark:"
    assert list(runs_of_emoji("a👍🏽b")) == [("a", False), ("👍🏽", True), ("b", False)]


# --- where one reads ---------------------------------------------------------------------------


def test_the_end_stays_in_sight_whatever_changes(seen: Seen, theme: Theme) -> None:
    room = room_of(*(record(n, "words " * (n % 30 + 1)) for n in range(1, 200)))
    seen.show(room)
    changes: tuple[Callable[[], object], ...] = (
        lambda: room.add([record(200, "new " * 50)], live=True, following=True),
        lambda: seen.root.geometry("500x300"),
        lambda: seen.root.geometry("800x600"),
        lambda: theme.zoom(150),
        lambda: theme.switch("dark"),
        lambda: theme.zoom(100),
    )
    for change in changes:
        change()
        seen.root.update()
        seen.refresh()
        assert seen.at_end
        assert seen.view.following
    assert len(seen.view.drawn) <= MOST


def test_nothing_moves_while_one_reads_further_up(seen: Seen, theme: Theme) -> None:
    room = room_of(*(record(n, "words " * (n % 30 + 1)) for n in range(1001, 1600)))
    seen.show(room)
    for _each in range(8):
        seen.view.page_up()
    seen.settle()
    assert seen.views == [False]
    assert room.reading
    top = seen.view.drawn.top()
    for n in range(1600, 1700):
        room.add([record(n, user="grace")], live=True, following=False)
        seen.view.refresh()
    seen.settle()
    assert seen.view.drawn.top() == top
    room.add_history([record(n) for n in range(900, 1001)], more=True)
    seen.refresh()
    assert seen.view.drawn.top() == top
    theme.switch("dark")
    seen.settle()
    assert seen.view.drawn.top() == top
    seen.root.geometry("420x500")
    seen.settle()
    now = seen.view.drawn.top()
    assert now is not None
    assert top is not None
    assert now[:3] == top[:3]
    assert seen.view.new == 100
    seen.view.to_end()
    seen.settle()
    assert seen.at_end
    assert seen.view.new == 0
    assert seen.views == [False, True]
    assert not room.reading
    seen.consistent()


def test_older_lines_are_asked_for_once_until_they_come(seen: Seen) -> None:
    room = room_of(*(record(n, "words " * 20) for n in range(501, 700)))
    seen.show(room)
    assert seen.older == 0
    for _each in range(60):
        seen.view.page_up()
    seen.settle()
    assert seen.older == 1
    room.loading = True
    room.add_history([record(n) for n in range(401, 501)], more=True)
    seen.refresh()
    assert seen.older == 1
    seen.view.to_start()
    seen.settle()
    assert seen.older == 2
    assert seen.view.drawn.keys[0] == (401, 0)


def test_ten_thousand_messages_at_once_leave_the_last_ones_in_sight(seen: Seen) -> None:
    room = room_of(record(1))
    seen.show(room)
    room.queued(1, "waits", _T0)
    for n in range(2, 10_002, 50):
        room.add([record(n + each) for each in range(50)], live=True, following=True)
        seen.view.refresh()
        if n % 500 == 2:
            seen.root.update()
    seen.settle()
    assert seen.at_end
    assert "no. 10001" in seen.words
    assert "waits" in seen.words
    assert len(seen.view.drawn) <= MOST
    seen.consistent()
    seen.view.to_start()
    seen.settle()
    seen.consistent()
    assert len(seen.view.drawn) <= MOST
    assert seen.view.text.compare("@0,0", "==", "1.0")


def test_an_entry_anywhere_can_be_shown(seen: Seen) -> None:
    room = room_of(*(record(n, "words " * (n % 40 + 1)) for n in range(1, 3_000)))
    seen.show(room)
    for n in (5, 1_500, 1_502, 2_990, 700):
        assert seen.view.reveal((n, 0))
        seen.settle()
        at = seen.view.drawn.find((n, 0))
        assert at is not None
        assert seen.view.text.dlineinfo(f"{seen.view.drawn.line(at)}.0")
        seen.consistent()
    assert not seen.view.reveal((9_999, 0))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_drawn_in_steps_is_what_is_drawn_at_once(
    seen: Seen, theme: Theme, seed: int
) -> None:
    pick = random.Random(seed)
    room = room_of(record(1_000, user="grace"))
    seen.show(room)
    newest, oldest, mine = 1_000, 1_000, 0
    for _each in range(60):
        deed = pick.randrange(9)
        words = " ".join(pick.choices(_PIECES, k=pick.randrange(1, 12)))
        if deed < 3:
            count = pick.choice((1, 2, 200))
            fresh = [record(newest + 1 + each, words) for each in range(count)]
            room.add(fresh, live=True, following=seen.view.following)
            newest += count
        elif deed == 3 and oldest > 200:
            older = [record(n, words) for n in range(oldest - 20, oldest)]
            room.add_history(older, more=True)
            oldest -= 20
        elif deed == 4:
            mine += 1
            room.queued(mine, words, _T0 + newest * 60_000)
        elif deed == 5 and mine:
            code = pick.choice(("too-large", "disk-full"))
            room.refused(mine, words, _T0 + newest * 60_000, code, "")
        elif deed == 6:
            room.changed(Change(_T0 + newest * 60_000, "left", "Linus"))
        elif deed == 7:
            gone = Record("delete", newest + 1, "d", "grace", "Grace", _T0, of=newest)
            room.add([gone], live=True, following=True)
            newest += 1
        else:
            pick.choice((seen.view.page_up, seen.view.to_end, seen.view.to_start))()
        seen.view.refresh()
        if pick.random() < 0.7:
            seen.root.update()
    seen.settle()
    seen.consistent()
    seen.view.to_end()
    seen.settle()
    step_by_step = seen.words
    seen.view.pack_forget()
    fresh_view = Seen(seen.root, theme)
    fresh_view.show(room)
    for _each in range(40):
        fresh_view.view.page_up()
    fresh_view.settle()
    at_once = fresh_view.words
    shorter, longer = sorted((step_by_step, at_once), key=len)
    last = shorter[-400:]
    assert longer.endswith(last) or shorter in longer
