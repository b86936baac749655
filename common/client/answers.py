"""Answers in words: why a message was refused, which rooms there are, who is there.

Owns the words, in the person's language. Must not know where they are shown.
"""

from common.client.events import RoomsReply
from common.client.places import DIRECT
from common.client.shapes import Mine
from common.explain import explain
from common.i18n import _, n_, number
from common.protocol.messages import Person
from common.safe import one_line


def explain_refusal(mine: Mine) -> str:
    """Why a message was refused: the first sentence, to stand after "refused:"."""
    text = explain(mine.code, mine.values, mine.reason)
    text = text.partition(". ")[0].rstrip(".")
    if text[1:2].islower() or text[1:2] in " '’":
        text = text[0].lower() + text[1:]
    return text


def rooms_lines(reply: RoomsReply) -> list[str]:
    """The list of rooms, a line each, in two columns."""
    lines = []
    for info in reply.rooms:
        people = n_("{n} here", "{n} here", info.people).format(n=number(info.people))
        said = n_("{n} message", "{n} messages", info.head).format(n=number(info.head))
        name = f"#{info.room}"
        if info.peer is not None:
            name = DIRECT + one_line(info.peer.nick)
        elif info.private:
            name = _("{room} (private)").format(room=name)
        lines.append(f"{name}\t{people} · {said}")
    return lines


def people_line(people: list[Person]) -> str:
    """Who is there, on one line."""
    head = n_("{n} here", "{n} here", len(people)).format(n=number(len(people)))
    names = ", ".join(one_line(person.nick) for person in people)
    return f"{head}: {names}" if names else head
