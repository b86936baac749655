"""Topics: exact, terminated, none the beginning of another (row 34)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.protocol import topics

ID = b"0123456789abcdef" * 2


def test_an_inbox_tells_its_session() -> None:
    assert topics.session_of(topics.inbox(ID)) == ID


@pytest.mark.parametrize(
    "topic",
    [
        b"", b"inbox/", b"inbox//", b"inbox/" + ID, b"inbox/" + ID + b"//",
        b"inbox/" + ID[:-1] + b"/", b"inbox/" + ID.upper() + b"/", b"inbox/" + ID + b"0/",
        b"inbox/" + ID[:-1] + b"\n/",
        b"inbox/" + ID[:-1] + b"\0/", b"Inbox/" + ID + b"/", b"room/" + ID + b"/",
        b"/" + ID + b"/", b"inbox/" + ID + b"/\n", b"\xff" * 600,
    ],
)  # fmt: skip
def test_row_34_what_is_not_exactly_an_inbox_is_none(topic: bytes) -> None:
    assert topics.session_of(topic) is None


@given(st.sets(st.text("0123456789abcdef", min_size=1, max_size=4), min_size=2))
def test_no_topic_is_the_beginning_of_another(tokens: set[str]) -> None:
    made = [topics.room(token) for token in tokens] + [topics.inbox(ID)]
    for one in made:
        assert not any(other.startswith(one) for other in made if other != one)


def test_a_session_id_is_32_lower_case_hexadecimals() -> None:
    assert topics.is_session(ID)
    for wrong in (b"", ID[:-1], ID + b"0", ID.upper(), ID[:-1] + b"g", ID + b"\n"):
        assert not topics.is_session(wrong)
