"""The table of slash commands: what each is called in French and English, takes and does. Pure.

Owns the words. Must not know how a line is read (`commands`) nor who carries a command out. Adding
a command is a line in `COMMANDS`; its usage, its help and its completion follow.
"""

import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Final

from common.i18n import N_, _, current


class Kind(Enum):
    """What an argument is; the last one may take the rest of the line (TEXT, FILE and NICK)."""

    ROOM = N_("ROOM")
    NICK = N_("NICK")
    TEXT = N_("TEXT")
    REASON = N_("REASON")
    COUNT = N_("N")
    MESSAGE = N_("NUMBER")
    DURATION = N_("DURATION")
    SPAN = N_("DURATION|off")
    STATE = N_("on|off")
    ROLE = N_("ROLE")
    PRIVATE = N_("private")
    NEWCOMERS = N_("all|new")
    KEY = N_("KEY")
    NAME = N_("NAME")
    FILE = N_("FILE")
    COMMAND = N_("COMMAND")


# What stands for a choice, in either language.
CHOICES: Final[dict[Kind, dict[str, tuple[str, ...]]]] = {
    Kind.STATE: {"on": ("on", "oui", "yes"), "off": ("off", "non", "no")},
    Kind.SPAN: {"off": ("off", "non", "no", "0")},
    Kind.ROLE: {
        "admin": ("admin", "administrateur", "administratrice", "administrator"),
        "moderator": ("moderator", "modérateur", "modératrice"),
        "member": ("member", "membre"),
        "owner": ("owner", "propriétaire"),
    },
    Kind.PRIVATE: {"private": ("private", "privé")},
    Kind.NEWCOMERS: {"all": ("all", "tout"), "new": ("new", "nouveau")},
}


_LONG: Final = {Kind.ROLE: N_("admin|moderator|member|owner")}
"""What there is to choose from where the usage has a word for it."""


class Group(Enum):
    """Where a command stands in the help: `/help moderation`. The first is what `/help` shows."""

    CHAT = "chat"
    ROOMS = N_("rooms")
    PEOPLE = N_("people")
    MODERATION = N_("moderation")
    SERVER = N_("server")


@dataclass(frozen=True)
class Parameter:
    kind: Kind
    required: bool = True

    def usage(self) -> str:
        word = _(self.kind.value)
        return word if self.required else f"[{word}]"


@dataclass(frozen=True)
class Command:
    """`name` is stable and English, `french` its name in French; both work in both languages."""

    name: str
    french: str
    help: str
    """One line, to be translated where it is shown."""
    parameters: tuple[Parameter, ...] = ()
    group: Group = Group.CHAT

    def shown(self) -> str:
        """The name with its slash, in the person's language."""
        return "/" + (self.french if current().lang == "fr" else self.name)

    def usage(self) -> str:
        """`/history [N]`"""
        return " ".join([self.shown(), *(one.usage() for one in self.parameters)])


def _needs(*kinds: Kind) -> tuple[Parameter, ...]:
    return tuple(Parameter(kind) for kind in kinds)


def _may(*kinds: Kind) -> tuple[Parameter, ...]:
    return tuple(Parameter(kind, required=False) for kind in kinds)


def _chat(name: str, french: str, help: str, *parameters: Parameter) -> Command:
    return Command(name, french, help, parameters)


def _rooms(name: str, french: str, help: str, *parameters: Parameter) -> Command:
    return Command(name, french, help, parameters, Group.ROOMS)


def _people(name: str, french: str, help: str, *parameters: Parameter) -> Command:
    return Command(name, french, help, parameters, Group.PEOPLE)


def _moderation(name: str, french: str, help: str, *parameters: Parameter) -> Command:
    return Command(name, french, help, parameters, Group.MODERATION)


def _server(name: str, french: str, help: str, *parameters: Parameter) -> Command:
    return Command(name, french, help, parameters, Group.SERVER)


_PERSON_WHY: Final = _needs(Kind.NICK) + _may(Kind.REASON)
_PERSON_TIME_WHY: Final = _needs(Kind.NICK) + _may(Kind.DURATION, Kind.REASON)

