"""The names of topics. Owns their form; knows nothing of who may read them.

Every topic ends in `/`, and no part of one holds a `/` besides, so that no topic is a prefix of
another: a SUB subscription matches by prefix (libzmq, zmq_setsockopt, ZMQ_SUBSCRIBE).
"""

import re

_SESSION = re.compile(rb"[0-9a-f]{32}")
_INBOX = b"inbox/"


def is_session(session: bytes) -> bool:
    """Whether these bytes are a session id: 32 lower-case hexadecimal digits."""
    return _SESSION.fullmatch(session) is not None


def inbox(session: bytes) -> bytes:
    """The topic on which the broker speaks to one session alone."""
    return _INBOX + session + b"/"


def session_of(topic: bytes) -> bytes | None:
    """The session id in an inbox topic, or None where it is not exactly one."""
    if not (topic.startswith(_INBOX) and topic.endswith(b"/")):
        return None
    session = topic[len(_INBOX) : -1]
    return session if is_session(session) else None


def room(token: str) -> bytes:
    """A room's topic; `token` is random hexadecimal, renewed whenever somebody is shut out."""
    return b"room/" + token.encode() + b"/"
