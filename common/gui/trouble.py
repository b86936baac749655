"""What went wrong before a session was in: beside which field it is said, and in which words.

Owns the words where those of `common.explain` speak of a command line. Pure; knows no widget.
"""

from __future__ import annotations

from typing import Final, Literal

from common.explain import explain
from common.gui.screens import Trouble
from common.i18n import N_, _

Place = Literal["server", "port", "nick", "invite", "host", "form"]
"""A field, the button *Host here*, or the form as a whole."""

_PLACES: Final[dict[str, Place]] = {
    "bad-server": "server",
    "no-broker": "server",
    "unreachable-name": "server",
    "unreachable-silent": "server",
    "unreachable-refused": "port",
    "no-answer": "port",
    "not-causette": "port",
    "timeout": "server",
    "stopping": "server",
    "link-lost": "server",
    "protocol-version": "server",
    "plain-mismatch": "server",
    "key-unknown": "server",
    "key-changed": "server",
    "wrong-key": "server",
    "bad-nick": "nick",
    "nick-taken": "nick",
    "banned": "nick",
    "kicked": "nick",
    "revoked": "nick",
    "stream-taken": "nick",
    "not-invited": "invite",
    "bad-invitation": "invite",
    "host-failed": "host",
}
_OWN_WORDS: Final[dict[str, str]] = {
    "no-broker": N_(
        "No server runs on this machine with the data in {path}. If one runs with other data, type"
        " 127.0.0.1; else type an address, paste a link, or host here."
    ),
    "key-unknown": N_(
        "This server is not trusted yet, so nothing was sent to it. Connect again to compare its"
        " key, or ask for a link."
    ),
    "not-invited": N_(
        "This server lets in who is invited. Type the invitation's code here, or ask an"
        " administrator to let you in."
    ),
    "host-failed": N_("The server did not start: {why}"),
    "data-dir": N_("{path} cannot be used: {why}."),
    "unexpected": N_("Something went wrong ({what}). The details are in {path}."),
}


def place_of(trouble: Trouble) -> Place:
    """Beside what it is said."""
    if trouble.code == "bad-server" and trouble.values.get("reason") in ("port", "code"):
        return "port" if trouble.values["reason"] == "port" else "invite"
    return _PLACES.get(trouble.code, "form")


def words_of(trouble: Trouble) -> str:
    """The sentence: what is, then what to do."""
    own = _OWN_WORDS.get(trouble.code)
    if own is not None:
        try:
            return _(own).format_map(trouble.values)
        except KeyError:
            pass
    if not trouble.code:
        return trouble.text
    return explain(trouble.code, trouble.values, trouble.text)
