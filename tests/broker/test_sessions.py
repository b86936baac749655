"""Who is connected under which key and in which rooms."""

from common.broker.batch import StreamRow
from common.broker.ledger import Person
from common.broker.sessions import Session, Sessions

GRACE = 3.0
ADA = Person("ada", "k", "Ada", "ada")


def welcomed(sessions: Sessions, id: bytes, stream: str = "s") -> Session:
    session = sessions.open(id, "k", 10, "here", 1.0)
    sessions.welcome(session, ADA, StreamRow(stream, "ada", 0), True)
    return session


def test_a_session_stays_for_the_grace_and_ends_with_it() -> None:
    sessions = Sessions(GRACE)
    session = welcomed(sessions, b"1")
    sessions.linger(session, 100.0)
    assert sessions.next_expiry() == 103.0
    assert sessions.expired(102.999) == []
    assert sessions.expired(103.0) == [session]
    sessions.close(session)
    assert sessions.next_expiry() == float("inf")
    assert sessions.get(b"1") is None
    assert sessions.of_key("k") == []


def test_a_session_that_came_back_does_not_expire() -> None:
    sessions = Sessions(GRACE)
    session = welcomed(sessions, b"1")
    sessions.linger(session, 100.0)
    sessions.replace(session, 11, "there")
    assert sessions.expired(1_000.0) == []
    assert (session.fd, session.person, session.row) == (11, None, None)


def test_row_63_the_end_of_a_connection_already_replaced_is_no_end() -> None:
    sessions = Sessions(GRACE)
    session = welcomed(sessions, b"1")
    sessions.replace(session, 11, "there")
    sessions.replace(session, 12, "there")
    assert session.outlived()
    assert session.outlived()
    assert not session.outlived()


def test_a_stream_is_given_back_by_the_last_of_its_sessions() -> None:
    sessions = Sessions(GRACE)
    old, new = welcomed(sessions, b"1"), welcomed(sessions, b"2")
    assert sessions.close(old) is None
    assert sessions.close(new) == "s"


def test_to_be_welcomed_again_keeps_the_same_stream_and_gives_back_another() -> None:
    sessions = Sessions(GRACE)
    session = welcomed(sessions, b"1")
    assert sessions.welcome(session, ADA, StreamRow("s", "ada", 0), True) is None
    assert sessions.welcome(session, ADA, StreamRow("t", "ada", 0), True) == "s"
    assert sessions.unwelcome(session) == "t"
    assert sessions.close(session) is None


def test_a_topic_is_known_while_somebody_is_in_its_room() -> None:
    sessions = Sessions(GRACE)
    one, two = welcomed(sessions, b"1"), welcomed(sessions, b"2")
    for session in (one, two):
        sessions.joined(session, "salon", b"room/1/")
    sessions.left(one, "salon")
    assert sessions.listening(b"room/1/") == "salon"
    assert sessions.hears("k", "salon")
    assert sessions.of_room("salon") == [two]
    sessions.left(two, "salon")
    assert sessions.listening(b"room/1/") is None
    assert not sessions.anybody("salon")


def test_without_keys_nobody_is_counted_or_found_by_one() -> None:
    sessions = Sessions(GRACE)
    sessions.open(b"1", None, 10, "here", 1.0)
    assert sessions.count(None) == 0
    assert sessions.of_key(None) == []
    assert not sessions.hears(None, "salon")
