"""Makes the pictures of the browser's page: `python -m docs.pictures.page [DIRECTORY [SCENE...]]`.

Without a directory, those of the README (docs/look); with one, each scene in both languages and
both themes, at 320, 768 and 1440 pixels. Needs Chromium. What is said in them: stage.py.

No server runs: the page's files and what the gateway tells are handed to the browser as they are
made. The view is the gateway's own, so that a picture shows what a page is told.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common import i18n
from common.client.entries import list_lines
from common.client.events import HistoryReply
from common.client.shapes import Said
from common.look import nick_index
from common.protocol.messages import Person
from common.talk.controller import now_ms
from common.talk.surroundings import PeopledConversation, Surroundings, is_bot
from common.web import assets
from common.web.entries_json import Shared
from common.web.roster import Rosters
from common.web.security import HEADERS
from common.web.view import View
from docs.pictures.stage import TEXTS, Play, Played, at, user
from tests.support.browsers import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route, WebSocketRoute

LOOK: Final = Path(__file__).resolve().parent.parent / "look"
SIZES: Final = {320: 640, 768: 1024, 1440: 900}
PHONE: Final = (390, 844)
_URL: Final = "https://chat.example/"
_NOW: Final = at(20, "08:16")
_FINGERPRINT: Final = "5251 6e8a ae08 34ec a457 32f8 8e7f ed21 8adf f31a 17c8 1407 c9eb 924d"


class Gateway:
    """What a gateway tells one page, and how the stage's play reaches it (as a chat)."""

    role = "owner"
    server = "Labo B204"

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.talk = PeopledConversation("Léa")
        self.rosters = Rosters()
        self.around = self.model = Surroundings(self.talk, self.rosters)
        self.shared = Shared()
        self.controller = self
        self.told: list[str] = []
        self.sent = lambda _text: None  # type: Callable[[str], object]
        self.view = View(self, self._send)

    def key_of_mine(self, _n: int) -> str:
        return ""

    def open(self, name: str) -> None:
        self.talk.open(name)

    def changed(self) -> None:
        """The play went on."""

    def people(self, *nicks: str) -> None:
        """Who is in the open room."""
        people = [Person(user(nick), nick) for nick in nicks]
        self.rosters.of(self.talk.current).came(people, 1)
        self.talk.people_came(self.talk.current, people)

    def _send(self, text: str) -> None:
        self.sent(text)

    # --- the page's end of the line --------------------------------------------------------------

    def connect(self, socket: WebSocketRoute) -> None:
        """A page is there."""
        self.sent = socket.send
        socket.on_message(lambda text: self._asked(json.loads(text)))

    def _asked(self, message: dict[str, Any]) -> None:
        match message["t"]:
            case "attach":
                self.view.hello(self.lang, _FINGERPRINT, "")
                self.view.flush(now_ms(), time.monotonic())
            case "search":
                self._answer(message, "found", hits=self._hits(message["text"]), more=False)
            case "list":
                self._answer(message, "listed", ok=True, text="", entries=self._list(message))
            case "do":
                told = i18n._("good once, {until}").format(until="27 Nov")
                self._answer(message, "did", ok=True, text="", code="7K3M-Q9TX-4PWD", about=told)
            case "complete":
                people = ("Inès", "Marc", "Yuki")
                offers = [
                    {"insert": f"@{nick} ", "replaced": 1, "shown": f"@{nick}", "about": ""}
                    for nick in people
                ]
                self._answer(message, "offer", list=offers)

    def _answer(self, message: dict[str, Any], kind: str, **fields: object) -> None:
        self._send(json.dumps({"t": kind, "id": message["id"], **fields}))

    def _hits(self, wanted: str) -> list[dict[str, Any]]:
        room = self.talk.room
        said = [] if room is None else [one for one in room.entries() if isinstance(one, Said)]
        return [
            {
                "seq": one.seq,
                "nick": one.nick,
                "colour": nick_index(one.user),
                "bot": is_bot(one.nick),
                "ts": one.ts,
                "lines": [["text", [["text", line]]] for line in one.text.split("\n")],
            }
            for one in reversed(said)
            if wanted in one.text.casefold()
        ]

    def _list(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        played = Played(self.lang)
        what = message["what"]
        if what == "rooms":
            return [
                {"name": one.room, "label": one.room, "note": str(one.people), "private": False}
                for one in played.rooms().result().rooms
            ]
        entries = played.list(what).result().entries
        found = []
        for entry, line in zip(entries, list_lines(what, entries), strict=False):
            label, _tab, note = line.partition("\t")
            found.append(
                {
                    "name": entry.name,
                    "label": label,
                    "note": note,
                    "user": entry.user,
                    "nick": entry.nick,
                    "colour": nick_index(entry.user),
                    "role": entry.role,
                    "what": entry.what,
                }
            )
        return found


class Studio:
    """One browser for the pictures of one language, theme and size."""

    def __init__(self, browser: Browser, lang: str, theme: str, size: tuple[int, int]) -> None:
        i18n.setup(lang, {})
        self.lang = lang
        touch = size[0] < 500
        self._context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="fr-FR" if lang == "fr" else "en-GB",
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=touch,
            is_mobile=touch,
            device_scale_factor=2 if touch else 1,
        )
        self.gateway = Gateway(lang)
        self.joined = True
        self.page: Page = self._context.new_page()
        self.page.clock.install(time=_NOW / 1000)
        self.page.route("**/*", self._serve)
        self.page.route_web_socket("**/ws", self.gateway.connect)

    def _serve(self, route: Route) -> None:
        path = "/" + route.request.url.removeprefix(_URL).partition("?")[0]
        if path == "/api/start":
            told = {
                "server": "Labo B204", "people": 9, "access": "open", "encrypted": True,
                "secure": False, "nick": "", "joined": self.joined, "reach": "ok", "why": "",
            }  # fmt: skip
            route.fulfill(json=told)
            return
        if path == "/api/join":
            words = i18n._(
                '"{nick}" is taken. Try "{nick}-2", or move your identity from the other device.'
            )
            error = {"code": "nick-taken", "text": words.format(nick="Léa"), "field": "nick"}
            route.fulfill(status=409, json={"error": error})
            return
        found = assets.load().get(path)
        if found is None:
            route.fulfill(status=404)
        else:
            headers = {**HEADERS, "Content-Type": found.type}
            route.fulfill(body=found.body, headers=headers)

    def begin(self) -> Play:
        """A chat with rooms and unread ones; nothing is shown yet."""
        play = Play(self.gateway, self.lang)  # type: ignore[arg-type]
        play.enter()
        bot = str(TEXTS[self.lang]["bot"])
        self.gateway.people("Aïcha", "Inès", "Léa", "Marc", "Noé", "Yuki", bot)
        return play

    def show(self) -> None:
        """Open the page."""
        self.page.goto(_URL)
        self.page.locator("#chat, #join-nick").first.wait_for()
        self.page.clock.run_for(500)

    def press(self, button: str) -> None:
        """Press what has that id, where it is on the screen."""
        if self.page.locator(button).is_visible():
            self.page.locator(button).click()

    def take(self, path: Path) -> None:
        """The picture, once all is drawn."""
        self.page.clock.run_for(1_000)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, animations="disabled")

    def end(self) -> None:
        self._context.close()


