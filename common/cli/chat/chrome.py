"""What stands around the conversation: header, bar, line above the input, hints. As rows.

Owns which of it stays when the terminal is narrow. Must not know keys or the terminal.
"""

from common.cli.chat.cells import Row, cut, fill, pad, row_width, steady, width
from common.cli.chat.signs import Signs
from common.client import commands, layout
from common.client.conversation import Conversation
from common.client.timeline import Timeline
from common.i18n import _, n_, number
from common.safe import one_line
from common.talk.words import kind_words, link_words

_BADGE_MOST = 99


def header(conversation: Conversation, signs: Signs, cells: int) -> Row:
    """Name, room, server, encryption on the left; unread rooms and people on the right.

    When it is too narrow, what can be done without goes first: the server's name, "Causette",
    the names of rooms without a mention, the number of people.
    """
    room = conversation.room
    name = title(room, signs) if room else ""
    plain = not conversation.encrypted
    secret = _("not encrypted") if plain else _("encrypted")
    others = conversation.others()
    # What somebody writes to this person alone concerns them as a mention does.
    loud = [one for one in others if one.mentions or one.kind.peer]
    quiet = [one for one in others if one not in loud]
    people = _people(conversation)
    for attempt in range(6):
        left: Row = [("class:header", " ")]
        if attempt < 2:
            left.append(("class:header class:brand", "Causette  "))
        left.append(("class:header bold", name))
        parts = []
        if attempt < 1 and room is not None:
            parts += [("class:header", words) for words in kind_words(room)]
        if attempt < 1 and conversation.server:
            parts.append(("class:header", cut(conversation.server, 30, signs.ellipsis)))
        if plain:
            parts.append(("class:header class:loud", f" {signs.alert} {secret} "))
        elif attempt < 2 and conversation.ready:
            parts.append(("class:header", secret))
        for place, part in enumerate(parts):
            left += [("class:header", f" {signs.dot} " if place else "  "), part]
        right: Row = []
        for one in loud:
            shown = title(one, signs).removeprefix("#")
            count = _count(one.unread) if one.kind.peer else f"@{_count(one.mentions)}"
            right.append(("class:header class:badge-you", f"{count} {shown}  "))
        for one in quiet if attempt < 3 else ():
            shown = title(one, signs).removeprefix("#")
            right.append(("class:header class:badge", f"{_count(one.unread)} {shown}  "))
        if quiet and 3 <= attempt < 5:
            unread = sum(one.unread for one in quiet)
            words = n_("{n} unread", "{n} unread", unread).format(n=_count(unread))
            right.append(("class:header class:badge", f"{words}  "))
        if attempt < 4 and people:
            right.append(("class:header", f"{people} "))
        if row_width(left) + row_width(right) + 1 <= cells:
            break
    left = fill(left, cells - row_width(right), "class:header")
    return clip([*left, *right], cells)


def title(room: Timeline, signs: Signs) -> str:
    """`#general`, `@bob`, or with a mark what only its members see."""
    private = room.kind.private and room.kind.peer is None
    return room.title + (signs.private if private else "")


def _people(conversation: Conversation) -> str:
    room = conversation.room
    if room is None or not conversation.ready or not room.people:
        return ""
    if room.kind.peer is not None:
        known = conversation.link.state == "up"
        return (_("here") if room.people > 1 else _("not here")) if known else ""
    count = number(room.people)
    if conversation.link.state == "down":
        return _("{n} before the cut").format(n=count)
    return n_("{n} here", "{n} here", room.people).format(n=count)


def _count(value: int) -> str:
    return f"{_BADGE_MOST}+" if value > _BADGE_MOST else str(value)


def clip(row: Row, cells: int) -> Row:
    """The row, cut at the edge."""
    kept: Row = []
    for style, text in row:
        if cells <= 0:
            break
        kept.append((style, cut(text, cells, "")))
        cells -= width(text)
    return kept


def bar(conversation: Conversation, signs: Signs, cells: int, now: int) -> Row | None:
    """The bar under the header: the link is down, or is back. None: all is well."""
    link = link_words(conversation, now)
    if link is None:
        return None
    if link.state == "back":
        words = f" {signs.stored} {link.first}"
        return fill([("class:back", cut(words, cells, signs.ellipsis))], cells, "class:back")
    start: Row = [
        ("class:down class:warning bold", f" {signs.up} {link.first}"),
        ("class:down", f" {link.then} "),
    ]
    waits = f"{link.waits} " if link.waits else ""
    if waits and row_width(start) + width(waits) <= cells:
        start.append(("class:down", waits))
    room = cells - row_width(start) - 1
    if link.why and room >= 20:
        start.append(("class:down class:muted", cut(link.why, room, signs.ellipsis)))
    return clip(fill(start, cells, "class:down"), cells)


def rule(conversation: Conversation, signs: Signs, cells: int, following: bool) -> Row:
    """The line between conversation and input; scrolled up, it says what is new below."""
    room = conversation.room
    if following or room is None:
        return [("class:hairline", signs.rule * cells)]
    words = layout.new_messages(room.unread) if room.unread else _("Older messages")
    style = "class:pill" if room.unread else "class:quiet-pill"
    pill = f" {cut(words, max(cells - 4, 4), signs.ellipsis)} "
    left = max((cells - width(pill)) // 2, 0)
    return [
        ("class:hairline", signs.rule * left),
        (style, pill),
        ("class:hairline", signs.rule * max(cells - left - width(pill), 0)),
    ]


def prompt(conversation: Conversation, signs: Signs, cells: int) -> Row:
    """What stands before the line being typed: the room, so that nothing goes astray."""
    if cells < 30:
        return [("class:muted", f" {signs.prompt} ")]
    room = conversation.room
    name = cut(title(room, signs), cells // 3, signs.ellipsis) if room else ""
    return [("class:accent bold", f" {name}"), ("class:muted", f" {signs.prompt} ")]


def hints(signs: Signs, cells: int, scrolled: bool) -> Row:
    """What the keys do, as much of it as fits."""
    help_ = commands.find("help")
    parts = [
        _("Ctrl+End goes to the end") if scrolled else _("Enter sends"),
        _("Tab completes"),
        help_.shown() if help_ else "",
        _("Page Up goes back"),
        _("Ctrl+D quits"),
    ]
    text = ""
    for part in parts:
        longer = f"{text} {signs.dot} {part}" if text else f" {part}"
        if width(longer) > cells:
            break
        text = longer
    return [("class:muted", text)]


def status(text: str, signs: Signs, cells: int) -> Row:
    """Something said for a moment in place of the hints."""
    return [("class:warning", pad(cut(f" {steady(one_line(text))}", cells, signs.ellipsis), cells))]
