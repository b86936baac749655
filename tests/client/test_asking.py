"""Requests that wait for an answer: asked again, collected page by page, answered once."""

from typing import Any

from common.client.asking import AGAIN, Asking
from common.client.events import PeopleReply, PongReply, Refused, RoomsReply
from common.protocol import messages as m


class Desk:
    def __init__(self) -> None:
        self.linked = True
        self.pushed: list[Any] = []
        self.answers: list[tuple[int, object]] = []
        self.asking = Asking(
            lambda: self.linked, self.pushed.append, self.resolve, lambda: 1_000_000.0
        )

    def resolve(self, ref: int, reply: object) -> None:
        self.answers.append((ref, reply))

    def ids(self) -> list[str]:
        ids, self.pushed[:] = [request.id for request in self.pushed], []
        return ids


def test_a_question_is_asked_at_once_and_answered_once() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Ping(), 0.0)
    (id,) = desk.ids()
    for _ in range(2):
        desk.asking.finish(id, PongReply(time=1))
    assert desk.answers == [(7, PongReply(time=1))]
    assert desk.asking.tick(100.0) == float("inf")


def test_what_is_not_answered_is_asked_again() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Ping(), 0.0)
    (id,) = desk.ids()
    assert desk.asking.tick(AGAIN - 0.1) == AGAIN
    assert desk.ids() == []
    desk.asking.tick(AGAIN)
    assert desk.ids() == [id]


def test_without_a_link_questions_wait_for_one() -> None:
    desk = Desk()
    desk.linked = False
    desk.asking.ask(1, m.Ping(), 0.0)
    desk.asking.ask(2, m.Rooms(), 0.0)
    assert desk.ids() == []
    desk.asking.again(5.0)
    assert desk.ids() == ["q1", "q2"]


def test_a_refusal_for_now_is_waited_out() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Ping(), 0.0)
    (id,) = desk.ids()
    desk.asking.refused(m.Error(code="rate-limited", text="", id=id, retry=0.5), 1.0)
    assert desk.asking.tick(1.4) == 1.5
    assert desk.ids() == []
    desk.asking.tick(1.5)
    assert desk.ids() == [id]


def test_a_refusal_for_good_is_the_answer() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Who("nowhere"), 0.0)
    desk.asking.refused(m.Error(code="no-such-room", text="no", id="q1"), 1.0)
    ((ref, refused),) = desk.answers
    assert ref == 7
    assert isinstance(refused, Refused)
    assert (refused.code, refused.values) == ("no-such-room", {"room": "nowhere"})


def people(id: str, *users: str, more: bool = False) -> m.People:
    listed = [m.Person(user, user.upper()) for user in users]
    return m.People(id=id, room="salon", people=listed, total=9, rev=1, more=more)


def test_a_list_is_collected_page_by_page() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Who("salon"), 0.0)
    assert desk.asking.people(people("q1", "a", "b", more=True), 1.0) is None
    assert desk.pushed[-1] == m.Who("salon", "q1", "b")
    everybody = desk.asking.people(people("q1", "c"), 1.0)
    assert everybody is not None
    ((_, reply),) = desk.answers
    assert isinstance(reply, PeopleReply)
    assert [person.user for person in reply.people] == ["a", "b", "c"]


def test_a_page_that_comes_twice_is_counted_once() -> None:
    desk = Desk()
    desk.asking.ask(7, m.Rooms(), 0.0)
    pages = [
        m.RoomList(id="q1", rooms=[m.RoomInfo("a", 1, 1), m.RoomInfo("b", 1, 1)], more=True),
        m.RoomList(id="q1", rooms=[m.RoomInfo("c", 1, 1)], more=True),
        m.RoomList(id="q1", rooms=[m.RoomInfo("d", 1, 1)]),
    ]
    for page in (pages[0], pages[0], pages[1], pages[0], pages[1], pages[2]):
        desk.asking.room_list(page, 1.0)
    ((_, reply),) = desk.answers
    assert isinstance(reply, RoomsReply)
    assert [info.room for info in reply.rooms] == ["a", "b", "c", "d"]


def test_what_is_taken_back_is_neither_repeated_nor_answered() -> None:
    desk = Desk()
    desk.asking.ask(1, m.Join("salon"), 0.0)
    desk.asking.ask(2, m.Join("cave"), 0.0)
    desk.asking.ask(3, m.Leave("salon"), 0.0)
    assert desk.asking.take_back(m.Join, "salon") == [1]
    desk.ids()
    desk.asking.again(1.0)
    assert desk.ids() == ["q2", "q3"]
    desk.asking.finish("q1", PongReply(time=1))
    assert desk.answers == []
