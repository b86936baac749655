"""What HTTP answers look like: JSON, short texts, and what went wrong as one exception.

Owns the sentences that are the gateway's own, and which HTTP status a code of `explain` has. Must
not know a route.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from common.explain import Value, explain
from common.i18n import LANGUAGES, N_, _, number
from common.web.security import HEADERS

STATUS: Final = {
    "bad-request": 400,
    "bad-nick": 400,
    "bad-room": 400,
    "bad-invitation": 403,
    "not-invited": 403,
    "not-permitted": 403,
    "needs-encryption": 403,
    "banned": 403,
    "kicked": 403,
    "revoked": 403,
    "muted": 403,
    "read-only": 403,
    "slow-mode": 429,
    "no-such-room": 404,
    "not-joined": 403,
    "no-such-person": 404,
    "nick-taken": 409,
    "id-conflict": 409,
    "room-exists": 409,
    "too-large": 413,
    "rate-limited": 429,
    "too-many": 429,
    "timeout": 504,
    "unknown-page": 404,
    "unknown-hook": 404,
    "no-such-hook": 404,
    "wrong-method": 405,
    "late-body": 408,
    "no-uploads": 415,
    "wrong-type": 415,
    "not-a-message": 415,
    "wrong-host": 421,
    "not-a-socket": 426,
    "other-origin": 403,
    "not-in": 401,
    "no-metrics": 404,
    "closed": 503,
    "broken": 500,
    "disk-full": 507,
}
"""HTTP status by code; whatever is not here is about the server behind the gateway: 503."""
BEHIND: Final = 503

_OWN: Final[dict[str, str]] = {
    "unknown-page": N_("There is nothing here. The chat is at the address without a path: /"),
    "unknown-hook": N_("No hook has this address. It was ended, or the address is not complete."),
    "no-such-hook": N_('There is no hook called "{value}". See client_web.py hook list.'),
    "wrong-method": N_("This cannot be done here with {method}."),
    "late-body": N_("What was announced did not come in time. Send it again."),
    "no-uploads": N_("Files cannot be sent here. Send text."),
    "wrong-type": N_("Send JSON (Content-Type: application/json)."),
    "not-a-message": N_(
        "Send JSON with a field named text (application/json), or plain text (text/plain)."
    ),
    "wrong-host": N_(
        'This gateway does not know that it is called "{host}". Type its address in numbers, or'
        " have it started with --host {host}."
    ),
    "not-a-socket": N_("A WebSocket is spoken here. The chat is at the address without a path: /"),
    "other-origin": N_("Only the chat's own page may do that. Open the chat, and do it there."),
    "not-in": N_("You are not in. Open the chat and join."),
    "no-metrics": N_("Metrics need the package prometheus-client: install the extra “metrics”."),
    "broken": N_("The gateway failed at this. Whoever runs it finds the details in its log."),
    "not-invited": N_(
        "This server lets in who is invited. Type the code of your invitation, or ask an"
        " administrator to let you in."
    ),
    "disk-full": N_(
        "The gateway's disk is full, and nothing was kept. Tell whoever runs it, then try again."
    ),
    "no-broker": N_("The server is not running. Whoever runs it must start it."),
    **dict.fromkeys(
        (
            "unreachable-name",
            "unreachable-refused",
            "unreachable-silent",
            "no-answer",
            "not-causette",
            "wrong-key",
            "key-changed",
            "link-lost",
        ),
        N_("The chat's server does not answer. This page tries again by itself."),
    ),
}
"""Sentences for codes of our own; and in place of those that tell somebody in a terminal what to
type, or the person who runs the server where to look."""

_JSON: Final = "application/json; charset=utf-8"


class Fault(Exception):
    """Something cannot be done. `code` is for programs, `words` for the person of the moment."""

    def __init__(
        self,
        code: str,
        values: Mapping[str, Value] | None = None,
        *,
        text: str = "",
        words: str = "",
        field: str = "",
        status: int = 0,
        retry: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`text` is the server's own English, for a code that is not known here; `words` are for
        people already, for a code that has no sentence here; `field` is the field of a form that is
        at fault; `retry` seconds are to be waited."""
        super().__init__(code)
        self.code = code
        self.values = dict(values or {})
        self.text = text
        self._words = words
        self.field = field
        self.status = status or STATUS.get(code, BEHIND)
        self.retry = retry
        self.headers = dict(headers or {})

    @property
    def words(self) -> str:
        """What happened and what to do, in the language of now."""
        if own := _OWN.get(self.code):
            return _(own).format_map({name: _shown(value) for name, value in self.values.items()})
        if self._words:
            return self._words
        waited = {"seconds": self.retry} if self.retry else {}
        return explain(self.code, {**waited, **self.values}, self.text)

    def said(self) -> dict[str, Any]:
        """For programs."""
        return {"error": {"code": self.code, "text": self.words, "field": self.field}}

    def answer(self, *, as_json: bool) -> web.Response:
        """The whole answer, in the language of now."""
        if as_json:
            response = json(self.said(), self.status)
        else:
            response = text(self.words + "\n", self.status)
        if self.retry:
            response.headers["Retry-After"] = str(max(1, round(self.retry + 0.5)))
        response.headers.update(self.headers)
        return response


def json(value: object, status: int = 200) -> web.Response:
    """An answer for programs; never kept by a cache."""
    return _response(msgspec.json.encode(value), status, _JSON)


def text(words: str, status: int = 200) -> web.Response:
    """An answer for people."""
    return _response(words.encode(), status, "text/plain; charset=utf-8")


def raw(body: bytes, type: str, status: int = 200) -> web.Response:
    """Any other."""
    return _response(body, status, type)


def dress(response: web.StreamResponse) -> None:
    """Add what every answer carries."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")


def language(accepts: str, default: str) -> str:
    """The language of `Accept-Language` that is spoken here, by its order and weights (RFC 9110,
    12.5.4); else `default`."""
    best, found = 0.0, default
    for part in accepts.split(","):
        name, *parameters = part.split(";")
        weight = 1.0
        for parameter in parameters:
            key, _equals, value = parameter.strip().partition("=")
            if key.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        code = name.strip().lower().partition("-")[0]
        if code in LANGUAGES and weight > best:
            best, found = weight, code
    return found


def _response(body: bytes, status: int, type: str) -> web.Response:
    response = web.Response(body=body, status=status, headers={"Content-Type": type})
    dress(response)
    return response


def _shown(value: Value) -> str:
    return number(value) if isinstance(value, int | float) else str(value)
