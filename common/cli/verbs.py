"""The terminal client's verbs and options, as data. Owns words; does nothing.

A function, so that the words come out in the language set by then.
"""

from __future__ import annotations

from typing import Final

from common import __version__
from common.arguments import Program, Verb, switch
from common.client.joining import client_options
from common.i18n import _
from common.settings import POSITIVE, SECONDS, SWITCH, TEXT, Option, choice

FORMATS: Final = ("txt", "html", "jsonl")


def program() -> Program:
    """The command line of `client_cli.py`."""
    as_json = switch("json", _("one JSON object a line"))
    since = Option(
        "since",
        TEXT,
        _("start after this number, this long ago (10m, 2h, 7d), or where the last run stopped"),
        metavar="SEQ|DURATION|last",
    )
    count = Option("count", POSITIVE, _("end after this many messages"), metavar="N")
    limit = Option("limit", POSITIVE, _("at most this many messages"), metavar="N")

    def timeout(help: str) -> Option:
        return Option("timeout", SECONDS, help, metavar="S")

    return Program(
        name="client_cli.py",
        about=_("Chat in the terminal, in scripts, and for bots."),
        version=__version__,
        options=client_options(),
        verbs=(
            Verb("chat", _("a conversation on the screen; also what no verb means")),
            Verb(
                "send",
                _("say something; done only when the server has stored it"),
                (timeout(_("seconds to reach the server, and for its answer (10)")), as_json),
                "[TEXT... | -]",
                _(
                    "Without TEXT, or with -, each line of the standard input that is not blank is"
                    " a message. A line that cannot be stored is named and the others go on; the"
                    " exit status is then 1. 124: the outcome of what is named is unknown. What"
                    " was not sent is never sent later."
                ),
            ),
            Verb(
                "listen",
                _("print what is said, as it is said"),
                (
                    as_json,
                    since,
                    count,
                    timeout(_("end after this many seconds; with --count unmet, 124")),
                    Option(
                        "exec",
                        TEXT,
                        _("run this command for each message, instead of printing it"),
                        metavar="CMD",
                    ),
                ),
                details=_(
                    "CMD runs in the shell, one at a time, in order. It reads the message as JSON"
                    " on its standard input and finds it in CAUSETTE_ROOM, CAUSETTE_AUTHOR,"
                    " CAUSETTE_TEXT, CAUSETTE_SEQ, CAUSETTE_TS, CAUSETTE_ID and CAUSETTE_USER;"
                    " never paste these into a command without quotes. A client_cli.py in it"
                    " speaks with this one's nickname, in the same room of the same server."
                ),
            ),
            Verb(
                "history",
                _("print what was said; without --since, the newest 100 messages"),
                (since, limit, as_json),
            ),
            Verb("rooms", _("list the rooms"), (as_json,)),
            Verb("who", _("list who is in a room"), (as_json,)),
            Verb(
                "export",
                _("write a whole conversation to a file"),
                (
                    Option(
                        "format",
                        choice(*FORMATS),
                        _("txt, html or jsonl"),
                        metavar="txt|html|jsonl",
                    ),
                    Option("output", TEXT, _("file; without it, stdout"), "o", "FILE"),
                ),
            ),
            Verb(
                "key",
                _("save this identity's key to a file under a passphrase, or restore it"),
                (
                    Option("force", SWITCH, _("replace what is there"), env=False),
                    as_json,
                ),
                "save|restore FILE",
                _(
                    "The passphrase is asked for on the terminal; without one, it is the first"
                    " line of the standard input. Other programs open FILE with: age --decrypt."
                ),
            ),
            Verb(
                "device",
                _("make a code that ties another device to this identity"),
                (
                    Option("list", SWITCH, _("list the keys of this identity"), env=False),
                    Option(
                        "revoke",
                        TEXT,
                        _("this key of mine is lost: let it in no more"),
                        metavar="KEY",
                        env=False,
                    ),
                    Option(
                        "reason",
                        TEXT,
                        _("why; the person concerned reads it"),
                        metavar="TEXT",
                        env=False,
                    ),
                    as_json,
                ),
            ),
            Verb(
                "discover",
                _("find the servers of this network"),
                (timeout(_("seconds to look for (3)")), as_json),
            ),
            Verb(
                "doctor",
                _("find out why one cannot join, and what to do"),
                (timeout(_("seconds for all that a server must answer (10)")), as_json),
                "[SERVER]",
                _(
                    "SERVER is what --server takes; without it, the one that the other verbs would"
                    " join. It enters no room and says nothing. 0: nothing is wrong."
                ),
            ),
            Verb(
                "bot",
                _("JSON lines on stdin and stdout, for programs; see docs/bots.md"),
                (
                    since,
                    switch("echo", _("own messages come back as messages too")),
                    timeout(
                        _("seconds without an answer, after the end of stdin, to give up (10)")
                    ),
                ),
            ),
        ),
        default="chat",
        epilogue=_(
            "Options may stand anywhere; -- ends them. Each may also be set in the environment"
            ' (CAUSETTE_NICK=ada) or in the configuration file (nick = "ada").'
        ),
    )