def join(studio: Studio) -> None:
    """The form."""
    studio.joined = False
    studio.show()
    studio.page.locator("#join-nick").fill("Léa")


def taken(studio: Studio) -> None:
    """The form, with an error beside its field."""
    join(studio)
    studio.page.locator("#join-go").click()
    studio.page.locator("#join-nick-error").wait_for()


def chat(studio: Studio) -> None:
    """The target picture: rooms, a conversation, people, a refused message."""
    play = studio.begin()
    play.converse()
    play.refuse()
    studio.show()
    if studio.page.viewport_size and studio.page.viewport_size["width"] > 500:
        studio.page.locator("#words").fill(str(play.words["typed"]))


def cut(studio: Studio) -> None:
    """The link is down."""
    play = studio.begin()
    play.converse()
    play.cut(_NOW)
    studio.show()


def empty(studio: Studio) -> None:
    """A room in which nobody said anything."""
    play = studio.begin()
    name = play.rooms[0]
    play.chat.talk.history_came(HistoryReply(room=name, records=[], more=False, head=0))
    room = play.chat.talk.rooms[name]
    room.complete = room.caught = True
    studio.gateway.open(name)
    studio.gateway.people("Léa")
    studio.show()


def rooms(studio: Studio) -> None:
    """The rooms, over the conversation where there is no room beside it."""
    chat(studio)
    studio.press("#rooms-open")


