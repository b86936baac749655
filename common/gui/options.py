"""The command line of the window, as data. Owns words; does nothing and needs no Tk."""

from __future__ import annotations

from typing import Final

from common import __version__
from common.arguments import Program, Verb
from common.client.joining import client_options
from common.i18n import _
from common.settings import Kind, Option, choice

THEMES: Final = ("system", "light", "dark")
SMALLEST: Final = 80
LARGEST: Final = 200
VERB: Final = "chat"


def _percent(text: str) -> int:
    value = int(text.strip().removesuffix("%"))
    if not SMALLEST <= value <= LARGEST:
        raise ValueError(text)
    return value


TEXT_SIZE: Final = Kind(
    _percent,
    lambda: _("give a number of percents from {least} to {most}").format(
        least=SMALLEST, most=LARGEST
    ),
    (int, str),
)


def program() -> Program:
    """The command line of `client_gui.py`; a function, so that the words come out in the language
    set by then."""
    own = (
        Option(
            "theme",
            choice(*THEMES),
            _("colours: as the system, light or dark; else as last time"),
            metavar="|".join(THEMES),
        ),
        Option(
            "text-size",
            TEXT_SIZE,
            _("size of text in percents, 80 to 200; else as last time"),
            metavar="N",
        ),
    )
    shared = tuple(option for option in client_options() if option.name != "no-color")
    return Program(
        name="client_gui.py",
        about=_("Chat in a window."),
        version=__version__,
        options=(*shared, *own),
        verbs=(Verb(VERB, operands="[SERVER]"),),
        default=VERB,
        bare=True,
        epilogue=_(
            "With a nickname and a server, the window opens in the chat; else it opens with the"
            " connection form. SERVER is what --server takes."
        ),
    )
