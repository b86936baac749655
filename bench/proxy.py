"""What Causette is measured against: `zmq.proxy` from PULL to PUB, which forwards and no more.

Its sockets have the broker's own options; under `--curve` it encrypts and asks ZAP as the broker
does. Knows nothing of what passes.
"""

import argparse
import contextlib
import json

import zmq
from zmq.auth.thread import ThreadAuthenticator

from common import keys
from common.broker import sockets
from common.broker.admission import DOMAIN
from common.runtime import raise_descriptor_limit


def main() -> None:
    """Prints where it listens as one JSON line, then forwards until it is ended."""
    parser = argparse.ArgumentParser(prog="bench.proxy")
    parser.add_argument("--curve", action="store_true")
    curve: bool = parser.parse_args().curve
    raise_descriptor_limit()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, sockets.MAX_SOCKETS)
    pair = None
    if curve:
        pair = keys.generate()
        admission = ThreadAuthenticator(context)
        admission.start()
        admission.configure_curve_callback(DOMAIN, credentials_provider=_Everybody())
    pull = sockets.make(context, zmq.PULL, pair)
    pub = sockets.make(context, zmq.PUB, pair)
    pub.setsockopt(zmq.SNDHWM, 20_000)  # records: more than the senders' window, so none is dropped
    addresses = [sockets.bind(one, "tcp://127.0.0.1:*") for one in (pull, pub)]
    ready = {"pull": addresses[:1], "pub": addresses[1:], "key": pair.public if pair else None}
    print(json.dumps(ready), flush=True)
    while True:
        # Under CURVE, libzmq queues each new connection's user id like a message: a poll sees it,
        # the read behind the poll finds nothing, and `zmq.proxy` ends between two messages.
        with contextlib.suppress(zmq.Again):
            zmq.proxy(pull, pub)


class _Everybody:
    """Lets every key in, as the broker's open access does."""

    def callback(self, _domain: str, key: bytes) -> bool:
        return bool(key)


if __name__ == "__main__":
    main()