def people(studio: Studio) -> None:
    """The people, in the same way."""
    chat(studio)
    if not studio.page.locator("#people").is_visible():
        studio.press("#people-open")


def search(studio: Studio) -> None:
    """What was found."""
    chat(studio)
    studio.press("#search-open")
    studio.page.locator("#search input").fill(str(TEXTS[studio.lang]["wanted"]))
    studio.page.clock.run_for(500)
    studio.page.locator(".hit").first.wait_for()


def menu(studio: Studio) -> None:
    """What can be done with a message."""
    chat(studio)
    studio.page.locator("#lines .row").nth(-4).focus()
    studio.page.keyboard.press("Enter")


def offers(studio: Studio) -> None:
    """What a word may become."""
    chat(studio)
    studio.page.locator("#words").fill("")
    studio.page.locator("#words").focus()
    studio.page.keyboard.type("@")
    studio.page.clock.run_for(200)
    studio.page.get_by_role("option").first.wait_for()


def dialog(module: str, name: str, *given: object) -> Callable[[Studio], None]:
    """A dialog over the conversation; "" among `given` stands for the open room."""

    def show(studio: Studio) -> None:
        chat(studio)
        here = studio.gateway.talk.current
        words = [here if one == "" else one for one in given]
        studio.page.evaluate(
            "([module, name, given]) =>"
            " import('/static/menus.js').then(one => one.dialog(module, name, ...given))",
            [module, name, words],
        )
        studio.page.locator("dialog[open]").wait_for()

    return show


SCENES: Final[dict[str, Callable[[Studio], None]]] = {
    "join": join,
    "taken": taken,
    "chat": chat,
    "cut": cut,
    "empty": empty,
    "rooms": rooms,
    "people": people,
    "search": search,
    "menu": menu,
    "offers": offers,
    "room": dialog("rooms", "newRoom"),
    "members": dialog("rooms", "members", "jury"),
    "rules": dialog("rooms", "rules", ""),
    "mute": dialog("deeds", "decide", "mute", {"nick": "Tomas", "room": "bots"}),
    "waiting": dialog("server", "served", "waiting"),
    "devices": dialog("server", "served", "devices"),
    "invite": dialog("server", "newDevice"),
    "settings": dialog("own", "preferences"),
    "keys": dialog("own", "shortcuts"),
}


def main(words: list[str]) -> int:
    """`words`: a directory, then names of scenes; none means the README's pictures."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for lang in ("en", "fr"):
            if not words:
                ending = ".fr.png" if lang == "fr" else ".png"
                _picture(browser, lang, "light", PHONE, "chat", LOOK / f"page{ending}")
                continue
            for theme in ("light", "dark"):
                for wide, tall in SIZES.items():
                    for name in words[1:] or SCENES:
                        path = Path(words[0]) / f"{name}-{wide}-{lang}-{theme}.png"
                        _picture(browser, lang, theme, (wide, tall), name, path)
        browser.close()
    return 0


def _picture(
    browser: Browser, lang: str, theme: str, size: tuple[int, int], scene: str, path: Path
) -> None:
    studio = Studio(browser, lang, theme, size)
    SCENES[scene](studio)
    studio.take(path)
    studio.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
