"""The broker's verbs and options, as data, and what the configuration says by them.

Owns the names of all options, which of them a serving broker takes over on SIGHUP, and how the
configuration is printed. Does nothing; must not know sockets or files but the configuration's.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from common import __version__, arguments, paths
from common.arguments import Parsed, Program, Verb, switch
from common.broker.limits import CoreSettings
from common.i18n import _
from common.listening import PLACE
from common.settings import (
    DURATION,
    KNOWN,
    NUMBER,
    POSITIVE,
    SWITCH,
    Option,
    Settings,
    choice,
    size,
    whole,
)

PULL: Final = "tcp://127.0.0.1:5555"
PULL_OF_LAN: Final = "tcp://*:5555"
"""Where PULL is under `--lan`, unless it is told: on every interface, of IPv6 too."""
FEWEST_SUBSCRIPTIONS: Final = 256
"""A session needs its rooms (200) and its inbox, and some while topics change."""
_CORE: Final = CoreSettings()

RELOADED: Final = (
    "name", "access", "rate", "burst", "rooms-per-hour", "read-rate", "sessions", "subscriptions",
    "keep", "keep-bytes",
)  # fmt: skip
"""What SIGHUP changes; the rest needs a restart."""
_OF_ONE_RUN: Final = (
    "config", "print-config", "json", "verbose", "quiet", "window", "end-with-input",
)  # fmt: skip
"""What says how to run, not what to serve."""


def program() -> Program:
    """The command line of `broker.py`. A function, so that the words come out in the language set
    by then."""
    # Only here: these verbs are a client's, and what serves knows no client.
    from common.console import admin, invite
    from common.doctor import server_app as doctor

    return Program(
        name="broker.py",
        about=_("Serves a chat to the people of this network."),
        version=__version__,
        options=(
            Option("data-dir", help=_("where the database and the keys are"), metavar=_("DIR")),
            Option("config", short="c", help=_("the configuration file"), metavar=_("FILE")),
            Option("lang", choice("fr", "en"), _("language of what people read")),
            switch("json", _("print for programs: one JSON object a line")),
            switch("verbose", _("log more"), short="v"),
            switch("quiet", _("log errors only"), short="q"),
        ),
        verbs=(
            Verb("serve", _("serve the chat; also what no verb means"), _serving()),
            admin.verb(),
            invite.verb(),
            Verb(
                "backup",
                _("save the whole database to a file, also while it is served"),
                (switch("force", _("replace what is there"), env=False),),
                _("FILE"),
            ),
            Verb(
                "restore",
                _("go back to what a backup holds; nobody may be served meanwhile"),
                (switch("force", _("also where the backup is damaged"), env=False),),
                _("FILE"),
                _(
                    "The database that was there is kept beside the new one. Clients tell people"
                    " that the history was rolled back."
                ),
            ),
            Verb(
                "verify",
                _("check the database, or a backup, from end to end"),
                operands=_("[FILE]"),
                details=_("Each thing that is wrong is one line, and the exit status is then 1."),
            ),
            doctor.verb(),
        ),
        default="serve",
    )


def _serving() -> tuple[Option, ...]:
    address = _("ADDR")
    return (
        Option(
            "pull",
            help=_("where messages come in"),
            metavar=address,
            default=(PULL,),
            repeatable=True,
        ),
        Option("pub", help=_("where messages go out"), metavar=address, repeatable=True),
        Option("card", help=_("where anybody may ask for the card"), metavar=address),
        Option(
            "lan",
            SWITCH,
            _("open it to the network: listen on every interface, and be found by name"),
            default=False,
        ),
        Option(
            "plain",
            SWITCH,
            _("do without encryption: everybody on the network can read along"),
            default=_CORE.plain,
        ),
        Option("name", help=_("what people see this server called"), default=_CORE.name),
        Option(
            "access",
            choice("open", "invite"),
            _("who may come in: whoever has the join link, or who was invited"),
            metavar="open|invite",
            default=_CORE.access,
        ),
        Option(
            "rate",
            NUMBER,
            _("messages a second for each person"),
            metavar="N",
            default=_CORE.rate,
        ),
        Option(
            "burst",
            POSITIVE,
            _("messages that a person may send at once"),
            metavar="N",
            default=int(_CORE.burst),
        ),
        Option(
            "rooms-per-hour",
            NUMBER,
            _("new rooms an hour for each person"),
            metavar="N",
            default=_CORE.rooms_per_hour,
        ),
        Option(
            "read-rate",
            size(1),
            _("bytes of history a second for each person"),
            metavar=_("SIZE"),
            default=int(_CORE.read_rate),
        ),
        Option(
            "sessions",
            POSITIVE,
            _("sessions that a person may have at a time"),
            metavar="N",
            default=_CORE.sessions,
        ),
        Option(
            "subscriptions",
            whole(FEWEST_SUBSCRIPTIONS),
            _("topics that one connection may ask for"),
            metavar="N",
            default=_CORE.subscriptions,
        ),
        Option(
            "keep",
            DURATION,
            _("how long messages are kept (30d); 0: for ever"),
            metavar=_("TIME"),
            default=_CORE.keep,
        ),
        Option(
            "keep-bytes",
            size(0),
            _("how much of each room is kept (500M); 0: all of it"),
            metavar=_("SIZE"),
            default=_CORE.keep_bytes,
        ),
        Option(
            "web",
            PLACE,
            _("serve a page for browsers there as well; client_web.py --help tells more"),
            metavar="ADDR:PORT",
        ),
        switch("window", _("open a window to start, watch and stop the server in"), env=False),
        switch(
            "end-with-input",
            _("stop when the standard input ends: for programs that start a broker"),
            env=False,
        ),
        switch("print-config", _("print the configuration in force, and end")),
    )


def load(command: Program, parsed: Parsed, env: Mapping[str, str]) -> Settings:
    """What this run was told. Raises `BadSetting`."""
    return Settings.load(
        arguments.options_of(command, parsed.verb),
        parsed.given,
        env,
        paths.config_file(),
        program="broker",
        known=KNOWN | command.names(),
    )


def serving(command: Program, parsed: Parsed, env: Mapping[str, str]) -> Settings:
    """What a broker that serves is told, where this run does something else."""
    given = {name: texts for name, texts in parsed.given.items() if name in ("config", "data-dir")}
    return load(command, Parsed("serve", given=given), env)


def words(command: Program, parsed: Parsed, without: Collection[str]) -> list[str]:
    """The options that were typed, to be typed again, but for some."""
    switches = {o.name for o in arguments.options_of(command, parsed.verb) if o.type.switch}
    return [
        f"--{name}" if name in switches else f"--{name}={text}"
        for name, texts in parsed.given.items()
        if name not in without
        for text in texts
    ]


def pull(settings: Settings) -> list[str]:
    """Where messages come in."""
    if settings.switch("lan") and not settings.explicit("pull"):
        return [PULL_OF_LAN]
    return settings.texts("pull") or [PULL]


def core_settings(settings: Settings) -> CoreSettings:
    """What the core is told of it."""
    return CoreSettings(
        name=settings["name"],
        plain=settings.switch("plain"),
        access=settings["access"],
        rate=float(settings["rate"]),
        burst=float(settings["burst"]),
        rooms_per_hour=float(settings["rooms-per-hour"]),
        read_rate=float(settings["read-rate"]),
        sessions=settings["sessions"],
        subscriptions=settings["subscriptions"],
        keep=float(settings["keep"]),
        keep_bytes=settings["keep-bytes"],
    )


def changes(old: Settings, new: Settings) -> Iterator[tuple[str, str]]:
    """Options that are not what they were, with words for the log: `10.0 (was 50.0)`."""
    for name, value in new.items():
        if value.value != old[name]:
            yield name, f"{name} = {_toml(value.value)} (was {_toml(old[name])})"


def as_toml(settings: Settings) -> str:
    """All of it, as the configuration file would say it; what has no value stands as a comment."""
    lines = ["[broker]"]
    for name, value in settings.items():
        if name not in _OF_ONE_RUN:
            given = value.value is not None
            lines.append(f"{name} = {_toml(value.value)}" if given else f"# {name} =")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    # JSON's strings are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
