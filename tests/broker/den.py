"""Ada's private room `den`, and who wants to know of it. Owns what the tests of rights share."""

from typing import Any

from common.broker.facts import Rank
from common.broker.lobby import BOOT_GRACE
from common.protocol import deeds as d
from common.protocol import messages as m
from tests.broker.desk import ADA, BOB, EVE, INBOX, ONE, THREE, TWO, USER, Desk

ADAS, BOBS, EVES = ONE, TWO, THREE
KEY = {ADAS: ADA, BOBS: BOB, EVES: EVE}


def desk_of_three(**create: Any) -> Desk:
    """Ada, who made the private room `den` and is in it, bob and eve."""
    desk = Desk()
    desk.turn(BOOT_GRACE)
    for who, key in KEY.items():
        desk.enter(who, key, rooms=("general",))
    ask(desk, ADAS, d.Create(room="den", private=True, id="c", **create))
    join(desk, ADAS)
    return desk


def ask(desk: Desk, who: bytes, request: m.Request) -> dict[str, Any]:
    """A request, and its answer."""
    answers = desk.push(who, request, key=KEY[who])[INBOX[who]]
    id = getattr(request, "id", "")
    return next(answer for answer in answers if answer.get("id", "") == id)


def push(desk: Desk, who: bytes, *requests: m.Request) -> dict[bytes, list[dict[str, Any]]]:
    """Some requests in one frame, and what is said then."""
    return desk.push(who, *requests, key=KEY[who])


def join(desk: Desk, who: bytes, room: str = "den") -> bytes:
    """Goes into a room, and hears it from then on; answers its topic."""
    topic = str(ask(desk, who, m.Join(room, "j"))["state"]["topic"]).encode()
    assert hears(desk, who, topic)
    return topic


def hears(desk: Desk, who: bytes, topic: bytes) -> bool:
    """Whether somebody is granted a topic."""
    return desk.core.subscribed(topic, KEY[who], desk.fds[who], "here")


def invite(desk: Desk, nick: str) -> None:
    """Ada makes somebody a member."""
    assert ask(desk, ADAS, d.Invite(room="den", nick=nick, id="i"))["type"] == "done"


def page(desk: Desk, who: bytes, room: str = "den", **more: Any) -> dict[str, Any]:
    """The head of a page of history, or the error."""
    return ask(desk, who, m.History(room, "h", **more))


def texts(desk: Desk, who: bytes, room: str = "den", **more: Any) -> list[str]:
    """What a page of history holds."""
    lines = push(desk, who, m.History(room, "h", **more))[INBOX[who]]
    return [line["text"] for line in lines if line["type"] == "message"]


def give_rank(desk: Desk, key: str, role: Any = "admin") -> None:
    """As if an owner had done so."""
    person = desk.core.ledger.people[USER[key]]
    change = ("rank", USER[key], Rank(role=role))
    desk.core.ledger.apply_deed("role", person, desk.wall, [change])
    desk.turn()


def told(lines: list[dict[str, Any]], type: str) -> list[dict[str, Any]]:
    """Those of a type."""
    return [line for line in lines if line["type"] == type]
