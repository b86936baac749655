"""A session that is played: the answers of a server that is not there, and what was said in it.

Owns the library's part in a picture, and the conversation that every picture shows.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from common.client import events as ev
from common.gui.chat import ChatFrame
from common.look import nick_index
from common.protocol.deeds import Entry, LogEntry
from common.protocol.messages import Person, Record, RoomInfo

_COLOURS = {
    "Inès": 8, "Marc": 4, "Léa": 11, "sonde-bot": 6, "Yuki": 9, "Aïcha": 10, "Noé": 1, "Élise": 7,
    "Tomas": 2, "probe-bot": 6,
}  # fmt: skip


def user(nick: str) -> str:
    """An identity whose colour is the one of the pictures."""
    number = 0
    while nick_index(f"{nick}{number}") != _COLOURS[nick]:
        number += 1
    return f"{nick}{number}"


def at(day: int, clock: str) -> int:
    """Milliseconds since 1970 of a time of November 2026 on this machine."""
    hour, minute = map(int, clock.split(":"))
    moment = datetime.datetime(2026, 11, day, hour, minute).astimezone()
    return int(moment.timestamp() * 1000)


TEXTS = {
    "fr": {
        "rooms": ("accueil", "tp-capteurs", "soutenances", "bots", "jury", "pause-café"),
        "bot": "sonde-bot",
        "spoken": (
            "Bonsoir ! La sonde de la paillasse 4 renvoie **85 °C** depuis ce matin. Déjà vu ?",
            "C’est sa valeur au démarrage : attendre la fin de la conversion avant de lire.\n"
            "```\nsonde.convertir()\ntime.sleep(0.75)      # 12 bits\n```",
            "Merci, ça marche. La fiche est là : http://nas.labo/fiches/ds18b20.pdf",
            "Paillasse 4 : 21,4 °C sur 12 mesures. Aucune alerte.",
            "@Léa tu peux relire le compte rendu avant midi ? Il est dans `~/tp3/rapport.md`",
            "> Inès : tu peux relire le compte rendu avant midi ?\n"
            "Je passe derrière toi pour les figures 👍",
            "Oui, je le lis maintenant.",
            "Relu. Mes corrections sont dans `~/tp3/rapport-lea.md`",
        ),
        "typed": "Yuki, tu ajoutes l’écart type sur la figure 2 ?",
        "queued": "L’axe est corrigé : en °C, pas en K.",
        "wanted": "figures",
        "reason": "des messages hors sujet",
    },
    "en": {
        "rooms": ("welcome", "sensors-lab", "defences", "bots", "jury", "coffee-break"),
        "bot": "probe-bot",
        "spoken": (
            "Evening! The probe on bench 4 has read **85 °C** since this morning. Seen that?",
            "That is its value at power-up: wait for the conversion to end before reading.\n"
            "```\nprobe.convert()\ntime.sleep(0.75)      # 12 bits\n```",
            "Thanks, it works. The data sheet is here: http://nas.lab/sheets/ds18b20.pdf",
            "Bench 4: 21.4 °C over 12 readings. No alert.",
            "@Léa can you read the report before noon? It is in `~/lab3/report.md`",
            "> Inès: can you read the report before noon?\nI follow you for the figures 👍",
            "Yes, reading it now.",
            "Read. My corrections are in `~/lab3/report-lea.md`",
        ),
        "typed": "Yuki, could you add the standard deviation to figure 2?",
        "queued": "The axis is corrected: in °C, not in K.",
        "wanted": "figures",
        "reason": "off-topic messages",
    },
}


class Played:
    """As much of the library as a picture asks for."""

    def __init__(self, lang: str) -> None:
        self.queue: SimpleQueue[ev.Event | None] = SimpleQueue()
        self._lang = lang
        nicks = ["Aïcha", "Inès", "Léa", "Marc", "Noé", "Yuki", str(TEXTS[lang]["bot"])]
        self.people = [Person(user(nick), nick) for nick in nicks]
        """Who is in each room."""

    def get(self, timeout: float | None = None) -> ev.Event | None:
        return self.queue.get(timeout=timeout)

    def who(self, room: str) -> Future[Any]:
        self.queue.put(ev.Roster(room=room, people=self.people))
        return _done(ev.PeopleReply(room=room, people=self.people))

    def rooms(self) -> Future[Any]:
        names = TEXTS[self._lang]["rooms"]
        rooms = [RoomInfo(str(name), 40, 3 + place) for place, name in enumerate(names)]
        return _done(ev.RoomsReply(rooms=rooms))

    def list(self, what: str, room: str = "") -> Future[Any]:
        return _done(ev.ListReply(what=what, room=room, entries=[*self._entries(what)]))

    def _entries(self, what: str) -> Sequence[Entry]:
        now, later = at(20, "08:15"), at(27, "08:15")
        why = str(TEXTS[self._lang]["reason"])
        match what:
            case "members":
                return [
                    Entry(name=n, user=user(n), nick=n, role=role, here=here)
                    for n, role, here in (
                        ("Inès", "moderator", True),
                        ("Léa", "member", True),
                        ("Élise", "member", False),
                    )
                ]
            case "devices":
                return [
                    Entry(name="1", key="a1" * 32, ts=now, here=True),
                    Entry(name="2", key="b2" * 32, ts=now, what="causette-cli/chat"),
                ]
            case "waiting":
                place = "192.168.1.32"
                return [
                    Entry(name="1", nick="Noé", key="c3" * 32, address=place, ts=now),
                    Entry(name="2", nick="Aïcha", key="d4" * 32, address=place, ts=now),
                ]
            case "roles":
                return [
                    Entry(name="1", user=user("Léa"), nick="Léa", role="owner"),
                    Entry(name="2", user=user("Marc"), nick="Marc", role="admin", by="Léa"),
                ]
            case "sanctions":
                more: dict[str, Any] = {"by": "Léa", "reason": why, "room": "bots"}
                return [
                    Entry(name="1", nick="Tomas", what="mute", until=later, **more),
                    Entry(name="2", nick="Marc", what="kick", until=later, **more),
                    Entry(name="3", nick="Noé", what="ban", **more),
                ]
            case "invitations":
                return [
                    Entry(name="7k3m", uses=5, until=later, by="Léa"),
                    Entry(name="p2qx", uses=1, by="Léa", reason="TP 3"),
                ]
            case "nicks":
                return [Entry(name="Lea", nick="Lea", ts=now)]
        return []

    def audit(self, **_how: object) -> Future[Any]:
        fields: dict[str, Any] = {"user": user("Léa"), "nick": "Léa"}
        whom: dict[str, Any] = {"subject": user("Tomas"), "subject_nick": "Tomas"}
        why = str(TEXTS[self._lang]["reason"])
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("owner-claimed", {}),
            ("room-created", {"room": "jury", "text": "jury"}),
            ("invitation-made", {}),
            ("muted", {**whom, "room": "bots", "text": why}),
            ("banned", {**whom, "text": why}),
        ]
        entries = [
            LogEntry(type=kind, seq=seq, id=str(seq), ts=at(20, "08:15"), **fields, **more)
            for seq, (kind, more) in enumerate(kinds, 1)
        ]
        return _done(ev.AuditReply(entries=entries, head=len(entries), more=False))

    def make_code(self, _deed: object) -> Future[Any]:
        code = "7K3M-Q9TX-4PWD"
        return _done(ev.CodeReply(code=code, name="7k3m", uses=5, expires=at(27, "08:15")))

    def unsent(self) -> int:
        return 0

    def __getattr__(self, _name: str) -> Callable[..., Future[Any]]:
        """Everything else is asked and never answered."""
        return lambda *_args, **_more: Future()


def _done(reply: ev.Reply) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(reply)
    return future


class Play:
    """What happens in the chat, as if the library had told it at a time of that day."""

    def __init__(self, chat: ChatFrame, lang: str) -> None:
        self.chat = chat
        self.words = TEXTS[lang]
        self.rooms = [str(name) for name in self.words["rooms"]]

    def tell(self, now: int, *events: ev.Event) -> None:
        for event in events:
            self.chat.talk.handle(event, now)
        self.chat.model.take(events)
        self.chat.changed()

    def record(self, seq: int, nick: str, day: int, clock: str, text: str) -> Record:
        return Record("message", seq, f"{nick}-{seq}", user(nick), nick, at(day, clock), text)

    def enter(self) -> None:
        """Into the rooms, with what was said while this person was away."""
        heads = dict.fromkeys(self.rooms, 40) | {self.rooms[1]: 1_237}
        now = at(20, "08:10")
        self.chat.talk.handle(
            ev.Ready(
                user=user("Léa"), nick="Léa", rooms=heads, server="Labo B204", epoch="e",
                encrypted=True,
            ),
            now,
        )  # fmt: skip
        self.tell(now, ev.RoomChanged(room=self.rooms[4], private=True, moderator=True))
        for nick in ("Inès", "Marc", "Yuki"):
            self.tell(now, ev.RoomChanged(room=f"@{nick}", peer=Person(user(nick), nick)))
        self.chat.controller.open(self.rooms[1])
        self._unread(now)

    def _unread(self, now: int) -> None:
        mine = [self.record(41 + n, "Inès", 20, "08:00", "@Léa ?") for n in range(2)]
        self.tell(now, ev.Messages(room=self.rooms[2], records=mine, own="s"))
        bots = [self.record(41 + n, "Marc", 20, "08:00", "ok") for n in range(12)]
        self.tell(now, ev.Messages(room=self.rooms[3], records=bots, own="s"))
        marc = [self.record(1, "Marc", 20, "08:01", "?")]
        self.tell(now, ev.Messages(room="@Marc", records=marc, own="s"))

    def converse(self) -> None:
        """The conversation of the pictures."""
        room, bot = self.rooms[1], str(self.words["bot"])
        say = self.words["spoken"]
        talk = self.chat.talk
        older = [
            self.record(1_230, "Inès", 19, "16:41", say[0]),
            self.record(1_231, "Marc", 19, "16:43", say[1]),
            self.record(1_232, "Léa", 19, "16:44", say[2]),
        ]
        absent = [self.record(1_228, "Élise", 18, "10:00", "…")]
        talk.history_came(
            ev.HistoryReply(room=room, records=absent + older, more=False, head=1_237)
        )
        timeline = talk.rooms[room]
        timeline.clear()
        timeline.last = (0, "")
        timeline.head = 1_237
        timeline.add(older, live=False, following=True)
        timeline.complete = True
        timeline.last = (1_232, "")
        timeline.met(user("Tomas"), "Tomas")
        left = ev.Presence(kind="left", room=room, user=user("Tomas"), nick="Tomas", people=7)
        timeline.head = 0
        self.tell(at(19, "17:30"), left)
        timeline.head = 1_237
        newer = [
            self.record(1_234, bot, 20, "08:00", say[3]),
            self.record(1_235, "Inès", 20, "08:12", say[4]),
            self.record(1_236, "Yuki", 20, "08:13", say[5]),
            self.record(1_238, "Léa", 20, "08:15", say[6]),
        ]
        now = at(20, "08:15")
        self.tell(now, ev.Messages(room=room, records=newer, own="s"))
        self.tell(now, ev.CaughtUp(room=room, fetched=4))

    def refuse(self) -> None:
        """A message that the server could not store."""
        text, now = str(self.words["spoken"][7]), at(20, "08:15")
        queued = ev.Progress(n=1, room=self.rooms[1], state="queued", text=text)
        refused = ev.Progress(
            n=1, room=self.rooms[1], state="refused", text=text, code="disk-full",
            reason="disk full",
        )  # fmt: skip
        self.tell(now, queued, refused)

    def more(self) -> None:
        """Something new, while this person reads further up."""
        fresh = [self.record(1_239 + n, "Yuki", 20, "08:16", "👍") for n in range(3)]
        self.tell(at(20, "08:16"), ev.Messages(room=self.rooms[1], records=fresh, own="s"))

    def far(self) -> None:
        """Something that was said long ago is found."""
        chat, room = self.chat, self.chat.talk.rooms[self.rooms[1]]
        room.complete, room.first = False, 1_230
        texts = ["ok", "Oscillo : bâtiment C ?", "oui", "merci", "👍"]
        records = [
            self.record(40 + n, ("Inès", "Marc")[n % 2], 12, f"09:{n:02}", text)
            for n, text in enumerate(texts * 4)
        ]
        page = ev.HistoryReply(room=room.name, records=records, more=True, head=1_237)
        chat.search.go_on()
        beyond = chat.search._beyond
        assert beyond is not None
        chat.search._page_came(beyond, page)
        key = (beyond.found[0].seq, 0)
        chat.parts.far._came(chat.parts.far._turn, room, key[0], chat.search._mark, page)

    def notices(self) -> None:
        """What the server tells this person alone."""
        talk, now = self.chat.talk, at(20, "08:16")
        why = str(self.words["reason"])
        room = talk.rooms[self.rooms[1]]
        room.notice([str(self.words["queued"])], now, "warning")
        self.tell(now, ev.Notice(what="muted", room=self.rooms[1], nick="Inès", reason=why))
        self.tell(now, ev.DiskFull(reason=""))

    def long_code(self) -> None:
        """Code with lines that do not fit."""
        line = "    total = sum(one.value for one in probes if one.value is not None) / len(probes)"
        text = f"`mean()`\n```\ndef mean(probes):\n{line}\n    return round(total, 1)\n```"
        record = self.record(1_239, "Marc", 20, "08:16", text)
        self.tell(at(20, "08:16"), ev.Messages(room=self.rooms[1], records=[record], own="s"))

    def cut(self, now: int) -> None:
        """The link is down, and something waits for it."""
        self.tell(now, ev.LinkDown(code="link-lost", reason="", retry_in=3.4))
        text = str(self.words["queued"])
        queued = ev.Progress(n=2, room=self.rooms[1], state="queued", text=text)
        self.tell(at(20, "08:15"), queued)
