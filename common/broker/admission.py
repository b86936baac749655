"""Who may connect at all: ZAP, answered in the broker's own loop. Owns the ZAP socket.

libzmq lets strangers in while no ZAP handler runs, unless ZMQ_ZAP_ENFORCE_DOMAIN is set (measured);
the sockets set it, and a handler that lives in the same loop cannot be dead while the loop lives.
The wire of ZAP is `zmq.auth`'s.
"""

import logging
from collections.abc import Callable
from typing import Any

import zmq
from zmq.auth.base import Authenticator

from common.keys import from_z85

DOMAIN = "causette"

_log = logging.getLogger("causette.admission")


class Admission(Authenticator):
    """Answers libzmq's question whether a key may connect, with `may_connect(key in hex)`."""

    def __init__(self, context: "zmq.Context[Any]", may_connect: Callable[[str], bool]) -> None:
        super().__init__(context)
        self._may_connect = may_connect
        self.start()
        self.configure_curve_callback(domain=DOMAIN, credentials_provider=self)

    def callback(self, _domain: str, key: bytes) -> bool:
        """`zmq.auth`'s question. A fault here means no, never the end of admission."""
        try:
            return self._may_connect(from_z85(key))
        except Exception:
            _log.exception("a key could not be judged; refused")
            return False

    def curve_user_id(self, client_public_key: bytes) -> str:
        """What every frame of this connection will carry as its User-Id: the key in hex."""
        return client_public_key.hex()

    def step(self) -> None:
        """Answers every question that waits."""
        while True:
            try:
                question = self.zap_socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            # The coroutine awaits nothing of its own for CURVE: one step ends it.
            try:
                self.handle_zap_message(question).send(None)
            except StopIteration:
                continue
            except Exception:
                _log.exception("a malformed ZAP request was dropped")
