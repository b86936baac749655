"""The parts: typed into, pressed, walked and left by real keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from common.gui.cutting import CutLabel, shortened
from common.gui.dropdown import Dropdown
from common.gui.editing import clean
from common.gui.field import Field
from common.gui.rowlist import Row, RowList
from common.gui.sheet import Sheet
from common.gui.theme import Theme
from common.gui.widgets import Check, Pane, Scrollbar, button, ground_of, label
from tests.support import wait_until
from tests.support.display import Keyboard


@pytest.fixture
def until(root: tk.Tk) -> Callable[[Callable[[], object], str], None]:
    """Wait for something while Tk runs."""

    def wait(predicate: Callable[[], object], what: str) -> None:
        def turn() -> object:
            root.update()
            return predicate()

        wait_until(turn, what)

    return wait


Until = Callable[[Callable[[], object], str], None]


def focus(root: tk.Tk, widget: tk.Misc) -> None:
    """Give the keyboard to a widget, as a window manager would."""
    root.update()
    widget.focus_force()
    root.update()


# --- fields ------------------------------------------------------------------------------------


def test_emoji_and_dead_keys_typed_into_a_field_are_whole(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    field = Field(root)
    field.pack()
    focus(root, field.text)
    keyboard.type("salut 😀")
    until(lambda: field.value == "salut 😀", "the emoji")
    keyboard.press("BackSpace")
    keyboard.type("xy")
    until(lambda: field.value == "salut xy", "what was typed after it")
    keyboard.press("dead_circumflex", "e")
    until(lambda: field.value == "salut xyê", "the letter of a dead key")


def test_an_emoji_pasted_by_keys_is_removed_by_one(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    field = Field(root, "salut ")
    field.pack()
    focus(root, field.text)
    field.text.mark_set("insert", "end")
    root.clipboard_clear()
    root.clipboard_append("😀")
    keyboard.press("ctrl+v")
    until(lambda: field.value == "salut 😀", "the emoji")
    keyboard.press("BackSpace")
    until(lambda: field.text.get("1.0", "end-1c") == "salut ", "no emoji, and no half of one")


def test_a_paste_into_a_field_stays_on_its_line_and_replaces_the_selection(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    field = Field(root, "ancien")
    field.pack()
    focus(root, field.text)
    root.clipboard_clear()
    root.clipboard_append("deux\nlignes\t😀\n")
    field.text.event_generate("<Control-a>")
    field.text.event_generate("<<Paste>>")
    until(lambda: field.value == "deux lignes 😀", "the paste")
    assert field.text.get("1.0", "end-1c") == "deux lignes 😀"
    field.text.event_generate("<<Undo>>")
    until(lambda: field.value == "ancien", "the undone paste")


def test_enter_activates_tab_moves_and_neither_is_typed(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    entered: list[str] = []
    first = Field(root, "a", on_enter=lambda: entered.append(first.value))
    second = Field(root, "b")
    first.pack()
    second.pack()
    focus(root, first.text)
    first.text.event_generate("<Return>")
    first.text.event_generate("<Shift-Return>")
    first.text.event_generate("<Tab>")
    until(lambda: root.focus_get() is second.text, "the focus on the second field")
    second.text.event_generate("<Shift-Tab>")
    until(lambda: root.focus_get() is first.text, "the focus back on the first")
    assert (entered, first.value, second.value) == (["a", "a"], "a", "b")


def test_a_field_says_what_is_wrong_what_is_missing_and_what_is_locked(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    edits: list[str] = []
    field = Field(root, placeholder="Votre pseudo", on_edit=lambda: edits.append(field.value))
    field.pack()
    hint = next(iter(field.text.winfo_children()))
    until(hint.winfo_ismapped, "the placeholder")
    field.value = "Léa"
    until(lambda: not hint.winfo_ismapped() and edits == ["Léa"], "the placeholder gone")
    field.wrong()
    assert field.is_wrong
    field.wrong(False)
    field.lock()
    focus(root, field.text)
    field.text.event_generate("x")
    field.text.event_generate("<<Paste>>")
    root.update()
    assert (field.value, field.is_wrong) == ("Léa", False)
    field.value = "par le programme"
    assert field.value == "par le programme"


@pytest.mark.parametrize(
    ("text", "one_line", "whole"),
    [("a\r\nb", "a b", "a\nb"), ("a\udc00b\0", "ab", "ab"), ("😀\n", "😀", "😀\n")],
)
def test_what_may_be_put_into_a_text(text: str, one_line: str, whole: str) -> None:
    assert clean(text, one_line=True) == one_line
    assert clean(text, one_line=False) == whole


# --- buttons, checks, choices ------------------------------------------------------------------


def test_keys_press_a_button_and_only_they_show_its_ring(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    pressed: list[str] = []
    first = button(root, "Un", "primary", command=lambda: pressed.append("un"))
    second = button(root, kind="icon", icon="search", name="Chercher")
    second.configure(command=lambda: pressed.append("deux"))
    first.pack()
    second.pack()
    focus(root, first)
    keyboard.press("Return", "space", "Tab")
    until(lambda: root.focus_get() is second, "the focus on the second button")
    assert second.instate(["user1"])
    keyboard.press("space")
    until(lambda: pressed == ["un", "un", "deux"], "three presses")
    second.event_generate("<ButtonPress-1>", x=3, y=3)
    first.focus_set()
    root.update()
    assert first.instate(["!user1"])
    first.enable(False)
    first.invoke()
    assert pressed == ["un", "un", "deux"]
    assert (first.words, second.words) == ("Un", "Chercher")


def test_a_check_is_ticked_by_space(root: tk.Tk, theme: Theme, until: Until) -> None:
    told: list[bool] = []
    check = Check(root, "Sans demander", command=told.append)
    check.pack()
    check.value = True
    focus(root, check)
    check.event_generate("<space>")
    until(lambda: told == [False], "the command")
    assert check.value is False


def test_a_choice_is_made_by_keyboard(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    chosen: list[str] = []
    choice = Dropdown(root, [("fr", "Français"), ("en", "English")], command=chosen.append)
    choice.pack()
    focus(root, choice)
    # The menu holds Tk in a loop of its own where the platform's does; on X11 it does not.
    keyboard.press("space")
    until(lambda: root.tk.call("grab", "current") != "", "an open menu")
    keyboard.press("Down", "Return")
    until(lambda: chosen, "a choice")
    assert choice.cget("text") == {"fr": "Français", "en": "English"}[choice.value]


def test_a_button_names_itself_under_the_pointer(root: tk.Tk, theme: Theme, until: Until) -> None:
    search = button(root, kind="icon", icon="search", name="Chercher")
    search.pack()
    root.update()
    search.event_generate("<Enter>")

    def shown() -> list[str]:
        tips = [child for child in search.winfo_children() if isinstance(child, tk.Toplevel)]
        return [str(part.cget("text")) for tip in tips for part in tip.winfo_children()]

    until(lambda: shown() == ["Chercher"], "the tooltip")
    search.event_generate("<Leave>")
    until(lambda: shown() == [], "no tooltip")


def test_parts_know_the_ground_they_stand_on(root: tk.Tk, theme: Theme) -> None:
    side = Pane(root, "surface")
    inner = Pane(side)
    assert (ground_of(root), inner.ground) == ("bg", "surface")
    assert label(inner, "mot").cget("style") == "surface.text.TLabel"
    assert ground_of(Field(inner)) == "field"


def test_a_scrollbar_follows_its_text(root: tk.Tk, theme: Theme) -> None:
    text = tk.Text(root, height=3)
    bar = Scrollbar(root, text)
    text.pack(side="left")
    bar.pack(side="left", fill="y")
    root.update()
    assert bar.instate(["disabled"])
    text.insert("1.0", "ligne\n" * 50)
    root.update()
    assert not bar.instate(["disabled"])
    text.see("end")
    root.update()
    assert bar.get()[1] == 1.0


# --- rows --------------------------------------------------------------------------------------


def rooms(count: int = 4) -> list[Row]:
    """A heading and rooms below it."""
    heading = Row(key="rooms", label="Salons", heading=True, action="plus")
    return [heading, *(Row(key=f"r{i}", label=f"salon {i}", icon="hash") for i in range(count))]


def test_rows_are_walked_and_opened_by_keys(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    opened: list[str] = []
    acted: list[str] = []
    rows = RowList(root, on_open=opened.append, on_action=acted.append)
    rows.pack(fill="both", expand=True)
    rows.show(rooms())
    focus(root, rows.canvas)
    keyboard.press("Down", "Return")
    until(lambda: opened == ["r1"], "the second room")
    keyboard.press("End", "space", "Home", "Return")
    until(lambda: (opened, acted) == (["r1", "r3"], ["rooms"]), "the last, and the heading")


def test_a_click_opens_a_row_and_a_right_click_its_menu(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    opened: list[str] = []
    asked: list[str] = []
    rows = RowList(root, on_open=opened.append, on_menu=lambda key, _x, _y: asked.append(key))
    rows.pack(fill="both", expand=True)
    rows.show(rooms())
    root.update()
    place = rows.place_of("r2")
    assert place is not None
    rows.canvas.event_generate("<ButtonPress-1>", x=40, y=place[1] + 8)
    rows.canvas.event_generate("<ButtonPress-3>", x=40, y=place[1] + 8)
    rows.canvas.event_generate("<ButtonPress-1>", x=40, y=5)
    until(lambda: (opened, asked) == (["r2"], ["r2"]), "the third room")


def test_a_name_that_was_cut_is_told_under_its_row(root: tk.Tk, theme: Theme, until: Until) -> None:
    rows = RowList(root)
    rows.pack(fill="both", expand=True)
    long = "compte-rendu-de-la-séance-sur-les-capteurs-de-température"
    rows.show([Row(key="short", label="accueil"), Row(key="long", label=long, tip="en sourdine")])
    root.geometry("200x300")
    root.update()

    def tips() -> list[tk.Toplevel]:
        return [one for one in rows.canvas.winfo_children() if isinstance(one, tk.Toplevel)]

    def over(key: str) -> int:
        place = rows.place_of(key)
        assert place is not None
        rows.canvas.event_generate("<Motion>", x=40, y=place[1] + 8)
        return rows.canvas.winfo_rooty() + place[3]

    over("short")
    bottom = over("long")
    until(lambda: tips() and tips()[0].winfo_viewable(), "the tooltip")
    (tip,) = tips()
    assert [part.cget("text") for part in tip.winfo_children()] == [f"{long} · en sourdine"]
    assert bottom <= tip.winfo_rooty() <= bottom + theme.px(8)
    over("short")
    until(lambda: not tips(), "no tooltip: the short name is there already")


def test_only_rows_in_view_are_drawn_and_a_selected_one_comes_into_view(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    rows = RowList(root)
    rows.pack(fill="both", expand=True)
    rows.show(rooms(2000))
    until(lambda: len(rows.canvas.find_all()) > 10, "rows")
    assert len(rows.canvas.find_all()) < 100
    rows.select("r1500")

    def texts() -> list[str]:
        canvas: Any = rows.canvas
        kinds = {item: canvas.type(item) for item in canvas.find_all()}
        return [canvas.itemcget(item, "text") for item, kind in kinds.items() if kind == "text"]

    until(lambda: "salon 1500" in texts(), "the selected row")
    theme.zoom(200)
    until(lambda: 0 < len(texts()) < 20, "fewer and larger rows")


def test_long_names_end_in_an_ellipsis_and_fit(root: tk.Tk, theme: Theme) -> None:
    font = theme.font("body")
    words = "une salle au nom vraiment très long 😀😀😀"
    for room in (20, 60, 120, 180):
        short = shortened(words, font, room)
        assert short.endswith("…")
        assert font.measure(short) <= max(room, font.measure("…"))
    assert shortened(words, font, 2000) == words


def test_a_line_is_cut_to_its_room_and_asks_for_none(
    root: tk.Tk, theme: Theme, until: Until
) -> None:
    row = Pane(root)
    row.pack(fill="x")
    words = "Laboratoire de physique appliquée et d’électronique, bâtiment B"
    line = CutLabel(row, words, font="bold")
    line.pack(fill="x")
    root.update()
    assert line.cget("text") == words
    root.geometry("200x200")
    until(lambda: line.cget("text").endswith("…"), "the words are cut")
    assert theme.font("bold").measure(line.cget("text")) <= line.winfo_width() == 200
    line.say("Labo B204")
    assert line.cget("text") == "Labo B204"
    line.say(words)
    root.geometry("700x200")
    until(lambda: line.cget("text") == words, "all of the words")
    assert line.winfo_reqwidth() < 100


# --- dialogs -----------------------------------------------------------------------------------


def test_a_sheet_holds_the_focus_and_escape_gives_it_back(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    below = Field(root)
    below.pack()
    focus(root, below.text)
    closed: list[str] = []
    sheet = Sheet(root, "Nouveau salon", on_close=lambda: closed.append("x"))
    name = Field(sheet.body)
    name.pack(fill="x")
    sheet.act("Créer", primary=True)
    sheet.act("Annuler")
    sheet.present(name.text)
    until(lambda: root.focus_get() is name.text, "the focus in the sheet")
    # Name, two buttons, and round again: never out of the sheet.
    for _ in range(7):
        keyboard.press("Tab")
        root.update()
        held = root.focus_get()
        assert held is not None
        assert held.winfo_toplevel() is sheet
    keyboard.press("Escape")
    until(lambda: closed == ["x"] and not sheet.winfo_exists(), "the sheet closed")
    until(lambda: root.focus_get() is below.text, "the focus back")


def test_a_choice_in_a_dialog_is_made_by_keys_alone(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    """Without a window manager, too, the focus comes back from the menu."""
    focus(root, root)
    sheet = Sheet(root, "Choices")
    chosen: list[str] = []
    first = Dropdown(sheet.body, [("a", "first"), ("b", "second")], "a", command=chosen.append)
    second = Dropdown(sheet.body, [("c", "third"), ("d", "fourth")], "c")
    first.pack()
    second.pack()
    sheet.act("Close")
    sheet.present()
    root.update()
    assert root.focus_get() is first
    keyboard.press("Down")
    keyboard.press("Down")
    keyboard.press("Return")
    until(lambda: chosen == ["b"], "the choice")
    until(lambda: root.focus_get() is first, "the focus again")
    keyboard.press("Tab")
    assert root.focus_get() is second
    keyboard.press("Escape")
    assert not sheet.winfo_exists()


def test_a_click_on_a_button_does_not_take_the_caret(root: tk.Tk, theme: Theme) -> None:
    pressed: list[bool] = []
    field = Field(root, "")
    field.pack()
    made = button(root, "Press", command=lambda: pressed.append(True))
    made.pack()
    focus(root, field.text)
    made.event_generate("<Enter>")
    made.event_generate("<ButtonPress-1>", x=5, y=5)
    made.event_generate("<ButtonRelease-1>", x=5, y=5)
    root.update()
    assert pressed == [True]
    assert root.focus_get() is field.text
