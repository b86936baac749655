"""What stands around a conversation, in words: how the link is, what kind of room this is.

Owns the sentences that every face shows; must not know how wide it is.
"""

from dataclasses import dataclass
from typing import Literal

from common import when
from common.client.conversation import Conversation
from common.client.timeline import Timeline
from common.explain import CODES, explain
from common.i18n import _, n_, number
from common.safe import one_line


@dataclass(frozen=True, slots=True)
class LinkWords:
    """What the bar under the header says, the most telling first."""

    state: Literal["down", "joining", "door", "back"]
    first: str
    then: str = ""
    waits: str = ""
    """What becomes of what is said meanwhile."""
    why: str = ""


def link_words(conversation: Conversation, now: int) -> LinkWords | None:
    """None: all is well. `now` in milliseconds since 1970."""
    link = conversation.link
    if link.state == "up" and now < link.back_until:
        return LinkWords("back", _back(link.caught, link.holes))
    if link.state == "up" or (link.state == "joining" and not link.code):
        return None
    if link.code == "not-invited":
        return LinkWords(
            "door", _("An administrator must let you in."), _("This goes on by itself then.")
        )
    seconds = link.seconds(now)
    again = _("Next try in {n} s.").format(n=number(seconds)) if seconds else _("Trying again.")
    why = one_line(explain(link.code)) if link.code in CODES else one_line(link.reason)
    if link.state == "down":
        return LinkWords("down", _("Link down."), again, _("Your messages wait."), why)
    return LinkWords("joining", _("No link yet."), again, "", why)


def _back(caught: int, holes: bool) -> str:
    if not caught:
        return _("Link back. Nothing was missed.")
    if holes:
        text = n_("Link back. {n} message caught up.", "Link back. {n} messages caught up.", caught)
    else:
        text = n_(
            "Link back. {n} message caught up, no gap.",
            "Link back. {n} messages caught up, no gap.",
            caught,
        )
    return text.format(n=number(caught))


def kind_words(room: Timeline) -> list[str]:
    """What is to be known of a room before writing in it."""
    words = []
    if room.kind.peer is not None:
        words.append(_("between you two"))
    elif room.kind.private:
        words.append(_("private"))
    if room.kind.readonly:
        words.append(_("only moderators write"))
    if room.kind.slow:
        words.append(_("slow: {time}").format(time=when.span(room.kind.slow)))
    if room.silent:
        words.append(_("silent"))
    return words
