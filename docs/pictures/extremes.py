"""The scenes of what is long, many or large: names, words, people, and text of twice the size."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from common.client import events as ev
from common.gui.dialogs.deed import Decide
from common.gui.dialogs.preferences import Preferences
from common.gui.dialogs.shortcuts import Shortcuts
from common.protocol.messages import Person, Record
from docs.pictures import doors
from docs.pictures.stage import Play, at, user
from docs.pictures.studio import Scene, Studio

_SERVER: Final = "Laboratoire de physique appliquée et d’électronique, bâtiment B, salle 204"
_ROOM: Final = "compte-rendu-de-la-séance-sur-les-capteurs-de-température"
"""57 characters, of the 64 bytes that a name may have."""
_NEXT: Final = f"{_ROOM[:-2]}-2"
_NICK: Final = "Marie-Antoinette de La Tour-d’Au"
"""As long as a nickname gets."""
_LINE: Final = "    total = sum(one.value for one in probes if one.value is not None) / len(probes)"


def _full(studio: Studio, wide: int, tall: int) -> Play:
    """A room of forty people with a long name, on a server with a long name."""
    play = studio.begin(wide, tall)
    people = [Person(f"{number}", f"{_NICK[:28]} {number}") for number in range(1, 38)]
    people += [Person("38", _NICK), Person("39", "Li"), Person(user("Léa"), _NICK)]
    client: Any = play.chat.controller.client
    client.people = people
    talk = play.chat.talk
    talk.server = _SERVER
    talk._named(_NICK)
    for name in (_ROOM, _NEXT, *(f"{_ROOM[:20]}-{number}" for number in range(30))):
        talk._room(name).complete = True
    direct = ev.RoomChanged(room=f"@{_NICK}", peer=Person("38", _NICK))
    play.tell(at(20, "08:10"), direct)
    fresh = [
        Record("message", n, f"x{n}", "38", _NICK, at(20, "08:00"), "?") for n in range(4, 130)
    ]
    play.tell(at(20, "08:10"), ev.Messages(room=_NEXT, records=fresh, own="s"))
    play.tell(at(20, "08:10"), ev.Messages(room=f"@{_NICK}", records=fresh, own="s"))
    play.chat.controller.open(_ROOM)
    return play


def _said(play: Play, *texts: str) -> None:
    """Somebody with a long nickname says these."""
    records = [
        Record("message", seq, f"said-{seq}", str(seq % 2 + 37), (_NICK, "Li")[seq % 2],
               at(20, f"08:{10 + seq}"), text)
        for seq, text in enumerate(texts, 1)
    ]  # fmt: skip
    play.tell(at(20, "08:30"), ev.Messages(room=_ROOM, records=records, own="s"))


def _done(reply: ev.Reply) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(reply)
    return future


def _words(play: Play) -> None:
    _said(
        play,
        "Anticonstitutionnellement" * 12,
        f"@{_NICK} http://nas.labo/{'fiches/' * 30}ds18b20.pdf",
        "שלום, מה שלומך? אני קורא את הדו״ח עכשיו. السلام عليكم، هل قرأت التقرير؟",
        "👍🎉🔥💡🚀" * 16,
        f"> {'une citation qui est longue, ' * 8}\n`{_LINE.strip()}`\n"
        f"```\n{_LINE}{_LINE}\n{'x' * 200}\n```",
    )


def _empty(play: Play) -> None:
    room = play.chat.talk.rooms[_NEXT]
    room.clear()
    room.complete = room.caught = True
    room.people = 1
    play.chat.controller.open(_NEXT)


def _long(play: Play) -> None:
    """A message as long as one gets."""
    words = "Les mesures de la paillasse 4 sont dans le dossier partagé, avec leur écart type. "
    _said(play, (words * 200).encode()[:16_000].decode(errors="ignore"))


def _chat(
    then: Callable[[Play], object], wide: int = 1100, tall: int = 760, text: int = 100
) -> Scene:
    def shoot(studio: Studio, path: Path) -> None:
        studio.theme.zoom(text)
        play = _full(studio, wide, tall)
        studio.settle()
        then(play)
        studio.take(path)
        studio.theme.zoom(100)

    return shoot


def _larger(scene: Scene) -> Scene:
    """Another scene with text of twice the size."""

    def shoot(studio: Studio, path: Path) -> None:
        studio.theme.zoom(200)
        scene(studio, path)
        studio.theme.zoom(100)

    return shoot


def _talk(play: Play) -> None:
    play.chat.controller.open(play.rooms[1])
    play.converse()


def _rooms(play: Play) -> None:
    _talk(play)
    play.chat.panes.toggle("rooms")


def _mute(play: Play) -> None:
    Decide(play.chat.desk, "mute", _NICK, "38", _ROOM)


SCENES: Final[dict[str, Scene]] = {
    "many": _chat(lambda play: _said(play, "Bonjour !", "Oui ?")),
    "many-small": _chat(lambda play: _said(play, "Bonjour !", "Oui ?"), 480, 360),
    "long-words": _chat(_words),
    "long-words-small": _chat(_words, 480, 720),
    "long-message": _chat(_long),
    "long-empty-small": _chat(_empty, 480, 360),
    "long-deed": _chat(_mute),
    "large": _chat(_talk, text=200),
    "large-small": _chat(_talk, 480, 360, text=200),
    "large-drawer": _chat(_rooms, 480, 360, text=200),
    "large-keys": _chat(lambda play: Shortcuts(play.chat.desk.over), text=200),
    "large-settings": _chat(lambda play: Preferences(play.chat.desk), text=200),
    "large-settings-small": _chat(lambda play: Preferences(play.chat.desk), 480, 360, text=200),
    "large-form": _larger(doors.SCENES["form-error"]),
    "large-form-small": _larger(doors.SCENES["form-small"]),
    "large-server": _larger(doors.SCENES["server"]),
    "large-server-small": _larger(doors.SCENES["server-small"]),
}
