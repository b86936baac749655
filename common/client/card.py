"""A broker's card: asked for on its plain REP socket, so that an address is enough to join.

Owns: the one question and how the answer completes a `Target`. Must not decide on trust: whatever
stands in a card is hearsay until its key is pinned or confirmed (`pins`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec
import zmq

from common import keys, safe
from common.client import target as targets
from common.client.target import Target
from common.protocol.codec import DecodeError, decode_card
from common.protocol.messages import PROTOCOL, Card

QUESTION: Final = msgspec.json.encode({"type": "card", "protocol": PROTOCOL})
Reason: TypeAlias = Literal["no-answer", "not-causette"]
Context: TypeAlias = zmq.Context[zmq.Socket[bytes]]
_T = TypeVar("_T")

_LARGEST: Final = 65_536
_LONGEST_NAME: Final = 120
_MOST_ADDRESSES: Final = 64


class NoCard(Exception):
    """No card could be had. `reason` is a code of `explain`: "no-answer" or "not-causette".

    Of "no-answer" `probe` may tell more.
    """

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason: Reason = reason
        self.why = why


def fetch(address: str, timeout: float, context: Context | None = None) -> Card:
    """Ask `address` (a ZeroMQ address) for the broker's card, within `timeout` seconds.

    The card's words are safe to show and its key is well formed. Blocking, on sockets of its own.
    Raises NoCard.
    """
    owner = context or zmq.Context.instance()
    with owner.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST)
        try:
            socket.connect(address)
            socket.send(QUESTION)
            answered = socket.poll(max(0, round(timeout * 1000)), zmq.POLLIN)
            frames = socket.recv_multipart(zmq.NOBLOCK) if answered else None
        except zmq.ZMQError as error:
            raise NoCard("no-answer", f"{address}: {error}") from error
    if frames is None:
        raise NoCard("no-answer", f"{address} did not answer within {timeout:g} s")
    if len(frames) != 1:
        raise NoCard("not-causette", f"{address} answered with {len(frames)} frames")
    return _checked(frames[0])


def _checked(body: bytes) -> Card:
    try:
        card = decode_card(body)
    except DecodeError as error:
        raise NoCard("not-causette", f"not a card: {safe.one_line(error.text)}") from error
    if card.key is not None and not keys.is_key(card.key):
        raise NoCard("not-causette", "not a card: its key is no key")
    for addresses in (card.pull, card.pub):
        if not 1 <= len(addresses) <= _MOST_ADDRESSES:
            raise NoCard("not-causette", "not a card: it names no address")
    return msgspec.structs.replace(
        card,
        name=safe.one_line(card.name)[:_LONGEST_NAME],
        key=card.key.lower() if card.key else None,
    )


def complete(target: Target, card: Card) -> Target:
    """Return `target` with what its card tells: key, name, and the real ports.

    Only the ports of the card's addresses count: the host that was typed is the one that can be
    reached from here. A key that the target has already is kept, and then nothing goes without
    encryption; whether the card agrees with it is for the caller to compare.
    """
    place = targets.host_and_port(target.push)
    pull, pub = target.push, target.sub
    if place:
        host, typed = place
        pulls, pubs = _ports(card.pull), _ports(card.pub)
        index = pulls.index(typed) if typed in pulls else 0
        if pulls and pubs:
            pull = targets.address(host, pulls[index])
            pub = targets.address(host, pubs[index if index < len(pubs) else 0])
    return replace(
        target,
        push=pull,
        sub=pub,
        key=target.key or card.key,
        name=card.name,
        plain=target.key is None and card.key is None,
    )


def _ports(addresses: list[str]) -> list[int]:
    places = map(targets.host_and_port, addresses)
    return [place[1] for place in places if place]