COMMANDS: Final = (
    _chat("help", "aide", N_("what can be typed here"), *_may(Kind.COMMAND)),
    _chat("join", "rejoindre", N_("join a room, or make it"), *_needs(Kind.ROOM)),
    _chat("leave", "quitter-salon", N_("leave this room"), *_may(Kind.ROOM)),
    _chat("room", "salon", N_("go to a room that you are in"), *_needs(Kind.ROOM)),
    _chat("rooms", "salons", N_("which rooms there are")),
    _chat("who", "qui", N_("who is here"), *_may(Kind.ROOM)),
    _chat("nick", "pseudo", N_("change your nickname"), *_needs(Kind.NICK)),
    _chat("me", "moi", N_("say what you do"), *_needs(Kind.TEXT)),
    _chat("msg", "mp", N_("write to one person alone"), *_needs(Kind.NICK) + _may(Kind.TEXT)),
    _chat("history", "historique", N_("show older messages"), *_may(Kind.COUNT)),
    _chat("save", "enregistrer", N_("save the conversation"), *_may(Kind.FILE)),
    _chat("clear", "effacer", N_("clear the screen; nothing is deleted")),
    _chat("resend", "renvoyer", N_("send a refused message again")),
    _chat("edit", "modifier", N_("take a refused message back into the line")),
    _chat("quit", "quitter", N_("end")),
    # Rooms.
    _rooms("create", "créer", N_("make a room"), *_needs(Kind.ROOM) + _may(Kind.PRIVATE)),
    _rooms("invite", "inviter", N_("let somebody into this private room"), *_needs(Kind.NICK)),
    _rooms("remove", "retirer", N_("remove somebody from this private room"), *_PERSON_WHY),
    _rooms("members", "membres", N_("who belongs to this room"), *_may(Kind.ROOM)),
    _rooms(
        "newcomers",
        "nouveaux",
        N_("what newcomers to this private room may read: all, or what is new"),
        *_needs(Kind.NEWCOMERS),
    ),
    _rooms(
        "keep", "conserver", N_("for how long messages are kept here; off: for ever"),
        *_needs(Kind.SPAN),
    ),
    _rooms("silence", "sourdine", N_("count nothing new in a room, or again"), *_may(Kind.ROOM)),
    # People, oneself included.
    _people("ignore", "ignorer", N_("see nothing of what somebody says"), *_needs(Kind.NICK)),
    _people("unignore", "ne-plus-ignorer", N_("see it again"), *_needs(Kind.NICK)),
    _people("devices", "appareils", N_("the keys that are yours")),
    _people("device-code", "code-appareil", N_("a code that makes another device yours")),
    _people("revoke", "révoquer", N_("a lost device is no longer yours"), *_needs(Kind.KEY)),
    # Moderation.
    _moderation("mute", "museler", N_("somebody may not write here"), *_PERSON_TIME_WHY),
    _moderation("unmute", "démuseler", N_("somebody may write again"), *_needs(Kind.NICK)),
    _moderation("kick", "expulser", N_("remove somebody from this room"), *_PERSON_TIME_WHY),
    _moderation(
        "delete", "supprimer", N_("take a message's text away for good"),
        *_needs(Kind.MESSAGE) + _may(Kind.REASON),
    ),
    _moderation("readonly", "lecture-seule", N_("only moderators write"), *_needs(Kind.STATE)),
    _moderation(
        "slow", "lent", N_("a pause between two messages of one person"), *_needs(Kind.SPAN)
    ),
    _moderation(
        "role", "rôle", N_("make somebody moderator here, or admin; member ends it"),
        *_needs(Kind.NICK, Kind.ROLE),
    ),
    _moderation("sanctions", "mesures", N_("who is muted, removed or banned"), *_may(Kind.ROOM)),
    # The server, for its administrators.
    _server("ban", "bannir", N_("ban somebody from the server"), *_PERSON_TIME_WHY),
    _server(
        "disconnect", "déconnecter", N_("close somebody's connections; they may come back"),
        *_PERSON_TIME_WHY,
    ),
    _server("unban", "débannir", N_("let somebody in again"), *_needs(Kind.NICK)),
    _server("waiting", "attente", N_("who asks to be let in")),
    _server("approve", "admettre", N_("let a key in"), *_needs(Kind.KEY)),
    _server(
        "invitation", "code-invitation", N_("make an invitation, for one or several uses"),
        *_may(Kind.COUNT, Kind.DURATION),
    ),
    _server("invitations", "codes-invitation", N_("which invitations are good")),
    _server("withdraw", "annuler-invitation", N_("an invitation is void"), *_needs(Kind.NAME)),
    _server("free", "libérer", N_("take a nickname that is needed"), *_PERSON_WHY),
    _server("roles", "rôles", N_("who owns and administers the server")),
    _server("audit", "registre", N_("what was decided here, and by whom"), *_may(Kind.COUNT)),
)  # fmt: skip


def fold(text: str) -> str:
    """What is compared: without case and accents, so that `ines` finds Inès."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


BY_NAME: Final = {fold(name): one for one in COMMANDS for name in (one.name, one.french)}
_GROUPS: Final = {
    "rooms": Group.ROOMS,
    "salons": Group.ROOMS,
    "people": Group.PEOPLE,
    "personnes": Group.PEOPLE,
    "moderation": Group.MODERATION,
    "server": Group.SERVER,
    "serveur": Group.SERVER,
}


def find(word: str) -> Command | None:
    """The command of this name, with or without its slash and accents, in either language."""
    return BY_NAME.get(fold(word.removeprefix("/")))


def group(word: str) -> Group | None:
    """The group of this name, in either language."""
    return _GROUPS.get(fold(word))


def choice(kind: Kind, word: str) -> str:
    """The stable name of a choice, however it was said; "" where it is none of them."""
    for name, words in CHOICES.get(kind, {}).items():
        if fold(word) in map(fold, words):
            return name
    return ""


def choices(kind: Kind) -> list[str]:
    """What there is to choose from, in the person's language."""
    if kind not in CHOICES:
        return []
    # Where a duration may stand as well, its placeholder is nothing to be typed.
    return [word for word in _(_LONG.get(kind, kind.value)).split("|") if not word.isupper()]
