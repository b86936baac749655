"""Makes the pictures of the windows: `python -m docs.pictures.window [DIRECTORY [SCENE...]]`.

Without a directory, those of the documents (docs/look); with one, each scene, or those named, in
both languages and both themes. `--dpi 192` takes them on a screen of that many dots an inch;
`--only fr-dark` in one variant. Needs Xvfb. The dialogs and menus: cards.py; the form and the
server's window: doors.py; what is long, many or large: extremes.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from common.talk.controller import now_ms
from docs.pictures import cards, doors, extremes
from docs.pictures.stage import Play
from docs.pictures.studio import Scene, Studio
from tests.support.display import screen

LOOK: Final = Path(__file__).resolve().parent.parent / "look"
_VARIANTS: Final = [(lang, theme) for lang in ("en", "fr") for theme in ("light", "dark")]


def _chat(studio: Studio, wide: int = 1100, tall: int = 760) -> Play:
    play = studio.begin(wide, tall)
    play.converse()
    studio.settle()
    return play


def talk(studio: Studio, path: Path) -> None:
    """The target picture: rooms, a conversation, people, a refused message, something typed."""
    play = _chat(studio)
    play.refuse()
    play.chat.composer.insert(str(play.words["typed"]))
    studio.take(path)


def cut(studio: Studio, path: Path) -> None:
    """The link is down."""
    _chat(studio).cut(now_ms())
    studio.take(path)


def small(studio: Studio, path: Path) -> None:
    """As small as a window gets."""
    _chat(studio, 480, 360)
    studio.take(path)


def drawer(studio: Studio, path: Path) -> None:
    """The rooms over the conversation of a small window."""
    _chat(studio, 480, 360).chat.panes.toggle("rooms")
    studio.take(path)


def drawer_people(studio: Studio, path: Path) -> None:
    """The people over the conversation of a small window."""
    _chat(studio, 480, 360).chat.panes.toggle("people")
    studio.take(path)


def empty(studio: Studio, path: Path) -> None:
    """A room in which nobody said anything."""
    play = studio.begin(1000, 640)
    room = play.chat.talk.rooms[play.rooms[0]]
    room.complete = room.caught = True
    room.people = 1
    play.chat.controller.open(play.rooms[0])
    studio.take(path)


def above(studio: Studio, path: Path) -> None:
    """Read further up, while something new came."""
    play = _chat(studio, 1000, 480)
    play.chat.view.to_start()
    studio.settle()
    play.more()
    studio.take(path)


def notices(studio: Studio, path: Path) -> None:
    """What nobody said: the answers of commands, in columns, a warning, a danger."""
    play = _chat(studio)
    play.chat.controller.enter("/help")
    play.notices()
    play.chat.say(str(play.words["queued"]))
    studio.take(path)


def code(studio: Studio, path: Path) -> None:
    """Lines of code that are too long, in a narrow window."""
    _chat(studio, 620, 520).long_code()
    studio.take(path)


def search(studio: Studio, path: Path) -> None:
    """Something is found."""
    play = _chat(studio, 1000, 720)
    play.chat.search.open()
    play.chat.search.field.value = str(play.words["wanted"])
    studio.take(path)


def search_nothing(studio: Studio, path: Path) -> None:
    """Nothing is found, and there is more to look through."""
    play = _chat(studio, 1000, 720)
    assert play.chat.talk.room is not None
    play.chat.talk.room.complete = False
    play.chat.search.open()
    play.chat.search.field.value = "oscillo"
    studio.take(path)


def search_far(studio: Studio, path: Path) -> None:
    """Something is found far above what is loaded, and shown there."""
    play = _chat(studio, 1000, 720)
    play.chat.search.open()
    play.chat.search.field.value = "oscillo"
    studio.settle()
    play.far()
    studio.take(path)


def emoji(studio: Studio, path: Path) -> None:
    """The emoji to choose from."""
    _chat(studio, 1000, 720).chat.composer._picker.toggle()
    studio.take(path)


def completion(studio: Studio, path: Path) -> None:
    """What a word may become."""
    composer = _chat(studio, 1000, 720).chat.composer
    composer.insert("/")
    studio.settle()
    composer._tab()
    studio.take(path)


def tooltip(studio: Studio, path: Path) -> None:
    """The words of a button that has none."""
    play = _chat(studio, 1000, 480)
    play.chat.header.save.event_generate("<Enter>")
    studio.settle(0.8)
    studio.take(path)


SCENES: Final[dict[str, Scene]] = {
    "chat": talk,
    "cut": cut,
    "small": small,
    "drawer": drawer,
    "drawer-people": drawer_people,
    "empty": empty,
    "above": above,
    "notices": notices,
    "code": code,
    "search": search,
    "search-nothing": search_nothing,
    "search-far": search_far,
    "emoji": emoji,
    "completion": completion,
    "tooltip": tooltip,
    **cards.SCENES,
    **doors.SCENES,
    **extremes.SCENES,
}
_OF_DOCUMENTS: Final = {"chat": "window", "form-error": "form", "server": "server"}
"""Scene to the name of its picture in docs/look."""


def main(words: list[str]) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("scenes", nargs="*", choices=[[], *SCENES])
    parser.add_argument("--dpi", type=int, default=96)
    parser.add_argument("--only", default="", choices=["", *map("-".join, _VARIANTS)])
    asked = parser.parse_args(words)
    unit = asked.dpi / 96
    with screen(asked.dpi, f"{round(1500 * unit)}x{round(1100 * unit)}") as display:
        os.environ["DISPLAY"] = display
        for lang, theme in _VARIANTS:
            if asked.only not in ("", f"{lang}-{theme}"):
                continue
            if asked.folder is None and theme == "dark":
                continue
            studio = Studio(display, lang, theme)
            if asked.folder is None:
                for scene, name in _OF_DOCUMENTS.items():
                    SCENES[scene](studio, LOOK / f"{name}{'.fr' if lang == 'fr' else ''}.png")
            else:
                for scene in asked.scenes or SCENES:
                    SCENES[scene](studio, asked.folder / f"{scene}-{lang}-{theme}.png")
            studio.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
