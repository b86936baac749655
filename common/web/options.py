"""The command line of the gateway, as data. Owns words; does nothing."""

from __future__ import annotations

from typing import Final

from common import __version__
from common.arguments import Program, Verb, switch
from common.client.joining import client_options
from common.i18n import _
from common.listening import PLACE
from common.settings import TEXT, Kind, Option
from common.web import security

BIND: Final = "127.0.0.1:8080"
SERVE: Final = "serve"
HOOK: Final = "hook"

_SHARED: Final = (
    "server", "push", "sub", "server-key", "trust-first", "no-discovery", "data-dir", "config",
    "lang",
)  # fmt: skip
"""What of the clients' options concerns a gateway: it has no nickname, room or key of its own."""

NETWORK: Final = Kind(
    security.network,
    lambda: _("give an address, such as 192.168.1.2, or a network, such as 10.0.0.0/8"),
)


def program() -> Program:
    """The command line of `client_web.py`; a function, so that the words come out in the language
    set by then."""
    return Program(
        name="client_web.py",
        about=_("Brings the chat to the browsers of this network."),
        version=__version__,
        options=(
            *(option for option in client_options() if option.name in _SHARED),
            switch("json", _("print for programs: one JSON object a line")),
            switch("verbose", _("log more"), short="v"),
            switch("quiet", _("log errors only"), short="q"),
        ),
        verbs=(
            Verb(SERVE, _("serve the page; also what no verb means"), _serving(), "[SERVER]"),
            Verb(
                HOOK,
                _("make, list or end addresses by which scripts say something"),
                (
                    Option(
                        "room",
                        TEXT,
                        _("the room in which a new hook speaks; without it, general"),
                        "r",
                        "ROOM",
                        default="general",
                        env=False,
                    ),
                    Option(
                        "invite",
                        TEXT,
                        _("where people must be invited: the code that lets a new hook in"),
                        metavar="CODE",
                        env=False,
                    ),
                ),
                "add NAME | list | revoke NAME",
                _(
                    "A hook says what is posted to its address, under its own name. The address is"
                    " shown once: whoever has it can speak in that room."
                ),
            ),
        ),
        default=SERVE,
        bare=True,
        epilogue=_("SERVER is what --server takes; without it, the server of this machine."),
    )


def _serving() -> tuple[Option, ...]:
    return (
        Option(
            "bind",
            PLACE,
            _("where browsers reach the page"),
            metavar="ADDR:PORT",
            default=(BIND,),
            repeatable=True,
        ),
        Option(
            "tls-cert",
            TEXT,
            _("certificate for https, with its chain (PEM)"),
            metavar=_("FILE"),
        ),
        Option(
            "tls-key",
            TEXT,
            _("key of that certificate (PEM); without it, it stands in the same file"),
            metavar=_("FILE"),
        ),
        Option(
            "host",
            TEXT,
            _("a name under which browsers reach the page, beside this machine's own"),
            metavar="NAME",
            repeatable=True,
        ),
        Option(
            "proxy",
            NETWORK,
            _("a reverse proxy, whose word about its visitors is taken"),
            metavar="ADDR",
            repeatable=True,
        ),
        switch("metrics-open", _("show /metrics to everybody, not to this machine alone")),
        switch(
            "here",
            _("the server of this machine, whatever else the configuration says"),
            env=False,
        ),
        switch(
            "end-with-input",
            _("stop when the standard input ends: for programs that start a gateway"),
            env=False,
        ),
    )
